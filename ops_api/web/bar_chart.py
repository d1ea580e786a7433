"""Bars of days or months, as geometry for an SVG: a value with its band, or nothing known. Pure arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ops_api.web.chart import Tick

LEFT, RIGHT, TOP, BOTTOM = 30, 6, 8, 22
FILLED = 0.72
"""Share of a bar's place that is filled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """What a bar is of; ``value`` None: not known.

    Attributes:
        name: for those who point at it.
        label: under the axis; most are empty.
        low, high: the band of the value.
        tone: low, raised or high.
    """

    name: str
    label: str
    value: float | None
    low: float = 0.0
    high: float = 0.0
    tone: str = "low"


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar [px]; ``range_top`` to ``range_bottom``: its band, at ``middle``. Not known: height 0 and ``known`` False."""

    x: float
    width: float
    top: float
    height: float
    middle: float
    range_top: float
    range_bottom: float
    known: bool
    tone: str
    name: str


@dataclass(frozen=True, slots=True)
class Bars:
    """Everything a template needs; lengths in px of the view box."""

    width: int
    height: int
    left: int
    bottom: int
    bars: tuple[Bar, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]


def draw(values: Sequence[Value], *, most: float, step: float, width: int = 400, height: int = 170) -> Bars:
    """Return bars from 0 to ``most``, with a line each ``step``."""
    inner_w, inner_h = width - LEFT - RIGHT, height - TOP - BOTTOM
    place = inner_w / max(len(values), 1)

    def y(value: float) -> float:
        return round(TOP + inner_h * (1.0 - min(max(value, 0.0), most) / most), 1)

    bars, ticks = [], []
    for i, v in enumerate(values):
        x = LEFT + place * (i + (1.0 - FILLED) / 2.0)
        middle = round(LEFT + place * (i + 0.5), 1)
        top = y(v.value or 0.0)
        bars.append(
            Bar(
                x=round(x, 1),
                width=round(place * FILLED, 1),
                top=top,
                height=round(height - BOTTOM - top, 1),
                middle=middle,
                range_top=y(v.high),
                range_bottom=y(v.low),
                known=v.value is not None,
                tone=v.tone,
                name=v.name,
            )
        )
        if v.label:
            ticks.append(Tick(middle, v.label))
    levels = [i * step for i in range(round(most / step) + 1)]
    return Bars(
        width,
        height,
        LEFT,
        height - BOTTOM,
        tuple(bars),
        tuple(ticks),
        tuple(Tick(y(v), f"{v:g}") for v in levels),
    )
