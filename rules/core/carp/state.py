"""What the loops work on: tables of the problem that stay, and a solution that changes.

Routes are rows of ``width`` places: a depot, the arcs, the depot again. ``link`` holds beside
each place but the first what driving there costs. A row with no arc between its depots is a
vehicle that stays at home. Each route has two rows: the one it is in and one to change it in.

What it costs to do a task is the same at every place, so the loops compare places by driving alone.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rules.core.carp.compiled import Ints, flat
from rules.core.carp.ends import ends_of
from rules.core.carp.problem import Problem

SPARE = 6
"""Vehicles beyond the target that the search may try."""

NEIGHBOURS = 1000
"""Of so many tasks at most the order by nearness is kept."""


class Tables(NamedTuple):
    """The problem, flat.

    Attributes:
        tasks, size, slots, width, capacity, reach: numbers of tasks, of arcs and depots, of routes'
            rows, of places in a row; load; entries per task in ``near``.
        end, start: per arc and depot the kind of its end and of its start, see :mod:`rules.core.carp.ends`.
        onward, before: per arc and depot where the row of its end is in ``way``, of its start in ``back``.
        way, back: cost of driving from an end to a start: ``way`` has a row per end, ``back`` per start.
        demand, serving: per task.
        near: per task the others, nearest first.
        key: three rows of what removed tasks may be sorted by: demand, far and near first.
        home: per slot its depot in the matrix.
    """

    tasks: int
    size: int
    slots: int
    width: int
    capacity: int
    reach: int
    end: Ints
    start: Ints
    onward: Ints
    before: Ints
    way: Ints
    back: Ints
    demand: Ints
    serving: Ints
    near: Ints
    key: Ints
    home: Ints


class State(NamedTuple):
    """A solution and its scratch paper.

    Attributes:
        seq, link: two rows per slot of places and the driving between.
        row, spare: per slot where its row begins, and its other one: of a touched route as it was.
        length, load: per slot.
        slot_of, place_of: per task, in the routes as accepted.
        kept_length, kept_load, kept_at: touched routes as they were, and the iteration that touched them.
        touched, removed, open: lists whose lengths are in ``num``.
        version: per slot a number that names its route as it was last accepted.
        known, known_in: per task and slot the task's cheapest place there (see
            :func:`rules.core.carp.recreate.packed`) and the version it was sought in.
        best_seq, best_length: the best solution met.
        num: see the constants N_*.
    """

    seq: Ints
    link: Ints
    row: Ints
    spare: Ints
    length: Ints
    load: Ints
    slot_of: Ints
    place_of: Ints
    kept_length: Ints
    kept_load: Ints
    kept_at: Ints
    touched: Ints
    removed: Ints
    open: Ints
    version: Ints
    known: Ints
    known_in: Ints
    best_seq: Ints
    best_length: Ints
    num: Ints
    random: Ints


N_COST, N_BEST, N_TOUCHED, N_REMOVED, N_STAMP, N_USED, N_VERSION, N_OPEN = range(8)
"""Places in ``num``: costs now and of the best, lengths of lists, stamp of the iteration, routes in use, last version."""


def tables_of(problem: Problem, noise: NDArray[np.float64], slots: int) -> Tables:
    """Return the flat tables of a problem.

    Args:
        problem: what is to be solved.
        noise: tasks² numbers in 0..1 that decide between neighbours equally near.
        slots: routes' rows per depot.
    """
    tasks = problem.tasks
    near = _near(problem, noise)
    ends = ends_of(problem)
    homes = np.repeat(2 * tasks + np.arange(problem.depots), slots)
    return Tables(
        tasks=tasks,
        size=problem.size,
        slots=len(homes),
        width=_width(problem),
        capacity=problem.capacity,
        reach=near.shape[1],
        end=flat(ends.end),
        start=flat(ends.start),
        onward=flat(ends.end * np.uint32(ends.way.shape[1])),
        before=flat(ends.start * np.uint32(ends.way.shape[0])),
        way=flat(ends.way),
        back=flat(ends.way.T),
        demand=flat(problem.demand),
        serving=flat(problem.serving),
        near=flat(near),
        key=flat(_keys(problem)),
        home=flat(homes),
    )


def _width(problem: Problem) -> int:
    """Return the places of the longest route that fits a vehicle, with one to spare."""
    loads = np.cumsum(np.sort(problem.demand))
    return int((loads <= problem.capacity).sum()) + 3


def _near(problem: Problem, noise: NDArray[np.float64]) -> NDArray[np.int32]:
    """Per task the others by the smallest step between any two of their ways."""
    arcs = 2 * problem.tasks
    steps = problem.step[:arcs, :arcs].astype(np.int64) - np.repeat(problem.serving, 2)
    pairs = steps.reshape(problem.tasks, 2, problem.tasks, 2).min(axis=(1, 3))
    closeness = np.minimum(pairs, pairs.T) + 0.5 * noise
    np.fill_diagonal(closeness, -1.0)
    return np.argsort(closeness, axis=1)[:, 1 : 1 + NEIGHBOURS].astype(np.int32)


def _keys(problem: Problem) -> NDArray[np.int64]:
    arcs = 2 * problem.tasks
    away = problem.step[arcs:, :arcs].min(axis=0).reshape(-1, 2).min(axis=1).astype(np.int64)
    return np.stack([-problem.demand, -away, away])


def state_of(tables: Tables, seed: list[int]) -> State:
    """Return a state without any task on a route."""
    tasks, slots, width = tables.tasks, tables.slots, tables.width

    def row(n: int, value: int = 0) -> Ints:
        return flat(np.full(n, value, dtype=np.int64))

    grid = 2 * slots * width
    return State(
        seq=flat(np.zeros(grid, dtype=np.uint32)),
        link=flat(np.zeros(grid, dtype=np.int32)),
        row=flat(np.arange(slots, dtype=np.int64) * width),
        spare=flat((slots + np.arange(slots, dtype=np.int64)) * width),
        length=row(slots),
        load=row(slots),
        slot_of=row(tasks, -1),
        place_of=row(tasks),
        kept_length=row(slots),
        kept_load=row(slots),
        kept_at=row(slots),
        touched=row(slots),
        removed=row(tasks),
        open=row(slots),
        version=row(slots),
        known=row(tasks * slots),
        known_in=row(tasks * slots, -1),
        best_seq=row(slots * width),
        best_length=row(slots),
        num=row(8),
        random=flat(np.array(seed, dtype=np.int64)),
    )
