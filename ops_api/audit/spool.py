"""Lines of what was done while the database could not be told: on the disk until it can."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path

from ops_api.audit.core.model import Entry

FILE = "audit-spool.jsonl"


class Spool:
    """A file of lines, oldest first.

    Args:
        folder: where it is kept; the file is there only while lines wait.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    def __len__(self) -> int:
        return len(self._lines())

    def keep(self, entry: Entry) -> None:
        """Add a line; it is on the disk when this returns."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        # A line that a crash cut short has no end, and would take this one with it.
        begin = "" if self._is_whole() else "\n"
        _write(self._path, os.O_APPEND, f"{begin}{json.dumps(asdict(entry))}\n")

    def first(self) -> Entry | None:
        """Return the oldest line; one that was cut short by a crash is passed over, and none is left where no other is."""
        for line in self._lines():
            if (entry := _entry(line)) is not None:
                return entry
        self._path.unlink(missing_ok=True)
        return None

    def drop(self, entry: Entry) -> None:
        """Take the oldest line out, which is ``entry``, and whatever is broken before it."""
        lines = self._lines()
        while lines and _entry(lines.pop(0)) != entry:
            pass
        whole = "".join(f"{line}\n" for line in lines)
        if not whole:
            self._path.unlink(missing_ok=True)
            return
        beside = self._path.with_suffix(".new")
        _write(beside, os.O_TRUNC, whole)
        beside.replace(self._path)

    def _is_whole(self) -> bool:
        try:
            return self._path.read_bytes()[-1:] in (b"", b"\n")
        except FileNotFoundError:
            return True

    def _lines(self) -> list[str]:
        try:
            return self._path.read_text("utf-8").splitlines()
        except FileNotFoundError:
            return []


def _write(path: Path, how: int, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | how, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _entry(line: str) -> Entry | None:
    try:
        return Entry(**json.loads(line))
    except (ValueError, TypeError):
        return None
