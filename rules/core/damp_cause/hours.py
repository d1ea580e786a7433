"""What the search for the cause looks at: weeks of hours, and what else is known of the home."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rules.core.psychrometrics import Floats, vapour_pressure_pa


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeHours:
    """Hourly means of one room and of outdoors, one after the other; NaN where not known.

    Attributes:
        room_c, humidity_pct: air of the room [°C, %].
        outdoor_c, outdoor_vapour_pa: outdoors [°C, Pa].
    """

    room_c: Floats
    humidity_pct: Floats
    outdoor_c: Floats
    outdoor_vapour_pa: Floats

    def __post_init__(self) -> None:
        shapes = {len(v) for v in (self.room_c, self.humidity_pct, self.outdoor_c, self.outdoor_vapour_pa)}
        if len(shapes) != 1:
            raise ValueError(f"series of {sorted(shapes)} hours; all must be of one length")


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeFacts:
    """What is known of a home beside its series; None where it is not.

    Attributes:
        factor, factor_band: fRsi of the coldest wall, and how far it may be off to each side [-].
        occupants: people who live there.
        water_g_day: water of showers, cooking and drying that was found [g/day], all over the home.
        drying_g_day: the part of it of clothes dried indoors [g/day].
        drying_carried_m3_h: outdoor air that the search for drying took for granted [m³/h]: what its balance, and
            so the water it found, is in terms of.
        shut_clear_min: usual minutes to clear with windows shut.
        volume_m3: of the home [m³].
    """

    factor: float
    factor_band: float = 0.05
    occupants: int | None = None
    water_g_day: float | None = None
    drying_g_day: float | None = None
    drying_carried_m3_h: float = 64.0
    shut_clear_min: float | None = None
    volume_m3: float | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """The hours in which everything is known.

    Attributes:
        room_c, outdoor_c: air of the room and outdoors [°C].
        behind_c: outdoor temperature as the wall has taken it in [°C].
        vapour_pa, outdoor_pa: vapour pressure of the room and outdoors [Pa].
    """

    room_c: Floats
    outdoor_c: Floats
    behind_c: Floats
    vapour_pa: Floats
    outdoor_pa: Floats

    @property
    def excess_pa(self) -> Floats:
        """Vapour-pressure excess over outdoors [Pa]."""
        return self.vapour_pa - self.outdoor_pa


def known_hours(h: HomeHours, wall_lag_h: float) -> Known:
    """Return the hours in which everything is known, the wall's lag taken before any is left out."""
    vapour = vapour_pressure_pa(h.room_c, h.humidity_pct)
    behind = lagged_c(h.outdoor_c, wall_lag_h)
    good = np.isfinite(vapour) & np.isfinite(h.outdoor_vapour_pa) & np.isfinite(behind)
    return Known(h.room_c[good], h.outdoor_c[good], behind[good], vapour[good], h.outdoor_vapour_pa[good])


def lagged_c(outdoor_c: Floats, lag_h: float) -> Floats:
    """Return a temperature as a wall of time constant ``lag_h`` [h] follows it; held over gaps [°C]."""
    if lag_h == 0.0:
        return outdoor_c
    share = -np.expm1(-1.0 / lag_h)
    out = np.full(len(outdoor_c), np.nan)
    now = np.nan
    for i, value in enumerate(outdoor_c.tolist()):
        if not np.isnan(value):
            now = value if np.isnan(now) else now + share * (value - now)
            out[i] = now
    return out
