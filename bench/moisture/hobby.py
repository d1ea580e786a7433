"""The baseline: what hobby projects do. Humid when RH > 68 %, or 7 points above the day's median."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from firmware_sim.world.psychro import Floats

LIMIT_PCT, RISE_PCT = 68.0, 7.0
DAY = 288
LONGEST = 12
"""A run of the rule counts as an event of at most an hour: where it always holds it has found one thing."""


def above(humidity_pct: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Return where the rule holds; ``humidity_pct`` every five minutes, the median over the 24 h before."""
    padded = np.concatenate([np.full(DAY - 1, np.nan), humidity_pct])
    median = np.nanmedian(sliding_window_view(padded, DAY), axis=1)
    return np.asarray((humidity_pct > LIMIT_PCT) | (humidity_pct > median + RISE_PCT))


def events(at_s: Floats, humidity_pct: Floats) -> list[tuple[float, float, str]]:
    """Return what the rule finds, as (start, peak within the first hour, activity: always a shower)."""
    on = np.concatenate([[False], above(humidity_pct), [False]])
    edges = np.flatnonzero(on[1:] != on[:-1])
    found = []
    for first, end in zip(edges[::2], edges[1::2], strict=True):
        peak = first + int(np.argmax(humidity_pct[first : min(end, first + LONGEST)]))
        found.append((float(at_s[first]), float(at_s[peak]), "shower"))
    return found
