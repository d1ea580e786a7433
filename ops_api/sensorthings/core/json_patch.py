"""JSON Patch (RFC 6902) of an entity's own properties: add, replace, remove and test. Pure."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from ops_api.sensorthings.core.errors import FilterError

OPERATIONS_MOST, DEEP = 50, 10


def patched(document: dict[str, Any], operations: object) -> dict[str, Any]:
    """Return the top properties that operations change, as they then are; one that is removed is null.

    Args:
        document: the entity as it is.
        operations: decoded JSON.

    Raises:
        FilterError: no such list, a place that is not there, or a test that fails.
    """
    if not isinstance(operations, list) or len(operations) > OPERATIONS_MOST:
        raise FilterError(f"a list of at most {OPERATIONS_MOST} operations is needed", 0, "JSON Patch")
    after = deepcopy(document)
    touched: set[str] = set()
    for operation in operations:
        names = _names(operation)
        _apply(after, names, operation)
        touched.add(names[0])
    return {name: after.get(name) for name in touched}


def _names(operation: object) -> list[str]:
    if not isinstance(operation, dict) or operation.get("op") not in ("add", "replace", "remove", "test"):
        raise FilterError("there are add, replace, remove and test", 0, "JSON Patch")
    path = operation.get("path")
    if not isinstance(path, str) or not path.startswith("/") or path.count("/") > DEEP:
        raise FilterError("a path as /properties/name is needed", 0, "JSON Patch")
    if operation["op"] != "remove" and "value" not in operation:
        raise FilterError(f"{operation['op']} needs a value", 0, "JSON Patch")
    return [part.replace("~1", "/").replace("~0", "~") for part in path[1:].split("/")]


def _apply(document: dict[str, Any], names: list[str], operation: dict[str, Any]) -> None:
    place: Any = document
    for name in names[:-1]:
        place = place.get(name) if isinstance(place, dict) else None
    last, kind = names[-1], operation["op"]
    if not isinstance(place, dict) or (kind != "add" and last not in place):
        raise FilterError(f"there is nothing at {operation['path'][:80]}", 0, "JSON Patch")
    if kind == "remove":
        del place[last]
    elif kind == "test":
        if place[last] != operation["value"]:
            raise FilterError(f"{operation['path'][:80]} is another", 0, "JSON Patch")
    else:
        place[last] = operation["value"]
