"""How fast bins fill: what a day adds, by bin and weekday, learnt as days go by; a bin that is new borrows from the others.

What a day adds is taken for a gamma process: its variance grows with its mean. Sums fade, so that a bin that has become
busier is known as such after some weeks. Days on which a bin was emptied, and days with a gap, say nothing of what was added.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from rules.core.psychrometrics import Floats

WEEK = 7


@dataclass(frozen=True, slots=True)
class IncrementParameters:
    """How what is added is learnt. Our own defaults; the benchmark says what they are worth on two cities' bins.

    Attributes:
        half_life_days: a day so long ago counts half.
        bin_days: a bin's mean is its own by half after so many days, else the fleet's.
        weekday_days: likewise a weekday's of a bin, else the bin's mean in the fleet's week.
        fleet_days: so many days' worth of ``first_pct`` are known before anything was measured.
        first_pct: what a day adds to a bin of which nothing is known [% of fill].
        first_spread_pct: variance over mean of what a day adds, before anything was measured [% of fill].
        least_pct: no bin is taken to fill by less in a day [% of fill].
    """

    half_life_days: float = 60.0
    bin_days: float = 15.0
    weekday_days: float = 8.0
    fleet_days: float = 50.0
    first_pct: float = 20.0
    first_spread_pct: float = 40.0
    least_pct: float = 0.5


class Increments(NamedTuple):
    """What days have added, faded sums; n bins.

    Attributes:
        added_pct, days: by bin and weekday of the day's end, n × 7.
        excess_pct2: squares of what a day added beyond what was expected, less what rounding makes of it; by bin.
        expected_pct: what those days were expected to add; by bin.
    """

    added_pct: Floats
    days: Floats
    excess_pct2: Floats
    expected_pct: Floats


def nothing_known(bins: int) -> Increments:
    """Return what is known of ``bins`` bins before their first reading."""
    return Increments(np.zeros((bins, WEEK)), np.zeros((bins, WEEK)), np.zeros(bins), np.zeros(bins))


def expected(known: Increments, weekday: int, p: IncrementParameters) -> tuple[Floats, float]:
    """Return what a day adds to each bin [% of fill], and the variance over the mean [% of fill], one for all bins.

    Args:
        known: what days have added.
        weekday: on which the day ends, 0 = Monday.
        p: how it is learnt.
    """
    fleet = _shrunk(known.added_pct.sum(), known.days.sum(), p.first_pct, p.fleet_days)
    by_weekday = _shrunk(known.added_pct.sum(axis=0), known.days.sum(axis=0), fleet, p.fleet_days)
    own = _shrunk(known.added_pct.sum(axis=1), known.days.sum(axis=1), fleet, p.bin_days)
    usual = own * (by_weekday[weekday] / max(fleet, p.least_pct))
    mean = _shrunk(known.added_pct[:, weekday], known.days[:, weekday], usual, p.weekday_days)
    weight = p.fleet_days * fleet
    spread = (known.excess_pct2.sum() + p.first_spread_pct * weight) / (known.expected_pct.sum() + weight)
    return np.maximum(mean, p.least_pct), max(float(spread), p.least_pct)


def usual(known: Increments, p: IncrementParameters) -> Floats:
    """Return what a day adds to each bin [% of fill] over all weekdays."""
    fleet = _shrunk(known.added_pct.sum(), known.days.sum(), p.first_pct, p.fleet_days)
    own = _shrunk(known.added_pct.sum(axis=1), known.days.sum(axis=1), fleet, p.bin_days)
    return np.maximum(own, p.least_pct)


def weekly(known: Increments, p: IncrementParameters) -> tuple[Floats, float]:
    """Return what each weekday adds to each bin [% of fill], n × 7, and the variance over the mean [% of fill]."""
    days = [expected(known, weekday, p) for weekday in range(WEEK)]
    return np.column_stack([mean for mean, _ in days]), days[0][1]


def learnt(
    known: Increments, weekday: int, added_pct: Floats, cell_pct: float, p: IncrementParameters
) -> Increments:
    """Return what is known after a day.

    Args:
        known: before.
        weekday: on which the day ended, 0 = Monday.
        added_pct: by bin [% of fill]; NaN where it is not known, or the bin was emptied.
        cell_pct: the step of the readings; two that are rounded down make a difference of variance cell²/6 on average.
        p: how it is learnt.
    """
    told = ~np.isnan(added_pct)
    off = np.where(told, added_pct - expected(known, weekday, p)[0], 0.0)
    due = np.where(told, expected(known, weekday, p)[0], 0.0)
    fade = 0.5 ** (1.0 / p.half_life_days)
    added, days = known.added_pct * fade, known.days * fade
    added[:, weekday] += np.where(told, added_pct, 0.0)
    days[:, weekday] += told
    excess = known.excess_pct2 * fade + np.where(told, off**2 - cell_pct**2 / 6.0, 0.0)
    return Increments(added, days, excess, known.expected_pct * fade + due)


def _shrunk(total: Floats, days: Floats, usual: Floats | float, usual_days: float) -> Floats:
    return np.asarray((total + usual_days * np.asarray(usual)) / (days + usual_days), dtype=np.float64)
