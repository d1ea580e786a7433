"""What docs/runbook.md tells an operator to do does what it says."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import psycopg

from cityops.db.queries import load_queries
from cityops.settings import load_settings
from ingest.leases import AdvisoryLeases
from ops_api import doctor_services
from tests.fakes.command_line import cityops

PAGE = Path(__file__).parents[2] / "docs" / "runbook.md"
FROM_ANOTHER_CLUSTER = 10**12
BATCHES = load_queries("rules")["batches"]


async def put(pg: psycopg.AsyncConnection[Any], second: int, xid: int | None) -> None:
    await pg.execute(
        "insert into ingest_batch (received_at, shard) values (to_timestamp(%s), %s)", (second, second)
    )
    if xid is not None:
        await pg.execute("update ingest_batch set xid = %s::text::xid8 where shard = %s", (str(xid), second))


async def readable(pg: psycopg.AsyncConnection[Any]) -> list[int]:
    row = await (await pg.execute("select xid::text from rule_cursor")).fetchone()
    assert row is not None
    found = await pg.execute(BATCHES, {"cursor": row[0], "limit": 100})
    return [int(r[0]) for r in await found.fetchall()]


async def until_readable(pg: psycopg.AsyncConnection[Any], wanted: list[int]) -> None:
    """Wait until exactly ``wanted`` can be read; more or others fail at once."""
    async with asyncio.timeout(60):
        while (found := await readable(pg)) != wanted:
            assert found == wanted[: len(found)]
            await asyncio.sleep(0.05)


async def cursor_finding(dsn: str) -> list[str]:
    found = await doctor_services.database(load_settings(db={"dsn": dsn}))
    return [f.level for f in found if f.name == "rules cursor"]


async def test_the_rules_go_on_after_a_logical_restore(db_dsn: str) -> None:
    async with await psycopg.AsyncConnection.connect(db_dsn, autocommit=True) as pg:
        for second, xid in ((1, 1), (2, 2), (3, 5), (4, 9), (5, 10)):
            await put(pg, second, FROM_ANOTHER_CLUSTER + xid)
        await pg.execute(
            "insert into rule_cursor (service, xid) values ('rules', %s::text::xid8)",
            (str(FROM_ANOTHER_CLUSTER + 2),),
        )
        assert await readable(pg) == []
        assert await cursor_finding(db_dsn) == ["fail"]

        done = cityops("db", "renumber", CITYOPS_DB__DSN=db_dsn)
        assert (done.returncode, done.stdout) == (0, "3 batches wait for the rules\n"), done.stderr
        await put(pg, 6, None)

        # Neither again nor left out, in their order; the last when no older transaction of the server is open.
        await until_readable(pg, [3, 4, 5, 6])
        assert await cursor_finding(db_dsn) == []
        assert "already" in cityops("db", "renumber", CITYOPS_DB__DSN=db_dsn).stdout


async def test_beside_an_open_transaction_nothing_is_renumbered(
    db_dsn: str, pg: psycopg.AsyncConnection[Any]
) -> None:
    """Batches of this cluster stay what they are: running rules hold a cursor in these numbers."""
    async with await psycopg.AsyncConnection.connect(db_dsn) as long_one:
        await long_one.execute("select pg_current_xact_id()")
        await put(pg, 1, None)
        before = await (await pg.execute("select xid::text from ingest_batch")).fetchall()
        assert "already" in cityops("db", "renumber", CITYOPS_DB__DSN=db_dsn).stdout
        assert await (await pg.execute("select xid::text from ingest_batch")).fetchall() == before


async def test_it_shows_who_serves_which_shard(db_dsn: str, pg: psycopg.AsyncConnection[Any]) -> None:
    leases = AdvisoryLeases(db_dsn)
    await leases.hold(range(4))
    statements = re.findall(r"```sql\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    query = next(s for s in statements if "pg_locks" in s)
    rows = await (await pg.execute(query)).fetchall()
    assert [0, 1, 2, 3] in [row[-1] for row in rows]
    await leases.close()
