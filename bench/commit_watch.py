"""Looks at a database every few milliseconds, to date its commits; see :mod:`bench.latency`."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Self

import psycopg

from bench.latency import Sighting, Snapshot

INTERVAL_S = 0.005


class CommitWatch:
    """Takes snapshots in a thread of its own while it is entered.

    Attributes:
        backend_pid: of the server process that answers it.
        sightings: in order of time.
    """

    def __init__(self, dsn: str) -> None:
        self._conn = psycopg.connect(dsn, autocommit=True)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="commit watch", daemon=True)
        self.backend_pid = self._conn.info.backend_pid
        self.sightings: list[Sighting] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        if kind is None:
            self._look()  # a thread that failed has failed for a reason that is met here again
        self._conn.close()

    def _watch(self) -> None:
        while not self._stop.wait(INTERVAL_S):
            self._look()

    def _look(self) -> None:
        row = self._conn.execute("select pg_current_snapshot()::text").fetchone()
        assert row is not None
        self.sightings.append(Sighting(time.time(), Snapshot.parse(row[0])))
