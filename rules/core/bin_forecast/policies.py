"""Policies as tables to replay: fixed days, a threshold, a threshold for each bin, the chance to overflow, and what waiting costs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rules.core.bin_forecast.demand import Demand
from rules.core.bin_forecast.increments import WEEK
from rules.core.bin_forecast.look_ahead import Served, collect, moves, p_overflow, usual_cost
from rules.core.bin_forecast.replay import Table
from rules.core.bin_forecast.step_chances import StepParameters, spans, step_chances
from rules.core.psychrometrics import Floats

AHEAD_DAYS = 14
"""So many days of the calendar are looked at; after them comes the usual week."""


@dataclass(frozen=True, slots=True)
class Town:
    """What policies are asked about.

    Attributes:
        demand: of the bins.
        first_weekday: of day 0, 0 = Monday.
        served: whether bins can be collected on each day's morning, days.
        usual: by weekday, in the usual week.
        looks: what was known of demand, by day of the look (``moves``).
    """

    demand: Demand
    first_weekday: int
    served: Served
    usual: Served
    looks: dict[int, Floats]

    @property
    def states(self) -> int:
        """Levels in steps from empty to full, and overflowing."""
        return self.demand.full + 2


def town(demand: Demand, first_weekday: int, served: Served, usual: Served, p: StepParameters) -> Town:
    """Return the town of a demand and its service days."""
    looks = {day: moves(chances) for day, chances in step_chances(demand, first_weekday, p).items()}
    return Town(demand, first_weekday, served, usual, looks)


def by_threshold(t: Town, steps: NDArray[np.int64], first: int, last: int) -> Table:
    """Return the table that collects a bin from ``steps`` on, one for each bin."""
    from_on = np.arange(t.states)[None, :] >= steps[:, None]
    return np.asarray(t.served[first:last, None, None] & from_on[None], dtype=np.bool_)


def by_days(t: Town, every: NDArray[np.int64], first: int, last: int) -> Table:
    """Return the table that collects a bin every so many days, whatever is in it."""
    due = np.arange(first, last)[:, None] % every[None, :] == every[None, :] - 1
    return np.repeat(due[:, :, None], t.states, axis=2)


def by_chance(t: Town, most: float, first: int, last: int) -> Table:
    """Return the table that collects where the chance to overflow before the next service is above ``most``."""
    table = np.zeros((last - first, t.demand.known.shape[1], t.states), dtype=np.bool_)
    for look, until in spans(t.looks, last):
        for day in range(max(look, first), min(until, last)):
            if t.served[day]:
                weekday, days = (t.first_weekday + day + 1) % WEEK, _until_service(t, day)
                table[day - first] = p_overflow(t.looks[look], weekday, days) > most
    return table


def by_cost(t: Town, price: float, first: int, last: int) -> Table:
    """Return the table that collects where waiting costs more, a day that ends overflowing being ``price`` collections."""
    table = np.zeros((last - first, t.demand.known.shape[1], t.states), dtype=np.bool_)
    for look, until in spans(t.looks, last):
        if until <= first:
            continue
        moved, usual = t.looks[look], usual_cost(t.looks[look], t.usual, price)
        weekly = [collect(moved, usual, t.usual[d : d + 1], d, price)[0] for d in range(WEEK)]
        for day in range(max(look, first), min(until, last)):
            weekday, coming = (t.first_weekday + day) % WEEK, t.served[day : day + AHEAD_DAYS]
            as_usual = t.usual[(weekday + np.arange(len(coming))) % WEEK]
            if np.array_equal(coming, as_usual):
                table[day - first] = weekly[weekday]
            else:
                table[day - first] = collect(moved, usual, coming, weekday, price)[0]
    return table


def _until_service(t: Town, day: int) -> int:
    """Return the days until the next service after ``day``; as far as the calendar goes."""
    coming = np.flatnonzero(t.served[day + 1 :])
    return int(coming[0]) + 1 if len(coming) else 1
