from __future__ import annotations

import asyncio
from typing import Any

import psycopg
import pytest

from ingest import retention
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
    dropped = (await Retention(db_dsn, 90).drop()).partitions
    left = await (
        await pg.execute("select count(*), min(ts) > now() - interval '1 day' from frog_reading")
    ).fetchone()
    if await is_timescale(pg):
        assert dropped == 0  # its own policy drops the chunk
        return
    assert dropped >= 1
    assert left == (1, True)


LETTERS = """
insert into dead_letter (received_at, topic, reason_code, reason, payload, payload_bytes)
select now() - make_interval(days => age), 't', 'not_json', 'no', 'x', 1
from unnest(%s::integer[]) age, generate_series(1, 20)
"""
COUNTS = """
insert into dead_letter_overflow (hour, device, reason_code, letters, payload_bytes, last_at)
select date_trunc('hour', at), 'frog-r', 'not_json', 5, 5, at
from unnest(%s::integer[]) age, lateral (select now() - make_interval(days => age)) a(at)
"""


async def test_dead_letters_go_after_their_days(
    pg: psycopg.AsyncConnection[Any], db_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In portions, on either database."""
    monkeypatch.setattr(retention, "PORTION", 7)
    await pg.execute(LETTERS, ([0, 29, 31, 400],))
    await pg.execute(COUNTS, ([0, 29, 31, 400],))
    dropped = await Retention(db_dsn, 30).drop()
    assert (dropped.dead_letters, dropped.counts) == (40, 2)
    left = await pg.execute("select count(*), min(received_at) > now() - interval '30 days' from dead_letter")
    assert await left.fetchone() == (40, True)
    left = await pg.execute("select sum(letters) from dead_letter_overflow")
    assert await left.fetchone() == (10,)
    again = await Retention(db_dsn, 30).drop()
    assert (again.dead_letters, again.counts) == (0, 0)


async def test_it_stops_when_asked_and_outlives_a_missing_database() -> None:
    stop = asyncio.Event()
    service = Retention("postgresql://nobody@127.0.0.1:1/none", 90, first_after_s=0.0)
    task = asyncio.create_task(service.run(stop))
    await asyncio.sleep(0.3)
    assert not task.done()
    stop.set()
    await asyncio.wait_for(task, 5)
