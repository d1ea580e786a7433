"""Numbers and times in words that people read.

Pure: the time and the zone are arguments.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from rules.core.effects import hour_of

MINUS = "\N{MINUS SIGN}"


def number(value: float | None, digits: int = 0) -> str:
    """Return a number with a true minus sign, or a dash where there is none; never "−0"."""
    if value is None:
        return "–"
    text = f"{value:,.{digits}f}"
    if text.lstrip("-").strip("0.,") == "":
        text = text.lstrip("-")
    return text.replace("-", MINUS)


def degrees(value: float | None, digits: int = 1) -> str:
    """Return a temperature such as ``−1.3 °C``."""
    return "–" if value is None else f"{number(value, digits)}\N{NO-BREAK SPACE}°C"


def percent(value: float | None) -> str:
    """Return a percentage such as ``63 %`` the British way: ``63%``."""
    return "–" if value is None else f"{number(value)}%"


def span(low: str, high: str) -> str:
    """Return a range in words; where both ends read the same, as after the first reading, that alone."""
    return low if low == high else f"{low} to {high}"


def plural(count: float, one: str, many: str = "") -> str:
    """Return ``1 bin``, ``2 bins``, ``1,200 bins``."""
    word = one if count == 1 else (many or one + "s")
    return f"{number(count)} {word}"


def clock(at: datetime | None, zone: ZoneInfo) -> str:
    """Return the time of day, ``21:40``; ``01:40 BST`` where the clock shows it twice."""
    return "–" if at is None else hour_of(at.astimezone(zone))


def day_and_clock(at: datetime | None, zone: ZoneInfo, now: datetime) -> str:
    """Return ``today 21:40``, ``yesterday 21:40``, ``tomorrow 02:10`` or ``Mon 5 Jan 21:40``, the time as :func:`clock` says it."""
    if at is None:
        return "–"
    local, today = at.astimezone(zone), now.astimezone(zone).date()
    day = {0: "today", -1: "yesterday", 1: "tomorrow"}.get((local.date() - today).days)
    return f"{day or local.strftime('%a ') + str(local.day) + local.strftime(' %b')} {hour_of(local)}"


def long_date(at: datetime, zone: ZoneInfo) -> str:
    """Return ``Friday 9 January 2026``."""
    local = at.astimezone(zone)
    return f"{local:%A} {local.day} {local:%B %Y}"


def duration(span: timedelta) -> str:
    """Return the length of a time in its largest unit: ``40 seconds``, ``5 minutes``, ``3 hours``."""
    seconds = max(0, int(span.total_seconds()))
    if seconds < 60:
        return plural(seconds, "second")
    if seconds < 3600:
        return plural(seconds // 60, "minute")
    if seconds < 48 * 3600:
        return plural(seconds // 3600, "hour")
    return plural(seconds // 86400, "day")


def short_duration(span: timedelta) -> str:
    """Return the length of a time for a wall: ``40 s``, ``5 min``, ``3 h``, ``2 d``."""
    seconds = max(0, int(span.total_seconds()))
    for unit, size, limit in (("s", 1, 60), ("min", 60, 3600), ("h", 3600, 48 * 3600)):
        if seconds < limit:
            return f"{seconds // size}\N{NO-BREAK SPACE}{unit}"
    return f"{seconds // 86400}\N{NO-BREAK SPACE}d"


def ago(at: datetime | None, now: datetime) -> str:
    """Return ``5 minutes ago``; ``just now`` under half a minute; ``never`` where there is none."""
    if at is None:
        return "never"
    if now - at < timedelta(seconds=30):
        return "just now"
    return f"{duration(now - at)} ago"


def moment(value: object) -> datetime | None:
    """Return the aware time in a JSON value (ISO 8601), or None where it is not one."""
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str):
        return None
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


_INSTANT = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)")


def local_times(text: str, zone: ZoneInfo, now: datetime) -> str:
    """Return a text with its ISO 8601 instants as people read them: ``today 21:40``."""

    def said(found: re.Match[str]) -> str:
        at = moment(found[0])
        return found[0] if at is None else day_and_clock(at, zone, now)

    return _INSTANT.sub(said, text)


def joined(items: list[str]) -> str:
    """Return ``a``, ``a and b``, ``a, b and c``."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else ""


def size(count: float) -> str:
    """Return a number of bytes in the unit that suits it: ``532 MB``, ``1.4 GB`` (powers of 1000)."""
    value, units = float(count), iter(("bytes", "kB", "MB", "GB", "TB"))
    unit = next(units)
    while round(value) >= 1000 and unit != "TB":
        value, unit = value / 1000, next(units)
    digits = 1 if unit != "bytes" and value < 10 else 0
    return f"{number(value, digits)}\N{NO-BREAK SPACE}{unit}"
