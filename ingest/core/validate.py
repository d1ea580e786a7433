"""Checks of a batch's values and times, a column at a time.

Nothing raises: rows that fail come back as rejections with reason and field. PostgreSQL
takes NaN, infinity, 1970 and 2106 without a word, so what gets past here is stored.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from devices.contract.kind import Field
from ingest.core.clocks import Clocks, repair_times
from ingest.core.readings import NO_BOOT, Readings
from ingest.core.reasons import Reason, sentence

FUTURE_US = 5 * 60 * 1_000_000
"""How far ahead of the server's clock a reading may be dated [µs]."""

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Rejection:
    """Row ``row`` of the readings fails, for ``reason`` about ``field``."""

    row: int
    reason: Reason
    field: str | None
    sentence: str


def validate(
    readings: Readings, earliest_us: NDArray[np.int64], now_us: int, clocks: Clocks
) -> tuple[Readings, list[Rejection]]:
    """Return the readings that pass, with repaired times and a number each, and the rejections.

    Args:
        readings: as decoded.
        earliest_us: the directory's ``earliest_us``, by device index.
        now_us: the server's time [µs since 1970].
        clocks: what is known of the devices' clocks; learns from this batch.
    """
    earliest = earliest_us[readings.device_index]
    bad = np.zeros(len(readings), dtype=bool)
    rejected = _check_values(readings, bad)
    readings = repair_times(readings, earliest, now_us + FUTURE_US, clocks)
    rejected += _check_times(readings, earliest, now_us + FUTURE_US, bad)
    if rejected:
        readings = readings.take(~bad)
    return _number(readings), rejected


def time_text(us: int) -> str:
    """Return µs since 1970 for a person, also beyond the years that datetime knows."""
    try:
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)).strftime(
            "%Y-%m-%d %H:%M:%S UTC"
        )
    except OverflowError:
        return f"the year {us / 3.15576e13 + 1970:.0f}"


def time_problem(ts_us: int, earliest_us: int, now_us: int) -> tuple[Reason, str] | None:
    """Return reason and sentence where a single time is outside its window, else None."""
    if ts_us < earliest_us:
        facts = {"value": time_text(ts_us), "expected": time_text(earliest_us)}
        return Reason.TOO_EARLY, sentence(Reason.TOO_EARLY, **facts)
    if ts_us > now_us + FUTURE_US:
        return Reason.IN_FUTURE, sentence(Reason.IN_FUTURE, value=time_text(ts_us))
    return None


def _check_values(readings: Readings, bad: NDArray[np.bool_]) -> list[Rejection]:
    """Return one rejection per failing row and mark it in ``bad``."""
    found: list[Rejection] = []
    for column, field in enumerate(readings.kind.fields):
        values = readings.values[:, column]
        with np.errstate(invalid="ignore"):
            fails = (values < field.minimum) | (values > field.maximum) | np.isinf(values)
            for sentinel in field.sentinels:
                fails |= values == sentinel
            if field.codes or field.storage == "smallint":
                fails |= values != np.rint(values)
                fails &= ~np.isnan(values)
        found += [_rejection(int(row), field, float(values[row])) for row in np.flatnonzero(fails & ~bad)]
        bad |= fails
    for group in readings.kind.at_least_one_of:
        places = [i for i, f in enumerate(readings.kind.fields) if f.name in group]
        missing = np.isnan(readings.values[:, places]).all(axis=1) & ~bad
        words = " or ".join(group)
        text = sentence(Reason.MISSING_FIELD, field=words)
        found += [Rejection(int(r), Reason.MISSING_FIELD, group[0], text) for r in np.flatnonzero(missing)]
        bad |= missing
    return found


def _rejection(row: int, field: Field, value: float) -> Rejection:
    unit = field.quantity.symbol
    expected = f"{field.minimum:g} to {field.maximum:g}"
    if value in field.sentinels:
        reason = Reason.SENTINEL
    elif not np.isfinite(value):
        reason = Reason.NOT_FINITE
    elif not field.minimum <= value <= field.maximum:
        reason = Reason.OUT_OF_RANGE
    else:
        reason, expected = Reason.NOT_WHOLE, ", ".join(map(str, field.codes)) or "the whole numbers"
    text = sentence(reason, field=field.name, value=f"{value:g}", unit=unit, expected=expected)
    return Rejection(row, reason, field.name, text)


def _check_times(
    readings: Readings, earliest: NDArray[np.int64], latest_us: int, bad: NDArray[np.bool_]
) -> list[Rejection]:
    outside = ((readings.ts_us < earliest) | (readings.ts_us > latest_us)) & ~bad
    found = []
    for row in np.flatnonzero(outside):
        problem = time_problem(int(readings.ts_us[row]), int(earliest[row]), latest_us - FUTURE_US)
        if problem is not None:
            found.append(Rejection(int(row), problem[0], "ts", problem[1]))
    bad |= outside
    return found


def _number(readings: Readings) -> Readings:
    """Number the readings of devices that count nothing by their measured time.

    The boot is -1 minus the day since 1970, the sequence the millisecond of that day:
    negative boots can't come from a device, and a ledger row per day stays small. Two
    readings of such a device in one millisecond are one.
    """
    unnumbered = readings.boot == NO_BOOT
    if not unnumbered.any():
        return readings
    day, ms = np.divmod(readings.ts_us // 1000, DAY_MS)
    boot = np.where(unnumbered, -1 - day, readings.boot)
    return replace(readings, boot=boot, seq=np.where(unnumbered, ms, readings.seq))
