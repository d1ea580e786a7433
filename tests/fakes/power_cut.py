"""A disk under SQLite that loses its power between any two writes.

A shim between SQLite and the file system (apsw's VFS) writes down every write, truncation, sync and
deletion in order. From that list the disk as it may be found after a cut at any place is built: what a
sync of its file came after is there; of the writes since, any may have arrived, in any order, in part
(whole sectors of 512 bytes).

apsw's shim has no shared memory, which WAL wants for several processes: the connection takes the file
for itself instead. What is written to the files is the same.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apsw

SECTOR = 512


@dataclass(frozen=True, slots=True)
class Op:
    """One thing done to the file ``name``: ``write``, ``truncate``, ``sync``, ``delete``."""

    what: str
    name: str
    offset: int = 0
    data: bytes = b""


@dataclass
class Disk:
    """What was done to the files of one folder, in order."""

    ops: list[Op] = field(default_factory=list)

    def after_cut(self, at: int, rng: random.Random | None) -> dict[str, bytes]:
        """Return the files after ``at`` operations and a cut.

        ``rng`` draws what of the writes since each file's last sync has arrived; None means nothing.
        """
        durable: dict[str, bytearray] = {}
        pending: dict[str, list[Op]] = {}
        for op in self.ops[:at]:
            if op.what == "sync":
                for earlier in pending.pop(op.name, []):
                    _apply(durable.setdefault(op.name, bytearray()), earlier)
                durable.setdefault(op.name, bytearray())
            elif op.what == "delete":
                durable.pop(op.name, None)
                pending.pop(op.name, None)
            else:
                pending.setdefault(op.name, []).append(op)
        if rng is not None:
            for name, ops in pending.items():
                for op in ops:
                    for part in _arrived(op, rng):
                        _apply(durable.setdefault(name, bytearray()), part)
        return {name: bytes(data) for name, data in durable.items()}


def _apply(data: bytearray, op: Op) -> None:
    if op.what == "truncate":
        del data[op.offset :]
        return
    if len(data) < op.offset:
        data.extend(bytes(op.offset - len(data)))
    data[op.offset : op.offset + len(op.data)] = op.data


def _arrived(op: Op, rng: random.Random) -> Iterator[Op]:
    """Yield what of ``op`` has arrived: all, nothing, or some of its sectors."""
    fate = rng.random()
    if op.what == "truncate" or fate < 0.4:
        if fate < 0.7:
            yield op
        return
    if fate < 0.7:
        return
    at = op.offset
    while at < op.offset + len(op.data):
        end = min((at // SECTOR + 1) * SECTOR, op.offset + len(op.data))
        if rng.random() < 0.5:
            yield Op("write", op.name, at, op.data[at - op.offset : end - op.offset])
        at = end


class _File(apsw.VFSFile):
    def __init__(self, base: str, filename: Any, flags: list[int], disk: Disk) -> None:
        super().__init__(base, filename, flags)
        self._disk = disk
        self._name = Path(filename.filename() if hasattr(filename, "filename") else str(filename)).name

    def xWrite(self, data: bytes, offset: int) -> None:
        self._disk.ops.append(Op("write", self._name, offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, size: int) -> None:
        self._disk.ops.append(Op("truncate", self._name, size))
        super().xTruncate(size)

    def xSync(self, flags: int) -> None:
        super().xSync(flags)
        self._disk.ops.append(Op("sync", self._name))


class RecordingVfs(apsw.VFS):
    """The system's files, with ``disk`` told of all that changes them."""

    def __init__(self, name: str, disk: Disk) -> None:
        self._disk = disk
        self.name = name
        super().__init__(name, "unix")

    def xOpen(self, name: Any, flags: list[int]) -> _File:
        return _File("unix", name, flags, self._disk)

    def xDelete(self, filename: str, syncdir: bool) -> None:
        super().xDelete(filename, syncdir)
        self._disk.ops.append(Op("delete", Path(filename).name))


class _Rows:
    def __init__(self, rows: list[tuple[Any, ...]], count: int) -> None:
        self._rows = rows
        self.rowcount = count

    def fetchone(self) -> tuple[Any, ...] | None:
        return self._rows[0] if self._rows else None

    def fetchall(self) -> list[tuple[Any, ...]]:
        return self._rows

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return iter(self._rows)


class Connection:
    """What the outbox uses of ``sqlite3.Connection``, on a recording disk.

    Args:
        careless: no sync at a commit, for the test of the test.
    """

    def __init__(self, path: Path, vfs: RecordingVfs, *, careless: bool = False, checkpoint: int = 6) -> None:
        self._db = apsw.Connection(str(path), vfs=vfs.name)
        self._careless = careless
        self._db.execute("pragma locking_mode = exclusive").fetchall()
        self._db.execute(f"pragma wal_autocheckpoint = {checkpoint}").fetchall()

    def execute(self, sql: str, values: Iterable[Any] = ()) -> _Rows:
        if self._careless and sql == "pragma synchronous = full":
            sql = "pragma synchronous = off"
        rows = list(self._db.execute(sql, tuple(values)))
        return _Rows(rows, self._db.changes())

    def executemany(self, sql: str, rows: Iterable[Iterable[Any]]) -> None:
        self._db.executemany(sql, [tuple(row) for row in rows])

    def executescript(self, sql: str) -> None:
        self._db.execute(sql).fetchall()

    @property
    def in_transaction(self) -> bool:
        return bool(self._db.in_transaction)

    @property
    def total_changes(self) -> int:
        return int(self._db.total_changes())

    def close(self) -> None:
        self._db.close()
