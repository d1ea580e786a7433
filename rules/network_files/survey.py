"""What was surveyed at places along the roads, from CSV: sky view factors, altitudes and horizons."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from cityops.errors import ConfigurationError
from rules.core.network.snap import SurveyPoint

PLACE = ("latitude_deg", "longitude_deg")
MEASURED = ("sky_view_factor", "altitude_m", "horizon_deg")
SECTORS = (8, 72)
"""A horizon has at least and at most so many elevations."""
ALLOWED = {
    "latitude_deg": (-90.0, 90.0), "longitude_deg": (-180.0, 180.0), "sky_view_factor": (0.0, 1.0),
    "altitude_m": (-500.0, 9000.0), "horizon_deg": (0.0, 90.0),
}  # fmt: skip


def read_survey(path: Path) -> tuple[SurveyPoint, ...]:
    """Return the places of a CSV file with the columns of :class:`SurveyPoint`; an empty field is not surveyed.

    ``horizon_deg`` holds elevations in equal sectors from north over east, with spaces or ``;`` between them.

    Raises:
        ConfigurationError: naming line, column, value and what is allowed.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            _check_columns(path, rows.fieldnames or ())
            return tuple(_point(f"{path.name}, line {rows.line_num}", row) for row in rows)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigurationError(f"survey {path} can't be read: {error}") from error


def _check_columns(path: Path, names: object) -> None:
    given = list(names)  # type: ignore[call-overload]
    missing = [n for n in PLACE if n not in given]
    unknown = [n for n in given if n not in ALLOWED]
    if missing or unknown or len(set(given)) < len(given) or not any(n in given for n in MEASURED):
        raise ConfigurationError(
            f"survey {path}: columns are {', '.join(given) or 'none'}; allowed: {', '.join(PLACE)}"
            f" and one or more of {', '.join(MEASURED)}, each once"
        )


def _point(place: str, row: Mapping[str, str | None]) -> SurveyPoint:
    values = {n: _number(place, n, row[n] or "") for n in ALLOWED if n in row and n != "horizon_deg"}
    if None in row:
        raise ConfigurationError(f"{place}: more fields than columns; allowed: {len(row) - 1}")
    lat, lon = values["latitude_deg"], values["longitude_deg"]
    if lat is None or lon is None:
        raise ConfigurationError(f"{place}: latitude_deg and longitude_deg are needed")
    horizon = _horizon(place, row.get("horizon_deg") or "")
    return SurveyPoint(lat, lon, values.get("sky_view_factor"), values.get("altitude_m"), horizon)


def _horizon(place: str, text: str) -> tuple[float, ...]:
    found = [_number(place, "horizon_deg", part) for part in text.replace(";", " ").split()]
    least, most = SECTORS
    if found and not least <= len(found) <= most:
        raise ConfigurationError(
            f"{place}: horizon_deg has {len(found)} elevations; allowed: {least} to {most}"
        )
    return tuple(h for h in found if h is not None)


def _number(place: str, name: str, text: str) -> float | None:
    if not text.strip():
        return None
    low, high = ALLOWED[name]
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not low <= number <= high or (name == "sky_view_factor" and number <= 0.0):
        above = "more than 0, at most 1" if name == "sky_view_factor" else f"{low:g} to {high:g}"
        raise ConfigurationError(f"{place}: {name} is {text!r}; allowed: {above}")
    return number
