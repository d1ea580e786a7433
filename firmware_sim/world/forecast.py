"""Forecasts of a scenario's own weather, wrong by more the further ahead: what a weather service would send the town.

An error is smooth noise in the time that is forecast, as wide as its lead says. Most of it is the same in every issue (a
model that is too warm stays so), the rest is the issue's own, so that a later one is nearer to the truth but not by a
jump. All is a pure function of scenario, seed and issue.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from firmware_sim.world import sky
from firmware_sim.world.noise import SmoothNoise
from firmware_sim.world.psychro import saturation_water_pa
from firmware_sim.world.script import Scenario
from firmware_sim.world.terrain import ORIGIN_LATITUDE_DEG, ORIGIN_LONGITUDE_DEG
from firmware_sim.world.weather import (
    FREEZING_RAIN,
    RAIN,
    SLEET,
    SNOW,
    Sky,
    WeatherModel,
    precipitation_type,
)

Error = Callable[[str, float], float]
"""Error of a quantity of ``AT_24_H`` at a time [s since 1970]."""

HOUR_S = 3600.0
EVERY_S = 3 * HOUR_S
"""An issue at each third whole hour, UTC."""
AHEAD_H = 48
SOURCE = "town"
QUARTERS = (0.125, 0.375, 0.625, 0.875)
"""Where in its hour precipitation and sunlight are looked at."""
PERIODS_S = (9 * HOUR_S, 16 * HOUR_S, 29 * HOUR_S, 53 * HOUR_S)
"""Of the noise: a forecast is wrong for half a day or a day, not for minutes."""
ALIKE = 0.8
"""Part of an error, as correlation, that all issues share."""
FLOOR = 0.15
"""Part of the error at 24 h that is there from the first hour."""
SNOW_SHARE = {RAIN: 0.0, SLEET: 0.5, SNOW: 1.0, FREEZING_RAIN: 0.0}
AT_24_H = {
    "air_c": 1.5,
    "dew_c": 1.2,
    "wind_part": 0.30,
    "cloud_oktas": 2.0,
    "rain_ln": 0.5,
    "rain_h": 1.5,
    "pressure_hpa": 2.0,
}
"""Standard deviations at a lead of 24 h: what the road model's ensemble takes for usual; of rain a factor and a shift in time."""


def widening(lead_h: float) -> float:
    """Return how wide an error is at a lead, 1 at 24 h: as a random walk from a floor."""
    return FLOOR + (1.0 - FLOOR) * math.sqrt(max(lead_h, 0.0) / 24.0)


def issues(from_s: float, to_s: float) -> Iterator[float]:
    """Yield times of issue after ``from_s``, up to ``to_s`` included [s since 1970]."""
    first = (from_s // EVERY_S + 1.0) * EVERY_S
    for i in range(max(0, int((to_s - first) // EVERY_S) + 1)):
        yield first + i * EVERY_S


class TownForecaster:
    """Forecasts for the town's middle altitude.

    Args:
        scenario: what happens.
        seed: of the world, which the errors follow too.
        start_s: when the scenario starts [s since 1970].
        name: of the place.
        altitude_m: of the place.
    """

    def __init__(self, scenario: Scenario, seed: int, start_s: float, name: str, altitude_m: float) -> None:
        self._weather = WeatherModel(scenario, seed, start_s)
        self._seed = seed
        self._place = {
            "name": name,
            "latitude_deg": ORIGIN_LATITUDE_DEG,
            "longitude_deg": ORIGIN_LONGITUDE_DEG,
            "altitude_m": round(altitude_m, 1),
        }
        self._alike = {n: SmoothNoise(seed, f"forecast.{n}", PERIODS_S) for n in AT_24_H}

    def document(self, issued_s: float) -> dict[str, Any]:
        """Return what is issued at a time, as the platform's own JSON (docs/weather-forecasts.md)."""
        own = {n: SmoothNoise(self._seed, f"forecast.{n}.{issued_s:.0f}", PERIODS_S) for n in AT_24_H}

        def error(name: str, at_s: float) -> float:
            noise = ALIKE * self._alike[name].at(at_s) + math.sqrt(1.0 - ALIKE**2) * own[name].at(at_s)
            return AT_24_H[name] * widening((at_s - issued_s) / HOUR_S) * noise

        hours = [self._hour(issued_s + h * HOUR_S, error) for h in range(AHEAD_H + 1)]
        return {"place": self._place, "source": SOURCE, "issued_at": _utc(issued_s), "hours": hours}

    def _hour(self, at_s: float, error: Error) -> dict[str, Any]:
        now = self._weather.at(at_s)
        air = now.air_temperature_c + error("air_c", at_s)
        # Warmer air is moister too: half of the error in the air is in the dew point.
        dew = min(now.dew_point_c + 0.5 * error("air_c", at_s) + error("dew_c", at_s), air)
        fell, snow = self._fell(at_s, air, dew, error)
        cloud = min(max(now.cloud_oktas + error("cloud_oktas", at_s), 7.2 if fell > 0.0 else 0.0), 8.0)
        wind = max(0.2, now.wind_speed_m_s * math.exp(error("wind_part", at_s)))
        rounded_air = round(air, 1)
        return {
            "at": _utc(at_s),
            "air_c": rounded_air,
            "dew_point_c": min(round(dew, 1), rounded_air),
            "wind_m_s": round(wind, 1),
            "cloud": round(cloud / 8.0, 2),
            "precipitation_mm_h": round(fell, 2),
            "snow_mm_h": round(min(snow, fell), 2),
            "pressure_hpa": round(now.pressure_hpa + error("pressure_hpa", at_s), 1),
            "shortwave_w_m2": round(self._sunlight(at_s, cloud)),
            "longwave_w_m2": round(sky.longwave_w_m2(air, saturation_water_pa(dew), cloud)),
        }

    def _fell(self, at_s: float, air_c: float, dew_c: float, error: Error) -> tuple[float, float]:
        """Return what falls in the hour that ends then, and the part of it that is snow [mm]."""
        humidity = 100.0 * saturation_water_pa(dew_c) / saturation_water_pa(air_c)
        late_s = HOUR_S * error("rain_h", at_s)
        seen = [self._weather.at(at_s - HOUR_S * (1.0 - part) - late_s) for part in QUARTERS]
        fell = sum(s.precipitation_mm_h for s in seen) / len(seen) * math.exp(error("rain_ln", at_s))
        return fell, fell * _snow_share(seen, fell, air_c, humidity)

    def _sunlight(self, at_s: float, cloud_oktas: float) -> float:
        sines = (self._weather.sun_sine(at_s - HOUR_S * (1.0 - part)) for part in QUARTERS)
        return sum(sky.shortwave_w_m2(s, cloud_oktas) for s in sines) / len(QUARTERS)


def _snow_share(seen: list[Sky], fell: float, air_c: float, humidity_pct: float) -> float:
    if fell <= 0.0:
        return 0.0
    warm_aloft = any(s.precipitation_type == FREEZING_RAIN for s in seen)
    return SNOW_SHARE[precipitation_type(fell, air_c, humidity_pct, warm_aloft=warm_aloft)]


def _utc(at_s: float) -> str:
    return f"{datetime.fromtimestamp(at_s, UTC):%Y-%m-%dT%H:%M:%SZ}"
