"""The level of one bin over two weeks with its uncertainty and emptyings, as geometry for an SVG. Pure arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from ops_api.web.chart import Mark, Tick

WIDTH, HEIGHT = 560, 230
LEFT, RIGHT, TOP, BOTTOM = 48, 10, 12, 26
SD = 1.2815515655446004
"""80 % of a normal distribution lie within so many standard deviations."""
TICKS_MOST = 6
GAP = timedelta(hours=6)
"""A longer pause breaks the line."""


@dataclass(frozen=True, slots=True)
class LevelChart:
    """A level's line, its 80 % band, days, percents, the limit, and marks where the bin was emptied; lengths in px."""

    width: int
    height: int
    left: int
    bottom: int
    line: str
    band: str
    limit: float
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    marks: tuple[Mark, ...]


def draw(
    at_s: Sequence[float], fill_pct: Sequence[float], sd_pct: float, limit_pct: float,
    emptied: Sequence[tuple[float, str]], start: datetime, end: datetime, zone: ZoneInfo,
) -> LevelChart:  # fmt: skip
    """Return the chart.

    Args:
        at_s: times of the levels [s since 1970].
        fill_pct: the levels [%].
        sd_pct: their standard deviation [points].
        limit_pct: from which the bin is full for its alarm.
        emptied: emptyings: when [s since 1970], and in words.
        start: left end of the axis.
        end: its right end.
        zone: of the labels.
    """
    from_s, span_s = start.timestamp(), (end - start).total_seconds()

    def x(t: float) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * (t - from_s) / span_s, 1)

    def y(pct: float) -> float:
        return round(TOP + (HEIGHT - TOP - BOTTOM) * (1.0 - min(max(pct, 0.0), 100.0) / 100.0), 1)

    line = band = ""
    for run in _runs(at_s, fill_pct, [t for t, _ in emptied]):
        line += "".join(f"{'ML'[i > 0]}{x(t):g} {y(v):g}" for i, (t, v) in enumerate(run))
        upper = [f"{'ML'[i > 0]}{x(t):g} {y(v + SD * sd_pct):g}" for i, (t, v) in enumerate(run)]
        lower = [f"L{x(t):g} {y(v - SD * sd_pct):g}" for t, v in reversed(run)]
        band += "".join((*upper, *lower, "z"))
    ticks: list[Tick] = []
    day = start.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    while day <= end:
        if day >= start and len(ticks) < TICKS_MOST:
            ticks.append(Tick(x(day.timestamp()), f"{day:%a} {day.day}"))
        day += timedelta(days=3)
    marks = tuple(Mark(x(t), words) for t, words in emptied if from_s <= t <= from_s + span_s)
    levels = tuple(Tick(y(v), f"{v}%") for v in (0, 25, 50, 75, 100))
    return LevelChart(
        WIDTH, HEIGHT, LEFT, HEIGHT - BOTTOM, line, band, y(limit_pct), tuple(ticks), levels, marks
    )


def _runs(
    at_s: Sequence[float], values: Sequence[float], breaks: Sequence[float]
) -> list[list[tuple[float, float]]]:
    """Return the levels parted at long pauses and at emptyings."""
    found: list[list[tuple[float, float]]] = []
    before = None
    for t, v in zip(at_s, values, strict=True):
        parted = before is None or t - before > GAP.total_seconds() or any(before < b <= t for b in breaks)
        if parted:
            found.append([])
        found[-1].append((t, v))
        before = t
    return found


def moment(at_s: float) -> datetime:
    """Return a time of s since 1970."""
    return datetime.fromtimestamp(at_s, UTC)
