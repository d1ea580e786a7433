"""Line charts as SVG, with what they show in words. The numbers themselves are in the files of readings."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 640, 220
LEFT, RIGHT, TOP, BOTTOM = 44, 12, 12, 34
FONT = "Libertinus Serif"
DAY_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A line over days, with a band where there is one.

    Attributes:
        unit: written at the axis.
        days_s: start of each day [s since 1970], each a day after the one before.
        values, low, high: NaN: a gap.
        low_y, high_y: ends of the axis.
        limit: a line across, with its words.
    """

    what: str
    unit: str
    days_s: Sequence[float]
    values: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    low_y: float = 0.0
    high_y: float = 100.0
    limit: tuple[float, str] | None = None


def axis(values: Sequence[float], step: float, low: float, high: float) -> tuple[float, float]:
    """Return the ends of an axis that holds the known values and ``low`` to ``high``, on whole steps."""
    known = [v for v in values if not math.isnan(v)]
    return (
        step * math.floor(min([*known, low]) / step),
        step * math.ceil(max([*known, high]) / step),
    )


def svg(chart: Chart) -> str:
    """Return the chart as a drawing."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="{FONT}" font-size="11">',
        *_grid(chart),
        *(_band(chart, run) for run in _runs(chart.low) if len(chart.low) and len(run) > 1),
        *_limit(chart),
        *(_line(chart, run) for run in _runs(chart.values)),
        "</svg>",
    ]
    return "\n".join(parts)


def alt_text(chart: Chart) -> str:
    """Return what the chart shows, for people who can't see it."""
    known = [(v, d) for v, d in zip(chart.values, chart.days_s, strict=True) if not math.isnan(v)]
    if not known:
        return f"Chart of {chart.what}: nothing is known in this period."
    (lowest, low_day), (highest, high_day) = min(known), max(known)
    said = (
        f"Line chart of {chart.what}, a mean for each day, from {_date(chart.days_s[0])} to {_date(chart.days_s[-1])}. "
        f"Lowest {lowest:.1f} {chart.unit} on {_date(low_day)}, highest {highest:.1f} {chart.unit} on {_date(high_day)}. "
        f"{len(known)} of {len(chart.days_s)} days are known."
    )
    if chart.limit is None:
        return said
    over = sum(v >= chart.limit[0] for v, _ in known)
    return f"{said} At or above {chart.limit[0]:g} {chart.unit} on {over} days."


def _x(chart: Chart, i: int) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * (i + 0.5) / max(1, len(chart.days_s))


def _y(chart: Chart, value: float) -> float:
    share = (value - chart.low_y) / (chart.high_y - chart.low_y)
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share


def _runs(values: Sequence[float]) -> list[list[int]]:
    """Return the indexes of known values, a list for each stretch without a gap."""
    runs: list[list[int]] = []
    for i, value in enumerate(values):
        if math.isnan(value):
            continue
        if runs and runs[-1][-1] == i - 1:
            runs[-1].append(i)
        else:
            runs.append([i])
    return runs


def _points(chart: Chart, indexes: Sequence[int], values: Sequence[float]) -> str:
    return " ".join(f"{_x(chart, i):.1f},{_y(chart, values[i]):.1f}" for i in indexes)


def _line(chart: Chart, run: Sequence[int]) -> str:
    if len(run) == 1:
        x, y = _x(chart, run[0]), _y(chart, chart.values[run[0]])
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="1.5" fill="#003078"/>'
    points = _points(chart, run, chart.values)
    return f'<polyline points="{points}" fill="none" stroke="#003078" stroke-width="1.5"/>'


def _band(chart: Chart, run: Sequence[int]) -> str:
    around = f"{_points(chart, run, chart.high)} {_points(chart, run[::-1], chart.low)}"
    return f'<polygon points="{around}" fill="#c7d7ec"/>'


def _limit(chart: Chart) -> list[str]:
    if chart.limit is None:
        return []
    value, words = chart.limit
    y = _y(chart, value)
    return [
        f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="#942514" stroke-dasharray="5 3"/>',
        f'<text x="{LEFT + 4}" y="{y - 3:.1f}" fill="#942514">{escape(words)}</text>',
    ]


def _grid(chart: Chart) -> list[str]:
    parts = []
    for i in range(5):
        value = chart.low_y + (chart.high_y - chart.low_y) * i / 4
        y = _y(chart, value)
        parts += [
            f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="#d0d0d0" stroke-width="0.5"/>',
            f'<text x="{LEFT - 4}" y="{y + 4:.1f}" text-anchor="end">{value:g}</text>',
        ]
    parts.append(f'<text x="4" y="{HEIGHT - 6}">{escape(chart.unit)}</text>')
    for i in _ticks(len(chart.days_s)):
        parts.append(
            f'<text x="{_x(chart, i):.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">'
            f"{escape(_short(chart.days_s[i]))}</text>"
        )
    return parts


def _ticks(days: int) -> list[int]:
    return sorted({round(i * (days - 1) / 5) for i in range(6)}) if days > 1 else list(range(days))


def _short(at_s: float) -> str:
    at = datetime.fromtimestamp(at_s, UTC)
    return f"{at.day} {at:%b}"


def _date(at_s: float) -> str:
    at = datetime.fromtimestamp(at_s, UTC)
    return f"{at.day} {at:%B %Y}"
