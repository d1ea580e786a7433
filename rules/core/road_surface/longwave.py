"""Longwave radiation from the sky where nobody measures or forecasts it.

Sources: Prata 1996 (clear sky) with cloud by its square; METRo's lines by octa (Crevier & Delage 2001).
"""

from __future__ import annotations

from typing import cast

import numpy as np

from rules.core.road_surface.vapour import Array

SIGMA = 5.670374e-8
"""Stefan-Boltzmann constant [W/(m² K⁴)]."""
KELVIN = 273.15
CLOUD_EMISSIVITY = 0.97

OCTA_SLOPE = (3.79, 4.13, 4.13, 4.26, 4.38, 4.19, 4.395, 4.34, 4.51)
OCTA_AT_0_C = (214.7, 226.2, 234.8, 243.4, 250.7, 259.2, 270.9, 280.9, 298.4)


def clear_sky_emissivity(air_c: Array, vapour_pa: Array) -> Array:
    """Return the emissivity of a cloudless sky [-].

    Args:
        air_c: air temperature at 2 m [°C].
        vapour_pa: vapour pressure at 2 m [Pa].

    References: Prata 1996, Q. J. R. Meteorol. Soc. 122.
    """
    w = 0.465 * vapour_pa / (air_c + KELVIN)
    return 1.0 - (1.0 + w) * np.exp(-np.sqrt(1.2 + 3.0 * w))


def from_cloud_w_m2(air_c: Array, vapour_pa: Array, cloud_share: Array) -> Array:
    """Return the sky's longwave radiation on a horizontal surface [W/m²].

    Args:
        air_c: air temperature at 2 m [°C].
        vapour_pa: vapour pressure at 2 m [Pa].
        cloud_share: covered share of the sky, 0..1.
    """
    square = cloud_share * cloud_share
    emissivity = clear_sky_emissivity(air_c, vapour_pa) * (1.0 - square) + CLOUD_EMISSIVITY * square
    kelvin = air_c + KELVIN
    squared = kelvin * kelvin
    return emissivity * SIGMA * squared * squared


def from_octas_w_m2(air_c: Array, cloud_octas: Array) -> Array:
    """Return the sky's longwave radiation as METRo has it, between the octas linearly [W/m²]."""
    octas = np.clip(cloud_octas, 0.0, 8.0)
    at = np.arange(9.0)
    slope, at_0_c = (np.interp(octas, at, line) for line in (OCTA_SLOPE, OCTA_AT_0_C))
    return cast("Array", slope * air_c + at_0_c)
