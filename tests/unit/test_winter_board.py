"""The board's views: hours by the town's clock, routes by urgency, the night's log, the morning's verification."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pytest

from ops_api.web import winter_decision, winter_log, winter_log_forecasts, winter_map, winter_verify
from ops_api.web.brand import Brand
from ops_api.web.winter_ahead import HOUR_S, Ahead, hour_labels, note
from ops_api.web.winter_answers import answer_of
from ops_api.web.winter_hours import routes_by_hour, stretch_view
from ops_api.web.winter_routes import Board, board_rows
from ops_api.web.winter_view import route_row
from rules.core.planned import RoutePlan
from rules.core.road_now.table import HOURS, UNKNOWN, SensorJudged
from rules.core.route_words import Late, in_words
from rules.core.winter_nights import span_s
from rules.core.winter_orders.standing import cases
from rules.core.winter_scores.contingency import Counts
from rules.core.winter_scores.facts import Measured, NightFacts, ScoreParameters, Stretch
from rules.core.winter_scores.leads import Errors, LeadErrors
from rules.core.winter_scores.night import NightScore, score
from rules.core.winter_scores.season import season
from tests.fakes.road_issue import MET, issue
from tests.fakes.rules_town import START
from tests.fakes.web_routes import NOW, route
from tests.fakes.winter_orders import decision

BRAND = Brand()
LONDON = ZoneInfo("Europe/London")
NOW_S = NOW.timestamp()


def segment(name: str, of: str | None = "r1", width_m: float = 6.0) -> dict[str, Any]:
    return {
        "segment_id": name, "street": f"{name} Street", "bridge": False, "route_id": of, "width_m": width_m, "at": NOW,
        "road_class": "A", "geometry": [[-1.0523456, 52.1], [-1.05, 52.2]], "state": {"state": "damp", "surface_temperature_c": 1.5, "source": "sensor"},
    }  # fmt: skip


def answered(**row: Any) -> dict[str, Any]:
    empty = dict.fromkeys(
        ("what", "at", "by", "last_ref", "last_what", "last_at", "last_by", "last_not_needed")
    )
    return {"decision_id": 17, "outcome": "treat", "stands": True, **empty, **row}


# -- hours -----------------------------------------------------------------------------


def test_an_hour_that_comes_twice_says_which_it_is() -> None:
    start = datetime(2026, 10, 24, 23, tzinfo=UTC).timestamp()
    labels = hour_labels([start + k * HOUR_S for k in range(4)], LONDON)
    assert labels == ("Sun 00:00", "Sun 01:00 BST", "Sun 01:00 GMT", "Sun 02:00")
    # Also where only the second of them is among the hours.
    issued_s = start + 1.5 * HOUR_S
    assert hour_labels([issued_s + HOUR_S, issued_s + 2 * HOUR_S], LONDON) == ("Sun 01:30 GMT", "Sun 02:30")
    spring = datetime(2026, 3, 29, 0, tzinfo=UTC).timestamp()
    assert hour_labels([spring, spring + HOUR_S], LONDON) == ("Sun 00:00", "Sun 02:00")
    assert hour_labels([NOW_S], LONDON) == ("Fri 18:00",)


def test_a_route_is_as_cold_as_its_coldest_stretch_in_the_hours_to_come() -> None:
    ahead = Ahead(1, issue(NOW_S, ["a", "b", "c"], start_c=[3.0, 2.0, 5.0]))
    prospect = ahead.prospect(ahead.rows(["a", "b", "elsewhere"]))
    assert prospect is not None
    assert (prospect.coldest.surface_c, prospect.coldest.row) == (-4.0, 1)
    assert prospect.coldest.at_s == NOW_S + 12 * HOUR_S
    # b is below 0 °C from the fifth hour on
    assert (prospect.p_ice, prospect.ice_at_s, prospect.ice_row) == (1.0, NOW_S + 5 * HOUR_S, 1)
    assert ahead.first_hour(NOW_S + 14.5 * HOUR_S) == 14
    late = ahead.prospect(ahead.rows(["b"]), 14)
    assert late is not None
    assert late.coldest.surface_c == pytest.approx(-2.5)
    assert ahead.prospect(ahead.rows(["elsewhere"])) is None
    assert ahead.first_hour(NOW_S + 25 * HOUR_S) == HOURS
    assert ahead.prospect(ahead.rows(["b"]), HOURS) is None


def test_what_is_unknown_is_neither_cold_nor_zero() -> None:
    made = issue(NOW_S, ["a", "b"])
    made.whole[0] = UNKNOWN
    ahead = Ahead(1, made)
    assert all(c is not None and c.row == 1 for c in ahead.coldest_by_hour(ahead.rows(["a", "b"])))
    assert ahead.coldest_by_hour(ahead.rows(["a"])) == (None,) * HOURS
    document = winter_map.map_document([segment("a"), segment("b")], ahead, LONDON)
    assert document["features"][0]["properties"]["middle_c"] == [None] * HOURS


@pytest.mark.parametrize(
    ("age_h", "stale", "said"),
    [
        (0.5, False, "Road forecast of 17:30 (30\xa0min old)."),
        (4.0, True, "No road forecast since 14:00 (4 hours). Routes are decided by the sensors’ own trend."),
    ],
)
def test_the_page_says_how_old_its_forecast_is(age_h: float, stale: bool, said: str) -> None:
    ahead = Ahead(1, issue(NOW_S - age_h * HOUR_S, ["a"]))
    found = note(ahead, NOW, LONDON, 3.0)
    assert (found.stale, found.words) == (stale, said)
    assert found.weather.startswith("No weather forecast: from stations alone")
    assert note(None, NOW, LONDON, 3.0).words.startswith("No road forecast yet")
    met = note(Ahead(1, issue(NOW_S, ["a"], weather=replace(MET, issued_s=NOW_S - 7200))), NOW, LONDON, 3.0)
    assert met.weather == "Weather: Met of 16:00."


def test_the_tables_say_what_the_map_says() -> None:
    wrong = SensorJudged("road-1", "a", 2.04, True)
    ahead = Ahead(1, issue(NOW_S, ["a", "b"], start_c=[3.0, 1.0], wrong=[wrong]))
    rows = routes_by_hour(ahead, [["a"], ["a", "b"], []], {"a": "A Street", "b": "B Street"}, NOW, BRAND)
    assert len(rows) == HOURS
    assert rows[0].label == "Fri 19:00"
    assert [(c.text, c.street) for c in rows[0].cells] == [("2.5\xa0°C", "A Street"), ("0.5\xa0°C", "B Street"), ("–", "")]  # fmt: skip
    document = winter_map.map_document([segment("a"), segment("b"), segment("off")], ahead, LONDON)
    one = document["features"][0]["properties"]
    assert (one["middle_c"][0], one["middle_c"][11], one["ice_pct"][11], len(one["below_zero_pct"])) == (2.5, -3, 100, HOURS)  # fmt: skip
    assert document["features"][0]["geometry"]["coordinates"][0] == [-1.05235, 52.1]
    assert "middle_c" not in document["features"][2]["properties"]
    assert document["hours"][0] == {"at": "2026-01-09T19:00:00Z", "label": "Fri 19:00"}
    assert document["forecast"]["wrong_sensors"] == [{"device": "road-1", "segment_id": "a", "error_c": 2.04}]
    stretch = stretch_view({**segment("a"), "route": "Route 1"}, ahead, NOW, BRAND)
    assert stretch.observed == "18:00: 1.5\xa0°C, damp, from its own sensor."
    assert stretch.doubted == "Its sensor road-1 is left out: 2.0 °C too warm by its neighbours."
    assert "5 g/m² salt left" in stretch.estimated
    assert (stretch.hours[11].middle, stretch.hours[11].between, stretch.hours[11].ice) == ("−3.0\xa0°C", "−4.0 to −2.0", "100%")  # fmt: skip
    assert stretch_view({**segment("x"), "route": None}, None, NOW, BRAND).hours == ()


# -- routes and answers ----------------------------------------------------------------


def test_an_answer_says_who_only_to_officers() -> None:
    row = answered(what="confirmed", at=NOW - timedelta(hours=1), by="Ada")
    assert answer_of(row, BRAND, NOW, names=True).words == "confirmed 17:00 by Ada"
    assert answer_of(row, BRAND, NOW, names=False).words == "confirmed 17:00"
    waits = answer_of(answered(), BRAND, NOW, names=False)
    assert (waits.ref, waits.waits, waits.words) == ("P17", True, "not answered")
    late = answer_of(answered(what="unanswered", at=NOW, by="desk"), BRAND, NOW, names=True)
    assert (late.waits, late.words) == (True, "not answered in time: the proposal stands")
    assert answer_of(answered(what="cancelled", at=NOW, by="Ada"), BRAND, NOW, names=False).cancelled
    quiet = answered(outcome="monitor", last_ref="P9", last_what="confirmed", last_at=NOW, last_by="Ada")
    assert answer_of(quiet, BRAND, NOW, names=False).words == "P9 confirmed 18:00"
    gone = answer_of(quiet | {"last_not_needed": True}, BRAND, NOW, names=False).words
    assert gone == "P9 confirmed 18:00: stands, though no longer asked for"
    assert answer_of(answered(outcome=None), BRAND, NOW, names=False).words == "–"


def treats(name: str, by_h: float, **state: Any) -> dict[str, Any]:
    legs = [{"segment_id": "a", "street": "A", "treat": True, "length_m": 1000.0}]
    by = (NOW + timedelta(hours=by_h)).isoformat()
    return route(
        name, "treat", status="to_treat", treat_by=by, leave_by=by, spread_rate_g_m2=10.0, passes=2,
        drive={"legs": legs}, segments_to_treat=1, **state,
    )  # fmt: skip


def test_routes_come_by_what_the_officer_has_to_do() -> None:
    routes = [
        route("none", "no_action", status="none"),
        route("watch", "monitor", status="watch"),
        treats("later", 3.0),
        treats("going", 1.0, overdue=False)
        | {"state": treats("going", 1.0)["state"] | {"status": "under_way"}},
        treats("decide", 5.0),
        treats("late", -1.0, overdue=True),
        treats("off", -2.0, overdue=True),
    ]
    confirmed = answer_of(answered(what="confirmed", at=NOW, by="Ada"), BRAND, NOW, names=False)
    cancelled = answer_of(answered(what="cancelled", at=NOW, by="Ada"), BRAND, NOW, names=False)
    waits = answer_of(answered(), BRAND, NOW, names=False)
    answers = {"later": confirmed, "going": confirmed, "late": confirmed, "decide": waits, "off": cancelled}
    segments = [segment("a", "later"), segment("b", "watch")]
    ahead = Ahead(1, issue(NOW_S, ["a", "b"], start_c=[3.0, 2.0]))
    rows = board_rows(routes, Board(ahead, answers, segments, NOW, BRAND))
    assert [r.route.route_id for r in rows] == ["late", "decide", "going", "later", "off", "watch", "none"]
    by_id = {r.route.route_id: r for r in rows}
    assert (by_id["decide"].status_name, by_id["off"].status_name, by_id["off"].overdue) == ("Decide now", "Cancelled", False)  # fmt: skip
    later = by_id["later"]
    # 1000 m × 6 m × 10 g/m² × 2 passes
    assert (later.salt, later.leave_by, later.lowest, later.lowest_at) == (
        "0.12 t",
        "21:00",
        "−3.0\xa0°C",
        "06:00",
    )
    assert (later.chance, later.chance_at) == ("100%", "01:00")
    assert (by_id["off"].leave_by, by_id["off"].salt) == ("–", "–")
    assert by_id["none"].chance == "–"


def test_the_decision_has_the_cell_beside_the_dose_and_both_costs() -> None:
    inputs = {
        "segments": [
            {"segment_id": "b", "street": "B", "outcome": "treat", "cell_g_m2": 8.0, "dose_g_m2": 6.2, "minimum_c": -1.0},
            {"segment_id": "a", "street": "A", "outcome": "treat", "cell_g_m2": 10.0, "dose_g_m2": 8.66, "minimum_c": -2.4},
        ],
        "cost": {"p_ice": 0.37, "treat_gbp": 593, "leave_gbp": 1850, "act_from": 0.105, "source": "forecast"},
        "road_forecast": {"issued_at": "2026-01-09T17:30:00Z", "weather": "stations"},
    }  # fmt: skip
    row = {
        "decision_id": 17, "decided_at": NOW, "reason": "Treat.", "inputs": inputs, "missing": 2, "expected": 30,
        "would_change": [{"quantity": "surface_temperature_c", "by": 1.5, "unit": "°C", "then": "no_treatment"}],
    }  # fmt: skip
    ahead = Ahead(1, issue(NOW_S, ["a", "b"], start_c=[3.0, 2.0]))
    found = winter_decision.view(treats("r1", 3.0, reason="Treat both."), row, [segment("a"), segment("b")], ahead, now=NOW, brand=BRAND)  # fmt: skip
    w = found.weighed
    assert (w.cell, w.dose, w.place) == ("10 g/m²", "8.7 g/m²", "A, lowest −2.4\xa0°C")
    assert (w.treat, w.leave) == ("£593", "£1,850")
    assert w.chance.startswith("37% chance of ice by the road forecast")
    assert (found.sentence, found.was) == ("Treat both.", "Treat.")
    assert found.changes == ("1.5 °C warmer and this route is not treated.",)
    assert found.forecast == "road forecast of 17:30 (stations alone)"
    assert found.mind == ("Decided without 2 of 30 expected readings.",)
    assert [s.segment_id for s in found.stretches] == ["b", "a"]
    assert winter_decision.weighed({}) == winter_decision.Weighed()
    none = winter_decision.view(route("r", None), None, [], None, now=NOW, brand=BRAND)
    assert (none.decision_id, none.stretches) == (None, ())


@pytest.mark.parametrize(
    ("status", "hours", "times"),
    [
        ("to_treat", {"call_out_by": 1.0, "leave_by": 2.0, "treat_by": 3.0},
         {"Call out by": "19:00", "Leave by": "20:00", "Done by": "21:00"}),
        ("to_treat", {"call_out_by": -0.5, "leave_by": 0.0, "treat_by": 1.0},
         {"Call out by": "at once, 30 min late", "Leave by": "at once", "Done by": "19:00"}),
        ("to_treat", {"not_before": -1.0, "treat_by": -3.0}, {"Done by": "at once, 3 h late"}),
        ("under_way", {"call_out_by": -1.5, "leave_by": -0.5, "treat_by": 1.0}, {"Done by": "19:00"}),
        ("under_way", {"leave_by": -2.0, "treat_by": -0.25}, {"Done by": "at once, 15 min late"}),
        ("to_treat", {"call_out_by": 0.0, "leave_by": 1.0, "done_by": 1.5, "treat_by": -0.5, "late_min": 120},
         {"Call out by": "at once", "Leave by": "19:00", "Done by": "19:30, 120 min later than wanted"}),
        ("to_treat", {"done_by": -0.25, "treat_by": -1.0, "late_min": 45}, {"Done by": "at once, 60 min late"}),
    ],
)  # fmt: skip
def test_a_time_that_is_past_is_at_once(status: str, hours: dict[str, float], times: dict[str, str]) -> None:
    state = {k: h if k == "late_min" else (NOW + timedelta(hours=h)).isoformat() for k, h in hours.items()}
    of = route("r", "treat", status=status, **state)
    assert dict(winter_decision.view(of, None, [], None, now=NOW, brand=BRAND).times) == times


def test_the_boards_times_say_which_of_two_hours_they_are() -> None:
    night = datetime(2026, 10, 24, 22, 0, tzinfo=UTC)
    state = {
        "call_out_by": "2026-10-25T00:30:00Z",
        "leave_by": "2026-10-25T01:30:00Z",
        "treat_by": "2026-10-25T02:30:00Z",
    }
    of = {**route("r", "treat", status="to_treat", **state), "at": night}
    times = dict(winter_decision.view(of, None, [], None, now=night, brand=BRAND).times)
    assert times == {
        "Call out by": "tomorrow 01:30 BST",
        "Leave by": "tomorrow 01:30 GMT",
        "Done by": "tomorrow 02:30",
    }


@pytest.mark.parametrize(
    ("decided_min", "call_min", "says"),
    [
        (0, 0, "Call the crew now (18:00)"),  # this look at the roads decided it
        (-5, -5, "The crew was to be called at 17:55"),
        (-60, -60, "The crew was to be called at 17:00"),
        (-60, 10, "Call the crew now (18:10)"),
    ],
)
def test_a_call_that_is_past_is_no_demand_of_now(decided_min: int, call_min: int, says: str) -> None:
    decided, call = (NOW + timedelta(minutes=n) for n in (decided_min, call_min))
    late = Late(f"{call:%H:%M}", "20:10", 70)
    plan = RoutePlan(0, "treat", "Freezing", 10.0)
    reason = in_words(plan, 4, "19:00", is_past=False, late=late)
    of = route(
        "r",
        "treat",
        status="to_treat",
        reason=reason,
        decided_at=decided.isoformat(),
        call_out_by=call.isoformat(),
    )
    row = {
        "decision_id": 17, "decided_at": decided, "reason": reason, "inputs": {}, "would_change": [], "missing": 0,
        "expected": 0,
    }  # fmt: skip
    panel = winter_decision.view(of, row, [], None, now=NOW, brand=BRAND)
    shown = route_row(of, {}, BRAND, NOW).reason
    assert f"{says}: done by 20:10, 70 min later than wanted (19:00)." in panel.sentence
    assert (shown, panel.was) == (panel.sentence, "")


# -- the night's log -------------------------------------------------------------------


def issues_row(number: int, at_s: float, weather: str = "stations", source: str = "") -> dict[str, Any]:
    at = datetime.fromtimestamp(at_s, UTC)
    return {"forecast_id": number, "issued_at": at, "weather": weather, "weather_source": source}


def test_of_forecasts_only_what_mattered_is_told() -> None:
    ids, labels, streets = ["a", "b"], {"r1": "Route 1", "r2": "Route 2"}, {"a": "A Street", "b": "B Street"}
    members = {"r1": ["a"], "r2": ["b"]}
    starts = [(3.0, 9.0), (3.1, 9.0), (1.0, 9.0), (1.0, 9.0), (1.0, 9.0)]
    rows, said = [], {}
    for k, start in enumerate(starts):
        at_s = NOW_S + 1800.0 * (k + (3 if k > 3 else 0))
        rows.append(issues_row(k, at_s, *(("forecast", "Met") if k == 3 else ("stations", ""))))
        # The lowest is at the same time of day in each.
        made = issue(at_s, ids, start_c=start, turns=8)
        said[k] = winter_log_forecasts.told(Ahead(k, made), members, streets, NOW_S + 18 * HOUR_S)
    del said[4]
    found = winter_log_forecasts.entries(rows, said, labels, LONDON)
    assert [e.text for e in found] == [
        "Road forecast: 1 of 2 routes below 0 °C, lowest −1.0\xa0°C on A Street (Route 1) at 02:00; no weather forecast, from stations alone.",
        "Road forecast: Route 1 now down to −3.0\xa0°C at 03:00 (was −1.0\xa0°C).",
        "Road forecast: by the weather of Met.",
        "Newest road forecast: no weather forecast, from stations alone; there was none from 19:30 to 21:30.",
    ]
    assert winter_log_forecasts.entries([], {}, labels, LONDON) == []


def test_the_passing_of_the_coldest_hour_is_no_change() -> None:
    made = issue(NOW_S, ["a"], turns=8)
    later = issue(NOW_S + 10 * HOUR_S, ["a"], start_c=[0.0], step_c=0.5, turns=24)
    said = {
        k: winter_log_forecasts.told(Ahead(k, f), {"r": ["a"]}, {}, NOW_S + 18 * HOUR_S)
        for k, f in enumerate((made, later, later))
    }
    rows = [issues_row(0, NOW_S), issues_row(1, NOW_S + 10 * HOUR_S), issues_row(2, NOW_S + 10 * HOUR_S + 60)]
    texts = [e.text for e in winter_log_forecasts.entries(rows, said, {"r": "Route"}, LONDON)]
    assert not any("now down to" in t for t in texts)


def a_night(**rows: Any) -> winter_log.Night:
    empty: dict[str, Any] = dict.fromkeys(
        ("forecasts", "decisions", "acts", "alarms", "sensors", "lorries"), ()
    )
    return winter_log.Night(
        labels={"r1": "Route 1", "r2": "Route 2"}, begin=NOW - timedelta(hours=6), end=NOW + timedelta(hours=18),
        now=NOW + timedelta(hours=3), zone=LONDON, **{**empty, **rows},
    )  # fmt: skip


def decided(number: int, at_h: float, outcome: str, of: str = "r1", **result: Any) -> dict[str, Any]:
    return {
        "decision_id": number, "route_id": of, "at": NOW + timedelta(hours=at_h), "outcome": outcome,
        "reason": f"Because of {outcome}.", "result": result, "answered": result.pop("answered", False),
    }  # fmt: skip


def acted(number: int, ref: str, at_h: float, what: str, of: str = "r1", **row: Any) -> dict[str, Any]:
    treatment = {"g_m2": 15.0, "passes": 1, "segments": ["a", "b"]}
    return {
        "act_id": number, "ref": ref, "route_id": of, "what": what, "at": NOW + timedelta(hours=at_h), "by": "Ada",
        "role": "duty officer", "reason": "", "treatment": treatment, **row,
    }  # fmt: skip


def test_the_log_tells_the_night_in_order_and_names_only_to_officers() -> None:
    treat = {"spread_rate_g_m2": 10.0, "passes": 1, "segments_to_treat": 2, "segments": 5, "leave_by": "2026-01-09T21:00:00Z", "treat_by": "2026-01-09T21:40:00Z"}  # fmt: skip
    alarm = {
        "alarm_id": 3, "subject_kind": "route", "subject": "r1", "severity": "warning", "title": "Route 1: hoar frost",
        "raised_at": NOW + timedelta(hours=2), "cleared_at": NOW + timedelta(hours=2),
    }  # fmt: skip
    lorry = {
        "device": "gritter-1", "out_at": NOW + timedelta(hours=1), "last_at": NOW + timedelta(hours=2), "salt_kg": 410.0,
        "spread_from": NOW + timedelta(hours=1.1), "spread_to": NOW + timedelta(hours=1.5),
    }  # fmt: skip
    night = a_night(
        decisions=[
            decided(1, -5.0, "no_action"), decided(2, -5.0, "no_action", "r2"), decided(3, 0.0, "treat", **treat),
            decided(4, 0.2, "monitor"), decided(5, 0.3, "treat", answered=True, **treat), decided(6, 2.5, "monitor", status="treated"),
            decided(7, -7.0, "treat", **treat),
        ],
        acts=[
            acted(1, "P5", 0.4, "changed", reason="The bridge is wet."), acted(2, "P8", 0.6, "confirmed"),
            acted(3, "P9", 0.6, "confirmed", "r2"), acted(4, "P8", 0.7, "cancelled", treatment=None, reason="Cloud."),
        ],
        alarms=[alarm], lorries=[lorry, {**lorry, "spread_from": None, "spread_to": None}],
        sensors=[{"device": "road-7", "at": NOW + timedelta(hours=1.7), "detail": {"wrong": True, "error_c": -2.1}},
                 {"device": "road-7", "at": NOW + timedelta(hours=1.8), "detail": {"wrong": False, "error_c": None}}],
    )  # fmt: skip
    late = {**treat, "done_by": "2026-01-09T22:50:00Z", "late_min": 70}
    [told] = winter_log.entries(a_night(decisions=[decided(3, 0.0, "treat", **late)]), names=False)
    assert told.text.endswith("leave by 21:00, done by 22:50, 70 min later than wanted.")
    texts = [e.text for e in winter_log.entries(night, names=False)]
    assert texts == [
        "Route 1: Because of monitor.",
        "Over: Route 1: hoar frost.",
        "Route 1: hoar frost (warning).",
        "gritter-1 has finished: it spread 19:06 to 19:30, 0.41 t of salt.",
        "road-7 is believed again.",
        "road-7 reads 2.1 °C too cold by its neighbours: it is left out.",
        "gritter-1 is out.",
        "P8 for Route 1 cancelled.",
        "P8 and P9 confirmed as proposed.",
        "P5 for Route 1 changed: 15 g/m² on 2 stretches.",
        "P5 for Route 1: treat 2 of 5 stretches at 10 g/m², leave by 21:00, done by 21:40.",
        "Route 1: Because of monitor. P3 is withdrawn.",
        "P3 for Route 1: treat 2 of 5 stretches at 10 g/m², leave by 21:00, done by 21:40.",
        "No treatment on 2 routes.",
    ]
    told = [e.text for e in winter_log.entries(night, names=True) if e.kind == "officer"]
    assert told == [
        "P8 for Route 1 cancelled by Ada (duty officer). Cloud.",
        "P8 and P9 confirmed as proposed by Ada (duty officer).",
        "P5 for Route 1 changed by Ada (duty officer): 15 g/m² on 2 stretches. The bridge is wet.",
    ]


# -- the morning -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("local", "night"),
    [((2026, 1, 10, 9, 59), date(2026, 1, 8)), ((2026, 1, 10, 10, 0), date(2026, 1, 9)), ((2026, 1, 10, 17, 0), date(2026, 1, 9))],
)  # fmt: skip
def test_a_night_is_judged_from_ten_oclock(local: tuple[int, ...], night: date) -> None:
    assert winter_verify.last_judged(datetime(*local, tzinfo=LONDON), LONDON) == night  # type: ignore[arg-type]


def test_where_it_is_too_early_the_page_says_from_when() -> None:
    found = winter_verify.view(date(2026, 1, 9), None, season([]), kept=False, now=NOW, zone=LONDON)
    assert found.early == "The night from 9 to 10 January 2026 can be judged from tomorrow 10:00."
    assert (found.season, found.season_salt, found.can_keep) == (
        "No night of this season has a score yet",
        "",
        False,
    )
    assert [r.value for r in found.rates] == ["–"] * 4


def a_score(asked_min: float = 0.0) -> NightScore:
    """A route that froze at 17:20, one that nobody measured; asked for at a time."""
    from_s, to_s = span_s(date(2026, 1, 9), LONDON)
    sensor = Measured(
        START + 7200.0 + 600.0 * np.arange(4), np.array([1.0, 0.5, -1.0, -2.0]), np.full(4, True)
    )
    facts = NightFacts(
        night=date(2026, 1, 9), from_s=from_s, to_s=to_s, labels={"r1": "Route 1", "r2": "Route 2"},
        stretches={"r1": (Stretch("s0", 1000.0, 8.0, "road-0"),), "r2": (Stretch("s3", 800.0, 6.0),)},
        measured={"road-0": sensor}, forecasts=None, treated={}, cases=cases([decision(1, 60.0 * asked_min, segments=("s0",))], ()),
    )  # fmt: skip
    leads = (LeadErrors(lead_h=3, errors=Errors(n=4, bias_c=0.25, mae_c=0.4, rmse_c=0.5)),)
    return msgspec.structs.replace(score(facts, LONDON, ScoreParameters()), leads=leads)


def test_the_morning_says_what_hit_and_what_it_cost() -> None:
    night = a_score()
    found = winter_verify.view(night.night, night, season([night, night]), kept=False, now=NOW, zone=LONDON)
    assert found.headline == "1 of 1 route right: 1 hit"
    assert [(r.name, r.lowest, r.frost) for r in found.routes] == [
        ("Hit", "−2.0\xa0°C", "from 17:20, 0.7 h"), ("Not judged", "–", "–"),
    ]  # fmt: skip
    assert found.service == "0.0 of 1.0 km treated before it froze, 1.0 km never"
    assert found.salt == "0.00 t of salt; the fixed policy, every route once at 10 g/m², 0.13 t: 100% less"
    assert found.season == "Season, 2 nights since 9 January, 2 with frost: 2 hits, 0 misses, 0 false alarms, 0 correct rejections"  # fmt: skip
    assert [(r.name, r.value) for r in found.rates] == [
        ("POD", "1.00"),
        ("FAR", "0.00"),
        ("POFD", "–"),
        ("TSS", "–"),
    ]
    first, blind = found.season_routes
    assert (first.counts, first.rates) == (("2", "0", "0", "0"), ("1.00", "0.00", "–"))
    assert first.salt == "0.00 of 0.16 t"
    assert blind.counts == ("0", "0", "0", "0")
    [lead] = found.leads
    assert (lead.lead, lead.night, lead.season, lead.pairs) == (
        "3 h",
        ("+0.25", "0.50"),
        ("+0.25", "0.50"),
        "8",
    )
    assert found.can_keep
    missed = winter_verify.view(night.night, a_score(150.0), season([]), kept=True, now=NOW, zone=LONDON)
    assert (missed.headline, missed.can_keep) == ("0 of 1 route right: 1 miss", False)
    blind = replace_counts(night, Counts(unknown=2))
    assert winter_verify.view(night.night, blind, season([]), kept=True, now=NOW, zone=LONDON).headline.startswith("Nobody measured")  # fmt: skip


def replace_counts(night: NightScore, counts: Counts) -> NightScore:
    return msgspec.structs.replace(night, counts=counts)


def test_the_map_of_an_empty_town_is_empty() -> None:
    document = winter_map.map_document([], None, LONDON)
    assert (document["forecast"], document["hours"], document["features"]) == (None, [], [])
    assert winter_map.now_document([])["at"] is None
    rows = [{"segment_id": "a", "at": NOW, "state": "ice", "surface_c": -1.26, "source": "sensor"}]
    assert winter_map.now_document(rows)["roads"] == {"a": [-1.3, "ice", "sensor"]}
    assert np.isnan(Ahead(1, issue(NOW_S, ["a"])).values("low_c")).sum() == 0
