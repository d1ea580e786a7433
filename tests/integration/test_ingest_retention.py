from __future__ import annotations

import asyncio
from typing import Any

import psycopg
import pytest

from ingest.retention import Retention

pytestmark = pytest.mark.storage

INSERT = """
with d as (insert into device (name, kind, shard, installed_at) values ('frog-r', 'frog', 0, '2020-01-01') returning device_id)
insert into frog_reading (ts, device_id, seq, boot, temperature_c, humidity_pct, quality, received_at)
select ts, device_id, 0, 1, 20, 50, 0, now() from d, unnest(%s::timestamptz[]) ts
"""


async def is_timescale(pg: psycopg.AsyncConnection[Any]) -> bool:
    cursor = await pg.execute("select count(*) from pg_extension where extname = 'timescaledb'")
    row = await cursor.fetchone()
    return row is not None and row[0] > 0


async def test_readings_from_homes_go_after_two_years(pg: psycopg.AsyncConnection[Any], db_dsn: str) -> None:
    await pg.execute("select ensure_partitions('frog_reading', now() - interval '3 years', now())")
    await pg.execute("select now()")
    old_and_new = await (await pg.execute("select array[now() - interval '3 years', now()]")).fetchone()
    assert old_and_new is not None
    await pg.execute(INSERT, (old_and_new[0],))
    dropped = await Retention(db_dsn).drop()
    left = await (
        await pg.execute("select count(*), min(ts) > now() - interval '1 day' from frog_reading")
    ).fetchone()
    if await is_timescale(pg):
        assert dropped == 0  # its own policy drops the chunk
        return
    assert dropped >= 1
    assert left == (1, True)


async def test_it_stops_when_asked_and_outlives_a_missing_database() -> None:
    stop = asyncio.Event()
    service = Retention("postgresql://nobody@127.0.0.1:1/none", first_after_s=0.0)
    task = asyncio.create_task(service.run(stop))
    await asyncio.sleep(0.3)
    assert not task.done()
    stop.set()
    await asyncio.wait_for(task, 5)
