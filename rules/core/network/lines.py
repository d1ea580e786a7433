"""Lines on the ground: (longitude, latitude) [°], measured in metres."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

Point = tuple[float, float]
Line = tuple[Point, ...]


def metres_per_degree(latitude_deg: float) -> Point:
    """Return the metres in a degree of longitude and of latitude at a latitude, on the WGS 84 ellipsoid.

    The series of the ellipsoid's radii; wrong by less than a centimetre a degree.
    """
    angle = math.radians(latitude_deg)
    east = 111412.84 * math.cos(angle) - 93.5 * math.cos(3 * angle) + 0.118 * math.cos(5 * angle)
    north = 111132.954 - 559.822 * math.cos(2 * angle) + 1.175 * math.cos(4 * angle)
    return east, north


def distance_m(a: Point, b: Point) -> float:
    """Return the distance between two points [m], straight; for streets, not for journeys."""
    east, north = metres_per_degree((a[1] + b[1]) / 2)
    return math.hypot((b[0] - a[0]) * east, (b[1] - a[1]) * north)


def length_m(line: Sequence[Point]) -> float:
    """Return the length of a line [m]."""
    return sum(distance_m(a, b) for a, b in pairwise(line))


def bearing_deg(a: Point, b: Point) -> float:
    """Return the bearing from ``a`` to ``b`` [°], clockwise from north, 0 to 360."""
    east, north = metres_per_degree((a[1] + b[1]) / 2)
    return math.degrees(math.atan2((b[0] - a[0]) * east, (b[1] - a[1]) * north)) % 360.0


def turn_deg(before: float, after: float) -> float:
    """Return the turn between two bearings [°], right is positive, -180 up to 180."""
    return (after - before + 180.0) % 360.0 - 180.0


def cut(line: Sequence[Point], parts: int) -> list[Line]:
    """Return a line as ``parts`` lines of equal length that follow each other.

    New points are rounded to 7 digits, a centimetre, as maps are.
    """
    steps = [distance_m(a, b) for a, b in pairwise(line)]
    total, walked = sum(steps), 0.0
    pieces: list[Line] = []
    current = [line[0]]
    for (a, b), step in zip(pairwise(line), steps, strict=True):
        while len(pieces) < parts - 1 and walked + step >= total * (len(pieces) + 1) / parts:
            share = (total * (len(pieces) + 1) / parts - walked) / step if step > 0.0 else 0.0
            here = (round(a[0] + share * (b[0] - a[0]), 7), round(a[1] + share * (b[1] - a[1]), 7))
            pieces.append((*current, here))
            current = [here]
        if current[-1] != b:
            current.append(b)
        walked += step
    return [*pieces, tuple(current)]


def middle(line: Sequence[Point]) -> Point:
    """Return the point half way along a line."""
    return cut(line, 2)[0][-1]
