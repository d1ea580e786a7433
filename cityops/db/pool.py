"""Connection pools, opened explicitly when a service starts."""

from __future__ import annotations

import math
from functools import partial
from time import monotonic
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from cityops.errors import ConfigurationError, TransientError
from cityops.redact import redact
from cityops.settings import DbSettings

Pool = AsyncConnectionPool[psycopg.AsyncConnection[TupleRow]]
_CHECKED: WeakKeyDictionary[psycopg.AsyncConnection[TupleRow], float] = WeakKeyDictionary()
"""When connections were last asked."""


async def open_pool(
    settings: DbSettings,
    *,
    application_name: str,
    role: str | None = None,
    statement_s: float | None = None,
    checked_s: float = 0.0,
) -> Pool:
    """Return an open pool whose ``pool_min`` connections work.

    Sessions run in UTC and carry ``application_name``. Close it with ``await pool.close()``.

    Args:
        settings: where the database is, and the pool's sizes.
        application_name: shown in ``pg_stat_activity``.
        role: that each session begins in, and ``reset role`` goes back to; None: the login's own.
        statement_s: seconds after which the database gives up a statement; None: as the server has it.
        checked_s: seconds for which a connection that was asked whether it works is not asked again, since that is a way
            there and back before each statement.

    Raises:
        ConfigurationError: without a connection string, or with one that can't be read.
        TransientError: where the database does not answer within ``connect_timeout_s``.
    """
    if not settings.dsn:
        raise ConfigurationError("db.dsn is empty; set CITYOPS_DB__DSN to postgresql://user@host:port/name")
    check_dsn(settings.dsn)
    pool: Pool = AsyncConnectionPool(
        settings.dsn,
        kwargs=session(application_name, role, statement_s),
        min_size=settings.pool_min,
        max_size=settings.pool_max,
        timeout=settings.connect_timeout_s,
        name=application_name,
        check=partial(_check, checked_s),
        open=False,
    )
    try:
        await pool.open(wait=True, timeout=settings.connect_timeout_s)
    except PoolTimeout as error:
        await pool.close()
        reason = await _why_not(settings, role)
        raise TransientError(
            f"database {redact(settings.dsn)} did not answer within {settings.connect_timeout_s:g} s: {reason}"
        ) from error
    return pool


async def _check(checked_s: float, connection: psycopg.AsyncConnection[TupleRow]) -> None:
    """Ask a connection whether it still works, where it was not asked a moment ago; raises psycopg.Error where it does not."""
    now_s = monotonic()
    if now_s - _CHECKED.get(connection, -math.inf) >= checked_s:
        await AsyncConnectionPool.check_connection(connection)
        _CHECKED[connection] = now_s


def session(
    application_name: str, role: str | None = None, statement_s: float | None = None
) -> dict[str, Any]:
    """Return the connection arguments every session of ours has."""
    as_role = "" if role is None else f" -c role={role}"
    limit = "" if statement_s is None else f" -c statement_timeout={round(statement_s * 1000)}"
    return {"application_name": application_name, "options": f"-c timezone=UTC{as_role}{limit}"}


def check_dsn(dsn: str) -> None:
    """Raise ConfigurationError where ``dsn`` is no connection string.

    The driver's own words are not repeated: they quote what may be a part of the password.
    """
    try:
        conninfo_to_dict(dsn)
    except psycopg.ProgrammingError as error:
        raise ConfigurationError(
            "CITYOPS_DB__DSN is no connection string; write postgresql://user:password@host:5432/name, with "
            "characters such as @ : / # % of the password percent-encoded (@ is %40)"
        ) from error


async def connect(
    dsn: str, *, application_name: str = "cityops", autocommit: bool = True, role: str | None = None
) -> Connection:
    """Return a single connection with our session settings; ``role``: see :func:`open_pool`.

    Raises:
        ConfigurationError: the connection string can't be read.
        TransientError: where the database does not answer.
    """
    check_dsn(dsn)
    try:
        return await psycopg.AsyncConnection.connect(
            make_conninfo(dsn, **session(application_name, role)), autocommit=autocommit
        )
    except psycopg.OperationalError as error:
        raise TransientError(f"database {redact(dsn)}: {_one_line(error)}") from error


Connection = psycopg.AsyncConnection[TupleRow]


async def _why_not(settings: DbSettings, role: str | None) -> str:
    """Return what a single attempt says: the pool itself only reports a timeout."""
    try:
        conninfo = make_conninfo(settings.dsn, connect_timeout=2, **session("cityops", role))
        await (await psycopg.AsyncConnection.connect(conninfo)).close()
    except psycopg.Error as error:
        return _one_line(error)
    return "it answers now; try again"


def _one_line(error: psycopg.Error) -> str:
    return redact(" ".join(str(error).split()))
