"""Weather over the town, as a function of time.

What the script does not say follows the climate: a daily course of temperature, constant
wind, cloud and dew point. A scripted point adds the difference to it, interpolated between
points and fading out after the last one, so that a scenario has an end but the weather
does not. Small smooth noise is added; all is a pure function of time, so any step gives
the same weather.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass

from firmware_sim.world import sky
from firmware_sim.world.noise import SmoothNoise
from firmware_sim.world.psychro import dew_point_c, saturation_water_pa
from firmware_sim.world.script import Front, Scenario
from firmware_sim.world.terrain import ORIGIN_LATITUDE_DEG

FADE_H = 8.0
WARMEST_HOUR = 14.5
NONE, RAIN, SLEET, SNOW, FREEZING_RAIN = range(5)
NOISE = {
    "air": 0.15,
    "dew": 0.15,
    "wind": 0.12,
    "cloud": 0.5,
    "direction": 8.0,
    "pressure": 0.25,
    "rain": 0.35,
}


@dataclass(frozen=True, slots=True)
class Sky:
    """Weather at one time over level ground at the town's middle altitude.

    ``precipitation_type`` uses the codes of ``devices.contract.kinds.weather``. ``direct_w_m2`` is the
    part of ``shortwave_w_m2`` that comes straight from the sun.
    """

    time_s: float
    hour: float
    hour_local: float
    air_temperature_c: float
    vapour_pa: float
    humidity_pct: float
    dew_point_c: float
    wind_speed_m_s: float
    wind_direction_deg: float
    cloud_oktas: float
    pressure_hpa: float
    shortwave_w_m2: float
    longwave_w_m2: float
    precipitation_mm_h: float
    precipitation_type: int
    direct_w_m2: float = 0.0
    sun_elevation_deg: float = 0.0
    sun_azimuth_deg: float = 180.0


def daily_course(hour_local: float) -> float:
    """Return the shape of a day's temperature, -0.5 (before sunrise) to +0.5 (early afternoon).

    Cosine up from 06:30 to 14:30, slower down through the night.
    """
    since = (hour_local - WARMEST_HOUR) % 24.0
    if since <= 16.0:
        return 0.5 * math.cos(math.pi * since / 16.0)
    return -0.5 * math.cos(math.pi * (since - 16.0) / 8.0)


class Track:
    """One scripted quantity: differences from the climate at given hours."""

    def __init__(self, points: list[tuple[float, float]]) -> None:
        self._points = sorted(points)
        self._hours = [hour for hour, _ in self._points]

    def at(self, hour: float) -> float:
        """Return the difference at an hour; 0 where nothing is scripted."""
        if not self._points:
            return 0.0
        i = bisect_right(self._hours, hour)
        if i == 0:
            first_hour, first = self._points[0]
            return first * math.exp(-(first_hour - hour) / (3.0 * FADE_H))
        if i == len(self._points):
            last_hour, last = self._points[-1]
            return last * math.exp(-(hour - last_hour) / FADE_H)
        (h0, v0), (h1, v1) = self._points[i - 1], self._points[i]
        return v0 + (v1 - v0) * (hour - h0) / (h1 - h0)


class WeatherModel:
    """The weather of a scenario that starts at ``start_s`` [s since 1970]."""

    def __init__(self, scenario: Scenario, seed: int, start_s: float) -> None:
        self._start_s = start_s
        self._start_hour = scenario.start_hour_local
        self._day_of_year = scenario.day_of_year
        self._climate = scenario.weather.climate
        self._fronts = scenario.weather.fronts
        self._level = scenario.weather.noise
        self._noise = {name: SmoothNoise(seed, f"weather.{name}") for name in NOISE}
        self._tracks = {name: self._track(scenario, name) for name in _SCRIPTED}

    def _track(self, scenario: Scenario, name: str) -> Track:
        points: list[tuple[float, float]] = []
        for point in scenario.weather.points:
            value = getattr(point, name)
            if value is not None:
                points.append((point.hour, value - self._usual(name, point.hour)))
        return Track(points)

    def _usual(self, name: str, hour: float) -> float:
        """Return the climate's value; a front's change is not in it."""
        climate = self._climate
        if name == "precipitation_mm_h":
            return 0.0
        if name == "air_temperature_c":
            return climate.air_temperature_c + climate.diurnal_range_c * daily_course(self._local(hour))
        return float(getattr(climate, name))

    def _local(self, hour: float) -> float:
        return (self._start_hour + hour) % 24.0

    def _day(self, hour: float) -> int:
        return self._day_of_year + int((self._start_hour + hour) // 24.0)

    def _wiggle(self, name: str, time_s: float) -> float:
        return self._level * NOISE[name] * self._noise[name].at(time_s)

    def _value(self, name: str, hour: float) -> float:
        return self._usual(name, hour) + self._tracks[name].at(hour)

    def sun_sine(self, time_s: float) -> float:
        """Return the sine of the sun's height over the town, negative below the horizon."""
        hour = (time_s - self._start_s) / 3600.0
        return sky.sun_height_sine(self._day(hour), self._local(hour), ORIGIN_LATITUDE_DEG)

    def at(self, time_s: float) -> Sky:
        """Return the weather at a time [s since 1970]."""
        hour = (time_s - self._start_s) / 3600.0
        rain, air_change, warm_aloft = _fronts_at(self._fronts, hour)
        air = self._value("air_temperature_c", hour) + air_change + self._wiggle("air", time_s)
        dew = min(self._value("dew_point_c", hour) + air_change + self._wiggle("dew", time_s), air)
        rain += self._value("precipitation_mm_h", hour)
        rain = rain * max(0.0, 1.0 + self._wiggle("rain", time_s)) if rain > 0.02 else 0.0
        cloud = self._value("cloud_oktas", hour) + self._wiggle("cloud", time_s)
        cloud = min(max(cloud, 7.2 if rain > 0.0 else 0.0), 8.0)
        wind = max(0.2, self._value("wind_speed_m_s", hour) * (1.0 + self._wiggle("wind", time_s)))
        vapour = saturation_water_pa(dew)
        humidity = min(100.0, 100.0 * vapour / saturation_water_pa(air))
        sine = self.sun_sine(time_s)
        shortwave = sky.shortwave_w_m2(sine, cloud)
        return Sky(
            time_s=time_s,
            hour=hour,
            hour_local=self._local(hour),
            air_temperature_c=air,
            vapour_pa=vapour,
            humidity_pct=humidity,
            dew_point_c=dew_point_c(vapour),
            wind_speed_m_s=wind,
            wind_direction_deg=(self._value("wind_direction_deg", hour) + self._wiggle("direction", time_s))
            % 360.0,
            cloud_oktas=cloud,
            pressure_hpa=self._value("pressure_hpa", hour) + self._wiggle("pressure", time_s),
            shortwave_w_m2=shortwave,
            longwave_w_m2=sky.longwave_w_m2(air, vapour, cloud),
            precipitation_mm_h=rain,
            precipitation_type=precipitation_type(rain, air, humidity, warm_aloft=warm_aloft),
            direct_w_m2=shortwave * (1.0 - sky.diffuse_share(cloud)),
            sun_elevation_deg=math.degrees(math.asin(sine)),
            sun_azimuth_deg=sky.sun_azimuth_deg(self._day(hour), self._local(hour), ORIGIN_LATITUDE_DEG),
        )


