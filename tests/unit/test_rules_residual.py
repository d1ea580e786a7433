"""Salt of an earlier run counts as long as it keeps tonight's water liquid, and what a night costs."""

from __future__ import annotations

import pytest
from msgspec import structs

from rules.catalogue.loader import load
from rules.core.coat import BARE, Coat
from rules.core.cost_loss import below, chance_of_ice, cost_loss, costs_gbp
from rules.core.gritting import Outlook, assess
from rules.core.residual import protected, safe_c
from rules.core.road_surface.salt import KEPT_SHARE
from rules.core.route_plan import RoutePlan, make_plan, period_of

CATALOGUE = load()
P, MATRIX = CATALOGUE.gritting.parameters, CATALOGUE.matrix
HOUR, NOW = 3600.0, 10 * 3600.0
OLD = {"s": Coat(16.0, 0.0, 6 * HOUR)}
"""Spread ten hours ago; it no longer holds, but 27 % are there."""


def outlook(minimum_c: float | None, **more) -> Outlook:
    given = {"segment_id": "s", "street": "High Street", "surface_c": 2.0, "dew_point_c": -8.0, **more}
    given.setdefault("source", "forecast" if "p_ice" in given else "nowcast")
    return Outlook(minimum_c=minimum_c, **given)


def plan(view: Outlook, coats: dict[str, Coat], before: RoutePlan | None = None) -> RoutePlan:
    return make_plan([assess(view, P, MATRIX)], coats, before, NOW, period_of(NOW, P.period_start_h), P)


def test_what_is_left_protects_down_to_where_it_freezes() -> None:
    damp = assess(outlook(-1.0, damp=True), P, MATRIX)
    safe = safe_c(damp, OLD["s"], NOW, P)
    assert safe == pytest.approx(-5.1, abs=0.1)  # 4.3 g/m² in 0.05 mm
    assert safe_c(assess(outlook(-1.0, wet=True), P, MATRIX), OLD["s"], NOW, P) == pytest.approx(
        -2.6, abs=0.1
    )
    assert OLD["s"].left_g_m2(25 * HOUR) == pytest.approx(KEPT_SHARE * 16.0, rel=0.03)  # TRL
    assert 2.0 < Coat(12.0, 0.0, 6 * HOUR).left_g_m2(14 * 24 * HOUR) < 3.0  # Hanke


@pytest.mark.parametrize(
    ("view", "outcome"),
    [
        (outlook(-3.4, damp=True), "monitor"),  # 1.5 °C warmer than where it freezes
        (outlook(-3.8, damp=True), "treat"),
        (outlook(-0.9, wet=True), "monitor"),
        (outlook(-1.3, wet=True), "treat"),
        (outlook(-0.5, state="ice"), "treat"),  # it is ice that must melt, not water that must not freeze
        (outlook(-0.5, precipitation="snow"), "treat"),
        (outlook(-0.9, film_mm=0.3, p_ice=0.9), "treat"),  # too much water
        (outlook(-6.0, damp=True), "treat"),
    ],
)
def test_a_run_is_spared_where_it_does(view: Outlook, outcome: str) -> None:
    found = plan(view, OLD)
    assert found.outcome == outcome
    assert ("salt of an earlier run keeps it liquid" in found.why) is (outcome == "monitor")
    assert plan(view, {}).outcome == "treat"


def test_a_standing_need_is_given_up_only_where_it_is_clearly_warmer() -> None:
    asked = plan(outlook(-4.0, damp=True), OLD)
    assert asked.outcome == "treat"
    assert plan(outlook(-3.4, damp=True), OLD, asked).outcome == "treat"  # it would not have been asked for
    assert plan(outlook(-2.5, damp=True), OLD, asked).outcome == "monitor"


def test_rain_takes_it() -> None:
    washed = {"s": Coat(16.0, 0.0, 2 * HOUR, washed=True)}
    assert plan(outlook(-3.0, damp=True), washed).outcome == "treat"
    assert protected([assess(outlook(-3.0, damp=True), P, MATRIX)], washed, (), NOW, P) == {}


def chance(view: Outlook, coat: Coat = BARE) -> float | None:
    return chance_of_ice(assess(view, P, MATRIX), coat, NOW, P)


def test_the_chance_of_ice_without_a_forecast_is_the_trend_s() -> None:
    assert chance(outlook(0.0, wet=True)) == pytest.approx(0.5)
    assert chance(outlook(1.5, wet=True)) == pytest.approx(0.159, abs=0.001)  # one standard deviation
    assert chance(outlook(-3.0, dew_point_c=-8.0)) < 0.01  # dry, far above its dew point
    assert chance(outlook(3.0, state="ice")) == 1.0
    assert chance(outlook(None)) is None
    assert chance(outlook(0.0, wet=True, p_ice=0.2)) == 0.2  # a forecast's own
    assert chance(outlook(-1.0, damp=True, p_ice=0.4), OLD["s"]) < 0.1  # which does not know of the salt
    assert below(0.0, 1.0, 0.0) == 0.0


def test_costs_are_of_the_stretch_where_ice_is_most_likely() -> None:
    views = [
        outlook(1.5, wet=True),
        outlook(-3.0, segment_id="t", wet=True, p_ice=0.8, film_mm=0.1, spread_c=1.0),
    ]
    found = cost_loss([assess(v, P, MATRIX) for v in views], {}, 1, NOW, P)
    assert found is not None
    assert (found.segment_id, found.p_ice, found.leave_gbp) == ("t", 0.8, 4000.0)
    assert found.treat_gbp == 500.0 + 0.8 * 0.05 * 5000.0
    assert cost_loss([assess(outlook(None), P, MATRIX)], {}, 1, NOW, P) is None


def test_from_the_chance_to_act_on_both_cost_the_same() -> None:
    treat, leave = costs_gbp(P.cost.act_from, 1, P.cost)
    assert treat == pytest.approx(leave)
    careful = structs.replace(P.cost, loss_gbp=50_000.0)
    assert careful.act_from == pytest.approx(P.cost.act_from / 10.0)
