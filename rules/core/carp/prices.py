"""Prices of tasks: the Lagrangean relaxation of choosing routes that do each task once.

What a route costs beyond the prices of its tasks tells how far a choice with it is from the
bound: that is what makes the search in ``choose`` short.
"""

from __future__ import annotations

from typing import NamedTuple

from rules.core.carp.compiled import Floats, Ints, compiled

STEPS = 200
"""Of the subgradient."""

PATIENCE, SHRINK = 12, 0.6
"""After so many steps without a better bound the steps become shorter."""


class Columns(NamedTuple):
    """Routes as sets: column j has the tasks ``item[start[j]]`` up to ``item[start[j + 1]]``, and its cost."""

    start: Ints
    item: Ints
    cost: Ints


class Prices(NamedTuple):
    """Per task the price now and at the best bound, and how often the relaxed choice does it."""

    now: Floats
    best: Floats
    times: Ints


@compiled
def climb(c: Columns, x: Prices, target: float) -> float:
    """Raise the bound on the cost of any choice; return it, with its prices in ``x.best``.

    ``target`` is a cost that the bound hardly reaches: it sets the length of the steps.
    """
    tasks = len(x.now)
    bound = -1e30
    scale = 1.0
    since = 0
    for _ in range(STEPS):
        value = _relaxed(c, x)
        if value > bound:
            bound = value
            since = 0
            for i in range(tasks):
                x.best[i] = x.now[i]
        else:
            since += 1
        if since >= PATIENCE:
            scale *= SHRINK
            since = 0
            for i in range(tasks):
                x.now[i] = x.best[i]
            continue
        if not _step(x, scale * (target - value)):
            break
    return bound


@compiled
def _relaxed(c: Columns, x: Prices) -> float:
    """Return the value of the relaxation: all prices, and every column that costs less than its tasks'."""
    value = 0.0
    for i in range(len(x.now)):
        value += x.now[i]
        x.times[i] = 0
    for j in range(len(c.cost)):
        rest = beyond(c, j, x.now)
        if rest < 0.0:
            value += rest
            for k in range(c.start[j], c.start[j + 1]):
                x.times[c.item[k]] += 1
    return value


@compiled
def beyond(c: Columns, j: int, price: Floats) -> float:
    """Return what a column costs beyond the prices of its tasks."""
    rest = 1.0 * c.cost[j]
    for k in range(c.start[j], c.start[j + 1]):
        rest -= price[c.item[k]]
    return rest


@compiled
def _step(x: Prices, length: float) -> bool:
    """Move the prices towards doing each task once; False where it is so already."""
    norm = 0
    for i in range(len(x.now)):
        norm += (1 - x.times[i]) * (1 - x.times[i])
    if norm == 0:
        return False
    for i in range(len(x.now)):
        x.now[i] += length / norm * (1 - x.times[i])
    return True
