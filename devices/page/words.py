"""How numbers and times are said on the frog's page. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # commands that only count do without
    from zoneinfo import ZoneInfo

NBSP = "\N{NO-BREAK SPACE}"

ACTIVITIES: dict[str, str] = {
    "shower": "Shower or bath",
    "cooking": "Cooking",
    "washing": "Drying clothes",
    "window": "Opened a window",
    "heating": "Heating on",
    "other": "Something else",
}
BUTTONS = ("shower", "cooking", "washing", "window")


def number(value: float, digits: int = 0) -> str:
    """Return a number with a true minus sign, never ``-0``."""
    text = f"{value:.{digits}f}"
    return (f"{0:.{digits}f}" if float(text) == 0 else text).replace("-", "\N{MINUS SIGN}")


def degrees(value: float, digits: int = 1) -> str:
    """Return ``17.3 °C``."""
    return f"{number(value, digits)}{NBSP}°C"


def span(low: str, high: str) -> str:
    """Return a range in words; where both ends read the same, as after the first reading, that alone."""
    return low if low == high else f"{low} to {high}"


def plural(count: int, one: str, many: str) -> str:
    """Return ``1 reading``, ``2 readings``."""
    return f"{count:,} {one if count == 1 else many}"


def local(at_s: int, zone: ZoneInfo) -> datetime:
    """Return the local time."""
    return datetime.fromtimestamp(at_s, UTC).astimezone(zone)


def day_and_clock(at_s: int, now_s: int, zone: ZoneInfo) -> str:
    """Return ``today at 14:05``, ``yesterday at 9:30``, ``3 November at 14:05``; the year where it is another."""
    at, now = local(at_s, zone), local(now_s, zone)
    clock = f"{at.hour}:{at.minute:02d}"
    if at.date() == now.date():
        return f"today at {clock}"
    if at.date() == now.date() - timedelta(days=1):
        return f"yesterday at {clock}"
    year = f" {at.year}" if at.year != now.year else ""
    return f"{at.day} {at:%B}{year} at {clock}"


def ago(at_s: int, now_s: int) -> str:
    """Return ``just now``, ``5 minutes ago``, ``3 hours ago``, ``2 days ago``."""
    seconds = max(0, now_s - at_s)
    if seconds < 90:
        return "just now"
    if seconds < 5400:
        return f"{plural(round(seconds / 60), 'minute', 'minutes')} ago"
    if seconds < 172_800:
        return f"{plural(round(seconds / 3600), 'hour', 'hours')} ago"
    return f"{plural(seconds // 86_400, 'day', 'days')} ago"
