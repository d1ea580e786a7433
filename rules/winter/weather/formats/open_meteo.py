"""Open-Meteo's forecast API, JSON, hourly variables.

Names, units and valid times as its documentation has them: amounts and radiation are those of the preceding hour,
``snowfall`` is centimetres of snow of which 7 are 10 mm of water. It does not say when the forecast was issued: that is when
it was fetched, unless whoever imports it says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rules.core.psychrometrics import dew_point_c
from rules.core.weather_forecast import ForecastError, Place, WeatherForecast
from rules.winter.weather.formats.given import (
    Given,
    at_least_snow,
    foretold,
    json_of,
    member,
    named_after,
    number,
    station_hpa,
    time_s,
)

Floats = NDArray[np.float64]

SOURCE = "open-meteo"
SNOW_CM_PER_WATER_MM = 0.7
"""Open-Meteo's own: 7 cm of snow are 10 mm of water."""
_TEMPERATURE = {"°C": (1.0, 0.0), "°F": (5.0 / 9.0, -160.0 / 9.0)}
_SPEED = {"m/s": (1.0, 0.0), "km/h": (1.0 / 3.6, 0.0), "mp/h": (0.44704, 0.0), "kn": (1852.0 / 3600.0, 0.0)}
_AMOUNT = {"mm": (1.0, 0.0), "inch": (25.4, 0.0)}
_SNOW = {"cm": (1.0 / SNOW_CM_PER_WATER_MM, 0.0), "inch": (2.54 / SNOW_CM_PER_WATER_MM, 0.0)}
_PERCENT, _PRESSURE, _FLUX = {"%": (0.01, 0.0)}, {"hPa": (1.0, 0.0)}, {"W/m²": (1.0, 0.0)}
VARIABLES: Mapping[str, tuple[tuple[str, ...], Mapping[str, tuple[float, float]]]] = {
    "air_c": (("temperature_2m",), _TEMPERATURE),
    "dew_point_c": (("dew_point_2m", "dewpoint_2m"), _TEMPERATURE),
    "humidity": (("relative_humidity_2m", "relativehumidity_2m"), _PERCENT),
    "wind_m_s": (("wind_speed_10m", "windspeed_10m"), _SPEED),
    "cloud": (("cloud_cover", "cloudcover"), _PERCENT),
    "precipitation_mm_h": (("precipitation",), _AMOUNT),
    "snow_mm_h": (("snowfall",), _SNOW),
    "surface_hpa": (("surface_pressure",), _PRESSURE),
    "sea_level_hpa": (("pressure_msl",), _PRESSURE),
    "shortwave_w_m2": (("shortwave_radiation",), _FLUX),
}
"""Names that the API gives or gave a variable, and factor and offset to ours by its unit."""


def read(content: bytes, given: Given) -> list[WeatherForecast]:
    """Return a forecast, or one for each location of a list.

    Raises:
        ForecastError: naming what is wrong.
    """
    document = json_of(content)
    if member(document, "error"):
        raise ForecastError(f"the file holds Open-Meteo's error: {member(document, 'reason')}")
    locations = document if isinstance(document, list) else [document]
    given.only_one(len(locations))
    return [_forecast(one, given) for one in locations]


def _forecast(one: Any, given: Given) -> WeatherForecast:
    hourly = member(one, "hourly")
    if not isinstance(hourly, dict) or not isinstance(hourly.get("time"), list):
        raise ForecastError("hourly.time is missing: ask for hourly variables")
    at_s = _times(one, hourly["time"])
    every = {name: _column(one, name, len(at_s)) for name in VARIABLES}
    if np.isnan(every["air_c"]).all():
        raise ForecastError(
            "hourly.temperature_2m is missing: ask for it, of one model (more have names with suffixes)"
        )
    hours = foretold(every["air_c"])
    known = {name: values[hours] for name, values in every.items()}
    place = given.place_of(_place(one))
    issued = given.fetched_s if given.issued_s is None else given.issued_s
    if issued is None:
        raise ForecastError("Open-Meteo does not say when it was issued: give when it was, or was fetched")
    shortwave = known["shortwave_w_m2"]
    return WeatherForecast(
        place=place,
        issued_s=issued,
        source=given.source or SOURCE,
        at_s=at_s[hours],
        air_c=known["air_c"],
        dew_point_c=_dew_point(known),
        wind_m_s=known["wind_m_s"],
        cloud=known["cloud"],
        precipitation_mm_h=at_least_snow(known["precipitation_mm_h"], known["snow_mm_h"]),
        snow_mm_h=known["snow_mm_h"],
        pressure_hpa=_pressure(known, place),
        shortwave_w_m2=None if np.isnan(shortwave).all() else shortwave,
    )


def _times(one: Any, times: list[Any]) -> Floats:
    """Return hours [s since 1970]: texts are local with one offset for all, numbers are UTC whatever it is."""
    if all(isinstance(t, int | float) and not isinstance(t, bool) for t in times):
        return np.array(times, dtype=np.float64)
    offset_s = number(member(one, "utc_offset_seconds"), "utc_offset_seconds")
    if np.isnan(offset_s):
        raise ForecastError("utc_offset_seconds is missing: its times are local")
    return np.array([time_s(t, "hourly.time") for t in times], dtype=np.float64) - offset_s


def _column(one: Any, ours: str, hours: int) -> Floats:
    names, units = VARIABLES[ours]
    name = next((n for n in names if member(one, "hourly", n) is not None), None)
    if name is None:
        return np.full(hours, np.nan)
    values, unit = member(one, "hourly", name), member(one, "hourly_units", name)
    if unit not in units:
        raise ForecastError(f"hourly_units.{name} is {unit!r}; it must be {' or '.join(units)}")
    if not isinstance(values, list) or len(values) != hours:
        raise ForecastError(f"hourly.{name} has not the {hours} values of hourly.time")
    factor, offset = units[unit]
    return np.array([number(v, f"hourly.{name}[{i}]") for i, v in enumerate(values)]) * factor + offset


def _dew_point(known: Mapping[str, Floats]) -> Floats:
    if not np.isnan(known["dew_point_c"]).all():
        return known["dew_point_c"]
    humid = known["humidity"] > 0.0
    dew = np.full(len(humid), np.nan)
    dew[humid] = dew_point_c(known["air_c"][humid], np.minimum(known["humidity"][humid] * 100.0, 100.0))
    return dew


def _pressure(known: Mapping[str, Floats], place: Place) -> Floats:
    if not np.isnan(known["surface_hpa"]).all():
        return known["surface_hpa"]
    return station_hpa(known["sea_level_hpa"], place.altitude_m or 0.0, known["air_c"])


def _place(one: Any) -> Place:
    latitude, longitude = (number(member(one, n), n) for n in ("latitude", "longitude"))
    elevation = number(member(one, "elevation"), "elevation")
    return Place(
        name=named_after(latitude, longitude),
        latitude_deg=latitude,
        longitude_deg=longitude,
        altitude_m=None if np.isnan(elevation) else elevation,
    )
