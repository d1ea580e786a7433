"""Loops on single routes: keep, bring back, rewrite, cost, turn round."""

from __future__ import annotations

from rules.core.carp.compiled import compiled
from rules.core.carp.state import N_COST, N_STAMP, N_TOUCHED, N_USED, N_VERSION, State, Tables


@compiled
def driving(t: Tables, x: int, y: int) -> int:
    """Return the cost of driving from the end of an arc or depot to the start of another."""
    return t.way[t.onward[x] + t.start[y]]


@compiled
def turn_page(s: State, slot: int) -> None:
    """Note a route as it is; it will be written in its other row."""
    s.kept_at[slot] = s.num[N_STAMP]
    s.touched[s.num[N_TOUCHED]] = slot
    s.num[N_TOUCHED] += 1
    s.kept_length[slot] = s.length[slot]
    s.kept_load[slot] = s.load[slot]
    row = s.row[slot]
    s.row[slot] = s.spare[slot]
    s.spare[slot] = row


@compiled
def keep(t: Tables, s: State, slot: int) -> None:
    """Note a route as it is, if this iteration has not touched it yet."""
    if s.kept_at[slot] == s.num[N_STAMP]:
        return
    turn_page(s, slot)
    row = s.row[slot]
    was = s.spare[slot]
    for p in range(s.length[slot] + 2):
        s.seq[row + p] = s.seq[was + p]
        s.link[row + p] = s.link[was + p]


@compiled
def bring_back(t: Tables, s: State) -> None:
    """Undo everything since the iteration began."""
    for i in range(s.num[N_TOUCHED]):
        slot = s.touched[i]
        s.num[N_USED] += (1 if s.kept_length[slot] > 0 else 0) - (1 if s.length[slot] > 0 else 0)
        s.length[slot] = s.kept_length[slot]
        s.load[slot] = s.kept_load[slot]
        row = s.row[slot]
        s.row[slot] = s.spare[slot]
        s.spare[slot] = row


@compiled
def accept(t: Tables, s: State) -> None:
    """Name the routes anew that this iteration has changed, and turn their tasks round where that saves.

    Routes that are what they were are touched no longer.
    """
    changed = 0
    for i in range(s.num[N_TOUCHED]):
        slot = s.touched[i]
        if _changed(s, slot):
            renew(s, slot)
            s.num[N_COST] -= reorient(t, s, slot)
            place(s, slot)
            s.touched[changed] = slot
            changed += 1
    s.num[N_TOUCHED] = changed


@compiled
def renew(s: State, slot: int) -> None:
    """Give a route a new name: what is known of places in it is known no longer."""
    s.num[N_VERSION] += 1
    s.version[slot] = s.num[N_VERSION]


@compiled
def _changed(s: State, slot: int) -> bool:
    n = s.length[slot]
    if n != s.kept_length[slot]:
        return True
    row = s.row[slot]
    was = s.spare[slot]
    p = 1
    while p <= n and s.seq[row + p] == s.seq[was + p]:
        p += 1
    return p <= n


@compiled
def place(s: State, slot: int) -> None:
    """Tell the tasks of a route where they are."""
    row = s.row[slot]
    for p in range(1, s.length[slot] + 1):
        task = s.seq[row + p] >> 1
        s.slot_of[task] = slot
        s.place_of[task] = p


@compiled
def relink(t: Tables, s: State, slot: int) -> int:
    """Write a route's driving anew and return what it costs."""
    row = s.row[slot]
    cost = 0
    for p in range(row + 1, row + s.length[slot] + 2):
        s.link[p] = driving(t, s.seq[p - 1], s.seq[p])
        cost += s.link[p]
    return cost


@compiled
def reorient(t: Tables, s: State, slot: int) -> int:
    """Choose the best way of every task of a route in its order; return what that saves.

    An exact dynamic program with two states, the way of the last task. Insertion tries both ways
    of the task put in; this is for the others, and for routes imported or made by hand.
    """
    row = s.row[slot]
    note = s.spare[slot]
    n = s.length[slot]
    if n == 0:
        return 0
    was = 0
    for p in range(row + 1, row + n + 2):
        was += s.link[p]
    best, last = _best_ways(t, s, slot)
    if best >= was:
        return 0
    for p in range(n, 0, -1):
        s.seq[row + p] = (s.seq[row + p] & -2) + last
        last = s.seq[note + p] if last == 0 else s.link[note + p]
    return was - relink(t, s, slot)


@compiled
def _best_ways(t: Tables, s: State, slot: int) -> tuple[int, int]:
    """Return a route's least cost and the way of its last task.

    Which way the task before takes is left in the slot's spare row, in ``seq`` (before a task
    done forth) and ``link`` (back): that row is free once an iteration is taken.
    """
    row = s.row[slot]
    note = s.spare[slot]
    home = s.seq[row]
    last0 = home
    last1 = home
    cost0 = 0
    cost1 = 0
    for p in range(1, s.length[slot] + 1):
        arc = s.seq[row + p] & -2
        forth0 = cost0 + driving(t, last0, arc)
        forth1 = cost1 + driving(t, last1, arc)
        back0 = cost0 + driving(t, last0, arc + 1)
        back1 = cost1 + driving(t, last1, arc + 1)
        s.seq[note + p] = 0 if forth0 <= forth1 else 1
        s.link[note + p] = 0 if back0 <= back1 else 1
        cost0 = min(forth0, forth1)
        cost1 = min(back0, back1)
        last0 = arc
        last1 = arc + 1
    cost0 += driving(t, last0, home)
    cost1 += driving(t, last1, home)
    return min(cost0, cost1), 0 if cost0 <= cost1 else 1
