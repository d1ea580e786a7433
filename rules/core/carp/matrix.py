"""From a street network to the matrix of the search, and back to the streets driven."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from rules.core.carp.instance import Instance
from rules.core.carp.problem import FORBIDDEN, Problem


@dataclass(frozen=True)
class Ways:
    """Shortest ways from the junctions where a vehicle may be.

    Attributes:
        row: junction to row of the arrays, -1 where none starts there.
        cost: (rows, junctions); FORBIDDEN where there is no way.
        before: (rows, junctions) the junction before on the way, negative at its start.
    """

    row: NDArray[np.int64]
    cost: NDArray[np.int64]
    before: NDArray[np.int32]


def problem_of(instance: Instance, vehicle_cost: int = 0) -> Problem:
    """Return the arcs and the matrix of an instance.

    Args:
        instance: the network.
        vehicle_cost: is added for each route that is used, in the unit of the costs.

    Raises:
        ValueError: a required link can't be reached, or costs are too large for the matrix.
    """
    ways = ways_of(instance)
    tails, heads = _ends(instance)
    required = [instance.links[i] for i in instance.required]
    serving = np.array([link.cost for link in required], dtype=np.int64)
    step = ways.cost[ways.row[heads]][:, tails]
    arcs = 2 * len(required)
    step[:, :arcs] += np.repeat(serving, 2)
    step[arcs:, :arcs] += vehicle_cost
    step[arcs:, arcs:] = np.where(np.eye(len(instance.depots), dtype=bool), 0, FORBIDDEN)
    for task, link in enumerate(required):
        if link.one_way:
            step[2 * task + 1, :] = step[:, 2 * task + 1] = FORBIDDEN
    return Problem(
        step=np.minimum(step, FORBIDDEN).astype(np.int32),
        demand=np.array([link.demand for link in required], dtype=np.int64),
        serving=serving,
        capacity=instance.capacity,
        fleet=instance.fleet,
        depots=len(instance.depots),
    )


def ways_of(instance: Instance) -> Ways:
    """Return the shortest ways from each depot and each end of a required link.

    Of ways that cost the same one with the fewest links is taken.

    Raises:
        ValueError: a way costs as much as ``FORBIDDEN`` or more: choose a coarser unit.
    """
    starts = np.unique(_ends(instance)[1])
    row = np.full(instance.nodes, -1, dtype=np.int64)
    row[starts] = np.arange(len(starts))
    # Cost and links of a way in one number: links that cost nothing stay in a sparse graph.
    scale = instance.nodes + 1
    found, before = dijkstra(_graph(instance, scale), indices=starts, return_predecessors=True)
    reached = np.isfinite(found)
    cost = np.where(reached, np.where(reached, found, 0).astype(np.int64) // scale, FORBIDDEN)
    longest = int(cost[reached].max(initial=0)) + max((link.cost for link in instance.links), default=0)
    if longest >= FORBIDDEN:
        raise ValueError(
            f"{instance.name}: ways cost up to {longest}; below {FORBIDDEN} is allowed: take a coarser unit"
        )
    return Ways(row, cost, before)


def _graph(instance: Instance, scale: int) -> csr_array:
    cheapest: dict[tuple[int, int], int] = {}
    for link in instance.links:
        for way in [(link.tail, link.head)] + ([] if link.one_way else [(link.head, link.tail)]):
            cheapest[way] = min(link.cost, cheapest.get(way, link.cost))
    tails, heads = [t for t, _ in cheapest], [h for _, h in cheapest]
    weights = [float(cost * scale + 1) for cost in cheapest.values()]
    return csr_array((weights, (tails, heads)), shape=(instance.nodes, instance.nodes))


def _ends(instance: Instance) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where each arc starts and where it ends; a depot is both."""
    required = [instance.links[i] for i in instance.required]
    forth = [(link.tail, link.head) for link in required]
    pairs = [end for tail, head in forth for end in ((tail, head), (head, tail))]
    both = np.array([*pairs, *((d, d) for d in instance.depots)], dtype=np.int64)
    return both[:, 0], both[:, 1]
