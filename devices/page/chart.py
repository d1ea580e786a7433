"""A line, or a line in its band, as SVG: drawn by the frog, so that it needs no script. Pure.

No style attributes: the page's security policy forbids them. Colours are in ``frog.css``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _HEIGHT = 400, 170
_LEFT, _RIGHT, _TOP, _BOTTOM = 34, 8, 8, 24


@dataclass(frozen=True, slots=True)
class Point:
    """A value at a time [s since 1970], and the lowest and highest around it where they are known."""

    at_s: int
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Axes:
    """What a chart covers.

    Attributes:
        start_s, end_s: of the axis of time [s since 1970].
        gap_s: a pause longer than this breaks the line [s].
        ticks: times with their labels.
        step: distance of the horizontal lines, in the values' unit.
        at_least: range that the other axis always covers.
        above: values above this are shaded, None shades none.
    """

    start_s: int
    end_s: int
    gap_s: int
    ticks: Sequence[tuple[int, str]]
    step: float
    at_least: tuple[float, float]
    above: float | None = None


def svg(
    points: Sequence[Point],
    axes: Axes,
    *,
    name: str,
    title: str,
    summary: str,
    marks: Sequence[tuple[int, str]] = (),
) -> str:
    """Return the drawing with its words for those who don't see it.

    Args:
        points: in order of time.
        axes: what it covers.
        name: for ids and the colour class.
        title: what it shows.
        summary: what can be seen in it.
        marks: moments on the axis of time, with their names.
    """
    frame = _Frame(points, axes)
    parts = [
        f'<svg class="chart chart--{name}" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img"',
        f' aria-labelledby="{name}-t" aria-describedby="{name}-d">',
        f'<title id="{name}-t">{escape(title)}</title><desc id="{name}-d">{escape(summary)}</desc>',
        frame.shade(),
        *frame.levels(),
        *frame.times(),
        *(
            f'<path class="chart__mark" d="M{frame.x(at_s)} {_HEIGHT - _BOTTOM}l-4.5-8h9z"><title>{escape(label)}</title></path>'
            for at_s, label in marks
            if axes.start_s <= at_s <= axes.end_s
        ),
        frame.band(),
        frame.line(),
        "</svg>",
    ]
    return "".join(parts)


class _Frame:
    """Places of values and times, in px of the view box."""

    def __init__(self, points: Sequence[Point], axes: Axes) -> None:
        self._axes = axes
        self._points = [p for p in points if axes.start_s <= p.at_s <= axes.end_s]
        lows = [p.value if p.low is None else p.low for p in self._points]
        highs = [p.value if p.high is None else p.high for p in self._points]
        self._low = math.floor(min([*lows, axes.at_least[0]]) / axes.step) * axes.step
        self._high = math.ceil(max([*highs, axes.at_least[1]]) / axes.step) * axes.step

    def x(self, at_s: int) -> str:
        share = (at_s - self._axes.start_s) / (self._axes.end_s - self._axes.start_s)
        return f"{_LEFT + (_WIDTH - _LEFT - _RIGHT) * share:.1f}"

    def y(self, value: float) -> str:
        share = (value - self._low) / (self._high - self._low)
        return f"{_TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - share):.1f}"

    def shade(self) -> str:
        above = self._axes.above
        if above is None or self._high <= above:
            return ""
        bottom = self.y(max(above, self._low))
        height = f"{float(bottom) - _TOP:.1f}"
        return f'<rect class="chart__shade" x="{_LEFT}" y="{_TOP}" width="{_WIDTH - _LEFT - _RIGHT}" height="{height}"/>'

    def levels(self) -> list[str]:
        count = round((self._high - self._low) / self._axes.step)
        levels = [self._low + i * self._axes.step for i in range(count + 1)]
        return [
            f'<path class="chart__grid" d="M{_LEFT} {self.y(v)}H{_WIDTH - _RIGHT}"/>'
            f'<text class="chart__label" x="{_LEFT - 6}" y="{float(self.y(v)) + 4:.1f}" text-anchor="end">'
            f"{f'{v:g}'.replace('-', chr(0x2212))}</text>"
            for v in levels
        ]

    def times(self) -> list[str]:
        bottom = _HEIGHT - _BOTTOM
        return [
            f'<path class="chart__tick" d="M{self.x(at)} {bottom}v5"/>'
            f'<text class="chart__label" x="{self.x(at)}" y="{bottom + 18}" text-anchor="{self._anchor(at)}">{escape(label)}</text>'
            for at, label in self._axes.ticks
            if self._axes.start_s <= at <= self._axes.end_s
        ]

    def _anchor(self, at_s: int) -> str:
        """A label near the right edge ends there, or it would be cut."""
        return "end" if float(self.x(at_s)) > _WIDTH - 22 else "middle"

    def line(self) -> str:
        if not self._points:
            return ""
        path = "".join(
            f"{pen}{self.x(p.at_s)} {self.y(p.value)}" for run in self._runs() for pen, p in _pens(run)
        )
        last = self._points[-1]
        return (
            f'<path class="chart__line" d="{path}"/>'
            f'<circle class="chart__last" cx="{self.x(last.at_s)}" cy="{self.y(last.value)}" r="4"/>'
        )

    def band(self) -> str:
        """Return what lies between the lowest and the highest."""
        outlines = []
        for run in self._runs():
            edges = [(p.at_s, p.low, p.high) for p in run if p.low is not None and p.high is not None]
            there = [f"{self.x(at_s)} {self.y(high)}" for at_s, _, high in edges]
            back = [f"{self.x(at_s)} {self.y(low)}" for at_s, low, _ in reversed(edges)]
            if len(there) > 1:
                outlines.append(f"M{'L'.join([*there, *back])}Z")
        return f'<path class="chart__band" d="{"".join(outlines)}"/>' if outlines else ""

    def _runs(self) -> list[list[Point]]:
        runs: list[list[Point]] = []
        for p in self._points:
            if runs and p.at_s - runs[-1][-1].at_s <= self._axes.gap_s:
                runs[-1].append(p)
            else:
                runs.append([p])
        return runs


def _pens(run: Sequence[Point]) -> list[tuple[str, Point]]:
    return [("M" if i == 0 else "L", p) for i, p in enumerate(run)]
