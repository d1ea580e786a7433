"""Keeps what boards ask for a quarter of added up: a portion a minute, in short transactions.

What is kept and how is SQL (``cityops/db/routines/kept_summaries.sql``). Any number of workers may run it:
one of them works, the others find its lock taken.
"""

from __future__ import annotations

import asyncio

import psycopg
import structlog

from cityops.db.pool import connect
from cityops.errors import CityopsError
from cityops.runtime.stop import sleep_until_stop

log = structlog.get_logger(__name__)

EVERY_S = 60.0


class Summaries:
    """A ``cityops.runtime.supervisor.Service``.

    Args:
        dsn: the database, as its owner.
        every_s: time between looks [s].
    """

    def __init__(self, dsn: str, every_s: float = EVERY_S) -> None:
        self._dsn = dsn
        self._every_s = every_s

    async def run(self, stop: asyncio.Event) -> None:
        """Keep what is due until ``stop``; a database that is away is tried again."""
        while not await sleep_until_stop(stop, self._every_s):
            try:
                await self.keep(stop)
            except (psycopg.Error, CityopsError) as e:
                log.warning("summaries are behind", error=str(e).strip())

    async def keep(self, stop: asyncio.Event | None = None) -> int:
        """Add up all that is due, or until ``stop``; return how many hours, slots and days were new."""
        total = 0
        async with await connect(self._dsn, application_name="cityops-summaries") as conn:
            while stop is None or not stop.is_set():
                row = await (await conn.execute("select summary.keep()")).fetchone()
                new = 0 if row is None else int(row[0])
                total += new
                if new == 0:
                    return total
        return total
