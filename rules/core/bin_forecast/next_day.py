"""The chance that a bin with a daily reading is full tomorrow, day by day as it would have been told: nothing of later days is used.

Told of bins that are not full, for the day after; judged where the bin was not emptied in between (what was emptied says
nothing of what would have been). Every four weeks the chances are put right anew by all that has come until then.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from rules.core.bin_forecast.calibration import fitted, log_odds, put_right
from rules.core.bin_forecast.increments import IncrementParameters, expected, learnt, nothing_known, usual
from rules.core.bin_forecast.reaching import p_reaches
from rules.core.bin_forecast.recent import features, nothing_seen, seen
from rules.core.psychrometrics import Floats


@dataclass(frozen=True, slots=True)
class Daily:
    """Readings of bins, one a day: fills [%] days × n, NaN = none; the first day's weekday, 0 = Monday; the readings' step [%]."""

    fill_pct: Floats
    first_weekday: int
    cell_pct: float


@dataclass(frozen=True, slots=True)
class NextDayParameters:
    """What is asked and how it is put right.

    Attributes:
        full_pct: from this reading on a bin is full.
        refit_days: between two fits.
        least: outcomes before the first fit; until then chances are told as they are.
        least_either: of them so many that came and so many that did not: of one kind alone nothing can be learnt.
        increments: how what is added is learnt.
    """

    full_pct: float = 80.0
    refit_days: int = 28
    least: int = 200
    least_either: int = 10
    increments: IncrementParameters = field(default_factory=IncrementParameters)


@dataclass(frozen=True, slots=True)
class Told:
    """Chances that were told, with what came; one entry each.

    Attributes:
        day, bin: of the reading that it was told from.
        raw, p: chance of being full the next day, as the gamma process has it and put right.
        happened: whether it was.
        beside: what the bin's last days say, n × k (``recent.features``); it helps to put the chance right.
    """

    day: NDArray[np.int64]
    bin: NDArray[np.int64]
    raw: Floats
    p: Floats
    happened: NDArray[np.bool_]
    beside: Floats


def walk(daily: Daily, p: NextDayParameters) -> Told:
    """Return what would have been told from each day, in order of days."""
    fills, bins = daily.fill_pct, daily.fill_pct.shape[1]
    known, recent, days = nothing_known(bins), nothing_seen(bins), []
    for t in range(len(fills) - 1):
        today, tomorrow, weekday = fills[t], fills[t + 1], (daily.first_weekday + t + 1) % 7
        open_ = (today < p.full_pct) & (tomorrow >= today)
        asked = np.flatnonzero(open_)
        mean_pct, spread_pct = expected(known, weekday, p.increments)
        raw = p_reaches(
            today[asked], daily.cell_pct, p.full_pct, mean_pct[asked], spread_pct * mean_pct[asked]
        )
        beside = features(recent, asked, today[asked], usual(known, p.increments)[asked])
        days.append(Told(np.full(len(asked), t), asked, raw, raw, tomorrow[asked] >= p.full_pct, beside))
        added = np.where(open_, tomorrow - today, np.nan)
        known = learnt(known, weekday, added, daily.cell_pct, p.increments)
        recent = seen(recent, today, tomorrow, added)
    return _put_right(_joined(days), p)


def _joined(days: list[Told]) -> Told:
    """Return the days' entries one after the other."""
    if not days:
        none, chances = np.zeros(0, dtype=np.int64), np.zeros(0)
        return Told(none, none, chances, chances, np.zeros(0, dtype=np.bool_), np.zeros((0, 0)))
    raw = np.concatenate([d.raw for d in days])
    return Told(
        day=np.concatenate([d.day for d in days]), bin=np.concatenate([d.bin for d in days]), raw=raw, p=raw,
        happened=np.concatenate([d.happened for d in days]), beside=np.concatenate([d.beside for d in days]),
    )  # fmt: skip


def _put_right(told: Told, p: NextDayParameters) -> Told:
    """Return the chances put right, each by what had come before its period began."""
    odds, right = np.column_stack([log_odds(told.raw), told.beside]), told.raw.copy()
    last = int(told.day.max(initial=0))
    for first in range(0, last + 1, p.refit_days):
        # What was told on the day before has come true, or not, by the first reading of this one.
        past = told.day < first
        now = (told.day >= first) & (told.day < first + p.refit_days)
        came = int(told.happened[past].sum())
        if past.sum() >= p.least and min(came, int(past.sum()) - came) >= p.least_either and now.any():
            right[now] = put_right(fitted(odds[past], told.happened[past]), odds[now])
    return replace(told, p=right)
