"""Air at each place: colder in hollows on clear calm nights, thinner and windier on the hill."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from firmware_sim.world.psychro import Floats, saturation_pa
from firmware_sim.world.weather import Sky

LAPSE_C_PER_M = -0.0065
POOL_STRENGTH_C = 4.6
"""Valley floor colder than the slopes after a whole clear calm night [K]: typical of small English valleys."""
POOL_DEPTH_M = 22.0
POOL_TIME_S = 3.0 * 3600.0
DRY_ABOVE = 0.08
"""Share of the vapour that is missing above the pool: the inversion keeps moisture below it."""
URBAN_WARMTH_C = 1.2


@dataclass(frozen=True, slots=True)
class Air:
    """Air at n places: temperature [°C], vapour pressure [Pa], relative humidity [%], wind [m/s]."""

    temperature_c: Floats
    vapour_pa: Floats
    humidity_pct: Floats
    wind_m_s: Floats


class ColdPool:
    """How far the night has filled hollows with cold air, 0 (mixed) to 1."""

    def __init__(self) -> None:
        self.strength = 0.0

    def step(self, sky: Sky, dt_s: float) -> None:
        """Advance by ``dt_s`` towards what sky and wind allow: exact for constant weather."""
        target = 0.0
        if sky.shortwave_w_m2 < 5.0:
            clear = 1.0 - (sky.cloud_oktas / 8.0) ** 2
            calm = 1.0 / (1.0 + (sky.wind_speed_m_s / 2.8) ** 4)
            target = clear * calm
        speed = 1.0 if target >= self.strength else 2.5
        self.strength += (target - self.strength) * -math.expm1(-dt_s * speed / POOL_TIME_S)


class Places:
    """Fixed properties of n places: altitude [m] and how built-up they are (0..1)."""

    def __init__(
        self, altitude_m: Floats, built_up: Floats, reference_altitude_m: float, floor_m: float
    ) -> None:
        self._above = altitude_m - reference_altitude_m
        hollow = np.exp(-np.maximum(altitude_m - floor_m, 0.0) / POOL_DEPTH_M)
        self._hollow = hollow - math.exp(-max(reference_altitude_m - floor_m, 0.0) / POOL_DEPTH_M)
        self._depth = hollow
        self._built_up = built_up

    def air(self, sky: Sky, pool: float) -> Air:
        """Return the air at each place; vapour can't exceed saturation there."""
        lapse = LAPSE_C_PER_M * (1.0 - 1.6 * pool)
        warm = URBAN_WARMTH_C * pool * self._built_up
        temperature = (
            sky.air_temperature_c + lapse * self._above - POOL_STRENGTH_C * pool * self._hollow + warm
        )
        saturation = saturation_pa(temperature)
        vapour = np.minimum(sky.vapour_pa * (1.0 - DRY_ABOVE * pool * (1.0 - self._depth)), saturation)
        wind = sky.wind_speed_m_s * (1.0 - 0.3 * pool * self._depth) * (1.0 - 0.35 * self._built_up)
        return Air(temperature, vapour, 100.0 * vapour / saturation, np.maximum(wind, 0.2))
