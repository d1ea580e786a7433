"""The one figure of each policy, chosen on days gone by: the fewest collections whose overflow is within a budget.

What is chosen here is then judged on later days; nothing of those is looked at.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from rules.core.bin_forecast.policies import Town, by_chance, by_cost, by_threshold
from rules.core.bin_forecast.replay import Table, replay

PRICES = tuple(float(x) for x in np.round(0.5 * 1.02 ** np.arange(260), 3))
"""Of a day that ends overflowing, in collections: 0.5 to 84."""
CHANCES = tuple(float(x) for x in np.round(0.5 / 1.03 ** np.arange(190), 5))
"""Of overflowing before the next service: 50 % down to 0.2 %."""


def least_price(t: Town, first: int, last: int, most_pct: float) -> float:
    """Return the lowest price of ``PRICES`` at which no more than ``most_pct`` of bin-days overflow; the highest where none is."""
    return PRICES[
        _first_within(t, first, last, most_pct, len(PRICES), lambda i: by_cost(t, PRICES[i], first, last))
    ]


def greatest_chance(t: Town, first: int, last: int, most_pct: float) -> float:
    """Return likewise the greatest chance of ``CHANCES`` that is left."""
    return CHANCES[
        _first_within(t, first, last, most_pct, len(CHANCES), lambda i: by_chance(t, CHANCES[i], first, last))
    ]


def highest_threshold(t: Town, first: int, last: int, most_pct: float) -> int:
    """Return likewise the highest threshold for all bins, in steps."""
    for steps in range(t.demand.full, 0, -1):
        if (
            replay(by_threshold(t, _all(t, steps), first, last), t.demand, first, last).overflow_pct
            <= most_pct
        ):
            return steps
    return 1


def bin_thresholds(t: Town, first: int, last: int, most_pct: float) -> NDArray[np.int64]:
    """Return a threshold for each bin, in steps, with the fewest collections in all at no more overflow in all.

    Each bin takes the threshold with the least collections plus a price of its overflowing days; the price is the lowest
    that holds the budget (Lagrange).
    """
    steps = np.arange(1, t.demand.full + 1)
    played = [replay(by_threshold(t, _all(t, int(s)), first, last), t.demand, first, last) for s in steps]
    over, taken = (
        np.array([getattr(p, n) for p in played]) for n in ("overflow_by_bin", "collections_by_bin")
    )
    bin_days = t.demand.drawn.shape[0] * t.demand.known.shape[1] * (last - first)
    for price in PRICES:
        best = np.argmin(taken + price * over, axis=0)
        if 100.0 * over[best, np.arange(len(best))].sum() / bin_days <= most_pct:
            return np.asarray(steps[best], dtype=np.int64)
    return np.ones(t.demand.known.shape[1], dtype=np.int64)


def _all(t: Town, steps: int) -> NDArray[np.int64]:
    return np.full(t.demand.known.shape[1], steps, dtype=np.int64)


def _first_within(
    t: Town, first: int, last: int, most_pct: float, n: int, table: Callable[[int], Table]
) -> int:
    """Return the first of ``n`` settings within the budget, by halving: later ones overflow less."""
    low, high = 0, n - 1
    while low < high:
        middle = (low + high) // 2
        if replay(table(middle), t.demand, first, last).overflow_pct <= most_pct:
            high = middle
        else:
            low = middle + 1
    return low
