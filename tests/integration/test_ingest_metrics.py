"""What /metrics of a running ingester says is what happened; and a broker that is down fills no log."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs

from cityops.clock import SystemClock
from cityops.embedded.mosquitto import EmbeddedMosquitto
from cityops.runtime.health import HealthServer
from devices.contract.codecs.json import encode_reading
from ingest.memory_store import MemorySink
from ingest.mqtt_options import SessionOptions
from ingest.mqtt_session import MqttSession, broker_trouble
from tests.fakes.ingest_setup import FROG, ROAD, known_devices, reading_topic
from tests.integration.test_ingest_service import Running, running, send

pytestmark = pytest.mark.timeout(240)


class Metrics:
    """Scrapes over HTTP, as Prometheus does."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}/metrics"

    async def scrape(self) -> dict[str, float]:
        """Return every sample by name, ``name{label=value}`` where it has labels other than ``le``."""
        async with httpx.AsyncClient(timeout=30) as http:
            text = (await http.get(self._url)).text
        found = {}
        for family in text_string_to_metric_families(text):
            for s in family.samples:
                labels = ",".join(f"{name}={value}" for name, value in sorted(s.labels.items()))
                name = s.name.removeprefix("cityops_ingest_")
                found[f"{name}{{{labels}}}" if labels else name] = s.value
        return found

    async def until(self, **wanted: float) -> dict[str, float]:
        """Scrape until these samples are as wanted, and return all."""
        async with asyncio.timeout(60):
            while True:
                found = await self.scrape()
                if all(found.get(name) == value for name, value in wanted.items()):
                    return found
                await asyncio.sleep(0.05)


@asynccontextmanager
async def scraped(it: Running) -> AsyncIterator[Metrics]:
    server, stop = HealthServer(0, it.service.ready, it.metrics.registry), asyncio.Event()
    task = asyncio.create_task(server.run(stop))
    await asyncio.wait_for(server.bound.wait(), 30)
    try:
        yield Metrics(server.port)
    finally:
        stop.set()
        await task


def measured_ago(age_s: float, seq: int, fields: dict[str, float] = FROG) -> bytes:
    return encode_reading(int((time.time() - age_s) * 1000), 7, seq, fields)


async def test_every_figure_is_set(broker: EmbeddedMosquitto) -> None:
    frog, road = reading_topic("frog-0"), reading_topic("road-0")
    messages = [(frog, measured_ago(3000, n)) for n in range(40)]
    messages += [(road, measured_ago(20, n, ROAD)) for n in range(5)]
    messages += [(frog, b"not JSON"), *messages[:10]]
    async with running(broker) as it, scraped(it) as metrics:
        idle = await metrics.until(sessions_connected=2, shards_held=2)
        assert idle["database_ok"] == 1
        await send(broker, messages)
        found = await metrics.until(messages_received_total=56, messages_in_flight=0)
    assert found["readings_committed_total{kind=frog}"] == 40
    assert found["readings_committed_total{kind=road}"] == 5
    assert found["duplicates_total"] == 10
    assert found["dead_letters_total{reason=not_json}"] == 1
    assert found["receipts_sent_total"] >= 2
    assert found["batch_messages_sum"] == 56
    batches = found["batch_messages_count"]
    assert 1 <= found["commit_seconds_count"] <= batches
    assert found["batch_age_seconds_count"] == found["commit_seconds_count"]
    assert found["batch_age_seconds_sum"] >= found["commit_seconds_sum"] > 0
    # Every reading has its own lag: the late ones are not hidden behind a batch's newest.
    assert found["lag_seconds_count{kind=frog}"] == 50
    assert found["lag_seconds_bucket{kind=frog,le=300.0}"] == 0
    assert found["lag_seconds_bucket{kind=frog,le=3600.0}"] == 50
    assert found["lag_seconds_sum{kind=frog}"] == pytest.approx(50 * 3000, rel=0.05)
    assert found["lag_seconds_count{kind=road}"] == 5
    assert found["lag_seconds_bucket{kind=road,le=15.0}"] == 0
    for nothing in ("lost_sessions", "stale_acknowledgements", "dropped_receipts", "messages_waiting"):
        assert found[nothing] == 0, nothing


