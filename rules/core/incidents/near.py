"""Which signals fall together: single linkage within a radius and a time, on arrays. Pure.

An edge is a matter of two signals alone, so that the groups of a set of signals are the same in whatever
order they came. Sibson, SLINK: an optimally efficient algorithm for the single-link cluster method,
The Computer Journal 16 (1973); here the tree of neighbours keeps it at n log n for signals spread over a town.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

EARTH_M = 6_371_008.8
"""Mean radius of the Earth [m] (IUGG, 1980)."""
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Points:
    """n signals as arrays.

    Attributes:
        latitude_deg, longitude_deg: where [°]; NaN: nowhere, near nothing.
        at_s: when each began [s].
        radius_m: how far each reaches [m]; ``window_s``: for how long [s].
        binds: whether it binds others together; two that do not are no neighbours.
        holds: whether it waits for others however long: it is up in an incident that people have in hand.
    """

    latitude_deg: Floats
    longitude_deg: Floats
    at_s: Floats
    radius_m: Floats
    window_s: Floats
    binds: Flags
    holds: Flags


def xyz_m(latitude_deg: Floats, longitude_deg: Floats) -> Floats:
    """Return points of the sphere, n × 3 [m]: straight lines between them are, over a town, as long as the arcs."""
    lat, lon = np.radians(latitude_deg), np.radians(longitude_deg)
    return EARTH_M * np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1)


def pairs(points: Points) -> Ints:
    """Return the pairs of signals that fall together, m × 2."""
    known = np.flatnonzero(np.isfinite(points.latitude_deg) & np.isfinite(points.longitude_deg))
    if len(known) < 2:
        return np.zeros((0, 2), dtype=np.int64)
    where = xyz_m(points.latitude_deg[known], points.longitude_deg[known])
    found = cKDTree(where).query_pairs(float(points.radius_m[known].max()), output_type="ndarray")
    a, b = known[found[:, 0]], known[found[:, 1]]
    away_m = np.linalg.norm(where[found[:, 0]] - where[found[:, 1]], axis=1)
    apart_s = np.abs(points.at_s[a] - points.at_s[b])
    near = away_m <= np.maximum(points.radius_m[a], points.radius_m[b])
    then = apart_s <= np.maximum(points.window_s[a], points.window_s[b])
    later = np.where(points.at_s[a] <= points.at_s[b], points.holds[a], points.holds[b])
    keep = near & (then | later) & (points.binds[a] | points.binds[b])
    return np.stack([a[keep], b[keep]], axis=1).astype(np.int64)


def labels(n: int, edges: Ints) -> Ints:
    """Return the number of each signal's group: equal where a chain of edges joins them."""
    graph = coo_array((np.ones(len(edges), dtype=np.int8), (edges[:, 0], edges[:, 1])), shape=(n, n))
    _, found = connected_components(graph, directed=False)
    return np.asarray(found, dtype=np.int64)
