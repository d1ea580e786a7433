"""Where the streets run: points spread like junctions, joined like lanes.

Junctions are best-candidate points (Mitchell 1991), denser in the centre; streets are
edges of their Gabriel graph (Gabriel & Sokal 1969), thinned out but kept connected,
which gives T-junctions, loops and dead ends as an old town has them. Few streets cross
the river, and those are bridges.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from firmware_sim.world.graph import UnionFind
from firmware_sim.world.psychro import Floats
from firmware_sim.world.terrain import Terrain

MEAN_SPACING_M = 175.0
SEGMENTS_PER_NODE = 1.38
RIVER_MARGIN_M = 30.0
Ints = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True, slots=True)
class StreetGraph:
    """Junctions (n, 2) in local metres; edges (m, 2) of junction numbers; bridges (m,)."""

    terrain: Terrain
    points: Floats
    edges: Ints
    bridge: np.ndarray[Any, np.dtype[np.bool_]]


def make_street_graph(rng: np.random.Generator, segments: int) -> StreetGraph:
    """Return a connected street graph with exactly ``segments`` edges."""
    n = max(4, round(segments / SEGMENTS_PER_NODE))
    radius = MEAN_SPACING_M * math.sqrt(n / (0.72 * math.pi))
    terrain = Terrain(radius)
    points = _junctions(rng, n, terrain)
    candidates = _gabriel_edges(points)
    crossing = _crosses_river(points, candidates, terrain)
    keep_bridge = _choose_bridges(points, candidates, crossing, radius)
    edges = _thin_out(rng, points, candidates, crossing & ~keep_bridge, keep_bridge, segments)
    return StreetGraph(terrain, points, edges, _crosses_river(points, edges, terrain))


def _junctions(rng: np.random.Generator, n: int, terrain: Terrain) -> Floats:
    points = np.empty((n, 2))
    points[0] = (0.0, 0.0)
    for i in range(1, n):
        candidate = _candidates(rng, terrain)
        gap = np.sqrt(((candidate[:, None, :] - points[None, :i, :]) ** 2).sum(axis=2)).min(axis=1)
        spacing = 0.62 + 0.75 * np.hypot(candidate[:, 0], candidate[:, 1]) / terrain.radius_m
        points[i] = candidate[np.argmax(gap / spacing)]
    return points


def _candidates(rng: np.random.Generator, terrain: Terrain, wanted: int = 24) -> Floats:
    angle = rng.uniform(0.0, 2.0 * math.pi, 4 * wanted)
    distance = terrain.radius_m * np.sqrt(rng.uniform(0.0, 1.0, 4 * wanted))
    xy = np.column_stack((distance * np.cos(angle), distance * np.sin(angle)))
    dry = np.abs(terrain.river_distance(xy[:, 0], xy[:, 1])) > RIVER_MARGIN_M
    return np.asarray(xy[dry][:wanted])


def _gabriel_edges(points: Floats) -> Ints:
    d2 = ((points[:, None, :] - points[None, :, :]) ** 2).sum(axis=2)
    found: list[tuple[int, int]] = []
    for i in range(len(points)):
        near = np.argsort(d2[i], kind="stable")[1:24]
        near = near[near > i]
        between = (d2[i][None, :] + d2[near]) < d2[i][near][:, None]
        found += [(i, int(j)) for j in near[~between.any(axis=1)]]
    return np.array(found, dtype=np.int64)


def _crosses_river(points: Floats, edges: Ints, terrain: Terrain) -> np.ndarray[Any, np.dtype[np.bool_]]:
    side = terrain.river_distance(points[:, 0], points[:, 1]) > 0.0
    return np.asarray(side[edges[:, 0]] != side[edges[:, 1]])


def _choose_bridges(
    points: Floats, edges: Ints, crossing: np.ndarray[Any, np.dtype[np.bool_]], radius: float
) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Keep about one crossing in 700 m of river, 2 to 9, spread evenly."""
    rows = np.flatnonzero(crossing)
    rows = rows[np.argsort(points[edges[rows]].mean(axis=1)[:, 0], kind="stable")]
    wanted = min(len(rows), max(2, min(9, round(1.8 * radius / 700.0))))
    keep = np.zeros(len(edges), dtype=np.bool_)
    if wanted:
        keep[rows[np.unique(np.linspace(0, len(rows) - 1, wanted + 2).round().astype(int)[1:-1])]] = True
    return keep


def _thin_out(
    rng: np.random.Generator,
    points: Floats,
    edges: Ints,
    last: np.ndarray[Any, np.dtype[np.bool_]],
    first: np.ndarray[Any, np.dtype[np.bool_]],
    wanted: int,
) -> Ints:
    """Keep a spanning tree and then the best others, ``last`` (unwanted crossings) only for connection."""
    length = np.hypot(*(points[edges[:, 0]] - points[edges[:, 1]]).T)
    rank = length * rng.uniform(0.6, 1.4, len(edges)) + 1e6 * last - 1e5 * first
    order = np.argsort(rank, kind="stable")
    sets = UnionFind(len(points))
    tree = np.zeros(len(edges), dtype=np.bool_)
    for e in order:
        tree[e] = sets.join(int(edges[e, 0]), int(edges[e, 1]))
    keep = tree | first
    for e in order:
        if keep.sum() >= wanted:
            break
        keep[e] = True
    return edges[np.flatnonzero(keep)]
