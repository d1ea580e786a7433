"""Ingest workers as processes, a crowd that publishes to them, and what became of it."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import psycopg

from cityops.embedded.mosquitto import EmbeddedMosquitto
from cityops.embedded.process import port_is_free
from devices.contract.codecs.json import encode_reading
from devices.contract.topics import topic
from devices.registry import Device, Registry
from ingest.leases import LOCK_CLASS
from ingest.registry_store import store_registry
from tests.fakes.ingest_setup import FROG, INSTALLED
from tests.fakes.mqtt_blaster import Blaster

ROOT = Path(__file__).parents[2]
AHEAD = 3000
"""Messages in flight between publisher and table; every fault finds some on their way."""


def environment(dsn: str, broker: EmbeddedMosquitto, shards: int, lease_s: float) -> dict[str, str]:
    return {
        **os.environ,
        "CITYOPS_DB__DSN": dsn,
        "CITYOPS_MQTT__HOST": broker.host,
        "CITYOPS_MQTT__PORT": str(broker.port),
        "CITYOPS_INGEST__SHARDS": f"0-{shards - 1}",
        "CITYOPS_INGEST__LEASE_S": f"{lease_s:g}",
        "CITYOPS_INGEST__BATCH_ROWS": "200",
        "CITYOPS_INGEST__BATCH_AGE_S": "0.05",
        "CITYOPS_LOG__LEVEL": "warning",
        "PYTHONPATH": str(ROOT),
    }


class Worker:
    """One ingest process."""

    def __init__(self, settings: dict[str, str]) -> None:
        self.port = free_ports(1)
        command = [sys.executable, "-m", "tests.fakes.ingest_worker"]
        settings = {**settings, "CITYOPS_INGEST__HEALTH_PORT": str(self.port)}
        self.process = subprocess.Popen(command, env=settings, cwd=ROOT, stdout=subprocess.DEVNULL)

    @property
    def ready(self) -> bool:
        return page(self.port, "readyz")[0] == 200

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def end(self) -> None:
        """Kill it, whatever state it is in."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


class Crowd:
    """Devices that publish one reading each in turns, from a thread, until stopped.

    Attributes:
        rounds: readings of each device that the broker has taken.
    """

    def __init__(self, broker: EmbeddedMosquitto, dsn: str, devices: Iterable[Device]) -> None:
        self._broker, self._dsn, self._devices = broker, dsn, list(devices)
        self._started_ms = int(time.time() * 1000) - 86_400_000
        self._stopping = threading.Event()
        self.failed: Exception | None = None
        self.rounds = 0
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def stop(self) -> int:
        """Stop publishing; return how many messages the broker has taken."""
        self._stopping.set()
        self._thread.join(60)
        if self.failed is not None:
            raise self.failed
        return self.rounds * len(self._devices)

    def _work(self) -> None:
        try:
            blaster = Blaster(self._broker.host, self._broker.port, "devices")
            with psycopg.connect(self._dsn, autocommit=True) as watch:
                while not self._stopping.wait(0.005):
                    if self.rounds * len(self._devices) - stored(watch) < AHEAD:
                        blaster.send(self._readings(self.rounds))
                        self.rounds += 1
            assert set(blaster.reason_codes) == {0}, blaster.reason_codes
            blaster.close()
        except Exception as e:
            self.failed = e

    def _readings(self, seq: int) -> list[tuple[str, bytes]]:
        payload = encode_reading(self._started_ms + seq * 1000, 7, seq, FROG)
        return [(topic(d.shard, "frog", d.name, "reading"), payload) for d in self._devices]


async def register(pg: psycopg.AsyncConnection[Any], shards: int, each: int) -> list[Device]:
    """Register ``each`` devices on every shard."""
    devices = [
        Device(name=f"frog-{i:03d}", kind="frog", shard=i % shards, installed_at=INSTALLED)
        for i in range(shards * each)
    ]
    await store_registry(pg, Registry(name="t", devices=tuple(devices)))
    return devices


def free_ports(count: int) -> int:
    """Return the first of ``count`` ports in a row that are free, where no outgoing connection takes them."""
    while True:
        first = random.randrange(10_000, 30_000)
        if all(port_is_free(first + i) for i in range(count)):
            return first


def page(port: int, name: str) -> tuple[int, str]:
    """Return status and body of a health page; 0 where nobody answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/{name}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as e:
        return e.code, e.read().decode()
    except OSError:
        return 0, ""


def holdings(watch: psycopg.Connection[Any]) -> list[int]:
    """Return how many shards each worker holds that holds any."""
    rows = watch.execute(
        "select pid from pg_locks where locktype = 'advisory' and objsubid = 2 and classid = %s and granted"
        " and database = (select oid from pg_database where datname = current_database())",
        [LOCK_CLASS],
    ).fetchall()
    return sorted(Counter(pid for (pid,) in rows).values())


def stored(watch: psycopg.Connection[Any]) -> int:
    row = watch.execute("select coalesce(sum(readings), 0) from ingest_batch").fetchone()
    return 0 if row is None else int(row[0])


def verdict(watch: psycopg.Connection[Any]) -> dict[str, int]:
    """Return rows, distinct readings, readings of a later batch than their device's next, dead letters."""
    row = watch.execute(
        """
        select count(*), count(distinct (device_id, boot, seq)),
            count(*) filter (where batch_id > next_batch or received_at > next_received),
            (select count(*) from dead_letter)
        from (
            select r.*, b.batch_id, lead(b.batch_id) over w as next_batch, lead(r.received_at) over w as next_received
            from frog_reading r join ingest_batch b using (received_at)
            window w as (partition by r.device_id, r.boot order by r.seq)
        ) r
        """
    ).fetchone()
    assert row is not None
    return dict(zip(("rows", "distinct", "out_of_order", "dead_letters"), row, strict=True))


def until(condition: Callable[[], bool], what: str, seconds: float = 60.0) -> float:
    """Wait until ``condition``; return how long that took [s]."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, f"waited in vain: {what}"
        time.sleep(0.02)
    return time.monotonic() - began
