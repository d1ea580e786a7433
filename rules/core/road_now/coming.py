"""The weather to come: what a forecast says, moved to what is measured now; what is likely where nobody says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rules.core.psychrometrics import Floats
from rules.core.road_now.local_air import SUN_W_M2, clear_and_calm, stillness
from rules.core.road_now.parameters import AirParameters
from rules.core.road_now.said import falling, said
from rules.core.road_now.weather import ALIKE, HOUR_S, Place, clear_sky_w_m2, dimmed, one_weather
from rules.core.road_surface.forcing import Weather
from rules.core.road_surface.vapour import over_water_pa
from rules.core.weather_forecast import WeatherForecast

DAY_S = 86_400.0
RAIN_LASTS_H = 1.0
"""Without a forecast: rain dies out in this time [h]."""
TREND_H, TREND_LASTS_H = 3.0, 4.0
"""The air's trend is that of so many hours [h]; beyond yesterday's at the same time it dies out in the other."""
BRUNT_C = 2.2
"""Air cools by so much in the first hour of a clear calm night, with the root of time after it [°C/h½]: some half of
what 80 W/m² do to ground (2 R / √(π k ρ c))."""
QUARTER_S = 900.0
SKY_LASTS_H = 30.0
"""Cloud and wind are on their way to the last day's mean in this time [h]."""
LEAST_HOURS = 6
"""A forecast that covers less of the hours to come is none."""


def expected(
    past: Weather, hours: int, forecast: WeatherForecast | None, place: Place, p: Relaxing
) -> Weather:
    """Return the weather from the last measured moment on: times × 1 × 1.

    Args:
        past: of :func:`measured`; its last time is now.
        hours: to come.
        forecast: None, or one that does not cover them: what is likely without.
        place: of the town.
        p: how the forecast's error of now dies out.
    """
    now_s = float(past.at_s[-1])
    if not covers(forecast, now_s):
        return likely(past, now_s + HOUR_S * np.arange(hours + 1.0), place, p.air)
    assert forecast is not None
    later = forecast.at_s[(forecast.at_s > now_s) & (forecast.at_s < now_s + (hours + 1.0) * HOUR_S)]
    beyond = np.arange(later[-1] + HOUR_S, now_s + (hours + 1.0) * HOUR_S, HOUR_S)
    at_s = np.concatenate(([now_s], later, beyond))
    return _said(likely(past, at_s, place, p.air), past, forecast, place, p)


def covers(forecast: WeatherForecast | None, now_s: float) -> bool:
    """Whether a forecast says enough of the hours to come, and of now."""
    if forecast is None:
        return False
    reaches_h = (forecast.at_s[-1] - now_s) / HOUR_S
    return bool(reaches_h >= LEAST_HOURS and forecast.at_s[0] <= now_s + HOUR_S)


@dataclass(frozen=True, slots=True)
class Relaxing:
    """How a forecast is moved to what is measured, and to the town's height.

    Attributes:
        hours: in which its error of now falls to 1/e.
        air: how air changes with height.
        stillness: of now.
        slope_c_m: of still air with height, beyond the usual lapse.
    """

    hours: float
    air: AirParameters
    stillness: float = 0.0
    slope_c_m: float = 0.0


def likely(past: Weather, at_s: Floats, place: Place, p: AirParameters) -> Weather:
    """Return what is likely without a forecast.

    Vapour, cloud and wind are on their way from now to the mean of the last day, the air cools or warms as
    :func:`_cooling_c` says; rain dies out.
    """
    now_s = float(past.at_s[-1])
    day = past.at_s > now_s - DAY_S
    lead_h = (at_s - now_s) / HOUR_S

    def to_mean(values: Floats, hours: float) -> Floats:
        mean = float(np.nanmean(values[day])) if not np.isnan(values[day]).all() else np.nan
        last = values[-1] if values[-1] == values[-1] else mean
        return mean + (last - mean) * np.exp(-lead_h / hours)

    one = {name: values[:, 0, 0].astype(np.float64) for name, values in past.fields().items()}
    air = one["air_c"]
    cloud = np.clip(to_mean(one["cloud"], SKY_LASTS_H), 0.0, 1.0)
    wind = to_mean(one["wind_m_s"], SKY_LASTS_H)
    air_c = air[-1] + _cooling_c(past.at_s, air, at_s, clear_and_calm(cloud, wind, p), place)
    vapour = to_mean(one["humidity_pct"] * 0.01 * over_water_pa(air), 12.0)
    left = np.exp(-lead_h / RAIN_LASTS_H)
    return one_weather(
        at_s,
        air_c=air_c,
        humidity_pct=np.clip(100.0 * vapour / over_water_pa(air_c), 1.0, 100.0),
        wind_m_s=wind,
        shortwave_w_m2=clear_sky_w_m2(at_s, place) * dimmed(cloud),
        rain_mm_h=_dying(one["rain_mm_h"][-1] * left),
        snow_mm_h=_dying(one["snow_mm_h"][-1] * left),
        pressure_pa=np.full(len(at_s), one["pressure_pa"][-1]),
        longwave_w_m2=np.full(len(at_s), np.nan),
        cloud=cloud,
    )


