"""Local days, and how far around a day readings must reach for it to come out the same however it is cut."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from rules.core.moisture_events import drying, find
from rules.core.moisture_events.parameters import MoistureParameters

HOUR_S = 3600.0
LOOK_BACK_DAYS = 31
"""Kept days before the first that is worked out: drying, learning a factor and a finding look back so far."""
WINDOW_DAYS = 28
"""A finding is of so many days."""
MOST_DAYS = 35
"""Days of a home that are worked out at a time: what is long ago is taken in portions."""
AHEAD = timedelta(days=2)
"""Hours so long after the last day are looked at too: what begins on it may go on."""
AROUND_S = 6 * HOUR_S
"""Events so long before the first day are looked at too: an entry of the diary may be theirs."""


def day_of(at_s: float, zone: ZoneInfo) -> date:
    """Return the local day of a time [s since 1970]."""
    return datetime.fromtimestamp(at_s, zone).date()


def begins_s(day: date, zone: ZoneInfo) -> float:
    """Return when a local day begins [s since 1970]."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()


def ends_s(day: date, zone: ZoneInfo) -> float:
    """Return when it ends [s since 1970]: a day has 23 to 25 hours."""
    return begins_s(day + timedelta(days=1), zone)


def hours_in(day: date, zone: ZoneInfo) -> int:
    """Return how many hours a local day has."""
    return round((ends_s(day, zone) - begins_s(day, zone)) / HOUR_S)


def days_between(first: date, last: date) -> list[date]:
    """Return the days from ``first`` to ``last``, both in it."""
    return [first + timedelta(days=i) for i in range((last - first).days + 1)]


def monday(day: date) -> date:
    """Return the first day of the week that a day is in."""
    return day - timedelta(days=day.weekday())


def read_from_s(due: date, zone: ZoneInfo, p: MoistureParameters) -> float:
    """Return from when on readings are needed to work out days from ``due`` on [s since 1970]."""
    return begins_s(due, zone) - AROUND_S - find.look_back_s(p)


def settles_after_s(p: MoistureParameters) -> float:
    """Return how long after a day its events can still change by what comes in time [s]."""
    return max(find.look_ahead_s(p), drying.look_ahead_s(p))


def settled_day(seen_s: float, zone: ZoneInfo, p: MoistureParameters) -> date:
    """Return the newest local day that can't change any more, unless readings come late."""
    return day_of(seen_s - settles_after_s(p), zone) - timedelta(days=1)


def due_of(changed_s: float, zone: ZoneInfo, p: MoistureParameters) -> date:
    """Return the first local day that a reading of a time [s since 1970] can change."""
    return day_of(changed_s - settles_after_s(p), zone)
