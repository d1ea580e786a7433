"""The town's wards: the old town in the middle, six sectors around it. No lot is drawn: every town has them."""

from __future__ import annotations

import math

from devices.registry import Ward
from firmware_sim.world.terrain import to_lonlat

CENTRE = ("ward-1", "Old Town")
SECTORS = (
    ("ward-2", "Eastfields"),
    ("ward-3", "Northgate"),
    ("ward-4", "Abbey Hill"),
    ("ward-5", "Westmead"),
    ("ward-6", "Southbrook"),
    ("ward-7", "Riverside"),
)
"""Anticlockwise, the first one lies to the east."""
INNER, OUTER = 0.4, 1.1
"""Radius of the middle and of the edge, as parts of the town's."""
_STEPS = 4


def ward_at(x_m: float, y_m: float, radius_m: float) -> str:
    """Return the ward of a point in local metres; what lies beyond the edge belongs to its sector."""
    if math.hypot(x_m, y_m) < INNER * radius_m:
        return CENTRE[0]
    width = 2.0 * math.pi / len(SECTORS)
    turn = (math.atan2(y_m, x_m) + width / 2.0) % (2.0 * math.pi)
    return SECTORS[int(turn / width) % len(SECTORS)][0]


def make_wards(radius_m: float) -> tuple[Ward, ...]:
    """Return the wards with their outlines."""
    around = [_point(k / (len(SECTORS) * _STEPS), INNER * radius_m) for k in range(len(SECTORS) * _STEPS)]
    middle = Ward(ward_id=CENTRE[0], label=CENTRE[1], boundary=tuple(around))
    return (middle, *(_sector(n, radius_m) for n in range(len(SECTORS))))


def _sector(n: int, radius_m: float) -> Ward:
    turns = [(n - 0.5 + k / _STEPS) / len(SECTORS) for k in range(_STEPS + 1)]
    inner = [_point(t, INNER * radius_m) for t in turns]
    outer = [_point(t, OUTER * radius_m) for t in reversed(turns)]
    return Ward(ward_id=SECTORS[n][0], label=SECTORS[n][1], boundary=(*inner, *outer))


def _point(turn: float, radius_m: float) -> tuple[float, float]:
    return to_lonlat(radius_m * math.cos(2.0 * math.pi * turn), radius_m * math.sin(2.0 * math.pi * turn))
