"""Grafana 13.0's HTTP API, as much of it as a push uses (``api.json``): what is asked and answered must fit."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

DOCUMENT = json.loads((Path(__file__).parent / "api.json").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Operation:
    """One operation: what it may be asked, and what it may answer."""

    id: str
    method: str
    path: str
    query: tuple[str, ...]
    headers: tuple[str, ...]
    body: dict[str, Any] | None
    answers: dict[str, Any]

    @property
    def pattern(self) -> re.Pattern[str]:
        """The path, its parameters as groups."""
        return re.compile(re.sub(r"\{\w+\}", "([^/]+)", self.path) + "$")


OPERATIONS = tuple(
    Operation(**{**one, "query": tuple(one["query"]), "headers": tuple(one["headers"])})
    for one in DOCUMENT["operations"]
)


def find(method: str, path: str) -> tuple[Operation, tuple[str, ...]] | int:
    """Return the operation and its path parameters, or the status of what Grafana does not have."""
    known = [(op, match.groups()) for op in OPERATIONS if (match := op.pattern.match(path))]
    for op, parameters in known:
        if op.method == method:
            return op, parameters
    return 405 if known else 404


def complaints(schema: dict[str, Any] | None, value: Any) -> list[str]:
    """Return where a body breaks its schema; a body where none belongs is a complaint too."""
    if schema is None:
        return [] if value is None else ["a body where none belongs"]
    found = _validator(json.dumps(schema)).iter_errors(value)
    return [f"{'.'.join(map(str, e.absolute_path))}: {e.message[:160]}" for e in found]


@cache
def _validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator({**json.loads(schema), "models": DOCUMENT["models"]})
