"""What was thrown in over time, from filtered fills and emptyings.

Between two emptyings the level rises by what is thrown in, less what settles; noise must not be counted as rises. So what a
cycle gained is told by its two ends alone, each from several readings, and *when* it came by a rising curve through all of them
(isotonic regression), drawn to those ends. What noise or settling takes below zero is taken from the next cycle.

While a bin is at the end of its scale, or nothing is heard before an emptying, what came is not seen: it is estimated from the
bin's own hours of the week, and kept apart. What fills a bin does not stop at its rim: as it fills, half of what varies is beyond
it (the mean excess of a renewal process: variance over mean, halved).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rules.core.bin_ledger.calendar import WEEK_H, Calendar, hours_of_week
from rules.core.bin_ledger.values import HOUR_S, Emptied, Floats, Method, Trace

PRIOR_H = 4.0
"""An hour of the week counts for itself as much as what it borrows when it was seen so many hours."""
PRIOR_DAY_H = 24.0
"""A weekday likewise."""
FULL_N = 3
"""A bin is at the end of its scale when so many readings say so: one may be noise."""
FALL_N = 3
"""Readings before and after a fall whose medians tell it."""
LEAST_DISPERSION = 0.1
"""Variance over mean below which nothing is told apart from even [points]."""
DISPERSION_H = 6
"""Hours over which it is told how irregularly things are thrown in."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What was thrown into a bin, in points of its fill, summed up from the trace's begin.

    Attributes:
        t_s: times, rising [s since 1970].
        seen, estimated: sums up to then, neither falling [points].
        start_pct: level at the first time.
        after_pct: what usually stays in it after an emptying.
        hidden: times in which it is estimated, shape (n, 2) [s since 1970].
        dispersion: variance over mean of what six hours bring [points].
    """

    t_s: Floats
    seen: Floats
    estimated: Floats
    start_pct: float
    after_pct: float
    hidden: Floats
    dispersion: float

    def total(self) -> Floats:
        """Return the sums."""
        return np.asarray(self.seen + self.estimated)

    def imputed(self, rng: np.random.Generator) -> Floats:
        """Return the sums of what is estimated as it may have come: by the hour gamma-distributed, as irregular as what is seen.

        The mean alone would make overflow too rare: bins overflow when more comes than usual.
        """
        more = np.diff(self.estimated)
        came = np.zeros(len(more))
        came[more > 0.0] = rng.gamma(more[more > 0.0] / self.dispersion, self.dispersion)
        return np.append(0.0, np.cumsum(came))


@dataclass(frozen=True, slots=True)
class _Cycle:
    """A time between emptyings: its knots, the level's rise over them, and from when on nothing is seen."""

    from_s: float
    to_s: float
    t_s: Floats
    rise: Floats
    hidden_s: float | None
    full: bool = False


def falls(trace: Trace, emptyings: Sequence[Emptied], m: Method) -> tuple[Emptied, ...]:
    """Return falls of the level that no emptying explains: compaction, a part taken out, or an emptying that was not detected.

    What came before such a fall was thrown in all the same. They are no collections.
    """
    f, t = trace.fill_pct, trace.t_s
    if len(f) < 2 * FALL_N:
        return ()
    middles = np.median(np.lib.stride_tricks.sliding_window_view(f, FALL_N), axis=1)
    drop = middles[:-FALL_N] - middles[FALL_N:]  # of the readings before k + FALL_N and from it on
    found = list[Emptied]()
    done = np.array([e.t_s for e in emptyings])
    for k in np.flatnonzero(
        (drop >= m.fall_pct) & (f[FALL_N - 1 : -FALL_N] - f[FALL_N : len(f) - FALL_N + 1] >= m.fall_pct / 2.0)
    ):
        at = float(t[k + FALL_N])
        near = np.abs(done - at) <= m.end_s if len(done) else np.zeros(1, dtype=np.bool_)
        if near.any() or (found and at - found[-1].t_s <= m.end_s):
            continue
        found.append(
            Emptied(bin_id=trace.bin_id, t_s=at, before_pct=float(middles[k]), after_pct=float(middles[k + FALL_N]),
                confidence=0.0, evidence=("fall",))
        )  # fmt: skip
    return tuple(found)


