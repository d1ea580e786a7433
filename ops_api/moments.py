"""Dates and times as people type them."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from cityops.errors import ConfigurationError

NOON = time(12)


def a_moment(text: str, zone: ZoneInfo, name: str) -> datetime:
    """Return a time: ``2026-01-12`` is noon of that day, ``2026-01-12T09:30`` by the clock on the wall.

    Raises:
        ConfigurationError: naming ``name``, where it is neither.
    """
    try:
        if only_a_day(text):
            return datetime.combine(date.fromisoformat(text), NOON, zone)
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigurationError(f"{name} {text!r}: write 2026-01-12 or 2026-01-12T09:30") from error
    return at if at.tzinfo is not None else at.replace(tzinfo=zone)


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
