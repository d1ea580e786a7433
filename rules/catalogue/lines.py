"""Where in a TOML file a value stands.

``tomllib`` keeps no positions, so prefixes of the file are read: the first that holds a
path ends its value, and the line after the last prefix before it that could be read begins it.
So arrays over several lines, dotted keys and arrays of tables come out right: ``tomllib`` itself
decides what is where. An element of an array over several lines has the line of its key. Costs some
ten readings by halves, and only where there is an error to tell of.
"""

from __future__ import annotations

import tomllib
from bisect import bisect_left
from functools import lru_cache
from typing import Any

Path = tuple[str | int, ...]
"""Keys and indices from the file's top: ``("rows", 3, "above_c")``."""


def value_at(raw: Any, path: Path) -> Any:
    """Return the value at ``path``; KeyError where there is none."""
    for part in path:
        try:
            raw = raw[part]
        except (KeyError, IndexError, TypeError) as e:
            raise KeyError(path) from e
    return raw


def line_of(text: str, path: Path) -> int:
    """Return the line, from 1, on which the value at ``path`` begins.

    A path that is not there has the line of the innermost table on the way to it that is; the
    top of the file is line 1. ``text`` must be TOML.
    """
    while path:
        found = _search(text, path)
        if found is not None:
            return found
        path = path[:-1]
    return 1


def _search(text: str, path: Path) -> int | None:
    count = len(text.splitlines())
    if not _holds(_readable(text, count)[1], path):
        return None
    # What a prefix holds, each longer one holds, too.
    begins = 1 + bisect_left(range(1, count + 1), True, key=lambda n: _holds(_readable(text, n)[1], path))
    return _first_said(text, begins, _readable(text, begins)[0])


def _holds(parsed: Any, path: Path) -> bool:
    try:
        value_at(parsed, path)
    except KeyError:
        return False
    return True


def _first_said(text: str, begins: int, ends: int) -> int:
    """Return the first line from ``begins`` on that is neither blank nor a comment."""
    lines = text.splitlines()
    for number in range(begins, ends):
        line = lines[number - 1].strip()
        if line and not line.startswith("#"):
            return number
    return ends


@lru_cache(maxsize=256)
def _readable(text: str, least: int) -> tuple[int, dict[str, Any]]:
    """Return the shortest prefix of at least so many whole lines that can be read, and its number of lines."""
    lines = text.splitlines(keepends=True)
    for number in range(least, len(lines) + 1):
        try:
            return number, tomllib.loads("".join(lines[:number]))
        except tomllib.TOMLDecodeError:
            continue  # within a value of several lines
    return len(lines), {}
