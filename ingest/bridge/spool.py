"""Events that wait on this machine's disk while the database is away. QoS 0 and webhooks never come again."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ingest.bridge.ports import Source

_TABLES = """
create table if not exists event (event_id integer primary key autoincrement, source_id integer not null, protocol text not null,
    topic text not null, body blob not null);
create table if not exists kept (name text primary key, value text not null);
"""


@dataclass(frozen=True, slots=True)
class Spooled:
    """An event that waits."""

    event_id: int
    source_id: int
    protocol: str
    topic: str
    body: bytes


class Spool:
    """One SQLite file; methods may be called from any thread, one at a time each.

    Attributes:
        lost: events that were dropped since the start, the oldest first, for want of room.

    Args:
        path: the file, made where it is missing; its folder too. None: in memory, for a machine where nothing may be written.
        most_bytes: of the events' bodies.

    Raises:
        sqlite3.Error: from every method; the disk is full or the file is none of ours.
    """

    def __init__(self, path: Path | None, most_bytes: int) -> None:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._file = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
        if path is not None:
            path.chmod(0o600)
        self._file.execute("pragma journal_mode = wal")
        self._file.execute("pragma synchronous = full")
        self._file.executescript(_TABLES)
        found = self._file.execute("select count(*), coalesce(sum(length(body)), 0) from event").fetchone()
        self.waiting, self._bytes = int(found[0]), int(found[1])
        self.lost = 0

    def append(self, source_id: int, protocol: str, topic: str, body: bytes) -> None:
        """Keep an event; on return it is on the disk."""
        with self._lock:
            self._file.execute("begin immediate")
            try:
                self._make_room(len(body))
                row = (source_id, protocol, topic, body)
                self._file.execute(
                    "insert into event (source_id, protocol, topic, body) values (?, ?, ?, ?)", row
                )
                self._file.execute("commit")
            except BaseException:
                self._file.execute("rollback")
                self._count()
                raise
            self.waiting += 1
            self._bytes += len(body)

    def oldest(self, limit: int) -> list[Spooled]:
        """Return the events that have waited longest."""
        with self._lock:
            self._count()  # another process may have carried some
            query = "select event_id, source_id, protocol, topic, body from event order by event_id limit ?"
            return [Spooled(*row) for row in self._file.execute(query, (limit,)).fetchall()]

    def remove(self, event_ids: Sequence[int]) -> None:
        """Forget events: they are safe elsewhere."""
        with self._lock:
            self._file.execute("begin immediate")
            self._file.executemany(
                "delete from event where event_id = ?", [(number,) for number in event_ids]
            )
            self._file.execute("commit")
            self._count()

    def keep_sources(self, sources: Sequence[Source]) -> None:
        """Remember the servers, for a start without the database."""
        value = json.dumps([{**asdict(s), "settings": dict(s.settings)} for s in sources])
        with self._lock:
            self._file.execute("insert or replace into kept values ('sources', ?)", (value,))

    def kept_sources(self) -> list[Source]:
        """Return the servers as they were last remembered."""
        with self._lock:
            row = self._file.execute("select value from kept where name = 'sources'").fetchone()
        return [] if row is None else [Source(**one) for one in json.loads(row[0])]

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._file.close()

    def _make_room(self, wanted: int) -> None:
        while self.waiting and self._bytes + wanted > self._most_bytes:
            query = (
                "delete from event where event_id = (select min(event_id) from event) returning length(body)"
            )
            [(gone,)] = self._file.execute(query).fetchall()
            self.waiting -= 1
            self._bytes -= gone
            self.lost += 1

    def _count(self) -> None:
        found = self._file.execute("select count(*), coalesce(sum(length(body)), 0) from event").fetchone()
        self.waiting, self._bytes = int(found[0]), int(found[1])
