"""One bin's days: as measured, on fixed days, and replayed as it was really emptied."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rules.core.bin_ledger.calendar import Calendar
from rules.core.bin_ledger.counterfactual import Replayed, heard, measured, replay, seconds_by_day
from rules.core.bin_ledger.demand import Demand, falls, reconstruct
from rules.core.bin_ledger.values import Emptied, Floats, Method, Trace

NINE_OF_TEN = 1.645
"""Standard deviations to each side within which nine of ten values of a normal distribution are."""
ROWS = ("visits", "wasted", "fill", "litres", "over_s", "full_s", "over_days")
"""Of each day: visits, wasted visits, sum of fills [%], litres, overflowing and full [s], whether it was an overflow day."""


@dataclass(frozen=True, slots=True)
class OneBin:
    """A bin.

    Attributes:
        bin_id, capacity_l, own, demand: its capacity [L], emptyings and demand.
        fell: falls of its level that no emptying explains.
        replays: by side; more than one where something of the demand was not seen: each may have been.
        sides: their means by side, arrays of shape (rows, days), see :data:`ROWS`.
        variance: of the rows' sums on fixed days, because what was not seen may have been otherwise.
    """

    bin_id: str
    capacity_l: float
    own: Sequence[Emptied]
    fell: Sequence[Emptied]
    demand: Demand
    replays: Mapping[str, tuple[Replayed, ...]]
    sides: Mapping[str, Floats]
    variance: Floats


def one_bin(
    trace: Trace, own: Sequence[Emptied], fixed_s: Floats, capacity_l: float, cal: Calendar, m: Method
) -> OneBin:
    """Return a bin, replayed in each way.

    Args:
        trace: its fills.
        own: its emptyings in order of time.
        fixed_s: when it would be emptied on fixed days [s since 1970].
        capacity_l: of it [L].
        cal: of the period.
        m: how it is reckoned.
    """
    fell = falls(trace, own, m)
    every = sorted((*own, *fell), key=lambda e: e.t_s)
    demand = reconstruct(trace, every, cal, m)
    replays = _fixed(trace.bin_id, demand, fixed_s, m)
    replays["checked"] = (replay(demand, *_times(every), m),)
    over, full = (measured(trace, every, limit, m) for limit in (m.overflow_pct, m.full_pct))
    replays["actual"] = (
        Replayed(_times(own)[0], np.array([e.before_pct for e in own]), _times(own)[1], over, full),
    )
    within = heard(trace, m)
    rows = {n: np.array([_row(r, within, capacity_l, cal, m) for r in some]) for n, some in replays.items()}
    variance = np.var(rows["fixed"].sum(axis=2), axis=0)
    means = {n: r.mean(axis=0) for n, r in rows.items()}
    return OneBin(trace.bin_id, capacity_l, own, fell, demand, replays, means, variance)


def _times(emptyings: Sequence[Emptied]) -> tuple[Floats, Floats]:
    """Return when each was [s since 1970], and what stayed in the bin [%]."""
    return np.array([e.t_s for e in emptyings]), np.array([e.after_pct for e in emptyings])


def _fixed(bin_id: str, demand: Demand, fixed_s: Floats, m: Method) -> dict[str, tuple[Replayed, ...]]:
    """Return the bin on fixed days, with what was not seen as it may have been, and with less and with more of it."""
    rng = np.random.default_rng(zlib.crc32(bin_id.encode()))
    drawn = [demand.imputed(rng) for _ in range(m.imputations)] if len(demand.hidden) else [demand.estimated]
    shares = {
        "fixed": 1.0,
        "less": max(0.0, 1.0 - NINE_OF_TEN * m.censored_sd),
        "more": 1.0 + NINE_OF_TEN * m.censored_sd,
    }
    return {
        name: tuple(
            replay(demand, fixed_s, np.full(len(fixed_s), demand.after_pct), m, sums=demand.seen + share * d)
            for d in drawn
        )
        for name, share in shares.items()
    }


def _row(r: Replayed, within: Floats, capacity_l: float, cal: Calendar, m: Method) -> Floats:
    """Return a replay's days, shape (rows, days)."""
    n = len(cal.days)
    day = np.searchsorted(cal.edges_s, r.at_s, side="right") - 1
    inside = (day >= 0) & (day < n)
    day, fill = day[inside], np.minimum(r.fill_pct[inside], 100.0)
    lifted = np.maximum(fill - r.after_pct[inside], 0.0) * capacity_l / 100.0
    counted = (np.ones(len(day)), (fill < m.wasted_pct).astype(np.float64), fill, lifted)
    over, full = (seconds_by_day(x, within, cal) for x in (r.over, r.full))
    return np.array(
        [*(np.bincount(day, c, n) for c in counted), over, full, over >= m.day_min * 60.0], dtype=np.float64
    )
