from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ops_api.missing import Missing
from ops_api.web import bins_view, home_advice, home_view, ops_view, sheet_view, winter_view
from ops_api.web.brand import Brand

NOW = datetime(2026, 1, 9, 18, 0, tzinfo=UTC)
BRAND = Brand()


def room(**changes: Any) -> dict[str, Any]:
    return {
        "name": "frog-1",
        "label": "Frog 1",
        "room": "bedroom",
        "cadence_s": 300,
        "ts": NOW - timedelta(minutes=3),
        "temperature_c": 17.0,
        "humidity_pct": 72.0,
    } | changes


def home(the_room: dict[str, Any] | None, state: dict[str, Any] | None) -> home_view.HomeView:
    rooms = [] if the_room is None else [the_room]
    return home_view.view(
        {"label": "1 High Street"},
        rooms,
        the_room,
        state,
        [],
        [],
        span=(NOW - home_view.CHART_SPAN, NOW),
        now=NOW,
        brand=BRAND,
    )


@pytest.mark.parametrize(
    ("the_room", "state", "tone"),
    [
        (None, None, "quiet"),
        (room(ts=None), {"risk": "low"}, "quiet"),
        (room(ts=NOW - timedelta(minutes=31)), {"risk": "high"}, "quiet"),
        (room(), None, "unknown"),
        (room(), {"risk": "odd"}, "unknown"),
        (room(), {"risk": "low"}, "low"),
        (room(), {"risk": "raised"}, "raised"),
        (room(), {"risk": "high"}, "high"),
        (room(cadence_s=3600, ts=NOW - timedelta(hours=2)), {"risk": "high"}, "high"),
    ],
)
def test_the_first_line_of_a_home(
    the_room: dict[str, Any] | None, state: dict[str, Any] | None, tone: str
) -> None:
    view = home(the_room, state)
    assert view.tone == tone
    assert view.headline == home_view.HEADLINES[tone]
    assert view.action
    assert len(view.steps) <= 3


def test_a_window_is_advised_only_where_the_outside_air_is_drier() -> None:
    cold = {"risk": "high", "absolute_humidity_g_m3": 10.0, "outdoor_temperature_c": 2.0}
    assert "outside is drier" in home(room(), cold).action
    warm = cold | {"outdoor_temperature_c": 25.0}
    assert "drier" not in home(room(), warm).action
    dry_air = {"risk": "raised", "absolute_humidity_g_m3": 3.0, "outdoor_temperature_c": 2.0}
    assert "window" not in home(room(humidity_pct=40.0), dry_air).action


def test_water_that_air_can_hold_agrees_with_published_values() -> None:
    # Absolute humidity at 20 °C and 50 % is 8.64 g/m³ (Hyland-Wexler), so 17.29 at saturation.
    assert home_advice.saturation_g_m3(20) == pytest.approx(17.29, rel=0.004)
    assert home_advice.saturation_g_m3(5) == pytest.approx(6.457 / 0.95, rel=0.004)


def test_zero_degrees_is_a_reading() -> None:
    facts = {f.name: f for f in home(room(temperature_c=0.0, humidity_pct=0.0), {"risk": "low"}).facts}
    assert (facts["Temperature"].value, facts["Humidity"].value) == ("0.0", "0")
    assert facts["Temperature"].meaning.startswith("Cold")


def test_another_rooms_page_does_not_show_this_rooms_wall() -> None:
    state = {"risk": "high", "device": "frog-2", "dew_point_c": 11.0, "surface_humidity_pct": 90.0}
    assert [f.name for f in home(room(), state).facts] == ["Temperature", "Humidity"]
    here = home(room(), state | {"device": "frog-1"})
    assert [f.name for f in here.facts] == ["Temperature", "Humidity", "Dew point", "At your coldest wall"]


def test_the_room_asked_for_wins_then_the_one_at_risk() -> None:
    rooms = [room(name="a"), room(name="b"), room(name="c")]
    assert home_view.chosen_room(rooms, {"device": "b"}, "c") is rooms[2]
    assert home_view.chosen_room(rooms, {"device": "b"}, "other") is rooms[1]
    assert home_view.chosen_room(rooms, None, None) is rooms[0]
    assert home_view.chosen_room([], None, None) is None


def route(name: str, outcome: str | None, **state: Any) -> dict[str, Any]:
    return {
        "route_id": name,
        "label": name,
        "priority": 1,
        "depot": "Depot",
        "segments": 4,
        "length_km": 2.0,
        "at": NOW,
        "state": None if outcome is None else {"outcome": outcome, **state},
    }


