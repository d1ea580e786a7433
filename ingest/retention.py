"""Drops readings that are older than their kind is kept, once a day.

TimescaleDB does it by its own policies and the function called here does nothing there;
on plain PostgreSQL this is what keeps the promise. Any number of workers may run it.
"""

from __future__ import annotations

import asyncio

import psycopg
import structlog

from cityops.runtime.stop import sleep_until_stop

log = structlog.get_logger(__name__)

EVERY_S = 86_400.0
RETRY_S = 300.0


class Retention:
    """A ``cityops.runtime.supervisor.Service``.

    Args:
        dsn: the database.
        first_after_s: time from the start to the first look [s]; a restart loop drops nothing.
    """

    def __init__(self, dsn: str, first_after_s: float = 600.0) -> None:
        self._dsn = dsn
        self._first_after_s = first_after_s

    async def run(self, stop: asyncio.Event) -> None:
        """Drop what is due every day until ``stop``; a database that is away is tried again."""
        wait_s = self._first_after_s
        while not await sleep_until_stop(stop, wait_s):
            try:
                dropped = await self.drop()
            except psycopg.Error as e:
                log.warning("expired readings not dropped", error=str(e).strip())
                wait_s = RETRY_S
            else:
                log.info("expired readings dropped", partitions=dropped)
                wait_s = EVERY_S

    async def drop(self) -> int:
        """Drop what is due; return how many partitions went."""
        async with await psycopg.AsyncConnection.connect(
            self._dsn, autocommit=True, application_name="cityops-retention"
        ) as conn:
            row = await (await conn.execute("select drop_expired_readings()")).fetchone()
        return 0 if row is None or row[0] is None else int(row[0])
