"""Sections of the memory in columns, kept from one step to the next.

The memory itself stays what it is: a dictionary of plain values per section, never changed in
place. Columns are made of such a dictionary once, changed by a step, and written back into the
next dictionary; so they always belong to one certain dictionary, and are used again only with
that one. Whoever goes on from another memory has them made anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class Table(Protocol):
    """A section in columns."""

    def has_changed(self) -> bool:
        """Whether anything has changed since the last :meth:`flush`."""
        ...

    def flush(self, memory: dict[str, Any]) -> None:
        """Put what has changed since the last time into ``memory``."""
        ...

    def reload(self, subject: str, value: Any) -> None:
        """Take one subject's memory as it is now."""
        ...


class Kept:
    """Tables with the dictionary that they say the same as."""

    def __init__(self) -> None:
        self._tables: dict[str, tuple[Mapping[str, Any], Table]] = {}

    def take(self, section: str, memory: Mapping[str, Any]) -> Table | None:
        """Return the table of ``memory``, to be changed; None where there is none. Nobody else gets it then."""
        found = self._tables.pop(section, None)
        return found[1] if found is not None and found[0] is memory else None

    def put(self, section: str, memory: Mapping[str, Any], table: Table) -> None:
        """Keep a table that says the same as ``memory``."""
        self._tables[section] = (memory, table)
