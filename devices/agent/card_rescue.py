"""What can be saved of an outbox whose file is broken, or whose card can only be read."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from devices.agent.entry import Entry, Key
from devices.agent.outbox import OutboxError
from devices.agent.outbox_forgotten import read_forgotten
from devices.agent.outbox_mark import NEVER

SUFFIXES = ("", "-wal", "-shm")
_CORRUPT = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_IN_MEMORY = (Path("/dev/shm"), Path("/tmp"))  # noqa: S108 - a folder of our own is made there
_SELECT = "select boot, seq, channel, wall_ms, mono_ms, clk, payload from outbox where receipted = 0"


@dataclass(frozen=True, slots=True)
class Saved:
    """What an outbox held that is still to be sent, oldest first, up to where it was to forget, and who it was."""

    entries: tuple[Entry, ...] = ()
    boot: int | None = None
    install_id: str | None = None
    last_wall_ms: int | None = None
    forgotten_to: Key = NEVER


def is_broken(error: OutboxError) -> bool:
    """Whether the file itself is damaged, so that trying again is no use."""
    code = getattr(error.__cause__, "sqlite_errorcode", None)
    return code is not None and (code & 0xFF) in _CORRUPT


def set_aside(path: Path) -> Path:
    """Rename a broken file, over one that was set aside before; return its new path.

    Raises:
        OSError: the card takes no change.
    """
    aside = path.with_name(f"{path.name}.broken")
    for suffix in SUFFIXES:
        old = path.with_name(path.name + suffix)
        new = aside.with_name(aside.name + suffix)
        if old.exists():
            old.replace(new)
        else:
            new.unlink(missing_ok=True)
    return aside


def read(path: Path, limit: int) -> Saved:
    """Return what can be read of the file, at most ``limit`` entries, the newest; nothing raises."""
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as db:
            newest: dict[tuple[int, int], Entry] = {}
            # From both ends: one broken page hides only what lies on it.
            for order in ("boot desc, seq desc", "boot, seq"):
                for entry in _rows(db, f"{_SELECT} order by {order} limit ?", limit):
                    if len(newest) >= limit:
                        break
                    newest[entry.key] = entry
            boot, install, wall_ms = (
                _value(db, "select value from meta where key = 'boot'"),
                _value(db, "select value from meta where key = 'install_id'"),
                _value(db, "select wall_ms from outbox order by boot desc, seq desc limit 1"),
            )
            forgotten_to = _forgotten_to(db)
    except (sqlite3.Error, OSError):
        return Saved()
    return Saved(
        tuple(newest[key] for key in sorted(newest)),
        boot if isinstance(boot, int) else None,
        install if isinstance(install, str) else None,
        wall_ms if isinstance(wall_ms, int) else None,
        forgotten_to,
    )


def read_copy(path: Path, limit: int) -> Saved:
    """Return what a file on a card that can only be read holds, through a copy in memory; nothing raises."""
    import shutil  # a start without trouble does without them
    import tempfile

    if not path.exists():
        return Saved()
    for folder in _IN_MEMORY:
        with suppress(OSError), tempfile.TemporaryDirectory(prefix="cityops-", dir=folder) as made:
            for suffix in ("", "-wal"):
                with suppress(FileNotFoundError):
                    shutil.copyfile(path.with_name(path.name + suffix), Path(made, path.name + suffix))
            return read(Path(made, path.name), limit)
    return Saved()


def _rows(db: sqlite3.Connection, sql: str, limit: int) -> Iterator[Entry]:
    with suppress(sqlite3.Error):
        for row in db.execute(sql, (limit,)):
            yield Entry(*row)


def _forgotten_to(db: sqlite3.Connection) -> Key:
    with suppress(sqlite3.Error):
        return read_forgotten(db).key
    return NEVER


def _value(db: sqlite3.Connection, sql: str) -> object:
    with suppress(sqlite3.Error):
        row = db.execute(sql).fetchone()
        return None if row is None else row[0]
    return None
