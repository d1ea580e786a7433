"""What the frog measured, on its card: 35 days of five minutes and a year of hours, never more.

Its own small SQLite file beside the outbox, for the frog's page. Readings are safe in the
outbox before they come here, so this file may lag: it is written once for six samples (half
an hour), and after a power cut the owner gives the missing ones again, from the outbox.
Each write is one transaction (WAL, ``synchronous=FULL``): whatever the moment of a power
cut, the file holds whole batches, and each hour's means belong to its samples.

One thread writes. Others read through :meth:`Ring.reader`, on connections of their own, and
never make it wait.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from devices.air import vapour_pa
from devices.page.reader import RingReader
from devices.page.samples import HOUR_S, SLOT_S, Key, Note, Sample
from devices.scrub import overwriting, scrub

_SCHEMA = """
create table if not exists meta (key text primary key, value integer not null) without rowid;
create table if not exists fine (
    slot          integer primary key,
    at_s          integer not null,
    boot          integer not null,
    temperature_c real not null,
    humidity_pct  real not null,
    wall_c        real
);
create table if not exists hour (
    at_s              integer primary key,
    samples           integer not null,
    temperature_c     real not null,
    temperature_min_c real not null,
    temperature_max_c real not null,
    humidity_pct      real not null,
    humidity_min_pct  real not null,
    humidity_max_pct  real not null,
    vapour_pa         real not null,
    wall_c            real,
    wall_min_c        real
);
create table if not exists note (
    boot integer not null, seq integer not null, at_s integer not null,
    activity text not null, source text not null, primary key (boot, seq)
) without rowid;
"""
_MEANS = """
insert or replace into hour
select ?1, count(*), avg(temperature_c), min(temperature_c), max(temperature_c),
       avg(humidity_pct), min(humidity_pct), max(humidity_pct), avg(vapour_pa(temperature_c, humidity_pct)),
       avg(wall_c), min(wall_c)
