"""Reading the frog's record from another thread than the one that writes it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from devices.page.samples import SLOT_S, Hour, Note, Sample

_BUSY_S = 5.0


class _Writing(Protocol):
    """What of :class:`devices.page.ring.Ring` is read: its file, and what is not in it yet."""

    path: Path
    pending: tuple[Sample, ...]


class RingReader:
    """Opens a connection for each question and closes it: a page is asked for now and then."""

    def __init__(self, ring: _Writing) -> None:
        self._ring = ring

    def samples(self, from_s: int, to_s: int) -> list[Sample]:
        """Return what was measured in [from_s, to_s], oldest first, one of each five minutes.

        Raises:
            sqlite3.Error: the card can't be read.
        """
        pending = self._ring.pending  # first: what is written meanwhile is then seen twice, not never
        with self._connection() as db:
            rows = db.execute(
                "select at_s, boot, temperature_c, humidity_pct, wall_c from fine "
                "where slot between ? and ? order by slot",
                (from_s // SLOT_S, to_s // SLOT_S),
            )
            found = {row[0] // SLOT_S: Sample(*row) for row in rows}
        found.update({s.at_s // SLOT_S: s for s in pending})
        return [s for _, s in sorted(found.items()) if from_s <= s.at_s <= to_s]

    def hours(self, from_s: int, to_s: int) -> list[Hour]:
        """Return the means of the hours that begin in [from_s, to_s], oldest first; errors as above."""
        with self._connection() as db:
            rows = db.execute("select * from hour where at_s between ? and ? order by at_s", (from_s, to_s))
            return [Hour(*row) for row in rows]

    def notes(self, from_s: int, to_s: int) -> list[Note]:
        """Return the diary entries of [from_s, to_s], newest first; errors as above."""
        with self._connection() as db:
            rows = db.execute(
                "select boot, seq, at_s, activity, source from note where at_s between ? and ? order by at_s desc",
                (from_s, to_s),
            )
            return [Note(*row) for row in rows]

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        db = sqlite3.connect(self._ring.path, isolation_level=None, timeout=_BUSY_S)
        try:
            db.execute("pragma query_only = on")
            yield db
        finally:
            db.close()
