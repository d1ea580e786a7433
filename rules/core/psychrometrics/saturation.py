"""Saturation vapour pressure over water and ice, in three published forms.

Where RH is said to be over water also below 0 °C, so is the pressure here: ``…_water…``.
Hyland-Wexler's water equation is published from 0 °C up; below, it is continued over supercooled
water, within 0.25 % of Murphy & Koop (2005) down to -20 °C.
"""

from __future__ import annotations

import numpy as np

from rules.core.psychrometrics.constants import (
    B_ICE,
    B_ISO_ICE,
    B_ISO_WATER,
    B_WATER,
    C_ICE_C,
    C_ISO_ICE_C,
    C_ISO_WATER_C,
    C_WATER_C,
    ES_0_ISO_PA,
    ES_0_PA,
    KELVIN,
)
from rules.core.psychrometrics.shape import Floats, N, array, like


def saturation_pressure_water_pa(temperature_c: N) -> N:
    """Return the saturation vapour pressure over water [Pa].

    Args:
        temperature_c: air temperature [°C], valid -45..60.

    References: Sonntag 1990; WMO-No. 8 (Magnus form).
    """
    t = array(temperature_c)
    return like(temperature_c, ES_0_PA * np.exp(B_WATER * t / (C_WATER_C + t)))


def saturation_pressure_ice_pa(temperature_c: N) -> N:
    """Return the saturation vapour pressure over ice [Pa].

    Args:
        temperature_c: temperature [°C], valid -65..0; above 0 °C there is no ice, the
            number is a mere continuation.

    References: Sonntag 1990; WMO-No. 8 (Magnus form).
    """
    t = array(temperature_c)
    return like(temperature_c, ES_0_PA * np.exp(B_ICE * t / (C_ICE_C + t)))


def saturation_pressure_iso13788_pa(temperature_c: N) -> N:
    """Return the saturation vapour pressure of ISO 13788 [Pa]: over water from 0 °C, over ice below.

    For what is claimed to be after ISO 13788, and nothing else.

    Args:
        temperature_c: temperature [°C].
    """
    t = array(temperature_c)
    water = B_ISO_WATER * t / (C_ISO_WATER_C + t)
    ice = B_ISO_ICE * t / (C_ISO_ICE_C + t)
    return like(temperature_c, ES_0_ISO_PA * np.exp(np.where(t < 0.0, ice, water)))


def saturation_temperature_iso13788_c(vapour_pressure: N) -> N:
    """Return the temperature at which ``vapour_pressure`` [Pa] saturates by ISO 13788 [°C].

    0 Pa and less have no such temperature: NaN.
    """
    e = array(vapour_pressure)
    g = np.log(np.where(e > 0.0, e, np.nan) / ES_0_ISO_PA)
    water = C_ISO_WATER_C * g / (B_ISO_WATER - g)
    ice = C_ISO_ICE_C * g / (B_ISO_ICE - g)
    return like(vapour_pressure, array(np.where(g < 0.0, ice, water)))


def ln_water(kelvin: Floats) -> tuple[Floats, Floats]:
    """Return ln of the pressure over water [Pa] by Hyland & Wexler, and its derivative [1/K]."""
    k, ln_k = kelvin, np.log(kelvin)
    value = -5.8002206e3 / k + 1.3914993 + 6.5459673 * ln_k
    value += k * (-4.8640239e-2 + k * (4.1764768e-5 - 1.4452093e-8 * k))
    slope = 5.8002206e3 / k**2 + 6.5459673 / k - 4.8640239e-2 + k * (8.3529536e-5 - 4.3356279e-8 * k)
    return value, slope


def ln_ice(kelvin: Floats) -> tuple[Floats, Floats]:
    """Return ln of the pressure over ice [Pa] by Hyland & Wexler, and its derivative [1/K]."""
    k, ln_k = kelvin, np.log(kelvin)
    value = -5.6745359e3 / k + 6.3925247 + 4.1635019 * ln_k
    value += k * (-9.677843e-3 + k * (6.2215701e-7 + k * (2.0747825e-9 - 9.484024e-13 * k)))
    slope = 5.6745359e3 / k**2 + 4.1635019 / k - 9.677843e-3
    slope += k * (1.24431402e-6 + k * (6.2243475e-9 - 3.7936096e-12 * k))
    return value, slope


def saturation_pressure_hyland_wexler_water_pa(temperature_c: N) -> N:
    """Return the saturation vapour pressure over water, supercooled below 0 °C [Pa].

    Args:
        temperature_c: temperature [°C], published for 0..200.

    References: Hyland & Wexler 1983; ASHRAE Handbook of Fundamentals 2017, ch. 1, eq. 6.
    """
    return like(temperature_c, np.exp(ln_water(array(temperature_c) + KELVIN)[0]))


def saturation_pressure_hyland_wexler_ice_pa(temperature_c: N) -> N:
    """Return the saturation vapour pressure over ice [Pa]; above 0 °C a mere continuation.

    Args:
        temperature_c: temperature [°C], valid -100..0.

    References: Hyland & Wexler 1983; ASHRAE Handbook of Fundamentals 2017, ch. 1, eq. 5.
    """
    return like(temperature_c, np.exp(ln_ice(array(temperature_c) + KELVIN)[0]))


def saturation_pressure_hyland_wexler_pa(temperature_c: N) -> N:
    """Return the saturation vapour pressure [Pa], over water from 0 °C, over ice below.

    Args:
        temperature_c: temperature [°C], valid -100..200.

    References: Hyland & Wexler 1983; ASHRAE Handbook of Fundamentals 2017, ch. 1, eq. 5, 6.
    """
    t = array(temperature_c)
    kelvin = t + KELVIN
    return like(temperature_c, np.exp(np.where(t < 0.0, ln_ice(kelvin)[0], ln_water(kelvin)[0])))
