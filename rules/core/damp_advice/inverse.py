"""How warm, or how dry, a room must be for its coldest wall to stay below a limit: exact inverses."""

from __future__ import annotations

import math

from rules.core.damp import room_humidity_limit_pct
from rules.core.psychrometrics import dew_point_of_pressure_c

ROUNDING = 1e-9
"""A limit that is a whole number but for a rounding error is taken as one, on the safe side."""


def room_c_for_wall(vapour_pa: float, outdoor_c: float, factor: float, limit_pct: float) -> float:
    """Return the room temperature at which the coldest wall is at ``limit_pct`` [°C].

    The wall must be where ``vapour_pa`` is that part of saturation: at the dew point of
    100 e / limit. From there Ti = Te + (Tsi - Te) / fRsi.

    Args:
        vapour_pa: vapour pressure in the room, kept as it is [Pa]; above 0.
        outdoor_c: outdoors [°C].
        factor: fRsi [-], above 0.
        limit_pct: surface humidity [%].
    """
    wall_c = dew_point_of_pressure_c(100.0 * vapour_pa / limit_pct)
    return outdoor_c + (wall_c - outdoor_c) / factor


def warm_enough_c(vapour_pa: float, outdoor_c: float, factor: float, limit_pct: float) -> int:
    """Return :func:`room_c_for_wall`, the next whole degree up: with it the wall is below the limit."""
    return math.floor(room_c_for_wall(vapour_pa, outdoor_c, factor, limit_pct) + ROUNDING) + 1


def dry_enough_pct(room_c: float, outdoor_c: float, factor: float, limit_pct: float) -> int:
    """Return the room humidity that keeps the wall below the limit, the next whole percent down [%]."""
    exact = room_humidity_limit_pct(room_c, outdoor_c, factor, limit_pct)
    return max(math.ceil(exact - ROUNDING) - 1, 0)
