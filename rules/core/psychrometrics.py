"""Moist air: vapour pressure, dew point, frost point, absolute humidity, humidity ratio.

Every function takes floats or numpy arrays of float64 of one shape and returns the
same. NaN in gives NaN out; nothing raises. Relative humidity is in percent, 0..100, and
always over water, also below 0 °C, as sensors and forecasts report it.

Two families of formulas, never mixed within one quantity:

* Magnus with the constants of Sonntag (1990), as in WMO-No. 8: invertible in closed
  form, used for dew point, frost point and surfaces. Against Murphy & Koop (2005) and
  IAPWS the dew point is within 0.02 °C and the frost point within 0.035 °C from
  -20 to 20 °C; 1 % of relative humidity is worth 0.2 to 0.3 °C.
* Hyland & Wexler (1983), ASHRAE Handbook of Fundamentals: 0.025 % of Hardy (1998),
  used where a humidity ratio must agree with engineering tables.
"""

from __future__ import annotations

from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
N = TypeVar("N", float, Floats)

ES_0_PA = 611.2
"""Saturation vapour pressure at 0 °C in the Magnus form [Pa]."""

B_WATER, C_WATER_C = 17.62, 243.12
B_ICE, C_ICE_C = 22.46, 272.62

VAPOUR_GAS_CONSTANT = 461.5
"""Specific gas constant of water vapour [J/(kg K)]."""

KELVIN = 273.15
STANDARD_PRESSURE_PA = 101_325.0
EPSILON = 0.621945
"""Ratio of the molar masses of water and dry air (ASHRAE)."""


def _array(value: Any) -> Floats:
    return np.asarray(value, dtype=np.float64)


def _like(_model: N, result: Floats) -> N:
    """Return a scalar for a scalar, an array for an array."""
    out: Any = result[()]
    return cast("N", out)


def _humidity(humidity_pct: Any) -> Floats:
    """Relative humidity as a share: above 100 % counts as 100 %, below 0 as unknown."""
    share = _array(humidity_pct) / 100.0
    return _array(np.where(share < 0.0, np.nan, np.minimum(share, 1.0)))


def saturation_pressure_water_pa(temperature_c: N) -> N:
    """Return the saturation vapour pressure over water [Pa].

    Args:
        temperature_c: air temperature [°C], valid -45..60.

    References: Sonntag 1990; WMO-No. 8 (Magnus form).
    """
    t = _array(temperature_c)
    return _like(temperature_c, ES_0_PA * np.exp(B_WATER * t / (C_WATER_C + t)))


def saturation_pressure_ice_pa(temperature_c: N) -> N:
    """Return the saturation vapour pressure over ice [Pa].

    Args:
        temperature_c: temperature [°C], valid -65..0; above 0 °C there is no ice, the
            number is a mere continuation.

    References: Sonntag 1990; WMO-No. 8 (Magnus form).
    """
    t = _array(temperature_c)
    return _like(temperature_c, ES_0_PA * np.exp(B_ICE * t / (C_ICE_C + t)))


def saturation_pressure_hyland_wexler_pa(temperature_c: N) -> N:
    """Return the saturation vapour pressure [Pa], over water from 0 °C, over ice below.

    Args:
        temperature_c: temperature [°C], valid -100..200.

    References: Hyland & Wexler 1983; ASHRAE Handbook of Fundamentals 2017, ch. 1, eq. 5, 6.
    """
    t = _array(temperature_c)
    k = t + KELVIN
    ln_k = np.log(k)
    water = (
        -5.8002206e3 / k
        + 1.3914993
        - 4.8640239e-2 * k
        + 4.1764768e-5 * k**2
        - 1.4452093e-8 * k**3
        + 6.5459673 * ln_k
    )
    ice = (
        -5.6745359e3 / k
        + 6.3925247
        - 9.677843e-3 * k
        + 6.2215701e-7 * k**2
        + 2.0747825e-9 * k**3
        - 9.484024e-13 * k**4
        + 4.1635019 * ln_k
    )
    return _like(temperature_c, np.exp(np.where(t < 0.0, ice, water)))


