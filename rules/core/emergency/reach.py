"""How long it takes from the nearest station to every street: one Dijkstra forwards from all of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import numpy as np

from rules.core.emergency.graph import WayGraph
from rules.core.emergency.search import Spot
from rules.core.psychrometrics import Floats


def reach_s(graph: WayGraph, pace: Floats, closed: Collection[int], starts: Iterable[Spot]) -> Floats:
    """Return the time to the middle of each segment [s]; infinite where no way leads, and on what is closed.

    Args:
        graph: of the vehicle.
        pace: of each segment, times over dry times.
        closed: segments that nobody may drive.
        starts: where vehicles stand.
    """
    from scipy.sparse import csr_array  # slow to import
    from scipy.sparse.csgraph import dijkstra

    paced = np.array(pace, dtype=np.float64)
    paced[list(closed)] = np.inf
    cost = graph.dry_s * paced[graph.segment_of]
    count, into = len(cost), _begun(graph, cost, starts)
    rows = np.concatenate([graph.of, np.full(len(into), count)])
    columns = np.concatenate([graph.into, np.array(list(into), dtype=np.int64)])
    values = np.concatenate(
        [graph.turn_s + cost[graph.into], np.array(list(into.values()), dtype=np.float64)]
    )
    open_ = np.isfinite(values) & np.isfinite(np.append(cost, 0.0)[rows])
    table = csr_array((values[open_], (rows[open_], columns[open_])), shape=(count + 1, count + 1))
    found = dijkstra(table, directed=True, indices=np.array([count]))[0, :-1]
    ends = np.where(np.isfinite(cost), found - 0.5 * np.where(np.isfinite(cost), cost, 0.0), np.inf)
    least = np.full(len(graph.network.segments), np.inf)
    np.minimum.at(least, graph.segment_of, np.maximum(0.0, ends))
    return least


def _begun(graph: WayGraph, cost: Floats, starts: Iterable[Spot]) -> dict[int, float]:
    """Return by arc on which one sets out the time to its end [s]."""
    into: dict[int, float] = {}
    for start in starts:
        on = start.on if start.node is None else [(a, 0.0) for a in graph.network.arcs_from[start.node]]
        for arc, share in on:
            left = max((1.0 - share) * float(cost[arc]), 1e-6)
            into[arc] = min(left, into.get(arc, left))
    return into
