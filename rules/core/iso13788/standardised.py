"""The moisture load of a home, made comparable: excess and humidity as they would be at 5 °C and 80 % outdoors.

Daily vapour-pressure excess is regressed on outdoor temperature and read off at 5 °C; so is the room's
temperature; the two and outdoor air of 80 % make the standardised relative humidity. Reference: Oreszczyn et al. 2006
(Warm Front, 1,604 dwellings), as summarised; the standardised humidity there went with mould severity.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rules.core.psychrometrics import (
    Floats,
    saturation_pressure_iso13788_pa,
    vapour_pressure_excess_pa,
    vapour_pressure_iso13788_pa,
)
from rules.core.regression import Line, error_at, line


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardSettings:
    """At what, and from how much.

    Attributes:
        outdoor_c: standard temperature outdoors [°C].
        outdoor_pct: standard humidity outdoors [%].
        min_days: to regress (proposed).
        min_spread_k: standard deviation of daily outdoor temperature, for a slope to be one (proposed) [K].
        max_distance_k: of the standard temperature from the nearest day's (proposed) [K].
    """

    outdoor_c: float = 5.0
    outdoor_pct: float = 80.0
    min_days: int = 14
    min_spread_k: float = 1.0
    max_distance_k: float = 5.0


@dataclass(frozen=True, slots=True)
class Standardised:
    """A home at standard conditions, each figure with its standard error.

    Attributes:
        excess_pa: vapour-pressure excess [Pa].
        excess_error_pa: its standard error [Pa].
        slope_pa_k: by which the excess changes with a degree outdoors [Pa/K].
        slope_error_pa_k: its standard error [Pa/K].
        humidity_pct: relative humidity in the room [%].
        humidity_error_pct: its standard error [%].
        room_c: temperature of the room [°C].
        days: that it rests on.
    """

    excess_pa: float
    excess_error_pa: float
    slope_pa_k: float
    slope_error_pa_k: float
    humidity_pct: float
    humidity_error_pct: float
    room_c: float
    days: int


@dataclass(frozen=True, slots=True)
class NotStandardised:
    """Why a home can't be compared.

    Attributes:
        reason: a sentence.
        days: that were whole.
    """

    reason: str
    days: int


def standardise(
    room_c: Floats,
    humidity_pct: Floats,
    outdoor_c: Floats,
    outdoor_pct: Floats,
    settings: StandardSettings | None = None,
) -> Standardised | NotStandardised:
    """Return a home at standard conditions, or why it can't be told.

    Args:
        room_c: daily means in the room, in order of days [°C]; NaN unknown, as in the others.
        humidity_pct: daily means of relative humidity in the room [%].
        outdoor_c: daily means outdoors [°C].
        outdoor_pct: daily means of relative humidity outdoors [%].
        settings: standard conditions and how much data is enough.
    """
    excess = vapour_pressure_excess_pa(room_c, humidity_pct, outdoor_c, outdoor_pct)
    return standardise_excess(excess, room_c, outdoor_c, settings)


def standardise_excess(
    excess_pa: Floats, room_c: Floats, outdoor_c: Floats, settings: StandardSettings | None = None
) -> Standardised | NotStandardised:
    """Return :func:`standardise` for daily vapour-pressure excess [Pa] that is known already."""
    s = settings or StandardSettings()
    whole = ~(np.isnan(excess_pa) | np.isnan(room_c) | np.isnan(outdoor_c))
    excess_pa, room_c, outdoor_c = excess_pa[whole], room_c[whole], outdoor_c[whole]
    reason = _too_little(outdoor_c, s)
    if reason is not None:
        return NotStandardised(reason, outdoor_c.size)
    excess, room = line(outdoor_c, excess_pa), line(outdoor_c, room_c)
    humidity, error = _humidity(excess, room, s)
    return Standardised(
        excess_pa=excess.at(s.outdoor_c),
        excess_error_pa=error_at(excess, s.outdoor_c),
        slope_pa_k=excess.slope,
        slope_error_pa_k=excess.slope_error,
        humidity_pct=humidity,
        humidity_error_pct=error,
        room_c=room.at(s.outdoor_c),
        days=excess.n,
    )


def _too_little(outdoor_c: Floats, s: StandardSettings) -> str | None:
    if outdoor_c.size < s.min_days:
        return f"{outdoor_c.size} whole days; {s.min_days} are needed"
    spread = float(np.std(outdoor_c))
    if spread < s.min_spread_k:
        return f"outdoor temperature hardly changed (± {spread:.1f} K); ± {s.min_spread_k:g} K is needed"
    distance = float(np.min(np.abs(outdoor_c - s.outdoor_c)))
    if distance > s.max_distance_k:
        return f"no day came within {s.max_distance_k:g} K of {s.outdoor_c:g} °C outdoors; the nearest was {distance:.0f} K off"
    return None


def _humidity(excess: Line, room: Line, s: StandardSettings) -> tuple[float, float]:
    """Return the standardised relative humidity and its standard error [%].

    The two lines' residuals are combined by what each does to the humidity, so that days that are both warm and
    humid inside count as they should.
    """
    room_c = room.at(s.outdoor_c)
    outside = vapour_pressure_iso13788_pa(s.outdoor_c, s.outdoor_pct)
    saturation = saturation_pressure_iso13788_pa(room_c)
    humidity = 100.0 * (outside + excess.at(s.outdoor_c)) / saturation
    per_k = saturation_pressure_iso13788_pa(room_c + 0.5) - saturation_pressure_iso13788_pa(room_c - 0.5)
    residuals = 100.0 / saturation * excess.residuals - humidity * per_k / saturation * room.residuals
    return float(humidity), error_at(excess, s.outdoor_c, residuals)
