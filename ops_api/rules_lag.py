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


async def wait_for_rules(conn: psycopg.AsyncConnection[Any], within_s: float = 60.0) -> bool:
    """Wait until the rules have seen every batch; return whether they have."""
    deadline_s = time.monotonic() + within_s
    while await pending_batches(conn):
        if time.monotonic() > deadline_s:
            return False
        await asyncio.sleep(0.2)
    return True
