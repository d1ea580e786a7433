"""The outbox of a device: a bounded ring in SQLite on its card.

WAL with ``synchronous=FULL`` and one commit per entry (docs/benchmarks.md says what that writes a
day). Receipts are marked with the next entry's commit: to lose a mark in a power cut costs sending
again what the server's ledger then refuses as a duplicate, and to write it at once would double the
wear of the card. Receipted entries stay as history until their room is needed, so that a server
restored from an old backup can be filled again.
"""

from __future__ import annotations

import secrets
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from devices.agent.entry import Entry, Key, Run, runs_of
from devices.agent.outbox import BOOT_SPREAD, OutboxError, next_boot
from devices.agent.outbox_file import as_outbox_error, connect, transaction
from devices.agent.outbox_forgotten import (
    Erased,
    Forgotten,
    first_key,
    last_key,
    read_forgotten,
    remove_broken,
    write_forgotten,
)
from devices.agent.outbox_mark import NEVER, Mark, drop_mark, move_mark, read_mark, rows_after
from devices.agent.pause import Pause
from devices.log import get_logger
from devices.scrub import overwriting, scrub

log = get_logger(__name__)

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
_INTO = f"outbox ({_COLUMNS}) values (?, ?, ?, ?, ?, ?, ?)"
_IS_WAITING = "from outbox where receipted = 0 and (boot, seq) > (?, ?)"
DEFAULT_CAPACITY = 400 * 288
"""400 days of a reading every 5 minutes: some 25 MB."""
_MARKS = 2_000
"""Receipted entries that wait in memory for being marked, at most."""
_MOVED_EVERY = 288
"""Entries after which the mark of :mod:`devices.agent.outbox_mark` is moved: about a day."""
_REWRITTEN_AT_ONCE = 20_000
"""Entries up to which the file is written anew while some wait that are forgotten next: 4 MB in memory, ten weeks.
With more of them that waits until they are sent: they can be read on the card till then in any case."""


