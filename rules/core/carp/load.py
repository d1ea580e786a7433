"""Plans into the loops' arrays and back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from rules.core.carp.anneal import keep_best
from rules.core.carp.compiled import Ints
from rules.core.carp.problem import Plan, Route
from rules.core.carp.routes import place, relink, renew
from rules.core.carp.state import N_BEST, N_COST, N_USED, State, Tables


def put(t: Tables, s: State, routes: Iterable[Route]) -> None:
    """Make ``routes`` the solution; the best is changed only where this one is cheaper, or the first."""
    _clear(t, s)
    per_depot = t.slots // (t.size - 2 * t.tasks)
    used: dict[int, int] = {}
    for route in routes:
        nth = used.get(route.depot, 0)
        used[route.depot] = nth + 1
        _write(t, s, route.depot * per_depot + nth, route.arcs)
    s.num[N_COST] = sum(relink(t, s, slot) for slot in range(t.slots))
    if s.num[N_BEST] == 0 or s.num[N_COST] < s.num[N_BEST]:
        keep_best(t, s)


def has_room(t: Tables, routes: Iterable[Route]) -> bool:
    """Whether each depot has rows for its routes."""
    count = Counter(route.depot for route in routes)
    return max(count.values(), default=0) <= t.slots // (t.size - 2 * t.tasks)


def _clear(t: Tables, s: State) -> None:
    for slot in range(t.slots):
        s.length[slot] = s.load[slot] = 0
        s.seq[slot * t.width] = s.seq[slot * t.width + 1] = t.home[slot]
        renew(s, slot)
    s.num[N_USED] = 0


def _write(t: Tables, s: State, slot: int, arcs: tuple[int, ...]) -> None:
    row = slot * t.width
    for p, arc in enumerate(arcs, 1):
        s.seq[row + p] = arc
        s.load[slot] += t.demand[arc >> 1]
    s.seq[row + len(arcs) + 1] = t.home[slot]
    s.length[slot] = len(arcs)
    place(t, s, slot, 1)
    s.num[N_USED] += 1


def best_plan(t: Tables, s: State) -> Plan:
    """Return the best solution met."""
    return _plan(t, s.best_seq, s.best_length, s.num[N_BEST])


def plan_now(t: Tables, s: State) -> Plan:
    """Return the solution as it is."""
    return _plan(t, s.seq, s.length, s.num[N_COST])


def _plan(t: Tables, seq: Ints, length: Ints, cost: int) -> Plan:
    routes = []
    for slot in range(t.slots):
        row, n = slot * t.width, length[slot]
        if n > 0:
            arcs = tuple(int(seq[p]) for p in range(row + 1, row + n + 1))
            routes.append(Route(int(t.home[slot]) - 2 * t.tasks, arcs))
    return Plan(tuple(routes), int(cost))
