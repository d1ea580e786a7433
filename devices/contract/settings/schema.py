"""JSON Schema of the ``desired`` document of a kind, derived from the declaration."""

from __future__ import annotations

from typing import Any

from devices.contract.kind import Kind
from devices.contract.settings.declared import settings_of
from devices.contract.settings.model import Setting

_TYPE = {"integer": "integer", "number": "number", "flag": "boolean"}


def _value(s: Setting) -> dict[str, Any]:
    unit = f" [{s.unit}]" if s.unit else ""
    made: dict[str, Any] = {
        "type": _TYPE.get(s.type, "string"),
        "title": s.title,
        "description": f"{s.description}{unit}",
    }
    if s.minimum is not None and s.maximum is not None:
        made |= {"minimum": s.minimum, "maximum": s.maximum}
    if s.choices:
        made["enum"] = list(s.choices)
    if s.pattern:
        made["pattern"] = s.pattern
    if s.longest:
        made |= {"minLength": 1, "maxLength": s.longest}
    if s.default is not None:
        made["default"] = s.default
    return made


def json_schema(kind: Kind) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of what a device of a kind is told.

    Settings that are not named there are allowed: an older firmware reports them as unknown.
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Settings of a device: {kind.title}",
        "type": "object",
        "required": ["version", "settings"],
        "properties": {
            "version": {"type": "integer", "minimum": 1, "maximum": 2**31 - 1},
            "confirm_within_s": {"type": "integer", "minimum": 10, "maximum": 86_400, "default": 600},
            "confirmed": {"type": "boolean", "default": False},
            "settings": {
                "type": "object",
                "properties": {name: _value(s) for name, s in settings_of(kind).items()},
            },
        },
    }
