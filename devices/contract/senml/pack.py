"""Resolved records to packs that say the same in fewer words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from devices.contract.senml.labels import Plain
from devices.contract.senml.resolve import RELATIVE_BELOW_S, Record

_FIELD = {float: "v", int: "v", str: "vs", bool: "vb", bytes: "vd"}


def pack(records: Sequence[Record]) -> list[Plain]:
    """Return a pack that resolves to ``records``, which are in order of time, at any now.

    Base name, time and unit are what all, or most, of the records have in common. A name or a unit that is not
    the base's stands in its record; a record without unit keeps the base unit out of the pack.
    """
    if not records:
        return []
    base_name = _common(records)
    base_time_s = records[0].time_s
    relative = base_time_s >= RELATIVE_BELOW_S and all(_exact(base_time_s, r.time_s) for r in records)
    unit = Counter(record.unit for record in records).most_common(1)[0][0]
    base_unit = unit if all(record.unit for record in records) else ""
    out: list[dict[str, object]] = []
    for record in records:
        fields: dict[str, object] = {}
        if not out:
            fields |= {"bn": base_name} if base_name else {}
            fields |= {"bt": base_time_s} if relative else {}
            fields |= {"bu": base_unit} if base_unit else {}
        if record.name != base_name:
            fields["n"] = record.name[len(base_name) :]
        if record.unit != base_unit:
            fields["u"] = record.unit
        fields |= _time(record.time_s, base_time_s if relative else 0.0) | _values(record)
        out.append(fields)
    return list(out)


def _common(records: Sequence[Record]) -> str:
    first, last = min(r.name for r in records), max(r.name for r in records)
    same = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    return first[:same]


def _exact(base_s: float, time_s: float) -> bool:
    return base_s + (time_s - base_s) == time_s


def _time(time_s: float, base_s: float) -> dict[str, object]:
    return {} if time_s == base_s else {"t": time_s - base_s}


def _values(record: Record) -> dict[str, object]:
    fields: dict[str, object] = {}
    if record.value is not None:
        fields[_FIELD[type(record.value)]] = record.value
    if record.sum is not None:
        fields["s"] = record.sum
    if record.update_s is not None:
        fields["ut"] = record.update_s
    return fields
