"""The inbox: one suite for PostgreSQL and memory, with the sink that settles it in one transaction."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from cityops.clock import ManualClock
from devices.contract.kind import discover
from ingest.bridge.memory_inbox import MemoryInbox
from ingest.bridge.metrics import BridgeMetrics
from ingest.bridge.pg_inbox import PostgresInbox
from ingest.bridge.ports import Inbox, NoSandbox, Ran, SandboxError, Source
from ingest.bridge.receiving import arrival
from ingest.bridge.worker import Worker
from ingest.core.batch import Batch
from ingest.core.lorawan.marks import InboxMarks, Outcome
from ingest.memory_store import MemorySink
from ingest.ports import EventsTakenError
from ingest.store import PostgresSink
from tests.fakes import lorawan as fake
from tests.fakes.databases import Servers, own_database, server_names
from tests.fakes.ingest_setup import known_devices, registered

pytestmark = pytest.mark.storage


@dataclass
class Town:
    """An inbox with its sink, either kind, and what the tests ask of it."""

    inbox: Any
    sink: Any
    source: Source
    pg: psycopg.AsyncConnection[Any] | None
    clock: ManualClock

    async def bind(
        self, by: Any = None, device: str = "bin-0", version: int = 1, private: bool = False
    ) -> None:
        if self.pg is None:
            self.inbox.bound[fake.EUI] = fake.binding(device, by, private=private)
        else:
            if private:
                await self.pg.execute("update device set private = true where name = %s", (device,))
            await fake.bind(self.pg, device, by, version=version)

    def worker(self, sandbox: Any = None) -> Worker:
        return Worker(
            self.inbox,
            sandbox or NoSandbox(),
            self.sink,
            self.sink,
            discover(),
            self.clock,
            BridgeMetrics(),
            asyncio.Event(),
        )

    async def take(self, body: bytes, topic: str = "application/a/device/b/event/up") -> bool:
        return bool(
            await self.inbox.receive(arrival(self.source.source_id, self.source.protocol, topic, body))
        )

    async def events(self) -> list[tuple[str, str | None, str | None]]:
        """State, reason code and reason of each event."""
        if self.pg is None:
            kept = self.inbox.events.values()
            return [
                (k.state, k.outcome and k.outcome.reason_code, k.outcome and k.outcome.reason) for k in kept
            ]
        query = "select state, reason_code, reason from lorawan_inbox order by event_id"
        return await (await self.pg.execute(query)).fetchall()

    async def bodies(self) -> list[bytes]:
        if self.pg is None:
            return [k.arrival.body for k in self.inbox.events.values()]
        return [
            bytes(b)
            for (b,) in await (
                await self.pg.execute("select body from lorawan_inbox order by event_id")
            ).fetchall()
        ]

    async def readings(self, kind: str = "bin") -> list[tuple[int, int, float | None, float | None]]:
        """Boot, seq, distance and battery of each."""
        if self.pg is None:
            rows = self.sink.readings[kind]
            found = [(r["boot"], r["seq"], r.get("distance_mm"), r.get("battery_pct")) for r in rows]
        else:
            query = f"select boot, seq, distance_mm, battery_pct from {kind}_reading"
            found = await (await self.pg.execute(query)).fetchall()
        return sorted(found)


@pytest.fixture(params=["memory", *server_names()])
def town_dsn(request: pytest.FixtureRequest, servers: Servers) -> Iterator[str | None]:
    """The database of this run, None for memory."""
    if request.param == "memory":
        yield None
        return
    server = servers.dsn(request.param)
    servers.note(server, request.node.nodeid)
    with own_database(server, "lorawan", servers.template(server)) as dsn:
        yield dsn


@pytest.fixture
async def town(town_dsn: str | None) -> AsyncIterator[Town]:
    clock = ManualClock(fake.NOW)
    if town_dsn is None:
        sink = MemorySink(known_devices(), clock)
        inbox = MemoryInbox([fake.CHIRP], clock)
        sink.settle_events = inbox.settle
        yield Town(inbox, sink, fake.CHIRP, None, clock)
        return
    async with await psycopg.AsyncConnection.connect(town_dsn, autocommit=True) as pg:
        await registered(pg)
        source = await fake.add_source(pg)
        inbox_pg, sink_pg = PostgresInbox(town_dsn), PostgresSink(town_dsn, discover(), clock)
        try:
            yield Town(inbox_pg, sink_pg, source, pg, clock)
        finally:
            await inbox_pg.close()
            await sink_pg.close()


async def test_an_uplink_becomes_a_reading(town: Town) -> None:
    await town.bind()
    assert await town.take(fake.chirp_up(f_cnt=0))
    assert await town.worker().step() == 1
    boot = int(fake.NOW.timestamp())
    assert await town.readings() == [(boot, 0, 2116.0, 92.0)]
    assert [s for s, _, _ in await town.events()] == ["stored"]


async def test_what_comes_again_is_kept_and_stored_once(town: Town) -> None:
    await town.bind()
    assert await town.take(fake.chirp_up(f_cnt=5))
    assert not await town.take(fake.chirp_up(f_cnt=5))
    # The same frame with another id: sent again by the device, heard by another server of the same network.
    assert await town.take(fake.chirp_up(f_cnt=5, at=fake.NOW + timedelta(seconds=20), key="another"))
    await town.worker().step()
    await town.take(fake.chirp_up(f_cnt=5, at=fake.NOW + timedelta(seconds=30), key="a third"))
    await town.worker().step()
    assert len(await town.readings()) == 1
    assert [s for s, _, _ in await town.events()] == ["stored"] * 3


async def test_a_counter_that_begins_again_in_the_same_session_is_a_new_boot(town: Town) -> None:
    """A device activated by personalisation, reset: the same session and the same counters, another frame."""
    await town.bind()
    town.source = replace(town.source, protocol="ttn_v3")
    if town.pg is not None:
        await town.pg.execute("update lorawan_source set protocol = 'ttn_v3'")
    else:
        town.inbox.known[town.source.source_id] = town.source
    later = fake.NOW + timedelta(minutes=20)
    town.clock.advance(3600)
    assert await town.take(fake.ttn_up(f_cnt=0), "")
    assert await town.take(fake.ttn_up(f_cnt=0, at=later), "")
    assert not await town.take(fake.ttn_up(f_cnt=0, at=later), "")
    await town.worker().step()
    boots = [boot for boot, _, _, _ in await town.readings()]
    assert boots == [int(fake.NOW.timestamp()), int(later.timestamp())]


async def test_a_sensor_that_is_no_device_waits_for_its_binding(town: Town) -> None:
    await town.take(fake.chirp_up())
    await town.worker().step()
    [(state, code, reason)] = await town.events()
    assert (state, code) == ("dead", "unknown_sensor")
    assert reason is not None
    assert fake.EUI in reason
    assert await town.readings() == []


async def test_what_was_set_aside_is_stored_after_its_binding(town: Town) -> None:
    if town.pg is None:
        pytest.skip("replay is of the database")
    await town.take(fake.chirp_up())
    await town.worker().step()
    await town.bind()
    await town.pg.execute("update lorawan_inbox set state = 'waiting', done_at = null where state = 'dead'")
    await town.worker().step()
    assert len(await town.readings()) == 1


async def test_bytes_that_are_none_are_set_aside_with_why(town: Town) -> None:
    await town.bind()
    await town.take(fake.chirp_up("ff"))
    await town.take(b"{not json")
    await town.worker().step()
    (bad, unread) = await town.events()
    assert bad[:2] == ("dead", "not_decoded")
    assert "byte" in str(bad[2])
    assert unread[0] == "dead"


async def test_a_value_out_of_range_is_set_aside_and_can_be_played_again(town: Town) -> None:
    """Its number is not in the ledger: with a better codec it is stored."""
    if town.pg is None:
        pytest.skip("replay is of the database")
    bad = fake.codec("map", "", field_map={"fields": {"distance_mm": {"from": "d", "unit": "m"}}})
    good = fake.codec("map", "", field_map={"fields": {"distance_mm": {"from": "d", "unit": "cm"}}})
    await town.bind(bad)
    await town.take(fake.chirp_up(decoded={"d": 120}))
    await town.worker().step()
    [(state, code, _)] = await town.events()
    assert (state, code) == ("dead", "out_of_range")
    assert (await (await town.pg.execute("select count(*) from dead_letter")).fetchone()) == (0,)
    await town.bind(good, version=2)
    await town.pg.execute("update lorawan_inbox set state = 'waiting', done_at = null")
    await town.worker().step()
    assert [(d) for _, _, d, _ in await town.readings()] == [1200.0]


async def test_nothing_measured_is_stored_as_nothing_and_its_number_is_held(town: Town) -> None:
    await town.bind()
    await town.take(fake.chirp_up("01755C 0482FFFF", f_cnt=1))
    await town.take(fake.chirp_up(f_cnt=2, at=fake.NOW + timedelta(seconds=90)))
    await town.worker().step()
    [(state, _, reason), _] = await town.events()
    assert state == "stored"
    assert "distance_mm not measured" in str(reason)
    assert len(await town.readings()) == 1
    if town.pg is not None:
        ledger = await (await town.pg.execute("select received::text from device_sequence")).fetchall()
        assert ledger == [("{[1,3)}",)]


async def test_one_that_fails_costs_only_itself(town: Town) -> None:
    class Broken:
        async def decode(self, *_: Any) -> Ran:
            raise RuntimeError("nobody foresaw it")

    await town.bind(fake.codec("javascript", "x", field_map={"fields": {"distance_mm": "d"}}))
    await town.take(fake.chirp_up())
    await town.worker(Broken()).step()
    [(state, code, _)] = await town.events()
    assert (state, code) == ("dead", "server_fault")


async def test_a_makers_codec_is_run_and_mapped(town: Town) -> None:
    class Fixed:
        async def decode(self, source: str, payload: bytes, f_port: int, received_at: Any) -> Ran:
            assert (source, f_port) == ("function decodeUplink", 85)
            return Ran(data={"level": "211.6 cm", "battery": 50.0})

    by = fake.codec(
        "javascript",
        "function decodeUplink",
        field_map={"fields": {"distance_mm": "level", "battery_pct": "battery"}},
    )
    await town.bind(by)
    await town.take(fake.chirp_up())
    await town.worker(Fixed()).step()
    assert [(d, b) for _, _, d, b in await town.readings()] == [(2116.0, 50.0)]


async def test_a_codec_that_is_stopped_or_can_not_run_is_set_aside(town: Town) -> None:
    class Stopped:
        async def decode(self, *_: Any) -> Ran:
            raise SandboxError("it took more than 50 ms")

    await town.bind(fake.codec("javascript", "x", field_map={"fields": {"distance_mm": "d"}}))
    for f_cnt, sandbox in ((1, None), (2, Stopped())):
        await town.take(fake.chirp_up(f_cnt=f_cnt))
        await town.worker(sandbox).step()
    assert [code for _, code, _ in await town.events()] == ["no_sandbox", "codec_timeout"]


async def test_a_households_bytes_go_when_they_are_stored(town: Town) -> None:
    await town.bind(private=True)
    await town.take(fake.chirp_up())
    await town.worker().step()
    assert await town.bodies() == [b""]
    assert len(await town.readings()) == 1


async def test_events_that_somebody_else_stores_are_left_to_them(town: Town) -> None:
    await town.take(fake.chirp_up())
    [row] = await town.inbox.waiting(10)
    batch = Batch([], [])
    batch.inbox = InboxMarks(outcomes=(Outcome(event_id=row.event_id, state="stored"),))
    await town.sink.store(batch, None)
    with pytest.raises(EventsTakenError) as taken:
        await town.sink.store(replace_inbox(batch), None)
    assert taken.value.event_ids == {row.event_id}
    assert await town.inbox.waiting(10) == []


def replace_inbox(batch: Batch) -> Batch:
    """The same events again, in a batch that is not the same messages again."""
    assert batch.inbox is not None
    other = Batch([], [])
    other.inbox = InboxMarks(outcomes=tuple(replace(o, reason="again") for o in batch.inbox.outcomes))
    return other


async def test_what_is_postponed_is_not_due(town: Town) -> None:
    await town.take(fake.chirp_up())
    [row] = await town.inbox.waiting(10)
    await town.inbox.postpone([row.event_id], 600)
    assert await town.inbox.waiting(10) == []


async def test_sources_and_connection(town: Town) -> None:
    assert [s.name for s in await town.inbox.sources()] == ["chirp"]
    await town.inbox.connection(town.source.source_id, "connected")
    assert await town.inbox.lead()
    assert await town.inbox.lead()


def test_both_are_the_port() -> None:
    checked: list[type[Inbox]] = [PostgresInbox, MemoryInbox]
    assert len(checked) == 2


def status(battery_pct: float, at: datetime) -> bytes:
    told = {
        "deduplicationId": f"s{at.timestamp()}",
        "time": fake.time_text(at),
        "margin": 7,
        "batteryLevel": battery_pct,
    }
    told["deviceInfo"] = {"applicationId": "app-1", "deviceName": "a bin", "devEui": fake.EUI}
    return json.dumps(told).encode()


async def test_a_battery_that_only_the_server_was_told_of_goes_with_the_readings(town: Town) -> None:
    """ChirpStack's DevStatusAns: of this page or of one before; what a sensor says itself counts before it."""
    await town.bind()
    hour = timedelta(hours=1)
    await town.take(fake.chirp_up("03670101 04824408", 1, fake.NOW), "application/a/device/b/event/up")
    await town.take(status(41.0, fake.NOW + hour), "application/a/device/b/event/status")
    await town.take(fake.chirp_up("03670101 04824408", 2, fake.NOW + 2 * hour))
    town.clock.advance(5 * 3600)
    await town.worker().step()
    await town.take(fake.chirp_up("03670101 04824408", 3, fake.NOW + 3 * hour))
    await town.take(fake.chirp_up("01755c 04824408", 4, fake.NOW + 4 * hour))
    await town.worker().step()
    assert [battery for _, _, _, battery in await town.readings()] == [None, 41.0, 41.0, 92.0]


async def test_a_frame_of_the_battery_alone_is_told_with_the_next_reading(town: Town) -> None:
    await town.bind()
    town.clock.advance(3 * 3600)
    await town.take(fake.chirp_up("017513", 1, fake.NOW))  # 19 %
    await town.take(fake.chirp_up("04824408", 2, fake.NOW + timedelta(hours=1)))
    await town.worker().step()
    assert [battery for _, _, _, battery in await town.readings()] == [19.0]
