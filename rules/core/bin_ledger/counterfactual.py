"""The same demand under other emptyings, and what the sensor itself measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rules.core.bin_ledger.calendar import Calendar
from rules.core.bin_ledger.demand import Demand
from rules.core.bin_ledger.values import Emptied, Floats, Method, Trace


@dataclass(frozen=True, slots=True)
class Replayed:
    """A bin under some emptyings.

    Attributes:
        at_s: when it was emptied [s since 1970]; fill_pct: level then, above 100 where things lay beside it [%];
            after_pct: what stayed in it [%].
        over, full: times in which it overflowed, and was at its scale's end, shape (n, 2) [s since 1970].
    """

    at_s: Floats
    fill_pct: Floats
    after_pct: Floats
    over: Floats
    full: Floats


def replay(
    demand: Demand, at_s: Floats, after_pct: Floats, m: Method, *, sums: Floats | None = None
) -> Replayed:
    """Return what the demand does to a bin that is emptied at other times.

    Args:
        demand: of the bin.
        at_s: emptyings, rising [s since 1970]; those outside of the demand's time are left out.
        after_pct: what stays in it after each [%].
        m: how it is reckoned.
        sums: of what was thrown in, at the demand's times [points]; None: as the demand has them.
    """
    inside = (at_s > demand.t_s[0]) & (at_s <= demand.t_s[-1])
    times = np.concatenate([demand.t_s[:1], at_s[inside], demand.t_s[-1:]])
    sums = demand.total() if sums is None else sums
    at = np.interp(times, demand.t_s, sums)
    stays = np.append(demand.start_pct, after_pct[inside])
    # Who empties a bin leaves no more in it than there was: at each time the least of what stayed and what came since.
    begin = at[:-1] + np.minimum.accumulate(stays - at[:-1])
    levels = begin + np.diff(at)
    over, full = (_above(demand.t_s, sums, times, at, begin, limit) for limit in (m.overflow_pct, m.full_pct))
    return Replayed(times[1:-1], levels[:-1], begin[1:], over, full)


def _above(t_s: Floats, sums: Floats, times: Floats, at: Floats, begin: Floats, limit: float) -> Floats:
    """Return from when to when the level is at a limit or above it, cycle by cycle."""
    wanted = at[:-1] + limit - begin
    crossed = np.clip(_first_at(t_s, sums, wanted), times[:-1], times[1:])
    spans = np.stack([crossed, times[1:]], axis=1)
    return np.asarray(spans[spans[:, 1] > spans[:, 0]])


def _first_at(t_s: Floats, sums: Floats, wanted: Floats) -> Floats:
    """Return when sums that never fall first reach something [s since 1970]; infinity where they never do."""
    k = np.searchsorted(sums, wanted - 1e-9, side="left")
    inner = np.clip(k, 1, len(sums) - 1)
    low, high = sums[inner - 1], sums[inner]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        part = np.where(high > low, np.clip((wanted - low) / (high - low), 0.0, 1.0), 1.0)
    found = t_s[inner - 1] + part * (t_s[inner] - t_s[inner - 1])
    return np.where(k == 0, t_s[0], np.where(k >= len(sums), np.inf, found))


def measured(trace: Trace, emptyings: Sequence[Emptied], limit: float, m: Method) -> Floats:
    """Return from when to when the readings themselves were at a limit or above it, shape (n, 2) [s since 1970].

    Between two readings a straight line; up to an emptying the reading before holds. Gaps are left out.
    """
    t, f = trace.t_s, trace.fill_pct
    ends = np.array(sorted(e.t_s for e in emptyings))
    a, b = t[:-1], t[1:].copy()
    fa, fb = f[:-1], f[1:].copy()
    k = np.searchsorted(ends, a, side="right")
    split = np.zeros(len(a), dtype=np.bool_)
    if len(ends):
        split = (k < len(ends)) & (ends[np.minimum(k, len(ends) - 1)] <= b)
        b[split], fb[split] = ends[k[split]], fa[split]
    heard = np.diff(t) <= m.gap_s
    spans = _crossings(a[heard], b[heard], fa[heard], fb[heard], limit)
    return np.asarray(spans[spans[:, 1] > spans[:, 0]])


def _crossings(a: Floats, b: Floats, fa: Floats, fb: Floats, limit: float) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        at = a + np.clip((limit - fa) / (fb - fa), 0.0, 1.0) * (b - a)
    high_a, high_b = fa >= limit, fb >= limit
    begin = np.where(high_a, a, np.where(high_b, at, b))
    end = np.where(high_b, b, np.where(high_a, at, a))
    return np.stack([begin, end], axis=1)


def heard(trace: Trace, m: Method) -> Floats:
    """Return from when to when something is known of a bin, shape (n, 2) [s since 1970]."""
    gaps = np.flatnonzero(np.diff(trace.t_s) > m.gap_s)
    begin = np.append(trace.t_s[:1], trace.t_s[gaps + 1])
    end = np.append(trace.t_s[gaps], trace.t_s[-1:])
    return np.stack([begin, end], axis=1)


def seconds_by_day(spans: Floats, within: Floats, cal: Calendar) -> Floats:
    """Return how long of each day is in some spans and in others [s].

    Args:
        spans: that are counted, shape (n, 2).
        within: those in which they count, shape (k, 2), apart and rising.
        cal: of the period.
    """
    if not len(spans) or not len(within):
        return np.zeros(len(cal.days))
    knots = within.ravel()
    inside = np.concatenate(
        [[0.0], np.cumsum(np.where(np.arange(len(knots) - 1) % 2 == 0, np.diff(knots), 0.0))]
    )
    edges = np.clip(cal.edges_s[None, :], spans[:, :1], spans[:, 1:])
    return np.asarray(np.diff(np.interp(edges, knots, inside), axis=1).sum(axis=0))


def known_days(trace: Trace, m: Method, cal: Calendar) -> NDArray[np.bool_]:
    """Return which days enough is known of."""
    spans = heard(trace, m)
    return np.asarray(seconds_by_day(spans, spans, cal) >= m.known_share * np.diff(cal.edges_s))
