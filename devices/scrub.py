"""Nothing that was deleted from an SQLite file can be read in it any more, nor in its write-ahead log.

A file keeps what is deleted in pages that are free, in gaps of pages that are not, and in its log until that begins
anew, which it does not while another connection still reads an older state. What a file system or a flash card keeps of
blocks that were given back is beyond SQLite's reach, and ours.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_BUSY_MS = 50
"""How long a reader is waited for: whoever asks measures, too, and asks again later [ms]."""

_IN_MEMORY_BYTES = 8_000_000
"""What a file may hold to be written anew through memory [B]: an agent of 45 MB stays below 60."""


@contextmanager
def overwriting(db: sqlite3.Connection) -> Iterator[None]:
    """Have ``db`` overwrite with zeros what it deletes meanwhile; elsewhere that is wear for nothing.

    Where that fails, the log is cut: what was begun in it would hold the last room of a full card.
    """
    before = db.execute("pragma secure_delete").fetchone()[0]
    db.execute("pragma secure_delete = on")
    try:
        yield
    except sqlite3.Error:
        with suppress(sqlite3.Error), _impatient(db):
            _empty_log(db)
        raise
    finally:
        db.execute(f"pragma secure_delete = {int(before)}")


def scrub(db: sqlite3.Connection) -> bool:
    """Remove every trace of what was deleted; return False where somebody still reads what was before.

    The file is written anew with what it holds, which is wear: for a moment that is rare. That goes through memory, so
    that no copy stays in a file that is merely unlinked; where it is more than an agent has, through such a file.

    Raises:
        sqlite3.Error: the card does not take it; nothing that is held is lost.
    """
    with _impatient(db), overwriting(db):
        if not _empty_log(db):  # first: what the file gives back below is overwritten before
            return False
        db.execute(f"pragma temp_store = {'memory' if _held_bytes(db) <= _IN_MEMORY_BYTES else 'file'}")
        db.execute("vacuum")
        return _empty_log(db)


@contextmanager
def _impatient(db: sqlite3.Connection) -> Iterator[None]:
    before_ms = db.execute("pragma busy_timeout").fetchone()[0]
    db.execute(f"pragma busy_timeout = {_BUSY_MS}")
    try:
        yield
    finally:
        db.execute(f"pragma busy_timeout = {int(before_ms)}")


def _empty_log(db: sqlite3.Connection) -> bool:
    """Move the log's pages into the file and cut the log to nothing; return whether nobody stood in the way."""
    return bool(db.execute("pragma wal_checkpoint(truncate)").fetchone()[0] == 0)


def _held_bytes(db: sqlite3.Connection) -> int:
    pages, free, page_bytes = (
        db.execute(f"pragma {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * page_bytes)
