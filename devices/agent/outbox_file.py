"""The file under an outbox: how it is opened, a transaction in it, and its errors as those of an outbox."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devices.agent.outbox import OutboxError


def connect(path: Path) -> sqlite3.Connection:
    """Open the file in autocommit: each statement is durable when it returns."""
    return sqlite3.connect(path, isolation_level=None)


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """Have what is done meanwhile on the card at once, or nothing of it."""
    db.execute("begin immediate")
    try:
        yield
        db.execute("commit")  # with a full card it is this that fails
    except BaseException:
        if db.in_transaction:
            db.execute("rollback")
        raise


@contextmanager
def as_outbox_error(path: Path) -> Iterator[None]:
    """Raise what SQLite raises as an OutboxError that names the file."""
    try:
        yield
    except sqlite3.Error as e:
        raise OutboxError(f"outbox {path}: {e}") from e
