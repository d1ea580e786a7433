"""The planner's loop: strings of jobs are taken out and put back where the night costs least.

As in ``rules.core.carp``, but a place is judged by the clock: what a job costs there is what it
adds to the lorry's time, lateness and overtime.
"""

from __future__ import annotations

import math

from rules.core.carp.chance import below, share, shuffle
from rules.core.carp.compiled import compiled
from rules.core.carp.order import sort_by
from rules.core.fleet.clock import NO_TIME, cost_of, home_of
from rules.core.fleet.routes import bring_back, keep_best, put_in, take_out
from rules.core.fleet.tables import N_BEST, N_COST, N_REMOVED, N_STAMP, N_TOUCHED, State, Tables

AVERAGE, LONGEST = 10, 10
"""Jobs taken out on average, and in one string at most."""

BLINK = 0.01
"""With this chance a place is overlooked."""

MOST = NO_TIME // 2
"""No place may cost more."""


@compiled
def anneal(t: Tables, s: State, iterations: int, temperature: float) -> int:
    """Run ``iterations`` at a temperature; return how many were taken."""
    taken = 0
    for _ in range(iterations):
        was = s.num[N_COST]
        limit = was - temperature * math.log(share(s.random))
        s.num[N_STAMP] += 1
        s.num[N_TOUCHED] = 0
        s.num[N_REMOVED] = 0
        ruin(t, s)
        arrange(t, s)
        if not recreate(t, s, limit):
            bring_back(t, s)
            continue
        taken += 1
        if s.num[N_COST] < s.num[N_BEST]:
            keep_best(t, s)
    return taken


@compiled
def ruin(t: Tables, s: State) -> None:
    """Take strings out of the routes round a job."""
    used = 0
    for lorry in range(t.lorries):
        used += 1 if s.length[lorry] > 0 else 0
    cap = min(float(LONGEST), t.jobs / max(1, used))
    strings = int(1.0 + share(s.random) * max(4.0 * AVERAGE / (1.0 + cap) - 1.0, 0.0))
    seed = below(s.random, t.jobs)
    for i in range(-1, t.reach):
        job = seed if i < 0 else t.near[seed * t.reach + i]
        lorry = s.lorry_of[job]
        if lorry < 0 or s.kept_at[lorry] == s.num[N_STAMP]:
            continue
        n = s.length[lorry]
        count = min(int(1.0 + share(s.random) * min(float(n), cap)), n)
        low = max(1, s.place_of[job] - count + 1)
        high = min(s.place_of[job], n - count + 1)
        take_out(t, s, lorry, low + below(s.random, high - low + 1), count)
        strings -= 1
        if strings <= 0:
            break


@compiled
def arrange(t: Tables, s: State) -> None:
    """Put the removed jobs in random order, or by limit, distance or salt (4 : 4 : 2 : 1)."""
    n = s.num[N_REMOVED]
    shuffle(s.removed, n, s.random)
    chosen = below(s.random, 11)
    if chosen >= 4:
        key = 0 if chosen < 8 else (1 if chosen < 10 else 2)
        sort_by(s.removed, n, t.key, key * t.jobs)


@compiled
def recreate(t: Tables, s: State, limit: float) -> bool:
    """Put every removed job back; False as soon as the cost is over ``limit`` or one fits nowhere."""
    for i in range(s.num[N_REMOVED]):
        job = s.removed[i]
        _, lorry, at, way = best_place(t, s, job, limit - s.num[N_COST], BLINK)
        if lorry < 0:
            return False
        put_in(t, s, lorry, at, 2 * job + way)
    return True


@compiled
def best_place(t: Tables, s: State, job: int, allowed: float, blink: float) -> tuple[int, int, int, int]:
    """Return the least cost below ``allowed`` that a job adds, and where: lorry (-1 = nowhere), place, way.

    With the chance ``blink`` a place is overlooked.
    """
    best = MOST if allowed > MOST else math.ceil(allowed)
    best_lorry = -1
    best_at = 0
    best_way = 0
    for lorry in range(t.lorries):
        for p in range(1, s.length[lorry] + 2):
            for way in range(2):
                cost = _added(t, s, lorry, p, 2 * job + way, best)
                if cost < best and share(s.random) >= blink:
                    best = cost
                    best_lorry = lorry
                    best_at = p
                    best_way = way
    return best, best_lorry, best_at, best_way


@compiled
def _added(t: Tables, s: State, lorry: int, at: int, stop: int, allowed: int) -> int:
    """Return what a job costs at a place; MOST where its way alone costs ``allowed`` or more.

    Where nothing gets late by it, nobody waits and the load that it would come from has room, that is
    the longer way. Else the whole route is timed.
    """
    p = lorry * t.width + at
    before = s.seq[p - 1]
    after = s.seq[p]
    k = stop * t.size
    there = t.into[k + before]
    if s.loads[p] == 1:
        delay = there + t.loading[k + after] - t.loading[before * t.size + after]
    elif s.length[lorry] == 0:
        delay = there + t.step[k + after] - home_of(t, before)
    else:
        delay = there + t.step[k + after] - t.step[before * t.size + after]
    job = stop >> 1
    moved = t.moved[job * t.lorries + lorry]
    done = s.at[p - 1] + there
    if s.waits[p] == 0:
        if delay + moved >= allowed:
            return MOST
        if s.room[p] >= t.salt[job] and delay <= s.slack[p] and t.soon[job] <= done <= t.due[job]:
            return delay + moved
    return tried(t, s, lorry, at, stop) - s.cost[lorry]


@compiled
def tried(t: Tables, s: State, lorry: int, at: int, stop: int) -> int:
    """Return the cost of a route with a job put in, written to the row after the lorries'."""
    row = lorry * t.width
    trial = t.lorries * t.width
    for p in range(at):
        s.seq[trial + p] = s.seq[row + p]
    s.seq[trial + at] = stop
    for p in range(at, s.length[lorry] + 2):
        s.seq[trial + p + 1] = s.seq[row + p]
    return cost_of(t, s, trial, s.length[lorry] + 1, lorry)
