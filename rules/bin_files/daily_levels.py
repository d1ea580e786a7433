"""Levels of smart bins, one a day, as compactor bins of Bigbelly's make report them (Wyndham City Council publishes three years).

A level is one of 0, 2, … 10, rounded down. An alert with level 0 is a fault, not an empty bin; a bin that gives nothing but
alerts is left out. Why a bin asks to be emptied (``reason``) is no level: its threshold may be 60 or 80 %. A day that repeats
an earlier one to the letter, in all its many bins, is a copy under another date and missing.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from cityops.errors import ConfigurationError
from rules.core.bin_forecast.next_day import Daily
from rules.core.psychrometrics import Floats

COLUMNS = ("timestamp", "latestFullness", "serialNumber", "reason")
LEVELS = {f"{n}": float(n) for n in range(0, 11, 2)}
CELL_PCT = 20.0
"""The step of a level of ten [% of fill]."""
ALERT = "ALERT"
MOST_ALERTS = 0.95
"""A bin with a larger share of alerts tells nothing."""
MOST_DAYS = 36_600
"""A file spans at most a hundred years."""
COPY_BINS, COPY_DAYS = 20, 90
"""So many bins never read the same on two days by chance; copies have been seen some weeks apart."""


@dataclass(frozen=True, slots=True)
class DailyLevels:
    """A file's bins.

    Attributes:
        bins: serial numbers, in the order of the columns of ``daily``.
        first: the first day.
        daily: the readings.
        faults: alerts with level 0, which are missing now.
        left_out: bins with nothing but alerts.
        repeated: days that were copies of an earlier one, which are missing now.
    """

    bins: tuple[str, ...]
    first: date
    daily: Daily
    faults: int
    left_out: tuple[str, ...]
    repeated: int


@dataclass(frozen=True, slots=True)
class _Row:
    day: date
    level: float
    serial: str
    alert: bool


def read_daily_levels(path: Path) -> DailyLevels:
    """Return the levels of a file, days without a row are missing; of two rows of a bin and day the last counts.

    Raises:
        ConfigurationError: naming file, line, column, value and what is allowed.
    """
    rows = list(_rows(path))
    if not rows:
        raise ConfigurationError(f"{path.name}: there is no reading in it")
    left_out = _only_alerts(rows)
    column = {n: i for i, n in enumerate(sorted({r.serial for r in rows} - set(left_out)))}
    first, last = min(r.day for r in rows), max(r.day for r in rows)
    days = (last - first).days + 1
    if days > MOST_DAYS:
        raise ConfigurationError(f"{path.name}: from {first} to {last}; allowed: {MOST_DAYS} days at most")
    fills, faults = np.full((days, len(column)), np.nan), 0
    for row in rows:
        fault = row.alert and row.level == 0.0
        faults += fault
        if row.serial in column:
            fills[(row.day - first).days, column[row.serial]] = np.nan if fault else 10.0 * row.level
    copies = _copies(fills)
    fills[copies] = np.nan
    daily = Daily(fills, first.weekday(), CELL_PCT)
    return DailyLevels(tuple(column), first, daily, faults, left_out, len(copies))


def _only_alerts(rows: list[_Row]) -> tuple[str, ...]:
    """Return the bins of which nearly all rows are alerts."""
    count = Counter(r.serial for r in rows)
    alerts = Counter(r.serial for r in rows if r.alert)
    return tuple(sorted(n for n, rows_n in count.items() if alerts[n] / rows_n > MOST_ALERTS))


def _copies(fill_pct: Floats) -> list[int]:
    """Return the days on which every bin reads as on one day not long before, where there are many bins."""
    seen: dict[bytes, int] = {}
    found = []
    for day, fills in enumerate(fill_pct):
        if (fills > 0.0).sum() == 0 or (~np.isnan(fills)).sum() < COPY_BINS:
            continue
        key = fills.tobytes()
        if key in seen and day - seen[key] <= COPY_DAYS:
            found.append(day)
        seen[key] = day
    return found


def _rows(path: Path) -> Iterator[_Row]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            missing = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
            if missing:
                raise ConfigurationError(
                    f"{path.name}: there is no column {', '.join(missing)}; allowed: {', '.join(COLUMNS)}, and others"
                )
            for row in rows:
                yield _row(f"{path.name}, line {rows.line_num}", row)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigurationError(f"{path} can't be read: {error}") from error


def _row(where: str, row: dict[str, str | None]) -> _Row:
    day, level, serial, reason = (row[name] or "" for name in COLUMNS)
    if level not in LEVELS:
        raise ConfigurationError(f"{where}: latestFullness is {level!r}; allowed: {', '.join(LEVELS)}")
    if not serial.strip():
        raise ConfigurationError(f"{where}: serialNumber is {serial!r}; allowed: a bin's number")
    try:
        when = date.fromisoformat(day[:10])
    except ValueError as error:
        raise ConfigurationError(f"{where}: timestamp is {day!r}; allowed: a date as 2020-01-31") from error
    return _Row(when, LEVELS[level], serial.strip(), reason == ALERT)
