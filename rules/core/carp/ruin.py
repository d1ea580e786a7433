"""Ruin: strings of neighbouring tasks are cut out of neighbouring routes (SISR).

After Christiaens and Vanden Berghe, Slack induction by string removals, Transportation
Science 54, 2020.
"""

from __future__ import annotations

from rules.core.carp.carry import below, share
from rules.core.carp.compiled import compiled
from rules.core.carp.routes import driving, turn_page
from rules.core.carp.state import N_COST, N_REMOVED, N_STAMP, N_USED, State, Tables

AVERAGE, LONGEST = 10, 10
"""Tasks taken out on average, and in one string at most."""

SPLIT = 0.5
"""Share of the strings that keep a random inner piece."""

SHORT = 0.01
"""With this chance a kept piece grows no further; in the paper it grows with this chance, which did worse."""


@compiled
def ruin(t: Tables, s: State) -> None:
    """Take out about AVERAGE tasks, in strings of up to LONGEST or the mean length of a route."""
    cap = min(float(LONGEST), t.tasks / max(1, s.num[N_USED]))
    most = 4.0 * AVERAGE / (1.0 + cap) - 1.0
    strings = int(1.0 + share(s.random) * max(most, 0.0))
    seed = below(s.random, t.tasks)
    _cut(t, s, seed, cap)
    strings -= 1
    for i in range(t.reach):
        if strings <= 0:
            break
        task = t.near[seed * t.reach + i]
        slot = s.slot_of[task]
        if s.kept_at[slot] != s.num[N_STAMP]:
            _cut(t, s, task, cap)
            strings -= 1


@compiled
def _cut(t: Tables, s: State, task: int, cap: float) -> None:
    """Cut a string with ``task`` in it out of its route."""
    slot = s.slot_of[task]
    at = s.place_of[task]
    n = s.length[slot]
    longest = min(float(n), cap)
    out = min(int(1.0 + share(s.random) * longest), n)
    inner = 0
    if out > 1 and out < n and share(s.random) < SPLIT:
        inner = n - out
        if share(s.random) < SHORT * (inner - 1):
            inner = 1 + below(s.random, inner - 1)
    span = out + inner
    low = max(1, at - span + 1)
    high = min(at, n - span + 1)
    start = low + below(s.random, high - low + 1)
    skip = start + span
    if inner > 0:
        skip = start + 1 + below(s.random, out - 1)
    turn_page(s, slot)
    _remove(t, s, slot, start, start + span, skip, skip + inner)


@compiled
def _remove(t: Tables, s: State, slot: int, start: int, end: int, skip: int, again: int) -> None:
    """Copy a route from its spare row without the places from ``start`` up to ``end``, but with ``skip`` to ``again``."""
    row = s.row[slot]
    was = s.spare[slot]
    n = s.length[slot]
    for p in range(start):
        s.seq[row + p] = s.seq[was + p]
        s.link[row + p] = s.link[was + p]
    to = start
    gap = False
    for p in range(start, n + 2):
        arc = s.seq[was + p]
        link = s.link[was + p]
        if p < end and (p < skip or p >= again):
            task = arc >> 1
            s.num[N_COST] -= link + t.serving[task]
            s.load[slot] -= t.demand[task]
            s.removed[s.num[N_REMOVED]] = task
            s.num[N_REMOVED] += 1
            gap = True
            continue
        if gap:
            gap = False
            new = driving(t, s.seq[row + to - 1], arc)
            s.num[N_COST] += new - link
            link = new
        s.seq[row + to] = arc
        s.link[row + to] = link
        to += 1
    s.length[slot] = to - 2
    if to == 2:
        s.num[N_USED] -= 1
