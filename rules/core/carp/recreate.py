"""Recreate: the removed tasks are put back one by one where each costs least."""

from __future__ import annotations

from rules.core.carp.chance import below, share
from rules.core.carp.compiled import compiled
from rules.core.carp.problem import FORBIDDEN
from rules.core.carp.routes import keep
from rules.core.carp.state import N_COST, N_REMOVED, N_STAMP, N_USED, State, Tables

BLINK = 0.01
"""With this chance a place is overlooked."""

BITS = 20
"""Of a packed place below its cost; the longest route has fewer than half a million places."""

MASK = (1 << BITS) - 1


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
    best = FORBIDDEN << BITS
    best_slot = -1
    room = t.capacity - t.demand[task]
    empty = -1
    for slot in range(t.slots):
        if s.load[slot] > room:
            continue
        if s.length[slot] == 0:
            home = s.seq[slot * t.width]
            if home == empty:
                continue
            empty = home
        found = _known(t, s, task, slot)
        if found >= best:
            continue
        if share(s.random) < BLINK:
            found = packed(t, s, task, slot, (found & MASK) >> 1)
        if found < best:
            best = found
            best_slot = slot
    return best >> BITS, best_slot, (best & MASK) >> 1, best & 1


@compiled
def _known(t: Tables, s: State, task: int, slot: int) -> int:
    """Return the cheapest place in a route; those in routes as accepted are sought once."""
    if s.kept_at[slot] == s.num[N_STAMP]:
        return packed(t, s, task, slot, 0)
    k = 2 * (task * t.slots + slot)
    if s.known[k] != s.version[slot]:
        s.known[k] = s.version[slot]
        s.known[k + 1] = packed(t, s, task, slot, 0)
    return s.known[k + 1]


@compiled
def packed(t: Tables, s: State, task: int, slot: int, skip: int) -> int:
    """Return the cheapest place of a route but for ``skip``: added cost, place and way in one number.

    The way is the lowest bit, the place the other BITS - 1, the cost the rest.
    """
    base = task * t.size * 4
    row = slot * t.width
    j = base + 4 * s.seq[row]
    in0 = t.beside[j]
    in1 = t.beside[j + 1]
    best = FORBIDDEN
    where = 0
    for p in range(1, s.length[slot] + 2):
        j = base + 4 * s.seq[row + p]
        c0 = in0 + t.beside[j + 2]
        c1 = in1 + t.beside[j + 3]
        in0 = t.beside[j]
        in1 = t.beside[j + 1]
        c = min(c0, c1) - s.link[row + p]
        if c < best and p != skip:
            best = c
            where = 2 * p + (0 if c0 <= c1 else 1)
    return (best << BITS) + where


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
