"""The constants of moist air, each with where it is from."""

from __future__ import annotations

ES_0_PA = 611.2
"""Saturation vapour pressure at 0 °C in the Magnus form [Pa] (Sonntag 1990)."""

B_WATER, C_WATER_C = 17.62, 243.12
"""Magnus over water (Sonntag 1990, WMO-No. 8): [-] and [°C]."""

B_ICE, C_ICE_C = 22.46, 272.62
"""Magnus over ice (Sonntag 1990, WMO-No. 8): [-] and [°C]."""

ES_0_ISO_PA = 610.5
"""Saturation vapour pressure at 0 °C in ISO 13788 [Pa]."""

B_ISO_WATER, C_ISO_WATER_C = 17.269, 237.3
"""ISO 13788 from 0 °C: [-] and [°C]."""

B_ISO_ICE, C_ISO_ICE_C = 21.875, 265.5
"""ISO 13788 below 0 °C: [-] and [°C]."""

VAPOUR_GAS_CONSTANT = 461.5
"""Specific gas constant of water vapour [J/(kg K)]."""

KELVIN = 273.15
STANDARD_PRESSURE_PA = 101_325.0
EPSILON = 0.621945
"""Ratio of the molar masses of water and dry air (ASHRAE)."""
