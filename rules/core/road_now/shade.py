"""Which way the roads of a town run, and what hides the sun from them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from devices.registry import RoadNode, RoadSegment
from rules.core.psychrometrics import Floats
from rules.core.road_surface.skyline import Skyline, between_houses, surveyed

STRAIGHT = 0.25
"""A road whose parts add up to less than this share of its length, both ways taken for one, has no direction of its own."""


def skyline_of(segments: Sequence[RoadSegment], nodes: Sequence[RoadNode]) -> Skyline:
    """Return what hides the sun: the surveyed horizon; else houses by sky view and direction, on bridges nothing."""
    sky = np.clip([s.sky_view_factor for s in segments], 0.0, 1.0).astype(np.float64)
    made = between_houses(axes_deg(segments, nodes), sky)
    bridge = np.array([s.bridge for s in segments], dtype=np.bool_)
    horizon, closed, assumed = made.horizon_deg, np.where(bridge, 0.0, made.closed), made.assumed
    for i, segment in enumerate(segments):
        if segment.horizon_deg:
            horizon[i], closed[i], assumed[i] = surveyed(segment.horizon_deg), 1.0, False
    return Skyline(horizon, closed, assumed)


def axes_deg(segments: Sequence[RoadSegment], nodes: Sequence[RoadNode]) -> Floats:
    """Return the direction of each segment from north, 0 to 180°; NaN where it has no positions or no direction.

    A bent one has the mean of its parts by length. Doubled angles: a road runs both ways.
    """
    at = {n.node_id: (n.longitude_deg, n.latitude_deg) for n in nodes}
    return np.array([_axis_deg(_line(s, at)) for s in segments], dtype=np.float64)


def _line(segment: RoadSegment, at: dict[int, tuple[float, float]]) -> Floats:
    ends = [at[i] for i in (segment.from_node, segment.to_node) if i in at]
    return np.array(segment.geometry if len(segment.geometry) > 1 else ends, dtype=np.float64).reshape(-1, 2)


def _axis_deg(line: Floats) -> float:
    if len(line) < 2:
        return float("nan")
    east, north = np.diff(line, axis=0).T * np.array([[np.cos(np.radians(line[:, 1].mean()))], [1.0]])
    along = north + 1j * east
    length = np.abs(along)
    doubled = complex((along**2 / np.where(length > 0.0, length, 1.0)).sum())
    bent = abs(doubled) <= STRAIGHT * float(length.sum())
    return float("nan") if bent else float(np.degrees(np.angle(doubled)) / 2.0 % 180.0)
