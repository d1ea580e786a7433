"""What only the sensors' trend has asked for is given up when a forecast comes that has no ice; nothing else is."""

from __future__ import annotations

import pytest
from msgspec import structs

from rules.catalogue.loader import load
from rules.core.coat import Coat
from rules.core.effects import Decision, Effect
from rules.core.engine import step
from rules.core.gritting import Outlook, assess
from rules.core.memory import EngineState
from rules.core.route_plan import RoutePlan, make_plan, period_of
from tests.fakes.road_tables import table, with_issues
from tests.fakes.rules_town import Reading, context, latest

CATALOGUE = load()
P, MATRIX = CATALOGUE.gritting.parameters, CATALOGUE.matrix
HOUR = 3600.0
CLEARLY, HARDLY = P.cost.release_below - 0.01, P.cost.release_below + 0.01


def outlook(minimum_c: float, p_ice: float | None = None, segment: str = "a", **more) -> Outlook:
    told = {} if p_ice is None else {"source": "forecast", "p_ice": p_ice, "film_mm": 0.0, "deposit_mm": 0.0}
    return Outlook(
        segment_id=segment, street="High Street", surface_c=2.0, minimum_c=minimum_c, dew_point_c=-8.0,
        frost_point_c=-7.0, state="dry", **{**told, **more},
    )  # fmt: skip


def plan(at_s: float, *views: Outlook, before: RoutePlan | None = None, coats=None, lost=False) -> RoutePlan:
    found = [assess(v, P, MATRIX) for v in views]
    return make_plan(found, coats or {}, before, at_s, period_of(at_s, P.period_start_h), P, lost)


BY_TREND = plan(0.0, outlook(-0.5, wet=True))


def test_a_forecast_without_ice_takes_back_what_the_trend_asked_for() -> None:
    assert (BY_TREND.outcome, BY_TREND.by_trend) == ("treat", True)
    freed = plan(HOUR, outlook(1.4, CLEARLY), before=BY_TREND)
    assert (freed.outcome, freed.needs) == ("monitor", {})
    assert (
        f"the forecast that has come since gives ice in {100 * CLEARLY:.0f} % of cases at most" in freed.why
    )
    dry = plan(HOUR, outlook(0.5, CLEARLY), before=BY_TREND)
    assert dry.outcome == "monitor"  # dry by then
    liquid = plan(HOUR, outlook(0.5, CLEARLY, film_mm=0.2), before=BY_TREND)
    assert liquid.outcome == "monitor"  # its water stays liquid


@pytest.mark.parametrize(
    ("views", "more"),
    [
        ([outlook(1.4, HARDLY)], {}),  # not clearly
        ([outlook(1.4)], {}),  # no forecast
        ([outlook(1.4, CLEARLY)], {"lost": True}),
        ([outlook(1.4, CLEARLY, source="nowcast")], {}),  # nobody forecast the weather
        ([outlook(1.4, CLEARLY), outlook(1.4, HARDLY, "b")], {}),
        ([outlook(1.4, CLEARLY), outlook(1.4, None, "b")], {}),
        (
            [outlook(0.4, CLEARLY, film_mm=0.2, precipitation="rain")],
            {},
        ),  # cold and wet: another reason to treat
        ([outlook(0.4, CLEARLY, film_mm=0.2, rain_ends_in_h=3.0)], {}),
        ([outlook(1.4, CLEARLY)], {"coats": {"b": Coat(8.0, 0.0, HOUR)}, "more": outlook(1.4, CLEARLY, "b")}),
    ],
)
def test_it_stands_where_anything_is_in_doubt(views: list[Outlook], more: dict) -> None:
    more = dict(more)
    views = [*views, more.pop("more")] if "more" in more else views
    found = plan(HOUR, *views, before=BY_TREND, **more)
    assert (found.outcome, found.segments) == ("treat", ("a",))


def test_what_a_forecast_has_asked_for_stands() -> None:
    both = plan(HOUR, outlook(-0.5, 0.8, wet=True), before=BY_TREND)
    assert not both.by_trend
    assert plan(2 * HOUR, outlook(1.4, 0.0), before=both).outcome == "treat"
    first = plan(0.0, outlook(-0.5, 0.8, film_mm=0.2))
    assert plan(2 * HOUR, outlook(1.4, 0.0), before=first).outcome == "treat"
    old = structs.replace(BY_TREND, by_trend=False)  # remembered by an older engine
    assert plan(HOUR, outlook(1.4, 0.0), before=old).outcome == "treat"


def test_it_is_taken_back_once_a_night_at_most() -> None:
    """Between the chances to release and to act nothing changes; what is asked for after that a forecast has asked for."""
    freed = plan(HOUR, outlook(1.4, 0.01), before=BY_TREND)
    between = plan(2 * HOUR, outlook(1.4, HARDLY), before=freed)
    assert between.outcome == "monitor"
    again = plan(3 * HOUR, outlook(1.4, P.cost.act_from), before=between)
    assert (again.outcome, again.by_trend) == ("treat", False)
    assert plan(4 * HOUR, outlook(1.4, 0.01), before=again).outcome == "treat"


@pytest.mark.parametrize(("p_ice", "outcome"), [(HARDLY, "treat"), (CLEARLY, "no_action")])
def test_a_warm_road_gives_up_only_where_the_forecast_has_ice_clearly_less_often(p_ice, outcome) -> None:
    likely = plan(0.0, outlook(2.3, P.cost.act_from))
    assert likely.outcome == "treat"
    assert plan(HOUR, outlook(2.3, p_ice), before=likely).outcome == outcome
    both = plan(HOUR, outlook(2.3, CLEARLY), outlook(2.3, p_ice, "b"), before=likely)
    assert both.outcome == outcome
    assert plan(HOUR, outlook(2.3), before=likely).outcome == "no_action"  # nobody forecast the weather


