"""Which part of a map is wanted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from cityops.errors import ConfigurationError
from rules.core.network.lines import Point
from rules.core.network.national_grid import from_wgs84


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle [°]; a road belongs to it where a point of its line is inside."""

    south: float
    west: float
    north: float
    east: float

    def touches(self, line: Iterable[Point]) -> bool:
        """Tell whether a line has a point inside."""
        return any(self.west <= x <= self.east and self.south <= y <= self.north for x, y in line)

    def on_the_grid(self) -> tuple[float, float, float, float]:
        """Return west, south, east, north [m] of a rectangle of the British National Grid round it."""
        lon = np.array([self.west, self.west, self.east, self.east])
        lat = np.array([self.south, self.north, self.south, self.north])
        east, north = from_wgs84(lon, lat)
        # Its edges bend on the grid: 1 km over 100.
        margin = 1_000.0
        return (
            float(east.min()) - margin, float(north.min()) - margin,
            float(east.max()) + margin, float(north.max()) + margin,
        )  # fmt: skip


def area_of(text: str) -> Area:
    """Return the area of ``south,west,north,east`` [°].

    Raises:
        ConfigurationError: not four numbers in their ranges, south below north, west below east.
    """
    try:
        south, west, north, east = (float(part) for part in text.split(","))
    except ValueError:
        south = west = north = east = float("nan")
    if not (-90.0 <= south < north <= 90.0 and -180.0 <= west < east <= 180.0):
        raise ConfigurationError(
            f"area is {text!r}; allowed: south,west,north,east in degrees, as 52.15,0.05,52.25,0.20"
        )
    return Area(south, west, north, east)
