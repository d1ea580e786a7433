"""Recreate: the removed tasks are put back one by one where each costs least."""

from __future__ import annotations

from rules.core.carp.chance import below, share
from rules.core.carp.compiled import compiled
from rules.core.carp.problem import FORBIDDEN
from rules.core.carp.routes import keep
from rules.core.carp.state import N_COST, N_REMOVED, N_USED, State, Tables

BLINK = 0.01
"""With this chance a place is overlooked."""


@compiled
def arrange(t: Tables, s: State) -> None:
    """Put the removed tasks in random order, or by demand, far or near first (4 : 4 : 2 : 1)."""
    n = s.num[N_REMOVED]
    for i in range(n - 1, 0, -1):
        j = below(s.random, i + 1)
        task = s.removed[i]
        s.removed[i] = s.removed[j]
        s.removed[j] = task
    chosen = below(s.random, 11)
    if chosen < 4:
        return
    base = 0 if chosen < 8 else (t.tasks if chosen < 10 else 2 * t.tasks)
    for i in range(1, n):
        task = s.removed[i]
        j = i - 1
        while j >= 0 and t.key[base + s.removed[j]] > t.key[base + task]:
            s.removed[j + 1] = s.removed[j]
            j -= 1
        s.removed[j + 1] = task


@compiled
def recreate(t: Tables, s: State, limit: float) -> bool:
    """Put every removed task back; False as soon as the cost is over ``limit`` or one fits nowhere."""
    for i in range(s.num[N_REMOVED]):
        task = s.removed[i]
        cost, slot, at, way = best_place(t, s, task)
        if slot < 0 or s.num[N_COST] + cost >= limit:
            return False
        keep(t, s, slot)
        insert(t, s, slot, at, 2 * task + way)
    return True


@compiled
def best_place(t: Tables, s: State, task: int) -> tuple[int, int, int, int]:
    """Return the cheapest added cost and where: slot (-1 = nowhere), place, way."""
    best = FORBIDDEN
    best_slot = -1
    best_at = 0
    best_way = 0
    room = t.capacity - t.demand[task]
    base = task * t.size * 4
    empty = -1
    for slot in range(t.slots):
        if s.load[slot] > room:
            continue
        n = s.length[slot]
        row = slot * t.width
        v = s.seq[row]
        if n == 0:
            if v == empty:
                continue
            empty = v
        j = base + 4 * v
        in0 = t.beside[j]
        in1 = t.beside[j + 1]
        for p in range(1, n + 2):
            j = base + 4 * s.seq[row + p]
            c0 = in0 + t.beside[j + 2]
            c1 = in1 + t.beside[j + 3]
            in0 = t.beside[j]
            in1 = t.beside[j + 1]
            c = min(c0, c1) - s.link[row + p]
            if c < best and share(s.random) >= BLINK:
                best = c
                best_slot = slot
                best_at = p
                best_way = 0 if c0 <= c1 else 1
    return best, best_slot, best_at, best_way


@compiled
def insert(t: Tables, s: State, slot: int, at: int, arc: int) -> None:
    """Put an arc at a place of a route."""
    row = slot * t.width
    n = s.length[slot]
    for p in range(row + n + 1, row + at - 1, -1):
        s.seq[p + 1] = s.seq[p]
        s.link[p + 1] = s.link[p]
    p = row + at
    after = s.seq[p + 1]
    s.num[N_COST] -= s.link[p + 1]
    s.seq[p] = arc
    s.link[p] = t.step[s.seq[p - 1] * t.size + arc]
    s.link[p + 1] = t.step[arc * t.size + after]
    s.num[N_COST] += s.link[p] + s.link[p + 1]
    s.length[slot] = n + 1
    s.load[slot] += t.demand[arc >> 1]
    if n == 0:
        s.num[N_USED] += 1
    s.slot_of[arc >> 1] = slot
    for q in range(at, n + 2):
        s.place_of[s.seq[row + q] >> 1] = q
