"""A bin's forecast strip as geometry for a small SVG, and in words: the coming week if nobody empties the bin. Pure arithmetic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ops_api.web import words

STEP_PX, WIDE_PX, HEIGHT_PX = 8, 6, 34
BRIM_Y = 12.0
"""Where 100 % is [px from the top]."""
MOST_PCT = 150.0
LIKELY, MAY_BE = 50, 10
SURE = 99
"""Chances of an overflow from which a step is drawn as likely, or as one that may be, and from which nothing is drawn [%]."""


@dataclass(frozen=True, slots=True)
class Strip:
    """A strip: paths of bars by how likely an overflow is, of ranges, of midnights; lengths in px of the view box.

    Attributes:
        width, height: of the view box.
        calm, may, likely: bars: narrow, wider, widest.
        ranges: 80 % of the level.
        midnights: marks under the bars.
        text: the same in words.
    """

    width: int
    height: int
    brim: float
    calm: str
    may: str
    likely: str
    ranges: str
    midnights: str
    text: str


def moments(strip: Mapping[str, Any]) -> list[datetime]:
    """Return the times of a strip's steps."""
    first = words.moment(strip.get("from"))
    if first is None:
        return []
    step = timedelta(hours=float(strip.get("step_h") or 0))
    return [first + k * step for k in range(len(strip.get("median_pct") or ()))]


def draw(outlook: Mapping[str, Any] | None, zone: ZoneInfo, now: datetime) -> Strip | None:
    """Return a bin's strip; None where there is none, or the bin is full already."""
    strip = (outlook or {}).get("strip")
    times = moments(strip) if strip else []
    if not strip or not times:
        return None
    middle, low, high, p = (strip[k] for k in ("median_pct", "low_pct", "high_pct", "p_over_pct"))
    if p[0] >= SURE:
        return None  # it is full: a picture of nothing but full bars says no more
    paths = {"calm": "", "may": "", "likely": ""}
    ranges = midnights = ""
    for k, at in enumerate(times):
        tone = "likely" if p[k] >= LIKELY else "may" if p[k] >= MAY_BE else "calm"
        wide = {"likely": WIDE_PX + 1, "may": WIDE_PX - 1, "calm": WIDE_PX - 3}[tone]
        centre = STEP_PX * k + STEP_PX / 2
        top = _y(middle[k])
        paths[tone] += f"M{centre - wide / 2:g} {top:g}h{wide}V{HEIGHT_PX - 2}h-{wide}z"
        ranges += f"M{centre:g} {_y(high[k]):g}V{_y(low[k]):g}"
        if not is_noon(at.astimezone(zone)):
            midnights += f"M{centre:g} {HEIGHT_PX - 2}v2"
    width = STEP_PX * len(times)
    return Strip(
        width, HEIGHT_PX, BRIM_Y, **paths, ranges=ranges, midnights=midnights, text=said(strip, zone, now)
    )


def is_noon(local: datetime) -> bool:
    """Whether a step is the day's, not the night's: steps are twelve hours, so from when clocks change they are an hour off."""
    return 6 <= local.hour < 18


def _y(level_pct: float) -> float:
    foot = HEIGHT_PX - 2.0
    return round(foot - (foot - BRIM_Y) * min(max(level_pct, 0.0), MOST_PCT) / 100.0, 1)


def said(strip: Mapping[str, Any], zone: ZoneInfo, now: datetime) -> str:
    """Return a strip in words: when an overflow may be and is likely, and the level at its end."""
    times, p = moments(strip), strip["p_over_pct"]
    found = []
    for chance, name in ((MAY_BE, "may overflow"), (LIKELY, "likely to")):
        at = first_over(times, p, chance)
        if at is not None:
            found.append(f"{name} by {words.day_and_clock(at, zone, now)} ({p[times.index(at)]}%)")
    end = f"{strip['median_pct'][-1]}% full by {words.day_and_clock(times[-1], zone, now)}"
    return "If it is left: " + (", ".join(found) if found else f"no overflow within the week, {end}") + "."


def first_over(times: Sequence[datetime], p: Sequence[float], chance: float) -> datetime | None:
    """Return the first step at which the chance of an overflow is so high; None: at none."""
    return next((at for at, value in zip(times, p, strict=True) if value >= chance), None)