_SCRIPTED = (
    "air_temperature_c",
    "dew_point_c",
    "wind_speed_m_s",
    "wind_direction_deg",
    "cloud_oktas",
    "pressure_hpa",
    "precipitation_mm_h",
)


def _fronts_at(fronts: tuple[Front, ...], hour: float) -> tuple[float, float, bool]:
    """Return precipitation [mm/h], change of air temperature [K], and whether it is warm aloft."""
    rain, change, warm = 0.0, 0.0, False
    for front in fronts:
        part = (hour - front.hour) / front.duration_h
        if part <= 0.0:
            continue
        change += front.air_change_c * min(part, 1.0)
        if part < 1.0:
            rain += front.precipitation_mm_h * min(1.0, 5.0 * part, 5.0 * (1.0 - part))
            warm = warm or front.warm_aloft
    return rain, change, warm


def precipitation_type(rate_mm_h: float, air_c: float, humidity_pct: float, *, warm_aloft: bool) -> int:
    """Return the code of what falls; RoadSurf's limits: rain above 0.7, snow below 0.3."""
    if rate_mm_h <= 0.0:
        return NONE
    if warm_aloft:
        return FREEZING_RAIN if air_c <= 0.0 else RAIN
    rain = sky.rain_probability(air_c, humidity_pct)
    return RAIN if rain > 0.7 else SNOW if rain < 0.3 else SLEET
