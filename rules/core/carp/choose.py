"""Depth-first search for the routes that do each task once at the least cost.

Exact where it is not cut short: a branch is left as soon as what its routes cost beyond the
prices, and what the tasks left must cost beyond theirs, is no less than allowed.
"""

from __future__ import annotations

from typing import NamedTuple

from rules.core.carp.compiled import Floats, Ints, compiled
from rules.core.carp.prices import Columns

TRIES = 50_000
"""Columns that a search looks at before it gives up."""


class Search(NamedTuple):
    """What a search works on.

    Attributes:
        over: per column what it costs beyond the prices of its tasks.
        least: per task the least that doing it costs beyond its price.
        first, lists: per task its columns, those with the least ``over`` first.
        order: tasks, those with the fewest columns first.
        done: per task 1 where a chosen column does it.
        task, at, pick: per depth the task branched on, where in its list, the column chosen.
        found: columns of the best choice.
    """

    over: Floats
    least: Floats
    first: Ints
    lists: Ints
    order: Ints
    done: Ints
    task: Ints
    at: Ints
    pick: Ints
    found: Ints


@compiled
def choose(c: Columns, x: Search, allowed: float) -> int:
    """Return how many columns of a choice with less than ``allowed`` beyond the prices are in ``x.found``; 0 = none."""
    size = 0
    depth = 0
    total = 0.0
    rest = 0.0
    for i in range(len(x.least)):
        rest += x.least[i]
    _branch(x, 0)
    tries = TRIES
    while depth >= 0 and tries > 0:
        if x.pick[depth] >= 0:
            total -= x.over[x.pick[depth]]
            rest += _mark(c, x, x.pick[depth], 0)
        tries -= _advance(c, x, depth, allowed - total - rest)
        j = x.pick[depth]
        if j < 0:
            depth -= 1
            continue
        total += x.over[j]
        rest -= _mark(c, x, j, 1)
        if _branch(x, depth + 1):
            depth += 1
            continue
        allowed = total
        size = depth + 1
        for d in range(size):
            x.found[d] = x.pick[d]
    return size


@compiled
def _branch(x: Search, depth: int) -> bool:
    """Begin a depth with the task that has the fewest columns; False where every task is done."""
    for i in range(len(x.order)):
        task = x.order[i]
        if x.done[task] == 0:
            x.task[depth] = task
            x.at[depth] = x.first[task]
            x.pick[depth] = -1
            return True
    return False


@compiled
def _advance(c: Columns, x: Search, depth: int, room: float) -> int:
    """Pick the next column that fits, or -1; return how many were looked at."""
    end = x.first[x.task[depth] + 1]
    at = x.at[depth]
    looked = 0
    x.pick[depth] = -1
    while at < end and x.pick[depth] < 0:
        j = x.lists[at]
        at += 1
        looked += 1
        if _fits(c, x, j, room):
            x.pick[depth] = j
    x.at[depth] = at
    return looked


@compiled
def _fits(c: Columns, x: Search, j: int, room: float) -> bool:
    saved = 0.0
    for k in range(c.start[j], c.start[j + 1]):
        if x.done[c.item[k]] == 1:
            return False
        saved += x.least[c.item[k]]
    return x.over[j] - saved < room


@compiled
def _mark(c: Columns, x: Search, j: int, done: int) -> float:
    """Mark a column's tasks as done or not; return their least costs."""
    least = 0.0
    for k in range(c.start[j], c.start[j + 1]):
        x.done[c.item[k]] = done
        least += x.least[c.item[k]]
    return least
