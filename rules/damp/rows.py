"""Rows of the database as the analyst's values, and back. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import msgspec
import numpy as np

from rules.core.analyst.model import Calibration, Day, EventRow, FindingRow, Month, Series, Stations
from rules.core.psychrometrics import Floats

DAY_FIELDS = tuple(f.name for f in fields(Day))
EVENT_FIELDS = tuple(f.name for f in fields(EventRow))
_TUPLES = ("flags", "calibrations", "hour_c", "hour_pa", "hour_wall_c")
NO_READINGS = Series(np.empty(0), np.empty(0), np.empty(0), np.empty(0))


def day_of_row(row: Sequence[Any]) -> Day:
    """Return a day from a row whose columns are in the order of :data:`DAY_FIELDS`."""
    values = dict(zip(DAY_FIELDS, row, strict=True))
    for name in _TUPLES:
        values[name] = None if values[name] is None else tuple(values[name])
    values["mould"] = msgspec.json.decode(values["mould"])
    values["mould_state"] = bytes(values["mould_state"])
    return Day(**values)


def row_of_day(home_id: int, device_id: int, day: Day) -> dict[str, Any]:
    """Return a day as parameters of its statement."""
    row = {name: getattr(day, name) for name in DAY_FIELDS}
    for name in _TUPLES:
        row[name] = None if row[name] is None else list(row[name])
    return {**row, "home_id": home_id, "device_id": device_id, "mould": as_json(day.mould)}


def event_of_row(row: Sequence[Any]) -> EventRow:
    """Return an event from a row whose columns are in the order of :data:`EVENT_FIELDS`."""
    return EventRow(**dict(zip(EVENT_FIELDS, row, strict=True)))


def row_of_event(home_id: int, device_id: int, event: EventRow) -> dict[str, Any]:
    """Return an event as parameters of its statement."""
    row = {name: getattr(event, name) for name in EVENT_FIELDS}
    return {**row, "home_id": home_id, "device_id": device_id}


def row_of_finding(home_id: int, device_id: int, f: FindingRow) -> dict[str, Any]:
    """Return a finding as parameters of its statement."""
    plain = ("week", "to_day", "cause", "confidence", "risk", "mould_index", "rules")
    documents = ("evidence", "advice", "iso", "standard", "monthly")
    return {
        "home_id": home_id,
        "device_id": device_id,
        **{name: getattr(f, name) for name in plain},
        **{name: as_json(getattr(f, name)) for name in documents},
    }


def month_of_row(row: Sequence[Any]) -> Month:
    """Return a month; rounded, so that it does not matter in which order its days were added."""
    name, days, *means = row
    t, excess, outdoor_c, outdoor_pa = (round(float(m), 3) for m in means)
    return Month(
        month=name, days=days, temperature_c=t, excess_pa=excess, outdoor_c=outdoor_c, outdoor_pa=outdoor_pa
    )


def calibration_of_row(row: Sequence[Any]) -> Calibration:
    """Return a calibration."""
    names = ("calibration_id", "field", "offset", "keeps_vapour", "from_s", "to_s", "how")
    return Calibration(**dict(zip(names, row, strict=True)))


def series_of(columns: Sequence[Sequence[float | None]]) -> Series:
    """Return readings from columns: times, temperature, humidity, wall."""
    return Series(*(floats(c) for c in columns))


def stations_of(columns: Sequence[Any]) -> Stations:
    """Return readings of weather stations from columns; None of none."""
    numbers, *values = columns
    if numbers is None:
        return Stations(np.empty(0, dtype=np.int64), np.empty(0), np.empty(0), np.empty(0))
    return Stations(np.array(numbers, dtype=np.int64), *(floats(v) for v in values))


def floats(values: Sequence[float | None]) -> Floats:
    """Return a column with NaN where there is nothing."""
    return np.array(values, dtype=np.float64)


def as_json(value: Any) -> str:
    """Return a value as JSON, keys in order: the same value gives the same text."""
    return msgspec.json.encode(value, order="sorted").decode()
