"""A policy replayed on a trace of demand: what is collected, how full it was, and how often bins overflow.

Each morning of a service day the policy sees the level and collects or not; then the day's demand comes on top. A bin
overflows on a day that ends above what it holds; it goes on doing so until it is collected.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rules.core.bin_forecast.demand import Demand, Steps
from rules.core.bin_forecast.increments import WEEK
from rules.core.psychrometrics import Floats

WASTED = 0.5
"""A collection of a bin that is less full is wasted."""
Table = NDArray[np.bool_]
"""Whether to collect, days × bins × states; the state is the level in steps, the last is overflowing."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a policy came to.

    Attributes:
        collections_bin_week: collections of a bin in a week.
        overflow_pct: share of bin-days that ended overflowing [%].
        fill_pct: mean fill at a collection [%], an overflowing bin counts as full.
        wasted_pct: share of collections of bins less than half full [%].
        overflow_by_bin: bin-days that ended overflowing, by bin.
        collections_by_bin: collections, by bin.
    """

    collections_bin_week: float
    overflow_pct: float
    fill_pct: float
    wasted_pct: float
    overflow_by_bin: Floats
    collections_by_bin: Floats


def replay(table: Table, demand: Demand, first: int, last: int) -> Outcome:
    """Return what the policy of a table comes to on the days ``first`` to ``last`` - 1, from empty bins; all draws together.

    Args:
        table: days × bins × states, its row 0 is day ``first``.
        demand: what is replayed on.
        first: day.
        last: day after the last.
    """
    draws, _, bins = demand.drawn.shape
    level: Steps = np.zeros((draws, bins), dtype=np.int64)
    found, over, taken = np.zeros(demand.full + 2), np.zeros(bins), np.zeros(bins)
    for t in range(first, last):
        state = np.minimum(level, demand.full + 1)
        take = table[t - first][np.arange(bins), state]
        found += np.bincount(state[take], minlength=demand.full + 2)
        taken += take.sum(axis=0)
        level = np.where(take, 0, level) + demand.drawn[:, t]
        over += (level > demand.full).sum(axis=0)
    bin_days = draws * bins * (last - first)
    fill = np.minimum(np.arange(demand.full + 2), demand.full) / demand.full
    lifts = max(float(found.sum()), 1.0)
    return Outcome(
        WEEK * float(found.sum()) / bin_days, 100.0 * float(over.sum()) / bin_days,
        100.0 * float(found @ fill) / lifts, 100.0 * float(found[fill < WASTED].sum()) / lifts, over, taken,
    )  # fmt: skip
