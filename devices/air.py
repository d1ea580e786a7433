"""Moist air, as much of it as a frog needs to tell its household something. Pure.

Magnus form over water with the constants of Sonntag (1990), WMO-No. 8, -45..60 °C: within
0.06 K of dew point of the reference equations over 0..40 °C, a fifth of what 1 % of
humidity is worth. The rules of the town use finer ones (``rules.core.psychrometrics``), which a
device may not import.
"""

from __future__ import annotations

import math

_A_PA, _B, _C_C = 611.2, 17.62, 243.12


def saturation_pa(temperature_c: float) -> float:
    """Return the vapour pressure of full air at ``temperature_c`` [Pa]."""
    return _A_PA * math.exp(_B * temperature_c / (_C_C + temperature_c))


def vapour_pa(temperature_c: float, humidity_pct: float) -> float:
    """Return the vapour pressure of air [Pa]."""
    return humidity_pct / 100.0 * saturation_pa(temperature_c)


def dew_point_c(temperature_c: float, humidity_pct: float) -> float | None:
    """Return the temperature below which air wets a surface [°C]; None for air without any water."""
    return dew_point_of_vapour_c(vapour_pa(temperature_c, humidity_pct))


def dew_point_of_vapour_c(pressure_pa: float) -> float | None:
    """Return the dew point of a vapour pressure [°C]; None for 0 Pa."""
    if pressure_pa <= 0.0:
        return None
    g = math.log(pressure_pa / _A_PA)
    return _C_C * g / (_B - g)


def surface_humidity_pct(temperature_c: float, humidity_pct: float, surface_c: float) -> float:
    """Return the relative humidity at a surface of ``surface_c`` in this air [%]; above 100 it is wet."""
    return 100.0 * vapour_pa(temperature_c, humidity_pct) / saturation_pa(surface_c)
