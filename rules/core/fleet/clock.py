"""When a lorry is where, with salt loaded where that ends its round first.

The places to load are chosen by a dynamic program over the route's fixed order: ``ready[k]`` is
the earliest time at which the stop before place k can be left for a load before k. Loading never
makes a lorry earlier, so without need there is none. Who comes to a job before its time waits: a lorry that is
later by less than that is no later afterwards.
"""

from __future__ import annotations

from rules.core.carp.compiled import compiled
from rules.core.fleet.tables import FAR, State, Tables

NO_TIME = 1 << 40
"""Time or cost of what can't be done."""

LOADS = -1
"""In ``ready`` after :func:`cost_of`: salt is loaded on the way to this place."""


@compiled
def home_of(t: Tables, start: int) -> int:
    """Return what a lorry without work takes home from where it starts; 0 where it is there, or no way leads there."""
    step = t.step[start * t.size + start]
    return 0 if step >= FAR else step


@compiled
def cost_of(t: Tables, s: State, row: int, n: int, lorry: int) -> int:
    """Return the cost of the n jobs in the route that begins at ``row``; NO_TIME where it can't be driven.

    It is the time that the lorry is away, waits included, with lateness, overtime and changes of lorry at their prices.
    """
    if n == 0:
        home = home_of(t, s.seq[row])
        return home + max(0, t.begin[lorry] + home - t.until[lorry]) * t.late_cost if home > 0 else 0
    end = _end(t, s, row, n, lorry)
    if end >= FAR:
        return NO_TIME
    cost = end - t.begin[lorry] + max(0, end - t.until[lorry]) * t.late_cost
    time = t.begin[lorry]
    for p in range(1, n + 1):
        stop = s.seq[row + p]
        k = s.seq[row + p - 1] * t.size + stop
        time += t.loading[k] if s.ready[p] == LOADS else t.step[k]
        job = stop >> 1
        time = max(time, t.soon[job])
        cost += t.moved[job * t.lorries + lorry]
        if time > t.due[job]:
            cost += t.late_job + (time - t.due[job]) * t.late_cost
    return cost


@compiled
def _end(t: Tables, s: State, row: int, n: int, lorry: int) -> int:
    """Return when the route ends at the earliest, and mark in ``ready`` before which places salt is loaded."""
    end = NO_TIME
    last = 0
    for k in range(n + 2):
        s.ready[k] = NO_TIME
    s.ready[0] = s.ready[1] = t.begin[lorry]
    s.parent[1] = 0
    for k in range(n + 1):
        if s.ready[k] >= NO_TIME:
            continue
        done = _on_one_load(t, s, row, n, k, t.holds[lorry] if k > 0 else t.board[lorry])
        if done < end:
            end = done
            last = k
        if k == 0 and done < NO_TIME:
            break
    for k in range(n + 2):
        s.ready[k] = 0
    while last > 0:
        s.ready[last] = LOADS
        last = s.parent[last]
    return end


@compiled
def _on_one_load(t: Tables, s: State, row: int, n: int, k: int, room: int) -> int:
    """Go on from a load before place k (0 = from the start) while it lasts; note where the next may be taken.

    Returns when the lorry is back; NO_TIME where the load does not last till then.
    """
    time = s.ready[k]
    for p in range(max(k, 1), n + 1):
        stop = s.seq[row + p]
        room -= t.salt[stop >> 1]
        if room < 0:
            return NO_TIME
        at = s.seq[row + p - 1] * t.size + stop
        time = max(time + (t.loading[at] if p == k else t.step[at]), t.soon[stop >> 1])
        if p < n and time < s.ready[p + 1]:
            s.ready[p + 1] = time
            s.parent[p + 1] = k
    return time + t.step[s.seq[row + n] * t.size + s.seq[row + n + 1]]
