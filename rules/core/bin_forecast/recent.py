"""What a bin's last days say beside its habits: how busy it has been of late, how long ago it was emptied, how long it has stood still.

A bin's habits fade over weeks; the last ten days may be another story (a closed shop, a sunny week). These few figures go
into the regressions that put a forecast right, and are known before the day that is told of.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rules.core.psychrometrics import Floats

QUICK = 0.1
"""A new day's share in the quick mean of what days add: half of it is of the last seven days or so."""
EMPTIED_PCT = 60.0
"""A fall by so much is an emptying: smaller ones are mostly settling and rounding."""
FIRST_AGE_DAYS = 7.0
"""Taken for the age of a bin that was never seen emptied."""
SLACK_PCT = 3.0
"""Added to means before their ratio is taken, so that bins with next to nothing do not rule."""


class Recent(NamedTuple):
    """By bin: quick mean of what days add [% of fill], NaN = none yet; days since it was emptied; days at the same level."""

    quick_pct: Floats
    age_days: Floats
    still_days: Floats


def nothing_seen(bins: int) -> Recent:
    """Return what is known of ``bins`` bins before their first reading."""
    return Recent(np.full(bins, np.nan), np.full(bins, FIRST_AGE_DAYS), np.zeros(bins))


def seen(recent: Recent, before_pct: Floats, after_pct: Floats, added_pct: Floats) -> Recent:
    """Return what is known after a day.

    Args:
        recent: before.
        before_pct: readings of the day before, NaN = none.
        after_pct: readings of the day.
        added_pct: what the day added, NaN where that is not known.
    """
    moved = recent.quick_pct + QUICK * (added_pct - recent.quick_pct)
    quick = np.where(np.isnan(recent.quick_pct), added_pct, moved)
    emptied = before_pct - after_pct >= EMPTIED_PCT
    return Recent(
        quick_pct=np.where(np.isnan(added_pct), recent.quick_pct, quick),
        age_days=np.where(emptied, 0.0, recent.age_days + 1.0),
        still_days=np.where(before_pct == after_pct, recent.still_days + 1.0, 0.0),
    )


def features(recent: Recent, bins: NDArray[np.int64], fill_pct: Floats, usual_pct: Floats) -> Floats:
    """Return for the ``bins`` asked: level, busier than usual, age, standing still, usual pace; n × 5.

    Args:
        recent: what is known.
        bins: the columns asked of.
        fill_pct: their readings.
        usual_pct: what a day adds to them by habit, all weekdays.
    """
    quick = recent.quick_pct[bins]
    busier = np.log((quick + SLACK_PCT) / (usual_pct + SLACK_PCT))
    return np.column_stack([
        fill_pct / 100.0,
        np.where(np.isnan(quick), 0.0, busier),
        np.log1p(recent.age_days[bins]),
        np.log1p(recent.still_days[bins]),
        np.log(usual_pct + 1.0),
    ])  # fmt: skip
