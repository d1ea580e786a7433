"""Keeps SensorThings' entities as the devices and kinds are: before the first answer, and every minute that somebody asks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from math import inf
from time import monotonic

import psycopg
import structlog
from psycopg.types.json import Jsonb
from psycopg_pool import PoolTimeout

from devices.contract.kind import Kind
from ops_api.queries import Pool
from ops_api.sensorthings.core.kinds import declared

log = structlog.get_logger(__name__)
EVERY_S, OLD_S = 60.0, 300.0
"""Seconds between looks; age of the last one from which who asks waits for the next, as where nobody asked for hours."""


async def sync(pool: Pool, kinds: Mapping[str, Kind]) -> int:
    """Make the entities of devices that have none yet; return how many were made."""
    async with pool.connection() as connection:
        cursor = await connection.execute("select sta_sync(%s)", [Jsonb(declared(kinds))])
        row = await cursor.fetchone()
        return 0 if row is None else int(row[0])


class Keeper:
    """Has entities made when it is time; who asks waits for it where the last one was long ago.

    Args:
        pool: connections that may call ``sta_sync``.
        kinds: kinds of device.
        changed: called where something was made.
        every_s: seconds between looks.
    """

    def __init__(
        self, pool: Pool, kinds: Mapping[str, Kind], changed: Callable[[], None], every_s: float = EVERY_S
    ) -> None:
        self._pool, self._kinds, self._changed, self._every_s = pool, kinds, changed, every_s
        self._looked_s: float | None = None
        self._looking: asyncio.Task[None] | None = None

    async def fresh(self) -> None:
        """See to it that what was registered a minute ago is there."""
        age_s = inf if self._looked_s is None else monotonic() - self._looked_s
        if age_s < self._every_s:
            return
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look(), name="sensorthings-sync")
        if age_s > OLD_S:
            await asyncio.shield(self._looking)

    async def _look(self) -> None:
        try:
            if await sync(self._pool, self._kinds):
                self._changed()
        except (psycopg.Error, PoolTimeout) as error:
            # What there was is answered; it is tried again when the next one asks.
            log.warning("sensorthings entities not made", error=" ".join(str(error).split())[:200])
        else:
            self._looked_s = monotonic()
