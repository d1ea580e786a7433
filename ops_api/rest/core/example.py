"""An example of whatever a JSON Schema describes: valid, the same each time, and with names as they are in a town. Pure.

From the schema alone, so that no example is out of date: the document of the API has one with every operation, and a test
checks each against its schema.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Schema = Mapping[str, Any]

DEEP_MOST = 6
"""Below this, optional members are left out: documents may hold documents of their own kind."""
NAMED: Mapping[str, Any] = {
    "device": "road-001", "kind": "road", "route_id": "route-1", "bin_id": "bin-0001", "label": "Elm Road", "street": "Elm Road",
    "title": "Ice on Elm Road", "detail": "There is no device 'x'.", "type": "/problems/not-found", "unit": "°C", "ucum": "Cel",
    "surface_temperature_c": -0.4, "temperature_c": 16.5, "humidity_pct": 81.0, "latitude_deg": 51.4501, "longitude_deg": -2.5946,
    "by": "Ada", "assignee": "Ada", "reason": "Wet, -1 °C.", "rule_id": "winter.ice", "status": 404, "channel": "duty-officer",
    "cadence_s": 600, "severity": "major", "request_id": "0190163d-8694-739b", "note": "Seen on the round.",
}  # fmt: skip
FORMATS: Mapping[str, str] = {
    "date-time": "2026-01-09T05:10:00Z", "date": "2026-01-09", "time": "05:10:00Z", "uuid": "0190163d-8694-739b-aea5-966c26f8ad91",
    "uri": "https://city.example/", "binary": "…", "duration": "PT10M", "email": "duty@city.example",
}  # fmt: skip


def example(schema: Schema, schemas: Mapping[str, Schema], name: str = "", deep: int = 0) -> Any:
    """Return an example.

    Args:
        schema: of the value.
        schemas: those that ``$ref`` names, by name.
        name: of the member that the value is of.
        deep: how many documents are around it.
    """
    if "$ref" in schema:
        return example(schemas[schema["$ref"].rpartition("/")[2]], schemas, name, deep)
    for key in ("const", "example", "default"):
        if schema.get(key) is not None:
            return schema[key]
    for key in ("examples", "enum"):
        if schema.get(key):
            return schema[key][0]
    either = schema.get("anyOf") or schema.get("oneOf")
    if either:
        first = next((one for one in either if one.get("type") != "null"), either[0])
        return example(first, schemas, name, deep)
    return _of_type(schema, schemas, name, deep)


def _of_type(schema: Schema, schemas: Mapping[str, Schema], name: str, deep: int) -> Any:
    kind = schema.get("type", "object" if "properties" in schema else None)
    if kind == "object":
        return _object(schema, schemas, name, deep)
    if kind == "array":
        least = max(schema.get("minItems", 0), 0 if deep > DEEP_MOST else 1)
        few = min(least, schema.get("maxItems", least))
        items = schema.get("prefixItems") or [schema.get("items", {})] * few
        return [example(one, schemas, name, deep + 1) for one in items]
    make = _PLAIN.get(str(kind))
    return None if make is None else make(schema, NAMED.get(name))


def _object(schema: Schema, schemas: Mapping[str, Schema], name: str, deep: int) -> dict[str, Any]:
    required = set(schema.get("required", ()))
    found = {
        member: example(one, schemas, member, deep + 1)
        for member, one in schema.get("properties", {}).items()
        if deep <= DEEP_MOST or member in required
    }
    more = schema.get("additionalProperties")
    if not found and isinstance(more, Mapping) and more:
        key = example(schema.get("propertyNames", {"type": "string"}), schemas, name)
        return {str(key): example(more, schemas, name, deep + 1)}
    return found


def _string(schema: Schema, named: Any) -> str:
    if schema.get("format") in FORMATS:
        return FORMATS[schema["format"]]
    text = named if isinstance(named, str) else "text"
    text = text.ljust(schema.get("minLength", 0), "x")
    return text[: schema.get("maxLength", len(text))]


def _number(schema: Schema, named: Any) -> float:
    number = float(named) if isinstance(named, int | float) else 1.5
    return float(_within(schema, number, 0.5))


def _integer(schema: Schema, named: Any) -> int:
    number = named if isinstance(named, int) else 1
    return int(_within(schema, number, 1))


def _within(schema: Schema, number: float, step: float) -> float:
    """Return the number, or the one nearest to it that the schema allows."""
    least = schema.get(
        "minimum", schema.get("exclusiveMinimum", number) + (step if "exclusiveMinimum" in schema else 0)
    )
    most = schema.get(
        "maximum", schema.get("exclusiveMaximum", number) - (step if "exclusiveMaximum" in schema else 0)
    )
    return float(min(max(number, least), max(most, least)))


_PLAIN: Mapping[str, Callable[[Schema, Any], Any]] = {
    "string": _string,
    "number": _number,
    "integer": _integer,
    "boolean": lambda _, named: named if isinstance(named, bool) else True,
}
