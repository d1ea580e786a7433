"""Maps of what a network server, or a maker's codec, decoded onto the fields of a kind.

A map is data (JSON or TOML)::

    {"fields": {
        "distance_mm": {"from": "distance", "unit": "cm", "sentinel": [0, 65535]},
        "battery_pct": "battery",
        "fill_pct":    {"from": ["data", "fill.level"], "scale": 100, "when": {"path": "valid", "is": true}},
        "surface_state": {"from": "state", "enum": {"dry": 0, "wet": 2}}},
     "each": "history", "at": "time"}

``from`` is a path: names and places in lists, with dots between them, or as a list where a name has a dot.
A value may be a number, a text with a unit (``"2116 mm"``, whose unit counts before ``unit``), or an object with
``value`` and perhaps ``unit``. In order: ``enum``, ``sentinel`` (as sent), ``scale`` and ``offset``, the unit. A value that is not
there, is null, or whose ``when`` does not hold, was not measured; nothing is made up. ``each`` names a list of which
every entry is a reading, ``at`` its time (RFC 3339, or seconds or milliseconds since 1970).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from devices.contract.kind import Kind
from ingest.core.lorawan.units import Linear, linear, units_for

Path = tuple[str, ...]
Scalar = str | float | bool


class MapError(ValueError):
    """A map that can't be used: the sentence names the key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How one field comes about; see the module."""

    field: str
    path: Path
    scale: float = 1.0
    offset: float = 0.0
    unit: Linear | None = None
    sentinel: tuple[Scalar, ...] = ()
    enum: Mapping[str, float] | None = None
    when_path: Path | None = None
    when_is: tuple[Scalar, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldMap:
    """A map that has been checked against its kind."""

    rules: tuple[Rule, ...]
    each: Path | None = None
    at: Path | None = None


_TOP = frozenset({"fields", "each", "at"})
_RULE = frozenset({"from", "unit", "scale", "offset", "sentinel", "enum", "when"})


def read_map(spec: object, kind: Kind) -> FieldMap:
    """Return the map that ``spec`` is.

    Raises:
        MapError: it is none, or names no fields of ``kind``.
    """
    top = _object(spec, "the map", _TOP)
    fields = top.get("fields")
    if not isinstance(fields, Mapping) or not fields:
        raise MapError("fields: wanted is an object with a field of the kind for each key")
    rules = tuple(_rule(name, rule, kind) for name, rule in fields.items())
    _enough(kind, {rule.field for rule in rules})
    each = _path(top["each"], "each") if "each" in top else None
    at = _path(top["at"], "at") if "at" in top else None
    return FieldMap(rules=rules, each=each, at=at)


def _enough(kind: Kind, named: set[str]) -> None:
    missing = [f.name for f in kind.fields if f.required and f.name not in named]
    if missing:
        raise MapError(f"fields: kind {kind.name} needs {', '.join(missing)}")
    for group in kind.at_least_one_of:
        if not named & set(group):
            raise MapError(f"fields: kind {kind.name} needs {' or '.join(group)}")


def _rule(name: object, rule: object, kind: Kind) -> Rule:
    if not isinstance(name, str) or name not in kind.by_name:
        raise MapError(f"fields.{name}: kind {kind.name} has no such field; it has {', '.join(kind.by_name)}")
    key = f"fields.{name}"
    if isinstance(rule, str | list):
        return Rule(field=name, path=_path(rule, key))
    given = _object(rule, key, _RULE)
    if "from" not in given:
        raise MapError(f"{key}.from: missing; wanted is a path such as 'distance'")
    when_path, when_is = _when(given["when"], f"{key}.when") if "when" in given else (None, ())
    return Rule(
        field=name,
        path=_path(given["from"], f"{key}.from"),
        scale=_number(given.get("scale", 1.0), f"{key}.scale"),
        offset=_number(given.get("offset", 0.0), f"{key}.offset"),
        unit=_unit(given["unit"], name, key) if "unit" in given else None,
        sentinel=_scalars(given.get("sentinel", []), f"{key}.sentinel"),
        enum=_enum(given["enum"], f"{key}.enum") if "enum" in given else None,
        when_path=when_path,
        when_is=when_is,
    )


def _object(value: object, key: str, allowed: frozenset[str]) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise MapError(f"{key}: {_shown(value)}; wanted is an object")
    unknown = sorted(str(name) for name in value if name not in allowed)
    if unknown:
        place = "" if key == "the map" else f"{key}."
        raise MapError(f"{place}{unknown[0]}: no such key; allowed are {', '.join(sorted(allowed))}")
    return value


def _path(value: object, key: str) -> Path:
    parts: Sequence[object] = (
        value.split(".") if isinstance(value, str) else value if isinstance(value, list) else []
    )
    if (
        not parts
        or not all(isinstance(part, str) and 0 < len(part) <= 100 for part in parts)
        or len(parts) > 20
    ):
        raise MapError(
            f"{key}: {_shown(value)}; wanted is a path such as 'data.distance' or ['data', 'distance']"
        )
    return tuple(str(part) for part in parts)


def _number(value: object, key: str) -> float:
    try:
        number = math.nan if isinstance(value, bool) or not isinstance(value, int | float) else float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise MapError(f"{key}: {_shown(value)}; wanted is a number")
    return number


def _unit(value: object, field: str, key: str) -> Linear:
    found = linear(field, value) if isinstance(value, str) else None
    if found is None:
        raise MapError(
            f"{key}.unit: {_shown(value)}; {field} may be given in {', '.join(units_for(field)) or 'no unit'}"
        )
    return found


def _scalars(value: object, key: str) -> tuple[Scalar, ...]:
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(one, str | int | float | bool) for one in values):
        raise MapError(f"{key}: {_shown(value)}; wanted are numbers or texts")
    return tuple(values)


def _enum(value: object, key: str) -> Mapping[str, float]:
    if not isinstance(value, Mapping) or not value:
        raise MapError(f"{key}: {_shown(value)}; wanted is an object of values sent to numbers")
    return MappingProxyType({str(name): _number(number, f"{key}.{name}") for name, number in value.items()})


def _when(value: object, key: str) -> tuple[Path, tuple[Scalar, ...]]:
    given = _object(value, key, frozenset({"path", "is"}))
    if "path" not in given or "is" not in given:
        raise MapError(f"{key}: wanted are path and is")
    return _path(given["path"], f"{key}.path"), _scalars(given["is"], f"{key}.is")


def _shown(value: object) -> str:
    text = (
        repr(value) if isinstance(value, str | int | float | bool) or value is None else type(value).__name__
    )
    return text if len(text) <= 60 else text[:60] + "…"
