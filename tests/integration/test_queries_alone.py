"""A single statement goes alone, and leaves the connection as it was lent: the next transaction is one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress

import psycopg
import pytest
import pytest_asyncio
from psycopg import sql

from cityops.db.pool import Pool, open_pool
from cityops.settings import DbSettings
from ops_api.queries import Db, OneConnection, UnusableValueError

ADD = sql.SQL("insert into tally values (%(n)s) returning n")


@pytest_asyncio.fixture
async def pool(db_dsn: str) -> AsyncIterator[Pool]:
    """One connection, asked whether it works once in an hour."""
    settings = DbSettings(dsn=db_dsn, pool_min=1, pool_max=1)
    opened = await open_pool(settings, application_name="test", checked_s=3600.0)
    async with opened.connection() as connection:
        await connection.execute("create table tally (n integer primary key)")
    yield opened
    await opened.close()


async def count(db: Db) -> int:
    return int((await db.fetch(sql.SQL("select count(*) as n from tally"), {}))[0]["n"])


async def test_what_goes_alone_is_kept_and_a_transaction_after_it_is_one(pool: Pool) -> None:
    db = Db(pool)
    assert await db.fetch(ADD, {"n": 1}) == [{"n": 1}]
    with pytest.raises(psycopg.errors.UniqueViolation):
        await db.fetch(ADD, {"n": 1})
    with pytest.raises(UnusableValueError):
        await db.fetch(ADD, {"n": 2**40})
    with suppress(RuntimeError):
        async with db.transaction() as t:
            await t.fetch(ADD, {"n": 2})
            raise RuntimeError
    assert await count(db) == 1
    async with pool.connection() as connection:
        assert not connection.autocommit


async def test_within_a_transaction_it_is_part_of_it(pool: Pool) -> None:
    async with pool.connection() as connection:
        with suppress(RuntimeError):
            async with connection.transaction():
                await Db(OneConnection(connection)).fetch(ADD, {"n": 3})
                raise RuntimeError
    assert await count(Db(pool)) == 0


async def test_a_connection_that_breaks_meanwhile_is_not_lent_again(pool: Pool) -> None:
    db = Db(pool)
    with pytest.raises(Exception, match="does not answer"):
        await db.fetch(sql.SQL("select pg_terminate_backend(pg_backend_pid())"), {})
    assert await count(db) == 0
