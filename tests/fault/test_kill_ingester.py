"""kill -9 of the ingester in the middle of 50,000 messages: every message once."""

from __future__ import annotations

import random
import threading
import time
from typing import Any

import psycopg
import pytest

from cityops.embedded.mosquitto import EmbeddedMosquitto
from devices.contract.codecs.json import encode_reading
from devices.contract.topics import topic
from devices.registry import Device, Registry
from ingest.registry_store import store_registry
from tests.fakes.ingest_setup import FROG, INSTALLED
from tests.fakes.mqtt_blaster import Blaster
from tests.fakes.worker import Worker, wait_until

pytestmark = [pytest.mark.fault, pytest.mark.usefixtures("quick_start"), pytest.mark.timeout(600)]

MESSAGES = 50_000
DEVICES = 100
KILLS = 3
AHEAD = 6000
"""More than a worker holds, so that every kill finds messages on their way."""


class Publisher:
    """Publishes from a thread, never more than ``AHEAD`` messages ahead of what is stored."""

    def __init__(self, broker: EmbeddedMosquitto, dsn: str, messages: list[tuple[str, bytes]]) -> None:
        self._broker, self._dsn, self._messages = broker, dsn, messages
        self.sent = 0
        self.thread = threading.Thread(target=self._work, daemon=True)
        self.thread.start()

    def _work(self) -> None:
        blaster = Blaster(self._broker.host, self._broker.port, "devices")
        with psycopg.connect(self._dsn, autocommit=True) as watch:
            while self.sent < len(self._messages):
                if self.sent - _stored(watch) < AHEAD:
                    self.sent += blaster.send(self._messages[self.sent : self.sent + 500])
                else:
                    time.sleep(0.01)
        blaster.close()


async def test_every_message_is_in_the_database_once(
    broker: EmbeddedMosquitto, db_dsn: str, pg: psycopg.AsyncConnection[Any]
) -> None:
    names = [f"frog-{i:03d}" for i in range(DEVICES)]
    devices = [Device(name=n, kind="frog", shard=i % 4, installed_at=INSTALLED) for i, n in enumerate(names)]
    await store_registry(pg, Registry(name="t", devices=tuple(devices)))
    started_ms = int(time.time() * 1000) - 86_400_000
    messages = [
        (topic(d.shard, "frog", d.name, "reading"), encode_reading(started_ms + seq * 1000, 7, seq, FROG))
        for seq in range(MESSAGES // DEVICES)
        for d in devices
    ]
    rng = random.Random(11)
    with psycopg.connect(db_dsn, autocommit=True) as watch:
        worker = Worker(db_dsn, broker)
        publisher = Publisher(broker, db_dsn, messages)
        for kill in range(KILLS):
            wanted = MESSAGES * (kill + 1) // (KILLS + 2)
            wait_until(lambda wanted=wanted: _stored(watch) > wanted)  # type: ignore[misc]
            time.sleep(rng.uniform(0.0, 0.1))
            worker.kill()
            assert _stored(watch) < MESSAGES
            worker = Worker(db_dsn, broker)
        wait_until(lambda: _stored(watch) == MESSAGES)
        assert worker.stop() == 0
        rows = watch.execute(
            "select count(*), count(distinct (device_id, boot, seq)) from frog_reading"
        ).fetchone()
        gaps = watch.execute(
            f"select count(*) from device_sequence where received <> '{{[0,{MESSAGES // DEVICES})}}'"
        )
        assert rows == (MESSAGES, MESSAGES)
        assert gaps.fetchone() == (0,)
        publisher.thread.join()
        assert watch.execute("select count(*) from dead_letter").fetchone() == (0,)


def _stored(watch: psycopg.Connection[Any]) -> int:
    row = watch.execute("select coalesce(sum(readings), 0) from ingest_batch").fetchone()
    return int(row[0]) if row else 0
