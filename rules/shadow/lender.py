"""Connections on which the rules' table names mean the shadow's tables, and nothing else can be written."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg

from cityops.db.queries import load_queries
from cityops.db.transaction import Connection, Lender
from cityops.errors import InvariantError
from rules.shadow.ports import ShadowGoneError

SQL = load_queries("rules.shadow")


class ShadowLender:
    """Lends a pool's connections, each for one transaction in the schema of one shadow.

    Three guards keep the live tables out of reach: the shadow's tables are there and stay until the
    transaction ends, they are those of this start, and a transaction that has written into any
    table of the schema ``public`` is rolled back.
    """

    def __init__(self, pool: Lender, start_id: int) -> None:
        self._pool, self._start_id = pool, start_id

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Lend a connection.

        Raises:
            ShadowGoneError: the tables are no longer those of this start.
            InvariantError: something was written outside of them; it is rolled back.
        """
        async with self._pool.connection() as conn:
            await conn.execute(SQL["enter"])
            await self._stay(conn)
            before = await _written_elsewhere(conn)
            yield conn
            if await _written_elsewhere(conn) != before:
                raise InvariantError("the shadow has written into a live table: rolled back")

    async def _stay(self, conn: Connection) -> None:
        try:
            await conn.execute(SQL["stay"])
            row = await (await conn.execute(SQL["is_ours"], {"start_id": self._start_id})).fetchone()
        except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName) as error:
            raise ShadowGoneError("the shadow's tables are gone") from error
        if row != (True,):
            raise ShadowGoneError("the shadow was begun anew")


async def _written_elsewhere(conn: Connection) -> int:
    row = await (await conn.execute(SQL["written_elsewhere"])).fetchone()
    assert row is not None
    return int(row[0])
