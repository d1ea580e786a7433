"""Bin days at their edges: lorries that come late, reports said twice, numbers that mean several, rules without days."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from ops_api.opendata.core.bin_levels import level_of
from ops_api.routers.bin_reminder_pages import address_as_sent
from ops_api.routers.bin_report_pages import by_number
from rules.bin_days.ports import Reminder
from rules.bin_days.reminding import question
from rules.core.bin_days import words
from rules.core.bin_days.calendar import check_rule
from rules.core.bin_days.holidays import proposed
from rules.core.bin_days.missed import Calendar, CrewSaid, Terms, Verdict, due, fetched_until, judge
from rules.core.bin_days.model import Change, Collection
from rules.core.bin_days.published import DROPPED, Timetable, replaced, shown
from rules.core.bin_days.track import Track, track_of
from rules.core.collection_acts.open_reports import ANSWERS, open_reports
from rules.core.collection_acts.record import Act
from tests.fakes.bin_days import FOOD, HOLIDAYS, HOME, LAT, LON, LONDON, MONDAY, REFUSE, at

TERMS = Terms()
CALENDAR = Calendar(holidays=HOLIDAYS, ends_min=17 * 60, zone=LONDON)
DUE = Collection(round_id="mon-a", service=REFUSE, original=date(2026, 5, 11), day=date(2026, 5, 11))


def stood(when: str, lorry: str = "lorry-1", away_deg: float = 0.0) -> Track:
    return track_of([(lorry, at(when) + n * 20.0, LAT + away_deg, LON, 0.0) for n in range(5)])


def judged(track: Track, later: Track | None, said: Any = ()) -> Verdict:
    return judge(HOME, DUE, None, at("2026-05-12 18:00"), track, said, CALENDAR, TERMS, later)


def test_a_lorry_that_comes_a_day_late_was_there() -> None:
    elsewhere, tuesday = stood("2026-05-11 09:00", away_deg=0.1), stood("2026-05-12 07:10")
    verdict = judged(elsewhere, tuesday)
    assert verdict.outcome == "to_check"
    assert words.answer(verdict, "Rubbish", LONDON)[0] == (
        "The lorry was in your street at 07:10 on Tuesday 12 May and stopped. The crew reported nothing."
    )
    # The day itself counts first, and a lorry that never came is told of its own day.
    assert (
        "on Monday 11 May" in words.answer(judged(stood("2026-05-11 09:00"), tuesday), "Rubbish", LONDON)[0]
    )
    never = judged(elsewhere, stood("2026-05-12 07:10", away_deg=0.1))
    assert (never.outcome, never.tracked) == ("accepted", True)
    late = CrewSaid(what="not_out", at_s=at("2026-05-12 07:11"))
    said = words.answer(judged(elsewhere, None, [late]), "Rubbish", LONDON)[0]
    assert said == "The crew reported at 07:11 on Tuesday 12 May that it was not out."


def test_what_comes_after_the_next_collection_comes_for_that_one() -> None:
    monday, today = date(2026, 5, 11), date(2026, 5, 13)
    days = [DUE, Collection(round_id="x", service=FOOD, original=today, day=today)]
    assert fetched_until(days, monday, today) == date(2026, 5, 12)
    assert fetched_until(days, monday, date(2026, 5, 12)) == date(2026, 5, 12)
    assert fetched_until([DUE], monday, today) == today
    assert fetched_until([DUE], monday, monday) == monday


def test_what_a_new_timetable_dropped_was_not_missed() -> None:
    gone = Collection(round_id="mon-a", service=REFUSE, original=date(2026, 5, 12), day=None, reason=DROPPED)
    assert due([DUE, gone], "refuse", date(2026, 5, 12), TERMS) == DUE
    assert due([gone], "refuse", date(2026, 5, 12), TERMS) == Verdict(outcome="not_due", stream="refuse")


def act(number: int, what: Any, at_s: float, **more: Any) -> Act:
    return Act(
        act_id=number, ref="uprn:1", what=what, at_s=at_s, by="x", role="y", via="z",
        withdraws=more.get("withdraws"), seen=more.get("seen", {}),
    )  # fmt: skip


def test_a_collection_that_names_a_report_answers_that_one_alone() -> None:
    refuse, food = (act(n, "missed", 10.0 * n, seen={"open": True}) for n in (1, 2))
    back = act(3, "collected", 30.0, seen={ANSWERS: 1})
    assert [r.act.act_id for r in open_reports([refuse, food, back])] == [2]
    assert open_reports([refuse, food, act(3, "collected", 30.0)]) == ()
    slip = act(4, "withdrawn", 40.0, withdraws=3)
    assert [r.act.act_id for r in open_reports([refuse, food, back, slip])] == [1, 2]


def test_a_number_that_ends_two_names_means_both() -> None:
    rows = [{"bin_id": name} for name in ("park-7", "station-07", "7", "8-b", "mall-12")]
    for typed, meant in (
        ("7", ["7"]), ("PARK-7", ["park-7"]), ("12", ["mall-12"]), ("07", ["park-7", "station-07", "7"]), ("b", []), ("٧", []), ("", []),
    ):  # fmt: skip
        assert [r["bin_id"] for r in by_number(rows, typed)] == meant, typed


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("07700 900123", "+447700900123"), ("+44 (0)7700 900123", "+447700900123"), ("0044 7700-900123", "+447700900123"),
        ("447700900123", "+447700900123"), ("+1 900 555 0100", None), ("0909 8790123", None), ("020 7946 0000", None),
        ("077009001234", None), ("+447700900123\n", "+447700900123"), ("٠٧٧٠٠٩٠٠١٢٣", None),
    ],
)  # fmt: skip
def test_one_telephone_is_one_address_and_none_abroad(typed: str, sent: str | None) -> None:
    assert address_as_sent("sms", typed) == sent


def test_whoever_presses_on_sends_one_question_a_day() -> None:
    asked = Reminder(
        reminder_id=1, uprn=1, channel="sms", evening=True, morning=True, code="c", confirmed=False
    )
    keys = [question(asked, "12 Mill Lane", 86_400.0 + h * 3600.0, "https://x").key for h in range(24)]
    assert len(set(keys)) == 1
    assert question(asked, "12 Mill Lane", 2 * 86_400.0, "https://x").key not in keys


def test_a_moved_collection_keeps_its_sequence_as_long_as_it_is_told() -> None:
    move = Change(day=date(2026, 1, 26), to=date(2026, 2, 4), reason="the flood")
    before = replaced(Timetable(), (MONDAY,), (), date(2026, 1, 12), 1e9)
    moved = replaced(before, (MONDAY,), (move,), date(2026, 1, 12), 2e9)
    # More than a month after its usual day, less after the day that it had.
    again = replaced(moved, (MONDAY,), (move,), date(2026, 2, 28), 3e9)
    found = [c for c in shown(again, ["mon-a"], date(2026, 2, 1), date(2026, 2, 5)) if c.is_moved]
    assert {(c.service.stream, c.sequence, c.changed_s) for c in found} == {
        ("food", 1, 2e9),
        ("recycling", 1, 2e9),
    }


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30", "no day at all"), ("FREQ=WEEKLY;UNTIL=20200101", "no day at all"),
        ("FREQ=WEEKLY;WKST=MO\nRDATE:20260101", "one line"),
    ],
)  # fmt: skip
def test_rules_without_a_day(rule: str, said: str) -> None:
    assert said in str(check_rule(rule, date(2026, 1, 5)))


def test_nobody_drives_on_boxing_day_though_its_holiday_is_the_monday() -> None:
    moves, left = proposed(HOLIDAYS, date(2026, 12, 21), date(2026, 12, 27))
    assert (moves, left) == ([], [date(2026, 12, 25)])


def test_a_zero_has_no_sign() -> None:
    assert str(track_of([("a", 0.0, 53.0, -2.0, -0.0)]).speed_m_s[0]) == "0.0"


NOW = datetime(2026, 5, 11, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("state", "status", "level"),
    [
        ({"state": "full", "fill_pct": 85.0, "condition": "ok", "on_fire": False}, "ok", 0.85),
        ({"state": "ok", "fill_pct": 30.0, "condition": "ok", "on_fire": True}, "burning", 0.3),
        ({"state": "unknown", "fill_pct": None, "on_fire": True}, "burning", None),
        ({"state": "ok", "fill_pct": 30.0, "condition": "tilted", "on_fire": False}, "dropped", None),
        ({"state": "ok", "fill_pct": 30.0, "condition": "stuck", "on_fire": False}, "unknown", None),
        ({"state": "ok", "fill_pct": 0.0, "condition": "no_echo", "on_fire": False}, "unknown", None),
        ({"state": "overflowing", "fill_pct": 100.0, "condition": "blocked", "on_fire": False}, "unknown", None),
        ({}, "unknown", None),
    ],
)  # fmt: skip
def test_open_levels_say_what_the_engine_says(
    state: dict[str, Any], status: str, level: float | None
) -> None:
    place = dict.fromkeys(
        ("bin_id", "label", "street", "stream", "latitude_deg", "longitude_deg", "capacity_l")
    )
    told = level_of({**place, "state": state, "at": NOW}, NOW)
    assert (told["status"], told["filling_level"]) == (status, level)
