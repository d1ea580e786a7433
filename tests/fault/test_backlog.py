"""A device that was away sends 10,000 readings at once: the others' readings do not wait for them."""

from __future__ import annotations

import random
import statistics
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest

from cityops.embedded.mosquitto import EmbeddedMosquitto
from cityops.runtime.backoff import Backoff
from devices.agent.agent import Agent, Identity
from devices.agent.broker import BrokerAddress, Reconnect, Will
from devices.agent.clock_state import Moment
from devices.agent.paho_link import PahoLink
from devices.agent.publisher import Limits, Publisher
from devices.agent.sampler import Sampler
from devices.agent.sqlite_outbox import SqliteOutbox
from devices.contract.kind import discover
from devices.contract.topics import shard_of
from devices.registry import Device, Registry
from firmware_sim.load import load_devices
from ingest.registry_store import store_registry
from tests.fakes.ingest_process import IngestProcess, LoadProcess, wait_for
from tests.fakes.ingest_setup import INSTALLED

pytestmark = [pytest.mark.fault, pytest.mark.timeout(240)]

FROG = discover()["frog"]
NAME = "frog-away"
BACKLOG = 10_000
LIVE_DEVICES, LIVE_RATE, LIVE_S = 200, 500, 30
QUIET_S = 8.0

LAGS = """
select extract(epoch from r.received_at - r.ts)::float8 from frog_reading r join device d using (device_id)
where d.name <> %s and r.ts >= to_timestamp(%s) and r.ts < to_timestamp(%s)
"""


class Room:
    def read(self) -> Mapping[str, float]:
        return {"temperature_c": 20.5, "humidity_pct": 55.0, "wall_temperature_c": 14.0}


class AwayDevice(threading.Thread):
    """The real agent, its outbox full of ten thousand readings; made when it is full.

    It hurries: a device leaves 0.2 s between messages of a backlog, this one nothing.
    """

    def __init__(self, folder: Path, broker: EmbeddedMosquitto) -> None:
        super().__init__(daemon=True)
        self._file, self._broker = folder / "outbox.db", broker
        self._full, self._go, self._stop_it = threading.Event(), threading.Event(), threading.Event()
        self.waiting = BACKLOG
        self.receipted = 0
        self.start()
        assert self._full.wait(60)

    def connect(self) -> None:
        """Send what there is."""
        self._go.set()

    def stop(self) -> None:
        """Say goodbye."""
        self._stop_it.set()
        self._go.set()
        self.join()

    def run(self) -> None:
        # All in one thread: SQLite wants that.
        rng = random.Random(1)
        identity = Identity(device=NAME, kind="frog", shard=shard_of(NAME))
        outbox = SqliteOutbox(self._file)
        agent = Agent(
            identity,
            Sampler(FROG, [Room()], 300.0, 0.0),
            outbox,
            Publisher(Limits(interval_s=0.0), rng),
            time.monotonic,
        )
        first_ms = round(time.time() * 1000) - BACKLOG * 300_000
        for i in range(BACKLOG):
            assert agent.sample(Moment(first_ms + i * 300_000, i * 300_000))
        outbox.commit()
        self._full.set()
        self._go.wait()
        address = BrokerAddress(host=self._broker.host, port=self._broker.port)
        will = Will(identity.topic("status"), identity.last_will())
        reconnect = Reconnect(rng, Backoff(first_s=0.05, cap_s=0.3), first_within_s=0.0)
        link = PahoLink(address, NAME, will, agent, reconnect)
        agent.start(link)
        while not self._stop_it.is_set():
            link.service(0.02)
            agent.pump()
            self.waiting, self.receipted = agent.publisher.unreceipted, agent.counts.receipted
        agent.stop()


def lags_s(dsn: str, from_s: float, to_s: float) -> list[float]:
    """Return from measuring to storing of the live readings measured in a period [s]."""
    with psycopg.connect(dsn, autocommit=True) as conn:
        return sorted(lag for (lag,) in conn.execute(LAGS, (NAME, from_s, to_s)).fetchall())


def backlog_rows(dsn: str) -> tuple[int, int]:
    """Return rows of the device that was away, and different readings among them."""
    with psycopg.connect(dsn, autocommit=True) as conn:
        row = conn.execute(
            "select count(*), count(distinct (boot, seq)) from frog_reading join device using (device_id)"
            " where name = %s",
            (NAME,),
        ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


async def test_live_readings_do_not_wait_for_a_backlog(
    broker: EmbeddedMosquitto, db_dsn: str, pg: psycopg.AsyncConnection[Any], tmp_path: Path
) -> None:
    since = INSTALLED.replace(year=INSTALLED.year - 1)
    away = Device(name=NAME, kind="frog", shard=shard_of(NAME), installed_at=since)
    await store_registry(pg, Registry(name="t", devices=(*load_devices(LIVE_DEVICES), away)))
    with ExitStack() as stack:
        ingest = IngestProcess(db_dsn, broker)
        stack.callback(ingest.kill)
        device = AwayDevice(tmp_path, broker)
        stack.callback(device.stop)
        load = LoadProcess(broker, LIVE_DEVICES, LIVE_RATE * LIVE_S, LIVE_RATE)
        stack.callback(load.kill)
        wait_for(lambda: lags_s(db_dsn, 0.0, 4e9))
        quiet_from_s = time.time()
        time.sleep(QUIET_S)
        sent_from_s = time.time()
        device.connect()
        wait_for(lambda: backlog_rows(db_dsn)[0] > 0)
        wait_for(lambda: device.waiting == 0)
        sent_to_s = time.time()
        assert load.running, "the backlog outlasted the live load"
        totals = load.result(LIVE_S)
        assert totals["pending"] == 0
        alone, beside = lags_s(db_dsn, quiet_from_s, sent_from_s), lags_s(db_dsn, sent_from_s, sent_to_s)
        middle = [statistics.median(x) for x in (alone, beside)]
        late = [x[int(0.99 * len(x))] for x in (alone, beside)]
        print(
            f"lag of live readings, ms: median {1e3 * middle[0]:.0f} alone and {1e3 * middle[1]:.0f} beside,"
            f" p99 {1e3 * late[0]:.0f} and {1e3 * late[1]:.0f}; backlog stored in {sent_to_s - sent_from_s:.1f} s"
        )
        assert middle[1] < 4 * middle[0]
        assert late[1] < 6 * late[0]
        assert backlog_rows(db_dsn) == (BACKLOG, BACKLOG)
        assert device.receipted == BACKLOG
        assert ingest.stop() == 0