@pytest.mark.parametrize(
    ("outcomes", "headline"),
    [
        ([], "No decision yet: waiting for the first road readings"),
        ([None], "No decision yet: waiting for the first road readings"),
        (["no_action", None], "No treatment needed tonight"),
        (["monitor", "no_action"], "No salt yet. Watch 1 route tonight"),
        (["refer", "monitor"], "1 route needs the duty officer’s decision · watch 1"),
        (
            ["treat", "refer"],
            "Treat 1 of 2 routes tonight, the first by 21:00 · 1 for the duty officer to decide",
        ),
        (["treat", "treat"], "Treat every route tonight, the first by 21:00"),
    ],
)
def test_the_first_line_of_winter(outcomes: list[str | None], headline: str) -> None:
    by = (NOW + timedelta(hours=3)).isoformat()
    routes = [route(f"r{i}", o, treat_by=by if o == "treat" else None) for i, o in enumerate(outcomes)]
    view = winter_view.view(routes, [], as_of=NOW, now=NOW, brand=BRAND)
    assert view.headline == headline


def staged(name: str, status: str, **state: Any) -> dict[str, Any]:
    """A route whose times are hours from now."""
    hours = {k: (NOW + timedelta(hours=v)).isoformat() for k, v in state.items() if isinstance(v, float)}
    outcome = {"treated": "monitor", "watch": "monitor", "none": "no_action", "refer": "refer"}.get(
        status, "treat"
    )
    return route(name, outcome, status=status, **{**state, **hours})


TREATED = {"treated_segments": 15, "treated_from": -2.0, "treated_to": -1.5, "treated_until": 4.0}


@pytest.mark.parametrize(
    ("states", "headline"),
    [
        (
            [("to_treat", {"treat_by": 1.0, "call_out_by": -0.2}), ("to_treat", {"treat_by": 1.5, "call_out_by": 0.0}),
             ("treated", TREATED)],
            "Treat 2 routes now, by 19:00 · 1 route treated, holds until about 22:00",
        ),
        (
            [("to_treat", {"treat_by": 1.0, "call_out_by": -0.2}), ("to_treat", {"treat_by": 5.0, "call_out_by": 4.0})],
            "Treat 1 route now, by 19:00 · 1 more by 23:00",
        ),
        (
            [("to_treat", {"treat_by": -1.0, "call_out_by": -2.0, "overdue": True}), ("under_way", {"treat_by": 1.0}),
             ("watch", {})],
            "1 route overdue since 17:00 · 1 under way",
        ),
        (
            [("to_treat", {**TREATED, "treat_by": 7.0, "call_out_by": 6.0}), ("none", {})],
            "Treat 1 of 2 routes tonight, the first by 01:00 · 1 treated in part",
        ),
        ([("treated", TREATED)] * 2, "Every route treated, holds until about 22:00"),
        ([("treated", TREATED), ("watch", {})], "1 route treated, holds until about 22:00 · watch 1"),
        # what is done is not late
        ([("treated", {**TREATED, "overdue": True})], "The route treated, holds until about 22:00"),
    ],
)  # fmt: skip
def test_the_first_line_through_the_night(states: list[tuple[str, dict[str, Any]]], headline: str) -> None:
    routes = [staged(f"r{i}", status, **state) for i, (status, state) in enumerate(states)]
    view = winter_view.view(routes, [], as_of=NOW, now=NOW, brand=BRAND)
    assert view.headline == headline
    assert view.overdue is ("overdue" in headline)


@pytest.mark.parametrize(("hour", "when"), [(3, "tonight"), (6, "this morning"), (13, "tonight")])
def test_the_night_ends_in_the_morning(hour: int, when: str) -> None:
    now = NOW.replace(hour=hour)
    for status, words in (("watch", "No salt yet. Watch 1 route"), ("none", "No treatment needed")):
        view = winter_view.view([staged("r", status)], [], as_of=now, now=now, brand=BRAND)
        assert view.headline == f"{words} {when}"


def test_a_route_shows_what_is_done_and_what_is_late() -> None:
    late = staged("late", "under_way", overdue=True, treat_by=-1.0, **TREATED)
    routes = [staged("done", "treated", **TREATED), staged("todo", "to_treat", treat_by=1.0), late]
    view = winter_view.view(routes, [], as_of=None, now=NOW, brand=BRAND)
    assert [(r.route_id, r.status_name, r.overdue) for r in view.routes] == [
        ("late", "Under way", True), ("todo", "To treat", False), ("done", "Treated", False),
    ]  # fmt: skip
    assert (view.routes[2].treated, view.routes[2].treated_note) == (
        "16:00 to 16:30",
        "15 stretches, holds until 22:00",
    )
    assert (view.routes[1].treated, view.routes[1].treated_note) == ("–", "")
    past_midnight = NOW + timedelta(hours=8)
    view = winter_view.view(routes, [], as_of=None, now=past_midnight, brand=BRAND)
    assert view.routes[2].treated == "16:00 to 16:30"  # no "yesterday": it would not fit a phone


