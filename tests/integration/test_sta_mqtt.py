"""New observations over MQTT: what HTTP answers, never a home's, and nobody can say what is not so."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiomqtt
import psycopg
import pytest

from cityops.embedded.mosquitto import EmbeddedMosquitto
from cityops.embedded.mosquitto_files import Access, ServiceUser
from cityops.embedded.process import free_port
from devices.contract.access import ANYBODY_RIGHTS, DEVICE_RIGHTS, STA_RIGHTS
from ops_api.sensorthings.mqtt import Broker, Teller
from ops_api.sensorthings.service import Sta
from tests.fakes.sta_rows import BASE, ask, fill, serving

ACCESS = Access(
    devices={"road-0001": "secret-1"},
    device_rights=DEVICE_RIGHTS,
    services={"sta": ServiceUser("pw", STA_RIGHTS)},
    anybody_rights=ANYBODY_RIGHTS,
)


@pytest.fixture
def public(server_dir: Path) -> Iterator[tuple[EmbeddedMosquitto, int]]:
    port = free_port("127.0.0.1")
    with EmbeddedMosquitto(server_dir / f"sta-{os.getpid()}", access=ACCESS, anybody_port=port) as started:
        yield started, port


@asynccontextmanager
async def telling(dsn: str, sta: Sta, broker: EmbeddedMosquitto, per_s: int = 2000) -> AsyncIterator[Teller]:
    @asynccontextmanager
    async def connected() -> AsyncIterator[psycopg.AsyncConnection[Any]]:
        options = "-c timezone=UTC -c role=cityops_api"
        async with await psycopg.AsyncConnection.connect(dsn, autocommit=True, options=options) as connection:
            yield connection

    place = Broker(host=broker.host, port=broker.service_port, username="sta", password="pw")
    teller = Teller(connected, place, sta.kinds, sta.fresh, BASE, per_s)
    running = asyncio.create_task(teller.run())
    try:
        yield teller
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def store(dsn: str, minutes_ago: int, kind: str = "road") -> None:
    """Store a reading of every device of a kind, as the ingester does."""
    columns = {
        "road": "surface_temperature_c, air_temperature_c, humidity_pct",
        "frog": "temperature_c, humidity_pct",
    }[kind]
    values = ", ".join(["0"] * (columns.count(",") + 1))
    async with await psycopg.AsyncConnection.connect(dsn) as conn:
        cursor = await conn.execute(
            "select date_trunc('second', now()) - %s * interval '1 min', clock_timestamp()", (minutes_ago,)
        )
        row = await cursor.fetchone()
        assert row is not None
        await conn.execute(
            f"select ensure_partitions('{kind}_reading', now() - interval '1 day', now())".encode()
        )
        await conn.execute(
            f"insert into {kind}_reading (ts, device_id, seq, boot, {columns}, received_at)"
            f" select %s, device_id, 99999, 1, {values}, %s from device where kind = %s".encode(),
            (*row, kind),
        )
        about = json.dumps({kind: {"rows": 2, "min_ts": row[0].isoformat(), "max_ts": row[0].isoformat()}})
        await conn.execute("insert into ingest_batch (received_at, kinds) values (%s, %s)", (row[1], about))


async def messages(client: aiomqtt.Client, many: int, within_s: float = 20.0) -> list[tuple[str, Any, bool]]:
    found = []
    with suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            async for message in client.messages:
                found.append((str(message.topic), json.loads(message.payload), message.retain))
                if len(found) == many:
                    break
    return found


async def until_told(dsn: str, teller: Teller, kind: str = "road") -> None:
    """Store readings until some were told: the teller has begun."""
    for minutes in range(200, 100, -1):
        await store(dsn, minutes, kind)
        await asyncio.sleep(0.3)
        if teller.told > 0:
            return
    raise AssertionError("nothing was told")


async def test_whoever_listens_gets_what_http_answers_and_nothing_of_a_home(
    db_dsn: str, public: tuple[EmbeddedMosquitto, int]
) -> None:
    broker, port = public
    await fill(db_dsn, devices=2, readings=10)
    async with await psycopg.AsyncConnection.connect(db_dsn, autocommit=True) as conn:
        await conn.execute(
            "insert into device (name, kind, shard, installed_at) values ('frog-0001', 'frog', 0, now())"
        )
    async with serving(db_dsn) as sta, telling(db_dsn, sta, broker) as teller:
        await until_told(db_dsn, teller)
        stream = (await ask(sta, "/Datastreams?$top=1"))["value"][0]["@iot.id"]
        async with aiomqtt.Client("127.0.0.1", port) as listener:
            await listener.subscribe("v1.1/#")
            await asyncio.sleep(1.0)  # what was told before
            await store(db_dsn, 50, "frog")
            await store(db_dsn, 49)
            found = await messages(listener, 12)
        told = {doc["@iot.id"]: doc for topic, doc, _ in found if topic == "v1.1/Observations"}
        assert len(told) == 6
        assert not any(retained for _, _, retained in found)
        assert f"v1.1/Datastreams({stream})/Observations" in {topic for topic, _, _ in found}
        for number, doc in told.items():
            assert await ask(sta, f"/Observations({number})") == doc
        before = -1
        while before != teller.told:  # on a busy machine some of before are told only now
            before = teller.told
            await asyncio.sleep(1.0)
        async with aiomqtt.Client("127.0.0.1", port) as late:
            await late.subscribe("#")
            assert await messages(late, 1, 1.0) == []


async def test_a_broker_that_was_away_is_told_again(
    db_dsn: str, public: tuple[EmbeddedMosquitto, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    broker, _ = public
    monkeypatch.setattr("ops_api.sensorthings.mqtt.AGAIN_S", 0.2)
    await fill(db_dsn, devices=1, readings=5)
    async with serving(db_dsn) as sta, telling(db_dsn, sta, broker) as teller:
        await until_told(db_dsn, teller)
        broker.stop()
        await asyncio.sleep(1.0)
        broker.start()
        before = teller.told
        for minutes in range(90, 60, -1):
            await store(db_dsn, minutes)
            await asyncio.sleep(0.4)
            if teller.told > before:
                break
        assert teller.told > before


async def test_two_processes_tell_each_thing_once_and_a_flood_is_thinned(
    db_dsn: str, public: tuple[EmbeddedMosquitto, int]
) -> None:
    broker, port = public
    await fill(db_dsn, devices=3, readings=5)
    async with (
        serving(db_dsn) as sta,
        telling(db_dsn, sta, broker, 20) as one,
        telling(db_dsn, sta, broker, 20) as other,
    ):
        for minutes in range(200, 100, -1):
            await store(db_dsn, minutes)
            await asyncio.sleep(0.3)
            if one.told + other.told > 0:
                break
        assert min(one.told, other.told) == 0
        async with aiomqtt.Client("127.0.0.1", port) as listener:
            await listener.subscribe("v1.1/Observations")
            await asyncio.sleep(1.0)
            async with await psycopg.AsyncConnection.connect(db_dsn) as conn:
                await conn.execute(
                    "insert into road_reading (ts, device_id, seq, boot, surface_temperature_c, air_temperature_c, humidity_pct, received_at)"
                    " select date_trunc('second', now()) - n * interval '1 min', device_id, n, 9, n, n, n, now() from device,"
                    " generate_series(1, 40) n"
                )
                await conn.execute(
                    "insert into ingest_batch (received_at, kinds) values (now(), jsonb_build_object('road', jsonb_build_object("
                    "'rows', 120, 'min_ts', now() - interval '1 hour', 'max_ts', now())))"
                )
            heard = await messages(listener, 30, 4.0)
            found = [
                one for one in heard if one[1]["result"] != 0
            ]  # readings before it were of nought degrees
        assert len(found) == 9  # the newest of each of nine datastreams
        assert {doc["result"] for _, doc, _ in found} == {1.0}
        assert one.left_out + other.left_out == 9 * 39


async def test_who_gives_no_name_can_listen_to_what_is_open_and_do_nothing_else(
    public: tuple[EmbeddedMosquitto, int],
) -> None:
    broker, port = public
    async with aiomqtt.Client("127.0.0.1", port) as listener:
        for topic in ("cityops/#", "#", "$SYS/#", "v1.1/#"):
            await listener.subscribe(topic)
        # A broker may close the connection of who publishes what it may not: each has its own.
        for who, topic, payload in (
            ({}, "v1.1/Observations", b'"forged"'),
            ({"username": "sta", "password": "pw"}, "cityops/v1/00/road/road-0001/desired", b'"forged"'),
            ({"username": "sta", "password": "pw"}, "v1.1/Observations", b'"true"'),
        ):
            async with aiomqtt.Client("127.0.0.1", broker.service_port if who else port, **who) as speaker:
                await speaker.publish(topic, payload)
        found = await messages(listener, 5, 1.5)
    assert {doc for _, doc, _ in found} == {"true"}
    with pytest.raises(aiomqtt.MqttError):
        async with aiomqtt.Client("127.0.0.1", broker.port):
            pass
