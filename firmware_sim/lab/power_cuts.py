"""A card whose power is cut between any two operations, and which loses what was not synced."""

from __future__ import annotations

import random
from pathlib import Path

from devices.agent.update.files import Files


class PowerCut(BaseException):
    """The power is gone. Not an Exception: code under test must not go on after it."""


class CutCard:
    """Implements :class:`devices.agent.update.files.Files` on another card.

    With the cut, each file that was written and not synced keeps what it had before, or any beginning of what was
    written, or all; each name that was changed in a folder that was not synced is as before or as after. That is what
    ext4 may do (``data=ordered``), drawn by ``rng``.

    Args:
        card: the card beneath.
        cut_at: with which operation the power goes, counted from 1; 0: never.
        rng: what becomes of what was not synced.
    """

    def __init__(self, card: Files, cut_at: int, rng: random.Random) -> None:
        self._card = card
        self._rng = rng
        self._cut_at = cut_at
        self._before: dict[Path, bytes | None] = {}
        self._names: dict[Path, list[tuple[Path, Path, bytes | None]]] = {}
        self.operations = 0
        self.full = False

    def cut_in(self, operations: int) -> None:
        """Have the power go so many operations from now; 0: never."""
        self._cut_at = self.operations + operations if operations else 0

    def read(self, path: Path) -> bytes | None:
        """Return the content."""
        return self._card.read(path)

    def size(self, path: Path) -> int | None:
        """Return the size [B]."""
        return self._card.size(path)

    def free_bytes(self, path: Path) -> int:
        """Return what can still be written [B]."""
        return 0 if self.full else self._card.free_bytes(path)

    def write(self, path: Path, body: bytes) -> None:
        """Make the file anew."""
        self._dirty(path)
        if self._goes():
            self._card.write(path, body[: self._rng.randint(0, len(body))])
            self._cut()
        self._card.write(path, body)

    def append(self, path: Path, at: int, body: bytes) -> None:
        """Write from byte ``at`` on."""
        self._dirty(path)
        if self._goes():
            self._card.append(path, at, body[: self._rng.randint(0, len(body))])
            self._cut()
        self._card.append(path, at, body)

    def sync(self, path: Path) -> None:
        """Make a file's content durable."""
        if self._goes():
            self._cut()
        self._card.sync(path)
        self._before.pop(path, None)

    def replace(self, path: Path, to: Path) -> None:
        """Give another name."""
        if self._goes():
            self._cut()
        old = self._card.read(to) if to.is_file() else None
        self._card.replace(path, to)
        self._names.setdefault(to.parent, []).append((path, to, old))
        moved = self._before.pop(path, None)
        if moved is not None:
            self._before[to] = moved

    def sync_folder(self, path: Path) -> None:
        """Make the names in a folder durable."""
        if self._goes():
            self._cut()
        self._card.sync_folder(path)
        self._names.pop(path, None)

    def make_folder(self, path: Path) -> None:
        """Make a folder."""
        if self._goes():
            self._cut()
        self._card.make_folder(path)

    def remove(self, path: Path) -> None:
        """Remove a file or a folder."""
        if self._goes():
            self._cut()
        self._card.remove(path)
        for known in [p for p in self._before if p == path or path in p.parents]:
            del self._before[known]

    def _goes(self) -> bool:
        self.operations += 1
        return self.operations == self._cut_at

    def _dirty(self, path: Path) -> None:
        if path not in self._before:
            self._before[path] = self._card.read(path)

    def _cut(self) -> None:
        for changes in self._names.values():
            for path, to, old in reversed(changes):
                if self._rng.random() < 0.5:
                    self._undo(path, to, old)
        for path, before in self._before.items():
            now = self._card.read(path)
            if now is None:
                continue
            kept = self._rng.choice([now, now[: self._rng.randint(0, len(now))], before])
            if kept is None:
                self._card.remove(path)
            else:
                self._card.write(path, kept)
        self._before, self._names = {}, {}
        raise PowerCut

    def _undo(self, path: Path, to: Path, old: bytes | None) -> None:
        if not to.exists():
            return
        self._card.replace(to, path)
        if old is not None:
            self._card.write(to, old)
