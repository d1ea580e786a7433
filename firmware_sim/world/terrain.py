"""The lie of the land: a river in a valley, a hill, and the way to latitude and longitude.

Local coordinates: x east and y north of the town centre [m].
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from firmware_sim.world.psychro import Floats

ORIGIN_LATITUDE_DEG = 52.118
ORIGIN_LONGITUDE_DEG = -1.052
METRES_PER_DEGREE = 111_195.0


@dataclass(frozen=True, slots=True)
class Terrain:
    """A town of a given radius [m] with a river south of its centre and a hill in the north-east."""

    radius_m: float

    def river_y(self, x: Floats) -> Floats:
        """Return the river's y [m] at each x [m]: a gentle meander."""
        r = self.radius_m
        return np.asarray(-0.38 * r + 0.07 * r * np.sin(2.6 * x / r + 0.7) + 0.03 * r * np.sin(7.0 * x / r))

    def river_distance(self, x: Floats, y: Floats) -> Floats:
        """Return how far north (+) or south (-) of the river each point lies [m]."""
        return y - self.river_y(x)

    def altitude_m(self, x: Floats, y: Floats) -> Floats:
        """Return the altitude above sea level [m]: valley floor 62, slopes, a hill of 70 m more."""
        r = self.radius_m
        d = self.river_distance(x, y)
        slope = 45.0 * (1.0 - np.exp(-((d / (0.32 * r)) ** 2)))
        hill = 70.0 * np.exp(-(((x - 0.35 * r) ** 2 + (y - 0.55 * r) ** 2) / (0.42 * r) ** 2))
        return np.asarray(62.0 + slope + hill)


def to_lonlat(x: float, y: float) -> tuple[float, float]:
    """Return (longitude, latitude) [deg] of a local point [m], rounded to 0.1 m."""
    latitude = ORIGIN_LATITUDE_DEG + y / METRES_PER_DEGREE
    longitude = ORIGIN_LONGITUDE_DEG + x / (METRES_PER_DEGREE * math.cos(math.radians(ORIGIN_LATITUDE_DEG)))
    return round(longitude, 6), round(latitude, 6)
