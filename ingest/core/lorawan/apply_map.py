"""Values through a map of :mod:`ingest.core.lorawan.field_map`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ingest.core.lorawan.decoded import BATTERY, Builder, Decoded, DecodeError, Sample
from ingest.core.lorawan.events import EnvelopeError
from ingest.core.lorawan.field_map import FieldMap, Path, Rule, Scalar
from ingest.core.lorawan.fields import parse_time
from ingest.core.lorawan.units import linear, read_text, units_for

MOST_SAMPLES = 500
"""Readings of one uplink; a frame has at most 242 bytes."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS_FROM = 100_000_000_000
"""From here on a number is taken for milliseconds since 1970: as seconds it would be the year 5138."""


def apply_map(found: FieldMap, decoded: Mapping[str, Any]) -> Decoded:
    """Return what ``decoded`` says by the map ``found``.

    Raises:
        DecodeError: a value that the map names is none it can read.
    """
    if found.each is None:
        return _one(found, decoded)
    entries = _at(decoded, found.each)
    if entries is None:
        return Decoded()
    if not isinstance(entries, list):
        raise DecodeError(f"{'.'.join(found.each)} is no list")
    if len(entries) > MOST_SAMPLES:
        raise DecodeError(
            f"{'.'.join(found.each)} has {len(entries)} entries; at most {MOST_SAMPLES} are taken"
        )
    parts = [_one(found, entry) for entry in entries]
    samples = tuple(sample for part in parts for sample in part.samples)
    return Decoded(
        samples=samples, not_measured={k: v for part in parts for k, v in part.not_measured.items()}
    )


def _one(found: FieldMap, values: Any) -> Decoded:
    out = Builder()
    for rule in found.rules:
        if rule.when_path is not None and not _is_one_of(_at(values, rule.when_path), rule.when_is):
            continue
        _apply(rule, _at(values, rule.path), out)
    if not out.fields.keys() - BATTERY:
        return out.build()
    at = None if found.at is None else _time(_at(values, found.at), ".".join(found.at))
    return Decoded(samples=(Sample(fields=out.fields, at=at),), not_measured=out.not_measured)


def _apply(rule: Rule, value: Any, out: Builder) -> None:
    """Read one value into ``out``."""
    unit = ""
    if isinstance(value, Mapping) and "value" in value:
        told = value.get("unit")
        unit = told if isinstance(told, str) else ""
        value = value["value"]
    if value is None:
        return
    if _is_one_of(value, rule.sentinel):
        out.not_measured[rule.field] = f"{value}: said to be nothing measured"
        return
    try:
        number = _enumerated(rule, value) if rule.enum is not None else _plain(rule, value, unit, out)
    except DecodeError as e:
        raise DecodeError(f"{'.'.join(rule.path)} for {rule.field}: {e}") from None
    if number is not None:
        out.fields[rule.field] = number


def _enumerated(rule: Rule, value: Any) -> float:
    assert rule.enum is not None
    name = ("true" if value else "false") if isinstance(value, bool) else _text(value)
    if name not in rule.enum:
        raise DecodeError(f"{name[:40]!r} is none of {', '.join(rule.enum)}")
    return rule.enum[name]


def _plain(rule: Rule, value: Any, unit: str, out: Builder) -> float | None:
    if isinstance(value, str):
        value, told = read_text(value)
        unit = told or unit
        if _is_one_of(value, rule.sentinel):
            out.not_measured[rule.field] = f"{value:g}: said to be nothing measured"
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise DecodeError(f"{type(value).__name__} is no number; give an enum where it stands for one")
    try:
        number = float(value) * rule.scale + rule.offset
    except OverflowError:
        number = math.inf
    conversion = linear(rule.field, unit) if unit else rule.unit
    if unit and conversion is None:
        allowed = ", ".join(units_for(rule.field)) or "no unit"
        raise DecodeError(f"unit {unit!r} is none of {allowed}")
    if conversion is not None:
        number = number * conversion[0] + conversion[1]
    if not math.isfinite(number):
        raise DecodeError("it is no finite number")
    return number


def _at(values: Any, path: Path) -> Any:
    """Return what is at ``path``; None where nothing is."""
    for part in path:
        if isinstance(values, Mapping):
            values = values.get(part)
        elif isinstance(values, list) and part.removeprefix("-").isdecimal() and len(part) < 8:
            place = int(part)
            values = values[place] if -len(values) <= place < len(values) else None
        else:
            return None
    return values


def _is_one_of(value: Any, wanted: tuple[Scalar, ...]) -> bool:
    return any(isinstance(value, bool) == isinstance(one, bool) and value == one for one in wanted)


def _text(value: Any) -> str:
    if isinstance(value, float) and math.isfinite(value) and value == int(value):
        return str(int(value))  # 1.0 of a JavaScript codec is 1
    return str(value)


def _time(value: Any, place: str) -> datetime | None:
    """Return a time: RFC 3339, or seconds or milliseconds since 1970."""
    if value is None:
        return None
    try:
        if isinstance(value, str):
            return parse_time(value, place)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise DecodeError(f"{place} is no time")
        return _EPOCH + timedelta(seconds=value / 1000 if value >= _MS_FROM else value)
    except (EnvelopeError, OverflowError) as e:
        raise DecodeError(str(e)) from None
