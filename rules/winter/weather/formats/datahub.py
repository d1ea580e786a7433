"""Met Office Weather DataHub, site-specific forecast, hourly, as GeoJSON.

A feature is a place; its time series has one object an hour. Descriptions and units are those that the files themselves
carry under ``parameters``: amounts are "over previous hour", pressure is at mean sea level in Pa. What the
service does not give (cloud cover, radiation) is not made up, but for cloud, which follows from the weather code.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

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

SOURCE = "datahub"
UNITS = {
    "screenTemperature": "Cel", "screenDewPointTemperature": "Cel", "windSpeed10m": "m/s", "mslp": "Pa",
    "totalPrecipAmount": "mm", "totalSnowAmount": "mm", "precipitationRate": "mm/h",
}  # fmt: skip
"""Unit of each parameter that is read, in UCUM, as the files say it."""
SNOW_WATER_MM_PER_MM = 1.0
"""Water in a millimetre of ``totalSnowAmount``. Unconfirmed: the files say "millimetres" and not of what; 1 = water
equivalent, the more cautious reading, 0.1 = depth of snow."""
_SHOWERS = (9, 10, 13, 14, 16, 17, 19, 20, 22, 23, 25, 26, 28, 29)
_STEADY = (8, 11, 12, 15, 18, 21, 24, 27, 30)
CLOUD_OF_CODE: Mapping[int, float] = (
    {0: 0.0, 1: 0.0, 2: 0.4, 3: 0.4, 6: 1.0, 7: 0.8}
    | dict.fromkeys(_SHOWERS, 0.6)
    | dict.fromkeys(_STEADY, 1.0)
)
"""Covered share of the sky by ``significantWeatherCode``. Unconfirmed: the codes are the Met Office's (0 clear night,
1 sunny, 2-3 partly cloudy, 6 fog, 7 cloudy, 8 overcast, then what falls), the shares are ours. Mist (5) says nothing."""


def read(content: bytes, given: Given) -> list[WeatherForecast]:
    """Return a forecast for each feature.

    Raises:
        ForecastError: naming what is wrong.
    """
    document = json_of(content)
    features = member(document, "features")
    if member(document, "type") != "FeatureCollection" or not isinstance(features, list) or not features:
        raise ForecastError("no GeoJSON feature collection with features, which DataHub's files are")
    _check_units(member(document, "parameters"))
    given.only_one(len(features))
    return [_forecast(feature, f"features[{i}]", given) for i, feature in enumerate(features)]


def _check_units(parameters: object) -> None:
    """Refuse other units than those that are read; files may leave the descriptions out."""
    for described in parameters if isinstance(parameters, list) else ():
        for name, unit in UNITS.items():
            said = member(described, name, "unit", "symbol", "type")
            if said not in (None, unit):
                raise ForecastError(f"unit of {name} is {said!r}; it must be {unit!r}")


def _forecast(feature: object, where: str, given: Given) -> WeatherForecast:
    series = member(feature, "properties", "timeSeries")
    if not isinstance(series, list) or not series or not all(isinstance(h, dict) for h in series):
        raise ForecastError(f"{where}.properties.timeSeries is missing or has no hours")
    if not any("screenTemperature" in hour for hour in series):
        raise ForecastError(
            f"{where}: no screenTemperature: it is the three-hourly or daily forecast; take the hourly one"
        )
    every = _columns(series, where)
    hours = foretold(every["screenTemperature"])
    known = {name: values[hours] for name, values in every.items()}
    place = given.place_of(_place(feature, where))
    issued = given.issued_s
    if issued is None:
        run = f"{where}.properties.modelRunDate"
        issued = time_s(member(feature, "properties", "modelRunDate"), run)
    snow = known["totalSnowAmount"] * SNOW_WATER_MM_PER_MM
    # The last hours have a rate only.
    fell = np.where(
        np.isnan(known["totalPrecipAmount"]), known["precipitationRate"], known["totalPrecipAmount"]
    )
    air = known["screenTemperature"]
    altitude_m = 0.0 if place.altitude_m is None else place.altitude_m
    return WeatherForecast(
        place=place,
        issued_s=issued,
        source=given.source or SOURCE,
        at_s=np.array([time_s(h.get("time"), f"{where}: time") for h in series[hours]]),
        air_c=air,
        dew_point_c=known["screenDewPointTemperature"],
        wind_m_s=known["windSpeed10m"],
        cloud=_cloud(series[hours], where),
        precipitation_mm_h=at_least_snow(fell, snow),
        snow_mm_h=snow,
        pressure_hpa=station_hpa(known["mslp"] / 100.0, altitude_m, air),
    )


def _columns(series: Sequence[Mapping[str, Any]], where: str) -> dict[str, Floats]:
    return {
        name: np.array(
            [number(h.get(name), f"{where}: {name} of hour {i + 1}") for i, h in enumerate(series)]
        )
        for name in UNITS
    }


def _cloud(series: Sequence[Mapping[str, Any]], where: str) -> Floats:
    codes = [number(h.get("significantWeatherCode"), f"{where}: significantWeatherCode") for h in series]
    return np.array([CLOUD_OF_CODE.get(-1 if math.isnan(c) else int(c), math.nan) for c in codes])


def _place(feature: object, where: str) -> Place:
    at = member(feature, "geometry", "coordinates")
    if not isinstance(at, list) or len(at) < 2:
        raise ForecastError(
            f"{where}.geometry.coordinates is {at!r}; it must be [longitude, latitude, altitude]"
        )
    longitude, latitude = (number(v, f"{where}.geometry.coordinates") for v in at[:2])
    name = member(feature, "properties", "location", "name")
    return Place(
        name=str(name) if name else named_after(latitude, longitude),
        latitude_deg=latitude,
        longitude_deg=longitude,
        altitude_m=number(at[2], f"{where}.geometry.coordinates") if len(at) > 2 else None,
    )