async def test_a_database_that_is_away_shows(broker: EmbeddedMosquitto) -> None:
    async with running(broker) as it, scraped(it) as metrics:
        it.memory().down = True
        await send(broker, [(reading_topic("frog-0"), measured_ago(60, n)) for n in range(30)])
        away = await metrics.until(database_ok=0, messages_in_flight=30)
        assert away["messages_received_total"] == 0
        it.memory().down = False
        back = await metrics.until(database_ok=1, messages_in_flight=0)
        assert back["store_retries_total"] >= 1
        assert back["readings_committed_total{kind=frog}"] == 30


async def test_a_broker_that_forgot_us_shows(broker: EmbeddedMosquitto) -> None:
    async with running(broker) as it, scraped(it) as metrics:
        await metrics.until(sessions_connected=2)
        it.memory().down = True
        await send(broker, [(reading_topic("frog-0"), measured_ago(60, n)) for n in range(7)])
        await metrics.until(messages_in_flight=7)
        broker.kill()
        await metrics.until(sessions_connected=0)
        it.memory().down = False
        found = await metrics.until(messages_in_flight=0)
        assert found["stale_acknowledgements"] == 7
        assert found["dropped_receipts"] >= 1  # one a batch
        broker.start()
        await metrics.until(sessions_connected=2, lost_sessions=2)


async def test_sixteen_sessions_without_a_broker_are_two_lines_of_log(broker: EmbeddedMosquitto) -> None:
    clock, stop, trouble = SystemClock(), asyncio.Event(), broker_trouble()
    sessions = [
        MqttSession(
            shard,
            [f"cityops/v1/{shard:02x}/#"],
            SessionOptions(host=broker.host, port=broker.port, client_id=f"ing-{shard:02x}"),
            lambda chunk: None,
            clock,
            trouble,
        )
        for shard in range(16)
    ]

    async def connections(least: int) -> None:
        async with asyncio.timeout(60):
            while not all(s.connected and s.counts.connections >= least for s in sessions):
                await asyncio.sleep(0.02)

    with capture_logs() as lines:
        tasks = [asyncio.create_task(session.run(stop)) for session in sessions]
        await connections(1)
        broker.kill()
        async with asyncio.timeout(60):
            while sum(line["log_level"] == "debug" and "reason" in line for line in lines) < 100:
                await asyncio.sleep(0.02)
        broker.start()
        await connections(2)
        stop.set()
        await asyncio.gather(*tasks)
        for session in sessions:
            await session.close()
    told = [line for line in lines if line["log_level"] != "debug"]
    assert told[0]["event"] == "no connection to the broker"
    assert told[-1]["event"] == "connected to the broker again"
    assert (told[-1]["lost"], told[-1]["log_level"]) == (16, "error")
    assert told[-1]["failures"] >= 100
    assert len(told) <= 2 + told[-1]["lasted_s"] // 60


async def test_a_batch_is_logged_with_its_number_at_level_debug(broker: EmbeddedMosquitto) -> None:
    with capture_logs() as lines:
        async with running(broker, MemorySink(known_devices(), SystemClock())) as it:
            await send(broker, [(reading_topic(f"frog-{n % 2}"), measured_ago(60, n)) for n in range(20)])
            async with asyncio.timeout(60):
                while len(it.frogs()) < 20:
                    await asyncio.sleep(0.01)
    stored = [line for line in lines if line["event"] == "batch stored"]
    assert {line["log_level"] for line in stored} == {"debug"}
    assert [line["batch_id"] for line in stored] == list(range(1, len(stored) + 1))
    assert sum(line["readings"] for line in stored) == sum(line["messages"] for line in stored) == 20
    assert {shard for line in stored for shard in line["shards"]} == {0, 1}
    assert all(line["took_ms"] > 0 and line["duplicates"] == line["dead_letters"] == 0 for line in stored)
