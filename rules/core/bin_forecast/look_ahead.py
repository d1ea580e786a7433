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


def p_overflow(chances: Floats, first_weekday: int, days: int) -> Floats:
    """Return the chance that a bin left as it is overflows within ``days``, bins × states.

    Args:
        chances: of steps, bins × 7 × steps.
        first_weekday: on which the first of the days ends.
        days: until the next service; 1 = it is tomorrow.
    """
    value = np.zeros((len(chances), chances.shape[2] + 1))
    value[:, -1] = 1.0
    for ahead in range(days - 1, -1, -1):
        value = expected_after(chances[:, (first_weekday + ahead) % WEEK], value)
        value[:, -1] = 1.0
    return value


def expected_after(chance: Floats, value: Floats) -> Floats:
    """Return what a value of tomorrow's states is worth today, bins × states; ``chance`` of steps, bins × steps."""
    states = value.shape[1]
    wide = np.concatenate([value, np.repeat(value[:, -1:], chance.shape[1], axis=1)], axis=1)
    found = np.zeros_like(value)
    for step in range(chance.shape[1]):
        found += chance[:, step : step + 1] * wide[:, step : step + states]
    return found


def usual_cost(chances: Floats, served: Served, price: float) -> Floats:
    """Return what is to come from each weekday's morning on in the usual week, 7 × bins × states [collections].

    Args:
        chances: of steps, bins × 7 × steps; the weekday is the one on which the day ends.
        served: by weekday, whether bins can be collected on its morning.
        price: of a day that ends overflowing [collections].
    """
    cost = np.zeros((WEEK, len(chances), chances.shape[2] + 1))
    for _ in range(WEEKS):
        for weekday in range(WEEK - 1, -1, -1):
            waiting = _waiting(chances, weekday, cost[(weekday + 1) % WEEK], price)
            cost[weekday] = np.minimum(waiting, 1.0 + waiting[:, :1]) if served[weekday] else waiting
    return cost


def collect(
    chances: Floats, usual: Floats, served: Served, weekday: int, price: float
) -> tuple[NDArray[np.bool_], Floats]:
    """Return whether to collect this morning, bins × states, and what is to come from it on.

    Args:
        chances: of steps.
        usual: what is to come in the usual week (``usual_cost``).
        served: whether bins can be collected today and on the days that follow; after the last the usual week goes on.
        weekday: today's.
        price: of a day that ends overflowing.
    """
    cost = usual[(weekday + len(served)) % WEEK]
    take = np.zeros(cost.shape, dtype=np.bool_)
    for ahead in range(len(served) - 1, -1, -1):
        waiting = _waiting(chances, (weekday + ahead) % WEEK, cost, price)
        take = (1.0 + waiting[:, :1] < waiting) & served[ahead]
        cost = np.where(take, 1.0 + waiting[:, :1], waiting)
    return take, cost


def _waiting(chances: Floats, weekday: int, tomorrow: Floats, price: float) -> Floats:
    worth = tomorrow.copy()
    worth[:, -1] += price
    return DISCOUNT * expected_after(chances[:, (weekday + 1) % WEEK], worth)
