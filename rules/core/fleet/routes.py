"""Loops on the routes of a night: keep, bring back, take jobs out, put them in."""

from __future__ import annotations

from rules.core.carp.compiled import compiled
from rules.core.fleet.clock import LOADS, cost_of, home_of
from rules.core.fleet.tables import N_BEST, N_COST, N_REMOVED, N_STAMP, N_TOUCHED, State, Tables


@compiled
def keep(t: Tables, s: State, lorry: int) -> None:
    """Note a route as it is, if this iteration has not touched it yet."""
    if s.kept_at[lorry] == s.num[N_STAMP]:
        return
    s.kept_at[lorry] = s.num[N_STAMP]
    s.touched[s.num[N_TOUCHED]] = lorry
    s.num[N_TOUCHED] += 1
    s.kept_length[lorry] = s.length[lorry]
    row = lorry * t.width
    for p in range(row, row + s.length[lorry] + 2):
        s.kept_seq[p] = s.seq[p]


@compiled
def bring_back(t: Tables, s: State) -> None:
    """Undo everything since the iteration began."""
    for i in range(s.num[N_TOUCHED]):
        lorry = s.touched[i]
        s.length[lorry] = s.kept_length[lorry]
        row = lorry * t.width
        for p in range(row, row + s.length[lorry] + 2):
            s.seq[p] = s.kept_seq[p]
        place(t, s, lorry, 1)
        price(t, s, lorry)


@compiled
def place(t: Tables, s: State, lorry: int, first: int) -> None:
    """Tell the jobs of a route, from place ``first`` on, where they are."""
    row = lorry * t.width
    for p in range(first, s.length[lorry] + 1):
        job = s.seq[row + p] >> 1
        s.lorry_of[job] = lorry
        s.place_of[job] = p


@compiled
def price(t: Tables, s: State, lorry: int) -> None:
    """Count a route's cost anew, and note at each place what putting a job in before it is up to.

    ``loads``: whether salt is loaded on the way to it. ``at``: when it is done. ``slack``: what it
    and all after it can wait without being late, where nobody waits. ``waits``: how long the lorry waits before it and after. ``room``: for salt in the load that a job put in
    before it would come from.
    """
    n = s.length[lorry]
    row = lorry * t.width
    cost = cost_of(t, s, row, n, lorry)
    s.num[N_COST] += cost - s.cost[lorry]
    s.cost[lorry] = cost
    _note_times(t, s, row, n, lorry)
    _note_room(t, s, row, n, lorry)


@compiled
def _note_times(t: Tables, s: State, row: int, n: int, lorry: int) -> None:
    s.at[row] = t.begin[lorry]
    for p in range(row + 1, row + n + 2):
        k = s.seq[p - 1] * t.size + s.seq[p]
        s.loads[p] = 1 if n > 0 and p <= row + n and s.ready[p - row] == LOADS else 0
        step = home_of(t, s.seq[row]) if n == 0 else (t.loading[k] if s.loads[p] == 1 else t.step[k])
        s.at[p] = s.at[p - 1] + step
        s.waits[p] = max(0, t.soon[s.seq[p] >> 1] - s.at[p]) if p <= row + n else 0
        s.at[p] += s.waits[p]
    slack = t.until[lorry] - s.at[row + n + 1]
    s.slack[row + n + 1] = slack
    for p in range(row + n, row, -1):
        slack = min(slack, t.due[s.seq[p] >> 1] - s.at[p])
        s.slack[p] = slack
        s.waits[p] += s.waits[p + 1]


@compiled
def _note_room(t: Tables, s: State, row: int, n: int, lorry: int) -> None:
    room = t.board[lorry]
    first = row + 1
    for p in range(row + 1, row + n + 2):
        if p == row + n + 1 or s.loads[p] == 1:
            for q in range(first, p + 1):
                s.room[q] = room
            first = p + 1
            room = t.holds[lorry]
        if p <= row + n:
            room -= t.salt[s.seq[p] >> 1]


@compiled
def take_out(t: Tables, s: State, lorry: int, start: int, count: int) -> None:
    """Take ``count`` places from ``start`` on out of a route."""
    keep(t, s, lorry)
    row = lorry * t.width
    n = s.length[lorry]
    for p in range(row + start, row + start + count):
        job = s.seq[p] >> 1
        s.lorry_of[job] = -1
        s.removed[s.num[N_REMOVED]] = job
        s.num[N_REMOVED] += 1
    for p in range(row + start + count, row + n + 2):
        s.seq[p - count] = s.seq[p]
    s.length[lorry] = n - count
    place(t, s, lorry, start)
    price(t, s, lorry)


@compiled
def put_in(t: Tables, s: State, lorry: int, at: int, stop: int) -> None:
    """Put a job in one of its ways at a place of a route."""
    keep(t, s, lorry)
    row = lorry * t.width
    n = s.length[lorry]
    for p in range(row + n + 1, row + at - 1, -1):
        s.seq[p + 1] = s.seq[p]
    s.seq[row + at] = stop
    s.length[lorry] = n + 1
    place(t, s, lorry, at)
    price(t, s, lorry)


@compiled
def keep_best(t: Tables, s: State) -> None:
    """Note the routes as the best."""
    s.num[N_BEST] = s.num[N_COST]
    for lorry in range(t.lorries):
        s.best_length[lorry] = s.length[lorry]
        row = lorry * t.width
        for p in range(row, row + s.length[lorry] + 2):
            s.best_seq[p] = s.seq[p]
