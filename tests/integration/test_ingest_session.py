"""The rules of a session, each against a broker that breaks what the rule protects from."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import mqtt5
import pytest

from cityops.clock import SystemClock
from cityops.runtime.backoff import Backoff
from ingest.mqtt_options import SessionOptions
from ingest.mqtt_session import MqttSession
from ingest.ports import Chunk
from tests.fakes.scripted_broker import ScriptedBroker

FILTERS = ("a/+/reading", "a/+/status")


@dataclass
class Running:
    """A session that runs against a scripted broker, and what it delivered."""

    broker: ScriptedBroker
    session: MqttSession
    stop: asyncio.Event
    chunks: list[Chunk] = field(default_factory=list)

    @property
    def messages(self) -> list[bytes]:
        return [p.strip() for chunk in self.chunks for p in chunk.payloads]

    def settle(self) -> None:
        for chunk in self.chunks:
            self.session.settle(chunk)
        self.chunks.clear()


@asynccontextmanager
async def running(**changes: object) -> AsyncIterator[Running]:
    async with ScriptedBroker() as broker:
        chunks: list[Chunk] = []
        options = SessionOptions(
            host="127.0.0.1",
            port=broker.port,
            client_id="ing-00",
            receive_maximum=100,
            window_messages=150,
            backoff=Backoff(0.01, 0.02),
        )
        options = replace(options, **changes)  # type: ignore[arg-type]
        session = MqttSession(0, FILTERS, options, chunks.append, SystemClock())
        stop = asyncio.Event()
        task = asyncio.create_task(session.run(stop))
        yield Running(broker, session, stop, chunks)
        stop.set()
        await task
        await session.close()


async def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)


async def test_it_connects_persistently_and_subscribes() -> None:
    async with running(username="ing", password=b"secret") as it:
        peer = await it.broker.peer()
        connect = peer.connect
        assert connect is not None
        assert (connect.client_id, connect.clean_start, connect.receive_max) == ("ing-00", False, 100)
        assert (connect.username, connect.password) == ("ing", b"secret")
        assert connect.session_expiry_interval == 7 * 86_400
        assert peer.subscriptions == list(FILTERS)
        await until(lambda: it.session.connected)


async def test_messages_are_acknowledged_when_settled_and_in_order() -> None:
    async with running() as it:
        peer = await it.broker.peer()
        peer.deliver(1, 50)
        await until(lambda: len(it.messages) == 50)
        await asyncio.sleep(0.05)
        assert peer.acknowledged == []
        it.settle()
        await until(lambda: peer.acknowledged == list(range(1, 51)))
        assert it.session.held == 0


async def test_messages_of_quality_zero_are_not_acknowledged() -> None:
    async with running() as it:
        peer = await it.broker.peer()
        peer.send(mqtt5.PublishPacket("t", b"0"), mqtt5.PublishPacket("t", b"0"))
        peer.deliver(9, 1)
        await until(lambda: len(it.messages) == 3)
        it.settle()
        await until(lambda: peer.acknowledged == [9])


async def test_an_old_connections_chunks_acknowledge_nothing_of_the_new_one() -> None:
    async with running() as it:
        old = await it.broker.peer()
        old.deliver(1, 20)
        await until(lambda: len(it.messages) == 20)
        old.cut()
        new = await it.broker.peer()
        stale, it.chunks[:] = list(it.chunks), []
        new.deliver(1, 20)
        await until(lambda: len(it.messages) == 20)
        for chunk in stale:
            it.session.settle(chunk)
        await asyncio.sleep(0.05)
        assert new.acknowledged == []
        assert it.session.counts.stale_acknowledgements == 20
        it.settle()
        await until(lambda: new.acknowledged == list(range(1, 21)))


async def test_a_lost_session_is_subscribed_again_and_counted() -> None:
    async with running() as it:
        first = await it.broker.peer()
        await until(lambda: it.session.connected)
        assert it.session.counts.lost_sessions == 0
        first.cut()
        second = await it.broker.peer()
        await until(lambda: it.session.connected and it.session.counts.connections == 2)
        assert second.subscriptions == list(FILTERS)
        assert it.session.counts.lost_sessions == 1
        it.broker.session_present = True
        second.cut()
        await it.broker.peer()
        await until(lambda: it.session.connected and it.session.counts.connections == 3)
        assert it.session.counts.lost_sessions == 1


@pytest.mark.parametrize("bound", [{"window_messages": 150}, {"window_bytes": 1500}])
async def test_a_full_window_stops_the_reading(bound: dict[str, int]) -> None:
    async with running(**bound) as it:
        peer = await it.broker.peer()
        for first in range(1, 6000, 100):
            peer.deliver(first, 100, size=5000)
            await asyncio.sleep(0)
        await until(lambda: it.session.held > 0)
        await asyncio.sleep(0.3)
        held = it.session.held
        assert held < 1000
        await asyncio.sleep(0.1)
        assert it.session.held == held
        received = 0
        while received < 6000:
            received += len(it.messages)
            it.settle()
            await asyncio.sleep(0.002)
        assert received == 6000
        await until(lambda: len(peer.acknowledged) == 6000)
        assert peer.acknowledged == list(range(1, 6001))


async def test_a_full_window_makes_no_new_connection_before_there_is_room() -> None:
    async with running(window_messages=10) as it:
        peer = await it.broker.peer()
        peer.deliver(1, 10)
        await until(lambda: it.session.held == 10)
        peer.cut()
        # Reading is paused, so the cut shows only when there is room again.
        await asyncio.sleep(0.2)
        assert len(it.broker.peers) == 1
        it.settle()
        await it.broker.peer()
        assert len(it.broker.peers) == 2


@pytest.mark.parametrize(
    "poison", [b"\x30\x06\x00\x02\xff\xfe\x00\x00", b"\x00\x00", b"\xf0\xff\xff\xff\xff\xff"]
)
async def test_poison_closes_the_connection_and_nothing_else(poison: bytes) -> None:
    async with running() as it:
        peer = await it.broker.peer()
        peer.send(poison)
        await it.broker.peer()
        await until(lambda: it.session.connected)


async def test_a_silent_broker_is_noticed() -> None:
    async with running(keepalive_s=1) as it:
        peer = await it.broker.peer()
        peer.answers_pings = False
        began = asyncio.get_running_loop().time()
        await it.broker.peer()
        assert 0.9 < asyncio.get_running_loop().time() - began < 1.6
        assert peer.pings >= 2


async def test_an_idle_connection_stays() -> None:
    async with running(keepalive_s=1) as it:
        peer = await it.broker.peer()
        await asyncio.sleep(1.6)
        assert peer.pings >= 4
        assert len(it.broker.peers) == 1


async def test_it_publishes_and_says_good_bye() -> None:
    async with running() as it:
        assert it.session.publish_all([("x", b"too early")]) == 0
        peer = await it.broker.peer()
        await until(lambda: it.session.connected)
        assert it.session.publish_all([("receipt", b"{}")]) == 1
        peer.deliver(1, 3)
        await until(lambda: len(it.messages) == 3)
        it.stop.set()
        await asyncio.sleep(0.02)
        peer.deliver(4, 3)
        it.settle()
        await it.session.close()
        await peer.gone.wait()
        assert [(p.topic, p.payload) for p in peer.published] == [("receipt", b"{}")]
        assert peer.acknowledged == [1, 2, 3]
        assert peer.disconnected
        assert it.messages == []


async def test_a_peer_that_reads_nothing_costs_no_memory() -> None:
    async with running() as it:
        peer = await it.broker.peer()
        await until(lambda: it.session.connected)
        peer._writer.transport.pause_reading()  # type: ignore[attr-defined]
        large = [("receipt", b"x" * 10_000)] * 30
        sent = [it.session.publish_all(large) for _ in range(200)]
        assert sum(sent) < 1000
        assert 0 < min(s for s in sent if s > 0) < 30, "what still fits is sent"
        assert it.session.counts.dropped_publishes == 6000 - sum(sent)
        peer.cut()


async def test_stop_ends_a_connection_attempt_at_once() -> None:
    async with asyncio.timeout(2):
        server = await asyncio.start_server(lambda _r, _w: asyncio.sleep(10), "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            options = SessionOptions(host="127.0.0.1", port=port, client_id="x")
            session = MqttSession(0, FILTERS, options, lambda _chunk: None, SystemClock())
            stop = asyncio.Event()
            task = asyncio.create_task(session.run(stop))
            await asyncio.sleep(0.1)
            stop.set()
            await task
            await session.close()


async def test_a_rest_neither_ends_a_pause_nor_outlives_the_connection() -> None:
    async with running(receive_maximum=20, window_messages=20) as it:
        peer = await it.broker.peer()
        peer.deliver(1, 10)
        await until(lambda: len(it.messages) == 10)
        peer.deliver(11, 10)  # within the rest of the first; then the window is full
        await until(lambda: len(it.messages) == 20)
        peer.deliver(21, 1)
        await asyncio.sleep(0.1)
        assert len(it.messages) == 20
        it.settle()
        await until(lambda: it.messages == [b"21"])
        peer.cut()
        await it.broker.peer()
        await until(lambda: it.session.connected)


async def test_whoever_is_thrown_out_by_another_does_not_come_back_at_once() -> None:
    """Two that do would throw each other out without end, and neither would serve."""
    async with running(taken_over_s=0.6) as it:
        peer = await it.broker.peer()
        await until(lambda: it.session.connected)
        peer.send(mqtt5.DisconnectPacket(reason_code=mqtt5.DisconnectReasonCode.SESSION_TAKEN_OVER))
        began_s = asyncio.get_running_loop().time()
        await it.broker.peer()
        assert asyncio.get_running_loop().time() - began_s >= 0.6
        assert it.session.counts.taken_over == 1


async def test_whoever_is_thrown_out_and_stopped_meanwhile_never_comes_back() -> None:
    async with running(taken_over_s=60.0) as it:
        peer = await it.broker.peer()
        peer.send(mqtt5.DisconnectPacket(reason_code=mqtt5.DisconnectReasonCode.SESSION_TAKEN_OVER))
        await until(lambda: it.session.counts.taken_over == 1)
        it.stop.set()
    assert len(it.broker.peers) == 1


async def test_without_the_lease_nobody_connects() -> None:
    allowed = False
    async with ScriptedBroker() as broker:
        options = SessionOptions(host="127.0.0.1", port=broker.port, client_id="ing-00")
        session = MqttSession(0, FILTERS, options, lambda _: None, SystemClock())
        stop = asyncio.Event()
        task = asyncio.create_task(session.run(stop, lambda: allowed))
        await asyncio.sleep(0.3)
        assert broker.peers == []
        allowed = True
        await broker.peer()
        allowed = False
        broker.peers[0].cut()
        await asyncio.sleep(0.5)
        assert len(broker.peers) == 1
        stop.set()
        await task


async def test_what_is_discarded_is_not_acknowledged_and_comes_again() -> None:
    async with running() as it:
        peer = await it.broker.peer()
        peer.deliver(1, 20)
        await until(lambda: len(it.messages) == 20)
        for chunk in it.chunks:
            it.session.discard(chunk)
        assert it.session.held == 0
        await it.broker.peer()  # a new connection: only then does a broker send again
        assert peer.acknowledged == []
