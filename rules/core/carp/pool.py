"""Routes worth remembering: those of good solutions, each set of tasks once, in its cheapest order.

A hash table with open addressing. When it is full nothing more is noted until :func:`compact`
has thrown out the half that belonged to the dearer solutions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, cast

import numpy as np

from rules.core.carp.compiled import Ints, compiled, flat
from rules.core.carp.state import N_COST, N_TOUCHED, State, Tables

ROOM = 1 << 14
"""Routes kept at most; the table has four times as many places."""

_MASK = 4 * ROOM - 1
_FULL = ROOM * 3 // 4


class Pool(NamedTuple):
    """The routes; arrays have one row per route.

    Attributes:
        sign: per task a random number; their exclusive or names a set.
        table: where in the rows a set is, -1 = free.
        key, cost, score, slot: name, cost of the route, of the best solution it was in, home slot.
        length, arcs: the route, ``width`` places a row.
        used: how many routes.
    """

    sign: Ints
    table: Ints
    key: Ints
    cost: Ints
    score: Ints
    slot: Ints
    length: Ints
    arcs: Ints
    used: Ints


def pool_of(tables: Tables, signs: Ints) -> Pool:
    """Return an empty pool."""

    def row(n: int, value: int = 0) -> Ints:
        return flat(np.full(n, value, dtype=np.int64))

    return Pool(
        sign=signs,
        table=flat(np.full(4 * ROOM, -1, dtype=np.int64)),
        key=row(ROOM),
        cost=row(ROOM),
        score=row(ROOM),
        slot=row(ROOM),
        length=row(ROOM),
        arcs=flat(np.zeros(ROOM * tables.width, dtype=np.int32)),
        used=row(1),
    )


@compiled
def remember(t: Tables, s: State, p: Pool) -> None:
    """Note the routes that this iteration has changed."""
    for i in range(s.num[N_TOUCHED]):
        slot = s.touched[i]
        if s.length[slot] > 0:
            note(t, s, p, slot)


@compiled
def note(t: Tables, s: State, p: Pool, slot: int) -> None:
    """Note one route of a solution."""
    row = s.row[slot]
    n = s.length[slot]
    key = 0
    cost = s.link[row + n + 1]
    for q in range(row + 1, row + n + 1):
        task = s.seq[q] >> 1
        key ^= p.sign[task]
        cost += s.link[q] + t.serving[task]
    at = key & _MASK
    while p.table[at] >= 0 and p.key[p.table[at]] != key:
        at = (at + 1) & _MASK
    entry = p.table[at]
    if entry < 0:
        if p.used[0] == ROOM:
            return
        entry = p.used[0]
        p.used[0] += 1
        p.table[at] = entry
        p.key[entry] = key
        p.score[entry] = s.num[N_COST]
        p.cost[entry] = cost + 1
    if s.num[N_COST] < p.score[entry]:
        p.score[entry] = s.num[N_COST]
    if cost < p.cost[entry]:
        p.cost[entry] = cost
        p.slot[entry] = slot
        p.length[entry] = n
        for k in range(n):
            p.arcs[entry * t.width + k] = s.seq[row + 1 + k]


@compiled
def _move(t: Tables, p: Pool, order: Ints, n: int) -> None:
    for to in range(n):
        entry = order[to]
        p.key[to] = p.key[entry]
        p.cost[to] = p.cost[entry]
        p.score[to] = p.score[entry]
        p.slot[to] = p.slot[entry]
        p.length[to] = p.length[entry]
        for k in range(t.width):
            p.arcs[to * t.width + k] = p.arcs[entry * t.width + k]
    p.used[0] = n


def compact(t: Tables, p: Pool) -> None:
    """Throw out the routes of the dearest solutions where little room is left."""
    if p.used[0] >= _FULL:
        shrink(t, p)


def shrink(t: Tables, p: Pool) -> None:
    """Keep the routes of the cheapest solutions, a third of the room at most."""
    score = np.array(cast("Sequence[int]", p.score)[: p.used[0]])
    order = np.sort(np.argsort(score, kind="stable")[: ROOM // 3])
    _move(t, p, flat(order), len(order))
    _index(p)


@compiled
def _index(p: Pool) -> None:
    for at in range(len(p.table)):
        p.table[at] = -1
    for entry in range(p.used[0]):
        at = p.key[entry] & _MASK
        while p.table[at] >= 0:
            at = (at + 1) & _MASK
        p.table[at] = entry
