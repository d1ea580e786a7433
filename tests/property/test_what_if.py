"""What is said to change a gritting decision does, and a little less does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.catalogue.loader import load
from rules.core.coat import Coat
from rules.core.gritting import Outlook, assess
from rules.core.route_plan import RoutePlan, make_plan
from rules.core.what_if import warmer, would_change
from tests.fakes.examples import examples

CATALOGUE = load()
P, MATRIX = CATALOGUE.gritting.parameters, CATALOGUE.matrix
AT_S, PERIOD = 1_768_000_000.0, 20_000
DEGREES = st.integers(-900, 900).map(lambda n: n / 100)

COATS = st.dictionaries(
    st.sampled_from([f"s{i}" for i in range(6)]),
    st.builds(
        lambda g, since_h, lasts_h: Coat(g, AT_S - 3600 * since_h, AT_S + 3600 * lasts_h),
        st.sampled_from([8.0, 10.0, 20.0]), st.floats(0, 5), st.floats(-2, 5),
    ),
)  # fmt: skip


AHEAD = st.one_of(
    st.just({}),
    st.fixed_dictionaries({
        "source": st.sampled_from(["forecast", "nowcast"]), "p_ice": st.sampled_from([0.0, 0.02, 0.1, 0.3, 0.95, 1.0]), "spread_c": st.sampled_from([None, 0.5, 2.0]),
        "film_mm": st.sampled_from([None, 0.0, 0.05, 0.2]), "deposit_mm": st.sampled_from([None, 0.0, 0.03]),
    }),
)  # fmt: skip
"""What a road forecast tells, or nothing."""


@st.composite
def outlooks(draw: st.DrawFn) -> list[Outlook]:
    return [
        Outlook(
            segment_id=f"s{i}",
            street=f"Street {i}",
            surface_c=minimum + 0.5,
            minimum_c=minimum,
            zero_in_h=2.0,
            hoar_in_h=2.0,
            dew_point_c=draw(DEGREES),
            frost_point_c=draw(DEGREES),
            state=draw(st.sampled_from(["dry", "dry", "damp", "wet", "hoar", "ice"])),
            wet=draw(st.booleans()),
            damp=draw(st.booleans()),
            **draw(AHEAD),
        )
        for i, minimum in enumerate(draw(st.lists(DEGREES, min_size=1, max_size=6)))
    ]


def decided(o: list[Outlook], coats: dict[str, Coat], held: RoutePlan | None) -> RoutePlan:
    return make_plan([assess(x, P, MATRIX) for x in o], coats, held, AT_S, PERIOD, P)


@given(outlooks(), COATS, st.none() | outlooks())
@examples(120)
def test_a_little_more_than_said_changes_the_decision_and_a_little_less_does_not(
    now: list[Outlook], coats: dict[str, Coat], earlier: list[Outlook] | None
) -> None:
    held = None if earlier is None else decided(earlier, {}, None)
    plan = decided(now, coats, held)
    assessed = [assess(o, P, MATRIX) for o in now]
    for change in would_change(assessed, coats, held, plan, AT_S, P, MATRIX):
        by_c, way = change["by"], 1.0 if plan.outcome == "treat" else -1.0
        assert by_c * way >= 0.0
        past = decided([warmer(o, by_c + way * 0.01) for o in now], coats, held)
        assert (past.outcome == "treat") is (change["then"] == "treat")
        assert (past.outcome == "treat") is not (plan.outcome == "treat")
        if abs(by_c) > 0.01:
            short = decided([warmer(o, by_c - way * 0.01) for o in now], coats, held)
            assert (short.outcome == "treat") is (plan.outcome == "treat")


def one(minimum_c: float, **more: object) -> list[Outlook]:
    more = {"wet": True, "dew_point_c": -8.0, "frost_point_c": -7.0, **more}
    return [Outlook(segment_id="s0", street="High Street", surface_c=minimum_c, minimum_c=minimum_c, **more)]  # type: ignore[arg-type]


def said(o: list[Outlook]) -> list[tuple[float, str]]:
    plan = decided(o, {}, None)
    found = would_change([assess(x, P, MATRIX) for x in o], {}, None, plan, AT_S, P, MATRIX)
    return [(c["by"], c["then"]) for c in found]


def test_usual_nights_have_an_answer() -> None:
    assert said(one(0.6)) == [(0.4, "no_treatment")]
    assert said(one(1.3)) == [(-0.3, "treat")]
    assert said(one(0.2, wet=False, dew_point_c=-0.4, frost_point_c=-0.4)) == [(-0.1, "treat")]
    assert said(one(-12.0)) == [], "the matrix has no rate: the duty officer decides"
    assert said([*one(0.6), *one(-2.0)]) == [(3.0, "no_treatment")], "the coldest stretch counts"


def test_a_forecast_s_chance_moves_with_the_temperature() -> None:
    risky = one(2.5, wet=False, p_ice=0.3, spread_c=2.0, source="forecast")
    [(by_c, then)] = said(risky)
    assert then == "no_treatment"
    assert warmer(risky[0], by_c + 0.01).p_ice < P.cost.act_from <= warmer(risky[0], by_c - 0.01).p_ice
    assert warmer(risky[0], 0.0).p_ice == pytest.approx(0.3)


def test_salt_that_is_left_is_a_limit_too() -> None:
    coats = {"s0": Coat(16.0, AT_S - 10 * 3600, AT_S - 4 * 3600)}
    o = one(-0.5, wet=False, damp=True)
    plan = decided(o, coats, None)
    assert plan.outcome == "monitor"
    [change] = would_change([assess(x, P, MATRIX) for x in o], coats, None, plan, AT_S, P, MATRIX)
    assert change["then"] == "treat"
    assert -3.5 < change["by"] < -2.5
