"""Damp in homes: the coldest surface of a room, its humidity and what it means.

Mould needs a surface at 80 % relative humidity for days (BS 5250:2002 annex D, as
ISO 13788); the air of the room may be well below. The coldest surface is
``fRsi = (Tsi - Te) / (Ti - Te)`` between outdoors (Te) and the room (Ti): 0.70 is
an ordinary corner of an older house, 0.50 single glazing. fRsi is rarely known better
than ±0.05, which is ±4 % of surface humidity: what is said here is a risk, never mould.
"""

from __future__ import annotations

from typing import Literal, cast

import numpy as np

from rules.core.damp_parameters import DampParameters
from rules.core.psychrometrics import (
    Floats,
    N,
    relative_humidity_pct,
    saturation_pressure_water_pa,
    vapour_pressure_pa,
)

Risk = Literal["low", "raised", "high"]


def surface_temperature_c(room_c: N, outdoor_c: N, temperature_factor: N) -> N:
    """Return the temperature of the coldest inner surface [°C].

    Args:
        room_c: air temperature of the room [°C].
        outdoor_c: air temperature outdoors [°C].
        temperature_factor: fRsi [-], 0..1.

    References: ISO 13788:2012 (temperature factor).
    """
    return outdoor_c + temperature_factor * (room_c - outdoor_c)


def surface_humidity_pct(room_c: N, humidity_pct: N, surface_c: N) -> N:
    """Return the relative humidity of the room's air at a surface [%]; 100 and more is condensation.

    Args:
        room_c: air temperature of the room [°C].
        humidity_pct: relative humidity of the room's air [%].
        surface_c: temperature of the surface [°C].
    """
    return relative_humidity_pct(surface_c, vapour_pressure_pa(room_c, humidity_pct))


def room_humidity_limit_pct(room_c: N, outdoor_c: N, temperature_factor: N, limit_pct: float = 80.0) -> N:
    """Return the room humidity above which the coldest surface passes ``limit_pct`` [%].

    Args:
        room_c: air temperature of the room [°C].
        outdoor_c: air temperature outdoors [°C].
        temperature_factor: fRsi [-].
        limit_pct: highest surface humidity wanted [%].
    """
    surface = surface_temperature_c(room_c, outdoor_c, temperature_factor)
    at_surface = limit_pct / 100.0 * saturation_pressure_water_pa(surface)
    share = 100.0 * at_surface / saturation_pressure_water_pa(room_c)
    return cast("N", np.minimum(100.0, share))


def surfaces(
    room_c: Floats, humidity_pct: Floats, wall_c: Floats, outdoor_c: Floats, factor: Floats
) -> tuple[Floats, Floats]:
    """Return surface temperature [°C] and humidity [%] of many readings.

    A wall probe that measured (not NaN) is believed before the temperature factor; with
    neither probe nor outdoor temperature (NaN) both are NaN.
    """
    assumed = surface_temperature_c(room_c, outdoor_c, factor)
    surface = np.where(np.isnan(wall_c), assumed, wall_c)
    return surface, surface_humidity_pct(room_c, humidity_pct, surface)


def risk_of(surface_pct: float | None, alarmed: bool, p: DampParameters) -> Risk | None:
    """Return the risk that a surface humidity [%] means; None where it is not known."""
    if alarmed:
        return "high"
    if surface_pct is None:
        return None
    if surface_pct >= p.raise_pct:
        return "high"
    return "raised" if surface_pct >= p.watch_pct else "low"


def shown_pct(surface_pct: float) -> float:
    """Return a surface humidity as people are shown it [%]: above 100 the wall is wet, no wetter air is there."""
    return min(surface_pct, 100.0)


def message(risk: Risk | None, surface_pct: float | None, limit_pct: float | None, room_c: float) -> str:
    """Return what a resident is told: short words, the answer first, no blame.

    Args:
        risk: as of :func:`risk_of`.
        surface_pct: humidity at the coldest wall [%].
        limit_pct: room humidity to stay below [%].
        room_c: room temperature [°C].
    """
    if risk is None or surface_pct is None:
        return "We can't tell how damp the walls are yet. We need to know how cold it is outside."
    wall = f"The air at your coldest wall is {shown_pct(surface_pct):.0f} % full of water."
    if risk == "low":
        return f"Your walls are dry. {wall} There is nothing you need to do."
    goal = "" if limit_pct is None else f" Try to keep the room's humidity below {limit_pct:.0f} %."
    warm = " The room is cool: if you can, heat it to 18 °C." if room_c < 18.0 else ""
    air = " Open a window for 10 minutes after a shower or cooking."
    if risk == "raised":
        return f"Your coldest wall is getting damp. {wall}{air}{goal}{warm}"
    state = "wet" if surface_pct >= 100.0 else "damp"
    return (
        f"Your coldest wall is {state}. {wall} The damp risk is high if it stays like this."
        f"{air}{goal}{warm} If this goes on, it may be the building: ask for help."
    )
