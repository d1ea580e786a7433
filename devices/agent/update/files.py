"""The port to the card: few operations, so that a test can cut the power between any two.

What must outlive a power cut is written with :func:`keep`: the old content or the new one is there afterwards.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol


class Files(Protocol):
    """Operations on files; all raise OSError where they can't."""

    def read(self, path: Path) -> bytes | None:
        """Return the content, None where there is no such file."""
        ...

    def size(self, path: Path) -> int | None:
        """Return the size [B], None where there is no such file."""
        ...

    def write(self, path: Path, body: bytes) -> None:
        """Make the file anew; not durable."""
        ...

    def append(self, path: Path, at: int, body: bytes) -> None:
        """Write ``body`` from byte ``at`` on and end the file there; not durable."""
        ...

    def sync(self, path: Path) -> None:
        """Make a file's content durable."""
        ...

    def replace(self, path: Path, to: Path) -> None:
        """Give a file or folder another name, at once; durable with the folder's ``sync_folder``."""
        ...

    def sync_folder(self, path: Path) -> None:
        """Make the names in a folder durable."""
        ...

    def make_folder(self, path: Path) -> None:
        """Make a folder and those above it; not durable."""
        ...

    def remove(self, path: Path) -> None:
        """Remove a file or a whole folder, where it is there; not durable."""
        ...

    def free_bytes(self, path: Path) -> int:
        """Return what can still be written where ``path`` is [B]."""
        ...


class RealFiles:
    """The device's card."""

    def read(self, path: Path) -> bytes | None:
        """Return the content."""
        try:
            return path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def size(self, path: Path) -> int | None:
        """Return the size [B]."""
        try:
            return path.stat().st_size
        except (FileNotFoundError, NotADirectoryError):
            return None

    def write(self, path: Path, body: bytes) -> None:
        """Make the file anew."""
        path.write_bytes(body)

    def append(self, path: Path, at: int, body: bytes) -> None:
        """Write from byte ``at`` on."""
        with path.open("r+b" if path.exists() else "w+b") as file:
            file.truncate(at)
            file.seek(at)
            file.write(body)

    def sync(self, path: Path) -> None:
        """fsync(2)."""
        _sync(path, os.O_RDWR)

    def replace(self, path: Path, to: Path) -> None:
        """rename(2)."""
        path.replace(to)

    def sync_folder(self, path: Path) -> None:
        """fsync(2) of the folder."""
        _sync(path, os.O_RDONLY)

    def make_folder(self, path: Path) -> None:
        """Make a folder and those above it."""
        path.mkdir(parents=True, exist_ok=True)

    def remove(self, path: Path) -> None:
        """Remove a file or a whole folder."""
        if path.is_dir() and not path.is_symlink():
            from shutil import rmtree  # brings decompressors with it, which a device at rest does not need

            rmtree(path)
        else:
            path.unlink(missing_ok=True)

    def free_bytes(self, path: Path) -> int:
        """Return what can still be written there [B]."""
        there = os.statvfs(path)
        return there.f_bavail * there.f_frsize


def keep(files: Files, path: Path, body: bytes) -> None:
    """Make ``body`` the durable content of ``path``; a cut leaves the old content or the new."""
    new = path.with_name(path.name + ".new")
    files.write(new, body)
    files.sync(new)
    files.replace(new, path)
    files.sync_folder(path.parent)


def _sync(path: Path, flags: int) -> None:
    number = os.open(path, flags)
    try:
        os.fsync(number)
    finally:
        os.close(number)
