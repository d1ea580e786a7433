"""Packs to resolved records: base fields applied, times absolute, in order of time (RFC 8428, section 4.6)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias, cast

from devices.contract.senml.labels import VALUES, VERSION, Plain, SenmlError, checked, number

RELATIVE_BELOW_S = 2.0**28
"""Times below are relative to now, those from here on since 1970 (section 4.5.3)."""
MOST_RECORDS = 5000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9\-:./_]*\Z")

Value: TypeAlias = float | str | bool | bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One measurement.

    Attributes:
        name: base name and name, joined.
        time_s: seconds since 1970, UTC.
        unit: of the SenML units registry; empty where none is given.
        value: None where there is a sum only.
        sum: integral of the value over time [unit times second]; None where there is none.
        update_s: the most time until the next one [s]; None where not told.
    """

    name: str
    time_s: float
    unit: str = ""
    value: Value | None = None
    sum: float | None = None
    update_s: float | None = None


@dataclass(slots=True)
class _Base:
    name: str = ""
    time_s: float = 0.0
    unit: str = ""
    value: float | None = None
    sum: float | None = None
    version: int | None = None


def resolve(pack: Sequence[Plain], now_s: float) -> tuple[Record, ...]:
    """Return a pack's records, resolved.

    Args:
        pack: its records, by JSON labels.
        now_s: what relative times count from: when it came [s since 1970].

    Raises:
        SenmlError: it breaks a rule of the RFC.
    """
    if len(pack) > MOST_RECORDS:
        raise SenmlError(f"the pack has {len(pack)} records; at most {MOST_RECORDS} are taken")
    base, records = _Base(), []
    for place, plain in enumerate(pack, start=1):
        fields = checked(plain, place)
        _rebase(base, fields, place)
        record = _record(base, fields, now_s, place)
        if record is not None:
            records.append(record)
    return tuple(sorted(records, key=lambda record: record.time_s))


def _rebase(base: _Base, fields: Plain, place: int) -> None:
    version = cast("int", fields.get("bver", VERSION if base.version is None else base.version))
    if base.version is not None and version != base.version:
        raise SenmlError(f"record {place}: bver is {version}, and {base.version} before; a pack has one")
    base.version = version
    base.name = cast("str", fields.get("bn", base.name))
    base.time_s = cast("float", fields.get("bt", base.time_s))
    base.unit = cast("str", fields.get("bu", base.unit))
    base.value = cast("float | None", fields.get("bv", base.value))
    base.sum = cast("float | None", fields.get("bs", base.sum))


def _record(base: _Base, fields: Plain, now_s: float, place: int) -> Record | None:
    if fields and all(label.startswith("b") for label in fields):
        return None  # it only sets what those after it begin from (section 5.1.7)
    name = base.name + cast("str", fields.get("n", ""))
    if not _NAME.match(name):
        raise SenmlError(
            f"record {place}: the name is {name[:60]!r}; wanted are letters, digits and -:./_, a letter or digit first"
        )
    value, total = _value(base, fields, place), _plus(base.sum, fields.get("s"), place)
    if value is None and total is None:
        raise SenmlError(f"record {place}: it has neither a value (v, vs, vb, vd) nor a sum (s)")
    time_s = number(base.time_s + cast("float", fields.get("t", 0.0)), "bt + t", place)
    if time_s < RELATIVE_BELOW_S:
        time_s += now_s
    unit = cast("str", fields.get("u", base.unit))
    update_s = cast("float | None", fields.get("ut"))
    return Record(name=name, time_s=time_s, unit=unit, value=value, sum=total, update_s=update_s)


def _value(base: _Base, fields: Plain, place: int) -> Value | None:
    given = [label for label in VALUES if label in fields]
    if len(given) > 1:
        raise SenmlError(f"record {place}: it has {' and '.join(given)}; a record has one value")
    if not given:
        return None if "s" in fields else base.value
    if given[0] != "v":
        return cast("Value", fields[given[0]])
    return number((base.value or 0.0) + cast("float", fields["v"]), "bv + v", place)


def _plus(base: float | None, own: object, place: int) -> float | None:
    if base is None and own is None:
        return None
    return number((base or 0.0) + cast("float", own or 0.0), "bs + s", place)
