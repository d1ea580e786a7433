"""From a street graph to road segments: geometry, width, sky view, altitude, route."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from devices.registry import Depot, GrittingRoute, RoadNode, RoadSegment
from firmware_sim.world.graph import strongly_connected
from firmware_sim.world.main_roads import Hierarchy
from firmware_sim.world.street_graph import StreetGraph
from firmware_sim.world.terrain import to_lonlat

WIDTH_M = {"A": 9.0, "B": 7.3, "C": 6.5, "U": 5.5}
ONE_WAY_SHARE = 0.02
COMPASS = ("East", "North East", "North", "North West", "West", "South West", "South", "South East")
DEPOT_ID = "depot-1"


@dataclass(frozen=True, slots=True)
class Roads:
    """The road part of a registry, and each segment's middle in local metres (m, 2)."""

    nodes: tuple[RoadNode, ...]
    segments: tuple[RoadSegment, ...]
    routes: tuple[GrittingRoute, ...]
    depot: Depot
    middle: np.ndarray[tuple[int, ...], np.dtype[np.float64]]
    radius_m: float


def make_roads(
    rng: np.random.Generator, graph: StreetGraph, hierarchy: Hierarchy, names: list[str], n_routes: int
) -> Roads:
    """Return nodes, segments, gritting routes and the depot of a town."""
    geometry = [_bend(rng, graph, e) for e in range(len(graph.edges))]
    middle = np.array([g[len(g) // 2] for g in geometry])
    depot_node = _depot_node(graph, hierarchy)
    route_of, routes = _routes(graph, hierarchy, middle, n_routes)
    one_way = _one_ways(rng, graph, hierarchy, middle)
    altitude = graph.terrain.altitude_m(middle[:, 0], middle[:, 1])
    sky = _sky_view(rng, graph, hierarchy, middle)
    segments = tuple(
        RoadSegment(
            segment_id=f"seg-{e + 1:04d}",
            street=names[e],
            road_class=hierarchy.road_class[e],
            from_node=int(graph.edges[e, 0]),
            to_node=int(graph.edges[e, 1]),
            length_m=round(
                sum(math.dist(p, q) for p, q in zip(geometry[e], geometry[e][1:], strict=False)), 1
            ),
            width_m=WIDTH_M[hierarchy.road_class[e]],
            one_way=e in one_way,
            bus_route=hierarchy.bus[e],
            bridge=bool(graph.bridge[e]),
            sky_view_factor=round(float(sky[e]), 2),
            altitude_m=round(float(altitude[e]), 1),
            route_id=route_of.get(e),
            geometry=tuple(to_lonlat(x, y) for x, y in geometry[e]),
        )
        for e in range(len(graph.edges))
    )
    nodes = tuple(
        RoadNode(node_id=i, latitude_deg=to_lonlat(x, y)[1], longitude_deg=to_lonlat(x, y)[0])
        for i, (x, y) in enumerate(graph.points.tolist())
    )
    depot = Depot(depot_id=DEPOT_ID, label="Highways depot and salt barn", node_id=depot_node, salt_t=1800.0)
    return Roads(nodes, segments, routes, depot, middle, graph.terrain.radius_m)


def _bend(rng: np.random.Generator, graph: StreetGraph, edge: int) -> list[tuple[float, float]]:
    """Return an edge as a gently bent line of 3 to 5 points."""
    a, b = graph.points[graph.edges[edge, 0]], graph.points[graph.edges[edge, 1]]
    length = float(np.hypot(*(b - a)))
    across = np.array([-(b - a)[1], (b - a)[0]])
    sag = 0.0 if graph.bridge[edge] else float(rng.uniform(-0.09, 0.09))
    steps = 2 if length < 120.0 else 4
    along = np.linspace(0.0, 1.0, steps + 1)
    return [tuple((a + s * (b - a) + sag * math.sin(math.pi * s) * across).tolist()) for s in along]


def _depot_node(graph: StreetGraph, hierarchy: Hierarchy) -> int:
    """The depot lies on a classed road in the west, two thirds of the way out."""
    main = sorted({int(n) for e in hierarchy.treated() for n in graph.edges[e]})
    target = np.array([-0.62, 0.12]) * graph.terrain.radius_m
    return main[int(np.argmin(((graph.points[main] - target) ** 2).sum(axis=1)))]


def _routes(
    graph: StreetGraph,
    hierarchy: Hierarchy,
    middle: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    n_routes: int,
) -> tuple[dict[int, str], tuple[GrittingRoute, ...]]:
    """Cut the treated roads into sectors of about equal length, seen from the centre."""
    treated = hierarchy.treated()
    if not treated:
        return {}, ()
    angle = np.arctan2(middle[treated, 1], middle[treated, 0])
    order = [treated[i] for i in np.argsort(angle, kind="stable")]
    length = np.array([math.dist(*graph.points[graph.edges[e]]) for e in order])
    share = (np.cumsum(length) - 0.5 * length) / length.sum()
    number = np.minimum((share * n_routes).astype(int), n_routes - 1)
    used = sorted(set(number.tolist()))
    route_of = {e: f"route-{used.index(k) + 1}" for e, k in zip(order, number.tolist(), strict=True)}
    routes: list[GrittingRoute] = []
    for new, k in enumerate(used):
        here = middle[[e for e, n in zip(order, number.tolist(), strict=True) if n == k]].mean(axis=0)
        compass = COMPASS[round(math.degrees(math.atan2(here[1], here[0])) / 45.0) % 8]
        label = f"Route {new + 1}: {compass}"
        routes.append(GrittingRoute(route_id=f"route-{new + 1}", label=label, depot_id=DEPOT_ID))
    return route_of, tuple(routes)


def _one_ways(
    rng: np.random.Generator,
    graph: StreetGraph,
    hierarchy: Hierarchy,
    middle: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
) -> set[int]:
    """Make a few central streets one-way, never so that a place can't be reached or left."""
    edges = graph.edges.tolist()
    central = np.hypot(middle[:, 0], middle[:, 1]) < 0.4 * graph.terrain.radius_m
    candidates = [e for e in range(len(edges)) if central[e] and hierarchy.road_class[e] in "CU"]
    chosen: set[int] = set()
    for e in rng.permutation(candidates).tolist()[: round(2 * ONE_WAY_SHARE * len(edges))]:
        trial = chosen | {e}
        arcs = [(a, b, i) for i, (a, b) in enumerate(edges)]
        arcs += [(b, a, i) for i, (a, b) in enumerate(edges) if i not in trial]
        if len(trial) <= ONE_WAY_SHARE * len(edges) and strongly_connected(len(graph.points), arcs):
            chosen = trial
    return chosen


def _sky_view(
    rng: np.random.Generator,
    graph: StreetGraph,
    hierarchy: Hierarchy,
    middle: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Houses close the sky in the centre (0.55); it opens outwards (0.92), on wide roads and bridges."""
    outward = np.hypot(middle[:, 0], middle[:, 1]) / graph.terrain.radius_m
    wide = np.array([{"A": 0.06, "B": 0.03}.get(c, 0.0) for c in hierarchy.road_class])
    sky = 0.58 + 0.34 * np.minimum(outward, 1.0) + wide + rng.normal(0.0, 0.04, len(wide))
    return np.asarray(np.where(graph.bridge, 0.97, np.clip(sky, 0.45, 0.97)))
