"""Lines of what was done while the database could not be told: on the disk until it can."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TextIO

from ops_api.audit.core.model import Entry

FILE = "audit-spool.jsonl"
LOCK, TURN = "audit-spool.lock", "audit-spool.turn"


class Spool:
    """A file of lines, oldest first, for all processes that have a folder: each change is made alone (flock).

    Args:
        folder: where it is kept; the file is there only while lines wait.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    def __len__(self) -> int:
        return len(self._lines())

    @contextmanager
    def turn(self) -> Iterator[bool]:
        """Yield whether it is this process that tells what waits: two would tell it twice."""
        if not self._path.parent.is_dir():
            yield True  # nothing was ever kept here
            return
        with _lock_file(self._path.with_name(TURN)) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True

    def keep(self, entry: Entry) -> None:
        """Add a line; it is on the disk when this returns."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._alone():
            # A line that a crash cut short has no end, and would take this one with it.
            begin = "" if self._is_whole() else "\n"
            _write(self._path, os.O_APPEND, f"{begin}{json.dumps(asdict(entry))}\n")

    def first(self) -> Entry | None:
        """Return the oldest line; one that was cut short by a crash is passed over, and none is left where no other is."""
        if not self._path.exists():
            return None
        with self._alone():
            for line in self._lines():
                if (entry := _entry(line)) is not None:
                    return entry
            self._path.unlink(missing_ok=True)
        return None

    def drop(self, entry: Entry) -> None:
        """Take the oldest line out, which is ``entry``, and whatever is broken before it; nothing where it is not there."""
        with self._alone():
            lines = self._lines()
            at = next((n for n, line in enumerate(lines) if _entry(line) == entry), None)
            if at is not None:
                self._replace(lines[at + 1 :])

    def _replace(self, lines: list[str]) -> None:
        if not lines:
            self._path.unlink(missing_ok=True)
            return
        beside = self._path.with_suffix(".new")
        _write(beside, os.O_TRUNC, "".join(f"{line}\n" for line in lines))
        beside.replace(self._path)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with _lock_file(self._path.with_name(LOCK)) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

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


def _lock_file(path: Path) -> TextIO:
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "w", encoding="ascii")


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
