"""The REST reference page, from the OpenAPI document: no script and no foreign viewer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path."""

    method: str
    path: str
    summary: str
    parameters: tuple[tuple[str, str, bool, str], ...]
    body: tuple[tuple[str, bool, str], ...]


def _type(schema: Mapping[str, Any]) -> str:
    options = schema.get("anyOf") or [schema]
    names = []
    for option in options:
        if "enum" in option:
            names.append(" | ".join(str(v) for v in option["enum"]))
        elif option.get("type") != "null":
            names.append(str(option.get("format") or option.get("type") or option.get("const") or "object"))
    return " or ".join(dict.fromkeys(names))


def _parameters(operation: Mapping[str, Any]) -> tuple[tuple[str, str, bool, str], ...]:
    return tuple(
        (
            p["name"],
            _type(p["schema"]),
            bool(p.get("required")),
            str(p.get("description") or p["schema"].get("description") or ""),
        )
        for p in operation.get("parameters", ())
        if p["in"] != "header"
    )


def _body(operation: Mapping[str, Any], schemas: Mapping[str, Any]) -> tuple[tuple[str, bool, str], ...]:
    content = operation.get("requestBody", {}).get("content", {})
    reference = content.get("application/json", {}).get("schema", {}).get("$ref", "")
    schema = schemas.get(reference.rpartition("/")[2], {})
    required = schema.get("required", ())
    return tuple((name, name in required, _type(s)) for name, s in schema.get("properties", {}).items())


def groups(document: Mapping[str, Any]) -> dict[str, list[Operation]]:
    """Return the operations by tag, in the document's order."""
    schemas = document.get("components", {}).get("schemas", {})
    found: dict[str, list[Operation]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            found.setdefault(operation.get("tags", ["other"])[0], []).append(
                Operation(
                    method=method.upper(),
                    path=path,
                    summary=str(operation.get("description") or operation.get("summary", "")),
                    parameters=_parameters(operation),
                    body=_body(operation, schemas),
                )
            )
    return found
