"""Times and loads of the search: whole tenths, rounded so that what is promised is never too little."""

from __future__ import annotations

import math

NEVER = (1 << 28) - 1
"""A time [0.1 s] that is never reached: no limit."""

_EPSILON = 1e-6


def tenths(value: float) -> int:
    """Return seconds as tenths of a second, or kilograms as tenths, rounded up."""
    return math.ceil(value * 10.0 - _EPSILON)


def tenths_down(value: float) -> int:
    """Return a limit in tenths, rounded down; none is NEVER."""
    return NEVER if value * 10.0 >= NEVER else math.floor(value * 10.0 + _EPSILON)
