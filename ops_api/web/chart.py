"""The 48-hour chart of a resident's page, as geometry for an SVG.

Pure arithmetic: values in, path strings and tick positions out. No style attributes are
produced, since the pages' security policy forbids them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

Point = tuple[datetime, float | None]

GAP = timedelta(minutes=45)
"""A pause longer than this breaks the line: nothing is drawn where nothing was measured."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A grid line: where [px] and what it says."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Band:
    """A shaded range of values: top and height [px] and what it means."""

    top: float
    height: float


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment worth a mark: where [px], what it was, and whether the diary tells of it or the readings (found)."""

    x: float
    label: str
    found: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything a template needs to draw one series; lengths in px of the view box."""

    width: int
    height: int
    left: int
    bottom: int
    path: str
    last_x: float | None
    last_y: float | None
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    band: Band | None
    marks: tuple[Mark, ...]


def _scale(lowest: float, highest: float, step: float) -> tuple[float, float]:
    low, high = math.floor(lowest / step) * step, math.ceil(highest / step) * step
    return (low, high) if high > low else (low, low + step)


def _hour_ticks(start: datetime, end: datetime, zone: ZoneInfo, every_h: int) -> list[tuple[datetime, str]]:
    """Return local clock hours divisible by ``every_h``; midnight says the day."""
    ticks = []
    at = start.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    while at <= end:
        local = at.astimezone(zone)
        if local.hour % every_h == 0:
            ticks.append((at, local.strftime("%a") if local.hour == 0 else local.strftime("%H:%M")))
        at += timedelta(hours=1)
    return ticks


def draw(
    points: Sequence[Point],
    *,
    start: datetime,
    end: datetime,
    zone: ZoneInfo,
    step: float,
    at_least: tuple[float, float],
    above: float | None = None,
    marks: Sequence[tuple[datetime, str]] = (),
    found: Sequence[tuple[datetime, str]] = (),
    width: int = 640,
    height: int = 200,
) -> Chart:
    """Return the chart of one series.

    Args:
        points: times in order and values, None where missing.
        start: left end of the axis of time.
        end: its right end.
        zone: time zone of the labels.
        step: distance of the horizontal lines, in the values' unit.
        at_least: range that the axis always covers.
        above: values above this are shaded as the range to watch.
        marks: moments to mark on the axis.
        found: moments to mark at the top.
        width: of the view box [px].
        height: of the view box [px].
    """
    left, right, top, bottom = 34, 8, 8, 24
    inner_w, inner_h = width - left - right, height - top - bottom
    values = [v for _, v in points if v is not None]
    low, high = _scale(min([*values, at_least[0]]), max([*values, at_least[1]]), step)
    seconds = (end - start).total_seconds()

    def x(at: datetime) -> float:
        return round(left + inner_w * (at - start).total_seconds() / seconds, 1)

    def y(value: float) -> float:
        return round(top + inner_h * (1 - (value - low) / (high - low)), 1)

    drawn = [(at, v) for at, v in points if v is not None and start <= at <= end]
    path, previous = [], None
    for at, value in drawn:
        pen = "M" if previous is None or at - previous > GAP else "L"
        path.append(f"{pen}{x(at)} {y(value)}")
        previous = at
    levels = [low + i * step for i in range(round((high - low) / step) + 1)]
    return Chart(
        width=width,
        height=height,
        left=left,
        bottom=height - bottom,
        path="".join(path),
        last_x=x(drawn[-1][0]) if drawn else None,
        last_y=y(drawn[-1][1]) if drawn else None,
        x_ticks=tuple(Tick(x(at), label) for at, label in _hour_ticks(start, end, zone, 12)),
        y_ticks=tuple(Tick(y(v), f"{v:g}".replace("-", "\N{MINUS SIGN}")) for v in levels),
        band=None if above is None or high <= above else Band(top, round(y(max(above, low)) - top, 1)),
        marks=tuple(
            Mark(x(at), label, high)
            for moments, high in ((marks, False), (found, True))
            for at, label in moments
            if start <= at <= end
        ),
    )
