"""A weather forecast for one place, hour by hour, and what it must keep to be taken.

Whatever the format, a forecast becomes this value in SI-like units; a source that does not give a quantity gives NaN
for it, never a guess. Amounts are those of the hour that *ends* at the time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rules.core.road_surface.vapour import over_water_pa

Floats = NDArray[np.float64]

HOUR_S = 3600.0
OLDEST_HOUR_H = 96.0
"""Hours before the issue may be in a file: METRo wants some for its coupling."""
MOST_HOURS = 16 * 24 + int(OLDEST_HOUR_H)
"""Sixteen days, the longest that Open-Meteo gives, after hours that are over."""
ABOVE_AIR_C = 0.5
"""How far a dew point may be above the air temperature: both are rounded, and air may be supersaturated."""
LIMITS: Mapping[str, tuple[float, float]] = {
    "air_c": (-60.0, 50.0),
    "dew_point_c": (-80.0, 40.0),
    "wind_m_s": (0.0, 90.0),
    "cloud": (0.0, 1.0),
    "precipitation_mm_h": (0.0, 150.0),
    "snow_mm_h": (0.0, 50.0),
    "pressure_hpa": (700.0, 1100.0),
    "shortwave_w_m2": (0.0, 1500.0),
    "longwave_w_m2": (50.0, 700.0),
}
"""What is taken, by column: air, wind and pressure as METRo's own limits, the rest what has been measured on Earth."""
COLUMNS = tuple(LIMITS)


class ForecastError(ValueError):
    """A forecast cannot be taken: the text names the field, its value and what is allowed."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a forecast is for.

    Attributes:
        name: as the authority calls it: 1 to 80 visible characters.
        latitude_deg, longitude_deg: WGS 84.
        altitude_m: above sea level, of the ground that the temperatures are for; None: not given.
    """

    name: str
    latitude_deg: float
    longitude_deg: float
    altitude_m: float | None = None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class WeatherForecast:
    """What the weather will be at a place, as it was said at one time.

    All arrays are of one length, one value an hour; NaN = not given.

    Attributes:
        place: where.
        issued_s: when it was given out (a model's run), to the second [s since 1970].
        source: who says so, as ``metro``, ``datahub``, ``open-meteo``, ``town``; at most 40 characters.
        at_s: hours, each 3600 s after the one before, to the second [s since 1970].
        air_c: air temperature at 1.5–2 m [°C]; given at every hour.
        dew_point_c: over water, also below 0 [°C].
        wind_m_s: at 10 m.
        cloud: covered share of the sky, 0..1.
        precipitation_mm_h: all that falls in the hour that ends at the time, water equivalent.
        snow_mm_h: the part of it that is snow, water equivalent; NaN where the source does not part them.
        pressure_hpa: at the place's altitude.
        shortwave_w_m2: global radiation, mean of the hour that ends at the time; None: not given at all.
        longwave_w_m2: from the sky; None: not given at all.
    """

    place: Place
    issued_s: float
    source: str
    at_s: Floats
    air_c: Floats
    dew_point_c: Floats
    wind_m_s: Floats
    cloud: Floats
    precipitation_mm_h: Floats
    snow_mm_h: Floats
    pressure_hpa: Floats
    shortwave_w_m2: Floats | None = None
    longwave_w_m2: Floats | None = None
    _digest: str = field(init=False, default="", repr=False)

    def __post_init__(self) -> None:
        """Round times to the second, freeze the arrays, refuse what cannot be.

        Raises:
            ForecastError: names the first that is wrong.
        """
        _check_place(self.place)
        _check_source(self.source)
        at_s = np.array(self.at_s, dtype=np.float64)
        _check_times(at_s, self.issued_s)
        object.__setattr__(self, "issued_s", float(round(self.issued_s)))
        object.__setattr__(self, "at_s", _frozen(round(at_s[0]) + HOUR_S * np.arange(len(at_s))))
        for name, values in self.columns().items():
            object.__setattr__(self, name, _frozen(values))
        _check_columns(self)
        object.__setattr__(self, "_digest", _digest(self))

    def columns(self) -> dict[str, Floats]:
        """Return the quantities that are given, by name, in the order of ``COLUMNS``."""
        return {name: values for name in COLUMNS if (values := getattr(self, name)) is not None}

    @property
    def digest(self) -> str:
        """A hash of all that it says, 32 hexadecimal digits: the same forecast always has the same."""
        return self._digest

    def humidity_pct(self) -> Floats:
        """Return the relative humidity over water [%], at most 100; NaN where no dew point is given."""
        share = over_water_pa(self.dew_point_c) / over_water_pa(self.air_c)
        return np.asarray(np.minimum(100.0 * share, 100.0), dtype=np.float64)

    def leads_h(self) -> Floats:
        """Return how far each hour is ahead of the issue [h]; below 0 what was over then."""
        return np.asarray((self.at_s - self.issued_s) / HOUR_S, dtype=np.float64)

    def missing(self) -> dict[str, int]:
        """Return how many hours each quantity lacks, those that lack none left out."""
        lacks = {name: int(np.isnan(_or_nan(self, name)).sum()) for name in COLUMNS}
        return {name: count for name, count in lacks.items() if count > 0}


