"""Whose turn it is to work: one process of many, by an advisory lock that ends with its connection."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg

from cityops.db.pool import connect
from cityops.errors import TransientError

LOCK = 0x6369_7479_666C_6501
"""Advisory lock of the one fleet service that works."""


@asynccontextmanager
async def one_at_a_time(dsn: str) -> AsyncIterator[bool]:
    """Lend the turn, or False where another process has it.

    Raises:
        TransientError: the database does not answer.
    """
    try:
        async with await connect(dsn, application_name="cityops-fleet-turn") as conn:
            row = await (await conn.execute("select pg_try_advisory_lock(%s::bigint)", (LOCK,))).fetchone()
            yield row is not None and bool(row[0])
    except psycopg.Error as error:
        raise TransientError(f"database: {' '.join(str(error).split())}") from error
