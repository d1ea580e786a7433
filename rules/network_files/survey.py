"""What was surveyed at places along the roads, from CSV: sky view factors and altitudes."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from cityops.errors import ConfigurationError
from rules.core.network.snap import SurveyPoint

PLACE = ("latitude_deg", "longitude_deg")
MEASURED = ("sky_view_factor", "altitude_m")
ALLOWED = {
    "latitude_deg": (-90.0, 90.0), "longitude_deg": (-180.0, 180.0), "sky_view_factor": (0.0, 1.0),
    "altitude_m": (-500.0, 9000.0),
}  # fmt: skip


def read_survey(path: Path) -> tuple[SurveyPoint, ...]:
    """Return the places of a CSV file with the columns of :class:`SurveyPoint`; an empty field is not surveyed.

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
    if missing or unknown or not any(n in given for n in MEASURED):
        raise ConfigurationError(
            f"survey {path}: columns are {', '.join(given) or 'none'}; allowed: {', '.join(PLACE)}"
            f" and one or both of {', '.join(MEASURED)}"
        )


def _point(place: str, row: Mapping[str, str | None]) -> SurveyPoint:
    values = {name: _number(place, name, row[name] or "") for name in ALLOWED if name in row}
    lat, lon = values["latitude_deg"], values["longitude_deg"]
    if lat is None or lon is None:
        raise ConfigurationError(f"{place}: latitude_deg and longitude_deg are needed")
    return SurveyPoint(lat, lon, values.get("sky_view_factor"), values.get("altitude_m"))


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
