"""Transactions in which nothing but what everybody may read can be read: the role ``cityops_open``, read-only.

Whatever a query of ours forgets, a household's readings are not among the tables of that role.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from psycopg import AsyncConnection, sql

from devices.contract.kind import Kind
from ops_api.queries import DatabaseUnavailableError, Pool, TooSlowError
from ops_api.queries.readings import OF_HOMES

POOL_S = 5.0
"""How long a connection is waited for [s]."""

_AS_OPEN = sql.SQL(
    "set transaction read only; set local role cityops_open; set local statement_timeout = {milliseconds}"
)


HOUSEHOLDS = OF_HOMES
"""Kinds of which every device is a household's: of their readings there is no view."""


def view_of(kind: Kind) -> sql.Identifier:
    """Return the view of a kind's readings without those of private devices."""
    return sql.Identifier("sta_open", kind.table)


@asynccontextmanager
async def reading_openly(pool: Pool, statement_s: float) -> AsyncIterator[AsyncConnection[Any]]:
    """Lend a connection in such a transaction; each statement may take ``statement_s`` [s].

    Raises:
        TooSlowError: a statement took longer.
        DatabaseUnavailableError: no connection is to be had, or it broke.
    """
    try:
        async with pool.connection(POOL_S) as connection:
            await connection.execute(_AS_OPEN.format(milliseconds=sql.Literal(round(statement_s * 1000))))
            yield connection
    except psycopg.errors.QueryCanceled as e:
        raise TooSlowError("the database takes too long") from e
    except psycopg.OperationalError as e:
        raise DatabaseUnavailableError("the database does not answer") from e
