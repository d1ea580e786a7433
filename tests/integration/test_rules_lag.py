"""Who says that nothing more will come takes it back where the rules do not answer, or nobody waits any longer."""

from __future__ import annotations

import asyncio
from typing import Any

import psycopg

from ops_api.rules_lag import SETTLE, wait_for_rules

ASKED = "select settle_xid::text from rule_cursor"


async def asked(pg: psycopg.AsyncConnection[Any]) -> str | None:
    row = await (await pg.execute(ASKED)).fetchone()
    assert row is not None
    return None if row[0] is None else str(row[0])


async def test_it_is_taken_back_in_vain_or_cancelled_but_not_what_another_asked(
    pg: psycopg.AsyncConnection[Any], db_dsn: str
) -> None:
    """No rules run here, and the server goes on receiving."""
    await pg.execute("insert into ingest_batch (received_at, readings) values (now(), 1)")
    assert not await wait_for_rules(pg, within_s=0.0)
    assert await asked(pg) is None
    async with await psycopg.AsyncConnection.connect(db_dsn, autocommit=True) as other:
        for asks_again in (False, True):
            waiting = asyncio.create_task(wait_for_rules(pg))
            async with asyncio.timeout(60):
                while await asked(other) is None:
                    await asyncio.sleep(0.02)
            if asks_again:
                await other.execute(
                    "insert into ingest_batch (received_at, readings) values (clock_timestamp(), 1)"
                )
                await other.execute(SETTLE)
            waiting.cancel()
            await asyncio.wait([waiting], timeout=60)
            assert waiting.cancelled()
            assert (await asked(other) is not None) == asks_again
