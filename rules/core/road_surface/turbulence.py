"""How well wind exchanges heat and vapour between air and road.

Monin-Obukhov similarity as in RoadSurf (FMI): logarithmic profiles, slowed on a stable night and hastened
over a warm road. Its iteration runs a fixed number of times and is damped and bounded, so that a
segment's result depends on nothing but itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log

import numpy as np

from rules.core.road_surface.longwave import KELVIN
from rules.core.road_surface.vapour import Array

KARMAN = 0.4
GRAVITY_M_S2 = 9.81
STABLE = 4.7


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Heights and roughness [m], slowest wind that counts [m/s], bounds of the stability parameter.

    ``iterations``: per step, from the stability of the step before.
    """

    wind_height_m: float = 10.0
    air_height_m: float = 2.0
    roughness_m: float = 0.05
    heat_roughness_m: float = 0.005
    least_wind_m_s: float = 0.5
    most_stable: float = 0.5
    least_stable: float = -2.0
    iterations: int = 3


def exchange_m_s(
    p: Profile, wind_m_s: Array, air_c: Array, surface_c: Array, zeta: Array
) -> tuple[Array, Array]:
    """Return 1 / aerodynamic resistance [m/s] and the stability parameter for the next step [-].

    Args:
        p: heights, roughness, bounds.
        wind_m_s: at ``p.wind_height_m``, as it is at the road.
        air_c: at ``p.air_height_m``.
        surface_c: of the road.
        zeta: air height / Obukhov length of the step before; 0 = neutral.
    """
    u = np.maximum(wind_m_s, p.least_wind_m_s)
    ln_m, ln_h = log(p.wind_height_m / p.roughness_m), log(p.air_height_m / p.heat_roughness_m)
    buoyancy = KARMAN * p.air_height_m * GRAVITY_M_S2 * (air_c - surface_c) / (air_c + KELVIN)
    for _ in range(p.iterations):
        friction, exchange = _profiles(u, zeta, ln_m, ln_h)
        # H / (rho cp) = exchange × difference: zeta = k z g H / (rho cp Ta u*³)
        found = buoyancy * exchange / (friction * friction * friction)
        zeta = 0.5 * (zeta + np.clip(found, p.least_stable, p.most_stable))
    _, exchange = _profiles(u, zeta, ln_m, ln_h)
    return exchange, zeta


def _profiles(u: Array, zeta: Array, ln_m: float, ln_h: float) -> tuple[Array, Array]:
    """Return friction velocity and exchange [m/s] for a stability."""
    slow = STABLE * np.maximum(zeta, 0.0)
    fast = -2.0 * np.log(0.5 * (1.0 + np.sqrt(1.0 - 16.0 * np.minimum(zeta, 0.0))))
    friction = KARMAN * u / np.maximum(ln_m + slow + 0.6 * fast, 1.0)
    return friction, KARMAN * friction / np.maximum(ln_h + slow + fast, 1.0)
