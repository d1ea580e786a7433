"""The REST reference page, from the OpenAPI document: no script and no foreign viewer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

FIRST = ("devices and readings", "open data")
"""What a newcomer asks for."""
EXAMPLE_MOST = 1500
"""Characters of an example that are shown: enough to see its shape, and the page stays one that loads."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path.

    Attributes:
        method: GET and so on.
        path: with names in braces.
        summary: what it does.
        parameters: name, type, whether it must be given, and what it is.
        body: name, whether it must be given, and type of each member.
        who: who may ask, in words.
        sends: an example of the body; empty: none is sent.
        gets: an example of the answer; empty: it is no JSON.
    """

    method: str
    path: str
    summary: str
    parameters: tuple[tuple[str, str, bool, str], ...]
    body: tuple[tuple[str, bool, str], ...]
    who: str = ""
    sends: str = ""
    gets: str = ""


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


def _who(operation: Mapping[str, Any]) -> str:
    """Return who may ask, from what the document says of it."""
    ways = operation.get("security", [])
    if not ways:
        return "Everybody."
    if {} in ways:
        return "Everybody; some are shown more."
    if {"resident": []} in ways:
        return "Who lives there." if {"session": []} not in ways else "Whoever is signed in."
    roles = ", ".join(str(role).replace("_", " ") for role in operation.get("x-roles", ()))
    signed_in = f"Who is signed in as {roles}" if roles else "Who is signed in"
    if "x-scope" in operation:
        return f"{signed_in}; a key with {operation['x-scope']}."
    return f"{signed_in}; who gives the team’s password." if {"bearer": []} in ways else f"{signed_in}."


def _example(body: Mapping[str, Any]) -> str:
    """Return the example of a body, as it is sent."""
    for media, content in body.get("content", {}).items():
        if "json" in media and "problem" not in media and "example" in content:
            text = json.dumps(content["example"], indent=1, ensure_ascii=False)
            return text if len(text) <= EXAMPLE_MOST else f"{text[:EXAMPLE_MOST].rpartition(chr(10))[0]}\n …"
    return ""


def _answer(operation: Mapping[str, Any]) -> str:
    good: Mapping[str, Any] = next(
        (r for status, r in sorted(operation["responses"].items()) if status.startswith("2")), {}
    )
    return _example(good)


def groups(document: Mapping[str, Any]) -> dict[str, list[Operation]]:
    """Return the operations by tag: the ones asked for most, then in the document's order."""
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
                    who=_who(operation),
                    sends=_example(operation.get("requestBody", {})),
                    gets=_answer(operation),
                )
            )
    return {tag: found[tag] for tag in sorted(found, key=lambda tag: tag not in FIRST)}
