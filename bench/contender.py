"""An ingester under measurement, as a process of its own."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from bench.stack import Database
from cityops.embedded.mosquitto import EmbeddedMosquitto
from cityops.embedded.process import ServerProcess
from cityops.errors import TransientError

READY_WITHIN_S = 60.0
BATCH_AGE_S = 0.1
BATCHES_IN_FLIGHT = 4
"""Unacknowledged messages that a baseline's one session may hold, in batches."""

Connection = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Contender:
    """An ingester under measurement.

    Attributes:
        name: in the report.
        about: what it is, for whoever reads the report.
        start: starts it with (database, broker, rows per batch); it is ready then.
        table: where its readings are, with the columns ``boot`` and ``time``.
        time: column with the time that the device gave the reading.
        receipts: whether devices are told what is stored.
    """

    name: str
    about: str
    start: Callable[[Database, EmbeddedMosquitto, int], ServerProcess]
    table: str
    time: str = "ts"
    receipts: bool = False

    def rows(self, conn: Connection, boot: int) -> int:
        """Return how many readings of a boot the database has."""
        return int(self._one(conn, "select count(*) from {table} where boot = %s", boot))

    def transactions(self, conn: Connection, boot: int) -> int:
        """Return in how many transactions they came."""
        return int(self._one(conn, "select count(distinct xmin::text) from {table} where boot = %s", boot))

    def commits(self, conn: Connection, boot: int) -> list[tuple[float, int, int]]:
        """Return (time given by the device [s], transaction (32 bits), how many readings)."""
        query = (
            "select extract(epoch from {time})::float8, xmin::text::bigint, count(*)"
            " from {table} where boot = %s group by 1, 2"
        )
        return [(s, xid, n) for s, xid, n in conn.execute(self._filled(query), [boot])]

    def _one(self, conn: Connection, query: str, boot: int) -> Any:
        row = conn.execute(self._filled(query), [boot]).fetchone()
        assert row is not None
        return row[0]

    def _filled(self, query: str) -> sql.Composed:
        names = {"table": sql.Identifier(self.table), "time": sql.Identifier(self.time)}
        return sql.SQL(query).format(**names)


@contextmanager
def running(
    contender: Contender, database: Database, broker: EmbeddedMosquitto, batch_rows: int
) -> Iterator[int]:
    """Give the process id of a started ingester."""
    process = contender.start(database, broker, batch_rows)
    try:
        yield process.pid
    finally:
        process.stop()


def launch(
    folder: Path, log: str, command: Sequence[str | Path], environment: Mapping[str, str]
) -> ServerProcess:
    """Start a process that logs to ``log`` in ``folder``."""
    return ServerProcess(
        command, account=None, log_file=folder / log, stop_signal=signal.SIGTERM, env=environment
    )


def launch_python(
    folder: Path, log: str, arguments: Sequence[str], environment: Mapping[str, str]
) -> ServerProcess:
    """Start this Python with ``arguments``; see :func:`launch`."""
    return launch(folder, log, [sys.executable, *arguments], environment)


def when_ready(process: ServerProcess, ready: Callable[[], bool]) -> ServerProcess:
    """Wait until ``ready()``; TransientError where it ends or takes too long."""
    deadline_s = time.monotonic() + READY_WITHIN_S
    while not ready():
        if not process.running or time.monotonic() > deadline_s:
            words = process.last_words()
            process.stop()
            raise TransientError(f"an ingester is not ready after {READY_WITHIN_S:g} s: {words}")
        time.sleep(0.05)
    return process