from fine where slot >= ?1 / 300 and slot < ?1 / 300 + 12 group by slot / 12
"""
_PRUNED = "pruned_s"
_BOOT, _SEQ, _TRACES = "forgotten_boot", "forgotten_seq", "traces"

FINE_SLOTS = 35 * 288
HOURS = 366 * 24
NOTES = 2_000
BATCH = 6
HELD = 2016
"""Samples of a clock that was never set, kept in memory at most: a week of them."""
CLOCK_SET_S = 1_704_067_200
"""2024: a clock before it was never set."""
_DAY_S = 86_400


class Ring:
    """The record in the file ``path``.

    Args:
        path: the file; its folder must exist.
        slots: five-minute samples kept; some more until a whole hour can go.
        hours: hourly means kept.
        batch: samples gathered in memory for one write.

    Raises:
        sqlite3.Error: the file can't be opened, or is none of ours.
    """

    def __init__(self, path: Path, slots: int = FINE_SLOTS, hours: int = HOURS, batch: int = BATCH) -> None:
        self.path = path
        self._slots, self._hours, self._batch = slots, hours, batch
        self.pending: tuple[Sample, ...] = ()
        """Not on the card yet, oldest first; another thread may read it."""
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.create_function("vapour_pa", 2, vapour_pa, deterministic=True)
        self._db.execute("pragma journal_mode = wal")
        self._db.execute("pragma synchronous = full")
        self._db.executescript(_SCHEMA)
        self.forgotten_to: Key = (self._said(_BOOT, -1), self._said(_SEQ, -1))
        """Nothing up to this key is taken again; a key, not a time: keys only grow, whatever the clock says."""
        self.traces = self._said(_TRACES, 0) == 1
        """Whether the files may still hold parts of what was forgotten."""

    def newest_s(self) -> int | None:
        """Return the time of the newest sample on the card [s since 1970], None where there is none."""
        row = self._db.execute("select at_s from fine order by slot desc limit 1").fetchone()
        return None if row is None else int(row[0])

    def taken_from_s(self) -> int:
        """Return the time before which nothing is taken [s since 1970]: it was dropped."""
        return self._said(_PRUNED, 0)

    def add(self, sample: Sample, true_s: int | None = None) -> None:
        """Take a sample; every so many are written. ``true_s`` as in :meth:`flush`.

        Raises:
            sqlite3.Error: they could not be written; they stay in memory and are tried again.
        """
        self.pending = (*self.pending, sample)[-HELD:]
        if sum(s.at_s >= CLOCK_SET_S for s in self.pending) >= self._batch:
            self.flush(true_s)

    def flush(self, true_s: int | None = None) -> None:
        """Write what waits in memory.

        Args:
            true_s: the time [s since 1970] where it is known to be right: what claims to be
                more than a day younger came from a wrong clock and goes.

        Raises:
            sqlite3.Error: nothing was written; everything stays in memory.
        """
        ready = [s for s in self.pending if s.at_s >= CLOCK_SET_S]
        if not ready and true_s is None:
            return
        with self._transaction():
            if true_s is not None:
                self._drop_future(true_s)
            self._write(ready)
            self._prune()
        self.pending = tuple(s for s in self.pending if s.at_s < CLOCK_SET_S)

    def note(self, note: Note) -> None:
        """Keep a diary entry, on the card on return; the same one twice is one, one too old is none.

        Raises:
            sqlite3.Error: it was not written.
        """
        if note.at_s < self.taken_from_s():
            return
        with self._transaction():
            self._db.execute(
                "insert or replace into note values (?, ?, ?, ?, ?)",
                (note.boot, note.seq, note.at_s, note.activity, note.source),
            )
            self._db.execute(
                "delete from note where (boot, seq) in "
                "(select boot, seq from note order by boot desc, seq desc limit -1 offset ?)",
                (NOTES,),
            )

    def shift(self, boot: int, seconds: int) -> None:
        """Move what was measured in ``boot`` by ``seconds``: its clock was found to be wrong.

        Raises:
            sqlite3.Error: nothing was moved.
        """
        pruned_s = self.taken_from_s()
        with self._transaction():
            rows = self._db.execute(
                "select at_s, boot, temperature_c, humidity_pct, wall_c from fine where boot = ? and at_s >= ?",
                (boot, pruned_s),
            ).fetchall()
            self._db.execute("delete from fine where boot = ? and at_s >= ?", (boot, pruned_s))
            self._means({_hour(row[0]) for row in rows})
            self._write(Sample(*row).moved(seconds) for row in rows)
            self._db.execute("update note set at_s = at_s + ? where boot = ?", (seconds, boot))
        self.pending = tuple(s.moved(seconds) if s.boot == boot else s for s in self.pending)

    def forget(self, to: Key) -> None:
        """Forget everything, for a household moved out, and that up to ``to`` of the outbox it is; then :meth:`scrub`.

        Nothing else may write the record.

        Raises:
            sqlite3.Error: nothing was forgotten.
        """
        to = max(to, self.forgotten_to)
        with overwriting(self._db), self._transaction():
            for table in ("fine", "hour", "note", "meta"):
                self._db.execute(f"delete from {table}")  # noqa: S608 - constants
            said = [(_BOOT, to[0]), (_SEQ, to[1]), (_TRACES, 1)]
            self._db.executemany("insert into meta values (?, ?)", said)
        self.pending = ()
        self.forgotten_to, self.traces = to, True

    def scrub(self) -> bool:
        """Remove every trace of what was forgotten; return whether none is left. False: the file is being read.

        Raises:
            sqlite3.Error: the card does not take it.
        """
        if self.traces and scrub(self._db):
            self._db.execute("delete from meta where key = ?", (_TRACES,))
            self.traces = False
        return not self.traces

    def reader(self) -> RingReader:
        """Return what another thread reads with; it opens a connection of its own."""
        return RingReader(self)

    def close(self) -> None:
        """Write what waits, as far as it goes, and close the file."""
        try:
            self.flush()
        finally:
            self._db.close()

    # -- inside ------------------------------------------------------------------

    def _said(self, name: str, otherwise: int) -> int:
        row = self._db.execute("select value from meta where key = ?", (name,)).fetchone()
        return otherwise if row is None else int(row[0])

    def _write(self, samples: Iterable[Sample]) -> None:
        """Store samples and the means of their hours; what is older than what was pruned is too late."""
        pruned_s, touched = self.taken_from_s(), set()
        for s in samples:
            if s.at_s < pruned_s:
                continue
            self._db.execute(
                "insert or replace into fine values (?, ?, ?, ?, ?, ?)",
                (s.at_s // SLOT_S, s.at_s, s.boot, s.temperature_c, s.humidity_pct, s.wall_c),
            )
            touched.add(_hour(s.at_s))
        self._means(touched)

    def _means(self, hours: Iterable[int]) -> None:
        for at_s in hours:
            self._db.execute("delete from hour where at_s = ?", (at_s,))
            self._db.execute(_MEANS, (at_s,))

    def _prune(self) -> None:
        """Drop whole hours of samples, so that the means of an hour never lose a part of it."""
        row = self._db.execute(
            "select at_s from fine order by slot desc limit 1 offset ?", (self._slots - 1,)
        ).fetchone()
        if row is not None:
            self._drop_before(_hour(row[0]))
        self._db.execute(
            "delete from hour where at_s <= (select at_s from hour order by at_s desc limit 1 offset ?)",
            (self._hours,),
        )

    def _drop_before(self, oldest_s: int) -> None:
        if self._db.execute("delete from fine where slot < ?", (oldest_s // SLOT_S,)).rowcount > 0:
            self._db.execute("insert or replace into meta values (?, ?)", (_PRUNED, oldest_s))

    def _drop_future(self, true_s: int) -> None:
        from_s = _hour(true_s + _DAY_S)
        self._db.execute("delete from fine where slot >= ?", (from_s // SLOT_S,))
        self._db.execute("delete from hour where at_s >= ?", (from_s,))
        if self.taken_from_s() > true_s:
            self._db.execute("delete from meta where key = ?", (_PRUNED,))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        if self._db.in_transaction:  # one that could not even be rolled back
            self._db.execute("rollback")
        try:
            self._db.execute("begin immediate")  # it may have begun and yet fail
            yield
            self._db.execute("commit")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("rollback")
            raise


def _hour(at_s: int) -> int:
    return at_s // HOUR_S * HOUR_S
