"""When lorries go out: weekdays and an hour of local time, with dates that are otherwise. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import NamedTuple

from rules.core.bin_outlook_parameters import ServiceParameters

LONGEST_DAYS = 400
HOUR_S = 3600.0


class Coming(NamedTuple):
    """The services that decide: the one that bins can still be put on, and the one after it [s since 1970]; None: none within a year."""

    service_s: float | None
    next_s: float | None


def next_services(after_s: float, zone: tzinfo, p: ServiceParameters, n: int) -> tuple[float, ...]:
    """Return the next ``n`` services that begin after a time [s since 1970], fewer where none is within a year.

    The hour is the clock's on each date. One that the clock leaves out in spring is as late as the hour would have been.
    """
    found: list[float] = []
    for at_s in _services(after_s, zone, p):
        if len(found) == n:
            break
        if at_s > after_s:
            found.append(at_s)
    return tuple(found)


def coming(now_s: float, zone: tzinfo, p: ServiceParameters) -> Coming:
    """Return the service that a bin can still be put on, and the one that it waits for if it is left out."""
    found = next_services(now_s - p.open_h * HOUR_S, zone, p, 2)
    return Coming(*found, *(None,) * (2 - len(found)))


def _services(around_s: float, zone: tzinfo, p: ServiceParameters) -> Iterator[float]:
    first = datetime.fromtimestamp(around_s, zone).date()
    for days in range(LONGEST_DAYS):
        day = first + timedelta(days=days)
        if is_served(day, p):
            yield _at_s(day, p.hour, zone)


def is_served(day: date, p: ServiceParameters) -> bool:
    """Whether lorries go out on a day."""
    text = day.isoformat()
    return text in p.extra or (day.weekday() in p.weekdays and text not in p.closed)


def _at_s(day: date, hour: float, zone: tzinfo) -> float:
    minutes = min(round(hour * 60.0), 24 * 60 - 1)  # the last half minute of a day is not the next day's
    local = datetime(day.year, day.month, day.day, minutes // 60, minutes % 60, tzinfo=zone)
    return local.astimezone(UTC).timestamp()
