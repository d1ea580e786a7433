"""A household's collections as a calendar to subscribe to (RFC 5545, RFC 7986)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
from icalendar import Alarm, Calendar, Event

from rules.core.bin_days import words
from rules.core.bin_days.model import Collection, Premises
from rules.core.bin_days.published import AHEAD, BACK

PRODUCT = "-//cityops//bin days 1//EN"
REFRESH = timedelta(hours=12)
EVENING, MORNING = timedelta(hours=-5), timedelta(hours=6, minutes=30)
"""Of the midnight with which the day begins: 19:00 the evening before, and 06:30."""
DAY = timedelta(days=1)


def uid(place: Premises, c: Collection) -> str:
    """Return what a collection is called for ever, however it is moved."""
    return f"{c.original:%Y%m%d}-{c.service.stream}-{c.round_id}-{place.uprn}@bin-days.cityops"


def calendar_of(place: Premises, found: Sequence[Collection], *, page: str = "") -> bytes:
    """Return the calendar: one event of each collection, those that are cancelled too.

    The same for the same arguments: times of change are those of the timetable, not of the asking.

    Args:
        place: the household's premises.
        found: its collections, as :func:`rules.core.bin_days.published.shown` gives them.
        page: address of its page; empty: none is named.
    """
    made = Calendar()
    for name, value in (
        ("version", "2.0"), ("prodid", PRODUCT), ("calscale", "GREGORIAN"), ("method", "PUBLISH"),
        ("name", "Bin days"), ("x-wr-calname", "Bin days"), ("x-published-ttl", "PT12H"),
    ):  # fmt: skip
        made.add(name, value)
    made.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    for c in found:
        made.add_component(_event(place, c, page))
    return bytes(made.to_ical())


def window(today: date) -> tuple[date, date]:
    """Return the first and last day that a feed tells of: whole months, so that it stays the same from day to day.

    Both lie within what is published (:data:`rules.core.bin_days.published.BACK` and ``AHEAD``).
    """
    begin, end = today - BACK, today + AHEAD
    first = begin if begin.day == 1 else (begin.replace(day=1) + 32 * DAY).replace(day=1)
    return first, (end + DAY).replace(day=1) - DAY


def tag_of(place: Premises, found: Sequence[Collection], page: str) -> str:
    """Return the entity tag (RFC 9110) of :func:`calendar_of`: of what it is made from, which takes a hundredth of making it."""
    return etag_of(msgspec.json.encode([PRODUCT, place, found, page]))


def etag_of(body: bytes) -> str:
    """Return the entity tag of a body."""
    return f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'


def modified_s(found: Sequence[Collection], first: date) -> float:
    """Return when what a feed tells last changed: with the timetable, or as a month went by [s since 1970].

    Args:
        found: what it tells.
        first: its first day; the feed that begins with it has been told since a month after, at most.
    """
    begun = datetime(first.year, first.month, first.day, tzinfo=UTC).timestamp()
    return max([begun, *(c.changed_s for c in found)])


def _event(place: Premises, c: Collection, page: str) -> Any:
    day = c.original if c.day is None else c.day
    changed = datetime.fromtimestamp(int(c.changed_s), UTC)
    said = words.why(c)
    event = Event()
    event.add("uid", uid(place, c))
    event.add("dtstamp", changed)
    event.add("last-modified", changed)
    event.add("sequence", c.sequence)
    event.add("dtstart", day)
    event.add("dtend", day + DAY)
    event.add("summary", f"{c.service.label}: {c.service.container}" + (f" ({said})" if said else ""))
    event.add("description", _description(c, said))
    event.add("location", place.address)
    event.add("categories", [c.service.stream])
    event.add("transp", "TRANSPARENT")
    event.add("status", "CANCELLED" if c.day is None else "CONFIRMED")
    if page:
        event.add("url", page)
    for trigger in () if c.day is None else (EVENING, MORNING):
        event.add_component(_alarm(c, trigger))
    return event


def _description(c: Collection, said: str) -> str:
    first = (
        f"Put out the {c.service.container} before 6:30am." if c.day is not None else "Nothing is collected."
    )
    return f"{first} {said}." if said else first


def _alarm(c: Collection, trigger: timedelta) -> Any:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", f"Put out the {c.service.container}")
    alarm.add("trigger", trigger)
    return alarm
