"""Dates and times as people type them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from cityops.errors import ConfigurationError
from rules.core.winter_orders.commands import BACK_S

NOON = time(12)


def a_moment(text: str, zone: ZoneInfo, name: str) -> datetime:
    """Return a time: ``2026-01-12`` is noon of that day, ``2026-01-12T09:30`` by the clock on the wall, ``…+00:00`` by its offset.

    Raises:
        ConfigurationError: naming ``name``, where it is none of these, or the clock on the wall shows it never or twice.
    """
    try:
        if only_a_day(text):
            return datetime.combine(date.fromisoformat(text), NOON, zone)
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigurationError(f"{name} {text!r}: write 2026-01-12 or 2026-01-12T09:30") from error
    return at if at.tzinfo is not None else _on_the_wall(at, zone, f"{name} {text!r}")


def a_time(
    text: str,
    zone: ZoneInfo,
    name: str,
    not_past: datetime | None = None,
    instead_of: datetime | None = None,
) -> datetime:
    """Return a time as :func:`a_moment` does, where a day alone would leave open when.

    Args:
        text: as typed.
        zone: of the clock on the wall.
        name: for what is said.
        not_past: the time it is: of a time that the clock shows twice take the first that is not past by more than the desk
            allows (``BACK_S``); None: refuse it. A browser's field has no offset, and no seconds.
        instead_of: the time whose place it takes: of the two take the one by the same clock, where that is not past.

    Raises:
        ConfigurationError: naming ``name``, where it is no time, or the clock on the wall shows it never or twice.
    """
    if only_a_day(text):
        raise ConfigurationError(f"{name} {text!r} has no time of day: write e.g. 2026-01-12T09:30")
    if not_past is not None and _is_twice(text, zone):
        return _one_of_two(datetime.fromisoformat(text), zone, not_past, instead_of)
    return a_moment(text, zone, name)


def _one_of_two(at: datetime, zone: ZoneInfo, not_past: datetime, instead_of: datetime | None) -> datetime:
    first, second = (at.replace(tzinfo=zone, fold=f) for f in (0, 1))
    if first.timestamp() < not_past.timestamp() - BACK_S:
        return second
    if instead_of is not None and instead_of.astimezone(zone).utcoffset() == second.utcoffset():
        return second
    return first


def _is_twice(text: str, zone: ZoneInfo) -> bool:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return False
    first, second = at.replace(tzinfo=zone), at.replace(tzinfo=zone, fold=1)
    return at.tzinfo is None and first.timestamp() < second.timestamp()


def _on_the_wall(at: datetime, zone: ZoneInfo, named: str) -> datetime:
    first, second = at.replace(tzinfo=zone), at.replace(tzinfo=zone, fold=1)
    if first.utcoffset() == second.utcoffset():
        return first
    if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None, fold=0) != at:
        raise ConfigurationError(
            f"{named} does not exist: the clock is put forward over it ({zone.key}); write a time before or after"
        )
    raise ConfigurationError(
        f"{named} comes twice, as the clock is put back: write {first.isoformat()} or {second.isoformat()}"
    )


def only_a_day(text: str) -> bool:
    """Whether a date without a time of day was typed."""
    return "T" not in text and " " not in text


def a_day(text: str, name: str) -> date:
    """Return a day written ``2026-01-12``.

    Raises:
        ConfigurationError: naming ``name``, where it is none.
    """
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ConfigurationError(f"{name} {text!r}: write 2026-01-12") from error
