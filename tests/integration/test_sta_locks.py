"""Locks of the server are few and everybody's: arrays of observations take no more of them than a share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import psycopg

from ops_api.sensorthings.making import Making
from ops_api.sensorthings.observing import LOCKS, hold_streams, observe


async def test_thousands_of_datastreams_are_held_by_some_hundred_locks(
    pg: psycopg.AsyncConnection[Any],
) -> None:
    held = "select count(*) from pg_locks where locktype = 'advisory' and classid = 7369"
    async with pg.transaction():
        making = Making(pg, datetime(2026, 1, 9, tzinfo=UTC), observe)
        await hold_streams(making, [*range(1, 5_001), 2**40])
        assert await (await pg.execute(held)).fetchone() == (LOCKS,)
    assert await (await pg.execute(held)).fetchone() == (0,)
