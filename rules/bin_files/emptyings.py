"""Emptyings of bins as Enevo's sensors report them (City of Edinburgh publishes ten thousand of summer 2016).

The fill found is used; the fill after is always said to be 0 and the weight is volume times a constant: neither is measured.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from cityops.errors import ConfigurationError
from rules.core.bin_forecast.emptyings import Intervals, intervals

COLUMNS = ("site_id", "content_type", "collected_at_local", "fill_before_pct")
FIRST = datetime(1970, 1, 1)  # noqa: DTZ001  (the file's times are local and have no zone)
MOST_PCT = 1000.0
"""No bin is fuller than ten times its height."""


@dataclass(frozen=True, slots=True)
class EmptyingFile:
    """A file's bins (site and content), how many emptyings, and the intervals between them."""

    bins: tuple[str, ...]
    emptyings: int
    intervals: Intervals


def is_emptyings(path: Path) -> bool:
    """Return whether a file's head is that of emptyings."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            head = next(csv.reader(file), [])
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigurationError(f"{path} can't be read: {error}") from error
    return all(name in head for name in COLUMNS)


def read_emptyings(path: Path) -> EmptyingFile:
    """Return the emptyings of a file.

    Raises:
        ConfigurationError: naming file, line, column, value and what is allowed.
    """
    rows: list[tuple[str, float, float]] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file)
            missing = [name for name in COLUMNS if name not in (table.fieldnames or ())]
            if missing:
                raise ConfigurationError(
                    f"{path.name}: there is no column {', '.join(missing)}; allowed: {', '.join(COLUMNS)}, and others"
                )
            rows = [_row(f"{path.name}, line {table.line_num}", row) for row in table]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigurationError(f"{path} can't be read: {error}") from error
    if not rows:
        raise ConfigurationError(f"{path.name}: there is no emptying in it")
    names = sorted({name for name, _, _ in rows})
    number = {name: i for i, name in enumerate(names)}
    found = intervals(
        np.array([number[name] for name, _, _ in rows], dtype=np.int64),
        np.array([at for _, at, _ in rows]), np.array([fill for _, _, fill in rows]),
    )  # fmt: skip
    return EmptyingFile(tuple(names), len(rows), found)


def _row(where: str, row: dict[str, str | None]) -> tuple[str, float, float]:
    site, content, when, fill = ((row[name] or "").strip() for name in COLUMNS)
    if not site:
        raise ConfigurationError(f"{where}: site_id is {site!r}; allowed: a site's number")
    try:
        at_h = (datetime.fromisoformat(when).replace(tzinfo=None) - FIRST).total_seconds() / 3600.0
    except ValueError as error:
        raise ConfigurationError(
            f"{where}: collected_at_local is {when!r}; allowed: a local time as 2016-06-10 07:42:32"
        ) from error
    return f"{site} {content}", at_h, _pct(where, fill)


def _pct(where: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0.0 <= value <= MOST_PCT:
        raise ConfigurationError(f"{where}: fill_before_pct is {text!r}; allowed: 0 to {MOST_PCT:g}")
    return value
