"""Houses along the roads: what shades them from the sun.

Their height follows from the sky that a road sees (the middle of a long street between walls at the elevation b sees
cos b of it, Oke 1987). No two streets are alike: one side is higher than the other, and there are gaps.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence

import numpy as np

from devices.registry import RoadSegment
from firmware_sim.world.psychro import Floats

FRONTAGE = (0.6, 1.0)
"""Share of a road along which houses stand: detached houses to terraces."""
UNEVEN = 0.35
"""One side is higher by up to so much of the mean, the other lower."""
ROOFS_DEG = 4.0
"""The sun goes behind roofs over so many degrees."""


class Houses:
    """The houses of all segments; the same segment always has the same."""

    def __init__(self, segments: Sequence[RoadSegment]) -> None:
        drawn = np.array([_draw(s.segment_id) for s in segments]).reshape(-1, 2)
        sky = np.array([s.sky_view_factor for s in segments])
        open_road = np.array([s.bridge or len(s.geometry) < 2 for s in segments], dtype=np.bool_)
        self.axis_rad: Floats = np.array([_axis_rad(s) for s in segments])
        self.frontage: Floats = np.where(
            open_road, 0.0, np.maximum(FRONTAGE[0] + (FRONTAGE[1] - FRONTAGE[0]) * drawn[:, 0], 1.0 - sky)
        )
        seen = np.clip(1.0 - (1.0 - sky) / np.maximum(self.frontage, 1e-9), 0.05, 1.0)
        self._steep = np.sqrt(1.0 / seen**2 - 1.0)  # tan of the elevation across the street
        self._uneven = UNEVEN * (2.0 * drawn[:, 1] - 1.0)

    def lit(self, sun_elevation_deg: float, sun_azimuth_deg: float) -> Floats:
        """Return how much of the direct sun reaches each segment, 0..1."""
        across = np.sin(math.radians(sun_azimuth_deg) - self.axis_rad)
        side = np.where(across < 0.0, 1.0 + self._uneven, 1.0 - self._uneven)
        roofs_deg = np.degrees(np.arctan(self._steep * side * np.abs(across)))
        above = np.clip((sun_elevation_deg - roofs_deg) / ROOFS_DEG + 0.5, 0.0, 1.0)
        return np.asarray(1.0 - self.frontage * (1.0 - above))


def _draw(segment_id: str) -> tuple[float, float]:
    """Return two numbers of 0..1 that belong to a segment."""
    number = zlib.crc32(f"houses {segment_id}".encode())
    return (number & 0xFFFF) / 0xFFFF, (number >> 16) / 0xFFFF


def _axis_rad(segment: RoadSegment) -> float:
    """Return the direction from a segment's first point to its last, from north [rad]."""
    if len(segment.geometry) < 2:
        return 0.0
    (west, south), (east, north) = segment.geometry[0], segment.geometry[-1]
    return math.atan2((east - west) * math.cos(math.radians(south)), north - south)
