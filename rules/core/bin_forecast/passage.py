"""How many days until a bin is full: the first passage of a gamma process, meaned over the cell that the reading is rounded to.

A process that only grows has passed a level by day k exactly if the sum of k days is above it; the sum of gamma amounts of
one scale is a gamma amount, so the chance is closed (Abdel-Hameed 1975). What is watched may end before: a bin that is
emptied at half is never seen full. Of the bins that are seen full, those that take long are the fewer; ``seen_first`` weighs
each day by the chance that nothing has ended the cycle by then (competing risks, cause-specific).
"""

from __future__ import annotations

import numpy as np
from scipy.special import gammaincc

from rules.core.psychrometrics import Floats

NODES, WEIGHTS = np.polynomial.legendre.leggauss(4)
PLACES, SHARES = (NODES + 1.0) / 2.0, WEIGHTS / 2.0


def passed(
    fill_pct: Floats, cell_pct: float, level_pct: float, mean_pct: Floats, spread_pct: Floats
) -> Floats:
    """Return the chance that the level is reached by the end of each day, n × days, rising along the days.

    Args:
        fill_pct: as read, the lower end of its cell [% of fill], n.
        cell_pct: the step of the reading; 0 = it is exact.
        level_pct: that is to be reached.
        mean_pct: what each coming day adds, n × days, above 0.
        spread_pct: variance over mean of what a day adds, n.
    """
    shape = np.cumsum(mean_pct, axis=1) / spread_pct[:, None]
    found = np.zeros_like(shape)
    for place, share in zip(PLACES, SHARES, strict=True):
        missing = np.maximum(level_pct - fill_pct - cell_pct * place, 0.0) / spread_pct
        found += share * gammaincc(shape, missing[:, None])
    return np.clip(found, 0.0, 1.0)


def seen_first(by_day: Floats, end_chance: Floats) -> Floats:
    """Return the chance by each day of those bins that are full before their cycle ends otherwise; n × days, up to 1.

    Args:
        by_day: chance that the level is reached by each day, n × days; what is left after the last day falls on it.
        end_chance: that a day ends the cycle before it is full, n.
    """
    first = np.diff(by_day, axis=1, prepend=0.0)
    first[:, -1] += 1.0 - by_day[:, -1]
    kept = first * (1.0 - end_chance[:, None]) ** np.arange(by_day.shape[1])
    return np.asarray(
        np.cumsum(kept, axis=1) / np.maximum(kept.sum(axis=1), 1e-300)[:, None], dtype=np.float64
    )


def quantile_days(by_day: Floats, share: float = 0.5) -> Floats:
    """Return the first day by which the chance is ``share`` or more, as whole days from 1; the last day where it is none."""
    return np.asarray(np.minimum((by_day < share).sum(axis=1) + 1, by_day.shape[1]), dtype=np.float64)


def between_days(by_day: Floats, share: float = 0.5) -> Floats:
    """Return the same without rounding up: the place between two days where a straight line has ``share``; above 0."""
    rows, at = np.arange(len(by_day)), quantile_days(by_day, share).astype(np.int64) - 1
    high = by_day[rows, at]
    low = np.where(at > 0, by_day[rows, np.maximum(at - 1, 0)], 0.0)
    within = np.clip((share - low) / np.maximum(high - low, 1e-12), 0.05, 1.0)
    return np.asarray(at + within, dtype=np.float64)
