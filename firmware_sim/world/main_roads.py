"""Which streets matter: radial A roads, a ring road, B roads, C roads and bus routes."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from firmware_sim.world.graph import adjacency, shortest_path
from firmware_sim.world.street_graph import StreetGraph

RADIALS = (
    ("A", 95.0), ("A", 275.0), ("A", 355.0), ("A", 190.0), ("B", 45.0), ("B", 140.0), ("B", 230.0), ("B", 315.0),
)  # fmt: skip
"""Class and bearing counted anticlockwise from east [deg]; the first two cross the river south to north."""
RING_POINTS = 12
SMALLEST_WITH_RING = 300
"""A village has no ring road."""
RING_RADIUS = 0.6
TREATED_SHARE = 1.0 / 3.0


@dataclass(slots=True)
class Hierarchy:
    """Class of each edge, which carry buses, and the named main roads as lists of edges."""

    road_class: list[str]
    bus: list[bool]
    named: list[tuple[str, list[int]]] = field(default_factory=list)

    def treated(self) -> list[int]:
        """Return the edges that are gritted: A, B and bus routes."""
        return [e for e, c in enumerate(self.road_class) if c in "AB" or self.bus[e]]


class _Router:
    def __init__(self, graph: StreetGraph) -> None:
        self.points = graph.points
        ends = graph.edges.tolist()
        self.length = [math.dist(graph.points[a], graph.points[b]) for a, b in ends]
        arcs = [(a, b, e) for e, (a, b) in enumerate(ends)] + [(b, a, e) for e, (a, b) in enumerate(ends)]
        self.graph = adjacency(len(graph.points), arcs)

    def nearest(self, x: float, y: float) -> int:
        """Return the junction nearest to a point."""
        return int(np.argmin((self.points[:, 0] - x) ** 2 + (self.points[:, 1] - y) ** 2))

    def path(self, a: int, b: int, discount: dict[int, float]) -> list[int]:
        """Return the edges of the shortest path, edges in ``discount`` counted for less."""
        steps = shortest_path(self.graph, a, b, lambda e: self.length[e] * discount.get(e, 1.0))
        return [e for e, _ in steps or []]


def make_hierarchy(rng: np.random.Generator, graph: StreetGraph) -> Hierarchy:
    """Return classes and bus routes such that about a third of the segments is gritted."""
    router = _Router(graph)
    result = Hierarchy(["U"] * len(graph.edges), [False] * len(graph.edges))
    radius = graph.terrain.radius_m
    centre = router.nearest(0.0, 0.0)
    n_segments = len(graph.edges)
    for road_class, bearing in RADIALS[: max(2, min(len(RADIALS), n_segments // 90))]:
        a = math.radians(bearing + rng.uniform(-8.0, 8.0))
        end = router.nearest(radius * math.cos(a), radius * math.sin(a))
        _mark(result, "radial", road_class, router.path(centre, end, {}))
    if n_segments >= SMALLEST_WITH_RING:
        _ring(result, router, radius)
    _buses(rng, result, router, centre, radius)
    return result


def _mark(result: Hierarchy, kind: str, road_class: str, path: Iterable[int]) -> None:
    fresh = [e for e in path if result.road_class[e] == "U"]
    for e in fresh:
        result.road_class[e] = road_class
    if fresh:
        result.named.append((kind, fresh))


def _ring(result: Hierarchy, router: _Router, radius: float) -> None:
    corners = [
        router.nearest(RING_RADIUS * radius * math.cos(a), RING_RADIUS * radius * math.sin(a))
        for a in np.linspace(0.0, 2.0 * math.pi, RING_POINTS, endpoint=False)
    ]
    legs = [router.path(a, b, {}) for a, b in zip(corners, [*corners[1:], corners[0]], strict=True)]
    for quarter, name in enumerate(("ring east", "ring north", "ring west", "ring south")):
        legs_here = legs[quarter * 3 : quarter * 3 + 3]
        _mark(result, name, "A", (e for leg in legs_here for e in leg))


def _buses(rng: np.random.Generator, result: Hierarchy, router: _Router, centre: int, radius: float) -> None:
    """Run buses from outer estates to the centre until a third of the network is gritted."""
    for _ in range(60):
        discount = {e: 0.7 for e, c in enumerate(result.road_class) if c != "U"}
        angle, r = rng.uniform(0.0, 2.0 * math.pi), radius * rng.uniform(0.45, 0.95)
        path = router.path(router.nearest(r * math.cos(angle), r * math.sin(angle)), centre, discount)
        for e in path:
            if len(result.treated()) >= TREATED_SHARE * len(result.road_class):
                return
            result.bus[e] = True
            if result.road_class[e] == "U":
                result.road_class[e] = "C"
