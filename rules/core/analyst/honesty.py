"""What is to be said of a box on a day: gaps, values that can't be, heat of its own, drift."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from statistics import median
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np

from rules.core.analyst.hours import RoomHours, kept_one
from rules.core.analyst.model import Series
from rules.core.analyst.outdoors import median_of
from rules.core.damp_parameters import SensorParameters
from rules.core.psychrometrics import Floats, dew_point_of_pressure_c
from rules.core.quality.drift import drift_verdict, is_night
from rules.core.quality.finding import Finding
from rules.core.quality_memory import DriftMemory
from rules.core.quality_parameters import DriftParameters

Flag = Literal[
    "gaps", "outdoor_unknown", "implausible", "self_heating", "drier_than_outdoors", "drifts_from_sister"
]

Difference = tuple[float | None, float | None, float | None]
"""Of a box from others by night: temperature [K], dew point [K], vapour pressure [Pa]."""

FLAG_WORDS: dict[str, str] = {
    "gaps": "readings are missing",
    "outdoor_unknown": "it is not known how cold it was outdoors in some hours",
    "implausible": "some values can't be those of a home",
    "self_heating": "the box may be warmed: it has become warmer against its sisters, or is warmer than one in the same room, at the same moisture",
    "drier_than_outdoors": "it says that the room is drier than outdoors: the humidity sensor may have drifted",
    "drifts_from_sister": "it moves away from the other box of the home",
}


def sister_differences(
    mine: RoomHours, sisters: Sequence[RoomHours], zone: ZoneInfo, p: DriftParameters
) -> Difference:
    """Return by how much a box is above the median of the home's others by night, the median of the day's night hours.

    Temperature [K], dew point [K], vapour pressure [Pa]; None where fewer than ``p.hours`` hours are known.
    """
    if not sisters:
        return None, None, None
    night = np.array(
        [is_night(datetime.fromtimestamp(s, zone).hour, p) for s in mine.at_s.tolist()], dtype=bool
    )
    found = []
    for read in (_temperature, _dew_point, _vapour):
        off = (read(mine) - median_of(np.stack([read(s) for s in sisters])))[night]
        known = off[np.isfinite(off)]
        found.append(kept_one(float(np.median(known))) if len(known) >= p.hours else None)
    return found[0], found[1], found[2]


def flags_of(
    readings: Series,
    n: int,
    expected: int,
    excess_pa: float | None,
    outdoor_hours: int,
    hours: int,
    p: SensorParameters,
) -> tuple[Flag, ...]:
    """Return what a day says of a box by itself.

    Args:
        readings: of the day.
        n: how many there are.
        expected: how many there should be.
        excess_pa: mean vapour-pressure excess over outdoors [Pa].
        outdoor_hours: of the room's known hours, those with outdoors known too.
        hours: the room's known hours.
        p: limits.
    """
    found: list[Flag] = []
    if n < p.least_share * expected:
        found.append("gaps")
    if outdoor_hours < hours:
        found.append("outdoor_unknown")
    t, rh = readings.temperature_c, readings.humidity_pct
    odd = (t < p.coldest_c) | (t > p.warmest_c) | (rh < p.driest_pct) | (rh > p.wettest_pct)
    if n > 0 and np.count_nonzero(odd) > p.implausible_share * n:
        found.append("implausible")
    if excess_pa is not None and excess_pa < -p.below_outdoor_pa:
        found.append("drier_than_outdoors")
    return tuple(found)


def sister_flags(
    first_nights_k: Sequence[float],
    last_nights_k: Sequence[float],
    d: DriftParameters,
) -> tuple[Flag, ...]:
    """Return whether a box has drifted from the home's others.

    Args:
        first_nights_k: dew point above theirs in its first nights [K].
        last_nights_k: and in its last ones, this one included [K].
        d: the rule of drift: a sensor is compared with itself when it was new.
    """
    learnt, nights = tuple(first_nights_k[: d.learn_nights]), tuple(last_nights_k[-d.recent_nights :])
    if len(learnt) < d.learn_nights:
        return ()
    verdict = drift_verdict(DriftMemory(nights_c=nights, learnt_c=learnt), d)
    return ("drifts_from_sister",) if isinstance(verdict, Finding) else ()


def heat_flags(
    vapour_pa: float | None,
    first_nights_k: Sequence[float],
    last_nights_k: Sequence[float],
    beside: Difference,
    p: SensorParameters,
    d: DriftParameters,
) -> tuple[Flag, ...]:
    """Return whether a box warms itself: a room may always be warmer than the others, so that alone says nothing.

    Args:
        vapour_pa: vapour pressure above the home's other boxes' [Pa].
        first_nights_k: warmer than they in its first nights [K].
        last_nights_k: and in its last ones, this one included [K].
        beside: difference from the boxes in the same room.
        p: limits.
        d: in how many nights it is learnt, and judged.
    """
    first, last = first_nights_k[: d.learn_nights], last_nights_k[-d.recent_nights :]
    changed = len(first) == d.learn_nights and len(last) == d.recent_nights
    changed_k = median(last) - median(first) if changed else None
    by_change, by_sister = _is_heat(changed_k, vapour_pa, p), _is_heat(beside[0], beside[2], p)
    return ("self_heating",) if by_change or by_sister else ()


def _is_heat(warmer_k: float | None, vapour_pa: float | None, p: SensorParameters) -> bool:
    if warmer_k is None or vapour_pa is None:
        return False
    return warmer_k > p.warm_k and abs(vapour_pa) < p.same_pa


def _temperature(h: RoomHours) -> Floats:
    return h.room_c


def _dew_point(h: RoomHours) -> Floats:
    return dew_point_of_pressure_c(h.vapour_pa)


def _vapour(h: RoomHours) -> Floats:
    return h.vapour_pa
