"""The bridge on a real broker and a real database: QoS 0 in, rows out, whatever goes away meanwhile."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiomqtt
import psycopg
import pytest
from psycopg import sql

from cityops.embedded.mosquitto import EmbeddedMosquitto
from cityops.settings import load_settings
from ingest.bridge.ports import Source
from ingest.bridge.service import Bridge
from ops_api.wiring_lorawan import build_bridge
from tests.fakes import lorawan as fake
from tests.fakes.ingest_setup import registered

pytestmark = pytest.mark.storage

UP = f"application/app-1/device/{fake.EUI}/event/up"


def at(age_s: float) -> datetime:
    return datetime.now(UTC) - timedelta(seconds=age_s)


@asynccontextmanager
async def running(dsn: str, folder: Path, **more: Any) -> AsyncIterator[Bridge]:
    settings = load_settings(db={"dsn": dsn}, data_dir=folder, **more)
    bridge, stop = build_bridge(settings), asyncio.Event()
    task = asyncio.create_task(bridge.run(stop))
    try:
        yield bridge
    finally:
        stop.set()
        await asyncio.wait_for(task, 20)


async def until(condition: Callable[[], Awaitable[Any]], seconds: float = 30.0) -> Any:
    async with asyncio.timeout(seconds):
        while not (found := await condition()):
            await asyncio.sleep(0.05)
        return found


async def source_of(
    pg: psycopg.AsyncConnection[Any], broker: EmbeddedMosquitto, kind: Source = fake.CHIRP
) -> Source:
    told = {**kind.settings, "host": broker.host, "port": broker.port, "tls": False}
    return await fake.add_source(pg, replace(kind, settings=told))


async def one(pg: psycopg.AsyncConnection[Any], query: Any) -> Any:
    row = await (await pg.execute(query)).fetchone()
    assert row is not None
    return row[0]


async def connected(pg: psycopg.AsyncConnection[Any]) -> None:
    await until(lambda: one(pg, "select bool_and(connection = 'connected') from lorawan_source"))


def publisher(broker: EmbeddedMosquitto) -> aiomqtt.Client:
    return aiomqtt.Client(broker.host, broker.port, protocol=aiomqtt.ProtocolVersion.V311)


async def test_uplinks_of_both_servers_become_readings_once(
    pg: psycopg.AsyncConnection[Any], db_dsn: str, broker: EmbeddedMosquitto, tmp_path: Path
) -> None:
    await registered(pg)
    await source_of(pg, broker)
    await source_of(pg, broker, fake.TTN)
    await fake.bind(pg)
    wrm, road = "0123456789abcdef", fake.codec("native", "decentlab-dl-wrm", "road", name="wrm")
    await fake.bind(pg, "road-0", road, wrm)
    join = {
        "time": fake.time_text(at(300)),
        "deduplicationId": "j",
        "devAddr": "00189440",
        "deviceInfo": {"devEui": fake.EUI},
    }
    status = {**join, "deduplicationId": "s", "batteryLevel": 61.5, "margin": 7}
    road_up = fake.ttn_up("021A10000764A079B104F904C40C60", f_cnt=0, at=at(5), dev_eui=wrm, port=1)
    async with running(db_dsn, tmp_path), publisher(broker) as client:
        await connected(pg)
        await client.publish(f"application/app-1/device/{fake.EUI}/event/join", json.dumps(join), qos=0)
        up = fake.chirp_up(f_cnt=0, at=at(60))
        for body in (up, up, fake.chirp_up(f_cnt=1, at=at(30)), b"{broken"):
            await client.publish(UP, body, qos=0)
        await client.publish(f"application/app-1/device/{fake.EUI}/event/status", json.dumps(status), qos=0)
        await client.publish("v3/bins@ttn/devices/bin-a/up", road_up, qos=0)
        await until(lambda: one(pg, "select count(*) = 6 from lorawan_inbox where state <> 'waiting'"))
    rows = await (
        await pg.execute("select seq, distance_mm, battery_pct from bin_reading order by seq")
    ).fetchall()
    assert rows == [(0, 2116.0, 92.0), (1, 2116.0, 92.0)]
    surface = await one(pg, "select round(surface_temperature_c::numeric, 1)::float8 from road_reading")
    assert surface == 27.3
    heard = "select uplinks, rssi_dbm, battery_pct, margin_db, last_join_at is not null, gateway from lorawan_device where dev_eui = %s"
    assert await (await pg.execute(heard, (fake.EUI,))).fetchone() == (2, -80.0, 61.5, 7.0, True, "gw-2")
    counts = "select received, duplicates, refused from lorawan_source where name = 'chirp'"
    assert await (await pg.execute(counts)).fetchone() == (5, 1, 1)
    told = await one(
        pg, "select status from device_status s join device using (device_id) where name = 'bin-0'"
    )
    assert told["online"] is True
    assert told["lorawan"]["rssi_dbm"] == -80


async def test_what_comes_while_the_database_is_away_waits_on_the_disk_across_a_restart(
    pg: psycopg.AsyncConnection[Any], db_dsn: str, broker: EmbeddedMosquitto, tmp_path: Path, pg_server: str
) -> None:
    await registered(pg)
    await source_of(pg, broker)
    await fake.bind(pg)
    name = await one(pg, "select current_database()")
    async with await psycopg.AsyncConnection.connect(pg_server, autocommit=True) as outside:

        async def reachable(may: bool) -> None:
            await outside.execute(
                sql.SQL("alter database {} with allow_connections {}").format(
                    sql.Identifier(name), sql.SQL(str(may).lower())
                )
            )
            if not may:
                await outside.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s and application_name like 'cityops%%'",
                    (name,),
                )

        async with running(db_dsn, tmp_path) as bridge, publisher(broker) as client:
            await connected(pg)
            await client.publish(UP, fake.chirp_up(f_cnt=1, at=at(100)), qos=0)
            await until(lambda: one(pg, "select count(*) = 1 from bin_reading"))
            await reachable(False)
            for f_cnt in (2, 3):
                await client.publish(UP, fake.chirp_up(f_cnt=f_cnt, at=at(100 - 10 * f_cnt)), qos=0)
            await until(lambda: _spooled(bridge, 2))
        assert await one(pg, "select count(*) from lorawan_inbox") == 1
        # Started without the database: the servers are remembered.
        async with running(db_dsn, tmp_path) as bridge, publisher(broker) as client:
            await until(lambda: _connected(bridge))
            await client.publish(UP, fake.chirp_up(f_cnt=4, at=at(10)), qos=0)
            await until(lambda: _spooled(bridge, 3))
            await reachable(True)
            await until(lambda: one(pg, "select count(*) = 4 from bin_reading"))
            await until(lambda: _spooled(bridge, 0))
    ledger = await one(pg, "select received::text from device_sequence")
    assert ledger == "{[1,5)}"


async def _spooled(bridge: Bridge, wanted: int) -> bool:
    return bridge.spooled == wanted


async def _connected(bridge: Bridge) -> bool:
    return bridge.connected == 1


async def test_a_broker_that_restarts_is_connected_to_again(
    pg: psycopg.AsyncConnection[Any], db_dsn: str, broker: EmbeddedMosquitto, tmp_path: Path
) -> None:
    await registered(pg)
    await source_of(pg, broker)
    await fake.bind(pg)
    async with running(db_dsn, tmp_path):
        await connected(pg)
        await asyncio.to_thread(broker.kill)
        await until(lambda: one(pg, "select bool_and(connection like 'not connected%') from lorawan_source"))
        await asyncio.to_thread(broker.start)
        await connected(pg)
        async with publisher(broker) as client:
            await client.publish(UP, fake.chirp_up(at=at(10)), qos=0)
            await until(lambda: one(pg, "select count(*) = 1 from bin_reading"))


async def test_a_downlink_goes_out_and_its_news_come_back(
    pg: psycopg.AsyncConnection[Any], db_dsn: str, broker: EmbeddedMosquitto, tmp_path: Path
) -> None:
    await registered(pg)
    await source_of(pg, broker)
    await fake.bind(pg)
    async with running(db_dsn, tmp_path), publisher(broker) as client:
        await connected(pg)
        await client.subscribe("application/+/device/+/command/down")
        await client.publish(UP, fake.chirp_up(at=at(10)), qos=0)
        await until(lambda: one(pg, "select count(*) = 1 from lorawan_device"))
        await pg.execute(
            "insert into lorawan_downlink (dev_eui, what, f_port, payload, confirmed, created_by)"
            " values (%s, 'reporting interval 600 s', 85, '\\xff035802', true, 'a test')",
            (fake.EUI,),
        )
        async with asyncio.timeout(20):
            message = await anext(aiter(client.messages))
        assert str(message.topic) == f"application/app-1/device/{fake.EUI}/command/down"
        assert isinstance(message.payload, bytes)
        command = json.loads(message.payload)
        assert (command["fPort"], command["data"], command["confirmed"]) == (85, "/wNYAg==", True)
        await until(lambda: one(pg, "select state = 'sent' from lorawan_downlink"))
        news = {
            "time": fake.time_text(at(1)),
            "deviceInfo": {"devEui": fake.EUI},
            "queueItemId": command["id"],
            "fCntDown": 3,
        }
        base = f"application/app-1/device/{fake.EUI}/event/"
        await client.publish(base + "txack", json.dumps({**news, "gatewayId": "gw-1"}), qos=0)
        await client.publish(
            base + "ack", json.dumps({**news, "deduplicationId": "a", "acknowledged": True}), qos=0
        )
        await until(
            lambda: one(pg, "select state = 'acknowledged' and radioed_at is not null from lorawan_downlink")
        )


async def test_a_downlink_to_a_webhook_fails_with_why(
    pg: psycopg.AsyncConnection[Any], db_dsn: str, tmp_path: Path
) -> None:
    await registered(pg)
    source = await fake.add_source(pg, replace(fake.CHIRP, transport="webhook"), bytes(32))
    await pg.execute(
        "insert into lorawan_device (dev_eui, source_id, first_seen_at, last_seen_at, application_id) values (%s, %s, now(), now(), 'a')",
        (fake.EUI, source.source_id),
    )
    await pg.execute(
        "insert into lorawan_downlink (dev_eui, what, f_port, payload, created_by) values (%s, 'x', 1, '\\x01', 'a test')",
        (fake.EUI,),
    )
    async with running(db_dsn, tmp_path):
        await until(
            lambda: one(pg, "select state = 'failed' and problem like '%no way back%' from lorawan_downlink")
        )


async def test_one_of_two_processes_connects(
    pg: psycopg.AsyncConnection[Any], db_dsn: str, broker: EmbeddedMosquitto, tmp_path: Path
) -> None:
    await registered(pg)
    await source_of(pg, broker)
    async with running(db_dsn, tmp_path) as first:
        await connected(pg)
        async with running(db_dsn, tmp_path) as second:
            await asyncio.sleep(0.5)
            assert (first.connected, second.connected) == (1, 0)
