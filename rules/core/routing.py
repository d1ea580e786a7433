"""The cold segments of a route in an order that a lorry can drive, and its checker.

The solver is behind :class:`Router`, so that a better one can take its place. Each
required segment is served once, in either legal direction; between them the lorry takes
the shortest legal way (deadhead). What can't be reached from the depot and back is named,
never dropped.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rules.core import tour
from rules.core.effects import Json, num
from rules.core.psychrometrics import Floats
from rules.core.road_graph import Arc, Paths, RoadGraph


@dataclass(frozen=True, slots=True)
class Leg:
    """One segment driven from end to end; ``treat`` = with the spreader on."""

    segment_id: str
    street: str
    treat: bool
    from_node: int
    to_node: int
    length_m: float


@dataclass(frozen=True)
class Drive:
    """A lorry's way from the depot and back.

    Attributes:
        legs: in driving order.
        geometry: (longitude, latitude) [°] along the way.
        spread_m, deadhead_m: length with the spreader on and off [m].
        unreachable: required segments that have no legal way there and back.
    """

    legs: tuple[Leg, ...]
    geometry: tuple[tuple[float, float], ...]
    spread_m: float
    deadhead_m: float
    unreachable: tuple[str, ...] = ()

    @cached_property
    def told(self) -> Json:
        """What is told of it."""
        return {
            "km": num(self.km, 3),
            "spread_km": num(self.spread_m / 1000.0, 3),
            "legs": [
                {
                    "segment_id": leg.segment_id,
                    "street": leg.street,
                    "treat": leg.treat,
                    "from_node": leg.from_node,
                    "to_node": leg.to_node,
                    "length_m": num(leg.length_m, 1),
                }
                for leg in self.legs
            ],
            "geometry": [[round(lon, 6), round(lat, 6)] for lon, lat in self.geometry],
            "unreachable": list(self.unreachable),
        }

    @property
    def km(self) -> float:
        """Length of the whole way [km]."""
        return (self.spread_m + self.deadhead_m) / 1000.0

    def minutes(self, spreading_km_h: float, driving_km_h: float) -> float:
        """Return how long it takes at two speeds [min]."""
        return 0.06 * (self.spread_m / spreading_km_h + self.deadhead_m / driving_km_h)

    def minutes_home(self, driving_km_h: float) -> float:
        """Return how long the way home takes, from the end of the last treated stretch [min]."""
        home_m = 0.0
        for leg in reversed(self.legs):
            if leg.treat:
                break
            home_m += leg.length_m
        return 0.06 * home_m / driving_km_h


NOWHERE = Drive((), (), 0.0, 0.0)


class Router(Protocol):
    """Finds the way of one lorry."""

    def __call__(self, graph: RoadGraph, required: Collection[str], depot_node: int) -> Drive:
        """Return a drive that serves the segments ``required`` from the node id ``depot_node``."""
        ...


def plan(graph: RoadGraph, required: Collection[str], depot_node: int) -> Drive:
    """Serve ``required`` from and to the depot by nearest neighbour, Or-opt and 2-opt.

    Args:
        graph: the road network.
        required: segment ids; unknown ones count as unreachable.
        depot_node: node id of the depot.
    """
    wanted = sorted(set(required))
    depot = graph.node_index.get(depot_node)
    known = [graph.segment_index[s] for s in wanted if s in graph.segment_index]
    if depot is None or not known:
        return Drive((), (), 0.0, 0.0, tuple(wanted))
    arcs, twin = _tasks(graph, known)
    paths = graph.paths_from([depot, *(a.head for a in arcs)])
    distance = _distances(arcs, depot, paths)
    usable = (distance[0] < tour.FAR) & (distance[:, 0] < tour.FAR)
    # A way that leads into a trap is no way: every pair of the others is connected.
    twin = np.where((twin >= 0) & usable[twin], twin, -1)
    firsts = {a.segment: i for i, a in enumerate(arcs, start=1) if usable[i]}
    tasks, served = sorted(firsts.values()), set(firsts)
    order = tour.solve(tasks, distance, twin)
    missing = {graph.segments[s].segment_id for s in known if s not in served}
    missing |= {s for s in wanted if s not in graph.segment_index}
    return _drive(graph, paths, depot, [arcs[i - 1] for i in order], tuple(sorted(missing)))


def _tasks(graph: RoadGraph, segments: Sequence[int]) -> tuple[list[Arc], NDArray[np.int64]]:
    """Return the arcs of the segments and, for tour indices (0 = depot), each one's twin."""
    arcs: list[Arc] = []
    twin = [0]
    for segment in segments:
        first = len(arcs) + 1
        arcs += graph.arcs_of[segment]
        twin += [-1] if len(graph.arcs_of[segment]) == 1 else [first + 1, first]
    return arcs, np.array(twin, dtype=np.int64)


def _distances(arcs: Sequence[Arc], depot: int, paths: Paths) -> Floats:
    rows = [paths.sources[n] for n in (depot, *(a.head for a in arcs))]
    tails = [depot, *(a.tail for a in arcs)]
    distance = paths.distance_m[np.ix_(rows, tails)]
    return np.where(np.isfinite(distance), distance, tour.FAR)


def _drive(
    graph: RoadGraph, paths: Paths, depot: int, order: Sequence[Arc], missing: tuple[str, ...]
) -> Drive:
    driven: list[tuple[Arc, bool]] = []
    at = depot
    for arc in order:
        driven += [(a, False) for a in graph.path(paths, at, arc.tail)]
        driven.append((arc, True))
        at = arc.head
    driven += [(a, False) for a in graph.path(paths, at, depot)]
    geometry: list[tuple[float, float]] = []
    for arc, _ in driven:
        line = graph.line(arc)
        geometry += line[1:] if geometry and geometry[-1] == line[0] else line
    return Drive(
        legs=tuple(_leg(graph, arc, treat) for arc, treat in driven),
        geometry=tuple(geometry),
        spread_m=sum(a.length_m for a, treat in driven if treat),
        deadhead_m=sum(a.length_m for a, treat in driven if not treat),
        unreachable=missing,
    )


def _leg(graph: RoadGraph, arc: Arc, treat: bool) -> Leg:
    segment = graph.segments[arc.segment]
    tail, head = graph.nodes[arc.tail].node_id, graph.nodes[arc.head].node_id
    return Leg(segment.segment_id, segment.street, treat, tail, head, arc.length_m)
