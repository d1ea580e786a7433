"""Moist air: vapour pressure, dew, frost and wet-bulb points, absolute humidity, ratio, excess.

Every function takes floats or numpy arrays of float64 of one shape and returns the
same. NaN in gives NaN out; nothing raises. Relative humidity is in percent, 0..100, and
always over water, also below 0 °C, as sensors and forecasts report it.

Three families of formulas, never mixed within one quantity:

* Magnus with the constants of Sonntag (1990), as in WMO-No. 8: invertible in closed
  form, used for dew point, frost point and surfaces. Against Murphy & Koop (2005) and
  IAPWS the dew point is within 0.02 °C and the frost point within 0.035 °C from
  -20 to 20 °C; 1 % of relative humidity is worth 0.2 to 0.3 °C.
* Hyland & Wexler (1983), ASHRAE Handbook of Fundamentals: 0.025 % of Hardy (1998),
  used for display, for wet bulbs and where a humidity ratio must agree with engineering tables.
* The pair of ISO 13788, wherever something is said to be after that standard.
"""

from __future__ import annotations

from rules.core.psychrometrics.constants import (
    B_ICE,
    B_WATER,
    C_ICE_C,
    C_WATER_C,
    EPSILON,
    ES_0_PA,
    KELVIN,
    STANDARD_PRESSURE_PA,
    VAPOUR_GAS_CONSTANT,
)
from rules.core.psychrometrics.dew import (
    dew_point_c,
    dew_point_hyland_wexler_c,
    dew_point_of_pressure_c,
    frost_point_c,
    frost_point_hyland_wexler_c,
    frost_point_of_pressure_c,
)
from rules.core.psychrometrics.moisture import (
    absolute_humidity_g_m3,
    humidity_ratio,
    relative_humidity_pct,
    vapour_pressure_excess_pa,
    vapour_pressure_hyland_wexler_pa,
    vapour_pressure_iso13788_pa,
    vapour_pressure_pa,
)
from rules.core.psychrometrics.saturation import (
    saturation_pressure_hyland_wexler_ice_pa,
    saturation_pressure_hyland_wexler_pa,
    saturation_pressure_hyland_wexler_water_pa,
    saturation_pressure_ice_pa,
    saturation_pressure_iso13788_pa,
    saturation_pressure_water_pa,
    saturation_temperature_iso13788_c,
)
from rules.core.psychrometrics.shape import Floats, N
from rules.core.psychrometrics.wet_bulb import humidity_ratio_of_wet_bulb, wet_bulb_c, wet_bulb_of_ratio_c

__all__ = [
    "B_ICE",
    "B_WATER",
    "C_ICE_C",
    "C_WATER_C",
    "EPSILON",
    "ES_0_PA",
    "KELVIN",
    "STANDARD_PRESSURE_PA",
    "VAPOUR_GAS_CONSTANT",
    "Floats",
    "N",
    "absolute_humidity_g_m3",
    "dew_point_c",
    "dew_point_hyland_wexler_c",
    "dew_point_of_pressure_c",
    "frost_point_c",
    "frost_point_hyland_wexler_c",
    "frost_point_of_pressure_c",
    "humidity_ratio",
    "humidity_ratio_of_wet_bulb",
    "relative_humidity_pct",
    "saturation_pressure_hyland_wexler_ice_pa",
    "saturation_pressure_hyland_wexler_pa",
    "saturation_pressure_hyland_wexler_water_pa",
    "saturation_pressure_ice_pa",
    "saturation_pressure_iso13788_pa",
    "saturation_pressure_water_pa",
    "saturation_temperature_iso13788_c",
    "vapour_pressure_excess_pa",
    "vapour_pressure_hyland_wexler_pa",
    "vapour_pressure_iso13788_pa",
    "vapour_pressure_pa",
    "wet_bulb_c",
    "wet_bulb_of_ratio_c",
]
