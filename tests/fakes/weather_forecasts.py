"""Weather forecasts for tests: values, and files of each format as their makers write them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from rules.core.weather_forecast import Place, WeatherForecast

ISSUED = datetime(2026, 1, 9, 15, tzinfo=UTC)
T = ISSUED.timestamp()
HOURS = 6


def forecast(**changes: Any) -> WeatherForecast:
    """Return six hours from 15:00 on: 2 °C falling to -3 °C, with a little snow at the end."""
    n = np.arange(float(HOURS))
    values: dict[str, Any] = {
        "place": Place("Ourtown", 52.118, -1.052, 85.0),
        "issued_s": T,
        "source": "test",
        "at_s": T + 3600.0 * n,
        "air_c": 2.0 - n,
        "dew_point_c": 1.0 - n,
        "wind_m_s": np.full(HOURS, 2.5),
        "cloud": np.linspace(1.0, 0.0, HOURS),
        "precipitation_mm_h": np.array([0.0, 0.0, 0.0, 0.2, 0.4, 0.4]),
        "snow_mm_h": np.array([0.0, 0.0, 0.0, 0.0, 0.4, 0.4]),
        "pressure_hpa": np.full(HOURS, 1012.0),
    }
    return WeatherForecast(**(values | changes))


def stamp(hour: int, form: str = "%Y-%m-%dT%H:%MZ") -> str:
    """Return an hour after the issue as a file has it."""
    return (ISSUED + timedelta(hours=hour)).strftime(form)


def datahub(hours: int = HOURS, **changes: Any) -> dict[str, Any]:
    """Return a site-specific hourly document of DataHub; ``changes`` go into every hour."""
    series = [
        {
            "time": stamp(h), "screenTemperature": 2.0 - h, "maxScreenAirTemp": 2.5 - h, "minScreenAirTemp": 1.5 - h,
            "screenDewPointTemperature": 1.0 - h, "feelsLikeTemperature": -1.0 - h, "windSpeed10m": 2.5,
            "windDirectionFrom10m": 335, "windGustSpeed10m": 6.43, "max10mWindGust": 6.45, "visibility": 39177,
            "screenRelativeHumidity": 93.0, "mslp": 101500, "uvIndex": 0, "significantWeatherCode": 0 if h < 4 else 24,
            "precipitationRate": 0.5, "totalPrecipAmount": 0.4, "totalSnowAmount": 0 if h < 4 else 0.4,
            "probOfPrecipitation": 6,
        }
        | changes
        for h in range(hours)
    ]  # fmt: skip
    for last in series[-2:]:
        last.pop("totalPrecipAmount", None)
        last.pop("totalSnowAmount", None)
    uom = "http://www.opengis.net/def/uom/UCUM/"
    units = {"screenTemperature": "Cel", "mslp": "Pa", "windSpeed10m": "m/s", "totalSnowAmount": "mm"}
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [-1.052, 52.118, 85.0]},
                "properties": {
                    "location": {"name": "Ourtown"}, "requestPointDistance": 961.7, "modelRunDate": stamp(0),
                    "timeSeries": series,
                },
            }
        ],
        "parameters": [
            {
                name: {"type": "Parameter", "description": name, "unit": {"label": name, "symbol": {"value": uom, "type": u}}}
                for name, u in units.items()
            }
        ],
    }  # fmt: skip


def open_meteo(**hourly: Any) -> dict[str, Any]:
    """Return a document of Open-Meteo's forecast API; ``hourly`` replaces variables."""
    n = range(HOURS)
    return {
        "latitude": 52.12, "longitude": -1.05, "generationtime_ms": 0.1, "utc_offset_seconds": 0, "timezone": "GMT",
        "timezone_abbreviation": "GMT", "elevation": 85.0,
        "hourly_units": {
            "time": "iso8601", "temperature_2m": "°C", "dew_point_2m": "°C", "relative_humidity_2m": "%",
            "wind_speed_10m": "km/h", "cloud_cover": "%", "precipitation": "mm", "snowfall": "cm",
            "surface_pressure": "hPa", "pressure_msl": "hPa", "shortwave_radiation": "W/m²",
        },
        "hourly": {
            "time": [stamp(h, "%Y-%m-%dT%H:%M") for h in n],
            "temperature_2m": [2.0 - h for h in n],
            "dew_point_2m": [1.0 - h for h in n],
            "wind_speed_10m": [9.0] * HOURS,
            "cloud_cover": [50] * HOURS,
            "precipitation": [0.0] * 4 + [1.0, 1.0],
            "snowfall": [0.0] * 4 + [0.7, 0.35],
            "surface_pressure": [1002.0] * HOURS,
            "shortwave_radiation": [30.0] + [0.0] * 5,
        }
        | hourly,
    }  # fmt: skip


METRO_HEADER = (
    "<header><version>1.1</version><station_id>yxu</station_id><production-date>{}</production-date></header>"
)
METRO_STATION = (
    "<station><header><road-station>ost</road-station><coordinate><latitude>42.9</latitude>"
    "<longitude>-80.8</longitude></coordinate></header></station>"
)


def metro(hours: int = HOURS, **last: float) -> str:
    """Return a METRo forecast.xml with rain that accumulates; ``last`` replaces values of the last row."""
    rows = []
    for h in range(hours):
        row = {
            "at": 2.0 - h,
            "td": 1.0 - h,
            "ws": 18,
            "cc": 4,
            "pi": 1,
            "ra": 0.2 * h,
            "sn": 0.1 * max(h - 3, 0),
            "ap": 1012,
        }
        row |= last if h == hours - 1 else {}
        values = "".join(f"<{k}>{v:g}</{k}>" for k, v in row.items())
        rows.append(f"<prediction><forecast-time>{stamp(h)}</forecast-time>{values}</prediction>")
    header = METRO_HEADER.format(stamp(0))
    return f'<?xml version="1.0"?><forecast>{header}<prediction-list>{"".join(rows)}</prediction-list></forecast>'


def dumped(document: object) -> bytes:
    """Return a document as a file has it."""
    return json.dumps(document, ensure_ascii=False).encode()
