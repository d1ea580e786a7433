"""Reads what was spread on a street, hour by hour, in NORTRIP's text format (Hornsgatan, Stockholm).

Tab-separated with one line of names. The clock is that of the observations beside it. An hour in the file is an hour
in which something was done; nobody states how complete the log is.
"""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cityops.errors import ConfigurationError
from rules.core.hindcast.facts import Spread

BEGINNINGS = ("Year", "Month", "Day", "Hour", "M_sanding", "M_salting(na)", "M_salting(mg)", "Ploughing")
COLUMNS = 10


def read_log(path: Path, utc_offset_h: float) -> tuple[Spread, ...]:
    """Return what was spread, the earliest first; rows in which nothing was are left out.

    Args:
        path: of the file.
        utc_offset_h: of its clock.

    Raises:
        ConfigurationError: the file is not there or not of this format.
    """
    if not path.is_file():
        raise ConfigurationError(
            f"{path}: there is no such file; wanted: a log of salting in NORTRIP's format"
        )
    with path.open(encoding="utf-8") as file:
        lines = list(csv.reader(file, delimiter="\t"))
    if not lines or not _is_head(lines[0]):
        raise ConfigurationError(f"{path}: the first line must name {', '.join(BEGINNINGS)}…, tab-separated")
    found = [_spread(path, i + 2, row, utc_offset_h) for i, row in enumerate(lines[1:]) if row]
    return tuple(sorted((s for s in found if s.is_any), key=lambda s: s.at_s))


def _is_head(row: list[str]) -> bool:
    return len(row) == COLUMNS and all(
        name.strip().startswith(begin) for name, begin in zip(row, BEGINNINGS, strict=False)
    )


def _spread(path: Path, line: int, row: list[str], offset_h: float) -> Spread:
    try:
        values = [float(v) for v in row]
        year, month, day, hour = (int(v) for v in values[:4])
        at = datetime(year, month, day, tzinfo=UTC) + timedelta(hours=hour - offset_h)
        sand, salt, magnesium, plough = values[4:8]
    except ValueError as error:
        raise ConfigurationError(f"{path}, line {line}: {error}") from None
    amounts = {"sanding": sand, "salting(na)": salt, "salting(mg)": magnesium, "ploughing": plough}
    for name, value in amounts.items():
        if not 0.0 <= value <= 2000.0:
            raise ConfigurationError(f"{path}, line {line}: {name} is {value:g}; allowed: 0 to 2000")
    return Spread(at_s=at.timestamp(), salt_g_m2=salt + magnesium, sand_g_m2=sand, plough=plough > 0.0)
