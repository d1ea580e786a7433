"""Our own CSV: a row an hour, columns by name in any order, as many forecasts as it has places, sources and issues."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence

import numpy as np

from rules.core.weather_forecast import COLUMNS, ForecastError, Place, WeatherForecast
from rules.winter.weather.formats.given import Given, named_after, time_s

HEAD = ("place", "latitude_deg", "longitude_deg", "altitude_m", "source", "issued_at")
"""The same in each row of a forecast; a column that is left out must be given beside the file."""
SOURCE = "csv"
"""Of a forecast whose source nobody says."""

Row = dict[str, str]


def read(content: bytes, given: Given) -> list[WeatherForecast]:
    """Return the forecasts of a file.

    Raises:
        ForecastError: naming the line, the column, the value and what is allowed.
    """
    table = _rows(content)
    forecasts: dict[tuple[str, ...], list[tuple[int, Row]]] = {}
    for line, row in table:
        forecasts.setdefault(tuple(row.get(name, "") for name in HEAD), []).append((line, row))
    if not forecasts:
        raise ForecastError("no row below its first line")
    given.only_one(len(forecasts))
    return [_forecast(dict(zip(HEAD, head, strict=True)), found, given) for head, found in forecasts.items()]


def _rows(content: bytes) -> list[tuple[int, Row]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ForecastError(
            f"it is no UTF-8 text: byte {error.start} is {content[error.start]:#04x}"
        ) from None
    lines = csv.reader(io.StringIO(text))
    names = [name.strip() for name in next(lines, [])]
    _check_names(names)
    found = []
    for line, values in enumerate(lines, start=2):
        if not any(v.strip() for v in values):
            continue
        if len(values) != len(names):
            raise ForecastError(
                f"line {line} has {len(values)} values; the first line names {len(names)} columns"
            )
        found.append((line, {n: v.strip() for n, v in zip(names, values, strict=True)}))
    return found


def _check_names(names: Sequence[str]) -> None:
    known = ("at", *HEAD, *COLUMNS)
    unknown = [n for n in names if n not in known]
    if unknown or len(set(names)) != len(names):
        wrong = unknown[0] if unknown else next(n for n in names if names.count(n) > 1)
        raise ForecastError(
            f"column {wrong!r} is {'not known' if unknown else 'there twice'}; columns: {', '.join(known)}"
        )
    missing = [n for n in ("at", "air_c") if n not in names]
    if missing:
        raise ForecastError(f"column {missing[0]!r} is missing; the first line must name 'at' and 'air_c'")


def _forecast(head: Row, found: list[tuple[int, Row]], given: Given) -> WeatherForecast:
    first = found[0][0]
    issued = given.issued_s
    if issued is None:
        if not head["issued_at"]:
            raise ForecastError(f"line {first}: issued_at is empty; name it in the file or beside it")
        issued = time_s(head["issued_at"], f"line {first}: issued_at")
    columns = {
        name: np.array([_number(row[name], line, name) for line, row in found])
        if name in found[0][1]
        else np.full(len(found), math.nan)
        for name in COLUMNS
    }
    for name in ("shortwave_w_m2", "longwave_w_m2"):
        if np.isnan(columns[name]).all():
            del columns[name]
    return WeatherForecast(
        place=_place(head, first, given),
        issued_s=issued,
        source=given.source or head["source"] or SOURCE,
        at_s=np.array([time_s(row["at"], f"line {line}: at") for line, row in found]),
        **columns,
    )


def _place(head: Row, line: int, given: Given) -> Place:
    where = {}
    for name in ("latitude_deg", "longitude_deg"):
        value = getattr(given, name)
        where[name] = _number(head[name], line, name) if value is None else value
        if math.isnan(where[name]):
            raise ForecastError(f"line {line}: {name} is empty; name it in the file or beside it")
    altitude = _number(head["altitude_m"], line, "altitude_m")
    said = Place(
        name=head["place"] or named_after(**where),
        altitude_m=None if math.isnan(altitude) else altitude,
        **where,
    )
    return given.place_of(said)


def _number(text: str, line: int, name: str) -> float:
    if not text:
        return math.nan
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ForecastError(
            f"line {line}: {name} is {text!r}; it must be a number, or empty where it is not given"
        )
    return value
