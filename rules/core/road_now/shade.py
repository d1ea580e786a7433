"""Which way the roads of a town run, and what hides the sun from them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from devices.registry import RoadNode, RoadSegment
from rules.core.psychrometrics import Floats
from rules.core.road_surface.skyline import Skyline, between_houses, surveyed

FRONTAGE_SHARE = 0.8
"""Along this share of a road houses or trees stand, where no horizon was surveyed. Chosen: between terraces (1) and
detached houses (some 0.6); what it misses of the sun is learnt at the sensors (``sun_share``)."""


def skyline_of(
    segments: Sequence[RoadSegment], nodes: Sequence[RoadNode], frontage_share: float = FRONTAGE_SHARE
) -> Skyline:
    """Return what hides the sun: the surveyed horizon; else houses by sky view and direction, on bridges nothing."""
    sky = np.clip([s.sky_view_factor for s in segments], 0.0, 1.0).astype(np.float64)
    assumed = between_houses(axes_deg(segments, nodes), sky, frontage_share)
    bridge = np.array([s.bridge for s in segments], dtype=np.bool_)
    horizon, closed = assumed.horizon_deg, np.where(bridge, 0.0, assumed.closed)
    for i, segment in enumerate(segments):
        if segment.horizon_deg:
            horizon[i], closed[i] = surveyed(segment.horizon_deg), 1.0
    return Skyline(horizon, closed)


def axes_deg(segments: Sequence[RoadSegment], nodes: Sequence[RoadNode]) -> Floats:
    """Return the direction of each segment from north, 0 to 180°; NaN where it has no positions or leads nowhere.

    A bent one has the mean of its parts by length. Doubled angles: a road runs both ways.
    """
    at = {n.node_id: (n.longitude_deg, n.latitude_deg) for n in nodes}
    return np.array([_axis_deg(_line(s, at)) for s in segments], dtype=np.float64)


def _line(segment: RoadSegment, at: dict[int, tuple[float, float]]) -> Floats:
    ends = [at[i] for i in (segment.from_node, segment.to_node) if i in at]
    return np.array(segment.geometry or ends, dtype=np.float64).reshape(-1, 2)


def _axis_deg(line: Floats) -> float:
    if len(line) < 2:
        return float("nan")
    east, north = np.diff(line, axis=0).T * np.array([[np.cos(np.radians(line[:, 1].mean()))], [1.0]])
    along = north + 1j * east
    doubled = complex((along**2 / np.maximum(np.abs(along), 1e-12)).sum())
    return float("nan") if abs(doubled) < 1e-12 else float(np.degrees(np.angle(doubled)) / 2.0 % 180.0)
