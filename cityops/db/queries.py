"""Named queries in ``.sql`` files beside the code that runs them.

A file is a list of statements, each after a header line ``-- name``::

    -- stale_devices
    -- Devices that have been silent for longer than %(silent_s)s.
    select ...
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import LiteralString

from cityops.errors import InvariantError

_HEADER = re.compile(r"^-- ([a-z][a-z0-9_]*)$")


@cache
def load_queries(package: str, file: str = "queries.sql") -> Mapping[str, LiteralString]:
    """Return the queries of a package's SQL file by name.

    Raises:
        InvariantError: for text before the first header, a name used twice or an empty query.
    """
    text = resources.files(package).joinpath(file).read_text(encoding="utf-8")
    return MappingProxyType(parse_queries(text, f"{package}/{file}"))


def parse_queries(text: str, source: str) -> dict[str, LiteralString]:
    """Return the queries in ``text`` by name; ``source`` is named in errors."""
    found: dict[str, list[str]] = {}
    current: list[str] | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        header = _HEADER.match(line)
        if header is not None:
            if header[1] in found:
                raise InvariantError(f"{source}:{number}: query {header[1]!r} is there twice")
            current = found[header[1]] = []
        elif current is not None:
            current.append(line)
        elif line.strip() and not line.startswith("--"):
            raise InvariantError(f"{source}:{number}: SQL before the first '-- name' line")
    return {name: _statement(name, lines, source) for name, lines in found.items()}


def _statement(name: str, lines: list[str], source: str) -> LiteralString:
    text = "\n".join(lines).strip()
    if not any(line.strip() and not line.lstrip().startswith("--") for line in lines):
        raise InvariantError(f"{source}: query {name!r} is empty")
    return text  # a file of the package is as trustworthy as its code: what LiteralString asks
