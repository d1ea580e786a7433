"""Loops on single routes: keep, bring back, rewrite, cost, turn round."""

from __future__ import annotations

from rules.core.carp.compiled import compiled
from rules.core.carp.state import N_COST, N_STAMP, N_TOUCHED, N_USED, N_VERSION, State, Tables


@compiled
def keep(t: Tables, s: State, slot: int) -> None:
    """Note a route as it is, if this iteration has not touched it yet."""
    if s.kept_at[slot] == s.num[N_STAMP]:
        return
    s.kept_at[slot] = s.num[N_STAMP]
    s.touched[s.num[N_TOUCHED]] = slot
    s.num[N_TOUCHED] += 1
    s.kept_length[slot] = s.length[slot]
    s.kept_load[slot] = s.load[slot]
    row = slot * t.width
    for p in range(row, row + s.length[slot] + 2):
        s.kept_seq[p] = s.seq[p]
        s.kept_link[p] = s.link[p]


@compiled
def bring_back(t: Tables, s: State) -> None:
    """Undo everything since the iteration began."""
    for i in range(s.num[N_TOUCHED]):
        slot = s.touched[i]
        s.num[N_USED] += (1 if s.kept_length[slot] > 0 else 0) - (1 if s.length[slot] > 0 else 0)
        s.length[slot] = s.kept_length[slot]
        s.load[slot] = s.kept_load[slot]
        row = slot * t.width
        for p in range(row, row + s.length[slot] + 2):
            s.seq[p] = s.kept_seq[p]
            s.link[p] = s.kept_link[p]
        place(t, s, slot, 1)


@compiled
def accept(t: Tables, s: State) -> None:
    """Name the routes anew that this iteration has changed, and turn their tasks round where that saves."""
    for i in range(s.num[N_TOUCHED]):
        slot = s.touched[i]
        if _changed(t, s, slot):
            renew(s, slot)
            s.num[N_COST] -= reorient(t, s, slot)


@compiled
def renew(s: State, slot: int) -> None:
    """Give a route a new name: what is known of places in it is known no longer."""
    s.num[N_VERSION] += 1
    s.version[slot] = s.num[N_VERSION]


@compiled
def _changed(t: Tables, s: State, slot: int) -> bool:
    if s.length[slot] != s.kept_length[slot]:
        return True
    p = slot * t.width + 1
    end = p + s.length[slot]
    while p < end and s.seq[p] == s.kept_seq[p]:
        p += 1
    return p < end


@compiled
def place(t: Tables, s: State, slot: int, first: int) -> None:
    """Tell the tasks of a route, from place ``first`` on, where they are."""
    row = slot * t.width
    for p in range(first, s.length[slot] + 1):
        task = s.seq[row + p] >> 1
        s.slot_of[task] = slot
        s.place_of[task] = p


@compiled
def relink(t: Tables, s: State, slot: int) -> int:
    """Write a route's steps anew and return its cost."""
    row = slot * t.width
    cost = 0
    for p in range(row + 1, row + s.length[slot] + 2):
        s.link[p] = t.step[s.seq[p - 1] * t.size + s.seq[p]]
        cost += s.link[p]
    return cost


@compiled
def reorient(t: Tables, s: State, slot: int) -> int:
    """Choose the best way of every task of a route in its order; return what that saves.

    An exact dynamic program with two states, the way of the last task. Insertion tries both ways
    of the task put in; this is for the others, and for routes imported or made by hand.
    """
    row = slot * t.width
    n = s.length[slot]
    if n == 0:
        return 0
    was = 0
    for p in range(row + 1, row + n + 2):
        was += s.link[p]
    best, last = _best_ways(t, s, slot)
    if best >= was:
        return 0
    for p in range(row + n, row, -1):
        s.seq[p] = (s.seq[p] & -2) + last
        last = s.kept_seq[p] if last == 0 else s.kept_link[p]
    return was - relink(t, s, slot)


@compiled
def _best_ways(t: Tables, s: State, slot: int) -> tuple[int, int]:
    """Return a route's least cost and the way of its last task.

    Which way the task before takes is left in the slot's rows of ``kept_seq`` (before a task
    done forth) and ``kept_link`` (back), which are free once an iteration is taken.
    """
    row = slot * t.width
    home = s.seq[row]
    last0 = home
    last1 = home
    cost0 = 0
    cost1 = 0
    for p in range(row + 1, row + s.length[slot] + 1):
        arc = s.seq[p] & -2
        forth0 = cost0 + t.step[last0 * t.size + arc]
        forth1 = cost1 + t.step[last1 * t.size + arc]
        back0 = cost0 + t.step[last0 * t.size + arc + 1]
        back1 = cost1 + t.step[last1 * t.size + arc + 1]
        s.kept_seq[p] = 0 if forth0 <= forth1 else 1
        s.kept_link[p] = 0 if back0 <= back1 else 1
        cost0 = min(forth0, forth1)
        cost1 = min(back0, back1)
        last0 = arc
        last1 = arc + 1
    cost0 += t.step[last0 * t.size + home]
    cost1 += t.step[last1 * t.size + home]
    return min(cost0, cost1), 0 if cost0 <= cost1 else 1
