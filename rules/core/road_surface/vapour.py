"""Vapour pressure over water and over ice, in the precision of its argument.

The formulas are those of ``rules.core.psychrometrics`` (Magnus, Sonntag 1990, WMO-No. 8), which work in
float64 only: an ensemble of a town's roads is a hundred million of them, and float32 costs half.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rules.core.psychrometrics import B_ICE, B_WATER, C_ICE_C, C_WATER_C, ES_0_PA

Array = NDArray[np.floating[Any]]
"""Floats of one precision: float64, or float32 for large ensembles."""


def over_water_pa(temperature_c: Array) -> Array:
    """Return the saturation vapour pressure over water [Pa]; temperature in °C, -45..60."""
    return ES_0_PA * np.exp(B_WATER * temperature_c / (C_WATER_C + temperature_c))


def over_ice_pa(temperature_c: Array) -> Array:
    """Return the saturation vapour pressure over ice [Pa]; temperature in °C, -65..0."""
    return ES_0_PA * np.exp(B_ICE * temperature_c / (C_ICE_C + temperature_c))


def over_surface_pa(temperature_c: Array, over_ice: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Return the saturation vapour pressure [Pa] and its slope [Pa/K], over ice where told, else over water."""
    dtype = temperature_c.dtype.type
    b = np.where(over_ice, dtype(B_ICE), dtype(B_WATER))
    c = np.where(over_ice, dtype(C_ICE_C), dtype(C_WATER_C))
    per_kelvin = 1.0 / (c + temperature_c)
    pressure = ES_0_PA * np.exp(b * temperature_c * per_kelvin)
    return pressure, pressure * b * c * per_kelvin * per_kelvin


def water_activity(freezing_point_c: Array) -> Array:
    """Return the share of pure water's vapour pressure that a solution has [-].

    Where solution and ice are in equilibrium both have one vapour pressure, so that a solution's
    freezing point tells its activity: 0.99 at -1 °C, 0.82 at the eutectic of NaCl. It changes little with
    temperature. Salt thus dries slower and draws moisture from damp air.
    """
    below = np.minimum(freezing_point_c, 0.0)
    return over_ice_pa(below) / over_water_pa(below)
