"""One SQLite file with the outboxes of a whole simulated fleet.

A real device commits each reading by itself. Here one process plays hundreds of
devices, so the file is committed once per tick: the fleet samples what is due, commits,
then publishes. What holds is what matters to a device: nothing is published before it
is in the file. ``synchronous=NORMAL``: a kill of the process loses nothing committed; a
power cut of the machine may lose the last commits, but never a boot number, which is
taken with ``FULL``: a number given out twice would make new readings look like old ones.
"""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path

from devices.agent.entry import Entry, Key, Run
from devices.agent.outbox import BOOT_SPREAD, OutboxError, next_boot

_SCHEMA = """
create table if not exists meta (key text primary key, value integer not null) without rowid;
create table if not exists device (device integer primary key, name text not null unique);
create table if not exists outbox (
    device  integer not null,
    boot    integer not null,
    seq     integer not null,
    channel text    not null,
    wall_ms integer not null,
    mono_ms integer not null,
    clk     integer not null,
    payload blob    not null,
    primary key (device, boot, seq)
) without rowid;
"""
_ENTRY = "boot, seq, channel, wall_ms, mono_ms, clk, payload"


class SharedOutbox:
    """The file; :meth:`of` gives a device's outbox in it.

    Args:
        path: database file, or ":memory:".
        capacity: entries kept per device; the oldest readings are thinned beyond.
    """

    def __init__(self, path: Path | str, capacity: int = 20_000) -> None:
        self._db = sqlite3.connect(path)
        self._db.execute("pragma journal_mode = wal")
        self._db.executescript(_SCHEMA)
        self._capacity = capacity
        self._boot = self._take_boot()
        self._booted: set[int] = set()

    def of(self, name: str) -> DeviceOutbox:
        """Return the outbox of the device ``name``."""
        self._db.execute("insert or ignore into device (name) values (?)", (name,))
        number = self._db.execute("select device from device where name = ?", (name,)).fetchone()[0]
        return DeviceOutbox(self, self._db, int(number), self._capacity)

    def start_boot(self, number: int) -> int:
        """Return a boot number for a device, greater than any that it had.

        One number serves the first start of every device since the file was opened, so
        that a fleet costs one flush to disk and not one per device.
        """
        if number in self._booted:
            self._boot = self._take_boot()
            self._booted.clear()
        self._booted.add(number)
        return self._boot

    def _take_boot(self) -> int:
        self._db.commit()
        self._db.execute("pragma synchronous = full")
        row = self._db.execute("select value from meta where key = 'boot'").fetchone()
        last = None if row is None else int(row[0])
        boot = next_boot(last, time.time(), secrets.randbelow(BOOT_SPREAD))
        self._db.execute("insert or replace into meta values ('boot', ?)", (boot,))
        self._db.commit()
        self._db.execute("pragma synchronous = normal")
        return boot

    def commit(self) -> None:
        """Commit what every device appended and was receipted since the last commit."""
        self._db.commit()

    def close(self) -> None:
        """Commit and close."""
        self._db.commit()
        self._db.close()


class DeviceOutbox:
    """One device's rows; implements :class:`devices.agent.outbox.Outbox`.

    Receipted entries are deleted at once: a simulated server that is restored from a
    backup has its simulated devices restarted with it.
    """

    def __init__(self, shared: SharedOutbox, db: sqlite3.Connection, number: int, capacity: int) -> None:
        self._shared = shared
        self._db = db
        self._number = number
        self._capacity = capacity
        self.full = False
        """Whether its card takes nothing new (a simulated fault)."""
        self._depth: int = db.execute("select count(*) from outbox where device = ?", (number,)).fetchone()[0]

    def start_boot(self) -> int:
        """Return the next boot number, committed."""
        return self._shared.start_boot(self._number)

    def append(self, entry: Entry) -> Sequence[Key]:
        """Store ``entry``; durable after the shared file's next commit."""
        if self.full:
            raise OutboxError("no space left on the card")
        try:
            self._db.execute(
                f"insert into outbox (device, {_ENTRY}) values (?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - constant
                (
                    self._number,
                    entry.boot,
                    entry.seq,
                    entry.channel,
                    entry.wall_ms,
                    entry.mono_ms,
                    entry.clk,
                    entry.payload,
                ),
            )
        except sqlite3.Error as e:
            raise OutboxError(f"shared outbox: {e}") from e
        self._depth += 1
        return self._thin() if self._depth > self._capacity else ()

    def commit(self) -> None:
        """Commit the whole file."""
        self._shared.commit()

    def pending(self, after: Key | None = None, limit: int | None = None) -> Sequence[tuple[Key, str]]:
        """Return keys and channels, oldest first."""
        rows = self._db.execute(
            "select boot, seq, channel from outbox where device = ? and (boot, seq) > (?, ?)"
            " order by boot, seq limit ?",
            (self._number, *(after or (-1, -1)), -1 if limit is None else limit),
        )
        return [((boot, seq), channel) for boot, seq, channel in rows]

    def load(self, keys: Sequence[Key]) -> list[Entry]:
        """Return the entries of ``keys`` that are there, in that order."""
        sql = f"select {_ENTRY} from outbox where device = ? and boot = ? and seq = ?"  # noqa: S608 - constant
        found = (self._db.execute(sql, (self._number, *key)).fetchone() for key in keys)
        return [Entry(*row) for row in found if row is not None]

    def receipted(self, boot: int, runs: Sequence[Run]) -> None:
        """Delete these entries."""
        for first, last in runs:
            self._depth -= self._db.execute(
                "delete from outbox where device = ? and boot = ? and seq between ? and ?",
                (self._number, boot, first, last),
            ).rowcount

    def depth(self) -> int:
        """Return how many entries are held."""
        return self._depth

    def close(self) -> None:
        """Commit; the file stays open for the other devices."""
        self._shared.commit()

    def _thin(self) -> list[Key]:
        slack = max(1, self._capacity // 100)
        sql = (
            "select boot, seq from outbox where device = ? and channel = 'reading' order by boot, seq limit ?"
        )
        dropped: list[Key] = self._db.execute(sql, (self._number, 2 * slack)).fetchall()[::2]
        sql = "delete from outbox where device = ? and boot = ? and seq = ?"
        self._db.executemany(sql, [(self._number, *key) for key in dropped])
        self._depth -= len(dropped)
        return dropped
