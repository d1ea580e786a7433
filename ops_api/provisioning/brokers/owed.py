"""What a broker is still to be told of its files: kept beside them, so that whoever comes next tells it.

Files are compared with what is wanted. Once they are replaced they are as wanted, so a reload or the end of a session that
failed then would never be tried again: what is to come is written here first, and crossed out when it is done. Lines are
added and never changed; a half line, of a power cut, is struck out: the files were not replaced yet.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

MODE = 0o660
"""It names devices, no secret; whoever shares the password file shares this."""


class Owed:
    """A list of what is to be told.

    Attributes:
        reload: whether the broker is to read its files again.
        ends: whose live session is to end.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.reload = False
        self.ends: set[str] = set()
        lines = file.read()
        whole = lines[: lines.rfind(b"\n") + 1]
        if whole != lines:
            file.truncate(len(whole))
        for line in whole.decode("utf-8", "replace").splitlines():
            self._read(line)

    def add(self, ends: Iterable[str]) -> None:
        """Owe a reload, and these sessions' ends; on the disk when it returns."""
        self._write("reload", *(f"end {device}" for device in sorted(ends)))
        os.fsync(self._file.fileno())

    def reloaded(self) -> None:
        """Cross out the reload."""
        self._write("reloaded")

    def ended(self, device: str) -> None:
        """Cross out the end of a session."""
        self._write(f"ended {device}")

    def clear(self) -> None:
        """Owe nothing."""
        self._file.truncate(0)
        self.reload, self.ends = False, set()

    def _write(self, *lines: str) -> None:
        self._file.write("".join(f"{line}\n" for line in lines).encode())
        self._file.flush()
        for line in lines:
            self._read(line)

    def _read(self, line: str) -> None:
        what, _, device = line.partition(" ")
        if what in {"reload", "reloaded"}:
            self.reload = what == "reload"
        elif what == "end":
            self.ends.add(device)
        elif what == "ended":
            self.ends.discard(device)


@contextmanager
def owed_at(path: Path) -> Iterator[Owed]:
    """Lend the list in a file, to one process at a time.

    Raises:
        OSError: it can't be written.
    """
    is_new = not path.exists()
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, MODE)
    with os.fdopen(descriptor, "r+b") as file:
        if is_new:
            _shared(file, path.parent)
        fcntl.flock(file, fcntl.LOCK_EX)
        yield Owed(file)


def _shared(file: BinaryIO, folder: Path) -> None:
    """Let the broker's user and group have it too: an operator's command as root may be the first to write it."""
    os.fchmod(file.fileno(), MODE)
    if os.geteuid() == 0:
        owner = folder.stat()
        os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