def test_routes_are_sorted_by_urgency() -> None:
    late, soon = (NOW + timedelta(hours=h) for h in (5, 2))
    routes = [
        route("quiet", "no_action"),
        route("late", "treat", treat_by=late.isoformat(), spread_rate_g_m2=10),
        route("new", None),
        route("soon", "treat", treat_by=soon.isoformat(), spread_rate_g_m2=16),
        route("ask", "refer"),
        route("untimed", "treat", spread_rate_g_m2=8),
    ]
    view = winter_view.view(routes, [], as_of=None, now=NOW, brand=BRAND)
    assert [r.route_id for r in view.routes] == ["soon", "late", "untimed", "ask", "quiet", "new"]
    assert [r.treat_by for r in view.routes[:3]] == ["20:00", "23:00", "–"]
    assert view.routes[0].rate == "16 g/m²"


def segment(name: str, **state: Any) -> dict[str, Any]:
    return {
        "segment_id": name,
        "street": f"{name} Street",
        "bridge": False,
        "route_id": None,
        "state": state or None,
    }


def test_slippery_stretches_come_coldest_first_and_all_are_counted() -> None:
    segments = [
        segment("warm", state="dry", hazard=False, surface_temperature_c=4.0),
        segment("cold", state="hoar", hazard=True, surface_temperature_c=-1.0),
        segment("colder", state="ice", hazard=True, surface_temperature_c=-3.0),
        segment("unsure", state="ice", hazard=True, surface_temperature_c=None),
        segment("new"),
    ]
    view = winter_view.view([], segments, as_of=None, now=NOW, brand=BRAND, show=2)
    assert [h.segment_id for h in view.hazards] == ["colder", "cold"]
    assert [h.segment_id for h in view.more_hazards] == ["unsure"]
    assert {state: n for state, _, n in view.counts if n} == {"dry": 1, "hoar": 1, "ice": 2, "unknown": 1}
    assert view.states["new"] == "unknown"


def leg(name: str, street: str, treat: bool, length_m: float = 100.0) -> dict[str, Any]:
    return {"segment_id": name, "street": street, "treat": treat, "length_m": length_m}


def test_sheet_joins_legs_of_one_street_and_weighs_the_salt() -> None:
    legs = [
        leg("a", "High Street", True, 400),
        leg("b", "High Street", True, 700),
        leg("c", "High Street", False, 50),
        leg("d", "Mill Lane", True, 500),
    ]
    state = {
        "spread_rate_g_m2": 10.0,
        "drive": {"km": 1.65, "minutes": 6.0, "legs": legs, "geometry": [[0, 52], [0.01, 52.01]]},
    }
    segments = [
        {
            "segment_id": x["segment_id"],
            "street": x["street"],
            "bridge": x["segment_id"] == "b",
            "width_m": 7.0,
            "geometry": [],
        }
        for x in legs
    ]
    view = sheet_view.view(route("r", "treat", **state), segments, None, now=NOW, brand=BRAND)
    assert [(s.street, s.treat, s.length, s.from_km, s.note) for s in view.steps] == [
        ("High Street", True, "1.1 km", "0.0 km", "Bridge"),
        ("High Street", False, "50 m", "1.1 km", ""),
        ("Mill Lane", True, "500 m", "1.1 km", ""),
    ]
    # 1600 m x 7 m x 10 g/m2 = 112 kg
    assert view.salt == "0.11 t"
    assert view.plan.startswith("M")


def test_a_route_without_a_drive_has_a_sheet_that_says_so() -> None:
    view = sheet_view.view(route("r", None), [], None, now=NOW, brand=BRAND)
    assert (view.steps, view.plan, view.salt, view.drive) == ((), "", "–", "–")
    assert view.headline.startswith("No decision yet")


def a_bin(name: str, fill: float | None, state: str, needed: bool) -> dict[str, Any]:
    return {
        "bin_id": name,
        "label": name,
        "street": "Mill Lane",
        "state": {"fill_pct": fill, "state": state, "needs_collection": needed, "reason": "why"},
    }


