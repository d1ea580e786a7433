"""What is wrong with a file of the catalogue: every error, with its line.

``msgspec`` stops at the first error of a file. The wrong value is replaced by the shipped
catalogue's and the file is converted again, until nothing is wrong any more.
"""

from __future__ import annotations

import copy
import re
import tomllib
from dataclasses import dataclass
from typing import Any

import msgspec

from rules.catalogue.lines import Path, line_of, value_at

MOST = 50
"""Errors told of one file."""

_INDEX = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_UNKNOWN = re.compile(r"unknown field `([^`]+)`")
_MISSING = re.compile(r"missing required field `([^`]+)`")
_SYNTAX_LINE = re.compile(r"at line (\d+)")


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong in a file; ``line`` 0 = the file as a whole."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}" if self.line else f"{self.file} {self.text}"


@dataclass(frozen=True, slots=True)
class Parsed:
    """A file as it was read: its value, None where it has faults."""

    value: Any
    faults: tuple[Fault, ...]


def parse_file(file: str, text: str, kind: Any, shipped: Any = None) -> Parsed:
    """Return a file of the catalogue as ``kind``, or all that is wrong with it.

    Args:
        file: its name, as errors show it.
        text: TOML.
        kind: a msgspec type.
        shipped: the shipped file's value as plain data; without it only the first error is found.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as e:
        return Parsed(None, (_syntax(file, text, e),))
    try:
        return Parsed(msgspec.convert(raw, type=kind), ())
    except msgspec.ValidationError as e:
        return Parsed(None, tuple(_all_faults(file, text, raw, kind, shipped, str(e))))


def fault_at(file: str, text: str, path: Path, says: str) -> Fault:
    """Return a fault of the value at ``path`` of a file that is TOML."""
    return Fault(file, line_of(text, path), f"{_shown(tomllib.loads(text), path)}: {says}")


def _syntax(file: str, text: str, error: tomllib.TOMLDecodeError) -> Fault:
    found = _SYNTAX_LINE.search(str(error))
    line = int(found[1]) if found else max(1, len(text.splitlines()))
    return Fault(file, line, f"no TOML: {error}")


def _all_faults(file: str, text: str, raw: Any, kind: Any, shipped: Any, message: str) -> list[Fault]:
    work = copy.deepcopy(raw)
    faults: list[Fault] = []
    while len(faults) < MOST:
        what, path = _place(message, work, kind)
        faults.append(Fault(file, line_of(text, path), f"{_shown(raw, path)}: {what[0].lower()}{what[1:]}"))
        if not _mend(work, path, message, shipped):
            break
        try:
            msgspec.convert(work, type=kind)
            break
        except msgspec.ValidationError as e:
            message = str(e)
    return list(dict.fromkeys(faults))


def _place(message: str, raw: Any, kind: Any) -> tuple[str, Path]:
    """Return what msgspec says, and the path that it says it of, as exact as can be found."""
    what, found, where = message.rpartition(" - at `$")
    if not found:
        what, where = message, ""
    path: Path = ()
    for key, index in _INDEX.findall(where.rstrip("`")):
        if index == "...":
            path += _wrong_key(raw, path, kind, where)
        else:
            path += (int(index) if index else key,)
    # msgspec names the table; the reader looks for the line.
    unknown = _UNKNOWN.search(what)
    named = unknown[1] if unknown else what.split(" ", 1)[0]
    try:
        value_at(raw, (*path, named))
    except KeyError:
        return what, path
    return what, (*path, named)


def _wrong_key(raw: Any, path: Path, kind: Any, where: str) -> Path:
    """Return the key of a table of free keys that msgspec found wrong: it does not name it."""
    table = value_at(raw, path)
    for key in table:
        alone = copy.deepcopy(raw)
        inner = value_at(alone, path)
        for other in table.keys() - {key}:
            del inner[other]
        try:
            msgspec.convert(alone, type=kind)
        except msgspec.ValidationError as e:
            if where in str(e):
                return (key,)
    return ()


def _mend(raw: Any, path: Path, message: str, shipped: Any) -> bool:
    """Put the shipped value where the wrong one is; return whether anything could be done."""
    missing = _MISSING.search(message)
    if missing:
        path = (*path, missing[1])
    if not path:
        return False
    table, key = value_at(raw, path[:-1]), path[-1]
    try:
        better = copy.deepcopy(value_at(shipped, path))
    except KeyError:
        if missing or isinstance(table, list) or key not in table:
            return False
        del table[key]
        return True
    if not missing and table[key] == better:
        # The value is the shipped one, so it is its neighbours that do not fit it.
        return _mend(raw, path[:-1], "", shipped)
    table[key] = better
    return True


def _shown(raw: Any, path: Path) -> str:
    """Return a path as people write it, with the value that is there unless it is a table."""
    name = ""
    for part in path:
        name += f"[{part}]" if isinstance(part, int) else f".{part}" if name else part
    try:
        value = value_at(raw, path)
    except KeyError:
        return name
    return name or "file" if isinstance(value, dict) and len(path) < 1 else _with_value(name, value)


def _with_value(name: str, value: Any) -> str:
    big = isinstance(value, dict | list) and len(repr(value)) > 60
    return name if big else f"{name} = {value!r}"
