"""How far the rules are behind the ingester."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import psycopg

PENDING = """
select count(*) from ingest_batch
where xid > coalesce((select max(xid) from rule_cursor), '0'::xid8)
"""


async def pending_batches(conn: psycopg.AsyncConnection[Any]) -> int:
    """Return how many committed batches the rules have not worked through."""
    row = await (await conn.execute(PENDING)).fetchone()
    assert row is not None
    return int(row[0])


SETTLE = """
insert into rule_cursor (service, settle_xid) select 'rules', max(xid) from ingest_batch
on conflict (service) do update set settle_xid = excluded.settle_xid
returning settle_xid::text
"""
TAKE_BACK = "update rule_cursor set settle_xid = null where service = 'rules' and settle_xid = %s::xid8"
"""Only what was asked here: somebody else may have asked since."""
WAITING = "select count(*) from rule_cursor where settle_xid is not null"


async def settled(conn: psycopg.AsyncConnection[Any]) -> bool:
    """Whether the rules have seen every batch and wait for nothing more."""
    row = await (await conn.execute(WAITING)).fetchone()
    assert row is not None
    return row[0] == 0 and await pending_batches(conn) == 0


async def _say(conn: psycopg.AsyncConnection[Any]) -> Any:
    row = await (await conn.execute(SETTLE)).fetchone()
    return None if row is None else row[0]


async def wait_for_rules(conn: psycopg.AsyncConnection[Any], within_s: float = 60.0) -> bool:
    """Say that nothing more will come, and wait until the rules have judged it all; return whether they have.

    Where they have not in time, or the wait is cancelled, it is taken back: on a server that goes on receiving
    it would else count at any pause of later, and readings on their way would be late.
    """
    deadline_s = time.monotonic() + within_s
    saying = asyncio.ensure_future(_say(conn))
    try:
        await asyncio.shield(saying)  # cancelled while it is on its way, it counts all the same
        while not await settled(conn):
            if time.monotonic() > deadline_s:
                return False
            await asyncio.sleep(0.2)
        return True
    finally:
        await conn.execute(TAKE_BACK, (await saying,))
