"""``cityops ingest --workers 2``: one command, two processes, one address for health and metrics."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psutil
import psycopg
import pytest

from cityops.embedded.mosquitto import EmbeddedMosquitto
from tests.fakes.ingest_fleet import (
    ROOT,
    Crowd,
    environment,
    free_ports,
    holdings,
    page,
    register,
    until,
    verdict,
)

pytestmark = pytest.mark.fault


@dataclass
class Command:
    """The command as it runs."""

    process: subprocess.Popen[bytes]
    port: int

    @property
    def workers(self) -> list[psutil.Process]:
        """The ingest processes below it; each has a guard between."""
        found = psutil.Process(self.process.pid).children(recursive=True)
        return [p for p in found if "ops_api" in p.cmdline()]

    @property
    def ready(self) -> bool:
        return page(self.port, "readyz")[0] == 200


@contextmanager
def command(dsn: str, broker: EmbeddedMosquitto) -> Iterator[Command]:
    port = free_ports(3)
    settings = environment(dsn, broker, shards=4, lease_s=2.0) | {"CITYOPS_INGEST__HEALTH_PORT": str(port)}
    words = [sys.executable, "-m", "ops_api", "ingest", "--workers", "2"]
    it = Command(subprocess.Popen(words, env=settings, cwd=ROOT, stdout=subprocess.DEVNULL), port)
    try:
        yield it
    finally:
        it.process.kill()
        it.process.wait()


async def test_workers_are_kept_running_answered_for_and_stopped_together(
    broker: EmbeddedMosquitto, db_dsn: str, pg: psycopg.AsyncConnection[Any]
) -> None:
    devices = await register(pg, 4, 10)
    with psycopg.connect(db_dsn, autocommit=True) as watch, command(db_dsn, broker) as it:
        until(lambda: it.ready and holdings(watch) == [2, 2], "two workers share four shards")
        parts = json.loads(page(it.port, "readyz")[1])
        names = ("database", "devices", "leases", "broker")
        assert parts == {f"worker {number} {name}": True for number in (0, 1) for name in names}
        crowd = Crowd(broker, db_dsn, devices)
        both = ['cityops_ingest_shards_held{worker="0"} 2.0', 'cityops_ingest_shards_held{worker="1"} 2.0']
        until(lambda: all(line in page(it.port, "metrics")[1] for line in both), "metrics of both")

        it.workers[0].kill()
        until(lambda: holdings(watch) == [4], "the other takes all")
        until(lambda: holdings(watch) == [2, 2] and it.ready, "a new one gets its share")
        until(lambda: "cityops_ingest_worker_restarts_total" in page(it.port, "metrics")[1], "a count")

        sent = crowd.stop()
        until(lambda: verdict(watch)["rows"] >= sent, "all stored")
        assert verdict(watch) == {"rows": sent, "distinct": sent, "out_of_order": 0, "dead_letters": 0}
        workers = it.workers
        it.process.send_signal(signal.SIGTERM)
        assert it.process.wait(60) == 0
        assert not any(w.is_running() for w in workers)
        assert holdings(watch) == []


async def test_no_worker_outlives_a_command_that_is_killed(broker: EmbeddedMosquitto, db_dsn: str) -> None:
    with psycopg.connect(db_dsn, autocommit=True) as watch, command(db_dsn, broker) as it:
        until(lambda: len(holdings(watch)) == 2, "two workers")
        workers = it.workers
        it.process.kill()
        until(lambda: not any(w.is_running() for w in workers), "they end")
        until(lambda: holdings(watch) == [], "their leases end")
