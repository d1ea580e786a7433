"""How long a bin takes to fill, learnt from emptyings alone: each says when it was and how full the bin was.

A bin's pace is the fill found at an emptying divided by the hours since the one before. The logarithm of the pace is
smoothed with a half-life counted in emptyings: paces are skewed, and one emptying after an hour's wait is not to rule.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from rules.core.psychrometrics import Floats

LEAST_FILL_PCT = 5.0
"""A fill below is taken for so much where a pace is made of it: nothing collected is no pace of none."""


@dataclass(frozen=True, slots=True)
class Intervals:
    """From one emptying of a bin to the next; one entry each, in order of their ends.

    Attributes:
        bin: number of the bin.
        end_h: when it ended, hours since any moment.
        hours: how long it was, above 0.
        fill_pct: found at its end.
    """

    bin: NDArray[np.int64]
    end_h: Floats
    hours: Floats
    fill_pct: Floats


@dataclass(frozen=True, slots=True)
class Paces:
    """What was known of each interval's bin before the interval ended: nothing of its own end is in it.

    Attributes:
        earlier: intervals of the bin before.
        usual_hours: their median.
        pace_pct_h: smoothed pace [% of fill per hour].
        smoothed_pct_h: the same without logarithms: the plain moving average.
        mass_pct_h: what was found by the hours, sums that fade, drawn to the fleet's: short waits count for little.
        over: share of them that ended at 100 % or more, drawn to the fleet's by a few.
        mean_fill_pct: mean fill at their ends, drawn likewise.
    """

    earlier: NDArray[np.int64]
    usual_hours: Floats
    pace_pct_h: Floats
    smoothed_pct_h: Floats
    mass_pct_h: Floats
    over: Floats
    mean_fill_pct: Floats


@dataclass(frozen=True, slots=True)
class PaceParameters:
    """How paces are learnt.

    Attributes:
        half_life: emptyings after which one counts half, of the logarithm.
        plain_half_life: likewise of the plain moving average.
        half_life_sums: likewise of the sums behind ``mass_pct_h``.
        fleet_half_life: likewise of the fleet's.
        prior_h: the fleet's pace counts as so many hours of a bin's own.
        first_pace_pct_h: pace before anything was seen [% of fill per hour].
        own: a bin's share and mean are its own by half after so many emptyings.
        full_pct: from this fill on a bin counts as overfull.
        first_over: share of overfull ends and their mean fill before anything was seen.
        first_fill_pct: likewise.
    """

    half_life: float = 3.0
    plain_half_life: float = 5.0
    half_life_sums: float = 5.0
    fleet_half_life: float = 700.0
    prior_h: float = 24.0
    first_pace_pct_h: float = 1.7
    own: float = 5.0
    full_pct: float = 100.0
    first_over: float = 0.1
    first_fill_pct: float = 75.0


def intervals(bin_: NDArray[np.int64], at_h: Floats, fill_pct: Floats) -> Intervals:
    """Return the intervals between emptyings of each bin; two at one moment make none.

    Args:
        bin_: number of each emptying's bin.
        at_h: when it was [h].
        fill_pct: found.
    """
    order = np.lexsort((at_h, bin_))
    of, when, fill = bin_[order], at_h[order], fill_pct[order]
    hours = np.diff(when)
    keep = np.flatnonzero((np.diff(of) == 0) & (hours > 0.0))
    found = Intervals(of[keep + 1], when[keep + 1], hours[keep], fill[keep + 1])
    by_end = np.argsort(found.end_h, kind="stable")
    return Intervals(found.bin[by_end], found.end_h[by_end], found.hours[by_end], found.fill_pct[by_end])


def paces(seen: Intervals, p: PaceParameters) -> Paces:
    """Return for every interval what was known before it ended."""
    bins = [_Bin() for _ in range(int(seen.bin.max(initial=-1)) + 1)]
    fleet = _Bin(count=p.own, over=p.first_over * p.own, filled=p.first_fill_pct * p.own)
    fleet.sum_pct, fleet.sum_h = p.first_pace_pct_h * p.prior_h, p.prior_h
    told = np.full((7, len(seen.bin)), np.nan)
    for i, (b, hours, fill) in enumerate(
        zip(seen.bin.tolist(), seen.hours.tolist(), seen.fill_pct.tolist(), strict=True)
    ):
        told[:, i] = bins[b].told(fleet, p)
        bins[b].learn(hours, fill, p, p.half_life_sums)
        fleet.learn(hours, fill, p, p.fleet_half_life)
    return Paces(told[0].astype(np.int64), *told[1:])


@dataclass(slots=True)
class _Bin:
    """What is known of a bin, or of all."""

    count: float = 0.0
    over: float = 0.0
    filled: float = 0.0
    sum_pct: float = 0.0
    sum_h: float = 0.0
    log: float = np.nan
    plain: float = np.nan
    hours: list[float] = field(default_factory=list)

    def told(self, fleet: _Bin, p: PaceParameters) -> tuple[float, ...]:
        """Return the fields of ``Paces``."""
        pace = (self.sum_pct + p.prior_h * fleet.sum_pct / fleet.sum_h) / (self.sum_h + p.prior_h)
        over = (self.over + p.own * fleet.over / fleet.count) / (self.count + p.own)
        filled = (self.filled + p.own * fleet.filled / fleet.count) / (self.count + p.own)
        usual = statistics.median(self.hours) if self.hours else np.nan
        return (self.count, usual, float(np.exp(self.log)), self.plain, pace, over, filled)

    def learn(self, hours: float, fill_pct: float, p: PaceParameters, half_life: float) -> None:
        """Add an interval; ``half_life`` is that of the sums that make a pace."""
        self.log = _moved(self.log, math.log(max(fill_pct, LEAST_FILL_PCT) / hours), p.half_life)
        self.plain = _moved(self.plain, fill_pct / hours, p.plain_half_life)
        fade = 0.5 ** (1.0 / half_life)
        self.sum_pct, self.sum_h = self.sum_pct * fade + fill_pct, self.sum_h * fade + hours
        self.over += float(fill_pct >= p.full_pct)
        self.filled += fill_pct
        self.count += 1.0
        self.hours.append(hours)


def _moved(mean: float, value: float, half_life: float) -> float:
    return value if math.isnan(mean) else mean + (1.0 - 0.5 ** (1.0 / half_life)) * (value - mean)
