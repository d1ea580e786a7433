"""How long a room takes to clear after its peak, and how much water a rise was."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from rules.core.moisture_events.model import Band, Event
from rules.core.moisture_events.parameters import RoomParameters
from rules.core.psychrometrics import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearTimes:
    """Median minutes to clear, with a window opened and without; how many events each is of.

    Air-change rates are not told: they can't be had from such a series. Compare a home with itself.
    """

    shut_min: float | None
    shut_events: int
    open_min: float | None
    open_events: int


def minutes_until(
    at_s: Floats, vapour_g_m3: Floats, peak: int, limit: int, level_g_m3: float, gap_s: float
) -> float | None:
    """Return the minutes from a peak until ``level_g_m3`` is reached, straight between bins.

    None where it is not before bin ``limit``, or a gap longer than ``gap_s`` hides it.
    """
    seen = peak + np.flatnonzero(np.isfinite(vapour_g_m3[peak:limit]))
    below = np.flatnonzero(vapour_g_m3[seen] <= level_g_m3)
    if len(below) == 0 or below[0] == 0:
        return None
    before, after = seen[below[0] - 1], seen[below[0]]
    if np.max(np.diff(at_s[seen[: below[0] + 1]])) > gap_s:
        return None
    part = (vapour_g_m3[before] - level_g_m3) / (vapour_g_m3[before] - vapour_g_m3[after])
    return float(at_s[before] + part * (at_s[after] - at_s[before]) - at_s[peak]) / 60.0


def grams_of(
    rise_g_m3: float, standing_g_min_m3: float, half_min: float | None, room: RoomParameters
) -> Band:
    """Return the water of an event [g].

    What is in the air at the peak, plus what left it before: at the rate of the half-life, from
    what stood above the level before. Without a half-life that part is not known: the middle
    is then what is in the air, the lowest figure there can be. The volume's band widens it.

    Args:
        rise_g_m3: from the level before to the peak [g/m³].
        standing_g_min_m3: what stood above the level before, from the start to the peak, over time [g min/m³].
        half_min: from the peak until half of it is gone [min].
        room: the air that the box measures.
    """
    lost = 0.0 if half_min is None else math.log(2.0) / half_min * standing_g_min_m3
    middle = (rise_g_m3 + lost) * room.air_m3
    most = (rise_g_m3 + max(lost, 0.5 * rise_g_m3)) * room.air_m3
    return Band(
        low=rise_g_m3 * room.air_m3 * (1.0 - room.volume_share),
        middle=middle,
        high=most * (1.0 + room.volume_share),
    )


def clear_times(events: Sequence[Event]) -> ClearTimes:
    """Return how long events took to clear, with a window opened and without."""
    known = [e for e in events if e.of_the_household and e.clear_min is not None]
    shut = [e.clear_min for e in known if not e.aired and e.clear_min is not None]
    opened = [e.clear_min for e in known if e.aired and e.clear_min is not None]
    return ClearTimes(
        shut_min=median(shut) if shut else None,
        shut_events=len(shut),
        open_min=median(opened) if opened else None,
        open_events=len(opened),
    )