def rows(forecast: WeatherForecast) -> Iterator[tuple[float, dict[str, float | None]]]:
    """Return for each hour its time [s since 1970] and all quantities by name, None = not given."""
    table = {name: _or_nan(forecast, name) for name in COLUMNS}
    for i, at_s in enumerate(forecast.at_s):
        yield float(at_s), {n: None if np.isnan(v[i]) else float(v[i]) for n, v in table.items()}


def _or_nan(forecast: WeatherForecast, name: str) -> Floats:
    values: Floats | None = getattr(forecast, name)
    return np.full(len(forecast.at_s), np.nan) if values is None else values


def _frozen(values: Any) -> Floats:
    array = np.array(values, dtype=np.float64)
    array.setflags(write=False)
    return array


def _check_place(place: Place) -> None:
    name = place.name
    if not 0 < len(name) <= 80 or name != name.strip() or not name.isprintable():
        raise ForecastError(
            f"place: name is {name!r}; it has 1 to 80 visible characters and no space at its ends"
        )
    for what, value, most in (
        ("latitude", place.latitude_deg, 90.0),
        ("longitude", place.longitude_deg, 180.0),
    ):
        if not -most <= value <= most:
            raise ForecastError(f"place {name}: {what}_deg is {value:g}; it must be -{most:g} to {most:g}")
    if place.altitude_m is not None and not -500.0 <= place.altitude_m <= 9000.0:
        raise ForecastError(f"place {name}: altitude_m is {place.altitude_m:g}; it must be -500 to 9000")


def _check_source(source: str) -> None:
    if not 0 < len(source) <= 40 or not all(c.isalnum() or c in "-_." for c in source):
        raise ForecastError(f"source is {source!r}; it has 1 to 40 letters, digits, '-', '_' or '.'")


def _check_times(at_s: Floats, issued_s: float) -> None:
    if not 2 <= len(at_s) <= MOST_HOURS:
        raise ForecastError(f"{len(at_s)} hours; there must be 2 to {MOST_HOURS}")
    if not (np.isfinite(issued_s) and np.isfinite(at_s).all()):
        raise ForecastError("a time is not a number")
    steps = np.diff(at_s)
    uneven = np.flatnonzero(np.abs(steps - HOUR_S) > 0.5)
    if len(uneven) > 0:
        i = int(uneven[0])
        raise ForecastError(
            f"hour {i + 2} is {steps[i] / HOUR_S:g} h after hour {i + 1}; it must be 1 h, in order"
        )
    if at_s[-1] <= issued_s:
        raise ForecastError("its last hour is not after its issue: nothing in it is a forecast")
    if at_s[0] < issued_s - OLDEST_HOUR_H * HOUR_S or at_s[0] > issued_s + 24.0 * HOUR_S:
        lead_h = (at_s[0] - issued_s) / HOUR_S
        raise ForecastError(
            f"its first hour is {lead_h:+.0f} h from its issue; it must be -{OLDEST_HOUR_H:g} to +24 h"
        )


def _check_columns(forecast: WeatherForecast) -> None:
    hours = len(forecast.at_s)
    for name, values in forecast.columns().items():
        if values.shape != (hours,):
            raise ForecastError(f"{name} has {values.size} values; the forecast has {hours} hours")
        low, high = LIMITS[name]
        _refuse(
            name, values, ~np.isnan(values) & ~((values >= low) & (values <= high)), f"{low:g} to {high:g}"
        )
    air = forecast.air_c
    _refuse("air_c", air, np.isnan(air), "given at every hour")
    above = forecast.dew_point_c > air + ABOVE_AIR_C
    _refuse("dew_point_c", forecast.dew_point_c, above, f"at most {ABOVE_AIR_C:g} above air_c")
    more = forecast.snow_mm_h > forecast.precipitation_mm_h + 0.05
    _refuse("snow_mm_h", forecast.snow_mm_h, more, "at most precipitation_mm_h")


def _refuse(name: str, values: Floats, wrong: NDArray[np.bool_], allowed: str) -> None:
    found = np.flatnonzero(wrong)
    if len(found) > 0:
        i = int(found[0])
        raise ForecastError(f"{name} of hour {i + 1} is {values[i]:g}; it must be {allowed}")


def _digest(forecast: WeatherForecast) -> str:
    place = forecast.place
    said = (
        place.name,
        place.latitude_deg,
        place.longitude_deg,
        place.altitude_m,
        forecast.issued_s,
        forecast.source,
    )
    made = hashlib.blake2b(repr(said).encode(), digest_size=16)
    made.update(forecast.at_s.tobytes())
    for name in COLUMNS:
        values = _or_nan(forecast, name) + 0.0
        made.update(np.where(np.isnan(values), np.nan, values).tobytes())
    return made.hexdigest()
