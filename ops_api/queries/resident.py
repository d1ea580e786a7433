"""The database as one resident may see it.

Every transaction takes the role ``cityops_resident`` and names the session's token, both for this
transaction only; policies and the views of the schema ``my`` do the rest. The names of tables in
a query mean those views, since ``my`` comes first in the search path.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from psycopg import sql

from ops_api.queries import Db, Pool, Transaction

_BECOME = sql.SQL(
    "select set_config('role', 'cityops_resident', true), set_config('search_path', 'my, public', true),"
    " set_config('cityops.session', %(token)s, true)"
)


async def become(connection: psycopg.AsyncConnection[Any], token: str) -> None:
    """Make the connection's transaction the resident's whose session has this token."""
    await connection.execute(_BECOME, {"token": token})


class NotYoursError(Exception):
    """The database refused to write: the row would not be of a home of hers."""


class ResidentPool:
    """Connections on which every transaction is one resident's: for what is not a :class:`Db`.

    Raises:
        NotYoursError: at the end of the block, where the database refused a row or a right.
    """

    def __init__(self, pool: Pool, token: str) -> None:
        self._pool = pool
        self._token = token

    @asynccontextmanager
    async def connection(
        self,
        timeout: float | None = None,  # noqa: ASYNC109  as the pool has it
    ) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
        """Lend a connection that has begun a transaction as the resident; see :class:`Pool`."""
        try:
            async with self._pool.connection(timeout) as connection:
                await become(connection, self._token)
                yield connection
        except psycopg.errors.InsufficientPrivilege as e:
            raise NotYoursError("the database refused it") from e


class ResidentDb(Db):
    """A :class:`Db` for the homes of one session; without a session it sees nothing.

    Args:
        of: whose named queries and time-out are used.
        pool: connections of the owner, or better of a login that has the role and nothing else.
        token: the session's secret; the database itself looks it up.
    """

    def __init__(self, of: Db, pool: Pool, token: str) -> None:
        self._pool = pool
        self._timeout_s = of._timeout_s
        self._sql = of._sql
        self._token = token

    def lend(self) -> ResidentPool:
        """Return the connections behind it, as hers."""
        return ResidentPool(self._pool, self._token)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Lend a transaction of the resident's; see :meth:`Db.transaction`."""
        async with super().transaction() as transaction:
            await transaction.fetch(_BECOME, {"token": self._token})
            yield transaction
