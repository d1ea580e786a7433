"""The road forecast in the engine: outlooks, wrong sensors, and what happens when none comes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest

from rules.core.context import Context
from rules.core.effects import (
    ClearAlarm,
    CloseWork,
    Decision,
    Effect,
    Event,
    LateReadings,
    OpenWork,
    RaiseAlarm,
    SubjectState,
)
from rules.core.engine import step
from rules.core.forecast_looks import looks
from rules.core.memory import EngineState, changed_rows, from_rows
from rules.core.readings import Readings
from rules.core.reconcile import reconcile
from rules.core.road_now.table import RoadForecast, WeatherUsed
from tests.fakes.road_tables import IDS, table, with_issues
from tests.fakes.rules_town import START, Reading, context, hamlet, latest

CONTEXT = context()
HOUR_S = 3600.0


def mild(until_h: float, from_h: float = 0.0, surface_c: float = 4.0, road_1: float = 4.0) -> list[Reading]:
    """Roads that neither cool nor are wet."""
    found = []
    for at_s in np.arange(from_h * HOUR_S, until_h * HOUR_S, 600.0).tolist():
        air = {"air_temperature_c": 5.0, "humidity_pct": 60.0}
        found += [
            ("weather", "wx-0", at_s, {**air, "wind_speed_m_s": 2.0}),
            ("road", "road-0", at_s + 1, {**air, "surface_temperature_c": surface_c, "water_film_mm": 0.0}),
            ("road", "road-1", at_s + 2, {**air, "surface_temperature_c": road_1, "water_film_mm": 0.0}),
        ]
    return found


def run(
    readings: Sequence[Reading], issues: Mapping[int, RoadForecast], ctx: Context = CONTEXT
) -> tuple[EngineState, list[Effect]]:
    state, effects = step(EngineState(), with_issues(readings, issues), latest(readings), ctx)
    return state, list(effects)


def decisions(effects: Sequence[Effect], route: str = "r1") -> list[Decision]:
    return [e for e in effects if isinstance(e, Decision) and e.subject == route]


def test_without_a_forecast_a_mild_dry_evening_needs_nothing() -> None:
    _, effects = run(mild(2.0), {})
    assert [d.outcome for d in decisions(effects)] == ["no_action"]
    assert "road_forecast" not in decisions(effects)[0].inputs


def test_a_forecast_of_frost_on_a_wet_road_is_treated_hours_before() -> None:
    hours = [3.0, 2.0, 1.0, 0.5, -0.5, -1.5, *[-2.5] * 18]
    readings = mild(2.0)
    _, effects = run(readings, {18: table(HOUR_S, hours, film_mm=0.3, ice=0.7)})
    last = decisions(effects)[-1]
    assert last.outcome == "treat"
    assert last.result["spread_rate_g_m2"] == 16.0
    assert last.result["min_surface_temperature_c"] == -2.5
    seen = last.inputs["segments"][0]
    assert (seen["outlook"], seen["p_ice"], seen["film_mm"]) == ("forecast", 0.7, 0.3)
    assert seen["p_below_0"] == 1.0
    assert seen["spread_c"] == pytest.approx(0.78, abs=0.01)
    assert last.inputs["road_forecast"] == {
        "issued_at": "2026-01-09T16:00:00Z", "weather": "forecast", "used": True,
    }  # fmt: skip
    # 0 °C half way between the 4th and the 5th hour after the issue: 20:30.
    assert last.result["treat_by"] == "2026-01-09T20:30:00Z"


def test_ice_by_chance_is_treated_before_the_first_hour_in_which_it_is_likely() -> None:
    ice = [0.0, 0.0, 0.05, *[0.3] * 21]
    _, effects = run(mild(2.0), {18: table(HOUR_S, 2.0, ice=ice)})
    last = decisions(effects)[-1]
    assert last.outcome == "treat"
    assert last.result["treat_by"] == "2026-01-09T20:00:00Z"  # issued at 16:00


def test_water_that_has_frozen_is_not_taken_for_a_dry_road() -> None:
    frozen = table(HOUR_S, -3.0, ice=0.95)  # all of its water is ice: no film in any hour
    _, effects = run(mild(2.0), {18: frozen})
    assert decisions(effects)[-1].result["spread_rate_g_m2"] == 16.0  # of a wet road, not 10
    assert "dry in most" not in decisions(effects)[-1].reason
    freezes = table(0.0, [2.0, 1.0, *[-3.0] * 22], film_mm=[0.2, 0.2, *[0.0] * 22]).values()[:1]
    yes, now = np.ones(1, dtype=bool), np.array([3.0])
    assert looks(freezes, np.zeros(1), yes, yes, now, 18.0).film_mm.tolist() == [0.2]


def test_a_cold_dry_road_is_watched_only() -> None:
    _, effects = run(mild(2.0), {18: table(HOUR_S, -1.0)})
    assert decisions(effects)[-1].outcome == "monitor"


def test_hoar_that_gathers_is_treated() -> None:
    deposit = [0.0] * 6 + [0.03] * 18
    _, effects = run(mild(2.0), {18: table(HOUR_S, -1.0, deposit_mm=deposit)})
    assert decisions(effects)[-1].outcome == "treat"


def test_snow_to_come_is_told() -> None:
    snow = [0.0] * 4 + [1.0] * 3 + [0.0] * 17
    _, effects = run(mild(2.0), {18: table(HOUR_S, 0.2, snow_mm_h=snow)})
    last = decisions(effects)[-1]
    assert last.outcome == "treat"
    assert "snow" in last.reason.lower()


def test_snow_to_come_is_treated_before_it_falls() -> None:
    snow = [0.0] * 12 + [1.0] * 3 + [0.0] * 9
    _, effects = run(mild(2.0), {18: table(HOUR_S, 0.2, snow_mm_h=snow)})
    last = decisions(effects)[-1]
    assert last.result["treat_by"] == "2026-01-10T04:00:00Z"  # it begins twelve hours after 16:00
    assert last.result["not_before"] is None  # nobody waits for the end of the snow
    wet = table(HOUR_S, [1.0, 0.5, *[-1.0] * 22], snow_mm_h=snow, film_mm=0.2)
    _, frozen = run(mild(2.0), {18: wet})
    assert decisions(frozen)[-1].result["treat_by"] < "2026-01-09T19:00:00Z"  # it freezes before


def test_a_shower_after_the_frost_is_not_waited_for() -> None:
    yes, now = np.ones(1, dtype=bool), np.array([3.0])
    hours, rain = [3.0, 2.0, 1.0, 0.5, *[-2.0] * 20], np.zeros(24)
    rain[[0, 1, 14]] = 1.0

    def ends(rain_mm_h, middle_c=hours) -> float:
        whole = table(0.0, middle_c, rain_mm_h=rain_mm_h).values()[:1]
        return float(looks(whole, np.zeros(1), yes, yes, now, 18.0).rain_ends_in_h[0])

    assert ends(rain) == 2.0
    assert ends([0.0] * 3 + [1.0] * 4 + [0.0] * 17) == 7.0  # it goes on into the frost
    assert np.isnan(ends([0.0] * 14 + [1.0] + [0.0] * 9))
    snow = table(0.0, hours, snow_mm_h=[1.0] * 3 + [0.0] * 21).values()[:1]
    assert np.isnan(looks(snow, np.zeros(1), yes, yes, now, 18.0).rain_ends_in_h[0])


def test_freezing_rain_is_of_the_stretches_that_freeze() -> None:
    rain = [0.0] * 4 + [0.5] * 3 + [0.0] * 17
    warm = table(HOUR_S, 0.8, rain_mm_h=rain)
    cold = table(HOUR_S, -0.5, rain_mm_h=rain)
    values = warm.whole.copy()
    values[0] = cold.whole[0]
    one = replace(warm, whole=values)
    _, effects = run(mild(2.0), {18: one})
    seen = {s["segment_id"]: s["why"] for s in decisions(effects)[-1].inputs["segments"]}
    assert "freezing rain" in seen["s0"]
    assert not any("freezing rain" in why for s, why in seen.items() if s != "s0")


def test_where_nobody_forecast_the_weather_the_colder_of_both_counts() -> None:
    falls = [
        (
            k,
            d,
            t,
            {**v, "surface_temperature_c": 6.0 - t / 2400.0, "water_film_mm": 0.3} if k == "road" else v,
        )
        for k, d, t, v in mild(2.0)
    ]
    _, effects = run(falls, {3: table(0.0, 5.0, kind="stations")})
    assert decisions(effects)[-1].outcome == "treat", "the sensors' trend is seen"
    seen = decisions(effects)[-1].inputs["segments"][0]
    assert seen["outlook"] == "nowcast"
    _, sure = run(falls, {3: table(0.0, 5.0)})
    assert decisions(sure)[-1].outcome == "no_action"


def test_an_old_forecast_of_the_weather_adds_but_takes_nothing_back_alone() -> None:
    falls = [
        (
            k,
            d,
            t,
            {**v, "surface_temperature_c": 6.0 - t / 2400.0, "water_film_mm": 0.3} if k == "road" else v,
        )
        for k, d, t, v in mild(2.0)
    ]

    def last(middle_c: float, age_h: float) -> Decision:
        made = table(0.0, middle_c, film_mm=0.3)
        made = replace(made, weather=WeatherUsed("forecast", 1, "town", made.issued_s - age_h * HOUR_S))
        return decisions(run(falls, {3: made})[1])[-1]

    assert last(5.0, 8.5).outcome == "no_action"
    assert last(5.0, 9.5).outcome == "treat", "the sensors' trend is seen"
    assert (
        decisions(
            run(
                mild(2.0),
                {
                    3: replace(
                        table(0.0, -3.0, film_mm=0.3),
                        weather=WeatherUsed("forecast", 1, "town", START - 20 * HOUR_S),
                    )
                },
            )[1]
        )[-1].outcome
        == "treat"
    )


def test_a_stale_forecast_does_not_cancel_a_treatment() -> None:
    cold = [4.0] * 8 + [-3.0] * 16
    _, effects = run(mild(6.0), {18: table(HOUR_S, cold, film_mm=0.3, ice=0.8)})
    assert decisions(effects)[-1].outcome == "treat"  # nothing takes it back for want of a forecast
    told = [e.state for e in effects if isinstance(e, SubjectState) and e.subject == "r1"][-1]
    assert told["outcome"] == "treat"
    assert "No road forecast since" in told["reason"]


def test_road_forecasts_without_a_weather_forecast_do_not_cancel_a_treatment() -> None:
    cold = [4.0] * 8 + [-3.0] * 16
    asks = {18: table(HOUR_S, cold, film_mm=0.3, ice=0.8)}
    alone = table(1.5 * HOUR_S, 3.0, kind="stations", ice=0.3, film_mm=0.3)
    _, effects = run(mild(4.0), {**asks, 27: alone})
    assert [d.outcome for d in decisions(effects)] == ["no_action", "treat"]
    told = [e.state for e in effects if isinstance(e, SubjectState) and e.subject == "r1"][-1]
    assert (told["outcome"], told["spread_rate_g_m2"]) == ("treat", 16.0)
    again = table(2.5 * HOUR_S, 3.0, ice=0.0)
    _, effects = run(mild(4.0), {**asks, 27: alone, 45: again})
    assert [d.outcome for d in decisions(effects)][-1] == "no_action"  # a forecast of the weather does
    _, next_day = run(mild(22.0), {**asks, **{9 * k: table(k * HOUR_S / 2.0, 3.0, kind="stations", ice=0.3, film_mm=0.3) for k in range(3, 43)}})  # fmt: skip
    assert decisions(next_day)[-1].outcome == "no_action"  # of another night nothing has been asked


def test_where_nobody_ever_forecasts_the_weather_road_forecasts_take_back_what_they_did() -> None:
    falls = [
        (k, d, t, {**v, "surface_temperature_c": max(1.0, 4.0 - t / 1200.0), "water_film_mm": 0.3} if k == "road" else v)
        for k, d, t, v in mild(1.5)
    ]  # fmt: skip
    warm = mild(4.0, from_h=1.5, surface_c=6.0, road_1=6.0)
    issues = {9 * k: table(k * HOUR_S / 2.0, 5.0, kind="stations") for k in range(1, 8)}
    said = [d.outcome for d in decisions(run([*falls, *warm], issues)[1])]
    assert "treat" in said
    assert said[-1] == "no_action"


def test_nothing_to_do_is_watched_while_the_forecast_is_stale() -> None:
    _, effects = run(mild(8.0), {18: table(HOUR_S, 5.0)})
    assert decisions(effects)[-1].outcome == "monitor"
    assert "No road forecast since" in decisions(effects)[-1].reason
    _, warm = run(mild(8.0, surface_c=16.0, road_1=16.0), {18: table(HOUR_S, 16.0)})
    assert decisions(warm)[-1].outcome == "no_action"  # no air makes such a road freeze in time


def test_of_each_segment_the_forecast_issued_last_counts() -> None:
    newer, older = table(2 * HOUR_S, -1.0), table(HOUR_S, -5.0)
    state, _ = run(mild(3.0), {36: newer, 40: older})
    assert {m.issued_s for m in state.forecast.values()} == {START + 2 * HOUR_S}
    part = table(2.5 * HOUR_S, -2.0, ids=("s1", "gone"))
    state, _ = run(mild(3.0), {36: newer, 50: part})
    assert {s: m.issued_s - START for s, m in state.forecast.items()} == {
        i: (2.5 if i == "s1" else 2.0) * HOUR_S for i in IDS
    }
    assert state.forecast_age["town"].issued_s == START + 2.5 * HOUR_S


def test_a_forecast_that_is_too_old_is_said_and_alarmed_and_the_sensors_trend_decides() -> None:
    first, second = {18: table(HOUR_S, -3.0, film_mm=0.3)}, table(6.5 * HOUR_S, -3.0, film_mm=0.3)
    readings = mild(7.0)
    _, effects = run(readings, {**first, 118: second})
    raised = [e for e in effects if isinstance(e, RaiseAlarm) and e.rule_id == "winter.forecast_stale"]
    cleared = [e for e in effects if isinstance(e, ClearAlarm) and e.rule_id == "winter.forecast_stale"]
    assert [(e.subject_kind, e.subject, e.severity) for e in raised] == [("kind", "forecast", "major")]
    assert START + 4 * HOUR_S < raised[0].at_s <= START + 4 * HOUR_S + 600.0
    assert "16:00" in raised[0].reason
    assert [e.at_s for e in cleared] == [START + 6.5 * HOUR_S + 600.0]
    states = [e for e in run(mild(5.0), first)[1] if isinstance(e, SubjectState) and e.subject == "r1"]
    assert "No road forecast since 16:00" in states[-1].state["reason"]
    assert "No road forecast" not in [e for e in effects if isinstance(e, SubjectState) and e.subject == "r1"][-1].state["reason"]  # fmt: skip


def test_where_forecasts_are_expected_the_alarm_counts_from_the_first_reading() -> None:
    expecting = replace(CONTEXT, forecasts_expected=True)
    fresh_h = expecting.catalogue.forecast.parameters.fresh_h
    _, effects = run(mild(fresh_h), {}, expecting)
    assert not [e for e in effects if isinstance(e, RaiseAlarm)]
    state, effects = run(mild(5.0), {}, expecting)
    (alarm,) = [e for e in effects if isinstance(e, RaiseAlarm)]
    assert (alarm.rule_id, alarm.inputs["issued_at"]) == ("winter.forecast_stale", None)
    assert "No road forecast has ever come" in alarm.reason
    assert reconcile(state, (), expecting)  # it is up after a restart, too
    late = {len(mild(4.0)): table(4 * HOUR_S, 4.0)}
    _, effects = run(mild(5.0), late, expecting)
    assert [type(e) for e in effects if isinstance(e, RaiseAlarm | ClearAlarm)] == [RaiseAlarm, ClearAlarm]
    _, effects = run(mild(5.0), {}, CONTEXT)
    assert not [e for e in effects if isinstance(e, RaiseAlarm)]


def test_where_forecasts_are_expected_and_never_come_nothing_to_do_is_watched() -> None:
    expecting = replace(CONTEXT, forecasts_expected=True)
    fresh_h = expecting.catalogue.forecast.parameters.fresh_h
    first, then = decisions(run(mild(6.0), {}, expecting)[1])
    assert (first.outcome, then.outcome) == ("no_action", "monitor")
    assert fresh_h < (then.at_s - START) / HOUR_S <= fresh_h + 0.5  # as long as the alarm waits
    assert "No road forecast has ever come" in then.reason
    assert [d.outcome for d in decisions(run(mild(6.0), {})[1])] == ["no_action"]


def test_a_stretch_that_no_forecast_covers_has_lost_it_where_forecasts_are_expected() -> None:
    expecting = replace(CONTEXT, forecasts_expected=True)
    some = {9: table(0.5 * HOUR_S, 4.0, ids=("s0", "s1", "s3", "s4"))}
    assert decisions(run(mild(2.0), some, expecting)[1])[-1].outcome == "monitor"
    assert decisions(run(mild(2.0), some)[1])[-1].outcome == "no_action"
    assert decisions(run(mild(2.0), {9: table(0.5 * HOUR_S, 4.0)}, expecting)[1])[-1].outcome == "no_action"


def test_an_alarm_of_forecasts_that_never_came_ends_where_they_are_not_expected_any_more() -> None:
    expecting = replace(CONTEXT, forecasts_expected=True)
    state, _ = run(mild(4.0), {}, expecting)
    later = mild(5.0, from_h=4.0)
    _, effects = step(state, with_issues(later, {}), latest(later), CONTEXT)
    (clear,) = [e for e in effects if isinstance(e, ClearAlarm)]
    assert "not expected" in clear.reason


def test_nothing_is_said_before_the_first_forecast() -> None:
    state, effects = run(mild(8.0), {})
    assert state.forecast_age["town"].awaited
    assert not [e for e in effects if isinstance(e, RaiseAlarm) and e.rule_id == "winter.forecast_stale"]


def test_the_alarm_fits_the_memory_after_a_restart() -> None:
    state, _ = run(mild(5.0), {18: table(HOUR_S)})
    again = from_rows(changed_rows(EngineState(), state), state.seen_s, state.settled_s)
    assert again == state
    missing = [e for e in reconcile(again, (), CONTEXT) if isinstance(e, RaiseAlarm)]
    assert [e.rule_id for e in missing] == ["winter.forecast_stale"]


def test_a_sensor_that_is_wrong_is_told_and_not_asked() -> None:
    cold = mild(3.0, road_1=-4.0)
    wrong = {40: table(2 * HOUR_S, 4.0, wrong={"s3": -2.1})}
    _, believed = run(cold, {40: table(2 * HOUR_S, 4.0)})
    _, effects = run(cold, wrong)
    told = [e for e in effects if isinstance(e, Event) and e.kind == "sensor_judged"]
    assert [(e.subject_kind, e.subject, e.detail["wrong"], e.detail["error_c"]) for e in told] == [
        ("device", "road-1", True, -2.1)
    ]
    [work] = [e for e in effects if isinstance(e, OpenWork)]
    assert (work.rule_id, work.device) == ("quality.drift", "road-1")
    assert "2.1 °C too cold on S3 Road" in work.reason
    assert states(believed, "s3")["device"] == "road-1"
    now = states(effects, "s3")
    assert (now["source"], now["device"]) == ("neighbour", "road-0")
    assert now["surface_temperature_c"] > 2.0


@pytest.mark.parametrize("sensors", [True, False])
def test_without_a_road_reading_routes_are_decided_by_the_forecast_and_then_referred(sensors: bool) -> None:
    town = hamlet()
    devices = tuple(d for d in town.devices if sensors or d.kind != "road")
    ctx = context(msgspec.structs.replace(town, devices=devices))
    air = [r for r in mild(8.0) if r[0] == "weather"]
    freezes = table(1.5 * HOUR_S, [4.0] * 4 + [-3.0] * 20, film_mm=0.2, ice=0.8)
    _, effects = run(air, {6: table(HOUR_S, 4.0), 9: freezes}, ctx)
    said = decisions(effects)
    assert [d.outcome for d in said][:2] == ["no_action", "treat"]
    assert said[1].result["spread_rate_g_m2"] == 16.0
    assert said[1].inputs["segments"][0]["surface_c"] is None
    _, mildest = run(air, {6: table(HOUR_S, 4.0)}, ctx)
    assert [d.outcome for d in decisions(mildest)] == ["no_action", "refer"]  # nothing is known any more
    never = decisions(run(air, {}, ctx)[1])
    assert [d.outcome for d in never] == ["refer"]  # not silence
    assert "nothing measures this road" in never[0].reason
    assert never[0].at_s - START >= ctx.catalogue.surface.parameters.sensor_age_s  # a sensor may be late
    assert not decisions(run(air[:8], {}, ctx)[1])


def states(effects: Sequence[Effect], segment: str) -> dict[str, Any]:
    found = [e.state for e in effects if isinstance(e, SubjectState) and e.subject == segment]
    return dict(found[-1])


def test_a_sensor_that_is_right_again_is_told_and_asked() -> None:
    readings = mild(4.0, road_1=-4.0)
    issues = {40: table(2 * HOUR_S, 4.0, wrong={"s3": -2.1}), 60: table(3 * HOUR_S, 4.0)}
    _, effects = run(readings, issues)
    told = [e.detail["wrong"] for e in effects if isinstance(e, Event) and e.kind == "sensor_judged"]
    assert told == [True, False]
    work = [type(e).__name__ for e in effects if isinstance(e, OpenWork | CloseWork)]
    assert work == ["OpenWork", "CloseWork"]
    assert states(effects, "s3")["device"] == "road-1"


def test_a_wrong_sensor_is_not_believed_again_because_the_forecast_is_stale() -> None:
    cold = mild(8.0, road_1=-4.0)
    _, effects = run(cold, {40: table(2 * HOUR_S, 4.0, wrong={"s3": -2.1})})
    assert "No road forecast since" in decisions(effects)[-1].reason
    assert states(effects, "s3")["device"] == "road-0"


def test_where_all_sensors_are_wrong_they_are_asked_all_the_same() -> None:
    both = {40: table(2 * HOUR_S, 4.0, wrong={"s0": 2.0, "s3": -2.1})}
    assert states(run(mild(3.0), both)[1], "s1")["source"] == "neighbour"
    assert states(run(mild(3.0), both)[1], "s3")["surface_temperature_c"] is not None


def test_a_forecast_that_comes_behind_time_counts_and_is_not_late() -> None:
    readings = with_issues(mild(3.0), {50: table(HOUR_S)})
    rows = readings["forecast"]
    late = Readings(rows.position, rows.ts_s - 3000.0, rows.device, rows.quality, rows.fields)
    state, effects = step(EngineState(), {**readings, "forecast": late}, latest(mild(3.0)), CONTEXT)
    assert len(state.forecast) == 5
    assert not [e for e in effects if isinstance(e, LateReadings)]


def test_what_a_forecast_says_depends_on_its_age() -> None:
    hours = np.array([4.0, 2.0, 0.0, -2.0, *[-3.0] * 20])
    whole = table(0.0, hours, film_mm=0.2, rain_mm_h=[0.0, 1.0, 1.0, *[0.0] * 21]).values()[:2]
    yes, now = np.ones(2, dtype=bool), np.array([5.0, np.nan])
    found = looks(whole, np.array([0.0, 1.5]), yes, yes, now, 12.0)
    assert found.zero_in_h.tolist() == pytest.approx([3.0, 1.5])
    assert found.minimum_c.tolist() == [-3.0, -3.0]
    assert found.rain_ends_in_h.tolist() == pytest.approx([3.0, 1.5])
    assert found.film_mm.tolist() == pytest.approx([0.2, 0.2])
    near = looks(whole, np.zeros(2), yes, yes, now, 2.0)
    assert near.minimum_c.tolist() == [2.0, 2.0]
    assert np.isnan(near.zero_in_h).all()
    assert near.p_below_0.tolist() == [0.0, 0.0]
    old = looks(whole, np.full(2, 30.0), yes, yes, now, 12.0)
    assert not old.fresh.any()
    assert np.isnan(old.minimum_c).all()
    stale = looks(whole, np.zeros(2), np.array([True, False]), yes, now, 12.0)
    assert stale.fresh.tolist() == [True, False]


def test_freezing_rain_is_rain_on_a_road_below_zero() -> None:
    rain = [0.0, 0.5, *[0.0] * 22]
    cold, warm = (table(0.0, c, rain_mm_h=rain).values()[:1] for c in (-1.0, 1.0))
    yes, now = np.ones(1, dtype=bool), np.array([0.5])
    assert looks(cold, np.zeros(1), yes, yes, now, 12.0).freezing_rain.all()
    assert not looks(warm, np.zeros(1), yes, yes, now, 12.0).freezing_rain.any()
