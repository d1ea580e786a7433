"""Batteries: low already, or, by their trend, soon."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from rules.core.effects import iso, num
from rules.core.quality.days import DAY_S
from rules.core.quality.finding import Finding, Verdict
from rules.core.quality_memory import BatteryMemory
from rules.core.quality_parameters import BatteryParameters, Cell

DAYS_KEPT = 60
CHANGED_SHARE = 0.1
"""A level that rises by so much of what it was is another battery: the days before say nothing of it."""
SURE_AFTER = 1.5
"""An end that is this many times the warning away is far enough to say that nothing is to be done."""


def follow(before: BatteryMemory | None, level: float, at_s: float) -> BatteryMemory:
    """Return the memory after a level; the same object where nothing is new."""
    day = int(at_s // DAY_S)
    if before is None or level > before.level * (1.0 + CHANGED_SHARE):
        return BatteryMemory(level, day, level)
    if day > before.day:
        lows = (*before.lows, (before.day, before.low))[-DAYS_KEPT:]
        return BatteryMemory(level, day, level, lows)
    if level < before.low:
        return BatteryMemory(level, before.day, level, before.lows)
    return before


def theil_sen(lows: Sequence[tuple[int, float]]) -> tuple[float, float]:
    """Return slope per day and level at day 0 of the median line through (day, level); needs two days.

    Theil (1950), Sen (1968): the median of all pairs' slopes: a few odd days do not move it.
    """
    day, level = np.array(lows, dtype=np.float64).T
    i, j = np.triu_indices(len(day), k=1)
    slope = float(np.median((level[j] - level[i]) / (day[j] - day[i])))
    return slope, float(np.median(level - slope * day))


_trend = lru_cache(maxsize=16_384)(theil_sen)
"""The same lows are asked for every hour of a day."""


def ends_on(memory: BatteryMemory, low: float, today: float, p: BatteryParameters) -> float | None:
    """Return the day (from 1970) on which the trend reaches ``low``, at the earliest today.

    None where it does not fall, nobody knows yet, or it is so far away that nobody asks: the trend
    of a battery that hardly falls ends in no calendar.
    """
    if len(memory.lows) < p.least_days:
        return None
    slope, at_zero = _trend(memory.lows)
    if slope >= 0.0:
        return None
    day = max(today, (low - at_zero) / slope)
    return day if day - today < SURE_AFTER * p.warn_days else None


def battery_verdict(memory: BatteryMemory, cell: Cell, at_s: float, p: BatteryParameters) -> Verdict:
    """Return what a battery asks for."""
    today = at_s / DAY_S
    day = ends_on(memory, cell.low, today, p)
    inputs = {
        "field": cell.field, "level": num(memory.level), "unit": cell.unit, "low": cell.low,
        "days": len(memory.lows), "ends_on": None if day is None else iso(day * DAY_S),
    }  # fmt: skip
    if memory.level < cell.low:
        reason = f"The battery is at {memory.level:g} {cell.unit}, below {cell.low:g} {cell.unit}."
        return Finding("the battery is low", reason, inputs, at_s)
    if day is not None and day - today < p.warn_days:
        return Finding("the battery runs out", _runs_out(memory, cell, day), inputs, day * DAY_S)
    return "unsure" if memory.level < cell.well or day is not None else "fine"


def _runs_out(memory: BatteryMemory, cell: Cell, day: float) -> str:
    when = (iso(day * DAY_S) or "")[:10]
    return (
        f"The battery is at {memory.level:g} {cell.unit} and will be at {cell.low:g} {cell.unit} about "
        f"{when}, by the trend of its last {len(memory.lows)} days."
    )
