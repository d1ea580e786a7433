"""Packed snow is snow that has lain for hours; what the matrix has no rate for does not flutter about that edge."""

from __future__ import annotations

import msgspec
import pytest

from rules.catalogue.loader import load
from rules.core.engine import step
from rules.core.gritting import Outlook, assess
from rules.core.memory import EngineState, SegmentMemory
from rules.core.route_plan import RoutePlan, make_plan
from tests.fakes.rules_town import Reading, batch, context, latest

CATALOGUE = load()
P, MATRIX = CATALOGUE.gritting.parameters, CATALOGUE.matrix
HOUR = 3600.0


def snow(minimum_c: float, **more) -> Outlook:
    given = {"state": "snow", "segment_id": "s", "street": "S", "surface_c": -7.0, **more}
    return Outlook(minimum_c=minimum_c, **given)


def frost(minimum_c: float) -> Outlook:
    return snow(minimum_c, state="wet", wet=True, zero_in_h=1.0)


@pytest.mark.parametrize(
    ("lain_h", "outcome"), [(0.0, "treat"), (2.9, "treat"), (3.0, "refer"), (None, "refer")]
)
def test_the_first_flakes_are_not_packed(lain_h: float | None, outcome: str) -> None:
    found = assess(snow(-8.5, lain_h=lain_h), P, MATRIX)
    assert (found.outcome, "hours" in found.why) == (outcome, outcome == "refer")


def run(*views: Outlook) -> list[RoutePlan]:
    plans: list[RoutePlan] = []
    for i, view in enumerate(views):
        before = plans[-1] if plans else None
        plans.append(make_plan([assess(view, P, MATRIX)], {}, before, i * 1800.0, 7, P))
    return plans


def test_packed_snow_about_the_edge_of_the_matrix_is_the_officer_s() -> None:
    found = run(snow(-7.9), snow(-8.0), snow(-7.9), snow(-8.0), snow(-7.6), snow(-7.4))
    assert [f.outcome for f in found] == ["treat", "refer", "refer", "refer", "refer", "treat"]
    assert found[1].gaps == {"s": "packed_snow"}
    assert "no rate 0.5 °C below that" in found[2].why
    assert found[-1].gaps == {}


def test_what_the_matrix_had_no_rate_for_does_not_refuse_another_hazard() -> None:
    found = run(snow(-7.9), snow(-9.7), frost(-9.7))
    assert [f.outcome for f in found] == ["treat", "refer", "treat"]
    assert (found[-1].rate_g_m2, found[-1].passes) == (15.0, 2)


def test_what_is_refused_for_the_cold_waits_as_before() -> None:
    found = run(frost(-8.0), frost(-10.3), frost(-9.7), frost(-9.4))
    assert [f.outcome for f in found] == ["treat", "refer", "refer", "treat"]
    assert "salt works again from -9.5 °C on" in found[2].why
    assert [f.gaps for f in found] == [{}] * 4


def test_it_is_remembered_since_when_snow_lies() -> None:
    def road(at_s: float, code: float) -> Reading:
        surface = {"surface_temperature_c": -3.0, "air_temperature_c": -3.0, "humidity_pct": 90.0}
        return "road", "road-0", at_s, {**surface, "surface_state": code}

    def snow_s(*codes: float) -> set[float | None]:
        readings = [road(600.0 * i, code) for i, code in enumerate(codes)]
        state, _ = step(EngineState(), batch(readings), latest(readings), context())
        return {m.snow_s for m in state.segment.values() if m.state == "snow"}

    assert snow_s(5.0, 5.0, 5.0) != {None}
    first, later = snow_s(5.0, 5.0, 5.0, 5.0), snow_s(2.0, 2.0, 5.0, 5.0)
    assert max(first) < min(later)  # type: ignore[type-var]
    assert snow_s(5.0, 5.0, 2.0, 2.0) == set()
    before = msgspec.json.decode(b'{"state":"snow"}', type=SegmentMemory)
    assert before == SegmentMemory("snow")  # of rows that were written before it is not known
