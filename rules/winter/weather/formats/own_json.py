"""Our own JSON: the value itself, named as it is. Its JSON Schema is made from the same declaration."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
import numpy as np

from rules.core.weather_forecast import (
    COLUMNS,
    LIMITS,
    MOST_HOURS,
    ForecastError,
    Place,
    WeatherForecast,
    rows,
)
from rules.winter.weather.formats.given import Given, json_of

SCHEMA_ID = "https://cityops.invalid/weather-forecast.schema.json"
_WRONG = re.compile(r"^(?P<what>.*) - at `\$(?P<path>[^`]*)`$", re.DOTALL)
_STEP = re.compile(r"\.([A-Za-z_]\w*)|\[(\d+)\]")


class _Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A name that is not known is an error, not silence."""


class PlaceDocument(_Strict, frozen=True):
    """Where it is for."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
    latitude_deg: Annotated[float, msgspec.Meta(ge=-90, le=90)]
    longitude_deg: Annotated[float, msgspec.Meta(ge=-180, le=180)]
    altitude_m: Annotated[float, msgspec.Meta(ge=-500, le=9000)] | None = None


_DESCRIPTIONS = {
    "air_c": "Air temperature at 1.5 to 2 m [°C]",
    "dew_point_c": "Dew point over water, also below 0 [°C]",
    "wind_m_s": "Wind at 10 m [m/s]",
    "cloud": "Covered share of the sky, 0 to 1",
    "precipitation_mm_h": "All that falls in the hour that ends at the time, water equivalent [mm]",
    "snow_mm_h": "The part of it that is snow, water equivalent [mm]",
    "pressure_hpa": "Air pressure at the place's altitude [hPa]",
    "shortwave_w_m2": "Global radiation, mean of the hour that ends at the time [W/m²]",
    "longwave_w_m2": "Radiation from the sky, likewise [W/m²]",
}


def _field(name: str) -> Any:
    low, high = LIMITS[name]
    return Annotated[float, msgspec.Meta(ge=low, le=high, description=_DESCRIPTIONS[name])]


_AT = Annotated[datetime, msgspec.Meta(tz=True, description="The hour; each one hour after the one before")]
HourDocument = msgspec.defstruct(
    "HourDocument",
    [
        ("at", _AT),
        ("air_c", _field("air_c")),
        *((name, _field(name) | None, None) for name in COLUMNS if name != "air_c"),
    ],
    bases=(_Strict,),
    frozen=True,
    kw_only=True,
    module=__name__,
)
"""One hour; what is absent or null is not given."""


class ForecastDocument(_Strict, frozen=True):
    """A forecast for one place."""

    place: PlaceDocument
    source: Annotated[str, msgspec.Meta(pattern=r"^[\w.-]{1,40}$")]
    issued_at: Annotated[datetime, msgspec.Meta(tz=True, description="When it was given out")]
    hours: Annotated[list[HourDocument], msgspec.Meta(min_length=2, max_length=MOST_HOURS)]  # type: ignore[valid-type]


def read(content: bytes, given: Given) -> list[WeatherForecast]:
    """Return the forecasts of a document, or of a list of them.

    Raises:
        ForecastError: naming the place in the document, the value and what is allowed.
    """
    raw = json_of(content)
    documents = raw if isinstance(raw, list) else [raw]
    given.only_one(len(documents))
    return [_forecast(_typed(one), given) for one in documents]


def write(forecast: WeatherForecast) -> bytes:
    """Return a forecast as a document that :func:`read` takes: with the same digest."""
    return msgspec.json.format(msgspec.json.encode(document(forecast)), indent=1)


def document(forecast: WeatherForecast) -> dict[str, Any]:
    """Return a forecast as plain data."""
    place = forecast.place
    hours = [
        {"at": utc(at_s)} | {name: value for name, value in row.items() if value is not None}
        for at_s, row in rows(forecast)
    ]
    said = {"name": place.name, "latitude_deg": place.latitude_deg, "longitude_deg": place.longitude_deg}
    altitude = {} if place.altitude_m is None else {"altitude_m": place.altitude_m}
    return {
        "place": said | altitude,
        "source": forecast.source,
        "issued_at": utc(forecast.issued_s),
        "hours": hours,
    }


def utc(at_s: float) -> str:
    """Return a time as documents have it: ``2026-01-09T15:00:00Z``."""
    return f"{datetime.fromtimestamp(at_s, UTC):%Y-%m-%dT%H:%M:%SZ}"


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a document (2020-12)."""
    made = msgspec.json.schema(ForecastDocument)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        "title": "cityops weather forecast",
    } | made


def _typed(raw: Any) -> ForecastDocument:
    try:
        return msgspec.convert(raw, ForecastDocument, strict=True)
    except msgspec.ValidationError as error:
        raise ForecastError(_told(str(error), raw)) from None


def _told(message: str, raw: Any) -> str:
    """Say which value is wrong: msgspec names the place but not what stands there."""
    match = _WRONG.match(message)
    if match is None:
        return message
    found = raw
    for key, index in _STEP.findall(match["path"]):
        try:
            found = found[key] if key else found[int(index)]
        except (KeyError, IndexError, TypeError):
            return f"{match['path'].lstrip('.')}: {match['what']}"
    shown = "" if isinstance(found, dict | list) else f" is {found!r}"
    return f"{match['path'].lstrip('.')}{shown}: {match['what']}"


def _forecast(said: ForecastDocument, given: Given) -> WeatherForecast:
    hours: list[Any] = said.hours
    columns = {
        name: np.array([math.nan if (v := getattr(h, name)) is None else v for h in hours])
        for name in COLUMNS
    }
    for name in ("shortwave_w_m2", "longwave_w_m2"):
        if np.isnan(columns[name]).all():
            del columns[name]
    return WeatherForecast(
        place=given.place_of(Place(**{f: getattr(said.place, f) for f in said.place.__struct_fields__})),
        issued_s=said.issued_at.timestamp() if given.issued_s is None else given.issued_s,
        source=given.source or said.source,
        at_s=np.array([h.at.timestamp() for h in hours]),
        **columns,
    )
