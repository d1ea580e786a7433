"""How many days until a bin with a daily reading is full, day by day as it would have been told: nothing of later days is used.

Three answers, each from the one before: the gamma process's median as if the bin were never emptied; the median of those
that are full before their cycle ends; and that put right every four weeks by a regression on what has come until then.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from rules.core.bin_forecast.cycles import CycleRule, Origins, origins
from rules.core.bin_forecast.increments import (
    WEEK,
    IncrementParameters,
    Increments,
    learnt,
    nothing_known,
    usual,
    weekly,
)
from rules.core.bin_forecast.median_fit import fitted_median, median_of
from rules.core.bin_forecast.next_day import Daily
from rules.core.bin_forecast.passage import between_days, passed, quantile_days, seen_first
from rules.core.bin_forecast.recent import features, nothing_seen, seen
from rules.core.psychrometrics import Floats


@dataclass(frozen=True, slots=True)
class TimeParameters:
    """What is asked and how it is learnt.

    Attributes:
        rule: from which days.
        ahead_days: how far it is looked ahead.
        refit_days: between two fits.
        least: cycles' days that have come true before the first fit.
        end_days: a bin's chance that its cycle ends is its own by half after so many days, else the fleet's.
        first_end: chance that a day ends a cycle, before anything was seen.
        increments: how what is added is learnt.
    """

    rule: CycleRule = field(default_factory=CycleRule)
    ahead_days: int = 60
    refit_days: int = 28
    least: int = 500
    end_days: float = 30.0
    first_end: float = 0.05
    increments: IncrementParameters = field(default_factory=IncrementParameters)


@dataclass(frozen=True, slots=True)
class TimeTold:
    """What was told, in days; one entry for each origin.

    Attributes:
        origins: from which day, and what came.
        never_emptied: median as if nothing but filling could end a cycle.
        low, high: 10 % and 90 % of the same.
        seen: median of those that are full before their cycle ends.
        right: that put right.
        beside: what the regression knows: logarithm of ``seen``, and what the bin's last days say; n × k.
    """

    origins: Origins
    never_emptied: Floats
    low: Floats
    high: Floats
    seen: Floats
    right: Floats
    beside: Floats


@dataclass(frozen=True, slots=True)
class Watched:
    """What was told from every reading below full, before it is put right.

    Attributes:
        row: of each day and bin, days × n; -1 = nothing was told.
        parts: the fields of ``TimeTold`` after the origins, one entry for each row.
    """

    row: NDArray[np.int64]
    parts: tuple[Floats, ...]


def walk_time(daily: Daily, p: TimeParameters) -> TimeTold:
    """Return what would have been told from each origin, in order of days."""
    return told_of(watch(daily, p), origins(daily.fill_pct, p.rule), p)


def told_of(watched: Watched, asked: Origins, p: TimeParameters) -> TimeTold:
    """Return what was told from some origins, put right by those of them that had come true."""
    rows = watched.row[asked.day, asked.bin]
    return _put_right(TimeTold(asked, *(part[rows] for part in watched.parts)), p)


def watch(daily: Daily, p: TimeParameters) -> Watched:
    """Return what would have been told from each reading below full; ``p.rule`` says what is full."""
    known, recent = nothing_known(daily.fill_pct.shape[1]), nothing_seen(daily.fill_pct.shape[1])
    ends, row, rows = np.zeros((2, daily.fill_pct.shape[1])), np.full(daily.fill_pct.shape, -1), 0
    parts: list[tuple[Floats, ...]] = []
    for t in range(len(daily.fill_pct)):
        if t > 0:
            before, after = daily.fill_pct[t - 1], daily.fill_pct[t]
            open_ = (before < p.rule.full_pct) & ~np.isnan(after)
            added = np.where(open_ & (after >= before), after - before, np.nan)
            known = learnt(known, (daily.first_weekday + t) % WEEK, added, daily.cell_pct, p.increments)
            recent = seen(recent, before, after, added)
            ends = ends * 0.5 ** (1.0 / p.increments.half_life_days) + np.array(
                [open_ & (after < before), open_]
            )
        asked = np.flatnonzero(daily.fill_pct[t] < p.rule.full_pct)
        row[t, asked] = rows + np.arange(len(asked))
        rows += len(asked)
        beside = features(recent, asked, daily.fill_pct[t, asked], usual(known, p.increments)[asked])
        parts.append(_of_day(_passed(daily, t, asked, known, p), _end_chance(ends, p)[asked], beside))
    return Watched(row, tuple(np.concatenate(column) for column in zip(*parts, strict=True)))


def _passed(daily: Daily, t: int, asked: NDArray[np.int64], known: Increments, p: TimeParameters) -> Floats:
    """Return the chance that the bins ``asked`` on day ``t`` are full by each of the coming days."""
    mean_pct, spread_pct = weekly(known, p.increments)
    coming = (daily.first_weekday + t + 1 + np.arange(p.ahead_days)) % WEEK
    fill, spread = daily.fill_pct[t, asked], np.full(len(asked), spread_pct)
    return passed(fill, daily.cell_pct, p.rule.full_pct, mean_pct[asked][:, coming], spread)


def _end_chance(ends: Floats, p: TimeParameters) -> Floats:
    """Return each bin's chance that a day ends its cycle, from how often it did (row 0) and could have (row 1)."""
    fleet = (ends[0].sum() + p.first_end * p.end_days) / (ends[1].sum() + p.end_days)
    return np.asarray((ends[0] + p.end_days * fleet) / (ends[1] + p.end_days), dtype=np.float64)


def _of_day(by_day: Floats, end_chance: Floats, beside: Floats) -> tuple[Floats, ...]:
    """Return the fields of ``TimeTold`` after the origins, for a day's."""
    first = seen_first(by_day, end_chance)
    middle = quantile_days(first)
    row = np.column_stack([np.log(between_days(first)), beside])
    return (
        quantile_days(by_day),
        quantile_days(by_day, 0.1),
        quantile_days(by_day, 0.9),
        middle,
        middle,
        row,
    )


def _put_right(told: TimeTold, p: TimeParameters) -> TimeTold:
    """Return the medians put right, each by what was full before its period began; in whole days, as readings are."""
    o, right = told.origins, told.right.copy()
    came = ~np.isnan(o.days)
    full_on = o.day + np.where(came, o.days, 0.0)
    for first in range(0, int(o.day.max(initial=0)) + 1, p.refit_days):
        # What was full on the first day of the period itself is known only with that day's reading.
        past = came & (full_on < first)
        now = (o.day >= first) & (o.day < first + p.refit_days)
        if int(past.sum()) >= p.least and now.any():
            fit = fitted_median(told.beside[past], o.days[past], told.seen[past])
            right[now] = np.clip(np.round(median_of(fit, told.beside[now])), 1.0, p.ahead_days)
    return replace(told, right=right)