def reconstruct(trace: Trace, emptyings: Sequence[Emptied], cal: Calendar, m: Method) -> Demand:
    """Return the demand of a bin with at least two readings.

    Args:
        trace: its fills.
        emptyings: its own.
        cal: of the town.
        m: how it is reckoned.
    """
    inside = sorted((e for e in emptyings if trace.t_s[0] < e.t_s <= trace.t_s[-1]), key=lambda e: e.t_s)
    cycles, owed = list[_Cycle](), 0.0
    start_pct = _edge(trace.t_s, trace.fill_pct, float(trace.t_s[0]), m)
    bounds = [float(trace.t_s[0]), *(e.t_s for e in inside), float(trace.t_s[-1])]
    levels = [start_pct, *(e.after_pct for e in inside)]
    for k, level in enumerate(levels):
        cycle, owed = _cycle(trace, (bounds[k], bounds[k + 1]), level, k < len(inside), owed, m)
        cycles.append(cycle)
    t_s, seen = _joined(cycles)
    hidden = np.array([(c.hidden_s, c.to_s) for c in cycles if c.hidden_s is not None]).reshape(-1, 2)
    rates, starts_s, dispersion = _rates(t_s, seen, hidden, cal)
    beyond = np.array([dispersion / 2.0 * c.full for c in cycles if c.hidden_s is not None])
    t_s, seen, estimated = _estimated(t_s, seen, hidden, beyond, rates, starts_s)
    stays = [e.after_pct for e in inside if e.confidence > 0.0]
    after = float(np.median(stays)) if stays else min(start_pct, 5.0)
    return Demand(t_s, seen, estimated, start_pct, after, hidden, dispersion)


def _cycle(
    trace: Trace, span: tuple[float, float], level: float, ends: bool, owed: float, m: Method
) -> tuple[_Cycle, float]:
    """Return a cycle, and what it owes the next one (at most 0)."""
    from scipy.optimize import isotonic_regression  # slow to import, and services seldom come here

    low = int(np.searchsorted(trace.t_s, span[0], side="left"))
    high = int(np.searchsorted(trace.t_s, span[1], side="left" if ends else "right"))
    t, f = trace.t_s[low:high], trace.fill_pct[low:high]
    if len(t) == 0:
        return _Cycle(
            *span, np.array(span), np.zeros(2), span[0] if span[1] - span[0] > m.gap_s else None
        ), owed
    curve = np.asarray(isotonic_regression(f).x)
    full = np.flatnonzero(curve >= m.full_pct)
    hidden_s: float | None
    if len(full) >= FULL_N:
        hidden_s, last = float(t[full[0]]), 100.0
        t, curve = t[: full[0] + 1], curve[: full[0] + 1]
    else:
        last = _edge(t, f, float(t[-1]), m)
        hidden_s = float(t[-1]) if ends and span[1] - float(t[-1]) > m.gap_s else None
    rise, left = max(0.0, last - level + owed), min(0.0, last - level + owed)
    if t[0] > span[0]:
        t, curve = np.insert(t, 0, span[0]), np.insert(curve, 0, min(level, float(curve[0])))
    width = float(curve[-1] - curve[0])
    shape = (curve - curve[0]) / width if width > 0.0 else _even(t)
    return _Cycle(*span, t, rise * shape, hidden_s, len(full) >= FULL_N), left


def _even(t: Floats) -> Floats:
    """Return a rise that comes evenly, where no reading tells when."""
    return np.asarray((t - t[0]) / (t[-1] - t[0])) if len(t) > 1 else np.ones(1)


def _edge(t: Floats, fill: Floats, at_s: float, m: Method) -> float:
    """Return the level at an end of some readings [%]: a straight line through the last (or first) of them."""
    near = np.flatnonzero(np.abs(t - at_s) <= m.end_s)
    near = near[: m.end_n] if at_s <= t[0] else near[-m.end_n :]
    x, y = (t[near] - at_s) / HOUR_S, fill[near]
    if len(x) < 3:
        return float(np.mean(y))
    _slope, level = np.polyfit(x, y, 1)
    return float(np.clip(level, np.min(y), np.max(y)))


