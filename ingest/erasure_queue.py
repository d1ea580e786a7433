"""Does the deletions that residents asked for where the website itself may not delete.

The website's login owns no table. It writes down what is wanted (``erasure_ask`` in ``cityops/db/routines/registrar.sql``), and the
ingester's process, which owns them, does it: told by NOTIFY, and looking each second all the same.
"""

from __future__ import annotations

import asyncio
from typing import Any

import psycopg
import structlog

from cityops.db.pool import connect
from cityops.db.queries import load_queries
from cityops.errors import TransientError
from cityops.runtime.stop import sleep_until_stop
from ingest.erasure import Erasure

log = structlog.get_logger(__name__)

SQL = load_queries("ingest", "erasure.sql")
CHANNEL = "cityops_erasure"
LOOK_S = 1.0
RETRY_S = 10.0

Connection = psycopg.AsyncConnection[Any]


class ErasureQueue:
    """A ``cityops.runtime.supervisor.Service``: any number may run, one at a time works.

    Args:
        dsn: the owner's database.
        erasure: deletes.
    """

    def __init__(self, dsn: str, erasure: Erasure) -> None:
        self._dsn = dsn
        self._erasure = erasure

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop``; a database that is away is tried again."""
        while not stop.is_set():
            try:
                async with await connect(self._dsn, application_name="cityops-erasures") as conn:
                    await conn.execute(f"listen {CHANNEL}")
                    await self._watch(conn, stop)
            except (psycopg.Error, TransientError) as error:
                log.warning("deletions wait", error=str(error).strip())
                await sleep_until_stop(stop, RETRY_S)

    async def _watch(self, conn: Connection, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await self.work(conn)
            async for _ in conn.notifies(timeout=LOOK_S, stop_after=1):
                pass

    async def work(self, conn: Connection) -> int:
        """Do all that waits; return how many were done. None where another process is at it."""
        row = await (await conn.execute(SQL["one_at_a_time"])).fetchone()
        if row is None or not row[0]:
            return 0
        done = 0
        try:
            while await self._one(conn):
                done += 1
        finally:
            await conn.execute("select pg_advisory_unlock(hashtext('cityops.erasure'))")
        return done

    async def _one(self, conn: Connection) -> bool:
        asked = await (await conn.execute(SQL["waiting"])).fetchone()
        if asked is None:
            return False
        number, home_id, resident_id, forget = asked
        try:
            await self._erasure.erase(home_id, str(resident_id), forget=forget, erasure_id=str(number))
        except Exception as error:  # whatever it is of: the ingester goes on, and so do the other deletions
            log.exception(
                "a deletion failed, and is tried again", erasure_id=str(number), error=str(error).strip()
            )
            await conn.execute(SQL["failed"], {"erasure_id": number})
        return True
