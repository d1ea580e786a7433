"""What is said of a file beside what is in it, and what readers of several formats share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from rules.core.weather_forecast import ForecastError, Place

Floats = NDArray[np.float64]

SEA_LEVEL_LAPSE_K_M = 0.0065
SEA_LEVEL_EXPONENT = 5.257
"""Of the barometric formula with the standard atmosphere's lapse rate, as the WMO reduces pressure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What whoever hands a file over says of it; it goes before what the file says.

    Attributes:
        place: the place's name.
        latitude_deg, longitude_deg, altitude_m: where it is.
        source: who made the forecast.
        issued_s: when it was given out [s since 1970].
        fetched_s: when the file was fetched [s since 1970]: the issue of a format that does not say one.
    """

    place: str | None = None
    latitude_deg: float | None = None
    longitude_deg: float | None = None
    altitude_m: float | None = None
    source: str | None = None
    issued_s: float | None = None
    fetched_s: float | None = None

    def only_one(self, forecasts: int) -> None:
        """Refuse a place for a file of several places.

        Raises:
            ForecastError: one is given.
        """
        if forecasts > 1 and (self.place, self.latitude_deg, self.longitude_deg) != (None, None, None):
            raise ForecastError(f"it has {forecasts} forecasts: a place cannot be given for all of them")

    def place_of(self, said: Place) -> Place:
        """Return where a forecast is for: what was given, else what the file said."""
        return Place(
            name=said.name if self.place is None else self.place,
            latitude_deg=said.latitude_deg if self.latitude_deg is None else self.latitude_deg,
            longitude_deg=said.longitude_deg if self.longitude_deg is None else self.longitude_deg,
            altitude_m=said.altitude_m if self.altitude_m is None else self.altitude_m,
        )


def named_after(latitude_deg: float, longitude_deg: float) -> str:
    """Return a name for a place that has none: its coordinates."""
    return f"{latitude_deg:.4f} {longitude_deg:.4f}"


def time_s(text: object, what: str) -> float:
    """Return an ISO 8601 time as seconds since 1970; without an offset it is UTC.

    Raises:
        ForecastError: it is none.
    """
    try:
        at = datetime.fromisoformat(str(text).strip())
    except ValueError:
        raise ForecastError(f"{what} is {text!r}; it must be a time such as 2026-01-09T15:00Z") from None
    return (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).timestamp()


def json_of(content: bytes) -> Any:
    """Return a JSON text as plain data.

    Raises:
        ForecastError: it is none.
    """
    try:
        return msgspec.json.decode(content.removeprefix(b"\xef\xbb\xbf"))
    except msgspec.DecodeError as error:
        raise ForecastError(f"no JSON: {error}") from None


def number(value: object, what: str) -> float:
    """Return a number, NaN for None.

    Raises:
        ForecastError: it is neither.
    """
    if value is None:
        return float("nan")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ForecastError(f"{what} is {value!r}; it must be a number or null")
    return float(value)


def member(document: object, *path: str) -> Any:
    """Return what stands at a path of JSON objects, None where there is nothing."""
    for step in path:
        document = document.get(step) if isinstance(document, Mapping) else None
    return document


def station_hpa(sea_level_hpa: Floats, altitude_m: float, air_c: Floats) -> Floats:
    """Return the pressure at an altitude from the pressure reduced to sea level [hPa]."""
    drop_k = SEA_LEVEL_LAPSE_K_M * altitude_m
    return np.asarray(sea_level_hpa * (1.0 - drop_k / (air_c + 273.15 + drop_k)) ** SEA_LEVEL_EXPONENT)


def at_least_snow(precipitation_mm_h: Floats, snow_mm_h: Floats) -> Floats:
    """Return all that falls, never less than the snow in it: sources round and blend the two apart."""
    return np.where(snow_mm_h > precipitation_mm_h, snow_mm_h, precipitation_mm_h)


def foretold(air_c: Floats) -> slice:
    """Return the hours from the first to the last that have an air temperature.

    Sources pad the ends of a model's run with nulls; those hours are not forecast. A hole between is left in,
    and refused later.

    Raises:
        ForecastError: there are fewer than two.
    """
    known = np.flatnonzero(~np.isnan(air_c))
    if len(known) < 2:
        raise ForecastError(f"air temperature is given at {len(known)} hours; there must be 2 or more")
    return slice(int(known[0]), int(known[-1]) + 1)