def a_round(*stops: dict[str, Any]) -> dict[str, Any]:
    return {"decided_at": NOW, "result": {"stops": list(stops), "km": 3.25}}


def test_the_first_line_of_bins_and_their_order() -> None:
    bins = [
        a_bin("a", 96.0, "overflowing", True),
        a_bin("b", 85.0, "full", True),
        a_bin("c", 10.0, "ok", False),
        a_bin("d", 88.0, "full", True),
    ]
    made = a_round({"bin_id": "b", "order": 2, "reason": "85%"}, {"bin_id": "a", "order": 1, "reason": "96%"})
    view = bins_view.view(bins, made, now=NOW, brand=BRAND)
    assert view.headline == "Empty 3 bins today, 1 of them overflowing"
    assert [(s.order, s.bin_id) for s in view.stops] == [("1", "a"), ("2", "b")]
    assert [s.bin_id for s in view.added] == ["d"]
    assert view.states["a"] == ["overflowing", 96.0, 1]
    assert (
        bins_view.view(bins[2:3], a_round(), now=NOW, brand=BRAND).headline == "No bin needs emptying today"
    )
    assert bins_view.view(bins[2:3], None, now=NOW, brand=BRAND).headline.startswith("No round yet")


def test_a_stop_whose_bin_was_emptied_meanwhile_shows_its_level_now() -> None:
    view = bins_view.view(
        [a_bin("a", 0.0, "ok", False)],
        a_round({"bin_id": "a", "order": 1, "fill_pct": 90.0}),
        now=NOW,
        brand=BRAND,
    )
    assert (view.stops[0].fill, view.stops[0].state_name) == ("0%", "Done")


def counts(rule: str, severity: str, n: int) -> dict[str, Any]:
    return {
        "rule_id": rule,
        "subject_kind": "bin",
        "severity": severity,
        "alarms": n,
        "unacknowledged": n,
        "oldest": NOW,
    }


def wall(
    alarm_counts: list[dict[str, Any]],
    last: datetime | None = NOW,
    decided: datetime | None = NOW,
    missing: Missing | None = None,
) -> ops_view.OpsView:
    totals = {"readings": 100, "duplicates": 0, "dead_letters": 0, "last_batch_at": last}
    in_the_hour = last is not None and NOW - last < timedelta(hours=1)
    return ops_view.view(
        now=NOW,
        town_now=NOW,
        totals_day=totals,
        totals_hour=totals | {"last_batch_at": last if in_the_hour else None},
        rate=[{"at": NOW - timedelta(seconds=20), "readings": 120}],
        rules={"updated_at": decided},
        reasons=[],
        devices=[],
        alarm_counts=alarm_counts,
        alarms=[],
        missing=missing,
        brand=BRAND,
    )


def test_the_first_line_of_the_wall_is_the_worst_thing() -> None:
    fire, frost = counts("bins.fire", "critical", 1), counts("winter.hoar_frost", "warning", 5)
    assert wall([]).headline == "Nothing is wrong now"
    assert wall([frost]).headline == "5 active alarms, none critical"
    assert wall([frost, fire]).headline == "1 critical alarm: bins on fire"
    assert wall([fire], last=NOW - timedelta(minutes=5)).headline == "Readings: stored 5 minutes ago"
    assert wall([fire], decided=NOW - timedelta(minutes=5)).headline == "Rules: decided 5 minutes ago"
    assert wall([], last=NOW - timedelta(hours=5)).headline == "Readings: stored 5 hours ago"
    assert wall([], last=None).headline == "Readings: none in 24 hours"
    assert wall([], last=None).tone == "bad"
    assert wall([], decided=None).headline == "Rules: nothing decided yet"


def test_the_rate_is_over_the_last_minute_and_the_series_over_the_last_hour() -> None:
    view = wall([])
    assert view.rate == "2.0"
    seconds, rates = view.series
    assert len(seconds) == len(rates) == 360
    assert max(r for r in rates if r is not None) == 12.0


def test_unacknowledged_and_severe_alarms_come_first() -> None:
    def alarm(n: int, severity: str, taken: bool) -> dict[str, Any]:
        return {
            "alarm_id": n,
            "severity": severity,
            "raised_at": NOW + timedelta(seconds=n),
            "acknowledged_at": NOW if taken else None,
        }

    alarms = [
        alarm(1, "warning", False),
        alarm(2, "critical", True),
        alarm(3, "major", False),
        alarm(4, "major", False),
    ]
    assert [a["alarm_id"] for a in ops_view.by_urgency(alarms)] == [4, 3, 1, 2]
