"""A route's plan from columns is the plan of its segments, one by one."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from rules.catalogue.loader import load
from rules.core.coat import Coat, Part
from rules.core.forecast_looks import Looks
from rules.core.gritting import assess
from rules.core.gritting_parameters import GrittingParameters
from rules.core.hazards import MOSTLY
from rules.core.judged import OUTCOMES, judge
from rules.core.matrix import TreatmentMatrix
from rules.core.memory import Outdoor
from rules.core.outlooks import Outlooks, Wash
from rules.core.plan_columns import Stretches, plan_of
from rules.core.road_state import STATE_OF_CASE, Estimate, Surfaces
from rules.core.route_plan import Need, RoutePlan, make_plan
from rules.core.salt_layers import Layer, Layers
from rules.core.segment_views import Views
from tests.fakes.examples import examples
from tests.fakes.rules_town import START, context

CONTEXT = context()
CATALOGUE = load()
P, MATRIX = CATALOGUE.gritting.parameters, CATALOGUE.matrix
IDS = list(CONTEXT.graph.segment_index)
CELSIUS = st.one_of(
    st.sampled_from([math.nan, P.action_c, P.action_c + P.join_c, 0.0, -5.0, -0.5, -9.3, -7.3, -7.0]),
    st.floats(-12.0, 6.0),
)
HOURS = st.one_of(st.just(math.nan), st.sampled_from([0.0, 0.5]), st.floats(0.0, 12.0))
LYING = Part(10, Layers(START - 3600.0, 0.05, (Layer(1.0, 6.0, 0.9), Layer(2.0, 3.0, 0.0))))
COATS = st.dictionaries(
    st.sampled_from(IDS),
    st.builds(
        Coat, st.sampled_from([5.0, 10.0, 20.0]), st.sampled_from([START - 3600.0, START - 7200.0]),
        st.sampled_from([START - 60.0, START + 9000.0, START + 90_000.0]),
        rained_mm=st.sampled_from([0.0, 1.0]), snowed_mm=st.sampled_from([0.0, 1.0, 3.0]),
        parts=st.sampled_from([(), (LYING,), (LYING._replace(tenths=4), Part(6, Layers(START - 3600.0, 0.5, (Layer(8.0, 0.5, 0.0),))))]),
    ),
)  # fmt: skip
NEEDS = st.dictionaries(
    st.sampled_from(IDS),
    st.builds(Need, st.sampled_from([8.0, 10.0, 20.0]), st.sampled_from([1, 2]), st.sampled_from([START + 600.0, START + 9000.0]), st.just(START - 600.0)),
)  # fmt: skip
HELD = st.one_of(
    st.none(),
    st.builds(
        lambda period, outcome, needs, ploughed_s, by_trend, aside, gaps: RoutePlan(
            period, "treat" if needs else outcome, "as before", needs=needs, ploughed_s=ploughed_s, by_trend=by_trend, aside=aside,
            gaps={s: c for s, c in gaps.items() if s in aside},
        ),
        st.sampled_from([6, 7]), st.sampled_from(["no_action", "monitor"]), NEEDS, st.sampled_from([None, START - 7200.0]), st.booleans(), NEEDS,
        st.dictionaries(st.sampled_from(IDS), st.sampled_from(["frost", "packed_snow"])),
    ),
)  # fmt: skip


CHANCES = st.sampled_from([math.nan, 0.0, 0.05, P.cost.act_from, 0.4, MOSTLY, 1.0])
FILMS = st.sampled_from([math.nan, 0.0, 0.01, 0.02, 0.03, 0.05, 0.075, 0.2])
SETTINGS = st.builds(
    lambda decides, material, selective: structs.replace(
        P, selective=selective, dose=structs.replace(P.dose, decides=decides), spread=structs.replace(P.spread, material=material)
    ),
    st.sampled_from(["matrix", "dose"]), st.sampled_from(["dry_salt", "prewet"]), st.booleans(),
)  # fmt: skip
MATRICES = st.sampled_from(
    [MATRIX, *(structs.replace(MATRIX, rows=tuple(r for r in MATRIX.rows if r.surface != left)) for left in ("wet", "dry_or_damp"))]
)  # fmt: skip
"""The shipped one, and two with gaps."""


def cast_of(column: Callable[[st.SearchStrategy[float]], np.ndarray]) -> Looks:
    """Any road forecast: of some segments there is none."""
    fresh = column(st.sampled_from([0.0, 1.0])) > 0.0
    unknown = np.full(len(IDS), math.nan)

    def known(of: st.SearchStrategy[float]) -> np.ndarray:
        return np.where(fresh, column(of), math.nan)

    return Looks(
        fresh=fresh, by_forecast=fresh & (column(st.sampled_from([0.0, 1.0])) > 0.0),
        minimum_c=unknown, spread_c=known(st.sampled_from([math.nan, 1.0])), zero_in_h=unknown, hoar_in_h=unknown, low_in_h=unknown,
        p_below_0=unknown, p_ice=known(CHANCES), film_mm=known(FILMS), deposit_mm=known(FILMS), rain_ends_in_h=known(HOURS),
        snow_mm=known(st.sampled_from([0.0, 0.4, 0.5, 2.0, 5.0])), snow_in_h=known(HOURS),
        freezing_rain=fresh & (column(st.sampled_from([0.0, 0.0, 0.0, 1.0])) > 0.0), freezing_in_h=known(HOURS), in_h=np.zeros((len(IDS), 24)), ice=np.zeros((len(IDS), 24)),
    )  # fmt: skip


@st.composite
def prospects(draw: st.DrawFn) -> Outlooks:
    """Any outlook of the hamlet's five segments."""
    n = len(IDS)

    def column(of: st.SearchStrategy[float]) -> np.ndarray:
        return np.array(draw(st.lists(of, min_size=n, max_size=n)), dtype=np.float64)

    surface, dew, frost, unknown = column(CELSIUS), column(CELSIUS), column(CELSIUS), np.full(n, math.nan)
    case = np.array(draw(st.lists(st.integers(0, len(STATE_OF_CASE) - 1), min_size=n, max_size=n)))
    town = Outdoor(
        air_c=draw(st.sampled_from([None, 3.0, 12.0])),
        precipitation=draw(st.sampled_from(["none", "none", "none", "rain", "snow", "freezing_rain"])),
        snow_mm=draw(st.sampled_from([0.0, 40.0])),
        glazed=draw(st.booleans()),
    )
    found = Views(
        CONTEXT, case, ["dry"] * n,
        Surfaces(surface_c=surface, dew_point_c=dew, frost_point_c=frost, wetness=unknown, code=np.full(n, -1), freezing_point_c=unknown, freezing_measured=np.zeros(n, dtype=bool)),
        Estimate(surface, unknown, dew, frost, unknown, unknown, unknown, np.full(n, -1)), np.full(n, -1),
        lain_h=column(st.sampled_from([math.nan, 0.0, 2.9, 3.0])),
    )  # fmt: skip
    return Outlooks(
        found, town, surface - 0.5, column(HOURS), column(HOURS), column(HOURS), column(HOURS),
        wet=column(st.sampled_from([0.0, 0.0, 1.0])) > 0.0, damp=column(st.sampled_from([0.0, 0.0, 1.0])) > 0.0,
        cast=None if draw(st.booleans()) else cast_of(column),
        wash=None if draw(st.booleans()) else Wash(column(st.sampled_from([math.nan, 0.0, 1.5, 2.5])), column(st.sampled_from([math.nan, 12.0]))),
    )  # fmt: skip


