"""Pools that say why they do not open; LISTEN that comes back after a cut."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import psycopg
import pytest

from cityops.db.notify import RECONNECTED, listen
from cityops.db.pool import open_pool
from cityops.embedded.process import free_port
from cityops.errors import ConfigurationError, TransientError
from cityops.runtime.backoff import Backoff
from cityops.settings import DbSettings

FAST = Backoff(0.01, 0.05)


async def test_a_pool_works_in_utc_under_its_name(db_dsn: str) -> None:
    pool = await open_pool(DbSettings(dsn=db_dsn), application_name="cityops-test")
    async with pool, pool.connection() as conn:
        cursor = await conn.execute("select current_setting('timezone'), current_setting('application_name')")
        assert await cursor.fetchone() == ("UTC", "cityops-test")


async def test_without_a_dsn_the_setting_is_named() -> None:
    with pytest.raises(ConfigurationError, match="CITYOPS_DB__DSN"):
        await open_pool(DbSettings(), application_name="x")


@pytest.mark.filterwarnings("ignore::ResourceWarning")
async def test_a_database_that_is_not_there_is_named_without_its_password() -> None:
    settings = DbSettings(dsn=f"postgresql://u:hush@127.0.0.1:{free_port()}/d", connect_timeout_s=0.3)
    with pytest.raises(TransientError, match=r"did not answer within 0.3 s: .*refused") as caught:
        await open_pool(settings, application_name="x")
    assert "hush" not in str(caught.value)


async def test_notifications_arrive_and_the_listener_comes_back_after_a_cut(db_dsn: str) -> None:
    heard = listen(db_dsn, "batch", "other", backoff=FAST)
    async with asyncio.timeout(20), await psycopg.AsyncConnection.connect(db_dsn, autocommit=True) as conn:
        assert await anext(heard) == RECONNECTED
        await conn.execute("notify batch, '1'")
        assert await anext(heard) == "1"
        await conn.execute("notify other, '2'")
        assert await anext(heard) == "2"
        await conn.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and application_name = 'cityops-listen'"
        )
        assert await anext(heard) == RECONNECTED
        await conn.execute("notify batch, '3'")
        assert await anext(heard) == "3"
    await close(heard)


async def close(iterator: AsyncIterator[str]) -> None:
    await iterator.aclose()  # type: ignore[attr-defined]