def vapour_pressure_pa(temperature_c: N, humidity_pct: N) -> N:
    """Return the partial pressure of water vapour [Pa] (Magnus-Sonntag, over water).

    Args:
        temperature_c: air temperature [°C].
        humidity_pct: relative humidity over water [%].
    """
    saturation = saturation_pressure_water_pa(_array(temperature_c))
    return _like(temperature_c, _humidity(humidity_pct) * saturation)


def dew_point_of_pressure_c(vapour_pressure: N) -> N:
    """Return the temperature at which ``vapour_pressure`` [Pa] saturates over water [°C].

    0 Pa and less have no dew point: NaN.
    """
    return _like(vapour_pressure, _inverse(vapour_pressure, B_WATER, C_WATER_C))


def frost_point_of_pressure_c(vapour_pressure: N) -> N:
    """Return the temperature at which ``vapour_pressure`` [Pa] saturates over ice [°C].

    NaN where it would be above 0 °C (there is no ice: use the dew point), and for 0 Pa
    and less.
    """
    frost = _inverse(vapour_pressure, B_ICE, C_ICE_C)
    return _like(vapour_pressure, np.where(frost > 0.0, np.nan, frost))


def _inverse(vapour_pressure: Any, b: float, c: float) -> Floats:
    e = _array(vapour_pressure)
    gamma = np.log(np.where(e > 0.0, e, np.nan) / ES_0_PA)
    return _array(c * gamma / (b - gamma))


def dew_point_c(temperature_c: N, humidity_pct: N) -> N:
    """Return the dew point, over water also below 0 °C [°C].

    Args:
        temperature_c: air temperature [°C].
        humidity_pct: relative humidity over water [%]. At 0 % there is no dew point: NaN.

    References: Magnus form inverted, Sonntag 1990.
    """
    e = vapour_pressure_pa(_array(temperature_c), _array(humidity_pct))
    # At 100 % the inverse may exceed the temperature by a rounding error.
    dew = np.minimum(_inverse(e, B_WATER, C_WATER_C), _array(temperature_c))
    return _like(temperature_c, _array(dew))


def frost_point_c(temperature_c: N, humidity_pct: N) -> N:
    """Return the frost point, over ice [°C]; NaN where it would lie above 0 °C.

    It is above the dew point of the same air: by 0.2 °C at -1.4, by 1.4 °C at -12.8.

    Args:
        temperature_c: air temperature [°C].
        humidity_pct: relative humidity over water [%]. At 0 % there is no frost point: NaN.
    """
    e = vapour_pressure_pa(_array(temperature_c), _array(humidity_pct))
    return _like(temperature_c, frost_point_of_pressure_c(e))


def relative_humidity_pct(temperature_c: N, vapour_pressure: N) -> N:
    """Return the relative humidity over water that ``vapour_pressure`` [Pa] makes [%].

    Not limited to 100: above it, water condenses on what has this temperature.
    """
    saturation = saturation_pressure_water_pa(_array(temperature_c))
    return _like(temperature_c, 100.0 * _array(vapour_pressure) / saturation)


def absolute_humidity_g_m3(temperature_c: N, vapour_pressure: N) -> N:
    """Return the mass of water vapour in a cubic metre of air [g/m³] (ideal gas).

    Args:
        temperature_c: air temperature [°C].
        vapour_pressure: partial pressure of water vapour [Pa].
    """
    kelvin = _array(temperature_c) + KELVIN
    return _like(temperature_c, 1000.0 * _array(vapour_pressure) / (VAPOUR_GAS_CONSTANT * kelvin))


def humidity_ratio(
    vapour_pressure: N, pressure_pa: float = STANDARD_PRESSURE_PA, epsilon: float = EPSILON
) -> N:
    """Return the mass of water vapour per mass of dry air [kg/kg].

    Args:
        vapour_pressure: partial pressure of water vapour [Pa]; NaN at or above ``pressure_pa``.
        pressure_pa: total air pressure [Pa].
        epsilon: ratio of molar masses [-]: 0.621945 ASHRAE, 0.622 often.
    """
    e = _array(vapour_pressure)
    dry = np.where(e < pressure_pa, pressure_pa - e, np.nan)
    return _like(vapour_pressure, _array(epsilon * e / dry))
