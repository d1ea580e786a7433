"""Who serves which shard, as session-level advisory locks of PostgreSQL.

The locks live and die with one connection: a worker that is killed gives its shards up
at once.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection
from typing import Any

import psycopg

from cityops.db.pool import connect
from cityops.errors import TransientError

LOCK_CLASS = 0x43495459
"""First key of the locks; the second is the shard."""

ANSWER_S = 5.0
"""A database that says nothing for so long may have given our locks to another worker."""


class AdvisoryLeases:
    """A :class:`ingest.ports.ShardLeases` on a connection of its own to ``dsn``."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._held: set[int] = set()

    async def acquire(self, shards: Collection[int]) -> set[int]:
        """Try to take ``shards``; return those held; TransientError where all are lost."""
        try:
            async with asyncio.timeout(ANSWER_S):
                await self._ask(shards)
        except (psycopg.Error, TransientError, TimeoutError) as e:
            await self._drop()
            why = f"no answer within {ANSWER_S:g} s" if isinstance(e, TimeoutError) else str(e)
            raise TransientError(f"shard leases: {why}") from e
        return set(self._held)

    async def close(self) -> None:
        """Give all leases back; once this returns another worker gets them."""
        # A server notices the end of a connection in its own time, so the locks are undone first.
        conn = self._connection
        if conn is not None and not conn.closed:
            with contextlib.suppress(psycopg.Error, TimeoutError):
                async with asyncio.timeout(ANSWER_S):
                    await conn.execute("select pg_advisory_unlock_all()")
        await self._drop()

    async def _ask(self, shards: Collection[int]) -> None:
        if self._connection is None or self._connection.closed:
            self._held.clear()
            self._connection = await connect(self._dsn, application_name="cityops-ingest-leases")
        # Asked even where nothing is missing: it is how we notice that the connection is gone.
        missing = sorted(set(shards) - self._held)
        cursor = await self._connection.execute(
            "select s from unnest(%s::int[]) s where pg_try_advisory_lock(%s, s)", [missing, LOCK_CLASS]
        )
        self._held |= {row[0] for row in await cursor.fetchall()}

    async def _drop(self) -> None:
        self._held.clear()
        conn, self._connection = self._connection, None
        if conn is not None:
            await conn.close()


class SoleLeases:
    """Leases for a worker that is alone: it gets every shard it asks for."""

    async def acquire(self, shards: Collection[int]) -> set[int]:
        """Return ``shards``."""
        return set(shards)

    async def close(self) -> None:
        """Do nothing."""
