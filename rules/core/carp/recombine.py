"""Recombination: groups of neighbouring routes are replaced by cheaper sets of remembered routes.

The routes of many good solutions hold better solutions than any of them. Over a whole
network the choice is too large to be searched, over the tasks of some routes it takes
milliseconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np
from numpy.typing import NDArray

from rules.core.carp.carry import below
from rules.core.carp.choose import Search, choose
from rules.core.carp.compiled import Ints, flat, flat_floats
from rules.core.carp.pool import Pool
from rules.core.carp.prices import Columns, Prices, climb
from rules.core.carp.problem import Plan, Problem, Route
from rules.core.carp.state import State, Tables

GROUP = 45
"""Tasks of a group of routes at most."""

ROUNDS, PER_ROUND = 2, 16
"""Groups tried at a time: so many, and one more for each so many tasks."""

COLUMNS = 6_000
"""Routes looked at: those of the cheapest solutions."""

Rows = NDArray[np.int64]
NONE = 1e30
TOLERANCE = 1e-6


@dataclass(frozen=True)
class Remembered:
    """Routes of the pool, one a row.

    Attributes:
        home: depots in the matrix.
        length, arcs: the routes, filled up to the width of a row.
        cost: of each.
        does: (routes, tasks) which tasks each does.
    """

    home: Rows
    length: Rows
    arcs: Rows
    cost: Rows
    does: NDArray[np.bool_]

    @cached_property
    def _words(self) -> NDArray[np.uint64]:
        """(routes, words) what ``does`` says, 64 tasks a word."""
        return _packed(self.does)

    def within(self, wanted: NDArray[np.bool_]) -> Rows:
        """Return the rows of the routes that do no task but the wanted ones."""
        return np.flatnonzero(~(self._words & ~_packed(wanted[None, :])).any(axis=1))

    def route(self, j: int, first_depot: int) -> Route:
        """Return a row as a route."""
        arcs = tuple(self.arcs[j, : self.length[j]].tolist())
        return Route(int(self.home[j]) - first_depot, arcs)


def recombine(problem: Problem, t: Tables, s: State, p: Pool, plan: Plan) -> Plan:
    """Return the plan, or a cheaper one with some routes replaced."""
    known = _remembered(t, p)
    tried: set[frozenset[Route]] = set()
    for _ in range(ROUNDS + t.tasks // PER_ROUND):
        group = _group(t, plan, below(s.random, t.tasks))
        routes = frozenset(plan.routes[i] for i in group)
        if routes in tried:
            continue
        tried.add(routes)
        cost = sum(problem.route_cost(plan.routes[i].depot, plan.routes[i].arcs) for i in group)
        wanted = np.zeros(t.tasks, dtype=bool)
        wanted[[arc >> 1 for i in group for arc in plan.routes[i].arcs]] = True
        chosen = cheaper(known, wanted, cost)
        if chosen:
            kept = [route for i, route in enumerate(plan.routes) if i not in group]
            new = [known.route(j, problem.depot(0)) for j in chosen]
            plan = Plan((*kept, *new), plan.cost - cost + int(known.cost[chosen].sum()))
    return plan


def _remembered(t: Tables, p: Pool) -> Remembered:
    """Return the routes of the cheapest solutions."""
    count = p.used[0]
    rows = np.argsort(_row(p.score, count), kind="stable")[:COLUMNS]
    length = _row(p.length, count)[rows]
    arcs = _row(p.arcs, count * t.width).reshape(count, t.width)[rows]
    does = np.zeros((len(rows), t.tasks), dtype=bool)
    inside = np.arange(t.width) < length[:, None]
    does[np.nonzero(inside)[0], arcs[inside] >> 1] = True
    home = _row(t.home, t.slots)[_row(p.slot, count)[rows]]
    return Remembered(home, length, arcs, _row(p.cost, count)[rows], does)


def _row(values: Ints, count: int) -> Rows:
    return np.array(cast("Sequence[int]", values)[:count], dtype=np.int64)


def _group(t: Tables, plan: Plan, seed: int) -> list[int]:
    """Return the routes of the tasks nearest to ``seed``, as many as have GROUP tasks together."""
    of = {arc >> 1: i for i, route in enumerate(plan.routes) for arc in route.arcs}
    group = [of[seed]]
    size = len(plan.routes[of[seed]].arcs)
    for k in range(seed * t.reach, (seed + 1) * t.reach):
        i = of[t.near[k]]
        if i in group:
            continue
        size += len(plan.routes[i].arcs)
        if size > GROUP:
            break
        group.append(i)
    return group


def cheaper(known: Remembered, wanted: NDArray[np.bool_], cost: int) -> list[int]:
    """Return remembered routes that do the wanted tasks for less than ``cost``, or none."""
    rows = known.within(wanted)
    does = known.does[np.ix_(rows, wanted)]
    if not does.any(axis=0).all():
        return []
    columns = _columns(does, known.cost[rows])
    each = does.sum(axis=1)
    price = np.where(does, (known.cost[rows] / each)[:, None], NONE).min(axis=0)
    times = np.zeros(len(price), dtype=np.int64)
    x = Prices(flat_floats(price.copy()), flat_floats(price.copy()), flat(times))
    bound = climb(columns, x, float(cost))
    best = np.array([x.best[i] for i in range(len(price))])
    over = known.cost[rows] - np.where(does, best, 0.0).sum(axis=1)
    # Whole numbers: a choice must save at least 1.
    allowed = cost - 1 + TOLERANCE - float(best.sum())
    use = over < cost - 1 + TOLERANCE - bound
    if not does[use].any(axis=0).all():
        return []
    found = _search(does, over, use)
    size = choose(columns, found, allowed)
    return [int(rows[found.found[d]]) for d in range(size)]


def _packed(rows: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """Return rows of truths as words of 64 each."""
    spare = -rows.shape[1] % 64
    padded = np.pad(rows, ((0, 0), (0, spare)))
    return np.packbits(padded, axis=1).view(np.uint64)


def _columns(does: NDArray[np.bool_], cost: Rows) -> Columns:
    start = np.concatenate(([0], np.cumsum(does.sum(axis=1))))
    return Columns(flat(start), flat(np.nonzero(does)[1]), flat(cost))


def _search(does: NDArray[np.bool_], over: NDArray[np.float64], use: NDArray[np.bool_]) -> Search:
    """Return the lists of columns that a search needs, of those in ``use``."""
    tasks = does.shape[1]
    least = np.where(does & use[:, None], (over / does.sum(axis=1))[:, None], NONE).min(axis=0)
    column, task = np.nonzero(does & use[:, None])
    by = np.lexsort((over[column], task))
    count = np.bincount(task, minlength=tasks)

    def row(values: Rows | None = None) -> Ints:
        return flat(np.zeros(tasks + 1, dtype=np.int64) if values is None else values)

    return Search(
        over=flat_floats(over),
        least=flat_floats(least),
        first=row(np.concatenate(([0], np.cumsum(count)))),
        lists=row(column[by]),
        order=row(np.argsort(count, kind="stable")),
        done=row(),
        task=row(),
        at=row(),
        pick=row(),
        found=row(),
    )


def warm_up() -> None:
    """Compile the loops of a recombination: two routes of a task each, and one that does both for less."""
    does = np.array([[True, False], [False, True], [True, True]])
    row = np.array([2, 2, 3], dtype=np.int64)
    known = Remembered(row, does.sum(axis=1), np.zeros((3, 2), dtype=np.int64), row, does)
    assert cheaper(known, np.ones(2, dtype=bool), 4) == [2]
