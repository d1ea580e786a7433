"""How much water is in the air: vapour pressure, relative and absolute humidity, ratio, excess.

Compare homes, rooms and hours by vapour pressure or absolute humidity: relative humidity rises when a
window is opened in winter, though the air becomes drier.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rules.core.psychrometrics.constants import EPSILON, KELVIN, STANDARD_PRESSURE_PA, VAPOUR_GAS_CONSTANT
from rules.core.psychrometrics.saturation import (
    saturation_pressure_hyland_wexler_water_pa,
    saturation_pressure_iso13788_pa,
    saturation_pressure_water_pa,
)
from rules.core.psychrometrics.shape import Floats, N, array, humidity_share, like

Saturation = Callable[[Floats], Floats]


def vapour_pressure_pa(temperature_c: N, humidity_pct: N) -> N:
    """Return the partial pressure of water vapour [Pa] (Magnus-Sonntag, over water).

    Args:
        temperature_c: air temperature [°C].
        humidity_pct: relative humidity over water [%].
    """
    return like(temperature_c, _pressure(temperature_c, humidity_pct, saturation_pressure_water_pa))


def vapour_pressure_hyland_wexler_pa(temperature_c: N, humidity_pct: N) -> N:
    """Return the partial pressure of water vapour [Pa] (Hyland-Wexler, over water).

    Args:
        temperature_c: air temperature [°C].
        humidity_pct: relative humidity over water [%].
    """
    saturation = saturation_pressure_hyland_wexler_water_pa
    return like(temperature_c, _pressure(temperature_c, humidity_pct, saturation))


def vapour_pressure_iso13788_pa(temperature_c: N, humidity_pct: N) -> N:
    """Return the partial pressure of water vapour [Pa] (ISO 13788: below 0 °C over ice).

    Sensors report humidity over water: below 0 °C this is lower than the true pressure, by 5 % at -5 °C,
    and the excess of a home higher, by some 20 Pa. That is the standard's convention.

    Args:
        temperature_c: air temperature [°C].
        humidity_pct: relative humidity [%].
    """
    return like(temperature_c, _pressure(temperature_c, humidity_pct, saturation_pressure_iso13788_pa))


def relative_humidity_pct(temperature_c: N, vapour_pressure: N) -> N:
    """Return the relative humidity over water that ``vapour_pressure`` [Pa] makes [%].

    Not limited to 100: above it, water condenses on what has this temperature.
    """
    saturation = saturation_pressure_water_pa(array(temperature_c))
    return like(temperature_c, 100.0 * array(vapour_pressure) / saturation)


def absolute_humidity_g_m3(temperature_c: N, vapour_pressure: N) -> N:
    """Return the mass of water vapour in a cubic metre of air [g/m³] (ideal gas).

    Args:
        temperature_c: air temperature [°C].
        vapour_pressure: partial pressure of water vapour [Pa].
    """
    kelvin = array(temperature_c) + KELVIN
    return like(temperature_c, 1000.0 * array(vapour_pressure) / (VAPOUR_GAS_CONSTANT * kelvin))


def humidity_ratio(
    vapour_pressure: N, pressure_pa: float = STANDARD_PRESSURE_PA, epsilon: float = EPSILON
) -> N:
    """Return the mass of water vapour per mass of dry air [kg/kg].

    Args:
        vapour_pressure: partial pressure of water vapour [Pa]; NaN at or above ``pressure_pa``.
        pressure_pa: total air pressure [Pa].
        epsilon: ratio of molar masses [-]: 0.621945 ASHRAE, 0.622 often.
    """
    e = array(vapour_pressure)
    dry = np.where(e < pressure_pa, pressure_pa - e, np.nan)
    return like(vapour_pressure, array(epsilon * e / dry))


def vapour_pressure_excess_pa(
    room_c: N,
    humidity_pct: N,
    outdoor_c: N,
    outdoor_pct: N,
    saturation: Saturation = saturation_pressure_iso13788_pa,
) -> N:
    """Return by how much the vapour pressure of a room is above that outdoors [Pa].

    Args:
        room_c: air temperature of the room [°C].
        humidity_pct: relative humidity of the room's air [%].
        outdoor_c: air temperature outdoors [°C].
        outdoor_pct: relative humidity outdoors [%].
        saturation: formula of the saturation pressure; ISO 13788's, since its classes are judged by this.
    """
    room = _pressure(room_c, humidity_pct, saturation)
    return like(room_c, array(room - _pressure(outdoor_c, outdoor_pct, saturation)))


def _pressure(temperature_c: N, humidity_pct: N, saturation: Saturation) -> Floats:
    return array(humidity_share(humidity_pct) * saturation(array(temperature_c)))
