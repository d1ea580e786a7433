"""Up to where an outbox on a card holds nothing that waits, so that a start need not read its whole file.

One row of ``meta``, written about once a day with an entry's own commit. It may only be behind: receipts are never
taken back, and what is stored below it (:func:`devices.agent.sqlite_outbox.SqliteOutbox.adopt`) removes it. An older
agent, which knows nothing of it, appends above it and may delete below: then ``rows`` is too high, and is counted anew
before anything is dropped for it.
"""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from dataclasses import dataclass

from devices.agent.entry import Key

_NAME = "receipted_to"
_AFTER = "(boot, seq) > (?, ?)"
NEVER: Key = (-1, -1)
"""Before every entry."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Everything up to ``key`` has its receipt, on the card.

    Attributes:
        rows: how many entries there are up to it.
    """

    key: Key = NEVER
    rows: int = 0


def read_mark(db: sqlite3.Connection) -> Mark:
    """Return the mark; where there is none or it can't be read, one that says nothing."""
    row = db.execute("select value from meta where key = ?", (_NAME,)).fetchone()
    with suppress(ValueError, AttributeError):
        if row is not None:
            boot, seq, rows = map(int, row[0].split())
            return Mark((boot, seq), rows)
    return Mark()


def move_mark(db: sqlite3.Connection, mark: Mark) -> Mark:
    """Put the mark as far as it may go, within the caller's transaction; return it.

    It reads what lies between ``mark`` and the first entry that waits, no more.
    """
    waits = db.execute(
        f"select boot, seq from outbox where receipted = 0 and {_AFTER} order by boot, seq limit 1",  # noqa: S608 - constants
        mark.key,
    ).fetchone()
    below = "where (boot, seq) < (?, ?)" if waits is not None else ""
    last = db.execute(
        f"select boot, seq from outbox {below} order by boot desc, seq desc limit 1",  # noqa: S608 - constants
        waits or (),
    ).fetchone()
    if last is None or last <= mark.key:
        return mark
    more = db.execute(
        f"select count(*) from outbox where {_AFTER} and (boot, seq) <= (?, ?)",  # noqa: S608 - constants
        (*mark.key, *last),
    ).fetchone()[0]
    moved = Mark(last, mark.rows + more)
    value = f"{last[0]} {last[1]} {moved.rows}"
    db.execute("insert or replace into meta values (?, ?)", (_NAME, value))
    return moved


def drop_mark(db: sqlite3.Connection) -> None:
    """Remove it, within the caller's transaction."""
    db.execute("delete from meta where key = ?", (_NAME,))


def rows_after(db: sqlite3.Connection, mark: Mark) -> int:
    """Return how many entries there are above the mark."""
    return int(db.execute(f"select count(*) from outbox where {_AFTER}", mark.key).fetchone()[0])  # noqa: S608
