"""Whether to collect today, by looking ahead: the chance to overflow before the next service, and what waiting costs in the end.

A bin's level is a Markov chain of steps; the last state is overflowing. With a price of an overflowing day in collections,
the best rule is that of a small decision process (Bellman 1957): collect where one collection and what follows costs less
than waiting and what follows. The service days are in it, so that a bin is emptied before a long weekend and not after.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rules.core.bin_forecast.increments import WEEK
from rules.core.psychrometrics import Floats

DISCOUNT = 0.99
"""What tomorrow counts of today: it keeps the sums finite; half is some ten weeks ahead."""
WEEKS = 12
"""So many weeks back from the end, what is done first no longer changes."""
Served = NDArray[np.bool_]


def moves(chances: Floats) -> Floats:
    """Return the chance of each state on the next morning from each state, 7 × bins × states × states.

    Args:
        chances: of steps, bins × 7 × steps; the weekday is the one on which the day ends.
    """
    bins, week, steps = chances.shape
    found = np.zeros((week, bins, steps + 1, steps + 1))
    for state in range(steps + 1):
        for step in range(steps):
            found[:, :, state, min(state + step, steps)] += chances[:, :, step].T
    return found


def p_overflow(moved: Floats, first_weekday: int, days: int) -> Floats:
    """Return the chance that a bin left as it is overflows within ``days``, bins × states.

    Args:
        moved: ``moves``.
        first_weekday: on which the first of the days ends.
        days: until the next service; 1 = it is tomorrow.
    """
    value = np.zeros(moved.shape[1:3])
    value[:, -1] = 1.0
    for ahead in range(days - 1, -1, -1):
        value = _expected(moved[(first_weekday + ahead) % WEEK], value)
        value[:, -1] = 1.0
    return value


def usual_cost(moved: Floats, served: Served, price: float) -> Floats:
    """Return what is to come from each weekday's morning on in the usual week, 7 × bins × states [collections].

    Args:
        moved: ``moves``.
        served: by weekday, whether bins can be collected on its morning.
        price: of a day that ends overflowing [collections].
    """
    cost = np.zeros(moved.shape[:3])
    for _ in range(WEEKS):
        for weekday in range(WEEK - 1, -1, -1):
            waiting = _waiting(moved, weekday, cost[(weekday + 1) % WEEK], price)
            cost[weekday] = np.minimum(waiting, 1.0 + waiting[:, :1]) if served[weekday] else waiting
    return cost


def collect(
    moved: Floats, usual: Floats, served: Served, weekday: int, price: float
) -> tuple[NDArray[np.bool_], Floats]:
    """Return whether to collect this morning, bins × states, and what is to come from it on.

    Args:
        moved: ``moves``.
        usual: what is to come in the usual week (``usual_cost``).
        served: whether bins can be collected today and on the days that follow; after the last the usual week goes on.
        weekday: today's.
        price: of a day that ends overflowing.
    """
    cost = usual[(weekday + len(served)) % WEEK]
    take = np.zeros(cost.shape, dtype=np.bool_)
    for ahead in range(len(served) - 1, -1, -1):
        waiting = _waiting(moved, (weekday + ahead) % WEEK, cost, price)
        take = (1.0 + waiting[:, :1] < waiting) & served[ahead]
        cost = np.where(take, 1.0 + waiting[:, :1], waiting)
    return take, cost


def _waiting(moved: Floats, weekday: int, tomorrow: Floats, price: float) -> Floats:
    worth = tomorrow.copy()
    worth[:, -1] += price
    return DISCOUNT * _expected(moved[(weekday + 1) % WEEK], worth)


def _expected(move: Floats, tomorrow: Floats) -> Floats:
    """Return what a value of tomorrow's states is worth today, bins × states."""
    found: Floats = (move @ tomorrow[:, :, None])[:, :, 0]
    return found
