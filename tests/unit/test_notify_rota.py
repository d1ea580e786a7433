"""Calendars as people and programs write them become shifts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cityops.errors import ConfigurationError
from rules.core.notify.model import Contact, Person, Shift
from rules.core.notify.rota import on_call
from rules.notify.memory_people import MemoryPeople
from rules.notify.people_file import read_people
from rules.notify.rota_calendar import RotaError, read_rota
from rules.notify.rota_source import load_rota

LONDON = ZoneInfo("Europe/London")
PEOPLE = [
    Person(
        person="amira", label="Amira Khan", contacts=(Contact(channel="mail", address="amira@example.org"),)
    ),
    Person(person="ben", label="Ben Okafor"),
]
EXAMPLES = Path(__file__).parents[2] / "deploy" / "notify"


def calendar(*events: str) -> bytes:
    blocks = "".join(f"BEGIN:VEVENT\nDTSTAMP:20260101T000000Z\n{e.strip()}\nEND:VEVENT\n" for e in events)
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//cityops//test//EN\n{blocks}END:VCALENDAR\n"
    return text.replace("\n", "\r\n").encode()


def shifts(now: str, *events: str) -> list[tuple[str, str, str, str]]:
    at_s = datetime.fromisoformat(now).timestamp()
    return [
        (s.role, s.person, *(f"{datetime.fromtimestamp(t, UTC):%m-%d %H:%M}" for t in (s.from_s, s.to_s)))
        for s in read_rota(calendar(*events), PEOPLE, LONDON, at_s)
    ]


NIGHTS = """
UID:nights
SUMMARY:Amira Khan
CATEGORIES:gritting_officer
DTSTART;TZID=Europe/London:20260326T170000
DTEND;TZID=Europe/London:20260327T090000
RRULE:FREQ=DAILY;UNTIL=20260330T230000Z
EXDATE;TZID=Europe/London:20260327T170000
"""


def test_a_hand_over_stays_at_nine_when_the_clocks_change() -> None:
    assert shifts("2026-03-26T12:00Z", NIGHTS) == [
        ("gritting_officer", "amira", "03-26 17:00", "03-27 09:00"),
        ("gritting_officer", "amira", "03-28 17:00", "03-29 08:00"),  # the short night
        ("gritting_officer", "amira", "03-29 16:00", "03-30 08:00"),
        ("gritting_officer", "amira", "03-30 16:00", "03-31 08:00"),
    ]


def test_a_weekly_hand_over_leaves_no_gap_over_the_change() -> None:
    a = "UID:a\nSUMMARY:amira\nDTSTART;TZID=Europe/London:20261005T090000\nDURATION:P7D\nRRULE:FREQ=WEEKLY;INTERVAL=2"
    b = "UID:b\nSUMMARY:BEN\nDTSTART;TZID=Europe/London:20261012T090000\nDURATION:P7D\nRRULE:FREQ=WEEKLY;INTERVAL=2"
    now = datetime(2026, 10, 10, tzinfo=UTC)
    found = read_rota(calendar(a, b), PEOPLE, LONDON, now.timestamp())
    for hours in range(24 * 50):
        at_s = (now + timedelta(hours=hours)).timestamp()
        assert len(on_call(found, "duty_officer", at_s)) == 1, hours
    local = {datetime.fromtimestamp(s.from_s, LONDON).hour for s in found}
    assert local == {9}


def test_a_moved_and_a_cancelled_occurrence() -> None:
    moved = """
UID:nights
RECURRENCE-ID;TZID=Europe/London:20260328T170000
SUMMARY:Ben Okafor
CATEGORIES:gritting_officer
DTSTART;TZID=Europe/London:20260328T190000
DTEND;TZID=Europe/London:20260329T090000
"""
    cancelled = NIGHTS.replace("UID:nights", "UID:other").replace("SUMMARY", "STATUS:CANCELLED\nSUMMARY")
    got = shifts("2026-03-26T12:00Z", NIGHTS, moved, cancelled)
    assert ("gritting_officer", "ben", "03-28 19:00", "03-29 08:00") in got
    assert [g[2] for g in got if g[1] == "amira"] == ["03-26 17:00", "03-29 16:00", "03-30 16:00"]


def test_whole_days_floating_times_and_attendees() -> None:
    day = "UID:d\nSUMMARY:On call\nATTENDEE;CN=Amira:mailto:Amira@Example.org\nATTENDEE:mailto:stranger@example.org\nDTSTART;VALUE=DATE:20260701"
    floating = "UID:f\nSUMMARY:ben\nCATEGORIES:waste_officer,housing_officer\nDTSTART:20260701T080000\nDTEND:20260701T160000"
    extra = "UID:x\nSUMMARY:ben\nDTSTART:20260702T080000Z\nDTEND:20260702T090000Z\nRDATE:20260703T080000Z"
    assert shifts("2026-07-01T00:00Z", day, floating, extra) == [
        ("duty_officer", "amira", "06-30 23:00", "07-01 23:00"),
        ("housing_officer", "ben", "07-01 07:00", "07-01 15:00"),
        ("waste_officer", "ben", "07-01 07:00", "07-01 15:00"),
        ("duty_officer", "ben", "07-02 08:00", "07-02 09:00"),
        ("duty_officer", "ben", "07-03 08:00", "07-03 09:00"),
    ]


def test_only_sixty_days_ahead_are_expanded() -> None:
    found = shifts("2026-01-01T00:00Z", "UID:a\nSUMMARY:ben\nDTSTART;VALUE=DATE:20200101\nRRULE:FREQ=DAILY")
    assert 60 <= len(found) <= 63


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"hello", "no iCalendar"),
        (calendar("UID:a\nSUMMARY:Zoe\nDTSTART:20260701T080000Z\nDTEND:20260701T090000Z"), "event Zoe: neither"),
        (calendar("UID:a\nSUMMARY:ben\nDTEND:20260701T090000Z"), "event ben"),
    ],
)  # fmt: skip
def test_a_calendar_that_can_not_be_used_says_why(raw: bytes, said: str) -> None:
    with pytest.raises(RotaError) as refused:
        read_rota(raw, PEOPLE, LONDON, datetime(2026, 7, 1, tzinfo=UTC).timestamp())
    assert said in str(refused.value)


async def test_a_calendar_that_can_not_be_used_leaves_the_last_good_one(tmp_path: Path) -> None:
    known, file, now_s = (
        MemoryPeople(PEOPLE),
        tmp_path / "rota.ics",
        datetime(2026, 7, 1, tzinfo=UTC).timestamp(),
    )
    event = "UID:a\nSUMMARY:ben\nDTSTART:20260701T080000Z\nDTEND:20260701T090000Z"
    file.write_bytes(calendar(event))
    assert await load_rota(str(file), known, LONDON, now_s) == 1
    before = await known.shifts(0, 1e11)
    file.write_bytes(calendar(event.replace("ben", "Zoe")))
    with pytest.raises(ConfigurationError, match="Zoe"):
        await load_rota(str(file), known, LONDON, now_s)
    assert await known.shifts(0, 1e11) == before
    assert isinstance(before[0], Shift)


def test_the_example_calendar_has_somebody_on_call_at_any_time() -> None:
    people = read_people(EXAMPLES / "people.toml")
    now = datetime(2026, 12, 1, tzinfo=UTC)
    found = read_rota((EXAMPLES / "rota.ics").read_bytes(), people, LONDON, now.timestamp())
    for hours in range(24 * 55):
        at_s = (now + timedelta(hours=hours)).timestamp()
        assert on_call(found, "duty_officer", at_s), hours
