"""Keeps SensorThings' entities as the devices and kinds are: at the start, and every minute."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import psycopg
import structlog
from psycopg.types.json import Jsonb
from psycopg_pool import PoolTimeout

from devices.contract.kind import Kind
from ops_api.queries import Pool
from ops_api.sensorthings.core.kinds import declared

log = structlog.get_logger(__name__)
EVERY_S = 60.0


async def sync(pool: Pool, kinds: Mapping[str, Kind]) -> int:
    """Make the entities of devices that have none yet; return how many were made."""
    async with pool.connection() as connection:
        cursor = await connection.execute("select sta_sync(%s)", [Jsonb(declared(kinds))])
        row = await cursor.fetchone()
        return 0 if row is None else int(row[0])


async def keep(pool: Pool, kinds: Mapping[str, Kind], every_s: float = EVERY_S) -> None:
    """Make them again and again, until cancelled; what fails is tried again at the next time."""
    while True:
        try:
            made = await sync(pool, kinds)
            if made:
                log.info("sensorthings entities made", entities=made)
        except (psycopg.Error, PoolTimeout) as error:
            log.warning("sensorthings entities not made", error=" ".join(str(error).split())[:200])
        await asyncio.sleep(every_s)
