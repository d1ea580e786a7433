"""Weeks of British winter weather for homes: a daily course on slow changes, drawn from a seed."""

from __future__ import annotations

import numpy as np

from firmware_sim.world import sky
from firmware_sim.world.noise import SmoothNoise
from firmware_sim.world.psychro import saturation_water_pa
from firmware_sim.world.weather import Sky, daily_course

FIRST_DAY_OF_YEAR = 320
LATITUDE_DEG = 53.0
SLOW_S = (1.9 * 86_400.0, 4.3 * 86_400.0, 9.7 * 86_400.0)


class Winter:
    """Weather from mid-November: mean 5.5 °C, spells of ±3.5 K, dew point 1 to 5 K below the air."""

    def __init__(self, seed: int) -> None:
        self._spell = SmoothNoise(seed, "bench.spell", SLOW_S)
        self._dry = SmoothNoise(seed, "bench.dry", SLOW_S)
        self._wind = SmoothNoise(seed, "bench.wind", SLOW_S)
        self._fast = SmoothNoise(seed, "bench.fast")

    def at(self, time_s: float) -> Sky:
        """Return the weather at a time [s since the first midnight]."""
        hour_local = time_s / 3600.0 % 24.0
        air = (
            5.5 + 3.5 * self._spell.at(time_s) + 4.0 * daily_course(hour_local) + 0.2 * self._fast.at(time_s)
        )
        dew = air - float(
            np.clip(2.5 + 1.2 * self._dry.at(time_s) + 1.5 * daily_course(hour_local), 0.3, 6.0)
        )
        wind = max(0.3, 3.5 + 1.8 * self._wind.at(time_s))
        vapour = saturation_water_pa(dew)
        day = FIRST_DAY_OF_YEAR + int(time_s // 86_400.0)
        sine = sky.sun_height_sine(day, hour_local, LATITUDE_DEG)
        return Sky(
            time_s=time_s,
            hour=time_s / 3600.0,
            hour_local=hour_local,
            air_temperature_c=air,
            vapour_pa=vapour,
            humidity_pct=100.0 * vapour / saturation_water_pa(air),
            dew_point_c=dew,
            wind_speed_m_s=wind,
            wind_direction_deg=240.0,
            cloud_oktas=6.0,
            pressure_hpa=1010.0,
            shortwave_w_m2=sky.shortwave_w_m2(sine, 6.0),
            longwave_w_m2=sky.longwave_w_m2(air, vapour, 6.0),
            precipitation_mm_h=0.0,
            precipitation_type=0,
        )
