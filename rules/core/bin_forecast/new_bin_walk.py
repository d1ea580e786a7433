"""Both forecasts of daily readings as they would have been told of bins with a few days of their own: one walk for each number of days."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rules.core.bin_forecast.cycles import Origins
from rules.core.bin_forecast.increments import WEEK, IncrementParameters, Increments, learnt, nothing_known
from rules.core.bin_forecast.new_bin import as_new, own_days
from rules.core.bin_forecast.next_day import Daily
from rules.core.bin_forecast.passage import passed, quantile_days
from rules.core.bin_forecast.reaching import p_reaches
from rules.core.psychrometrics import Floats

AHEAD_DAYS = 60


@dataclass(frozen=True, slots=True)
class NewTold:
    """Chances of being full the next day with what came, and days until full of the origins asked; not put right."""

    p: Floats
    happened: NDArray[np.bool_]
    days: Floats


def walk_new(
    daily: Daily, asked: Origins, first: int, own: int, full_pct: float, p: IncrementParameters
) -> NewTold:
    """Return what would have been told from day ``first`` on, were each bin's own history ``own`` days long.

    Args:
        daily: readings.
        asked: origins, in order of days, all from ``first`` on.
        first: day.
        own: days of its own that each bin has.
        full_pct: from this reading on a bin is full.
        p: how what is added is learnt.
    """
    fills, known = daily.fill_pct, nothing_known(daily.fill_pct.shape[1])
    added = np.full_like(fills, np.nan)
    chances, happened, days = [np.zeros(0)], [np.zeros(0, dtype=np.bool_)], [np.zeros(0)]
    at = np.searchsorted(asked.day, np.arange(len(fills) + 1))
    for t in range(len(fills)):
        if t > 0:
            before, after = fills[t - 1], fills[t]
            added[t] = np.where((before < full_pct) & (after >= before), after - before, np.nan)
            known = learnt(known, (daily.first_weekday + t) % WEEK, added[t], daily.cell_pct, p)
        if t >= first:
            mean, spread = _new(
                known, added[max(t + 1 - own, 0) : t + 1], (daily.first_weekday + t) % WEEK, p
            )
            if t + 1 < len(fills):
                told, came = _tomorrow(daily, t, full_pct, mean, spread)
                chances.append(told)
                happened.append(came)
            days.append(_until(daily, t, asked.bin[at[t] : at[t + 1]], full_pct, mean, spread))
    return NewTold(np.concatenate(chances), np.concatenate(happened), np.concatenate(days))


def _new(known: Increments, added: Floats, weekday: int, p: IncrementParameters) -> tuple[Floats, Floats]:
    return as_new(known, *own_days(added, weekday, p), p)


def _tomorrow(
    daily: Daily, t: int, full_pct: float, mean_pct: Floats, spread_pct: Floats
) -> tuple[Floats, NDArray[np.bool_]]:
    today, tomorrow, weekday = daily.fill_pct[t], daily.fill_pct[t + 1], (daily.first_weekday + t + 1) % WEEK
    bins = np.flatnonzero((today < full_pct) & (tomorrow >= today))
    mean = mean_pct[bins, weekday]
    told = p_reaches(today[bins], daily.cell_pct, full_pct, mean, spread_pct[bins] * mean)
    return told, tomorrow[bins] >= full_pct


def _until(
    daily: Daily, t: int, bins: NDArray[np.int64], full_pct: float, mean_pct: Floats, spread_pct: Floats
) -> Floats:
    coming = (daily.first_weekday + t + 1 + np.arange(AHEAD_DAYS)) % WEEK
    fill = daily.fill_pct[t, bins]
    return quantile_days(passed(fill, daily.cell_pct, full_pct, mean_pct[bins][:, coming], spread_pct[bins]))