def _cooling_c(past_s: Floats, air_c: Floats, at_s: Floats, clear: Floats, place: Place) -> Floats:
    """Return how the air is likely to change from now on [°C].

    In the dark, as far as it is clear and calm, it cools with the root of the time since dusk (Brunt 1932); else it
    takes some of the last days' course, and the trend of the last hours beyond yesterday's at the same time dies out.
    """
    now_s = float(at_s[0])
    days = [d * DAY_S for d in (1.0, 2.0) if d == 1.0 or now_s - d * DAY_S >= past_s[0]]
    course = ALIKE * np.mean([np.interp(at_s - d, past_s, air_c) for d in days], axis=0)
    night_h = _since_dusk_h(at_s, place)
    brunt = -BRUNT_C * np.diff(np.sqrt(night_h), prepend=np.sqrt(night_h[0]))
    weight = np.where(night_h > 0.0, clear, 0.0)
    steps = weight * np.minimum(brunt, 0.0) + (1.0 - weight) * np.diff(course, prepend=course[0])
    beyond = _trend_c_h(past_s, air_c, now_s) - _trend_c_h(past_s, air_c, now_s - DAY_S)
    dies_out = -np.expm1(-(at_s - now_s) / (HOUR_S * TREND_LASTS_H))
    trend = (1.0 - weight[0]) * beyond * TREND_LASTS_H * dies_out
    return np.asarray(np.cumsum(steps) + trend, dtype=np.float64)


def _since_dusk_h(at_s: Floats, place: Place) -> Floats:
    """Return hours since the sun went, 0 by day."""
    before_s = at_s[:, None] - QUARTER_S * np.arange(64.0)[None, :]
    lit = clear_sky_w_m2(before_s, place) > SUN_W_M2
    return np.where(lit.any(axis=1), np.argmax(lit, axis=1), 64) * (QUARTER_S / HOUR_S)


def _trend_c_h(at_s: Floats, air_c: Floats, to_s: float) -> float:
    """Return the air's change over the hours before a time [°C/h]; 0 where nothing is known of them."""
    before, at = np.interp([to_s - TREND_H * HOUR_S, to_s], at_s, air_c).tolist()
    return float((at - before) / TREND_H) if to_s - TREND_H * HOUR_S >= at_s[0] else 0.0


def _dying(rate_mm_h: Floats) -> Floats:
    return np.where(rate_mm_h < 0.05, 0.0, rate_mm_h)


def _said(base: Weather, past: Weather, f: WeatherForecast, place: Place, p: Relaxing) -> Weather:
    """Return what a forecast says where it says something, else what is likely; moved to what is measured now."""
    at_s = base.at_s
    found = {name: values[:, 0, 0].astype(np.float64) for name, values in base.fields().items()}
    here_of = said(f, at_s, place)
    sun = here_of.pop("shortwave_w_m2")
    for name, here in here_of.items():
        found[name] = np.where(np.isnan(here), found[name], here)
    _go_on(found, base, at_s > f.at_s[-1])
    found["shortwave_w_m2"] = np.where(
        np.isnan(sun), clear_sky_w_m2(at_s, place) * dimmed(found["cloud"]), sun
    )
    found["air_c"] = found["air_c"] + _by_height_c(one_weather(at_s, **found), f, place, p)
    fades = np.exp(-(at_s - at_s[0]) / (HOUR_S * p.hours))
    now = {name: float(values[-1, 0, 0]) for name, values in past.fields().items()}
    for name in ("air_c", "humidity_pct"):
        found[name] = found[name] + (now[name] - found[name][0]) * fades
    ratio = np.clip(max(now["wind_m_s"], 0.3) / np.maximum(found["wind_m_s"][0], 0.3), 0.3, 3.0)
    found["wind_m_s"] = found["wind_m_s"] * ratio**fades
    found["humidity_pct"] = np.clip(found["humidity_pct"], 1.0, 100.0)
    return one_weather(at_s, **{**found, **falling(found, at_s, f)})


def said_before(f: WeatherForecast, ends_s: Floats, place: Place, p: Relaxing) -> dict[str, Floats]:
    """Return what a forecast said of the past, at the town's height, at the ends of steps; NaN where it said nothing.

    Empty where its hours begin after them.
    """
    inside = (ends_s > f.at_s[0] - HOUR_S) & (ends_s <= f.at_s[-1])
    if not inside.any():
        return {}
    at_s = ends_s[inside]
    found = said(f, at_s, place)
    calm = {name: np.nan_to_num(found[name]) for name in ("wind_m_s", "shortwave_w_m2")}
    unsaid = dict.fromkeys(("rain_mm_h", "snow_mm_h"), np.full(len(at_s), np.nan))
    found["air_c"] = found["air_c"] + _by_height_c(
        one_weather(at_s, **{**found, **unsaid, **calm}), f, place, p
    )
    found |= falling(found | unsaid, at_s, f)
    told = {name: np.full(len(ends_s), np.nan) for name in found}
    for name, values in found.items():
        told[name][inside] = values
    return told


def _by_height_c(w: Weather, f: WeatherForecast, place: Place, p: Relaxing) -> Floats:
    """Return what the air at the town's height is beyond that at the forecast's: an inversion where it is still."""
    if f.place.altitude_m is None:
        return np.zeros(len(w.at_s))
    still = stillness(w, p.air, p.stillness)
    return (p.air.lapse_c_per_m + still * p.slope_c_m) * (place.altitude_m - f.place.altitude_m)


def _go_on(found: dict[str, Floats], base: Weather, beyond: NDArray[np.bool_]) -> None:
    """Beyond the forecast's end let the air go on from there on its likely course."""
    if not beyond.any():
        return
    last = int(np.argmax(beyond)) - 1
    for name in ("air_c", "humidity_pct", "wind_m_s", "cloud"):
        course = getattr(base, name)[:, 0, 0]
        moved = found[name][last] + (course[beyond] - course[last] if name == "air_c" else 0.0)
        found[name][beyond] = moved
