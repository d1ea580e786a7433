"""A forecast file of any format: told from its content, read, and what is wrong with it said with its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal, get_args

from cityops.errors import ConfigurationError
from rules.core.weather_forecast import ForecastError, WeatherForecast
from rules.winter.weather.formats import datahub, metro, open_meteo, own_csv, own_json
from rules.winter.weather.formats.given import Given

Format = Literal["json", "csv", "metro", "datahub", "open-meteo"]
FORMATS: tuple[Format, ...] = get_args(Format)
LARGEST_FILE = 8_000_000
"""A file of a hundred places is half of it."""
STATION = "station.xml"
_SAMPLE = 20_000
_READERS: Mapping[str, Callable[[bytes, Given], list[WeatherForecast]]] = {
    "json": own_json.read,
    "csv": own_csv.read,
    "metro": metro.read,
    "datahub": datahub.read,
    "open-meteo": open_meteo.read,
}


def read_file(path: Path, given: Given, form: Format | None = None) -> list[WeatherForecast]:
    """Return the forecasts of a file; METRo's station.xml beside it says where, and the file's date when it was fetched.

    Raises:
        ConfigurationError: it cannot be read, or is no forecast: what is wrong and what is allowed.
    """
    try:
        size, fetched_s = path.stat().st_size, path.stat().st_mtime
        if size > LARGEST_FILE:
            raise ConfigurationError(f"{path}: {size} bytes; at most {LARGEST_FILE} are read")
        content = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from None
    if given.fetched_s is None:
        given = replace(given, fetched_s=fetched_s)
    chosen = form or told(content, str(path))
    if chosen == "metro":
        given = _with_station(path.parent / STATION, given)
    return read(content, str(path), given, chosen)


def read(content: bytes, name: str, given: Given, form: Format | None = None) -> list[WeatherForecast]:
    """Return the forecasts of a file's content.

    Args:
        content: of the file.
        name: of the file, for errors.
        given: what is said of it beside.
        form: its format; None: told from its content.

    Raises:
        ConfigurationError: it is no forecast: what is wrong and what is allowed.
    """
    if len(content) > LARGEST_FILE:
        raise ConfigurationError(f"{name}: {len(content)} bytes; at most {LARGEST_FILE} are read")
    try:
        return _READERS[form or told(content, name)](content, given)
    except ForecastError as error:
        raise ConfigurationError(f"{name}: {error}") from None


def told(content: bytes, name: str) -> Format:
    """Return the format that a content has.

    Raises:
        ConfigurationError: none of them.
    """
    start = content[:_SAMPLE].removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"<"):
        return "metro"
    if start.startswith((b"{", b"[")):
        if b'"FeatureCollection"' in start:
            return "datahub"
        return "json" if b'"issued_at"' in content and b'"hours"' in content else "open-meteo"
    if b"," in start.split(b"\n", 1)[0]:
        return "csv"
    raise ConfigurationError(f"{name}: its content is none of {', '.join(FORMATS)}; give its format")


def _with_station(path: Path, given: Given) -> Given:
    """Return what was given, completed by a METRo station file where there is one."""
    if (given.latitude_deg is not None and given.longitude_deg is not None) or not path.is_file():
        return given
    try:
        place = metro.place_of_station(path.read_bytes())
    except ForecastError as error:
        raise ConfigurationError(f"{path}: {error}") from None
    return replace(
        given,
        place=given.place or place.name,
        latitude_deg=place.latitude_deg if given.latitude_deg is None else given.latitude_deg,
        longitude_deg=place.longitude_deg if given.longitude_deg is None else given.longitude_deg,
    )
