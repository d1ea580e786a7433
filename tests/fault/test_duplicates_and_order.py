"""Everything ten times from two sessions, and a day in any order: rows 13 and 14 of docs/reliability.md."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from cityops.embedded.mosquitto import EmbeddedMosquitto
from devices.contract.codecs.json import encode_reading
from devices.contract.topics import topic
from devices.registry import Device, Registry
from ingest.registry_store import store_registry
from tests.fakes.ingest_setup import INSTALLED
from tests.fakes.mqtt_blaster import Blaster
from tests.fakes.worker import Worker, wait_until

pytestmark = [pytest.mark.fault, pytest.mark.usefixtures("quick_start"), pytest.mark.timeout(600)]

Message = tuple[str, bytes]
DEVICES = [Device(name=f"frog-{i}", kind="frog", shard=i % 4, installed_at=INSTALLED) for i in range(12)]
DAY = 144
"""Readings of a device in 24 hours, one every ten minutes."""


@pytest.fixture
async def watch(broker: EmbeddedMosquitto, db_dsn: str, pg: psycopg.AsyncConnection[Any]) -> Any:
    """A connection that watches a worker's database."""
    await store_registry(pg, Registry(name="t", devices=tuple(DEVICES)))
    worker = Worker(db_dsn, broker)
    with psycopg.connect(db_dsn, autocommit=True) as conn:
        yield conn
    assert worker.stop() == 0


def a_day(boot: int) -> Iterator[Message]:
    start_ms = (int(time.time()) // 86_400 - 2) * 86_400_000
    for seq in range(DAY):
        for number, device in enumerate(DEVICES):
            fields = {"temperature_c": 18.0 + seq / 50, "humidity_pct": 40.0 + number}
            payload = encode_reading(start_ms + seq * 600_000, boot, seq, fields)
            yield topic(device.shard, "frog", device.name, "reading"), payload


def settled(watch: psycopg.Connection[Any]) -> int:
    row = watch.execute(
        "select coalesce(sum(readings + duplicates + dead_letters), 0) from ingest_batch"
    ).fetchone()
    return int(row[0]) if row is not None else 0


def publish(broker: EmbeddedMosquitto, client_id: str, messages: list[Message]) -> None:
    blaster = Blaster(broker.host, broker.port, client_id)
    blaster.send(messages)
    blaster.close()


def test_every_message_ten_times_from_two_sessions_and_a_day_in_any_order(
    broker: EmbeddedMosquitto, watch: psycopg.Connection[Any]
) -> None:
    messages = list(a_day(boot=1))
    publish_ten_times(broker, messages)
    wait_until(lambda: settled(watch) >= 10 * len(messages))
    rows = watch.execute("select count(*), count(distinct (device_id, boot, seq)) from frog_reading")
    assert rows.fetchone() == (len(messages), len(messages))
    counts = watch.execute("select sum(duplicates), sum(dead_letters) from ingest_batch")
    assert counts.fetchone() == (9 * len(messages), 0)

    publish(broker, "in-order", list(a_day(boot=2)))
    shuffled = list(a_day(boot=3))
    random.Random(5).shuffle(shuffled)
    publish(broker, "shuffled", shuffled)
    wait_until(lambda: settled(watch) >= 12 * len(messages))
    tables = watch.execute(
        "select boot, count(*), md5(string_agg((device_id, seq, ts, temperature_c, humidity_pct, quality)::text, ';'"
        " order by device_id, seq)) from frog_reading group by boot order by boot"
    ).fetchall()
    assert [rows for _, rows, _ in tables] == [len(messages)] * 3
    assert len({content for _, _, content in tables}) == 1


def publish_ten_times(broker: EmbeddedMosquitto, messages: list[Message]) -> None:
    """From two sessions at once, five times each, in different orders."""
    sessions = []
    for number in range(2):
        shuffled = messages * 5
        random.Random(number).shuffle(shuffled)
        sessions.append(threading.Thread(target=publish, args=(broker, f"twin-{number}", shuffled)))
    for session in sessions:
        session.start()
    for session in sessions:
        session.join()
