"""What would be expected of a bin that is new: all that is known of the others, and a few days of its own. It shows what borrowing is worth.

Each bin is taken out of the fleet in turn (leave one out) and given back its own last days only.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rules.core.bin_forecast.increments import WEEK, IncrementParameters, Increments
from rules.core.psychrometrics import Floats


class Expected(NamedTuple):
    """What each weekday adds to each bin, n × 7 [% of fill], and the variance over the mean, n [% of fill]."""

    mean_pct: Floats
    spread_pct: Floats


def own_days(added_pct: Floats, last_weekday: int, p: IncrementParameters) -> tuple[Floats, Floats]:
    """Return sums and days by bin and weekday, n × 7 each, of what the last days added.

    Args:
        added_pct: days × n, the last row the newest; NaN where it is not known.
        last_weekday: of the last row.
        p: how sums fade.
    """
    bins = added_pct.shape[1]
    added, days = np.zeros((bins, WEEK)), np.zeros((bins, WEEK))
    for ago, row in enumerate(added_pct[::-1]):
        weight, weekday = 0.5 ** (ago / p.half_life_days), (last_weekday - ago) % WEEK
        added[:, weekday] += weight * np.nan_to_num(row)
        days[:, weekday] += weight * ~np.isnan(row)
    return added, days


def as_new(known: Increments, own_added: Floats, own_count: Floats, p: IncrementParameters) -> Expected:
    """Return what is expected of each bin from the others' sums and its own few days.

    Args:
        known: of all bins.
        own_added: by bin and weekday, n × 7 [% of fill].
        own_count: days behind it.
        p: how bins borrow.
    """
    added, days = known.added_pct.sum(axis=0) - known.added_pct, known.days.sum(axis=0) - known.days
    fleet = (added.sum(axis=1) + p.first_pct * p.fleet_days) / (days.sum(axis=1) + p.fleet_days)
    by_weekday = (added + p.fleet_days * fleet[:, None]) / (days + p.fleet_days)
    own = (own_added.sum(axis=1) + p.bin_days * fleet) / (own_count.sum(axis=1) + p.bin_days)
    usual = (own / np.maximum(fleet, p.least_pct))[:, None] * by_weekday
    mean = (own_added + p.weekday_days * usual) / (own_count + p.weekday_days)
    weight = p.fleet_days * fleet
    excess, due = (s.sum() - s for s in (known.excess_pct2, known.expected_pct))
    spread = (excess + p.first_spread_pct * weight) / (due + weight)
    return Expected(np.maximum(mean, p.least_pct), np.maximum(spread, p.least_pct))
