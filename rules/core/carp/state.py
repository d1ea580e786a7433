"""What the loops work on: tables of the problem that stay, and a solution that changes.

Routes are rows of ``width`` places: a depot, the arcs, the depot again. ``link`` holds beside
each place but the first the step that leads there. A row with no arc between its depots is a
vehicle that stays at home.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rules.core.carp.compiled import Ints, flat
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
        step: size² costs.
        beside: per task t and x of size: steps x to 2t, x to 2t + 1, 2t to x, 2t + 1 to x.
        demand: per task.
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
    step: Ints
    beside: Ints
    demand: Ints
    near: Ints
    key: Ints
    home: Ints


class State(NamedTuple):
    """A solution and its scratch paper.

    Attributes:
        seq, link: per slot the row of places and the steps between.
        length, load: per slot.
        slot_of, place_of: per task; slot -1 = removed.
        kept_seq, kept_link, kept_length, kept_load, kept_at: touched routes as they were.
        touched, removed: lists whose lengths are in ``num``.
        version: per slot a number that names its route as it was last accepted.
        known: per task and slot two numbers: the version that the task's cheapest place there was
            sought in, and that place (see :func:`rules.core.carp.recreate.packed`).
        best_seq, best_length: the best solution met.
        num: see the constants N_*.
    """

    seq: Ints
    link: Ints
    length: Ints
    load: Ints
    slot_of: Ints
    place_of: Ints
    kept_seq: Ints
    kept_link: Ints
    kept_length: Ints
    kept_load: Ints
    kept_at: Ints
    touched: Ints
    removed: Ints
    version: Ints
    known: Ints
    best_seq: Ints
    best_length: Ints
    num: Ints
    random: Ints


N_COST, N_BEST, N_TOUCHED, N_REMOVED, N_STAMP, N_USED, N_VERSION = range(7)
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
    homes = np.repeat(2 * tasks + np.arange(problem.depots), slots)
    return Tables(
        tasks=tasks,
        size=problem.size,
        slots=len(homes),
        width=_width(problem),
        capacity=problem.capacity,
        reach=near.shape[1],
        step=flat(problem.step),
        beside=flat(_beside(problem)),
        demand=flat(problem.demand),
        near=flat(near),
        key=flat(_keys(problem)),
        home=flat(homes),
    )


def _width(problem: Problem) -> int:
    """Return the places of the longest route that fits a vehicle, with one to spare."""
    loads = np.cumsum(np.sort(problem.demand))
    return int((loads <= problem.capacity).sum()) + 3


def _beside(problem: Problem) -> NDArray[np.int32]:
    arcs = 2 * problem.tasks
    to, out = problem.step[:, :arcs].T, problem.step[:arcs]
    both = np.stack([to[0::2], to[1::2], out[0::2], out[1::2]], axis=-1)
    return np.ascontiguousarray(both, dtype=np.int32)


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

    grid = slots * width
    return State(
        seq=row(grid),
        link=row(grid),
        length=row(slots),
        load=row(slots),
        slot_of=row(tasks, -1),
        place_of=row(tasks),
        kept_seq=row(grid),
        kept_link=row(grid),
        kept_length=row(slots),
        kept_load=row(slots),
        kept_at=row(slots),
        touched=row(slots),
        removed=row(tasks),
        version=row(slots),
        known=row(2 * tasks * slots, -1),
        best_seq=row(grid),
        best_length=row(slots),
        num=row(7),
        random=flat(np.array(seed, dtype=np.int64)),
    )
