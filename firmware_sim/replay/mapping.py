"""What ``cityops replay --map`` says: which column becomes which field.

``ts=Time,temperature_c=Temp:F`` takes a column by its name; ``#3`` takes the third.
The time may be put together from several: ``ts={Year}-{Month}-{Day} {Hour}``.
A column name that has ``,``, ``=`` or ``:`` in it is written in double quotes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cityops.errors import ConfigurationError
from devices.contract.kind import Kind
from firmware_sim.replay.units import Conversion, conversion

_PART = re.compile(r'\s*([a-z][a-z0-9_]*)\s*=\s*("[^"]*"|[^,":]+)\s*(?::([^,]+))?\s*(?:,|$)')
_BRACE = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True, slots=True)
class FieldSource:
    """Where a field's value comes from."""

    column: str
    convert: Conversion | None


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """Sources of the time (a template) and of each field."""

    ts: str
    fields: Mapping[str, FieldSource]


def parse_mapping(text: str, kind: Kind) -> ColumnMap:
    """Return what ``text`` says.

    Raises:
        ConfigurationError: text that can't be read, no ``ts``, or a field that the
            kind does not have.
    """
    ts: str | None = None
    fields: dict[str, FieldSource] = {}
    for name, column, unit in _parts(text):
        if name == "ts":
            ts = column if _BRACE.search(column) else "{" + column + "}"
        elif name not in kind.by_name:
            allowed = ", ".join(kind.by_name)
            raise ConfigurationError(f"--map: {kind.name} has no field {name!r}; allowed: ts, {allowed}")
        else:
            fields[name] = FieldSource(column, conversion(unit) if unit else None)
    if ts is None or not fields:
        raise ConfigurationError("--map needs ts=COLUMN and at least one FIELD=COLUMN")
    return ColumnMap(ts, fields)


def _parts(text: str) -> list[tuple[str, str, str]]:
    found: list[tuple[str, str, str]] = []
    position = 0
    while position < len(text):
        match = _PART.match(text, position)
        if match is None:
            raise ConfigurationError(
                f"--map can't be read at {text[position : position + 30]!r}; write FIELD=COLUMN[:UNIT], ..."
            )
        found.append((match[1], match[2].strip().strip('"'), (match[3] or "").strip()))
        position = match.end()
    return found


def template_columns(template: str) -> list[str]:
    """Return the column names in braces."""
    return _BRACE.findall(template)


def fill(template: str, row: Mapping[str, str]) -> str:
    """Return the template with each ``{column}`` replaced by the row's value."""
    return _BRACE.sub(lambda m: row[m[1]].strip(), template)


def check_columns(wanted: Sequence[str], present: Sequence[str]) -> None:
    """Raise ConfigurationError where a wanted column is not in the file."""
    missing = [c for c in wanted if c not in present]
    if missing:
        raise ConfigurationError(
            f"the file has no column {missing[0]!r}; it has: {', '.join(c for c in present if c[:1] != '#')}"
        )
