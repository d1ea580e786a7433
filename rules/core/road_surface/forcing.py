"""Weather as stations and forecasts give it, made ready for the steps of a run."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rules.core.road_surface.skyline import Skyline
from rules.core.road_surface.state import Forcing
from rules.core.road_surface.sun import direct_share, position
from rules.core.road_surface.vapour import Array, over_water_pa

Floats = NDArray[np.float64]

MAY_BE_UNKNOWN = ("longwave_w_m2", "cloud")
RAIN_AT = (22.0, 2.7, 0.2)
"""P(rain) = 1 / (1 + exp(22 - 2.7 T - 0.2 RH)): RoadSurf (Koistinen & Saltikoff 1998)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """Weather at times: times × members × segments, where 1 stands for all. NaN only where it says so.

    Attributes:
        at_s: times, rising [s since 1970].
        air_c: air temperature [°C].
        humidity_pct: relative humidity over water [%].
        wind_m_s: wind speed.
        shortwave_w_m2: global radiation on an open horizontal surface.
        rain_mm_h, snow_mm_h: during the interval that ends at the time, water equivalent.
        pressure_pa: air pressure.
        longwave_w_m2: from the sky; NaN = unknown.
        cloud: covered share of the sky, 0..1; NaN = unknown.
    """

    at_s: Floats
    air_c: Array
    humidity_pct: Array
    wind_m_s: Array
    shortwave_w_m2: Array
    rain_mm_h: Array
    snow_mm_h: Array
    pressure_pa: Array
    longwave_w_m2: Array
    cloud: Array

    def fields(self) -> dict[str, Array]:
        """Return all but the times, by name."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "at_s"}


def rain_share(air_c: Array, humidity_pct: Array) -> Array:
    """Return which share of precipitation falls as rain, 0, 0.5 or 1, where nobody says (RoadSurf)."""
    level, by_air, by_humidity = RAIN_AT
    share = 1.0 / (1.0 + np.exp(np.clip(level - by_air * air_c - by_humidity * humidity_pct, -50.0, 50.0)))
    return np.select([share < 0.3, share > 0.7], [0.0, 1.0], default=0.5)


def steps(start_s: float, hours: float, step_s: float) -> Floats:
    """Return the ends of a run's steps [s since 1970]."""
    return start_s + step_s * np.arange(1.0, round(hours * 3600.0 / step_s) + 1.0)


def forcing(
    weather: Weather,
    ends_s: Floats,
    latitude_deg: float,
    longitude_deg: float,
    skyline: Skyline | None = None,
    dtype: type[np.floating[Any]] = np.float64,
) -> Forcing:
    """Return the weather at the ends of a run's steps, with the sun where it is.

    Args:
        weather: at its own times; beyond them the first and last hold.
        ends_s: of the steps [s since 1970].
        latitude_deg: of the town.
        longitude_deg: of the town.
        skyline: of the segments; None = open country.
        dtype: precision of the run.

    Raises:
        ValueError: a value is missing that must not be.
    """
    _complete(weather)
    low, part = _places(weather.at_s, ends_s)
    at = {name: _between(a, low, part) for name, a in weather.fields().items() if not name.endswith("_mm_h")}
    during = np.minimum(np.searchsorted(weather.at_s, ends_s), len(weather.at_s) - 1)
    sun = position(ends_s, latitude_deg, longitude_deg)
    shortwave = np.maximum(at["shortwave_w_m2"], 0.0)
    direct = shortwave * direct_share(shortwave, sun)
    lit = np.ones((len(ends_s), 1)) if skyline is None else skyline.lit(sun)
    humidity = np.clip(at["humidity_pct"], 0.0, 100.0)
    made = Forcing(
        air_c=at["air_c"],
        vapour_pa=humidity * 0.01 * over_water_pa(at["air_c"]),
        wind_m_s=at["wind_m_s"],
        pressure_pa=at["pressure_pa"],
        direct_w_m2=direct,
        diffuse_w_m2=shortwave - direct,
        lit=lit[:, None, :],
        longwave_w_m2=at["longwave_w_m2"],
        cloud=np.clip(at["cloud"], 0.0, 1.0),
        rain_mm_h=weather.rain_mm_h[during],
        snow_mm_h=weather.snow_mm_h[during],
    )
    return made.map(lambda a: np.ascontiguousarray(a, dtype=dtype))


def on_steps(at_s: Floats, values: Array, ends_s: Floats) -> Array:
    """Return values at times, times × anything, at the ends of a run's steps: linear between, first and last hold."""
    return _between(values, *_places(at_s, ends_s))


def _complete(weather: Weather) -> None:
    """Refuse weather with holes: a NaN would spread through the column and look like a forecast that is not there."""
    for name, values in weather.fields().items():
        missing = int(np.isnan(values).sum())
        if missing > 0 and name not in MAY_BE_UNKNOWN:
            raise ValueError(
                f"weather: {name} is missing {missing} times; only {', '.join(MAY_BE_UNKNOWN)} may be"
            )


def _places(at_s: Floats, ends_s: Floats) -> tuple[NDArray[np.int64], Floats]:
    """Return for each end the time before it and how far it is to the next, 0..1."""
    low = np.clip(np.searchsorted(at_s, ends_s, side="right") - 1, 0, max(0, len(at_s) - 2))
    high = np.minimum(low + 1, len(at_s) - 1)
    gap = np.maximum(at_s[high] - at_s[low], 1e-9)
    return low, np.clip((ends_s - at_s[low]) / gap, 0.0, 1.0)


def _between(values: Array, low: NDArray[np.int64], part: Floats) -> Array:
    share = part.reshape((-1,) + (1,) * (values.ndim - 1))
    high = np.minimum(low + 1, len(values) - 1)
    return values[low] * (1.0 - share) + values[high] * share
