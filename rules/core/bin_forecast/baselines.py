"""What a forecast of tomorrow's full bins has to beat: how often it was so, at this level, and at this level of this bin."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rules.core.bin_forecast.next_day import Daily, Told
from rules.core.psychrometrics import Floats

OWN = 10.0
"""A bin's share at a level is its own by half after so many outcomes, else that of all bins."""


def how_often(told: Told, until_day: int) -> Floats:
    """Return for every entry how often it was so before ``until_day``."""
    return np.full(len(told.day), told.happened[told.day < until_day].mean())


def by_level(daily: Daily, told: Told, until_day: int) -> Floats:
    """Return likewise how often it was so at the level of the day."""
    past, level = told.day < until_day, _level(daily, told)
    count, hits = _sums(level[past], told.happened[past], int(level.max(initial=0)) + 1)
    usual = told.happened[past].mean()
    return np.asarray(((hits + usual) / (count + 1.0))[level], dtype=np.float64)


def by_bin_and_level(daily: Daily, told: Told, until_day: int) -> Floats:
    """Return likewise of the bin at that level, smoothed by all bins at it."""
    past, level = told.day < until_day, _level(daily, told)
    levels = int(level.max(initial=0)) + 1
    cell = told.bin * levels + level
    count, hits = _sums(cell[past], told.happened[past], daily.fill_pct.shape[1] * levels)
    usual = by_level(daily, told, until_day)
    return np.asarray((hits[cell] + OWN * usual) / (count[cell] + OWN), dtype=np.float64)


def _level(daily: Daily, told: Told) -> NDArray[np.int64]:
    return np.asarray(daily.fill_pct[told.day, told.bin] // daily.cell_pct, dtype=np.int64)


def _sums(at: NDArray[np.int64], happened: NDArray[np.bool_], size: int) -> tuple[Floats, Floats]:
    count = np.bincount(at, minlength=size).astype(np.float64)
    hits = np.bincount(at, weights=happened.astype(np.float64), minlength=size).astype(np.float64)
    return count, hits
