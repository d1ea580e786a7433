"""METRo's forecast.xml. Where it is for stands in the station.xml beside it, or is given.

Precipitation is accumulated from an unknown start, so that of the first hour is known only where nothing has
fallen yet. ``sf`` and ``ir`` are not read: METRo itself uses them only where its command line says so, and what it writes
under these names is absorbed, not incoming. ``pp`` is a probability; ``pi`` -1 marks a row whose amounts are not known.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element

import numpy as np
from numpy.typing import NDArray

from rules.core.weather_forecast import ForecastError, Place, WeatherForecast
from rules.road_data.metro_xml import KMH, parsed, table
from rules.winter.weather.formats.given import Given, named_after, time_s

Floats = NDArray[np.float64]

SOURCE = "metro"
SENTINELS = (9999.0, -99.9, -99.0)
"""What METRo's own files have where nothing is known."""
OCTAS = 8.0
MM_PER_CM_OF_SNOW = 1.0
"""METRo's own: 1 cm of snow is 1 mm of water."""
ROUNDING_MM = 0.05
"""How far an accumulated amount may fall: files round to a tenth."""
PRESSURE_HPA = (700.0, 1100.0)
"""Outside them METRo takes 1013.25; here it is not given."""
AMOUNT_UNKNOWN = -1.0
"""``pi`` of such a row, the last of some files: its amounts are zeros or sentinels."""
NAMES = ("at", "td", "ws", "ap", "cc", "ra", "sn", "pi")


def read(content: bytes, given: Given) -> list[WeatherForecast]:
    """Return the forecast of a file.

    Raises:
        ForecastError: naming what is wrong.
        ConfigurationError: it is no such XML.
    """
    root = parsed(content, "forecast.xml")
    if root.tag != "forecast":
        raise ForecastError(f"its outermost element is <{root.tag}>; METRo's forecasts have <forecast>")
    columns = table(root, "forecast.xml", "prediction", "forecast-time", NAMES, limits={})
    known = {n: np.where(np.isin(v, SENTINELS), np.nan, v) for n, v in columns.items() if n != "at_s"}
    if len(columns["at_s"]) == 0:
        raise ForecastError("no <prediction> in it")
    rain, snow = (_hourly(np.where(known["pi"] == AMOUNT_UNKNOWN, np.nan, known[n]), n) for n in ("ra", "sn"))
    snow = snow * MM_PER_CM_OF_SNOW
    pressure = known["ap"]
    low, high = PRESSURE_HPA
    return [
        WeatherForecast(
            place=_place(root, given),
            issued_s=_issued_s(root, given),
            source=given.source or SOURCE,
            at_s=columns["at_s"],
            air_c=known["at"],
            dew_point_c=known["td"],
            wind_m_s=known["ws"] * KMH,
            cloud=known["cc"] / OCTAS,
            precipitation_mm_h=rain + snow,
            snow_mm_h=snow,
            pressure_hpa=np.where((pressure >= low) & (pressure <= high), pressure, np.nan),
        )
    ]


def place_of_station(content: bytes) -> Place:
    """Return the place of a station.xml.

    Raises:
        ForecastError: it has no coordinates.
        ConfigurationError: it is no such XML.
    """
    root = parsed(content, "station.xml")
    where = {}
    for name in ("latitude", "longitude"):
        text = root.findtext(f".//coordinate/{name}")
        try:
            where[f"{name}_deg"] = float(text or "")
        except ValueError:
            raise ForecastError(f"station.xml: {name} is {text!r}; it must be a number") from None
    name = (root.findtext(".//road-station") or "").strip()
    return Place(name=name or named_after(**where), **where)


def _place(root: Element, given: Given) -> Place:
    latitude, longitude = given.latitude_deg, given.longitude_deg
    if latitude is None or longitude is None:
        raise ForecastError(
            "METRo's forecasts do not say where they are for: give latitude and longitude, or put its station.xml beside it"
        )
    header = (root.findtext(f"header/{tag}") for tag in ("station_id", "station-id", "scribe-point"))
    name = next((text.strip() for text in header if text and text.strip()), named_after(latitude, longitude))
    return given.place_of(Place(name=name, latitude_deg=latitude, longitude_deg=longitude))


def _issued_s(root: Element, given: Given) -> float:
    if given.issued_s is not None:
        return given.issued_s
    text = root.findtext("header/production-date")
    if not text:
        raise ForecastError("header/production-date is missing: give when it was issued")
    return time_s(text, "header/production-date")


def _hourly(accumulated: Floats, name: str) -> Floats:
    """Return what fell in each hour from what has fallen since an unknown start."""
    if len(accumulated) == 0:
        return accumulated
    fell = np.diff(accumulated, prepend=np.nan)
    fell[0] = 0.0 if accumulated[0] == 0.0 else np.nan
    falls = np.flatnonzero(fell < -ROUNDING_MM)
    if len(falls) > 0:
        i = int(falls[0])
        raise ForecastError(
            f"{name} of hour {i + 1} is {accumulated[i]:g} after {accumulated[i - 1]:g}; an accumulated amount must not fall"
        )
    return np.maximum(fell, 0.0)
