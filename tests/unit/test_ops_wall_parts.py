"""The wall's parts: what its address asks, its ticker, its health strip, its map."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ops_api.queries.database import DatabaseState, Policy
from ops_api.web import ops_asked, ops_changes, ops_checks, ops_closed, ops_map, ops_view
from ops_api.web.alarms_view import answer_link
from ops_api.web.brand import Brand
from rules.core.closing.model import Closure, Opening
from tests.fakes.rounds_town import town

NOW = datetime(2026, 1, 9, 18, 0, tzinfo=UTC)
BRAND = Brand()


# -- what the address asks ------------------------------------------------------------


def test_the_usual_wall_shows_all_layers_and_three_panels() -> None:
    asked = ops_asked.read({})
    assert (asked.layers, asked.panels) == (ops_asked.LAYERS, ("map", "alarms", "changes"))
    assert (asked.theme, asked.chosen, asked.stale_s, asked.box) == ("auto", False, 45, None)


def test_what_is_asked_for_comes_in_our_order_and_what_is_not_known_is_left_out() -> None:
    asked = ops_asked.read({"layers": "alarms, roads,trams", "panels": "flow,map"})
    assert asked.layers == ("roads", "alarms")
    assert asked.panels == ("map", "flow")
    assert ops_asked.read({"layers": "trams"}).layers == ops_asked.LAYERS


@pytest.mark.parametrize(
    ("query", "kept", "theme", "chosen"),
    [
        ({"light": ""}, "dark", "light", True),
        ({"theme": "dark"}, "", "dark", True),
        ({}, "light", "light", False),
        ({}, "pink", "auto", False),
        ({"auto": ""}, "dark", "auto", True),
    ],
)
def test_the_address_goes_before_what_was_kept(
    query: dict[str, str], kept: str, theme: str, chosen: bool
) -> None:
    asked = ops_asked.read(query, kept)
    assert (asked.theme, asked.chosen) == (theme, chosen)


@pytest.mark.parametrize(
    ("text", "box"),
    [
        ("-2.7,51.4,-2.5,51.5", (-2.7, 51.4, -2.5, 51.5)),
        ("-2.5,51.4,-2.7,51.5", None),
        ("1,2,3", None),
        ("a,b,c,d", None),
        ("nan,1,2,3", None),
        ("1,1,inf,3", None),
    ],
)
def test_a_part_of_the_map_is_west_south_east_north(text: str, box: ops_asked.Box | None) -> None:
    assert ops_asked.read({"box": text}).box == box


@pytest.mark.parametrize(("text", "seconds"), [("60", 60), ("1", 20), ("99999", 3600), ("-5", 45), ("", 45)])
def test_silence_may_be_no_shorter_than_the_servers_own(text: str, seconds: int) -> None:
    assert ops_asked.read({"stale": text}).stale_s == seconds


# -- the ticker -----------------------------------------------------------------------


def line(n: int, what: str = "raised", rule: str = "bins.full", minutes: int = 0) -> dict[str, Any]:
    return {
        "at": NOW - timedelta(minutes=minutes + n), "what": what, "alarm_id": n, "rule_id": rule,
        "became": None, "before": None, "title": f"Bin {n}: full",
    }  # fmt: skip


def test_few_alarms_are_told_one_by_one_and_many_as_a_number() -> None:
    few = ops_changes.changes(ops_changes.Happened(alarms=[line(1), line(2)]), BRAND)
    assert [(c.says, c.text, c.href) for c in few] == [
        ("Raised", "Bin 1: full", "/alarms/1"),
        ("Raised", "Bin 2: full", "/alarms/2"),
    ]
    (many,) = ops_changes.changes(ops_changes.Happened(alarms=[line(n) for n in range(9)]), BRAND)
    assert (many.text, many.href, many.clock) == ("9 × full bins", "/alarms?rule=bins.full&show=all", "18:00")


def test_a_number_that_was_cut_off_says_so() -> None:
    (many,) = ops_changes.changes(ops_changes.Happened(alarms=[line(0)] * ops_changes.READ), BRAND)
    assert many.text == "400+ × full bins"


def test_the_ticker_has_everything_newest_first() -> None:
    happened = ops_changes.Happened(
        alarms=[line(1, "acknowledged", minutes=40)],
        decisions=[
            {
                "decision_id": 7, "rule_id": "winter.gritting", "at": NOW - timedelta(minutes=3), "outcome": "treat",
                "label": "Route 3",
            },
            {
                "decision_id": 8, "rule_id": "bins.collection", "at": NOW - timedelta(minutes=30), "outcome": "collect",
                "label": "bins",
            },
        ],
        emptied=[{"at": NOW - timedelta(minutes=n), "bin_id": f"b{n}", "label": f"Bin {n}"} for n in (5, 6, 7)],
        treated=[
            {"at": (NOW - timedelta(minutes=2)).isoformat(), "route_id": "r1", "label": "Route 1"},
            {"at": "soon", "route_id": "r2", "label": "Route 2"},
        ],
        acts=[{"at": NOW - timedelta(minutes=1), "what": "confirmed", "route_id": "r3", "label": "Route 3"}],
    )  # fmt: skip
    assert [f"{c.clock} {c.says} {c.text}" for c in ops_changes.changes(happened, BRAND)] == [
        "17:59 Orders Route 3: proposal confirmed",
        "17:58 Treated Route 1",
        "17:57 Decided Route 3: treat",
        "17:55 Emptied 3 bins, last Bin 5",
        "17:30 Decided Bin rounds: bins to be emptied",
        "17:19 Taken Bin 1: full",
    ]


@pytest.mark.parametrize(
    ("before", "became", "mark"), [("warning", "major", "↑"), ("critical", "warning", "↓")]
)
def test_an_alarm_that_changed_says_what_it_is_now(before: str, became: str, mark: str) -> None:
    row = {**line(1, "severity"), "before": before, "became": became}
    (change,) = ops_changes.changes(ops_changes.Happened(alarms=[row]), BRAND)
    assert (change.mark, change.says, change.text) == (mark, f"Now {became}", "Bin 1: full")


# -- closed roads ---------------------------------------------------------------------

NOW_S = NOW.timestamp()


def closure(
    number: int,
    *segments: str,
    from_min: float = -30.0,
    until_min: float | None = 60.0,
    opened: tuple[tuple[float, str], ...] = (),
) -> Closure:
    parts = tuple(
        Opening(segments=(name,), at_s=NOW_S + 60.0 * at_min, by="Ada", role="", via="cli")
        for at_min, name in opened
    )
    return Closure(
        closure_id=number, segments=segments, from_s=NOW_S + 60.0 * from_min, reason="flooded", at_s=NOW_S, by="Ada",
        until_s=None if until_min is None else NOW_S + 60.0 * until_min, role="", via="cli", opened=parts,
    )  # fmt: skip


NETWORK = town()
ONE, TWO = (s.segment_id for s in NETWORK.segments[:2])


def street(segment_id: str) -> str:
    return NETWORK.segments[NETWORK.graph.segment_index[segment_id]].street


def news(*closures: Closure) -> list[tuple[float, str, str]]:
    found = ops_closed.news(closures, NETWORK, NOW_S - 3600.0, NOW_S)
    return [((at - NOW).total_seconds() / 60.0, what, text) for at, what, text in found]


def test_closed_roads_are_told_by_street_with_reason_and_end() -> None:
    held = closure(1, ONE)
    assert ops_closed.stretches([held], NOW_S) == (ONE,)
    (says,) = ops_closed.streets([held], NETWORK, NOW_S, BRAND.time_zone)
    assert says == f"{street(ONE)}: flooded, until Fri 09 Jan 19:00"
    assert ops_closed.stretches([closure(1, ONE, from_min=5.0)], NOW_S) == ()
    assert ops_closed.stretches([closure(1, ONE, until_min=0.0)], NOW_S) == ()


def test_closing_and_opening_are_news_for_an_hour() -> None:
    assert news(closure(1, ONE)) == [(-30.0, "shut", f"{street(ONE)}: flooded")]
    assert news(closure(1, ONE, from_min=-90.0)) == []
    assert news(closure(1, ONE, from_min=-90.0, until_min=-10.0)) == [(-10.0, "opened", street(ONE))]
    assert news(closure(1, ONE, from_min=-90.0, until_min=-61.0)) == []
    early = closure(1, ONE, from_min=-90.0, until_min=None, opened=((-5.0, ONE),))
    assert news(early) == [(-5.0, "opened", street(ONE))]


def test_what_never_held_or_holds_by_another_closure_is_no_news() -> None:
    assert news(closure(1, ONE, opened=((-40.0, ONE),))) == []
    both = [closure(1, ONE, from_min=-90.0, until_min=-10.0), closure(2, ONE, from_min=-80.0)]
    assert news(*both) == []
    gone = closure(1, "no-such-stretch")
    assert news(gone) == [(-30.0, "shut", "no-such-stretch: flooded")]
    assert ops_closed.streets([gone], NETWORK, NOW_S, BRAND.time_zone) == ()


def test_the_ticker_and_the_map_have_closed_roads() -> None:
    happened = ops_changes.Happened(roads=ops_closed.news([closure(1, ONE)], NETWORK, NOW_S - 3600.0, NOW_S))
    (change,) = ops_changes.changes(happened, BRAND)
    assert (
        f"{change.clock} {change.mark} {change.says} {change.text}"
        == f"17:30 ✕ Closed {street(ONE)}: flooded"
    )


# -- health ---------------------------------------------------------------------------


def seen(**known: Any) -> ops_checks.Seen:
    usual: dict[str, Any] = {"last_batch_at": NOW, "rules_at": NOW, "dead_hour": 0, "readings_hour": 1000}
    return ops_checks.Seen(**usual | known)


def states(**known: Any) -> dict[str, bool]:
    return {c.name: c.ok for c in ops_checks.checks(seen(**known), NOW)}


def policy(status: str) -> Policy:
    return Policy(
        policy="refresh", target="frog_hourly", last_run_at=NOW, last_success_at=NOW, last_status=status, runs=2,
        failures=1, next_run_at=None,
    )  # fmt: skip


def database(status: str) -> DatabaseState:
    return DatabaseState("18.4", "2.29.2", 1000, (), (policy(status),))


def test_the_strip_names_ingest_rules_messages_database_completeness_and_refusals() -> None:
    assert states() == dict.fromkeys(
        ("Readings", "Rules", "Messages", "Database", "Complete", "Rejected"), True
    )


@pytest.mark.parametrize(
    ("known", "broken"),
    [
        ({"last_batch_at": NOW - timedelta(seconds=90)}, "Readings"),
        ({"rules_at": None}, "Rules"),
        ({"messages": {"sent": 3, "failed": 0, "late": 1}}, "Messages"),
        ({"messages": {"sent": 1, "failed": 2, "late": 0}}, "Messages"),
        ({"database": database("Failed")}, "Database"),
        ({"dead_hour": 20}, "Rejected"),
    ],
)
def test_each_part_breaks_alone(known: dict[str, Any], broken: str) -> None:
    assert [name for name, ok in states(**known).items() if not ok] == [broken]


def test_a_message_that_failed_among_many_is_said_and_is_no_breakdown() -> None:
    (check,) = (
        c
        for c in ops_checks.checks(seen(messages={"sent": 9, "failed": 1, "late": 0}), NOW)
        if c.name == "Messages"
    )
    assert (check.ok, check.says) == (True, "1 failed in an hour")
    assert states(database=database("Success"))["Database"]


def test_old_data_are_said_with_their_age() -> None:
    assert ops_checks.old_data(NOW - timedelta(minutes=4), NOW, BRAND) == ""
    assert ops_checks.old_data(NOW - timedelta(minutes=12), NOW, BRAND) == (
        "The town’s data are 12 minutes old: nothing was stored since today 17:48"
    )
    assert "24 hours" in ops_checks.old_data(None, NOW, BRAND)


# -- alarms ---------------------------------------------------------------------------


def test_severities_are_counted_without_homes() -> None:
    def count(rule: str, severity: str, n: int, waits: int, kind: str = "bin") -> dict[str, Any]:
        return {
            "rule_id": rule, "subject_kind": kind, "severity": severity, "alarms": n, "unacknowledged": waits,
            "oldest": NOW - timedelta(minutes=n),
        }  # fmt: skip

    counts = [
        count("bins.fire", "critical", 1, 0),
        count("bins.full", "major", 7, 2),
        count("damp.surface_humidity", "major", 4, 4, "home"),
    ]
    assert ops_view.tallies(counts, NOW) == (
        ops_view.Tally("critical", 1, 0, ""),
        ops_view.Tally("major", 7, 2, "7\N{NO-BREAK SPACE}min"),
    )


def test_every_alarm_out_of_doors_names_where_something_is_done_about_it() -> None:
    assert answer_link("route", "r 1") == ("/winter/r%201/orders", "Order treatment of this route")
    assert answer_link("bin", "bin-1") == ("/bins/bin-1", "This bin and its round")
    assert answer_link("home", "secret-code") is None


# -- the map --------------------------------------------------------------------------


def test_what_stands_still_is_geojson_in_the_order_of_its_letters() -> None:
    segment = {
        "segment_id": "s1", "geometry": None, "from_longitude_deg": 0.1234567, "from_latitude_deg": 52.0,
        "to_longitude_deg": 0.2, "to_latitude_deg": 52.1, "road_class": "A", "street": "High Street", "route_id": None,
    }  # fmt: skip
    bins = [{"bin_id": "b1", "longitude_deg": 0.1, "latitude_deg": 52.0}]
    outlines = {"w1": [[0, 0], [1, 0], [1, 1]], "w2": []}
    document = ops_map.still_document("m", [segment], bins, outlines)
    (road,) = document["roads"]["features"]
    assert road["geometry"] == {"type": "LineString", "coordinates": [[0.12346, 52.0], [0.2, 52.1]]}
    (ward,) = document["wards"]["features"]
    assert ward["geometry"]["coordinates"] == [[[0, 0], [1, 0], [1, 1], [0, 0]]]
    assert [f["id"] for f in document["bins"]["features"]] == ["b1"]


def test_what_was_not_heard_of_lately_is_not_on_the_map() -> None:
    def gritter(name: str, minutes: int, rate: float | None) -> dict[str, Any]:
        return {
            "device": name, "ts": NOW - timedelta(minutes=minutes), "longitude_deg": 0.1, "latitude_deg": 52.0,
            "spread_rate_g_m2": rate,
        }  # fmt: skip

    station = {
        "device": "w", "ts": NOW - timedelta(hours=1), "longitude_deg": 0, "latitude_deg": 52, "air_temperature_c": 0.0,
    }  # fmt: skip
    document = ops_map.now_document(
        "m", roads="d", bins="", weather=[station, {**station, "ts": NOW - timedelta(hours=3)}],
        gritters=[gritter("a", 1, 0.0), gritter("b", 2, 10.0), gritter("c", 16, 10.0), gritter("d", 1, None)],
        rounds=None, alarms=[], now=NOW,
        wards={"w1": {"shade": "0", "label": "North", "says": "not told"}},
    )  # fmt: skip
    assert [(v["id"], v["works"]) for v in document["lorries"]] == [("a", False), ("b", True), ("d", False)]
    assert [w["air_c"] for w in document["weather"]] == [0.0]
    assert document["wards"]["w1"] == {"shade": "0", "label": "North", "says": "not told"}


def test_the_mark_differs_where_anything_of_it_does() -> None:
    stands = {"stretches": 3, "print": "12", "bins": 4, "places": "7", "wards": "x"}
    marks = {ops_map.mark_of({**stands, key: "other"}) for key in stands}
    assert len(marks | {ops_map.mark_of(stands)}) == 6
