"""The PostgreSQL sink while its server goes away, comes back, freezes or isn't upgraded."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from cityops.db.flavour import detect
from cityops.db.migrate import upgrade
from cityops.embedded.postgres import EmbeddedPostgres
from cityops.embedded.process import free_port
from cityops.errors import TransientError
from devices.contract.kind import discover
from ingest import store
from ingest.core.batch import Batch
from ingest.core.ddl import statements
from ingest.core.known_devices import KnownDevice
from ingest.ports import StaleDevicesError
from ingest.store import PostgresSink
from tests.fakes.ingest_setup import NOW_US, clock, decoder, reading, reading_topic, registered


@pytest.fixture
def server(server_dir: Path) -> Iterator[EmbeddedPostgres]:
    """A server of this test's own, to be stopped."""
    folder = Path(tempfile.mkdtemp(prefix="own", dir=server_dir))
    folder.chmod(0o711)
    port = free_port("127.0.0.1")  # the same after a restart
    with EmbeddedPostgres(folder, port, auth="trust", durable=False) as started:
        yield started


@pytest.fixture
async def devices(server: EmbeddedPostgres) -> list[KnownDevice]:
    async with await psycopg.AsyncConnection.connect(server.dsn, autocommit=True) as conn:
        await upgrade(conn, lambda flavour: statements(discover(), flavour))
        return await registered(conn)


def batch(devices: list[KnownDevice], first: int, count: int = 10) -> Batch:
    payloads = [reading(seq) for seq in range(first, first + count)]
    return decoder(devices).decode([reading_topic("frog-0")] * count, payloads, NOW_US)


async def rows(dsn: str) -> tuple[Any, ...] | None:
    async with await psycopg.AsyncConnection.connect(dsn) as conn:
        cursor = await conn.execute("select count(*), count(distinct (boot, seq)) from frog_reading")
        return await cursor.fetchone()


async def test_stop_restart_and_crash(server: EmbeddedPostgres, devices: list[KnownDevice]) -> None:
    sink = PostgresSink(server.dsn, discover(), clock())
    await sink.store(batch(devices, 0), None)
    server.stop()
    for _ in range(2):
        with pytest.raises(TransientError):
            await sink.store(batch(devices, 10), None)
    with pytest.raises(TransientError):
        await sink.load()
    server.start()
    assert (await sink.store(batch(devices, 10), None)).readings == {"frog": 10}
    server.kill()
    server.start()
    with pytest.raises(TransientError):
        await sink.store(batch(devices, 20), None)
    assert (await sink.store(batch(devices, 0, 30), None)).readings == {"frog": 10}
    await sink.close()
    assert await rows(server.dsn) == (30, 30)


async def test_a_frozen_server_is_given_up_and_what_it_committed_is_not_stored_again(
    server: EmbeddedPostgres, devices: list[KnownDevice], monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = PostgresSink(server.dsn, discover(), clock())
    await sink.store(batch(devices, 0), None)
    monkeypatch.setattr(store, "STORE_TIMEOUT_S", 0.5)
    async with await psycopg.AsyncConnection.connect(server.dsn, autocommit=True) as conn:
        cursor = await conn.execute(
            "select pid from pg_stat_activity where application_name = 'cityops-ingest'"
        )
        (backend,) = await cursor.fetchone() or (0,)
    os.kill(backend, signal.SIGSTOP)
    try:
        with pytest.raises(TransientError, match="did not answer"):
            async with asyncio.timeout(60):
                await sink.store(batch(devices, 10), None)
    finally:
        os.kill(backend, signal.SIGCONT)
    monkeypatch.setattr(store, "STORE_TIMEOUT_S", 20)
    await sink.store(batch(devices, 10), None)
    await sink.close()
    assert await rows(server.dsn) == (20, 20)


async def test_a_frozen_server_is_given_up_while_devices_are_loaded(
    server: EmbeddedPostgres, devices: list[KnownDevice], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a half-open connection stops the storing, which waits for the loading, for a quarter of an hour."""
    sink = PostgresSink(server.dsn, discover(), clock())
    await sink.store(batch(devices, 0), None)
    monkeypatch.setattr(store, "STORE_TIMEOUT_S", 0.5)
    async with await psycopg.AsyncConnection.connect(server.dsn, autocommit=True) as conn:
        cursor = await conn.execute(
            "select pid from pg_stat_activity where application_name = 'cityops-ingest'"
        )
        (backend,) = await cursor.fetchone() or (0,)
    os.kill(backend, signal.SIGSTOP)
    try:
        with pytest.raises(TransientError, match="did not answer"):
            async with asyncio.timeout(60):
                await sink.load()
    finally:
        os.kill(backend, signal.SIGCONT)
    monkeypatch.setattr(store, "STORE_TIMEOUT_S", 20)
    assert len(await sink.load()) == len(devices)
    await sink.close()


async def test_a_missing_table_waits_for_the_upgrade(
    server: EmbeddedPostgres, devices: list[KnownDevice]
) -> None:
    sink = PostgresSink(server.dsn, discover(), clock())
    async with await psycopg.AsyncConnection.connect(server.dsn, autocommit=True) as conn:
        await conn.execute("drop table frog_reading cascade")
        with pytest.raises(TransientError, match="frog_reading"):
            await sink.store(batch(devices, 0), None)
        for statement in statements(discover(), await detect(conn)):
            await conn.execute(statement)  # type: ignore[arg-type]
    assert (await sink.store(batch(devices, 0), None)).readings == {"frog": 10}
    await sink.close()


async def test_a_device_that_is_gone_asks_for_fresh_devices(
    server: EmbeddedPostgres, devices: list[KnownDevice]
) -> None:
    sink = PostgresSink(server.dsn, discover(), clock())
    async with await psycopg.AsyncConnection.connect(server.dsn, autocommit=True) as conn:
        await conn.execute("delete from home_device")
        await conn.execute("delete from device where name = 'frog-0'")
    with pytest.raises(StaleDevicesError):
        await sink.store(batch(devices, 0), None)
    assert "frog-0" not in {d.name for d in await sink.load()}
    await sink.close()


async def test_a_dropped_partition_is_made_again(
    server: EmbeddedPostgres, devices: list[KnownDevice]
) -> None:
    sink = PostgresSink(server.dsn, discover(), clock())
    await sink.store(batch(devices, 0), None)
    async with await psycopg.AsyncConnection.connect(server.dsn, autocommit=True) as conn:
        await conn.execute("drop table frog_reading_2026_11")
        stored = await sink.store(batch(devices, 10), None)
        assert (stored.readings, stored.dead_letters) == ({"frog": 10}, {})
    await sink.close()
