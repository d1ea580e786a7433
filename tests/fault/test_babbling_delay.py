"""One device floods: what that does to the others' time from publish to commit. Row 23 of docs/reliability.md."""

from __future__ import annotations

import statistics
import threading
import time
from typing import Any

import psycopg
import pytest

from bench.commit_watch import CommitWatch
from bench.latency import Sighting, commit_latencies_ms, percentiles
from cityops.embedded.mosquitto import EmbeddedMosquitto
from devices.contract.codecs.json import encode_reading
from devices.contract.topics import topic
from devices.registry import Device
from tests.fakes.ingest_fleet import Worker, environment, register, until
from tests.fakes.ingest_setup import FROG
from tests.fakes.mqtt_blaster import Blaster

pytestmark = [pytest.mark.fault, pytest.mark.usefixtures("quick_start")]

OTHERS = 20
OTHERS_RATE = 200.0
FLOOD_RATE = 1000.0
TICK_S = 0.02
WINDOW_S = 2.0
WINDOWS = 10
"""Quiet and flooded in turns: what else the machine does meets both."""
MOST = 4.0
"""How much longer the flood may make the others wait; measured is next to nothing."""

BAD = {**FROG, "temperature_c": -127.0}


class Publisher:
    """Sends readings in turns of ``devices`` at a rate from a thread of its own, while ``on`` is set.

    Attributes:
        sent: messages that the broker has taken.
    """

    def __init__(
        self, broker: EmbeddedMosquitto, devices: list[Device], rate: float, fields: dict[str, float]
    ) -> None:
        self._topics = [topic(d.shard, d.kind, d.name, "reading") for d in devices]
        self._fields, self._per_tick = fields, round(rate * TICK_S)
        self._blaster = Blaster(broker.host, broker.port, f"publisher of {len(devices)}")
        self.on, self._over = threading.Event(), threading.Event()
        self.sent = 0
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Send nothing more."""
        self._over.set()
        self._thread.join(60)
        assert not self._thread.is_alive()
        self._blaster.close()

    def _work(self) -> None:
        due_s = time.monotonic()
        while not self._over.wait(max(0.0, due_s - time.monotonic())):
            due_s = max(due_s + TICK_S, time.monotonic() - TICK_S)
            if self.on.is_set():
                now_ms = int(time.time() * 1000)
                self.sent += self._blaster.send(self._reading(now_ms, n) for n in range(self._per_tick))

    def _reading(self, now_ms: int, n: int) -> tuple[str, bytes]:
        seq, which = divmod(self.sent + n, len(self._topics))
        return self._topics[which], encode_reading(now_ms, 7, seq, self._fields)


async def test_the_others_do_not_wait_for_a_device_that_floods(
    broker: EmbeddedMosquitto, db_dsn: str, pg: psycopg.AsyncConnection[Any]
) -> None:
    *others, babbler = await register(pg, 1, OTHERS + 1)
    settings = environment(db_dsn, broker, 1, 10.0)
    worker = Worker({k: v for k, v in settings.items() if "BATCH" not in k})  # batches as in production
    try:
        until(lambda: worker.ready, "a session")
        good = Publisher(broker, others, OTHERS_RATE, FROG)
        flood = Publisher(broker, [babbler], FLOOD_RATE, BAD)
        with psycopg.connect(db_dsn, autocommit=True) as conn, CommitWatch(db_dsn) as watch:
            began_s = play(good, flood)
            for publisher in (good, flood):
                publisher.end()
            until(lambda: settled(conn) == (good.sent, flood.sent), "all is settled")
        latencies = latencies_ms(db_dsn, watch.sightings)
    finally:
        worker.end()
    assert flood.sent > good.sent > 0
    quiet, flooded = [typical(latencies, began_s, flooded) for flooded in (False, True)]
    print(f"{good.sent} good, {flood.sent} bad; quiet {quiet}, flooded {flooded} [ms]")
    assert flooded["p50"] <= MOST * quiet["p50"]
    assert flooded["p99"] <= MOST * quiet["p99"]


def play(good: Publisher, flood: Publisher) -> list[float]:
    """Play the windows, every second one flooded; return when each began [s since 1970], and the end."""
    began_s = []
    good.on.set()
    for window in range(WINDOWS):
        (flood.on.set if window % 2 else flood.on.clear)()
        began_s.append(time.time())
        time.sleep(WINDOW_S)
    return [*began_s, time.time()]


def latencies_ms(dsn: str, sightings: list[Sighting]) -> list[tuple[float, float]]:
    """Return (time of the reading [s since 1970], from there to its commit [ms]) of each that is stored."""
    with psycopg.connect(dsn) as conn:
        rows = conn.execute(
            "select extract(epoch from ts)::float8, xmin::text::bigint, 1 from frog_reading order by 1"
        ).fetchall()
    return [(row[0], ms) for row, ms in zip(rows, commit_latencies_ms(rows, sightings), strict=True)]


def typical(latencies: list[tuple[float, float]], began_s: list[float], flooded: bool) -> dict[str, float]:
    """Return the median over the windows of each percentile [ms]: one hiccup of the machine is no flood."""
    found = []
    for window in range(int(flooded), WINDOWS, 2):
        inside = [ms for at_s, ms in latencies if began_s[window] <= at_s < began_s[window + 1]]
        measured = percentiles(inside)
        assert measured is not None, "a window without readings"
        found.append(measured)
    return {name: statistics.median(window[name] for window in found) for name in ("p50", "p95", "p99")}


def settled(conn: psycopg.Connection[Any]) -> tuple[int, int]:
    """Return how many readings are stored, and how many are set aside."""
    row = conn.execute(
        "select coalesce(sum(readings), 0), coalesce(sum(dead_letters), 0) from ingest_batch"
    ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])
