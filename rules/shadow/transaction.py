"""One short transaction on the shadow's connection."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from psycopg_pool import PoolTimeout

from cityops.errors import TransientError
from rules.catalogue.store import Lender


@asynccontextmanager
async def transaction(pool: Lender) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    """Lend a connection for a transaction.

    Raises:
        TransientError: the database does not answer, or is in the way.
    """
    try:
        async with pool.connection() as conn, conn.transaction():
            yield conn
    except (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout) as error:
        raise TransientError(f"database: {' '.join(str(error).split())}") from error
