"""What the API reads and the little it writes, as named queries beside this file.

``Db`` is the port that routers get: rows in, dictionaries out. It must not know HTTP.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any, LiteralString, Protocol

import psycopg
from psycopg import AsyncConnection, sql
from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row, tuple_row

from cityops.db.queries import load_queries
from cityops.errors import TransientError

FILES = (
    "homes.sql",
    "roads.sql",
    "bins.sql",
    "alarms.sql",
    "alarm_log.sql",
    "late.sql",
    "platform.sql",
    "devices.sql",
    "missing.sql",
    "rules.sql",
    "notifications.sql",
    "explain.sql",
    "work.sql",
    "shadow.sql",
    "damp.sql",
    "households.sql",
    "housing.sql",
    "home_page.sql",
    "road_forecast.sql",
    "winter.sql",
    "ops.sql",
    "incidents.sql",
    "open_data.sql",
    "audit.sql",
    "identity.sql",
    "rest.sql",
    "lorawan.sql",
)

Row = dict[str, Any]
Query = sql.SQL | sql.Composed


@dataclass(frozen=True, slots=True)
class Table:
    """Rows as they came: names of columns, and values in their order."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


class Pool(Protocol):
    """What is needed of ``psycopg_pool.AsyncConnectionPool``."""

    def connection(self, timeout: float | None = None) -> AbstractAsyncContextManager[AsyncConnection[Any]]:
        """Return a context that lends a connection and commits or rolls back at its end."""
        ...


class OneConnection:
    """A :class:`Pool` of one connection that is not in autocommit: for commands."""

    def __init__(self, connection: AsyncConnection[Any]) -> None:
        self._connection = connection

    @asynccontextmanager
    async def connection(
        self,
        timeout: float | None = None,  # noqa: ASYNC109  as the pool has it
    ) -> AsyncIterator[AsyncConnection[Any]]:
        """Lend the connection; see :class:`Pool`."""
        async with self._connection.transaction():
            yield self._connection


class DatabaseUnavailableError(TransientError):
    """The database did not answer."""


class TooSlowError(DatabaseUnavailableError):
    """The database was at it for longer than it was given."""


class UnusableValueError(ValueError):
    """A value of the request is one that no column can hold: too large a number, a NUL character."""


_OF_VALUES = (
    psycopg.errors.NumericValueOutOfRange,
    psycopg.errors.DatetimeFieldOverflow,
    psycopg.errors.UntranslatableCharacter,
    psycopg.errors.CharacterNotInRepertoire,
    UnicodeEncodeError,
)


def _is_of_value(error: Exception) -> bool:
    """Whether the value is to blame; the plain class is what psycopg raises before it sends anything."""
    return isinstance(error, _OF_VALUES) or type(error) is psycopg.DataError


class Transaction:
    """Runs named queries in one transaction."""

    def __init__(self, connection: AsyncConnection[Any], queries: Mapping[str, LiteralString]) -> None:
        self._connection = connection
        self._sql = queries

    async def rows(self, query: str, /, **params: object) -> list[Row]:
        """Return every row of the named query; none for a statement that returns nothing."""
        return await self.fetch(sql.SQL(self._sql[query]), params)

    async def row(self, query: str, /, **params: object) -> Row | None:
        """Return the first row of the named query, or None."""
        found = await self.rows(query, **params)
        return found[0] if found else None

    async def fetch(self, query: Query, params: Mapping[str, object]) -> list[Row]:
        """Return every row of a composed query."""
        cursor = self._connection.cursor(row_factory=dict_row)
        await _execute(cursor, query, params)
        return await cursor.fetchall() if cursor.description else []

    async def table(self, query: Query, params: Mapping[str, object]) -> Table:
        """Return every row of a composed query, as values alone: half as dear as :meth:`fetch`, for what is only sent on."""
        cursor = self._connection.cursor(binary=True, row_factory=tuple_row)
        await _execute(cursor, query, params)
        result = cursor.pgresult
        if result is None or result.nfields == 0:
            return Table((), [])
        columns = [(result.fname(at) or b"").decode() for at in range(result.nfields)]
        return Table(tuple(columns), await cursor.fetchall())

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Have what is done in the block be all there is: a transaction by itself where none has begun.

        Without BEGIN before it and COMMIT after it: each is a way there and back, of which a plain read had four.
        """
        connection = self._connection
        if connection.autocommit or connection.info.transaction_status != TransactionStatus.IDLE:
            yield
            return
        await connection.set_autocommit(True)
        try:
            yield
        finally:
            try:
                await connection.set_autocommit(False)
            except psycopg.Error:  # it broke, or is in the middle of something: nobody is to be lent it so
                await connection.close()


async def _execute(cursor: psycopg.AsyncCursor[Any], query: Query, params: Mapping[str, object]) -> None:
    try:
        await cursor.execute(query, dict(params))
    except (psycopg.DataError, UnicodeEncodeError) as e:
        if _is_of_value(e):
            raise UnusableValueError("no column can hold a value of the request") from e
        raise


class Db:
    """Runs named queries on connections of a pool.

    Raises:
        DatabaseUnavailableError: from every method, when no connection is to be had or
            it breaks; trying again may help. Where the statement's time was up: TooSlowError.
        UnusableValueError: from every method, when a parameter fits no column.
    """

    def __init__(self, pool: Pool, *, timeout_s: float = 5.0) -> None:
        self._pool = pool
        self._timeout_s = timeout_s
        self._sql: dict[str, LiteralString] = {}
        for file in FILES:
            self._sql.update(load_queries(__name__, file))

    async def rows(self, query: str, /, **params: object) -> list[Row]:
        """Return every row of the named query."""
        return await self.fetch(sql.SQL(self._sql[query]), params)

    async def row(self, query: str, /, **params: object) -> Row | None:
        """Return the first row of the named query, or None."""
        found = await self.rows(query, **params)
        return found[0] if found else None

    async def one(self, query: str, /, **params: object) -> Row:
        """Return the only row of a query that always has one."""
        return (await self.rows(query, **params))[0]

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Lend a transaction: committed at the end of the block, rolled back on an exception."""
        try:
            async with self._pool.connection(self._timeout_s) as connection:
                yield Transaction(connection, self._sql)
        except psycopg.errors.QueryCanceled as e:
            raise TooSlowError("the database takes too long") from e
        except psycopg.OperationalError as e:
            raise DatabaseUnavailableError("the database does not answer") from e

    async def fetch(self, query: Query, params: Mapping[str, object]) -> list[Row]:
        """Return every row of a composed query; values only through ``params``."""
        async with self.transaction() as transaction, transaction.alone():
            return await transaction.fetch(query, params)

    async def table(self, query: LiteralString | Query, params: Mapping[str, object]) -> Table:
        """Return every row of a named or a composed query, as values alone."""
        composed = sql.SQL(self._sql[query]) if isinstance(query, str) else query
        async with self.transaction() as transaction, transaction.alone():
            return await transaction.table(composed, params)
