"""Means over hours, days, months and nights, with how much each rests on; gaps stay gaps.

Times are seconds since 1970 in UTC; ``offset_s`` moves the borders of days to local time. Sun and cold
follow the sun, not the clock: a fixed offset (0 for the UK) is right for walls, summer time is not.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rules.core.psychrometrics import Floats
from rules.core.psychrometrics.shape import array

Keys = NDArray[np.int64]

HOUR_S, DAY_S = 3600.0, 86_400.0


def grouped(keys: Keys, values: Floats) -> tuple[Keys, Floats, Floats]:
    """Return the distinct keys in order, the mean of the known values of each, and how many are known.

    Args:
        keys: of each value; values of one key need not be neighbours.
        values: NaN where unknown.
    """
    distinct, at = np.unique(keys, return_inverse=True)
    known = ~np.isnan(values)
    counts = np.bincount(at[known], minlength=distinct.size).astype(np.float64)
    sums = np.bincount(at[known], weights=values[known], minlength=distinct.size)
    means = np.divide(sums, counts, out=np.full(distinct.size, np.nan), where=counts > 0)
    return distinct, means, counts


def hourly(time_s: Floats, values: Floats) -> tuple[Floats, Floats]:
    """Return the start of every hour from the first to the last [s] and its mean; NaN where nothing is known.

    Args:
        time_s: of each reading [s].
        values: NaN where unknown.
    """
    if time_s.size == 0:
        return np.empty(0), np.empty(0)
    hours, means, _ = grouped(np.floor(time_s / HOUR_S).astype(np.int64), values)
    every = np.arange(hours[0], hours[-1] + 1)
    found = np.full(every.size, np.nan)
    found[hours - hours[0]] = means
    return array(every * HOUR_S), found


def daily(
    time_s: Floats, values: Floats, min_hours: float = 18.0, offset_s: float = 0.0
) -> tuple[Floats, Floats]:
    """Return the start of each day [s, UTC] and its mean; NaN where fewer than ``min_hours`` hours are known.

    An hour with many readings counts no more than one with few.

    Args:
        time_s: of each reading [s].
        values: NaN where unknown.
        min_hours: a day must have.
        offset_s: of local time, to the east positive.
    """
    starts_s, means = hourly(time_s, values)
    days, found, hours = grouped(np.floor((starts_s + offset_s) / DAY_S).astype(np.int64), means)
    return array(days * DAY_S - offset_s), np.where(hours >= min_hours, found, np.nan)


def monthly(
    time_s: Floats, values: Floats, min_share: float = 0.75, offset_s: float = 0.0
) -> tuple[list[str], Floats]:
    """Return months as ``2026-01`` and their means; NaN where less than ``min_share`` of the hours is known.

    Args:
        time_s: of each reading [s].
        values: NaN where unknown.
        min_share: of a whole month's hours, 0..1.
        offset_s: of local time, to the east positive.
    """
    starts_s, means = hourly(time_s, values)
    at = (starts_s + offset_s).astype("datetime64[s]").astype("datetime64[M]")
    months, found, hours = grouped(at.astype(np.int64), means)
    first = months.astype("datetime64[M]")
    lasts = (first + 1).astype("datetime64[D]") - first.astype("datetime64[D]")
    whole = lasts.astype(np.float64) * 24.0
    return [str(m) for m in first], np.where(hours >= min_share * whole, found, np.nan)
