"""What a forecast of the time until a bin is full has to beat: intervals between fillings less the age, and what is missing by the pace.

All know the readings before ``until_day`` only, and go on learning nothing.
"""

from __future__ import annotations

import numpy as np

from rules.core.bin_forecast.cycles import Origins
from rules.core.bin_forecast.next_day import Daily
from rules.core.psychrometrics import Floats

LEAST_DAYS = 1.0
"""A bin that is not full today is full tomorrow at the earliest."""
LEAST_PACE_PCT = 0.5
"""No bin is taken to fill by less in a day [% of fill]."""


def simple_ways(daily: Daily, asked: Origins, until_day: int, full_pct: float) -> dict[str, Floats]:
    """Return for every origin the days that each simple way tells."""
    fill = daily.fill_pct[asked.day, asked.bin]
    by_bin, of_all = _intervals(asked, until_day, daily.fill_pct.shape[1])
    pace = _pace(daily.fill_pct[:until_day], full_pct)[asked.bin]
    past = (asked.day + np.where(np.isnan(asked.days), np.inf, asked.days)) < until_day
    return {
        "usual days of all bins": _told(np.full(len(fill), float(np.median(asked.days[past])))),
        "usual interval of all bins less the age": _told(of_all - asked.age_days),
        "the bin's usual interval less its age": _told(by_bin[asked.bin] - asked.age_days),
        "by the level per day since it was emptied": _told(_by_line(fill, asked.age_days, full_pct)),
        "by the bin's mean pace": _told((full_pct - fill) / pace),
        "by the bin's mean pace, from the middle of the cell": _told(
            (full_pct - fill - daily.cell_pct / 2.0) / pace
        ),
    }


def _told(days: Floats) -> Floats:
    return np.asarray(np.maximum(days, LEAST_DAYS), dtype=np.float64)


def _by_line(fill_pct: Floats, age_days: Floats, full_pct: float) -> Floats:
    """Return what is missing divided by the level per day; an empty bin is taken for one at 5 %, a new cycle for a day old."""
    return (full_pct - fill_pct) * np.maximum(age_days, 1.0) / np.maximum(fill_pct, 5.0)


def _intervals(asked: Origins, until_day: int, bins: int) -> tuple[Floats, float]:
    """Return the median days from a cycle's begin until full, by bin and of all; one for each cycle that was full by then."""
    came = ~np.isnan(asked.days)
    full_on = asked.day + np.where(came, asked.days, np.inf)
    whole = asked.age_days + asked.days
    past = full_on < until_day
    cycles = np.unique(np.column_stack([asked.bin[past], full_on[past], whole[past]]), axis=0)
    of_all = float(np.median(cycles[:, 2]))
    own = [cycles[cycles[:, 0] == b, 2] for b in range(bins)]
    return np.array([float(np.median(days)) if len(days) else of_all for days in own]), of_all


def _pace(fill_pct: Floats, full_pct: float) -> Floats:
    """Return what a day adds to each bin on average, of days that begin below full and on which it did not fall."""
    before, after = fill_pct[:-1], fill_pct[1:]
    counts = (before < full_pct) & (after >= before)
    added = np.where(counts, after - before, 0.0).sum(axis=0)
    of_all = added.sum() / max(int(counts.sum()), 1)
    own = np.where(counts.any(axis=0), added / np.maximum(counts.sum(axis=0), 1), of_all)
    return np.asarray(np.maximum(own, LEAST_PACE_PCT), dtype=np.float64)
