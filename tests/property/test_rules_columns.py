"""Columns and their scalar oracles say the same, one by one."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rules.catalogue.loader import load
from rules.core.gritting import Outlook, assess
from rules.core.nowcast import Nowcast, hours_until, minimum_c
from rules.core.road_state import (
    HAZARDS,
    STATES,
    Surface,
    Surfaces,
    case_in_words,
    cases,
    classify,
    classify_all,
)
from rules.core.route_plan import RoutePlan, make_plan
from tests.fakes.rules_town import context

CATALOGUE = load()
SURFACE = CATALOGUE.surface.parameters
GRITTING = CATALOGUE.gritting.parameters
CELSIUS = st.one_of(st.none(), st.sampled_from([0.0, -0.0, 0.5, -0.5, 0.3]), st.floats(-8.0, 8.0))
SEGMENT = st.tuples(
    CELSIUS, CELSIUS, CELSIUS,
    st.sampled_from([None, 0.0, 0.5, 0.9, 1.0, 1.5, 2.0]),
    st.sampled_from([None, 0, 1, 2, 3, 4, 5]),
    st.sampled_from([None, -6.0, -0.0, 0.0, 1.0]),
    st.sampled_from(STATES),
)  # fmt: skip


def column(values: list[float | None]) -> np.ndarray:
    return np.array([math.nan if v is None else v for v in values], dtype=np.float64)


@given(st.lists(SEGMENT, min_size=1, max_size=30), st.booleans())
def test_segments_are_classified_as_one_by_one(segments: list[tuple], snowing: bool) -> None:
    t, dew, frost, wetness, code, freezing, before = (list(c) for c in zip(*segments, strict=True))
    many = Surfaces(
        surface_c=column(t), dew_point_c=column(dew), frost_point_c=column(frost), wetness=column(wetness),
        code=np.array([-1 if c is None else c for c in code]), freezing_point_c=column(freezing), snowing=snowing,
        freezing_measured=np.array([f is not None and f < 0.0 for f in freezing]),
    )  # fmt: skip
    hazard = np.array([b in HAZARDS for b in before])
    found, case = classify_all(many, hazard, SURFACE), cases(many, hazard, SURFACE)
    for i, was in enumerate(before):
        one = Surface(
            surface_c=t[i], dew_point_c=dew[i], frost_point_c=frost[i], wetness=wetness[i], code=code[i],
            freezing_point_c=freezing[i], snowing=snowing,
            freezing_measured=freezing[i] is not None and freezing[i] < 0.0,
        )  # fmt: skip
        words = case_in_words(
            int(case[i]), many.surface_c[i], many.dew_point_c[i], many.frost_point_c[i], many.wetness[i],
            int(many.code[i]), many.freezing_point_c[i],
        )  # fmt: skip
        assert (found[i], words) == classify(one, was, SURFACE)


@given(
    st.lists(
        st.tuples(st.floats(-5, 8), st.floats(-3, 3), st.one_of(st.just(0.0), st.floats(-6, 6))), min_size=1
    )
)
def test_trends_look_ahead_as_one_by_one(trends: list[tuple[float, float, float]]) -> None:
    now, slope, limit = (np.array(c) for c in zip(*trends, strict=True))
    lowest, hours = minimum_c(now, slope, 3.0, 6.0), hours_until(limit, now, slope, 3.0)
    for i, (t, s, to) in enumerate(trends):
        one = Nowcast(t, s, 3.0)
        assert lowest[i] == one.minimum_c(6.0)
        until = one.hours_until(to)
        assert math.isnan(hours[i]) if until is None else math.isclose(hours[i], until, rel_tol=1e-12)


WARM = st.floats(GRITTING.action_c + GRITTING.join_c + 0.001, 12.0)


@given(
    st.lists(WARM, min_size=1, max_size=12),
    st.sampled_from([None, "no_action", "monitor", "treat"]),
    st.booleans(),
    st.sampled_from(["none", "snow", "rain"]),
)
def test_the_coldest_speaks_for_a_warm_route(
    lowest: list[float], before: str | None, wet: bool, falls: str
) -> None:
    looks = [
        Outlook(
            segment_id=f"s{i}",
            street=f"Street {i}",
            surface_c=c + 1.0,
            minimum_c=c,
            dew_point_c=c - 0.1,
            frost_point_c=c - 0.2,
            wet=wet,
            precipitation=falls,  # type: ignore[arg-type]
        )
        for i, c in enumerate(lowest)
    ]
    held = None if before is None else RoutePlan(7, before, "as before")  # type: ignore[arg-type]
    k = min(range(len(looks)), key=lambda i: (lowest[i], f"s{i}"))

    def plan(some: list[Outlook]) -> RoutePlan:
        assessed = [assess(o, GRITTING, CATALOGUE.matrix) for o in some]
        return make_plan(assessed, {}, held, 0.0, 7, GRITTING)

    assert plan(looks) == plan([looks[k]])


@given(st.lists(st.tuples(st.floats(-0.001, 0.009), st.floats(0.0985, 0.1015)), min_size=1, max_size=8))
def test_positions_are_on_the_nearest_street(places: list[tuple[float, float]]) -> None:
    """Against every street, sampled each metre."""
    streets, graph = context().streets, context().graph
    lat, lon = np.array([52.0 + p[0] for p in places]), np.array([p[1] for p in places])
    segment, _ = streets.match(lat, lon, 40.0)
    for i, (north, east) in enumerate(zip(lat.tolist(), lon.tolist(), strict=True)):
        away = [_away_m(graph.line(arcs[0]), north, east) for arcs in graph.arcs_of]
        if segment[i] < 0:
            assert min(away) > 38.0
        else:
            assert away[segment[i]] <= min(away) + 2.0


def _away_m(line: list[tuple[float, float]], north: float, east: float) -> float:
    best = math.inf
    squeeze = math.cos(math.radians(52.0))
    for (lon_a, lat_a), (lon_b, lat_b) in pairwise(line):
        for n in range(301):
            x = (lon_a + (lon_b - lon_a) * n / 300 - east) * squeeze
            y = lat_a + (lat_b - lat_a) * n / 300 - north
            best = min(best, math.hypot(x, y) * 111_195.0)
    return best
