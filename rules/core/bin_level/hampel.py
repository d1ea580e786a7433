"""Which reading is odd among the last ones: median and median deviation (Hampel)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rules.core.bin_level.state import Point

WINDOW = 7
LEAST = 5
AS_SD = 1.4826
"""A median deviation times this is a standard deviation of normal noise."""


def median(values: Iterable[float]) -> float:
    """Return the median of a few values, at least one; as ``statistics.median``, without its checks."""
    found = sorted(values)
    half, odd = divmod(len(found), 2)
    return found[half] if odd else (found[half - 1] + found[half]) / 2


def is_odd(recent: Sequence[Point], fill: float, deviations: float, floor_pct: float) -> bool:
    """Whether a fill is far from the median of the last seven, itself one of them [%]; of fewer than five nothing is said."""
    values = [f for _, f in recent[1 - WINDOW :]]
    values.append(fill)
    if len(values) < LEAST:
        return False
    middle = median(values)
    off = abs(fill - middle)
    return off > floor_pct and off > deviations * AS_SD * median([abs(v - middle) for v in values])