class SqliteOutbox:
    """A ring of at most ``capacity`` entries in the file ``path``.

    When it is full the oldest receipted entries go first; when none is left, every
    second of the oldest readings goes, so that a long silence gets coarser rather
    than cut off; diary entries are never thinned.

    Args:
        path: database file; its folder must exist.
        capacity: entries kept, receipted ones included.
        wall: seconds since 1970 UTC as far as the device knows, for boot numbers.
        connect: opens the file in autocommit: each statement is durable when it returns.

    Raises:
        OutboxError: the file can't be opened or is no outbox.
    """

    def __init__(
        self,
        path: Path,
        capacity: int = DEFAULT_CAPACITY,
        wall: Callable[[], float] = time.time,
        connect: Callable[[Path], sqlite3.Connection] = connect,
    ) -> None:
        self._capacity = capacity
        self._wall = wall
        self._slack = max(1, capacity // 100)
        self._marks: dict[int, set[int]] = {}
        self._since_moved = 0
        self._rows: int
        self._unreceipted: int | None = None
        self._rest = False
        """Whether there are entries that are to be forgotten and had no receipt."""
        with as_outbox_error(path):
            self._db = connect(path)
            self._db.execute("pragma journal_mode = wal")
            self._db.execute("pragma synchronous = full")
            self._db.executescript(_SCHEMA)
            self._db.execute("insert or ignore into meta values ('install_id', ?)", (uuid.uuid4().hex,))
            self._forgotten = read_forgotten(self._db)
            self._mark_on_card = read_mark(self._db)
            self._rows = self._mark_on_card.rows + rows_after(self._db, self._mark_on_card)
        self._path = path
        self._to_forget = self._forgotten != Forgotten()
        """Whether the next turn looks after what is still to be forgotten."""
        self._erasing, self._rewriting = Pause(), Pause()

    @property
    def forgotten_to(self) -> Key:
        """The last key of those that are forgotten, or that are once they have their receipt."""
        return self._forgotten.key

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
        with as_outbox_error(self._path), transaction(self._db):
            row = self._db.execute("select value from meta where key = 'boot'").fetchone()
            last = None if row is None else int(row[0])
            boot = next_boot(last, self._wall(), secrets.randbelow(BOOT_SPREAD))
            self._db.execute("insert or replace into meta values ('boot', ?)", (boot,))
        return boot

    def take_over(self, boot: int) -> None:
        """Have ``boot``, which was begun elsewhere, be the last one begun."""
        with as_outbox_error(self._path), transaction(self._db):
            self._db.execute(
                "insert into meta values ('boot', ?1) on conflict do update set value = max(value, ?1)",
                (boot,),
            )

    def call_itself(self, install_id: str) -> None:
        """Go on under the name of the file that this one replaces on the same card."""
        with as_outbox_error(self._path):
            self._db.execute("insert or replace into meta values ('install_id', ?)", (install_id,))

    def forget_to(self, key: Key) -> None:
        """Forget what a file that this one replaces was to forget, and that file, from the next turn on."""
        forgotten = Forgotten(key, traces=True)
        with as_outbox_error(self._path):
            write_forgotten(self._db, forgotten)
        self._forgotten, self._to_forget = forgotten, True

    def append(self, entry: Entry) -> Sequence[Key]:
        """Store ``entry``, durable on return, and mark what was receipted since the last."""
        row = (entry.boot, entry.seq, entry.channel, entry.wall_ms, entry.mono_ms, entry.clk, entry.payload)
        with as_outbox_error(self._path):
            with transaction(self._db):
                self._db.execute(f"insert into {_INTO}", row)
                self._mark()
                moved = self._moved([entry])
            self._marks.clear()
            self._set_mark(moved)
            self._rows += 1
            self._count(1)
        self._erasing.entry()
        self._rewriting.entry()
        self._look_again()
        return self._make_room() if self._rows > self._capacity else ()

    def adopt(self, entries: Iterable[Entry]) -> None:
        """Store entries that come from elsewhere, all or none; one that is here already stays as it is."""
        taken = list(entries)
        rows = [(e.boot, e.seq, e.channel, e.wall_ms, e.mono_ms, e.clk, e.payload) for e in taken]
        with as_outbox_error(self._path):
            before = self._db.total_changes
            with transaction(self._db):
                self._db.executemany(f"insert or ignore into {_INTO}", rows)
                stored = self._db.total_changes - before
                moved = self._moved(taken)
            self._set_mark(moved)
            self._rows += stored
            self._count(stored)
        self._to_forget = self._forgotten != Forgotten()

    def commit(self) -> None:
        """Each append is its own commit; here goes what is still to be forgotten, where something is."""
        if self._to_forget:
            self._forget_more()

    def pending(self, after: Key | None = None, limit: int | None = None) -> Sequence[tuple[Key, str]]:
        """Return keys and channels of unreceipted entries, oldest first."""
        found: list[tuple[Key, str]] = []
        begin = max(after or NEVER, self._mark_on_card.key)
        boots: dict[int, int] = {}  # each row brings a number of its own: of a full outbox 4 MB
        with as_outbox_error(self._path):
            rows = self._db.execute(f"select boot, seq, channel {_IS_WAITING} order by boot, seq", begin)
            for boot, seq, channel in rows:
                if seq in self._marks.get(boot, ()):
                    continue
                found.append(((boots.setdefault(boot, boot), seq), channel))
                if len(found) == limit:
                    break
        return found

    def load(self, keys: Sequence[Key]) -> list[Entry]:
        """Return the entries of ``keys`` that are there, in that order."""
        with as_outbox_error(self._path):
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
        with as_outbox_error(self._path):
            rows = self._db.execute(
                f"select {_COLUMNS} from outbox order by boot desc, seq desc limit ?",  # noqa: S608 - constant
                (limit,),
            )
            for row in rows:
                yield Entry(*row)

    def receipted(self, boot: int, runs: Sequence[Run]) -> None:
        """Take these entries for held by the server; written down with the next entry."""
        marked = self._marks.setdefault(boot, set())
        before = len(marked)
        with as_outbox_error(self._path):
            for first, last in runs:
                found = self._db.execute(
                    "select seq from outbox where boot = ? and seq between ? and ? and receipted = 0",
                    (boot, first, last),
                )
                marked.update(seq for (seq,) in found)
            self._count(before - len(marked))
            if sum(map(len, self._marks.values())) >= _MARKS:
                self._flush()
        self._look_again()

    def forget(self) -> Erased:
        """Delete what the server holds, and of what is there the rest once it has its receipt.

        Traces of it go now, or with a later :meth:`commit` where somebody reads the file.

        Raises:
            OutboxError: nothing was deleted, and nothing will be.
        """
        with as_outbox_error(self._path):
            gone = self._erase(max(self._forgotten.key, last_key(self._db)))
        self._erasing, self._rewriting = Pause(), Pause()
        self._forget_more()
        return Erased(gone, self.depth(), self._forgotten.traces)

    def depth(self) -> int:
        """Return how many entries are unreceipted."""
        if self._unreceipted is None:
            with as_outbox_error(self._path):
                on_card = self._db.execute(f"select count(*) {_IS_WAITING}", self._mark_on_card.key)
                self._unreceipted = on_card.fetchone()[0] - sum(map(len, self._marks.values()))
        return self._unreceipted

    def close(self) -> None:
        """Mark what was receipted, where the card takes it, and close the file."""
        with suppress(sqlite3.Error):
            self._flush()
        self._db.close()

    def _count(self, more: int) -> None:
        """Follow how many are unreceipted, once somebody has asked for it: a start does not wait for that."""
        if self._unreceipted is not None:
            self._unreceipted += more

    def _moved(self, stored: Sequence[Entry]) -> Mark:
        """Move the mark on the card where that is due, or drop it for what was stored below it; return it."""
        if min((entry.key for entry in stored), default=self._mark_on_card.key) < self._mark_on_card.key:
            drop_mark(self._db)
            return Mark()
        self._since_moved += len(stored)
        due = self._mark_on_card == Mark() or self._since_moved >= _MOVED_EVERY
        return move_mark(self._db, self._mark_on_card) if due else self._mark_on_card

    def _set_mark(self, mark: Mark) -> None:
        """The transaction that wrote ``mark`` is on the card."""
        if mark != self._mark_on_card:
            self._mark_on_card, self._since_moved = mark, 0

    def _flush(self) -> None:
        if not any(self._marks.values()):
            return
        with transaction(self._db):
            self._mark()
            moved = move_mark(self._db, self._mark_on_card)
        self._marks.clear()
        self._set_mark(moved)

    def _look_again(self) -> None:
        self._to_forget = self._to_forget or self._rest or self._forgotten.traces

    def _forget_more(self) -> None:
        """Delete the rest once it has its receipts, then every trace; what does not go now goes at a later turn."""
        self._to_forget = False
        if not self._tried(self._erase_rest, self._erasing):
            return
        if self._forgotten.traces and not (self._rest and self._rows > _REWRITTEN_AT_ONCE):
            self._tried(self._scrub, self._rewriting)

    def _tried(self, act: Callable[[], None], pause: Pause) -> bool:
        """Return whether ``act`` was done; where the card does not take it, it is left alone for ever more entries."""
        if not pause.is_over:
            return False
        try:
            act()
        except (sqlite3.Error, OutboxError, OSError) as e:
            pause.failed()
            log.warning("not all is forgotten yet", tried_again_after_entries=pause.left, reason=str(e))
            return False
        pause.worked()
        return True

    def _erase_rest(self) -> None:
        if self._rest_is_sent():
            self._erase(self._forgotten.key)
            self._rest = False

    def _rest_is_sent(self) -> bool:
        first = first_key(self._db)
        self._rest = first is not None and first <= self._forgotten.key
        waits = self.pending(limit=1) if self._rest else []
        return self._rest and (not waits or waits[0][0] > self._forgotten.key)

    def _erase(self, key: Key) -> int:
        """Delete what is receipted up to ``key``, and write down in the same transaction that it is forgotten."""
        forgotten = Forgotten(key, traces=True)
        with overwriting(self._db), transaction(self._db):
            self._mark()
            sql = "delete from outbox where receipted = 1 and (boot, seq) <= (?, ?)"
            gone: int = self._db.execute(sql, key).rowcount
            drop_mark(self._db)
            moved = move_mark(self._db, Mark())
            write_forgotten(self._db, forgotten)
        self._marks.clear()
        self._set_mark(moved)
        self._forgotten = forgotten
        self._rows -= gone
        return gone

    def _scrub(self) -> None:
        remove_broken(self._path.parent)
        if not scrub(self._db):
            self._to_forget = True
            return
        done = Forgotten(self._forgotten.key)
        write_forgotten(self._db, done)
        self._forgotten = done

    def _mark(self) -> None:
        for boot, sequences in self._marks.items():
            self._db.executemany(
                "update outbox set receipted = 1 where boot = ? and seq between ? and ?",
                [(boot, first, last) for first, last in runs_of(sorted(sequences))],
            )

    def _make_room(self) -> Sequence[Key]:
        try:
            self._rows = rows_after(self._db, Mark())
            if self._rows <= self._capacity:
                return ()
            old = self._oldest("receipted = 1", self._slack)
            if old:
                self._delete(old)
                return ()
            dropped = self._oldest("receipted = 0 and channel = 'reading'", 2 * self._slack)[::2]
            self._delete(dropped)
        except sqlite3.Error:
            return ()  # the entry is stored; room is made with the next one
        self._count(-len(dropped))
        return dropped

    def _oldest(self, condition: str, limit: int) -> list[Key]:
        sql = f"select boot, seq from outbox where {condition} order by boot, seq limit ?"  # noqa: S608 - constants
        return self._db.execute(sql, (limit,)).fetchall()

    def _delete(self, keys: Sequence[Key]) -> None:
        with transaction(self._db):
            self._db.executemany("delete from outbox where boot = ? and seq = ?", keys)
            drop_mark(self._db)
            moved = move_mark(self._db, Mark())
        self._set_mark(moved)
        self._rows -= len(keys)
