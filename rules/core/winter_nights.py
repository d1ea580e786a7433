"""Service nights: from noon to noon of the town's clock, so that a night has 23 or 25 hours where the clock changes."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, tzinfo

START = time(12)


def night_of(at_s: float, zone: tzinfo) -> date:
    """Return the night that a time belongs to: the day on which it began."""
    local = datetime.fromtimestamp(at_s, zone)
    return local.date() if local.time() >= START else local.date() - timedelta(days=1)


def span_s(night: date, zone: tzinfo) -> tuple[float, float]:
    """Return when a night begins and ends [s since 1970]."""
    begin, end = (
        datetime.combine(day, START, zone).timestamp() for day in (night, night + timedelta(days=1))
    )
    return begin, end


def in_words(night: date) -> str:
    """Return a night for people: ``the night from 9 to 10 January 2026``."""
    after = night + timedelta(days=1)
    first = f"{night.day}" if night.month == after.month else f"{night.day} {night:%B}"
    return f"the night from {first} to {after.day} {after:%B %Y}"


def season_of(night: date) -> date:
    """Return the first night of the season that a night is in: 1 October."""
    return date(night.year if night.month >= 10 else night.year - 1, 10, 1)
