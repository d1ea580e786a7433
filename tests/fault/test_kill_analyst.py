"""The damp analyst killed with -9 while it writes: it goes on where it was, to the rows of one that was left alone."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool

from rules.core.analyst.days import MOST_DAYS
from rules.damp.store import PostgresDamp
from tests.fakes.damp_town import DampTown, frog, room, weather

pytestmark = [pytest.mark.fault, pytest.mark.usefixtures("quick_start")]

DAYS = 2 * MOST_DAYS + 10
"""Three portions."""
GATE = 4711
HOLD = f"""
create function hold() returns trigger language plpgsql as $$
begin
    if new.day >= '{date(2026, 2, 20)}' then perform pg_advisory_xact_lock({GATE}); end if;
    return new;
end $$;
create trigger hold before insert on damp_day for each row execute function hold();
"""
WAITS = f"select exists (select from pg_locks where locktype = 'advisory' and objid = {GATE} and not granted)"
DONE = "select not exists (select from damp_home where due_from is not null) and (select passed_at is not null from damp_cursor)"
ROWS = {
    "damp_day": "select * from damp_day order by home_id, device_id, day",
    "moisture_event": "select to_jsonb(e) - 'event_id' from moisture_event e order by home_id, device_id, started_at",
    "damp_finding": "select * from damp_finding order by home_id, week",
}


@pytest.fixture
async def conn(db_dsn: str) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    async with await psycopg.AsyncConnection.connect(
        db_dsn, autocommit=True, options="-c timezone=UTC"
    ) as opened:
        yield opened


async def analyst(dsn: str) -> asyncio.subprocess.Process:
    """The analyst as it is run, beside the rules."""
    environment = {"PATH": os.environ["PATH"], "CITYOPS_DB__DSN": dsn}
    words = (sys.executable, "-m", "ops_api", "rules", "run")
    return await asyncio.create_subprocess_exec(*words, env=environment, stderr=asyncio.subprocess.DEVNULL)


async def until(conn: psycopg.AsyncConnection[Any], true: str, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(90):
        while (await (await conn.execute(true)).fetchone()) != (True,):  # type: ignore[arg-type]
            assert process.returncode is None, "the rules have ended by themselves"
            await asyncio.sleep(0.02)


async def rows(conn: psycopg.AsyncConnection[Any]) -> dict[str, list[Any]]:
    return {name: await (await conn.execute(query)).fetchall() for name, query in ROWS.items()}  # type: ignore[arg-type]


async def test_killed_while_it_writes_it_ends_with_the_rows_of_one_left_alone(
    db_dsn: str, conn: psycopg.AsyncConnection[Any]
) -> None:
    async with AsyncConnectionPool(db_dsn, min_size=1, max_size=2, open=False) as pool:
        town = DampTown(PostgresDamp(pool), conn)
        for number, grams in enumerate((300.0, 900.0)):
            await town.home(f"h{number}", f"frog-{number}", room="hall")
            await town.came(frog(f"frog-{number}", room(DAYS, grams=grams, step_s=1800.0)))
        await town.came(weather(DAYS))
        await conn.execute(HOLD)
        await conn.execute("select pg_advisory_lock(%s)", (GATE,))
        process = await analyst(db_dsn)
        try:
            await until(conn, WAITS, process)
        finally:
            process.kill()
            await process.wait()
        await conn.execute("select pg_advisory_unlock(%s)", (GATE,))
        await conn.execute(
            "drop trigger hold on damp_day"
        )  # waits until the killed one's transaction is gone
        left = await rows(conn)
        assert 0 < len(left["damp_day"]) < 2 * DAYS, "it was killed before or after, not in the middle"

        process = await analyst(db_dsn)
        try:
            await until(conn, DONE, process)
        finally:
            process.terminate()
            assert await process.wait() == 0
        after = await rows(conn)
        assert len(after["damp_day"]) >= 2 * (DAYS - 1)
        assert after["moisture_event"]
        assert after["damp_finding"]

        await conn.execute(
            "truncate damp_day, moisture_event, damp_finding, damp_home, damp_room, damp_cursor"
        )
        await town.work()
        assert await rows(conn) == after
