"""Households' premises along the streets of a town: made up, of no register."""

from __future__ import annotations

import math
from dataclasses import dataclass

from devices.registry import Registry, RoadSegment

FIRST_UPRN = 990_000_000_001
"""Real UPRNs of a place begin elsewhere; these are of nobody."""
APART_M, BESIDE_M = 24.0, 12.0
"""Between houses of one side, and from the middle of the road to the house [m]."""
DEGREE_M = 111_195.0
MOST = 2_500


@dataclass(frozen=True, slots=True)
class MadePremises:
    """A house. ``sector``: 0..9, parts of the town around its middle, for rounds."""

    uprn: int
    address: str
    latitude_deg: float
    longitude_deg: float
    sector: int


def premises_of(town: Registry, most: int = MOST) -> list[MadePremises]:
    """Return houses on both sides of minor streets, odd numbers left and even ones right; the same for the same town."""
    streets = sorted((s for s in town.segments if s.road_class in "CU" and len(s.geometry) > 1), key=_order)
    middle = _middle(streets)
    numbers: dict[str, int] = {}
    found: list[MadePremises] = []
    for segment in streets:
        for longitude, latitude, side in _places(segment):
            if len(found) >= most:
                return found
            pair = numbers.get(segment.street, 0)
            numbers[segment.street] = pair + 1
            house = 2 * (pair // 2) + 1 + side
            found.append(
                MadePremises(
                    uprn=FIRST_UPRN + len(found), address=f"{house} {segment.street}, {town.name}",
                    latitude_deg=round(latitude, 6), longitude_deg=round(longitude, 6),
                    sector=_sector(longitude, latitude, middle),
                )
            )  # fmt: skip
    return found


def _order(segment: RoadSegment) -> tuple[int, str]:
    return (len(segment.segment_id), segment.segment_id)


def _middle(streets: list[RoadSegment]) -> tuple[float, float]:
    ends = [s.geometry[0] for s in streets] or [(0.0, 0.0)]
    return sum(e[0] for e in ends) / len(ends), sum(e[1] for e in ends) / len(ends)


def _places(segment: RoadSegment) -> list[tuple[float, float, int]]:
    """Return longitude, latitude and side (0 left, 1 right) of the houses along a stretch."""
    (x0, y0), (x1, y1) = segment.geometry[0], segment.geometry[-1]
    scale = math.cos(math.radians(y0))
    east, north = (x1 - x0) * scale * DEGREE_M, (y1 - y0) * DEGREE_M
    length = math.hypot(east, north)
    count = int(length // APART_M)
    found = []
    for n in range(count):
        share = (n + 0.5) / count
        for side, sign in ((0, -1.0), (1, 1.0)):
            off_east, off_north = sign * BESIDE_M * north / length, -sign * BESIDE_M * east / length
            found.append(
                (
                    x0 + share * (x1 - x0) + off_east / (DEGREE_M * scale),
                    y0 + share * (y1 - y0) + off_north / DEGREE_M,
                    side,
                )
            )
    return found


def _sector(longitude: float, latitude: float, middle: tuple[float, float]) -> int:
    angle = math.atan2(latitude - middle[1], (longitude - middle[0]) * math.cos(math.radians(latitude)))
    return int((angle + math.pi) / (2 * math.pi) * 10) % 10
