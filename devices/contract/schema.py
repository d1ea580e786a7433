"""JSON Schema of a kind's reading on the wire, derived from its declaration."""

from __future__ import annotations

from typing import Any

from devices.contract.kind import Field, Kind
from devices.contract.messages import MAX_SEQ


def _field(field: Field) -> dict[str, Any]:
    unit = f" [{field.quantity.symbol}]" if field.quantity.symbol else ""
    schema: dict[str, Any] = {
        "type": "number" if field.required else ["number", "null"],
        "title": field.title,
        "description": f"{field.title}{unit}",
        "minimum": field.minimum,
        "maximum": field.maximum,
    }
    if field.sentinels:
        schema["not"] = {"enum": list(field.sentinels)}
    if field.codes:
        meanings = ", ".join(f"{code} {name}" for code, name in field.codes.items())
        schema["description"] = f"{field.title}: {meanings}"
    return schema


def json_schema(kind: Kind) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of one reading of a kind.

    Unknown fields are allowed: the server ignores and counts them.
    """
    envelope: dict[str, Any] = {
        "ts": {
            "description": "When it was measured: RFC 3339 with offset, or milliseconds since 1970",
            "anyOf": [{"type": "string", "format": "date-time"}, {"type": "integer", "minimum": 0}],
        },
        "boot": {"type": "integer", "minimum": 0, "maximum": MAX_SEQ, "description": "Changes at each start"},
        "seq": {"type": "integer", "minimum": 0, "maximum": MAX_SEQ, "description": "Counts within a boot"},
    }
    schema: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": kind.title,
        "description": kind.description,
        "type": "object",
        "required": ["ts", *(f.name for f in kind.fields if f.required)],
        "properties": {**envelope, **{f.name: _field(f) for f in kind.fields}},
    }
    if kind.at_least_one_of:
        schema["allOf"] = [
            {"anyOf": [{"required": [name]} for name in group]} for group in kind.at_least_one_of
        ]
    return schema
