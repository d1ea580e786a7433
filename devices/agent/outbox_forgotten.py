"""Up to where an outbox on a card is to forget: its household moved out.

One row of ``meta``, written when somebody has the frog forget and when that is done, never else. It names the last key
that there was then, not a time: keys only grow, whatever the clock says. What has its receipt is deleted at once; the
rest is sent as ever, and deleted when all of it has its receipt.
"""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from devices.agent.entry import Key
from devices.agent.outbox_mark import NEVER

_NAME = "forgotten_to"


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What is to be forgotten.

    Attributes:
        key: everything up to it.
        traces: whether the file may still hold parts of what was deleted.
    """

    key: Key = NEVER
    traces: bool = False


@dataclass(frozen=True, slots=True)
class Erased:
    """What forgetting did.

    Attributes:
        gone: entries that were deleted.
        waiting: entries that are still to be sent; then they go, too.
        traces: whether parts of what was deleted can still be read in the files; they go at a later turn.
    """

    gone: int = 0
    waiting: int = 0
    traces: bool = False


def read_forgotten(db: sqlite3.Connection) -> Forgotten:
    """Return what was written; what can't be read says nothing."""
    row = db.execute("select value from meta where key = ?", (_NAME,)).fetchone()
    with suppress(ValueError, AttributeError):
        if row is not None:
            boot, seq, traces = map(int, row[0].split())
            if abs(boot) < 2**63 and abs(seq) < 2**63:  # else SQLite takes none of them for a number
                return Forgotten((boot, seq), bool(traces))
    return Forgotten()


def write_forgotten(db: sqlite3.Connection, forgotten: Forgotten) -> None:
    """Write it, within the caller's transaction or as one of its own."""
    value = f"{forgotten.key[0]} {forgotten.key[1]} {int(forgotten.traces)}"
    db.execute("insert or replace into meta values (?, ?)", (_NAME, value))


def last_key(db: sqlite3.Connection) -> Key:
    """Return the newest key that there is."""
    row = db.execute("select boot, seq from outbox order by boot desc, seq desc limit 1").fetchone()
    return NEVER if row is None else (int(row[0]), int(row[1]))


def first_key(db: sqlite3.Connection) -> Key | None:
    """Return the oldest key that there is."""
    row = db.execute("select boot, seq from outbox order by boot, seq limit 1").fetchone()
    return None if row is None else (int(row[0]), int(row[1]))


def remove_broken(folder: Path) -> None:
    """Remove what was put aside as broken of a record or an outbox: it may still be read in parts.

    Raises:
        OSError: the card takes no change.
    """
    for old in folder.glob("*.db.broken*"):
        old.unlink(missing_ok=True)
