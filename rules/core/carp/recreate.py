"""Recreate: the removed tasks are put back one by one where each costs least."""

from __future__ import annotations

from rules.core.carp.carry import below, share, shuffle
from rules.core.carp.compiled import compiled
from rules.core.carp.order import sort_by
from rules.core.carp.problem import FORBIDDEN
from rules.core.carp.routes import driving, keep
from rules.core.carp.state import N_COST, N_OPEN, N_REMOVED, N_STAMP, N_USED, State, Tables

BLINK = 0.01
"""With this chance a place is overlooked."""

BITS = 20
"""Of a packed place below its cost; the longest route has fewer than half a million places."""

MASK = (1 << BITS) - 1


@compiled
def arrange(t: Tables, s: State) -> None:
    """Put the removed tasks in random order, or by demand, far or near first (4 : 4 : 2 : 1)."""
    n = s.num[N_REMOVED]
    shuffle(s.removed, n, s.random)
    chosen = below(s.random, 11)
    if chosen < 4:
        return
    base = 0 if chosen < 8 else (t.tasks if chosen < 10 else 2 * t.tasks)
    sort_by(s.removed, n, t.key, base)


@compiled
def recreate(t: Tables, s: State, limit: float) -> bool:
    """Put every removed task back; False as soon as the cost is over ``limit`` or one fits nowhere."""
    look_round(t, s)
    for i in range(s.num[N_REMOVED]):
        task = s.removed[i]
        cost, slot, at, way = best_place(t, s, task)
        if slot < 0 or s.num[N_COST] + cost >= limit:
            return False
        keep(t, s, slot)
        insert(t, s, slot, at, 2 * task + way)
    return True


@compiled
def look_round(t: Tables, s: State) -> None:
    """List the routes with room for the smallest removed task, and of those without a task one per depot."""
    most = 0
    for i in range(s.num[N_REMOVED]):
        most = max(most, t.capacity - t.demand[s.removed[i]])
    empty = -1
    n = 0
    for slot in range(t.slots):
        if s.load[slot] > most:
            continue
        if s.length[slot] == 0:
            if t.home[slot] == empty:
                continue
            empty = t.home[slot]
        s.open[n] = slot
        n += 1
    s.num[N_OPEN] = n


@compiled
def _open_another(t: Tables, s: State, used: int) -> None:
    """List another route without a task of the depot whose listed one has its first task now."""
    home = t.home[used]
    for slot in range(t.slots):
        if s.length[slot] == 0 and t.home[slot] == home:
            s.open[s.num[N_OPEN]] = slot
            s.num[N_OPEN] += 1
            return


@compiled
def best_place(t: Tables, s: State, task: int) -> tuple[int, int, int, int]:
    """Return the cheapest added cost and where: slot (-1 = nowhere), place, way."""
    best, slot = _cheapest(t, s, task, -1, 0)
    if slot >= 0 and share(s.random) < BLINK:
        best, slot = _cheapest(t, s, task, slot, (best & MASK) >> 1)
    return t.serving[task] + (best >> BITS), slot, (best & MASK) >> 1, best & 1


@compiled
def _cheapest(t: Tables, s: State, task: int, overlooked: int, skip: int) -> tuple[int, int]:
    """Return the cheapest place in the listed routes, packed, and its slot; place ``skip`` of one is overlooked."""
    best = FORBIDDEN << BITS
    best_slot = -1
    room = t.capacity - t.demand[task]
    for k in range(s.num[N_OPEN]):
        slot = s.open[k]
        if s.load[slot] > room:
            continue
        found = _known(t, s, task, slot) if slot != overlooked else packed(t, s, task, slot, skip)
        if found < best:
            best = found
            best_slot = slot
    return best, best_slot


@compiled
def _known(t: Tables, s: State, task: int, slot: int) -> int:
    """Return the cheapest place in a route; those in routes as accepted are sought once."""
    if s.kept_at[slot] == s.num[N_STAMP]:
        return packed(t, s, task, slot, 0)
    k = task * t.slots + slot
    if s.known_in[k] != s.version[slot]:
        s.known_in[k] = s.version[slot]
        s.known[k] = packed(t, s, task, slot, 0)
    return s.known[k]


@compiled
def packed(t: Tables, s: State, task: int, slot: int, skip: int) -> int:
    """Return the cheapest place of a route but for ``skip``: added cost, place and way in one number.

    The way is the lowest bit, the place the other BITS - 1, the cost the rest.
    """
    to0 = t.before[2 * task]
    to1 = t.before[2 * task + 1]
    from0 = t.onward[2 * task]
    from1 = t.onward[2 * task + 1]
    row = s.row[slot]
    best = FORBIDDEN << BITS
    last = t.end[s.seq[row]]
    for p in range(1, s.length[slot] + 2):
        arc = s.seq[row + p]
        next_ = t.start[arc]
        c0 = t.back[to0 + last] + t.way[from0 + next_]
        c1 = t.back[to1 + last] + t.way[from1 + next_]
        last = t.end[arc]
        found = min(c0 << BITS, (c1 << BITS) + 1) - (s.link[row + p] << BITS) + 2 * p
        if found < best and p != skip:
            best = found
    return best


@compiled
def insert(t: Tables, s: State, slot: int, at: int, arc: int) -> None:
    """Put an arc at a place of a route."""
    row = s.row[slot]
    n = s.length[slot]
    for p in range(row + n + 1, row + at - 1, -1):
        s.seq[p + 1] = s.seq[p]
        s.link[p + 1] = s.link[p]
    p = row + at
    after = s.seq[p + 1]
    s.num[N_COST] -= s.link[p + 1]
    s.seq[p] = arc
    s.link[p] = driving(t, s.seq[p - 1], arc)
    s.link[p + 1] = driving(t, arc, after)
    s.num[N_COST] += s.link[p] + s.link[p + 1] + t.serving[arc >> 1]
    s.length[slot] = n + 1
    s.load[slot] += t.demand[arc >> 1]
    if n == 0:
        s.num[N_USED] += 1
        _open_another(t, s, slot)