def _joined(cycles: Iterable[_Cycle]) -> tuple[Floats, Floats]:
    """Return knots and sums of all cycles, one after the other."""
    times, sums, so_far = list[Floats](), list[Floats](), 0.0
    for c in cycles:
        times += [c.t_s, np.array([c.to_s])]
        sums += [so_far + c.rise, np.array([so_far + c.rise[-1]])]
        so_far += float(c.rise[-1])
    t_s, seen = np.concatenate(times), np.concatenate(sums)
    keep = np.append(np.diff(t_s) > 0.0, True)  # of knots at one time the last
    return t_s[keep], seen[keep]


def _rates(t_s: Floats, seen: Floats, hidden: Floats, cal: Calendar) -> tuple[Floats, Floats, float]:
    """Return what each hour brings where it is not seen [points/h], the hours' begins, and the dispersion."""
    starts_s = np.arange(np.floor(t_s[0] / HOUR_S), np.ceil(t_s[-1] / HOUR_S)) * HOUR_S
    grid = np.append(starts_s, starts_s[-1] + HOUR_S)
    came = np.diff(np.interp(grid, t_s, seen))
    open_h = np.ones(len(came), dtype=np.bool_)
    for a, b in hidden:
        open_h &= (grid[1:] <= a) | (grid[:-1] >= b)
    week = hours_of_week(round(float(starts_s[0]) / HOUR_S), len(starts_s), cal.zone)
    rate = _by_hour(came[open_h], week[open_h])[week]
    return rate, starts_s, _dispersion(came - rate, rate, open_h)


def _by_hour(came: Floats, week: NDArray[np.int64]) -> Floats:
    """Return what an hour of the week brings [points/h].

    Seen seldom it borrows from its hour of the day times its weekday, and those from all hours.
    """
    hour, day = week % 24, week // 24
    mean = float(np.mean(came)) if len(came) else 0.0
    of_hour = (np.bincount(hour, came, 24) + PRIOR_H * mean) / (np.bincount(hour, minlength=24) + PRIOR_H)
    usual = np.bincount(day, of_hour[hour], 7) + PRIOR_DAY_H * mean
    of_day = (np.bincount(day, came, 7) + PRIOR_DAY_H * mean) / usual if mean > 0.0 else np.ones(7)
    sums, n = np.bincount(week, came, WEEK_H), np.bincount(week, minlength=WEEK_H)
    borrowed = np.outer(of_day, of_hour).ravel()
    return np.asarray((sums + PRIOR_H * borrowed) / (n + PRIOR_H))


def _dispersion(rest: Floats, rate: Floats, open_h: NDArray[np.bool_]) -> float:
    n = len(rest) // DISPERSION_H * DISPERSION_H
    whole = open_h[:n].reshape(-1, DISPERSION_H).all(axis=1)
    came, wanted = (x[:n].reshape(-1, DISPERSION_H).sum(axis=1)[whole] for x in (rest, rate))
    total = float(np.sum(wanted))
    return max(float(np.sum(came**2)) / total, LEAST_DISPERSION) if total > 0.0 else 1.0


def _estimated(
    t_s: Floats, seen: Floats, hidden: Floats, beyond: Floats, rates: Floats, starts_s: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return knots with the hours of what is hidden between them, what is seen, and what is estimated.

    ``beyond``: what came beyond the rim as each hidden time began [points].
    """
    if not len(hidden):
        return t_s, seen, np.zeros(len(t_s))
    more = [starts_s[(starts_s > a) & (starts_s < b)] for a, b in hidden]
    knots = np.unique(np.concatenate([t_s, hidden.ravel(), *more]))
    grid = np.append(starts_s, starts_s[-1] + HOUR_S)
    ramp = np.append(0.0, np.cumsum(rates))
    estimated = np.zeros(len(knots))
    for (a, b), more_pct in zip(hidden, beyond, strict=True):
        estimated += (
            np.interp(np.clip(knots, a, b), grid, ramp) - np.interp(a, grid, ramp) + more_pct * (knots > a)
        )
    return knots, np.asarray(np.interp(knots, t_s, seen)), estimated


def litres_of(demand: Demand, capacity_l: float) -> float:
    """Return all that was thrown in [L]."""
    return float(demand.total()[-1]) * capacity_l / 100.0
