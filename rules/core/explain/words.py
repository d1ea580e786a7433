"""Numbers and times as an explanation says them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from rules.core.effects import hour_of

MINUS = "\N{MINUS SIGN}"
FIRST_LINE = 120
_INSTANT = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)")


class Clock:
    """Says times in a time zone, as seen from now."""

    def __init__(self, zone: tzinfo, now_s: float) -> None:
        self._zone = zone
        self._today = datetime.fromtimestamp(now_s, zone).date()

    def at(self, value: object) -> str | None:
        """Return ``21:40`` of today, ``yesterday 21:40``, ``Mon 5 Jan 21:40``; None for what is no time."""
        moment = moment_of(value)
        if moment is None:
            return None
        local = moment.astimezone(self._zone)
        days = (local.date() - self._today).days
        day = {0: "today ", -1: "yesterday ", 1: "tomorrow "}.get(days)
        year = "" if local.year == self._today.year else f" {local.year}"
        return f"{f'{local:%a} {local.day} {local:%b}{year} ' if day is None else day}{hour_of(local)}"

    def said(self, text: str) -> str:
        """Return a text with its ISO 8601 instants as people read them."""
        return _INSTANT.sub(lambda found: self.at(found[0]) or found[0], text)


def moment_of(value: object) -> datetime | None:
    """Return the aware time in a stored value: a datetime, ISO 8601 with offset, or seconds since 1970."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


def number(value: object, digits: int = 1) -> str:
    """Return a number with a true minus sign and without needless zeros; other values as they are."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    text = f"{value:,.{digits}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text.replace("-", MINUS)


def with_unit(value: object, unit: str, digits: int = 1) -> str:
    """Return ``0.4 °C``."""
    return f"{number(value, digits)} {unit}".rstrip()


def span(seconds: Any) -> str:
    """Return a length of time: ``10 min``, ``6 h``, ``2 days``."""
    length = timedelta(seconds=float(seconds))
    if length < timedelta(minutes=2):
        return f"{number(length.total_seconds(), 0)} s"
    if length < timedelta(hours=2):
        return f"{number(length / timedelta(minutes=1))} min"
    if length < timedelta(days=2):
        return f"{number(length / timedelta(hours=1))} h"
    return f"{number(length / timedelta(days=1))} days"


def one_line(text: str, most: int = FIRST_LINE) -> str:
    """Return a text on one line of at most ``most`` characters."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1].rstrip(" ,.;:") + "…"


def few(names: list[str], most: int = 4) -> str:
    """Return some names and how many more there are."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")
