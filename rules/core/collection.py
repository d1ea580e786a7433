"""The bins to collect, in a sensible driving order on the road network.

Nearest neighbour, Or-opt and 2-opt on shortest legal ways (:mod:`rules.core.tour`), from
the depot and back. Capacities, tips and shifts come with a solver of their own behind
the same result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from devices.registry import BinSite
from rules.core import tour
from rules.core.road_graph import RoadGraph

MANY, FEW_ROUNDS = 300, 2
"""Of so many stops the order is improved so often only: each time takes the square of them, and a fire waits behind it."""


@dataclass(frozen=True, slots=True)
class Round:
    """Bins in driving order, and the way's length [km]. ``stranded``: no legal way there."""

    order: tuple[str, ...]
    km: float
    stranded: tuple[str, ...] = ()


def plan_round(graph: RoadGraph, bins: Sequence[BinSite], depot_node: int | None) -> Round:
    """Return the order in which to visit ``bins``.

    Args:
        graph: the road network; without nodes the order is by street, km is 0.
        bins: to be collected.
        depot_node: node id where the lorry starts and ends; None = the first bin's node.
    """
    if not bins or not graph.nodes:
        by_street = sorted(bins, key=lambda b: (b.street, b.bin_id))
        return Round(tuple(b.bin_id for b in by_street), 0.0)
    stops = [graph.nearest_node(b.latitude_deg, b.longitude_deg) for b in bins]
    depot = graph.node_index.get(depot_node, stops[0]) if depot_node is not None else stops[0]
    places = [depot, *stops]
    paths = graph.paths_from(places)
    rows = [paths.sources[p] for p in places]
    distance = paths.distance_m[np.ix_(rows, places)]
    distance = np.where(np.isfinite(distance), distance, tour.FAR)
    there = (distance[0] < tour.FAR) & (distance[:, 0] < tour.FAR)
    tasks = [i for i in range(1, len(places)) if there[i]]
    order = (
        tour.solve(tasks, distance, np.arange(len(places)))
        if len(tasks) <= MANY
        else tour.solve(tasks, distance, np.arange(len(places)), FEW_ROUNDS)
    )
    stranded = tuple(b.bin_id for i, b in enumerate(bins, start=1) if not there[i])
    return Round(tuple(bins[i - 1].bin_id for i in order), tour.cost(order, distance) / 1000.0, stranded)
