"""The database is gone for a while at full load: the ingester waits in little memory, and catches up."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from cityops.db.migrate import upgrade
from cityops.embedded.mosquitto import EmbeddedMosquitto
from cityops.embedded.postgres import EmbeddedPostgres
from cityops.embedded.process import free_port
from devices.registry import Registry
from firmware_sim.load import load_devices
from ingest.registry_store import store_registry
from tests.fakes.databases import kinds_ddl
from tests.fakes.ingest_process import IngestProcess, LoadProcess, wait_for

pytestmark = pytest.mark.fault

DEVICES = 500
RATE = 2_000
"""Readings a second: what 600,000 boxes send at five minutes."""
BEFORE_S, AFTER_S = 6, 8
SETTLED = 0.5
"""Part of the outage after which nothing more is to be taken in."""
MEMORY_MB = 300.0


@dataclass
class Watch:
    """What was seen of the ingester while the database was away."""

    ingest: IngestProcess
    memory_mb: list[float] = field(default_factory=list)
    readiness: list[int] = field(default_factory=list)

    def cpu_share(self, seconds: float) -> float:
        """Look once a second; return CPU seconds per second [-]."""
        began_s, cpu_s = time.monotonic(), self.ingest.cpu_s()
        while time.monotonic() - began_s < seconds:
            self.memory_mb.append(self.ingest.memory_mb())
            self.readiness.append(self.ingest.readiness())
            time.sleep(min(1.0, seconds / 5))
        return (self.ingest.cpu_s() - cpu_s) / (time.monotonic() - began_s)


@pytest.fixture
def server(server_dir: Path) -> Iterator[EmbeddedPostgres]:
    """A server of this test's own, to be stopped; it keeps its port."""
    folder = Path(tempfile.mkdtemp(prefix="away", dir=server_dir))
    folder.chmod(0o711)
    with EmbeddedPostgres(folder, free_port(), auth="trust", durable=False) as started:
        yield started


@pytest.fixture
async def dsn(server: EmbeddedPostgres) -> str:
    async with await psycopg.AsyncConnection.connect(server.dsn, autocommit=True) as conn:
        await upgrade(conn, kinds_ddl())
        await store_registry(conn, Registry(name="t", devices=tuple(load_devices(DEVICES))))
    return server.dsn


def stored(dsn: str) -> tuple[int, int]:
    """Return rows, and different readings among them."""
    with psycopg.connect(dsn, autocommit=True) as conn:
        row = conn.execute(
            "select count(*), count(distinct (device_id, boot, seq)) from frog_reading"
        ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def outage(server: EmbeddedPostgres, dsn: str, broker: EmbeddedMosquitto, down_s: float) -> None:
    readings = RATE * round(BEFORE_S + down_s + AFTER_S)
    with ExitStack() as stack:
        ingest = IngestProcess(dsn, broker)
        stack.callback(ingest.kill)
        load = LoadProcess(broker, DEVICES, readings, RATE)
        stack.callback(load.kill)
        wait_for(lambda: stored(dsn)[0] > RATE)
        busy = Watch(ingest).cpu_share(BEFORE_S / 2)
        server.stop()
        wait_for(lambda: ingest.readiness() == 503)
        away = Watch(ingest)
        away.cpu_share(down_s * SETTLED)
        settled_mb = ingest.memory_mb()
        idle = away.cpu_share(down_s * (1.0 - SETTLED))
        assert load.running, "the load ended before the outage"
        server.start()
        before = stored(dsn)[0]
        back_s = wait_for(lambda: stored(dsn)[0] > before)
        ready_s = back_s + wait_for(lambda: ingest.readiness() == 200)
        totals = load.result(down_s + AFTER_S)
        print(
            f"away {down_s:g} s at {RATE}/s: memory at most {max(away.memory_mb):.0f} MB, CPU {idle:.3f} away"
            f" and {busy:.3f} under load, storing again after {back_s:.1f} s, ready after {ready_s:.1f} s, {totals}"
        )
        assert set(away.readiness) == {503}
        assert max(away.memory_mb) < MEMORY_MB
        assert max(away.memory_mb) < settled_mb + 20.0, "it grew on while nothing could be stored"
        assert idle < 0.5 * busy, "busy while there was nothing to do"
        assert (totals["created"], totals["receipted"], totals["pending"]) == (readings, readings, 0)
        assert stored(dsn) == (readings, readings)
        assert ingest.readiness() == 200
        assert ingest.stop() == 0
    with psycopg.connect(dsn, autocommit=True) as conn:
        assert conn.execute("select count(*) from dead_letter").fetchone() == (0,)


@pytest.mark.timeout(300)
def test_twelve_seconds_without_database(
    server: EmbeddedPostgres, dsn: str, broker: EmbeddedMosquitto
) -> None:
    outage(server, dsn, broker, 12.0)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_ten_minutes_without_database(server: EmbeddedPostgres, dsn: str, broker: EmbeddedMosquitto) -> None:
    outage(server, dsn, broker, 600.0)
