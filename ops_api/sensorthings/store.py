"""The database as a SensorThings request sees it: one read-only transaction under limits, with the rights of whoever asks.

The only place where text of the core becomes SQL: the core writes no word of a request into it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from time import monotonic
from typing import Any

import msgspec
import psycopg
from psycopg import pq, sql
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.rows import dict_row
from psycopg_pool import PoolTimeout

from cityops.errors import TransientError
from cityops.settings_sta import StaSettings
from ops_api.queries import DatabaseUnavailableError, Pool
from ops_api.sensorthings.core.cost import check_cost, limits, refusal

Row = dict[str, Any]
COSTLY_AT_ONCE = 4
"""Queries that may be dear and run at the same time, in this process."""
TOGETHER = 2
"""Times that a query has, after which a request begins no further one."""


class BusyError(TransientError):
    """As many costly queries run as may at once."""


@dataclass(frozen=True, slots=True)
class Audience:
    """Whose view of the data is asked for: all that is open, or one resident's own.

    Attributes:
        role, path: of the database.
        token: of a resident's session.
    """

    role: str
    path: str
    token: str = ""


OPEN = Audience("cityops_open", "sta_open, pg_temp")


def resident(token: str) -> Audience:
    """Return the audience of a resident's session: her own devices and nothing else."""
    return Audience("cityops_resident", "my, pg_temp", token)


def trusted(text: str) -> sql.SQL:
    """Return text of the core as SQL."""
    return sql.SQL(text)


class _Unread(Loader):
    """Leaves JSON as it came, for an answer that has it as it is."""

    format = pq.Format.BINARY

    def load(self, data: Buffer) -> msgspec.Raw:
        """Return JSON behind the number of its version."""
        return msgspec.Raw(bytes(data)[1:])


class Reader:
    """Runs queries of one request in its transaction."""

    def __init__(
        self, connection: psycopg.AsyncConnection[Any], settings: StaSettings, costly: asyncio.Semaphore
    ) -> None:
        self._connection = connection
        self._settings = settings
        self._costly = costly
        self._began_s = monotonic()

    async def rows(
        self, text: str, params: Mapping[str, object], *, guarded: bool = False, names: Sequence[str] = ()
    ) -> list[Row]:
        """Return what a query finds.

        Args:
            text: of the core.
            params: values by name.
            guarded: whether its cost is estimated before it runs, since it may be anything.
            names: its columns, where there may be thousands of rows: they come in one then.

        Raises:
            FilterError: it costs too much, or a value in it grew too large.
            BusyError: too many such queries at once.
        """
        if names:
            return _apart(names, await self.rows(_gathered(text, names), params, guarded=guarded))
        if not guarded:
            return await self._run(text, params)
        explained = await self._run("explain (format json) " + text, params)
        check_cost(explained[0]["QUERY PLAN"], self._settings.cost_most)
        if self._costly.locked():
            raise BusyError("Too many large questions at once. Try again in a moment.")
        async with self._costly:
            return await self._run(text, params)

    def _in_time(self) -> None:
        """Refuse a further query of a request whose queries took as long together as two may.

        Raises:
            FilterError: they did.
        """
        most_s = TOGETHER * self._settings.statement_s
        if monotonic() - self._began_s > most_s and (late := refusal("57014", most_s)) is not None:
            raise late

    async def _run(self, text: str, params: Mapping[str, object]) -> list[Row]:
        self._in_time()
        cursor = self._connection.cursor(row_factory=dict_row, binary=True)
        cursor.adapters.register_loader("jsonb", _Unread)
        try:
            await cursor.execute(trusted(text), params)
            return await cursor.fetchall()
        except psycopg.Error as error:
            said = refusal(error.sqlstate, self._settings.statement_s)
            if said is None and isinstance(error, psycopg.DataError):
                said = refusal("22000", self._settings.statement_s)
            if said is None:
                raise
            raise said from error


def _gathered(text: str, names: Sequence[str]) -> str:
    """Return a query that has all rows of another in one: the driver wakes for each few kilobytes of many small ones."""
    return f"select {', '.join(f'array_agg(t.{name}) as {name}' for name in names)} from ({text}) t"  # noqa: S608 - names of ours


def _apart(names: Sequence[str], found: list[Row]) -> list[Row]:
    columns = [found[0][name] or () for name in names]
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


class Store:
    """Lends transactions.

    Args:
        pool: connections that may take the role ``cityops_open``.
        residents: connections that may take the role ``cityops_resident``.
        settings: limits.
    """

    def __init__(self, pool: Pool, residents: Pool, settings: StaSettings) -> None:
        self._pool = pool
        self._residents = residents
        self._settings = settings
        self._costly = asyncio.Semaphore(COSTLY_AT_ONCE)

    @asynccontextmanager
    async def reading(self, audience: Audience) -> AsyncIterator[Reader]:
        """Lend a transaction in which an audience's data are read.

        Raises:
            DatabaseUnavailableError: the database does not answer.
        """
        begin = _begin(audience.role, audience.path, self._settings.statement_s)
        pool = self._residents if audience.token else self._pool
        try:
            async with pool.connection(5.0) as connection:
                await connection.execute(begin)
                if audience.token:
                    await connection.execute(_SESSION, [audience.token])
                yield Reader(connection, self._settings, self._costly)
        except (psycopg.OperationalError, PoolTimeout) as error:
            raise DatabaseUnavailableError("the database does not answer") from error

    @asynccontextmanager
    async def reading_on(self, connection: psycopg.AsyncConnection[Any]) -> AsyncIterator[Reader]:
        """Lend a connection that is in a transaction, for reading what is open; its rights and limits come back behind it."""
        async with connection.transaction(force_rollback=True):
            await connection.execute(_begin(OPEN.role, OPEN.path, self._settings.statement_s))
            yield Reader(connection, self._settings, self._costly)


_SESSION = sql.SQL("select set_config('cityops.session', %s, true)")


@cache
def _begin(role: str, path: str, statement_s: float) -> sql.SQL:
    """Return what a transaction begins with: words of ours, put together once."""
    wanted = {"role": role, "search_path": path, "cityops.session": "", **limits(statement_s)}
    return trusted("select " + ", ".join(f"set_config('{k}', '{v}', true)" for k, v in wanted.items()))
