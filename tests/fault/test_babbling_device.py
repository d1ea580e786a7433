"""One device floods with bad messages while others send good ones: the disk stays as it is, the counts are exact."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
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

pytestmark = [pytest.mark.fault, pytest.mark.usefixtures("quick_start")]

ROOT = Path(__file__).parents[2]
FLOOD = 20_000
GOOD_DEVICES = 20
GOOD = 4000
BURST = 500
AHEAD = 4000
SHARD = 1

BAD = {**FROG, "temperature_c": -127.0}
BABBLER = Device(name="frog-bad", kind="frog", shard=SHARD, installed_at=INSTALLED)
OTHERS = [
    Device(name=f"frog-{i:02d}", kind="frog", shard=SHARD, installed_at=INSTALLED)
    for i in range(GOOD_DEVICES)
]


@contextmanager
def worker(dsn: str, broker: EmbeddedMosquitto) -> Iterator[subprocess.Popen[bytes]]:
    """The ingester as a process."""
    environment = {
        **os.environ,
        "CITYOPS_DB__DSN": dsn,
        "CITYOPS_MQTT__HOST": broker.host,
        "CITYOPS_MQTT__PORT": str(broker.port),
        "CITYOPS_INGEST__SHARDS": str(SHARD),
        "CITYOPS_LOG__FORMAT": "json",
        "PYTHONPATH": str(ROOT),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.fakes.ingest_worker"],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def flood(numbered_only: bool) -> list[tuple[str, bytes]]:
    """The babbler's messages, with the others' good ones between them."""
    to = topic(SHARD, "frog", BABBLER.name, "reading")
    started_ms = int(time.time() * 1000) - 3_600_000
    messages = []
    for n in range(FLOOD):
        nonsense = not numbered_only and n % 2
        payload = b"nonsense %d " % n + b"x" * 500
        messages.append((to, payload if nonsense else encode_reading(started_ms + n, 7, n, BAD)))
        if n % (FLOOD // GOOD) == 0:
            seq, which = divmod(n // (FLOOD // GOOD), GOOD_DEVICES)
            good = encode_reading(started_ms + seq * 1000, 7, seq, FROG)
            messages.append((topic(SHARD, "frog", OTHERS[which].name, "reading"), good))
    return messages


def publish(broker: EmbeddedMosquitto, dsn: str, messages: list[tuple[str, bytes]]) -> threading.Thread:
    """Publish from a thread, never far ahead of what is committed: the broker's queue is not under test."""

    def work() -> None:
        blaster, sent = Blaster(broker.host, broker.port, "devices"), 0
        with psycopg.connect(dsn, autocommit=True) as watch:
            while sent < len(messages):
                if sent - done(watch) < AHEAD:
                    sent += blaster.send(messages[sent : sent + 500])
                else:
                    time.sleep(0.01)
        blaster.close()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def done(watch: psycopg.Connection[Any]) -> int:
    """Messages that are stored or set aside."""
    row = watch.execute("select coalesce(sum(readings + dead_letters), 0) from ingest_batch").fetchone()
    return int(row[0]) if row else 0


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 90
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


@pytest.mark.parametrize("killed", [False, True])
async def test_what_is_kept_is_bounded_and_what_is_not_is_counted_to_the_message(
    broker: EmbeddedMosquitto, db_dsn: str, pg: psycopg.AsyncConnection[Any], killed: bool
) -> None:
    """With a kill -9 in the middle only numbered messages: of others nobody can tell a redelivery."""
    await store_registry(pg, Registry(name="t", devices=(BABBLER, *OTHERS)))
    messages, began_s = flood(numbered_only=killed), time.monotonic()
    with psycopg.connect(db_dsn, autocommit=True) as watch:
        # Until the first session stands the broker has nobody to keep messages for.
        hello = [(topic(SHARD, "frog", OTHERS[0].name, "status"), b'{"online":true}')]
        with worker(db_dsn, broker) as process:
            await said_hello(broker, watch, hello)
            thread = publish(broker, db_dsn, messages)
            if killed:
                until(lambda: done(watch) > len(messages) // 2)
                process.kill()
            else:
                until(lambda: done(watch) == len(messages))
                thread.join()
                process.send_signal(signal.SIGTERM)
                _, log = process.communicate(timeout=60)
                lines = [line for line in log.splitlines() if b"counted and not kept" in line]
                assert 1 <= len(lines) <= 1 + (time.monotonic() - began_s) / 60
        if killed:
            with worker(db_dsn, broker):
                until(lambda: done(watch) == len(messages))
                thread.join()
        minutes = (time.monotonic() - began_s) / 60
        kept = one(watch, "select count(*) from dead_letter")
        counted = one(watch, "select sum(letters) from dead_letter_overflow")
        assert kept + counted == FLOOD
        assert BURST <= kept <= (1 + killed) * BURST + minutes + 1
        assert one(watch, "select count(*) from frog_reading") == GOOD
        assert one(watch, "select count(distinct (device_id, boot, seq)) from frog_reading") == GOOD
        # two hours at most, two reasons, one device
        assert one(watch, "select count(*) from dead_letter_overflow") <= 4
        assert one(watch, "select count(*) from dead_letter where device <> 'frog-bad'") == 0
        assert one(watch, "select pg_total_relation_size('dead_letter')") < 3_000_000
        assert one(watch, "select pg_total_relation_size('dead_letter_overflow')") < 500_000
        if killed:  # every number of the flood is in the ledger: the device may forget it
            query = (
                "select upper(received) from device_sequence join device using (device_id)"
                " where name = 'frog-bad' and received = int8multirange(range_merge(received))"
            )
            assert one(watch, query) == FLOOD


async def said_hello(
    broker: EmbeddedMosquitto, watch: psycopg.Connection[Any], hello: list[tuple[str, bytes]]
) -> None:
    """Send a status until it is stored: then the worker's session stands."""
    blaster = Blaster(broker.host, broker.port, "hello")

    def stored() -> bool:
        blaster.send(hello)
        return one(watch, "select count(*) from device_status") == 1

    until(stored)
    blaster.close()


def one(watch: psycopg.Connection[Any], query: str) -> int:
    row = watch.execute(query).fetchone()  # type: ignore[call-overload]
    assert row is not None
    return int(row[0])
