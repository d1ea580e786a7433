"""Plans into the loops' arrays and back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

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
    serving = 0
    for route in routes:
        nth = used.get(route.depot, 0)
        used[route.depot] = nth + 1
        _write(t, s, route.depot * per_depot + nth, route.arcs)
        serving += sum(t.serving[arc >> 1] for arc in route.arcs)
    s.num[N_COST] = serving + sum(relink(t, s, slot) for slot in range(t.slots))
    if s.num[N_BEST] == 0 or s.num[N_COST] < s.num[N_BEST]:
        keep_best(t, s)


def has_room(t: Tables, routes: Iterable[Route]) -> bool:
    """Whether each depot has rows for its routes."""
    count = Counter(route.depot for route in routes)
    return max(count.values(), default=0) <= t.slots // (t.size - 2 * t.tasks)


def _clear(t: Tables, s: State) -> None:
    for slot in range(t.slots):
        s.length[slot] = s.load[slot] = 0
        row, spare = s.row[slot], s.spare[slot]
        s.seq[row] = s.seq[row + 1] = s.seq[spare] = s.seq[spare + 1] = t.home[slot]
        renew(s, slot)
    s.num[N_USED] = 0


def _write(t: Tables, s: State, slot: int, arcs: tuple[int, ...]) -> None:
    row = s.row[slot]
    for p, arc in enumerate(arcs, 1):
        s.seq[row + p] = arc
        s.load[slot] += t.demand[arc >> 1]
    s.seq[row + len(arcs) + 1] = t.home[slot]
    s.length[slot] = len(arcs)
    place(s, slot)
    s.num[N_USED] += 1


def best_plan(t: Tables, s: State) -> Plan:
    """Return the best solution met."""
    rows = [slot * t.width for slot in range(t.slots)]
    return _plan(t, rows, s.best_seq, s.best_length, s.num[N_BEST])


def plan_now(t: Tables, s: State) -> Plan:
    """Return the solution as it is."""
    return _plan(t, s.row, s.seq, s.length, s.num[N_COST])


def _plan(t: Tables, rows: Sequence[int] | Ints, seq: Ints, length: Ints, cost: int) -> Plan:
    routes = []
    for slot in range(t.slots):
        row, n = rows[slot], length[slot]
        if n > 0:
            arcs = tuple(int(seq[p]) for p in range(row + 1, row + n + 1))
            routes.append(Route(int(t.home[slot]) - 2 * t.tasks, arcs))
    return Plan(tuple(routes), int(cost))