def test_what_was_set_aside_comes_back_only_where_a_forecast_does_not_speak_against_it() -> None:
    first = plan(0.0, outlook(-8.0, 0.9, film_mm=0.2))
    aside = plan(HOUR, outlook(-10.3, 0.9, film_mm=0.2), before=first)
    assert (aside.outcome, list(aside.aside)) == ("refer", ["a"])
    dry = plan(2 * HOUR, outlook(1.5, 0.0), before=aside)
    assert (dry.outcome, dry.needs, list(dry.aside)) == ("monitor", {}, ["a"])
    assert plan(3 * HOUR, outlook(1.5, 0.0), before=dry).outcome == "monitor"
    for back in (
        plan(3 * HOUR, outlook(-8.0, 0.9, film_mm=0.2), before=dry),  # asked for now
        plan(3 * HOUR, outlook(1.5, HARDLY), before=dry),
        plan(3 * HOUR, outlook(1.5), before=dry, lost=True),
        plan(3 * HOUR, outlook(1.5, 0.0), before=dry, lost=True),
        plan(3 * HOUR, outlook(1.5), before=dry),
    ):
        assert (back.outcome, back.needs["a"].total_g_m2) == ("treat", first.needs["a"].total_g_m2)
    assert plan(3 * HOUR, outlook(2.5, 0.0), before=dry).outcome == "no_action"


FROST = {"film_mm": 0.2}


def test_the_hour_to_be_done_by_follows_a_forecast_of_the_weather() -> None:
    first = plan(0.0, outlook(-1.0, 0.6, zero_in_h=3.0, **FROST))
    assert first.treat_by_s == 3 * HOUR
    later = plan(HOUR, outlook(-1.0, 0.6, zero_in_h=14.0, **FROST), before=first)
    assert later.treat_by_s == 15 * HOUR
    assert plan(2 * HOUR, outlook(-1.0, 0.6, zero_in_h=3.0, **FROST), before=later).treat_by_s == 5 * HOUR
    for doubt in (
        plan(HOUR, outlook(-1.0, 0.6, zero_in_h=14.0, **FROST), before=first, lost=True),
        plan(HOUR, outlook(-1.0, wet=True, zero_in_h=14.0), before=first),  # the trend's
        plan(HOUR, outlook(1.4, 0.08), before=first),  # nobody asks for it now
    ):
        assert doubt.treat_by_s == 3 * HOUR


def test_the_hour_to_be_done_by_stands_once_nobody_can_be_there_sooner() -> None:
    first = plan(0.0, outlook(-1.0, 0.6, zero_in_h=2.0, **FROST))
    frozen = plan(2 * HOUR, outlook(-1.0, 0.6, zero_in_h=0.0, **FROST), before=first)
    assert frozen.treat_by_s == 2 * HOUR  # now, not in an hour and a half again and again


def test_stretches_that_only_go_along_do_not_set_the_hour() -> None:
    asks = outlook(-1.0, 0.6, zero_in_h=12.0, **FROST)
    near = outlook(1.4, 0.08, "b", film_mm=0.2)
    assert plan(0.0, asks, near).treat_by_s == 12 * HOUR
    both = plan(
        0.0, outlook(-1.0, 0.6, zero_in_h=3.0, **FROST), outlook(-1.0, 0.6, "b", zero_in_h=3.0, **FROST)
    )
    moved = plan(HOUR, asks, near, before=both)
    assert (moved.segments, moved.treat_by_s) == (("a", "b"), 13 * HOUR)
    unsure = plan(HOUR, asks, outlook(1.4, None, "b", wet=True), before=both)
    assert unsure.treat_by_s == 3 * HOUR  # no forecast speaks for it


def falling(hours: float) -> list[Reading]:
    """Wet roads that cool towards 1 °C."""
    found: list[Reading] = []
    for i in range(int(hours * 6)):
        at_s, road_c = 600.0 * i, max(1.5, 3.5 - i / 6.0)
        air = {"air_temperature_c": road_c + 2.0, "humidity_pct": 70.0}
        road = {**air, "surface_temperature_c": road_c, "water_film_mm": 0.3}
        found += [
            ("weather", "wx-0", at_s, {**air, "wind_speed_m_s": 2.0}),
            ("road", "road-0", at_s + 1, road),
            ("road", "road-1", at_s + 2, road),
        ]
    return found


def decided(issues: dict) -> list[Decision]:
    readings, ctx = falling(4.5), context()
    effects: list[Effect] = list(step(EngineState(), with_issues(readings, issues), latest(readings), ctx)[1])
    return [e for e in effects if isinstance(e, Decision) and e.subject == "r1"]


def test_in_the_engine_the_decision_is_written_again_with_the_reason() -> None:
    without = [d.outcome for d in decided({})]
    assert "treat" in without
    assert without[-1] == "treat"
    said = decided({36: table(2 * HOUR, 1.6, ice=0.01)})
    assert [d.outcome for d in said][-2:] == ["treat", "monitor"]
    assert "the forecast that has come since gives ice in 1 % of cases at most" in said[-1].reason
    doubtful = decided({36: table(2 * HOUR, 1.6, ice=0.08)})
    assert doubtful[-1].outcome == "treat"
