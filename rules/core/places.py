"""Where roads are, and which are near enough to what measures that it says something of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from devices.registry import RoadNode, RoadSegment
from rules.core.psychrometrics import Floats

Flags = NDArray[np.bool_]
METRES_PER_DEGREE = 111_195.0
FARTHEST_M = 50_000.0
"""What is measured farther away says nothing of a road [m]: there the weather is another's. Our own default."""


def positions(segments: Sequence[RoadSegment], nodes: Sequence[RoadNode]) -> Floats:
    """Return the middle of each segment: n × (latitude, longitude) [°]."""
    at = {n.node_id: (n.latitude_deg, n.longitude_deg) for n in nodes}
    middles = []
    for s in segments:
        if s.geometry:
            lon, lat = s.geometry[len(s.geometry) // 2]
            middles.append((lat, lon))
        else:
            a, b = (at.get(i, (np.nan, np.nan)) for i in (s.from_node, s.to_node))
            middles.append(((a[0] + b[0]) / 2, (a[1] + b[1]) / 2))
    return np.array(middles, dtype=np.float64).reshape(-1, 2)


def within_reach(middle: Floats, measured: Floats) -> Flags:
    """Return which places have one that is measured at most ``FARTHEST_M`` away; all where none is known.

    Args:
        middle: n × (latitude, longitude) [°]; NaN = unknown, which is within reach.
        measured: m × (latitude, longitude) [°]; NaN = unknown.
    """
    known = measured[~np.isnan(measured).any(axis=1)]
    if len(known) == 0:
        return np.ones(len(middle), dtype=np.bool_)
    too_far: Flags = square_away_m2(middle, known).min(axis=1) > FARTHEST_M**2
    return ~too_far


def square_away_m2(a: Floats, b: Floats) -> Floats:
    """Return the squares of the distances between n and m places [m²], n × m; NaN where one is unknown."""
    north = (a[:, None, 0] - b[None, :, 0]) * METRES_PER_DEGREE
    east = (a[:, None, 1] - b[None, :, 1]) * METRES_PER_DEGREE
    east = east * np.cos(np.radians(np.nan_to_num(a[:, None, 0])))
    return np.asarray(north**2 + east**2, dtype=np.float64)
