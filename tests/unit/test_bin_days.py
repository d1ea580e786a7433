"""Collection days, missed bins and calendars on hand-checked cases."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import icalendar
import numpy as np
import pytest

from cityops.errors import ConfigurationError
from rules.bin_days import ical
from rules.bin_days.loading import read_file
from rules.bin_days.ports import Reminder
from rules.bin_days.reminding import messages
from rules.core.bin_days import words
from rules.core.bin_days.calendar import check_rule, collections
from rules.core.bin_days.holidays import proposed, without, working_day_after
from rules.core.bin_days.missed import Calendar, CrewSaid, Terms, Verdict, due, judge
from rules.core.bin_days.model import Change
from rules.core.bin_days.published import Timetable, replaced, shown
from rules.core.bin_days.search import enough, mended, names_a_house, uprn_of, words_of
from rules.core.bin_days.track import passing, track_of
from tests.fakes.bin_days import FLAT, FOOD, HOLIDAYS, HOME, LAT, LON, LONDON, MAY, MONDAY, REFUSE, ROUNDS, at

TODAY = date(2026, 5, 1)
TERMS = Terms()
CALENDAR = Calendar(holidays=HOLIDAYS, ends_min=17 * 60, zone=LONDON)
METRE_DEG = 1 / 111_195.0


def table(*changes: Change) -> Timetable:
    before = replaced(Timetable(), ROUNDS, (), TODAY, 1e9)
    return replaced(before, ROUNDS, changes, TODAY, 2e9)


# -- days ------------------------------------------------------------------------------


def test_weeks_alternate_and_a_bank_holiday_moves_a_day() -> None:
    found = collections(MONDAY, [MAY], date(2026, 5, 18), date(2026, 6, 1))
    assert [(c.day, c.service.stream, c.is_moved) for c in found] == [
        (date(2026, 5, 18), "food", False), (date(2026, 5, 18), "recycling", False), (date(2026, 5, 26), "food", True),
        (date(2026, 5, 26), "refuse", True), (date(2026, 6, 1), "food", False), (date(2026, 6, 1), "recycling", False),
    ]  # fmt: skip
    # A span that has only the day to which it is moved, or only the day from which.
    for day in (MAY.day, date(2026, 5, 26)):
        assert [c.original for c in collections(MONDAY, [MAY], day, day)] == [MAY.day, MAY.day]


def test_the_change_that_says_most_counts() -> None:
    changes = [
        MAY,
        Change(day=MAY.day, to=None, reason="the strike", round_id="mon-a"),
        Change(day=MAY.day, to=date(2026, 5, 27), reason="the lorry", round_id="mon-a", stream="food"),
        Change(day=MAY.day, to=date(2026, 5, 30), reason="others", round_id="mon-b"),
    ]
    found = collections(MONDAY, changes, MAY.day, MAY.day)
    assert {(c.service.stream, c.day, c.reason) for c in found} == {
        ("refuse", None, "the strike"), ("food", date(2026, 5, 27), "the lorry")
    }  # fmt: skip
    assert sorted(words.why(c) for c in found) == [
        "No collection on Monday 25 May because of the strike",
        "Wednesday instead of Monday because of the lorry",
    ]


def test_what_is_moved_to_a_day_that_has_one_is_collected_with_it() -> None:
    [gone, stays] = [
        c
        for c in collections(
            MONDAY, [Change(day=MAY.day, to=date(2026, 6, 1), reason="snow")], MAY.day, date(2026, 6, 1)
        )
        if c.service.stream == "food"
    ]
    assert (gone.day, gone.reason, stays.day) == (None, "snow: collected with the next one", date(2026, 6, 1))


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("FREQ=SECONDLY", "begins with FREQ="), ("FREQ=WEEKLY;INTERVAL=0", "allowed are 1 to"), ("INTERVAL=2", "begins with FREQ="),
        ("FREQ=WEEKLY;BYHOUR=3", "'BYHOUR'"), ("FREQ=WEEKLY;BYDAY=XX", "no rule of RFC 5545"), ("FREQ=WEEKLY;INTERVAL=x", "allowed are"),
    ],
)  # fmt: skip
def test_rules_that_are_none(rule: str, said: str) -> None:
    assert said in str(check_rule(rule, TODAY))
    assert check_rule("FREQ=MONTHLY;BYDAY=2TU", TODAY) is None


def test_a_week_with_a_bank_holiday() -> None:
    christmas, left = proposed(HOLIDAYS, date(2026, 12, 21), date(2027, 1, 1))
    assert [(c.day, c.to) for c in christmas] == [
        (date(2026, 12, 28), date(2026, 12, 29)), (date(2026, 12, 29), date(2026, 12, 30)),
        (date(2026, 12, 30), date(2026, 12, 31)), (date(2026, 12, 31), date(2027, 1, 2)),
    ]  # fmt: skip
    # Boxing Day is that Saturday, and New Year's Day that Friday.
    assert left == [date(2026, 12, 25), date(2027, 1, 1)]
    # Two holidays at a week's end: the second has no room before Sunday.
    both = {date(2025, 12, 25), date(2025, 12, 26)}
    shifts, left = proposed(both, date(2025, 12, 22), date(2025, 12, 28))
    assert [(c.day, c.to) for c in shifts] == [(date(2025, 12, 25), date(2025, 12, 27))]
    assert left == [date(2025, 12, 26)]
    assert without([MAY], [MAY, *shifts]) == shifts
    assert working_day_after(date(2026, 5, 22), 2, HOLIDAYS) == date(2026, 5, 27)


def test_sequences_grow_with_each_change_and_with_nothing_else() -> None:
    one = table(MAY)
    assert [(r.service.stream, r.sequence, r.changed_s) for r in one.revisions] == [
        ("food", 1, 2e9),
        ("refuse", 1, 2e9),
    ]
    same = replaced(one, ROUNDS, [Change(day=MAY.day, to=MAY.to, reason="a bank holiday")], TODAY, 3e9)
    assert [(r.sequence, r.changed_s, r.reason) for r in same.revisions] == [(1, 2e9, "a bank holiday")] * 2
    cancelled = replaced(same, ROUNDS, [Change(day=MAY.day, to=None, reason="snow")], TODAY, 4e9)
    back = replaced(cancelled, ROUNDS, (), TODAY, 5e9)
    assert [r.sequence for r in back.revisions] == [3, 3]
    assert {(c.day, c.sequence, c.reason) for c in shown(back, ["mon-a"], MAY.day, MAY.day)} == {
        (MAY.day, 3, "")
    }


def test_days_that_a_new_timetable_drops_are_told_as_cancelled() -> None:
    tuesday = MONDAY.__class__(
        round_id="mon-a", label="Now Tuesdays",
        services=(FOOD.__class__(stream="food", label="Food waste", container="brown caddy", rule="FREQ=WEEKLY", start=date(2026, 5, 5)),),
    )  # fmt: skip
    after = replaced(table(), [tuesday], (), TODAY, 6e9)
    found = [
        c for c in shown(after, ["mon-a"], date(2026, 5, 4), date(2026, 5, 12)) if c.service.stream == "food"
    ]
    assert [(c.original, c.day, c.sequence) for c in found] == [
        (date(2026, 5, 4), None, 1), (date(2026, 5, 5), date(2026, 5, 5), 0), (date(2026, 5, 11), None, 1),
        (date(2026, 5, 12), date(2026, 5, 12), 0),
    ]  # fmt: skip


# -- addresses -------------------------------------------------------------------------


def test_addresses_as_people_type_them() -> None:
    stored = set(words_of("Flat 2, 12A St Mary’s Road, Merewold"))
    for typed in (
        "flat 2 12a st marys rd",
        "APT 2, 12 a Saint Mary's Road",
        "12a  st. mary's road",
        "2 12a ST MARYS",
    ):
        assert set(words_of(typed)) <= stored, typed
    assert not set(words_of("12b st marys rd")) <= stored
    assert words_of("") == words_of("!!") == words_of("the road")[:0]
    assert not enough(words_of("12"))
    assert not enough(words_of("12 rd"))
    assert enough(words_of("mill"))
    assert not names_a_house(words_of("Mill Lane"))
    assert mended(words_of("12 Lapwng Road"), {"lapwing", "larch", "rd", "12"}) == ("12", "lapwing", "rd")
    assert mended(("zzzz",), {"lapwing"}) == ("zzzz",)
    assert [uprn_of(t) for t in ("100 0100 00012", "0", "1234567890123", "12a", "-1", "", "²")] == [100010000012, None, None, None, None, None, None]  # fmt: skip


# -- missed ----------------------------------------------------------------------------


def drive(
    start: str, *, off_m: float, speed: float = 8.0, lorry: str = "lorry-1", every_s: float = 20.0
) -> Any:
    """Return a lorry that drives north past the house, ``off_m`` beside it."""
    rows = []
    for n in range(-10, 11):
        lat = LAT + n * speed * every_s * METRE_DEG
        rows.append(
            (lorry, at(start) + n * every_s, lat, LON + off_m * METRE_DEG / np.cos(np.radians(LAT)), speed)
        )
    return track_of(rows)


def report(
    now: str, track: Any = None, said: Any = (), place: Any = HOME, stream: str = "refuse", *changes: Change
) -> Verdict:
    found = shown(table(*changes), place.rounds, date(2026, 4, 27), date(2026, 7, 1))
    today = datetime.fromisoformat(now).date()
    got = due(found, stream, today, TERMS)
    if isinstance(got, Verdict):
        return got
    return judge(place, got, None, at(now), track_of([]) if track is None else track, said, CALENDAR, TERMS)


def test_a_lorry_between_two_reports_was_in_the_street() -> None:
    found = passing(drive("2026-05-25 07:42", off_m=30.0), LAT, LON, 40.0)
    assert found is not None
    assert found.nearest_m == pytest.approx(30.0, abs=0.2)
    assert found.first_s == pytest.approx(at("2026-05-25 07:42"), abs=4.0)
    # Reports 160 m apart, none within 40 m: the line between them is.
    shifted = track_of(
        [("a", 0.0, LAT - 80 * METRE_DEG, LON, 8.0), ("a", 20.0, LAT + 80 * METRE_DEG, LON, 8.0)]
    )
    between = passing(shifted, LAT, LON, 40.0)
    assert between is not None
    assert (between.nearest_m, between.first_s) == (pytest.approx(0.0, abs=0.1), pytest.approx(10.0))
    # With ten minutes between them nobody knows.
    silent = track_of(
        [("a", 0.0, LAT - 80 * METRE_DEG, LON, 8.0), ("a", 600.0, LAT + 80 * METRE_DEG, LON, 8.0)]
    )
    assert passing(silent, LAT, LON, 40.0) is None
    assert passing(drive("2026-05-25 07:42", off_m=60.0), LAT, LON, 40.0) is None
    assert passing(track_of([]), LAT, LON, 40.0) is None


def test_two_lorries_are_not_one() -> None:
    crossed = track_of(
        [("a", 0.0, LAT - 80 * METRE_DEG, LON, 8.0), ("b", 20.0, LAT + 80 * METRE_DEG, LON, 8.0)]
    )
    assert passing(crossed, LAT, LON, 40.0) is None


@pytest.mark.parametrize(
    ("now", "track", "said", "outcome", "line"),
    [
        ("2026-05-11 16:59", None, (), "too_early", "The round is still going on."),
        ("2026-05-11 17:00", drive("2026-05-11 07:42", off_m=500.0), (), "accepted",
         "The lorry did not come to your street on Monday 11 May. We come back by Wednesday 13 May."),
        ("2026-05-13 23:59", None, (), "accepted", "We do not know where the lorry was on Monday 11 May. We come back by Friday 15 May."),
        ("2026-05-14 00:00", None, (), "too_late", "It is too late to come back for Monday 11 May."),
        ("2026-05-11 18:00", drive("2026-05-11 07:42", off_m=30.0), (), "to_check",
         "The lorry was in your street at 07:42 on Monday 11 May, but did not stop. The crew reported nothing."),
        ("2026-05-11 18:00", drive("2026-05-11 07:42", off_m=30.0, speed=0.5), (), "to_check",
         "The lorry was in your street at 07:41 on Monday 11 May and stopped. The crew reported nothing."),
        ("2026-05-11 18:00", drive("2026-05-11 07:42", off_m=30.0), (CrewSaid(what="not_out", at_s=at("2026-05-11 07:42")),), "crew_reported",
         "The lorry was in your street at 07:42 on Monday 11 May; the crew reported that it was not out."),
        ("2026-05-11 18:00", None, (CrewSaid(what="contaminated", at_s=at("2026-05-11 07:45")),), "crew_reported",
         "The crew reported at 07:45 on Monday 11 May that there was something in it that it is not for."),
    ],
)  # fmt: skip
def test_what_is_answered(now: str, track: Any, said: Any, outcome: str, line: str) -> None:
    verdict = report(now, track, said)
    assert verdict.outcome == outcome
    assert words.answer(verdict, "Rubbish", LONDON)[0] == line
    assert verdict.is_open == (outcome in ("accepted", "to_check"))


def test_over_a_bank_holiday_the_day_moves_and_the_claim_with_it() -> None:
    moved = report("2026-05-26 18:00", None, (), HOME, "refuse", MAY)
    assert (moved.outcome, moved.original, moved.day, moved.return_by) == (
        "accepted",
        MAY.day,
        MAY.to,
        date(2026, 5, 28),
    )
    assert report("2026-05-25 18:00", None, (), HOME, "refuse", MAY).day == date(2026, 5, 11)


def test_what_was_not_due_or_cancelled() -> None:
    snow = Change(day=date(2026, 5, 11), to=None, reason="the snow")
    verdict = report("2026-05-12 09:00", None, (), HOME, "refuse", snow)
    assert (verdict.outcome, verdict.next_day) == ("cancelled", date(2026, 5, 25))
    assert words.answer(verdict, "Rubbish", LONDON) == (
        "Your rubbish was not collected because of the snow.", "The next collection is on Monday 25 May."
    )  # fmt: skip
    assert due([], "refuse", TODAY, TERMS) == Verdict(outcome="not_due", stream="refuse")


def test_a_household_without_a_position_is_believed() -> None:
    verdict = report("2026-05-11 18:00", drive("2026-05-11 07:42", off_m=0.0), (), FLAT)
    assert (verdict.outcome, verdict.passed) == ("accepted", None)


# -- calendars and reminders -----------------------------------------------------------


def parsed(body: bytes) -> list[Any]:
    assert all(len(line) <= 75 for line in body.split(b"\r\n"))
    assert body.endswith(b"END:VCALENDAR\r\n")
    return list(icalendar.Calendar.from_ical(body).walk("VEVENT"))


def test_a_calendar_reads_back() -> None:
    place = HOME.__class__(uprn=5, address="1, Mill Lane; \\ Merewold – " + "ö" * 80, rounds=("mon-a",))
    snow = Change(day=date(2026, 6, 1), to=None, reason="the snow, and; ice")
    found = shown(table(MAY, snow), ["mon-a"], date(2026, 5, 18), date(2026, 6, 8))
    body = ical.calendar_of(place, found, page="https://bins.example/bin-day/5")
    assert body == ical.calendar_of(place, found, page="https://bins.example/bin-day/5")
    events = {str(e["uid"]): e for e in parsed(body)}
    assert len(events) == len(found)
    moved = events["20260525-refuse-mon-a-5@bin-days.cityops"]
    assert (moved["dtstart"].dt, moved["dtend"].dt) == (date(2026, 5, 26), date(2026, 5, 27))
    assert (moved["sequence"], str(moved["status"]), str(moved["location"])) == (
        1,
        "CONFIRMED",
        place.address,
    )
    assert moved["dtstamp"].dt == moved["last-modified"].dt == datetime.fromtimestamp(2e9, UTC)
    assert "Tuesday instead of Monday because of the bank holiday" in str(moved["summary"])
    assert [a["trigger"].dt for a in moved.walk("VALARM")] == [
        timedelta(hours=-5),
        timedelta(hours=6, minutes=30),
    ]
    gone = events["20260601-recycling-mon-a-5@bin-days.cityops"]
    assert (str(gone["status"]), gone["sequence"], gone.walk("VALARM")) == ("CANCELLED", 1, [])
    assert (gone["dtstart"].dt, "the snow, and; ice" in str(gone["description"])) == (date(2026, 6, 1), True)
    usual = events["20260518-food-mon-a-5@bin-days.cityops"]
    assert (usual["sequence"], usual["dtstamp"].dt) == (0, datetime.fromtimestamp(1e9, UTC))
    assert b"DTSTART;VALUE=DATE:20260526" in body
    assert b"REFRESH-INTERVAL;VALUE=DURATION:PT12H" in body
    assert b"X-PUBLISHED-TTL:PT12H" in body


def test_a_feed_stays_the_same_until_a_month_begins() -> None:
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(800)]
    for day in days:
        first, last = ical.window(day)
        assert (first.day, (last + timedelta(days=1)).day) == (1, 1)
        assert day - timedelta(days=31) <= first <= day
        assert day + timedelta(days=368) <= last <= day + timedelta(days=400)
    assert len({ical.window(d) for d in days}) < 60
    found = shown(table(MAY), ["mon-a"], date(2026, 5, 1), date(2026, 6, 30))
    tag = ical.tag_of(HOME, found, "")
    assert tag == ical.tag_of(HOME, list(found), "")
    other = shown(table(), ["mon-a"], date(2026, 5, 1), date(2026, 6, 30))
    others = {ical.tag_of(FLAT, found, ""), ical.tag_of(HOME, other, ""), ical.tag_of(HOME, found, "x")}
    assert len({tag, *others}) == 4
    assert ical.modified_s(found, date(2026, 5, 1)) == 2e9


def test_reminders_keep_the_clock_of_the_wall_when_it_changes() -> None:
    """The clock goes forward on Sunday 29 March 2026 and back on Sunday 25 October: 19:00 and 06:30 stay."""
    who = Reminder(
        reminder_id=1, uprn=5, channel="mail", evening=True, morning=True, code="c", confirmed=True
    )
    for monday, offset_h in ((date(2026, 3, 30), 1), (date(2026, 10, 26), 0)):
        found = collections(MONDAY, (), monday, monday)
        evening, morning = messages(
            who, found, at(f"{monday - timedelta(days=1)} 00:30"), LONDON, "https://b.example"
        )
        assert datetime.fromtimestamp(evening.not_before_s, UTC).hour == 19 - offset_h
        assert morning.not_before_s - evening.not_before_s == 11.5 * 3600
        assert datetime.fromtimestamp(morning.not_before_s, LONDON).strftime("%a %H:%M") == "Mon 06:30"
        assert "https://b.example/bin-day/reminder/c" in morning.body


def test_a_reminder_says_that_the_day_is_another() -> None:
    who = Reminder(
        reminder_id=1, uprn=5, channel="mail", evening=True, morning=False, code="c", confirmed=True
    )
    found = shown(table(MAY), ["mon-a"], date(2026, 5, 26), date(2026, 5, 26))
    [message] = messages(who, found, at("2026-05-25 12:00"), LONDON, "https://b.example")
    assert "Tuesday instead of Monday because of the bank holiday." in message.body
    assert messages(who, found, at("2026-05-25 23:01"), LONDON, "x") == []
    assert message.address == ""


def test_the_first_line_answers() -> None:
    found = shown(table(MAY), HOME.rounds, date(2026, 5, 20), date(2026, 6, 2))
    assert words.headline(found, date(2026, 5, 20)) == (
        "Put out the green bin for collection tomorrow, Thursday 21 May."
    )
    tuesday = [c for c in found if c.service.stream != "garden"]
    assert words.headline(tuesday, date(2026, 5, 22)) == (
        "Put out the brown caddy and the black bin for collection on Tuesday 26 May."
    )
    assert words.headline(tuesday, date(2026, 5, 26)) == (
        "Put out the brown caddy and the black bin by 6:30am today, Tuesday 26 May."
    )
    assert REFUSE.container in words.put_out([c for c in found if c.service == REFUSE])
    assert words.headline([], TODAY) == "No collection is planned here."


# -- files -----------------------------------------------------------------------------

ROUND = """{"round_id": "mon-a", "label": "Monday A", "services": [
  {"stream": "refuse", "label": "Rubbish", "container": "black bin", "colour": "black", "rule": "fortnightly", "start": "2026-01-05"}]}"""


def written(folder: Path, text: str, name: str = "town.json") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def test_a_file_is_read(tmp_path: Path) -> None:
    text = f'{{"rounds": [{ROUND}], "changes": [{{"day": "2026-05-25", "to": "2026-05-26", "reason": "the bank holiday"}}],'
    text += '"premises": [{"uprn": "100010000012", "address": "12 Mill Lane", "rounds": ["mon-a"], "latitude_deg": 53, "longitude_deg": -2}]}'
    found = read_file(written(tmp_path, text), ())
    assert found.rounds is not None
    assert found.rounds[0].services[0].rule == "FREQ=WEEKLY;INTERVAL=2"
    assert found.changes == (MAY,)
    assert found.premises is not None
    assert found.premises[0].uprn == 100010000012
    csv = "uprn,address,rounds\n5,1 Mill Lane,mon-a garden\n"
    assert read_file(written(tmp_path, csv, "p.csv"), ("mon-a", "garden")).premises is not None
    assert read_file(
        written(tmp_path, "day,to,reason\n2026-05-25,2026-05-26,the bank holiday\n", "c.csv"), ()
    ).changes == (MAY,)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("p.csv", "uprn,address,rounds\n0,1 Mill Lane,mon-a\n", "line 2: uprn is '0'; allowed: a UPRN: 1 to 12 digits, not 0"),
        ("p.csv", "uprn,address,rounds\n5,12,mon-a\n", "line 2: address is '12'; allowed: an address with a street"),
        ("p.csv", "uprn,address,rounds\n5,1 Mill Lane,tue\n", "line 2: rounds is 'tue'; allowed: some of mon-a"),
        ("p.csv", "uprn,address,rounds\n5,1 Mill Lane,mon-a\n5,2 Mill Lane,mon-a\n", "line 3: uprn 5 is at line 2 already"),
        ("p.csv", "uprn,address,rounds,postcode\n", "line 1: column 'postcode' is unknown; columns are uprn"),
        ("p.csv", "uprn,address,rounds\n5,1 Mill Lane\n", "line 2: it has not 3 values"),
        ("p.csv", "uprn,address,rounds,latitude_deg,longitude_deg\n5,1 Mill Lane,mon-a,53,\n", "both degrees, or neither"),
        ("p.csv", "uprn,address,rounds,latitude_deg,longitude_deg\n5,1 Mill Lane,mon-a,nan,2\n", "latitude_deg is 'nan'; allowed: degrees from -90 to 90"),
        ("c.csv", "day,to,reason\n2026-05-25,2026-08-01,x\n", "to is '2026-08-01'; allowed: at most 31 days from 2026-05-25"),
        ("c.csv", "day,to,reason\n25/05/2026,,x\n", "day is '25/05/2026'; allowed: a day as 2026-12-28"),
        ("c.csv", "day,to,reason\n2026-05-25,,x\n2026-05-25,,y\n", "day 2026-05-25 is changed twice"),
        ("t.json", "{", "it is not JSON"), ("t.json", "[]", "it is no object with some of rounds, changes, premises"),
        ("t.json", '{"rounds": [' + ROUND.replace("fortnightly", "FREQ=HOURLY") + "]}", "rounds[0].services[0]: rule is 'FREQ=HOURLY'"),
        ("t.json", '{"rounds": [' + ROUND.replace('"colour"', '"color"') + "]}", "field 'color' is unknown"),
        ("t.json", '{"rounds": [' + ROUND + "," + ROUND + "]}", "rounds[1]: round_id mon-a is at rounds[0] already"),
        ("t.json", '{"rounds": [3]}', "rounds[0]: 3 is no object with fields"),
        ("t.json", '{"rounds": [{"round_id": "a", "label": "A", "services": []}]}', "services is []; allowed: a list of objects"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_file_is_told_with_its_place(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        read_file(written(tmp_path, text, name), ("mon-a",))
    assert said in str(refused.value)
