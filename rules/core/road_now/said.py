"""What a weather forecast says at times between its hours; NaN where it says nothing."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from rules.core.psychrometrics import Floats
from rules.core.road_now.hour_means import mean_at, sun_at
from rules.core.road_now.weather import Place
from rules.core.road_surface.forcing import rain_share
from rules.core.weather_forecast import WeatherForecast


def said(f: WeatherForecast, at_s: Floats, place: Place) -> dict[str, Floats]:
    """Return all but what falls, at times, by the names of ``Weather``; before its first hour the first holds."""
    plain = {
        "air_c": f.air_c,
        "humidity_pct": f.humidity_pct(),
        "wind_m_s": f.wind_m_s,
        "cloud": f.cloud,
        "pressure_pa": 100.0 * f.pressure_hpa,
    }
    found = {name: _at(at_s, f.at_s, values) for name, values in plain.items()}
    found["longwave_w_m2"] = mean_at(at_s, f.at_s, _or_nan(f.longwave_w_m2, f))
    found["shortwave_w_m2"] = sun_at(at_s, f.at_s, _or_nan(f.shortwave_w_m2, f), place)
    return found


def falling(found: Mapping[str, Floats], at_s: Floats, f: WeatherForecast) -> dict[str, Floats]:
    """Return rain and snow of the hours that end at the times; parted by air and humidity where nobody parts them.

    ``found``: air and humidity then, and what falls where the forecast does not say.
    """
    all_mm, snow_mm = (_during(at_s, f.at_s, v) for v in (f.precipitation_mm_h, f.snow_mm_h))
    parted = (1.0 - rain_share(found["air_c"], found["humidity_pct"])) * all_mm
    snow = np.where(np.isnan(snow_mm), parted, np.minimum(snow_mm, all_mm))
    unsaid = np.isnan(all_mm)
    return {
        "rain_mm_h": np.where(unsaid, found["rain_mm_h"], all_mm - snow),
        "snow_mm_h": np.where(unsaid, found["snow_mm_h"], snow),
    }


def _at(at_s: Floats, hours_s: Floats, values: Floats) -> Floats:
    """Return values between hours, NaN beyond them and beside one that is not given."""
    return np.asarray(np.interp(at_s, hours_s, values, left=values[0], right=np.nan), dtype=np.float64)


def _during(at_s: Floats, hours_s: Floats, values: Floats) -> Floats:
    """Return the value of the hour in which each time lies: of the one that ends at it or next."""
    i = np.searchsorted(hours_s, at_s)
    found = np.where(i < len(hours_s), values[np.minimum(i, len(hours_s) - 1)], np.nan)
    return np.asarray(found, dtype=np.float64)


def _or_nan(values: Floats | None, f: WeatherForecast) -> Floats:
    return np.full(len(f.at_s), np.nan) if values is None else values