@given(prospects(), SETTINGS, MATRICES)
@examples(100)
def test_segments_need_the_same_as_one_by_one(
    looks: Outlooks, p: GrittingParameters, matrix: TreatmentMatrix
) -> None:
    found = judge(looks, p, matrix)
    for i in range(len(IDS)):
        one = assess(looks[i], p, matrix)
        assert OUTCOMES[found.outcome[i]] == one.outcome
        assert bool(found.near[i]) is one.near
        if one.outcome == "treat" or one.near:
            assert (found.rate_g_m2[i], found.passes[i]) == (one.rate_g_m2, one.passes)
        assert (None if math.isnan(found.in_h[i]) else found.in_h[i]) == one.in_h
        assert (None if math.isnan(found.film_mm[i]) else found.film_mm[i]) == one.film_mm
        assert (bool(found.plough[i]), bool(found.lasts[i]), bool(found.gap[i])) == (
            one.plough,
            one.lasts,
            one.gap,
        )


@given(prospects(), COATS, HELD, SETTINGS, st.booleans())
@examples(100)
def test_a_plan_is_the_same_as_of_one_by_one(
    looks: Outlooks, coats: dict[str, Coat], held: RoutePlan | None, p: GrittingParameters, lost: bool
) -> None:
    one_by_one = [assess(looks[i], p, MATRIX) for i in range(len(IDS))]
    here = Stretches(
        IDS,
        judge(looks, p, MATRIX),
        looks.minimum_c,
        looks.low_in_h,
        looks.rain_ends_in_h,
        looks.p_ice,
        looks.rain_mm,
        looks.ahead_h,
        lambda k: one_by_one[k],
        looks.town.snow_mm,
    )
    found = plan_of(here, coats, held, START, 7, p, lost)
    expected = make_plan(one_by_one, coats, held, START, 7, p, lost)
    assert found == expected
    assert list(found.needs) == list(expected.needs)
