"""Order a set of tasks on a matrix of distances: nearest neighbour, then local search.

A task is an arc to serve or a place to stop. Each has an index; ``twin`` gives the same
task done the other way round (itself for a place, -1 where there is no other way: a
one-way street). Index 0 is the depot, where the tour begins and ends.

Or-opt moves blocks of up to three tasks, also turned round; 2-opt turns a stretch round
with every task in it. Deterministic; distances may be asymmetric.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from rules.core.psychrometrics import Floats

FAR = 1e12
"""Stands for "no way": finite, so that sums of it stay comparable."""

_GAIN = 1e-6
PASSES = 60
"""At most so many passes of improvement."""
DEPOT = 0


def cost(order: Sequence[int], distance: Floats) -> float:
    """Return the way from the depot through ``order`` and back, in the matrix's unit."""
    if not order:
        return 0.0
    stops = np.array([DEPOT, *order, DEPOT])
    return float(distance[stops[:-1], stops[1:]].sum())


def solve(tasks: Sequence[int], distance: Floats, twin: NDArray[np.int64]) -> list[int]:
    """Return an order of ``tasks``, each in one of its two ways.

    Args:
        tasks: one index per task, any of its two ways.
        distance: from the end of the row's task to the start of the column's; FAR = no way.
        twin: the other way of each task.
    """
    order = nearest_neighbour(tasks, distance, twin)
    for _ in range(PASSES):
        before = cost(order, distance)
        order = _two_opt(_or_opt(order, distance, twin), distance, twin)
        if cost(order, distance) > before - _GAIN:
            break
    return order


def nearest_neighbour(tasks: Sequence[int], distance: Floats, twin: NDArray[np.int64]) -> list[int]:
    """Return the tasks, always going to the nearest one left, in its nearer way."""
    left = {t for task in tasks for t in (task, int(twin[task])) if t >= 0}
    order: list[int] = []
    at = DEPOT
    while left:
        candidates = np.array(sorted(left))
        at = int(candidates[np.argmin(distance[at, candidates])])
        order.append(at)
        left -= {at, int(twin[at])}
    return order


def _turned(block: list[int], twin: NDArray[np.int64]) -> list[int] | None:
    turned = [int(twin[t]) for t in reversed(block)]
    return None if -1 in turned else turned


def _or_opt(order: list[int], distance: Floats, twin: NDArray[np.int64]) -> list[int]:
    for length in (1, 2, 3):
        start = 0
        while start + length <= len(order):
            order = _move_block(order, start, length, distance, twin)
            start += 1
    return order


def _move_block(
    order: list[int], start: int, length: int, distance: Floats, twin: NDArray[np.int64]
) -> list[int]:
    block, rest = order[start : start + length], order[:start] + order[start + length :]
    stops = np.array([DEPOT, *rest, DEPOT])
    base = distance[stops[:-1], stops[1:]]
    before, after = stops[start], stops[start + 1]
    inside = _inside(block, distance)
    best = distance[before, block[0]] + inside + distance[block[-1], after] - base[start]
    found: tuple[list[int], int] | None = None
    for way in (block, _turned(block, twin)):
        if way is None:
            continue
        added = distance[stops[:-1], way[0]] + _inside(way, distance) + distance[way[-1], stops[1:]] - base
        at = int(np.argmin(added))
        if added[at] < best - _GAIN:
            best, found = added[at], (way, at)
    if found is None:
        return order
    way, at = found
    return rest[:at] + way + rest[at:]


def _inside(block: Sequence[int], distance: Floats) -> float:
    return float(sum(distance[a, b] for a, b in pairwise(block)))


def _two_opt(order: list[int], distance: Floats, twin: NDArray[np.int64]) -> list[int]:
    for start in range(len(order) - 1):
        end = _best_turn(order, start, distance, twin)
        if end is not None:
            turned = _turned(order[start : end + 1], twin)
            assert turned is not None
            order = order[:start] + turned + order[end + 1 :]
    return order


def _best_turn(order: list[int], start: int, distance: Floats, twin: NDArray[np.int64]) -> int | None:
    """Return the last position of the stretch from ``start`` that gains most when turned round."""
    tail = np.array(order[start:])
    flipped = twin[tail]
    usable = len(tail) if (flipped >= 0).all() else int(np.argmax(flipped < 0))
    if usable < 2:
        return None
    tail, flipped, nexts = tail[:usable], flipped[:usable], [*order[start + 1 : start + usable]]
    follow = np.array([*nexts, order[start + usable] if start + usable < len(order) else DEPOT])
    before = order[start - 1] if start > 0 else DEPOT
    forth = np.concatenate(([0.0], np.cumsum(distance[tail[:-1], tail[1:]])))
    back = np.concatenate(([0.0], np.cumsum(distance[flipped[1:], flipped[:-1]])))
    change = (
        distance[before, flipped]
        + back
        + distance[flipped[0], follow]
        - distance[before, tail[0]]
        - forth
        - distance[tail, follow]
    )
    end = int(np.argmin(change))
    return start + end if change[end] < -_GAIN else None
