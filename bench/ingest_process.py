"""The two ingesters that ``bench ingest`` compares, each as a process of its own."""

from __future__ import annotations

import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from bench.stack import ROOT, Database, number
from cityops.embedded.mosquitto import EmbeddedMosquitto
from cityops.embedded.process import ServerProcess, free_port
from cityops.errors import TransientError

READY_WITHIN_S = 60.0
BATCH_AGE_S = 0.2

Connection = psycopg.Connection[tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Contender:
    """An ingester under measurement.

    Attributes:
        start: starts it with (database, broker, rows per batch, name of its log file); it is ready then.
        rows: how many readings of a boot the database has.
        batches: how many transactions there were so far; None where nobody counts.
        receipts: whether devices are told what is stored.
    """

    start: Callable[[Database, EmbeddedMosquitto, int], ServerProcess]
    rows: Callable[[Connection, int], int]
    batches: Callable[[Connection], int | None]
    receipts: bool


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


def _start_ours(database: Database, broker: EmbeddedMosquitto, batch_rows: int) -> ServerProcess:
    port = free_port()
    settings = {
        "CITYOPS_DB__DSN": database.dsn,
        "CITYOPS_MQTT__HOST": broker.host,
        "CITYOPS_MQTT__PORT": str(broker.service_port),
        "CITYOPS_INGEST__BATCH_ROWS": str(batch_rows),
        "CITYOPS_INGEST__BATCH_AGE_S": str(BATCH_AGE_S),
        "CITYOPS_INGEST__HEALTH_PORT": str(port),
        "CITYOPS_LOG__LEVEL": "warning",
        "CITYOPS_DATA_DIR": str(database.folder),
    }
    process = _process(database, "ours.log", ["-m", "ops_api", "ingest"], settings)
    return _ready(process, lambda: _answers(f"http://127.0.0.1:{port}/readyz"))


def _start_baseline(database: Database, broker: EmbeddedMosquitto, batch_rows: int) -> ServerProcess:
    arguments = [str(broker.service_port), database.dsn, str(batch_rows), str(BATCH_AGE_S)]
    module = ["-m", "bench.baselines.ingest_executemany"]
    process = _process(database, "baseline.log", module + arguments, {"PYTHONPATH": str(ROOT)})
    return _ready(process, lambda: "ready" in process.last_words())


def _process(
    database: Database, log: str, arguments: list[str], environment: dict[str, str]
) -> ServerProcess:
    return ServerProcess(
        [sys.executable, *arguments],
        account=None,
        log_file=database.folder / log,
        stop_signal=signal.SIGTERM,
        env=environment,
    )


def _ready(process: ServerProcess, ready: Callable[[], bool]) -> ServerProcess:
    deadline_s = time.monotonic() + READY_WITHIN_S
    while not ready():
        if not process.running or time.monotonic() > deadline_s:
            words = process.last_words()
            process.stop()
            raise TransientError(f"an ingester is not ready after {READY_WITHIN_S:g} s: {words}")
        time.sleep(0.05)
    return process


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2.0) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


OURS = Contender(
    start=_start_ours,
    rows=lambda conn, boot: number(conn, "select count(*) from frog_reading where boot = %s", [boot]),
    batches=lambda conn: number(conn, "select count(*) from ingest_batch"),
    receipts=True,
)
BASELINE = Contender(
    start=_start_baseline,
    rows=lambda conn, boot: number(
        conn, "select count(*) from bench_baseline_reading where boot = %s", [boot]
    ),
    batches=lambda _: None,
    receipts=False,
)
