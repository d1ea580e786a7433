"""Reads hourly observations of a street in NORTRIP's text format (Hornsgatan, Stockholm).

Tab-separated with one line of names; -99 is missing. The clock is UTC+1 all year (metadata: "Time difference
(UTC) -1"). Pressure where it is missing: 1000 hPa. Beside the file, ``metadata.txt`` may say where the street is.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cityops.errors import ConfigurationError
from rules.core.road_surface.nights import Series

Floats = NDArray[np.float64]

MISSING = -99.0
COLUMNS = 16
HOUR_S = 3600.0
PRESSURE_HPA = 1000.0
NAMES = (
    "air_c", "wind_m_s", "wind_deg", "humidity_pct", "rain_mm_h", "snow_mm_h", "shortwave_w_m2", "cloud",
    "wetness_mv", "surface_c", "pressure_hpa", "longwave_w_m2",
)  # fmt: skip
BEGINNINGS = (
    "T2m",
    "FF",
    "DD",
    "RH",
    "Rain",
    "Snow",
    "Global",
    "Cloud",
    "Road wet",
    "Road surf",
    "Press",
    "Longw",
)


@dataclass(frozen=True, slots=True)
class Hours:
    """Consecutive hours of a street.

    Attributes:
        at_s: times, UTC [s since 1970], one hour apart.
        values: by ``NAMES``; NaN = missing.
        latitude_deg, longitude_deg: of the street.
        utc_offset_h: of the file's clock.
    """

    at_s: Floats
    values: dict[str, Floats]
    latitude_deg: float
    longitude_deg: float
    utc_offset_h: float


def read(path: Path) -> Hours:
    """Return the hours of a file.

    Raises:
        ConfigurationError: the file is not there, not of this format, or has gaps in its clock.
    """
    if not path.is_file():
        raise ConfigurationError(
            f"{path}: there is no such file; wanted: hourly observations in NORTRIP's format"
        )
    with path.open(encoding="utf-8") as file:
        lines = list(csv.reader(file, delimiter="\t"))
    if not lines or not _is_head(lines[0]):
        raise ConfigurationError(
            f"{path}: the first line must name Year, Month, Day, Hour, then {', '.join(BEGINNINGS)}…, tab-separated"
        )
    meta = _metadata(path.with_name("metadata.txt"))
    offset_h = -meta.get("Time difference (UTC)", -1.0)
    rows = [row for row in lines[1:] if row]
    table = np.array([_numbers(path, i + 2, row) for i, row in enumerate(rows)]).reshape(-1, len(NAMES))
    at_s = np.array([_time(path, i + 2, row, offset_h) for i, row in enumerate(rows)])
    if len(at_s) < 2 or (np.diff(at_s) != HOUR_S).any():
        raise ConfigurationError(f"{path}: the hours must follow each other without a gap")
    table = np.where(table == MISSING, np.nan, table)
    values = dict(zip(NAMES, table.T, strict=True))
    where = meta.get("Latitude", 59.17), meta.get("Longitude", 18.3)
    return Hours(at_s, values, *where, offset_h)


def series(hours: Hours) -> Series:
    """Return the hours as the road model wants them."""
    v = hours.values
    names = (
        "air_c",
        "humidity_pct",
        "wind_m_s",
        "shortwave_w_m2",
        "rain_mm_h",
        "snow_mm_h",
        "longwave_w_m2",
        "cloud",
    )
    pressure = 100.0 * np.where(np.isnan(v["pressure_hpa"]), PRESSURE_HPA, v["pressure_hpa"])
    return Series(
        at_s=hours.at_s, surface_c=v["surface_c"], pressure_pa=pressure, **{name: v[name] for name in names}
    )


def _is_head(row: list[str]) -> bool:
    return len(row) == COLUMNS and all(
        name.strip().startswith(begin) for name, begin in zip(row[4:], BEGINNINGS, strict=True)
    )


def _numbers(path: Path, line: int, row: list[str]) -> list[float]:
    try:
        found = [float(v) for v in row[4:]]
    except ValueError as error:
        raise ConfigurationError(f"{path}, line {line}: {error}") from None
    if len(found) != len(NAMES):
        raise ConfigurationError(f"{path}, line {line}: {len(row)} columns instead of {COLUMNS}")
    return found


def _time(path: Path, line: int, row: list[str], offset_h: float) -> float:
    try:
        year, month, day, hour = (int(float(v)) for v in row[:4])
        at = datetime(year, month, day, tzinfo=UTC) + timedelta(hours=hour - offset_h)
    except ValueError as error:
        raise ConfigurationError(f"{path}, line {line}: {error}") from None
    return at.timestamp()


def _metadata(path: Path) -> dict[str, float]:
    """Return the numbers of a metadata file by their names; empty where there is none."""
    if not path.is_file():
        return {}
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition("\t")
        try:
            found[name.strip()] = float(value)
        except ValueError:
            continue
    return found
