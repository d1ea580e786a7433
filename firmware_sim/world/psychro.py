"""Water vapour in air, for arrays and scalars alike.

Magnus form with the constants of Sonntag (1990), as in WMO-No. 8: within 0.5 % of
IAPWS from -30 to 30 °C. Pressures in Pa, temperatures in °C.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

WATER = (611.2, 17.62, 243.12)
ICE = (611.2, 22.46, 272.62)
GAS_CONSTANT_VAPOUR_J_KG_K = 461.5
KELVIN = 273.15


def saturation_pa(temperature_c: Floats) -> Floats:
    """Return the saturation vapour pressure over water [Pa] at each temperature [°C]."""
    a, b, c = WATER
    return np.asarray(a * np.exp(b * temperature_c / (c + temperature_c)))


def saturation_surface_pa(temperature_c: Floats) -> Floats:
    """Return the saturation vapour pressure [Pa]: over ice below 0 °C, else over water."""
    a, bi, ci = ICE
    _, bw, cw = WATER
    frozen = temperature_c < 0.0
    b = np.where(frozen, bi, bw)
    c = np.where(frozen, ci, cw)
    return np.asarray(a * np.exp(b * temperature_c / (c + temperature_c)))


def saturation_water_pa(temperature_c: float) -> float:
    """Return the saturation vapour pressure over water [Pa] of one temperature [°C]."""
    a, b, c = WATER
    return a * math.exp(b * temperature_c / (c + temperature_c))


def dew_point_c(vapour_pa: float) -> float:
    """Return the temperature [°C] at which ``vapour_pa`` saturates over water."""
    a, b, c = WATER
    g = math.log(max(vapour_pa, 1.0) / a)
    return c * g / (b - g)


def absolute_humidity_g_m3(vapour_pa: Floats, temperature_c: Floats) -> Floats:
    """Return the mass of vapour per volume of air [g/m³] (ideal gas)."""
    return 1000.0 * vapour_pa / (GAS_CONSTANT_VAPOUR_J_KG_K * (temperature_c + KELVIN))
