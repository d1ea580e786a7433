"""Our fields in SenML's units and back (RFC 8428, section 12.1; millimetres an hour from RFC 8798)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from devices.contract.kind import Field, Kind
from devices.contract.quantities import BATTERY, FILL, LATITUDE, LONGITUDE, RELATIVE_HUMIDITY, Quantity
from devices.contract.senml.resolve import Record

# By quantity where the unit alone does not say it, else by its UCUM code: SenML's unit, and how many of it one of ours is.
_BY_QUANTITY: Mapping[Quantity, tuple[str, float]] = {
    RELATIVE_HUMIDITY: ("%RH", 1.0),
    BATTERY: ("%EL", 1.0),
    FILL: ("/", 0.01),
    LATITUDE: ("lat", 1.0),
    LONGITUDE: ("lon", 1.0),
}
_BY_UCUM: Mapping[str, tuple[str, float]] = {
    "Cel": ("Cel", 1.0),
    "hPa": ("Pa", 100.0),
    "V": ("V", 1.0),
    "m/s": ("m/s", 1.0),
    "deg": ("rad", math.pi / 180.0),
    "mm/h": ("mm/h", 1.0),
    "W/m2": ("W/m2", 1.0),
    "mm": ("m", 0.001),
    "m": ("m", 1.0),
    "kg": ("kg", 1.0),
}
# Of positions the only unit that our maps of fields do not know by another name.
_PLACES = {"lat": "deg", "lon": "deg"}


def unit_of(field: Field) -> tuple[str, float]:
    """Return SenML's unit of a field and the factor to it; no unit and 1 for codes and what SenML has none for."""
    return _BY_QUANTITY.get(field.quantity) or _BY_UCUM.get(field.quantity.ucum, ("", 1.0))


def records_of(
    prefix: str, kind: Kind, time_s: float, values: Mapping[str, float | None]
) -> tuple[Record, ...]:
    """Return one reading as resolved records, named ``prefix`` and the field; what was not measured has none.

    Values are rounded to six significant digits where a unit is changed: no sensor of ours has more.
    """
    records = []
    for field in kind.fields:
        value = values.get(field.name)
        if value is not None:
            unit, factor = unit_of(field)
            told = float(value) if factor == 1.0 else float(f"{value * factor:.6g}")
            records.append(Record(name=prefix + field.name, time_s=time_s, unit=unit, value=told))
    return tuple(records)


def by_time(records: Sequence[Record]) -> list[dict[str, Any]]:
    """Return resolved records as objects that maps of fields read, one for each time.

    Each has ``time`` [s since 1970] and ``values``: by full name, by the name's last part (after the last ``:`` or
    ``/``) and by ``unit:`` and the unit, where only one record of that time has it. A value is an object with ``value`` and, where there is
    one, ``unit``. Sums, and values that are bytes, are left out.
    """
    times: dict[float, list[Record]] = {}
    for record in records:
        if record.value is not None and not isinstance(record.value, bytes):
            times.setdefault(record.time_s, []).append(record)
    return [{"time": time_s, "values": _values(some)} for time_s, some in times.items()]


def _values(records: Sequence[Record]) -> dict[str, Any]:
    found: dict[str, list[Record]] = {}
    for record in records:
        names = {record.name, record.name.replace("/", ":").rpartition(":")[2]}
        if record.unit:
            names.add(f"unit:{record.unit}")
        for name in names:
            found.setdefault(name, []).append(record)
    return {name: _value(some[0]) for name, some in found.items() if len(some) == 1}


def _value(record: Record) -> dict[str, Any]:
    unit = _PLACES.get(record.unit, record.unit)
    return {"value": record.value} | ({"unit": unit} if unit else {})
