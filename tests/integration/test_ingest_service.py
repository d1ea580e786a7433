"""The service against a real broker: what devices send is stored once, whatever happens."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import msgspec
import psycopg
import pytest

from cityops.clock import SystemClock
from cityops.embedded.mosquitto import EmbeddedMosquitto
from devices.contract.codecs.json import encode_reading
from devices.contract.kind import discover
from devices.contract.messages import Receipt
from devices.contract.topics import shard_filters
from ingest.core.batches import Limits
from ingest.core.known_devices import KnownDevice
from ingest.leases import AdvisoryLeases, SoleLeases
from ingest.memory_store import MemorySink
from ingest.metrics import IngestMetrics
from ingest.mqtt_options import SessionOptions
from ingest.mqtt_session import MqttSession
from ingest.ports import Chunk
from ingest.service import IngestParts, IngestService
from ingest.store import PostgresSink
from tests.fakes.ingest_setup import FROG, channel_topic, known_devices, reading_topic, registered
from tests.fakes.mqtt_blaster import Blaster


def now_reading(seq: int, boot: int = 7, **fields: float) -> bytes:
    return encode_reading(int(time.time() * 1000) - 3_600_000 + seq, boot, seq, {**FROG, **fields})


@dataclass
class Running:
    service: IngestService
    sink: MemorySink | PostgresSink
    metrics: IngestMetrics
    sessions: dict[int, MqttSession] = field(default_factory=dict)

    def memory(self) -> MemorySink:
        assert isinstance(self.sink, MemorySink)
        return self.sink

    def serving(self) -> list[int]:
        return sorted(shard for shard, session in self.sessions.items() if session.connected)

    def value(self, name: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(f"cityops_ingest_{name}", labels) or 0.0

    def received(self) -> int:
        return int(self.value("messages_received_total"))

    def frogs(self) -> list[tuple[int, int, int]]:
        return [(r["device_id"], r["boot"], r["seq"]) for r in self.memory().readings["frog"]]


@asynccontextmanager
async def running(
    broker: EmbeddedMosquitto,
    sink: MemorySink | PostgresSink | None = None,
    leases: AdvisoryLeases | SoleLeases | None = None,
    prefix: str = "ing",
) -> AsyncIterator[Running]:
    clock, metrics = SystemClock(), IngestMetrics()
    sink = MemorySink(known_devices(), clock) if sink is None else sink
    sessions: dict[int, MqttSession] = {}

    def make_source(shard: int, deliver: Callable[[Chunk], None]) -> MqttSession:
        options = SessionOptions(host=broker.host, port=broker.port, client_id=f"{prefix}-{shard:02x}")
        sessions[shard] = MqttSession(shard, shard_filters(shard), options, deliver, clock)
        return sessions[shard]

    service = IngestService(
        IngestParts(
            shards=(0, 1),
            make_source=make_source,
            sink=sink,
            devices=sink,
            leases=leases or SoleLeases(),
            kinds=discover(),
            clock=clock,
            limits=Limits(200, 1_000_000, 0.05),
            metrics=metrics,
        )
    )
    stop = asyncio.Event()
    task = asyncio.create_task(service.run(stop))
    try:
        await until(lambda: all(service.ready().values()) or task.done())
        yield Running(service, sink, metrics, sessions)
    finally:
        stop.set()
        async with asyncio.timeout(10):
            await task


def leases(dsn: str) -> AdvisoryLeases:
    return AdvisoryLeases(dsn, lease_s=6.0)


async def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


async def send(broker: EmbeddedMosquitto, messages: list[tuple[str, bytes]], client: str = "devices") -> None:
    def work() -> None:
        blaster = Blaster(broker.host, broker.port, client)
        blaster.send(messages)
        blaster.close()

    await asyncio.to_thread(work)


def many(count: int, first: int = 0) -> list[tuple[str, bytes]]:
    return [(reading_topic(f"frog-{i % 10}"), now_reading(first + i // 10)) for i in range(count)]


async def test_duplicates_are_stored_once(broker: EmbeddedMosquitto) -> None:
    async with running(broker) as it:
        await send(broker, many(1000) + many(1000) + many(500))
        await until(
            lambda: it.metrics.registry.get_sample_value("cityops_ingest_messages_received_total") == 2500
        )
        assert len(it.frogs()) == len(set(it.frogs())) == 1000
        assert it.metrics.registry.get_sample_value("cityops_ingest_duplicates_total") == 1500


async def test_bad_messages_do_not_stop_the_flow_and_each_has_its_reason(broker: EmbeddedMosquitto) -> None:
    topic = reading_topic("frog-0")
    bad = {
        "not_json": (topic, b"It is 20 degrees."),
        "unknown_device": ("cityops/v1/00/frog/frog-77/reading", now_reading(1)),
        "wrong_shard": ("cityops/v1/01/frog/frog-0/reading", now_reading(1)),
        "wrong_kind": ("cityops/v1/00/bin/frog-0/reading", now_reading(1)),
        "wrong_sender": (topic, now_reading(1)[:-1] + b',"device":"frog-2"}'),
        "too_large": (topic, b"x" * 1_000_000),
        "too_early": (topic, encode_reading(0, 7, 900_000, FROG)),
        "in_future": (topic, encode_reading(4_294_967_295_000, 7, 900_001, FROG)),
        "not_finite": (topic, now_reading(900_002).replace(b"20.5", b"NaN")),
        "sentinel": (topic, now_reading(900_003, temperature_c=-127.0)),
        "out_of_range": (topic, now_reading(900_004, humidity_pct=101.0)),
        "missing_field": (topic, b'{"ts":1,"boot":7,"seq":900005,"temperature_c":20}'),
        "wrong_type": (topic, now_reading(900_006).replace(b"20.5", b'"20.5"')),
        "bad_time": (topic, b'{"ts":"noon","temperature_c":20,"humidity_pct":50}'),
        "no_home": (
            channel_topic("frog-4", "diary"),
            b'{"ts":%d,"activity":"cooking","boot":7,"seq":900007}' % (time.time() * 1000),
        ),
    }
    async with running(broker) as it:
        mixed = many(2000)
        for place, message in enumerate(bad.values()):
            mixed.insert(100 * place, message)
        await send(broker, mixed)
        await until(lambda: len(it.frogs()) == 2000)
        letters = {str(d.reason): d for d in it.memory().dead_letters}
        assert letters.keys() == bad.keys()
        for reason, (sent_topic, payload) in bad.items():
            assert letters[reason].topic == sent_topic
            assert letters[reason].payload == payload[:65_536]
            assert letters[reason].payload_bytes == len(payload)
            assert (
                it.metrics.registry.get_sample_value("cityops_ingest_dead_letters_total", {"reason": reason})
                == 1
            )
        assert all(session.held == 0 for session in it.sessions.values())


async def test_a_device_is_told_what_is_stored(broker: EmbeddedMosquitto) -> None:
    import paho.mqtt.client as paho

    got: list[Receipt] = []
    device = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id="frog-0", protocol=paho.MQTTv5)
    device.on_message = lambda _c, _u, m: got.append(msgspec.json.decode(m.payload, type=Receipt))
    device.on_connect = lambda c, *_: c.subscribe(channel_topic("frog-0", "receipt"))
    device.connect(broker.host, broker.port)
    device.loop_start()
    try:
        async with running(broker) as it:
            await send(broker, [*many(50), (reading_topic("frog-0"), now_reading(9, temperature_c=-127.0))])
            await until(lambda: len(it.frogs()) == 50)
            await until(lambda: bool(got) and got[-1].received[0].ranges == ((0, 4), (9, 9)))
            assert got[-1].received[0].boot == 7
    finally:
        device.disconnect()
        device.loop_stop()


async def test_a_database_that_is_down_costs_nothing_but_time(broker: EmbeddedMosquitto) -> None:
    async with running(broker) as it:
        it.memory().down = True
        await send(broker, many(3000))
        await asyncio.sleep(0.5)
        assert not it.service.ready()["database"]
        assert it.frogs() == []
        retries = it.metrics.registry.get_sample_value("cityops_ingest_store_retries_total")
        assert retries is not None
        assert 1 <= retries < 20
        it.memory().down = False
        await until(lambda: len(it.frogs()) == 3000)
        assert it.service.ready()["database"]
        assert len(set(it.frogs())) == 3000


async def test_what_a_stopped_service_did_not_store_comes_again(broker: EmbeddedMosquitto) -> None:
    clock = SystemClock()
    first = MemorySink(known_devices(), clock)
    async with running(broker, first) as it:
        first.down = True
        await send(broker, many(500))
        await until(lambda: sum(s.held for s in it.sessions.values()) == 500)
    assert first.batches == []
    async with running(broker, MemorySink(known_devices(), clock)) as it:
        await until(lambda: len(it.frogs()) == 500)
        assert len(set(it.frogs())) == 500


async def test_stopping_stores_and_acknowledges_what_is_held(broker: EmbeddedMosquitto) -> None:
    clock = SystemClock()
    first, second = MemorySink(known_devices(), clock), MemorySink(known_devices(), clock)
    async with running(broker, first):
        await send(broker, many(1000))
    async with running(broker, second):
        await asyncio.sleep(0.3)
    stored = [(r["device_id"], r["seq"]) for sink in (first, second) for r in sink.readings["frog"]]
    assert len(stored) == len(set(stored)) == 1000


async def test_a_broker_that_forgets_everything_is_subscribed_again(broker: EmbeddedMosquitto) -> None:
    async with running(broker) as it:
        await send(broker, many(100))
        await until(lambda: len(it.frogs()) == 100)
        broker.kill()
        broker.start()
        await until(lambda: all(s.counts.connections >= 2 and s.connected for s in it.sessions.values()))
        await send(broker, many(100, first=100))
        await until(lambda: len(it.frogs()) == 200)
        assert sum(s.counts.lost_sessions for s in it.sessions.values()) == 2


async def test_a_device_registered_meanwhile_is_found(
    broker: EmbeddedMosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.devices_cache.UNKNOWN_S", 0.0)
    sink = MemorySink(known_devices()[:2], SystemClock())
    async with running(broker, sink) as it:
        await send(broker, [(reading_topic("frog-2"), now_reading(1))])
        await until(lambda: [str(d.reason) for d in sink.dead_letters] == ["unknown_device"])
        sink.devices.append(known_devices()[2])
        await send(broker, [(reading_topic("frog-2"), now_reading(2))])
        await until(lambda: it.frogs() == [(3, 7, 2)])


async def test_two_workers_share_the_shards_and_one_inherits_the_other(
    broker: EmbeddedMosquitto, db_dsn: str, pg: psycopg.AsyncConnection[object]
) -> None:
    devices: list[KnownDevice] = await registered(pg)
    assert len(devices) == 12
    kinds, clock = discover(), SystemClock()
    async with running(broker, PostgresSink(db_dsn, kinds, clock), leases(db_dsn)) as first:
        await until(lambda: set(first.serving()) == {0, 1})
        async with running(broker, PostgresSink(db_dsn, kinds, clock), leases(db_dsn)) as second:
            await until(lambda: first.serving() == [0] and second.serving() == [1])
            assert first.service.ready()["broker"]
            await send(broker, many(1000, first=100))
            await until(lambda: first.received() + second.received() == 1000)
            assert first.received() == second.received() == 500
        await send(broker, many(1000, first=200))
        await until(lambda: set(first.serving()) == {0, 1})
        await until(lambda: first.received() == 1500)
        assert first.value("shard_moves_total", how="lost") == 0
        assert first.value("shard_moves_total", how="handed_over") == 1
    cursor = await pg.execute("select count(*), count(distinct (device_id, boot, seq)) from frog_reading")
    assert await cursor.fetchone() == (2000, 2000)
    cursor = await pg.execute("select sum(readings), sum(duplicates), sum(dead_letters) from ingest_batch")
    assert await cursor.fetchone() == (2000, 0, 0)


async def test_a_worker_that_others_leave_nothing_to_is_ready(
    broker: EmbeddedMosquitto, db_dsn: str, pg: psycopg.AsyncConnection[object]
) -> None:
    await registered(pg)
    kinds, clock = discover(), SystemClock()
    async with (
        running(broker, PostgresSink(db_dsn, kinds, clock), leases(db_dsn)) as a,
        running(broker, PostgresSink(db_dsn, kinds, clock), leases(db_dsn)) as b,
        running(broker, PostgresSink(db_dsn, kinds, clock), leases(db_dsn)) as c,
    ):
        every = (a, b, c)
        await until(lambda: sorted(len(it.serving()) for it in every) == [0, 1, 1])
        await until(lambda: all(all(it.service.ready().values()) for it in every))
