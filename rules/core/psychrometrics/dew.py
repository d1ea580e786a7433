"""Dew point over water and frost point over ice: two names, never mixed.

The Magnus form is inverted in closed form, and is what the rules use. Hyland-Wexler is for display and for
agreement with engineering tables; Newton's method finds it from Magnus, 0.02 °C away.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rules.core.psychrometrics.constants import B_ICE, B_WATER, C_ICE_C, C_WATER_C, ES_0_PA, KELVIN
from rules.core.psychrometrics.moisture import vapour_pressure_hyland_wexler_pa, vapour_pressure_pa
from rules.core.psychrometrics.saturation import ln_ice, ln_water
from rules.core.psychrometrics.shape import Floats, N, array, blocked, like

NEWTON_STEPS = 3
"""From Magnus, 0.02 °C off at 0 °C, two steps reach 1e-10 °C; the third is for the cold end."""

TRIPLE_POINT_C = 0.01

COLDEST_C = -100.0
"""Below it the equations are not valid, and a dew or frost point of Hyland-Wexler is unknown (NaN)."""


def dew_point_of_pressure_c(vapour_pressure: N) -> N:
    """Return the temperature at which ``vapour_pressure`` [Pa] saturates over water [°C].

    0 Pa and less have no dew point: NaN.
    """
    return like(vapour_pressure, _inverse(vapour_pressure, B_WATER, C_WATER_C))


def frost_point_of_pressure_c(vapour_pressure: N) -> N:
    """Return the temperature at which ``vapour_pressure`` [Pa] saturates over ice [°C].

    NaN where it would be above 0 °C (there is no ice: use the dew point), and for 0 Pa
    and less.
    """
    return like(vapour_pressure, _no_ice_above_0(_inverse(vapour_pressure, B_ICE, C_ICE_C)))


def dew_point_c(temperature_c: N, humidity_pct: N) -> N:
    """Return the dew point, over water also below 0 °C [°C].

    Args:
        temperature_c: air temperature [°C].
        humidity_pct: relative humidity over water [%]. At 0 % there is no dew point: NaN.

    References: Magnus form inverted, Sonntag 1990.
    """
    return like(temperature_c, blocked(_dew_point, array(temperature_c), array(humidity_pct)))


def frost_point_c(temperature_c: N, humidity_pct: N) -> N:
    """Return the frost point, over ice [°C]; NaN where it would lie above 0 °C.

    It is above the dew point of the same air: by 0.2 °C at -1.4, by 1.4 °C at -12.8.

    Args:
        temperature_c: air temperature [°C].
        humidity_pct: relative humidity over water [%]. At 0 % there is no frost point: NaN.
    """
    e = vapour_pressure_pa(array(temperature_c), array(humidity_pct))
    return like(temperature_c, frost_point_of_pressure_c(e))


def dew_point_hyland_wexler_c(temperature_c: N, humidity_pct: N) -> N:
    """Return the dew point over water for display [°C], within 0.005 °C of Hardy (1998) from 0 to 40 °C.

    Args:
        temperature_c: air temperature [°C].
        humidity_pct: relative humidity over water [%]. At 0 % there is no dew point: NaN.

    References: Hyland & Wexler 1983; ASHRAE Handbook of Fundamentals 2017, ch. 1.
    """
    return like(temperature_c, blocked(_dew_point_hyland_wexler, array(temperature_c), array(humidity_pct)))


def frost_point_hyland_wexler_c(temperature_c: N, humidity_pct: N) -> N:
    """Return the frost point over ice for display [°C]; NaN where it would lie above 0 °C.

    This, not the dew point, is what ASHRAE's tables call dew point below 0 °C.

    Args:
        temperature_c: air temperature [°C].
        humidity_pct: relative humidity over water [%]. At 0 % there is no frost point: NaN.
    """
    e = vapour_pressure_hyland_wexler_pa(array(temperature_c), array(humidity_pct))
    frost = _newton(ln_ice, _inverse(e, B_ICE, C_ICE_C), e)
    # The pressures over water and ice meet at the triple point, not at 0 °C.
    frost = np.where((frost > 0.0) & (frost <= TRIPLE_POINT_C), 0.0, frost)
    return like(temperature_c, _no_ice_above_0(frost))


def _dew_point(t: Floats, humidity_pct: Floats) -> Floats:
    share = np.minimum(humidity_pct, 100.0) / 100.0
    gamma = np.log(np.where(share > 0.0, share, np.nan)) + B_WATER * t / (C_WATER_C + t)
    # At 100 % the inverse may exceed the temperature by a rounding error.
    return array(np.minimum(C_WATER_C * gamma / (B_WATER - gamma), t))


def _dew_point_hyland_wexler(t: Floats, humidity_pct: Floats) -> Floats:
    e = vapour_pressure_hyland_wexler_pa(t, humidity_pct)
    return array(np.minimum(_newton(ln_water, _inverse(e, B_WATER, C_WATER_C), e), t))


def _newton(ln_es: Callable[[Floats], tuple[Floats, Floats]], start_c: Floats, e: Floats) -> Floats:
    """Return where ``ln_es`` is ln ``e``, from ``start_c``: nearly a straight line, so few steps do."""
    kelvin = np.where(start_c >= COLDEST_C, start_c, np.nan) + KELVIN
    wanted = np.log(np.where(e > 0.0, e, np.nan))
    for _ in range(NEWTON_STEPS):
        value, slope = ln_es(kelvin)
        kelvin = kelvin - (value - wanted) / slope
    return kelvin - KELVIN


def _no_ice_above_0(frost_c: Floats) -> Floats:
    return array(np.where(frost_c > 0.0, np.nan, frost_c))


def _inverse(vapour_pressure: Any, b: float, c: float) -> Floats:
    e = array(vapour_pressure)
    gamma = np.log(np.where(e > 0.0, e, np.nan) / ES_0_PA)
    return array(c * gamma / (b - gamma))
