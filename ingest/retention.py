"""Drops readings that are older than their kind is kept, and old dead letters, once a day.

TimescaleDB drops readings by its own policies and the function called here does nothing
there; on plain PostgreSQL this is what keeps the promise. Dead letters are a plain table
on both. Any number of workers may run it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
import structlog

from cityops.runtime.stop import sleep_until_stop

log = structlog.get_logger(__name__)

EVERY_S = 86_400.0
RETRY_S = 300.0

PORTION = 5000
"""Letters deleted in one transaction: a replay that wants one of them waits no longer than that."""

_LETTERS: LiteralString = """
delete from dead_letter where dead_letter_id in (
    select dead_letter_id from dead_letter where received_at < now() - make_interval(days => %s)
    order by received_at limit %s for update skip locked)
"""
_COUNTS: LiteralString = "delete from dead_letter_overflow where last_at < now() - make_interval(days => %s)"


@dataclass(frozen=True, slots=True)
class Dropped:
    """What went: partitions of readings, dead letters, counts of those that were not kept."""

    partitions: int
    dead_letters: int
    counts: int


class Retention:
    """A ``cityops.runtime.supervisor.Service``.

    Args:
        dsn: the database.
        dead_letter_days: age at which dead letters go [days].
        first_after_s: time from the start to the first look [s]; a restart loop drops nothing.
    """

    def __init__(self, dsn: str, dead_letter_days: int, first_after_s: float = 600.0) -> None:
        self._dsn = dsn
        self._dead_letter_days = dead_letter_days
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
                log.info(
                    "expired readings dropped",
                    partitions=dropped.partitions,
                    dead_letters=dropped.dead_letters,
                )
                wait_s = EVERY_S

    async def drop(self) -> Dropped:
        """Drop what is due; return what went."""
        async with await psycopg.AsyncConnection.connect(
            self._dsn, autocommit=True, application_name="cityops-retention"
        ) as conn:
            row = await (await conn.execute("select drop_expired_readings()")).fetchone()
            partitions = 0 if row is None or row[0] is None else int(row[0])
            letters = await self._letters(conn)
            counts = (await conn.execute(_COUNTS, (self._dead_letter_days,))).rowcount
        return Dropped(partitions, letters, counts)

    async def _letters(self, conn: psycopg.AsyncConnection[Any]) -> int:
        total = 0
        while True:
            gone = (await conn.execute(_LETTERS, (self._dead_letter_days, PORTION))).rowcount
            total += gone
            if gone < PORTION:
                return total
