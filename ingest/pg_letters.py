"""Dead letters into PostgreSQL: those that are kept, the count of the others, and what may redeem them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np
import psycopg
from psycopg.types.json import Jsonb

from ingest import store_sql
from ingest.core.batch import Replay
from ingest.core.clocks import BootClock, Start
from ingest.core.letter_limit import Overflow, Verdict
from ingest.pg_arrays import Int4Array, Int8Array
from ingest.ports import LettersTakenError


async def write_letters(cursor: psycopg.AsyncCursor[Any], verdict: Verdict, received_at: datetime) -> None:
    """Store the letters kept and count the others, in the transaction of their batch."""
    if verdict.kept:
        async with cursor.copy(store_sql.DEAD_LETTERS) as copy:
            for letter in verdict.kept:
                await copy.write_row(store_sql.dead_letter_row(letter, received_at))
    if verdict.overflow:
        rows = [_record(over) for over in verdict.overflow]
        await cursor.execute(store_sql.OVERFLOW, {"rows": Jsonb(rows), "at": received_at})


async def write_clocks(cursor: psycopg.AsyncCursor[Any], clocks: Mapping[Start, BootClock]) -> None:
    """Store what is known of starts; an observed offset stays as it is, a bound gives way to a better one."""
    starts = np.array(list(clocks), dtype=np.int64)
    offsets = np.array([clock.offset_us for clock in clocks.values()], dtype=np.int64)
    learnt = [clock.learnt for clock in clocks.values()]
    said = [clock.said_us for clock in clocks.values()]
    arguments = (Int4Array(starts[:, 0]), Int8Array(starts[:, 1]), Int8Array(offsets), learnt, said)
    await cursor.execute(store_sql.CLOCKS, arguments)


async def was_committed(conn: psycopg.AsyncConnection[Any], batch_id: int, received_at: datetime) -> bool:
    """Return whether the transaction that inserted this batch's row was committed, waiting until it is decided.

    Transaction ids don't tell: a server that crashed gives lost ones out again.
    """
    async with conn.transaction(force_rollback=True):
        # Waits for a transaction that is still open and holds this time.
        cursor = await conn.execute(store_sql.BATCH_PROBE, (received_at,))
        if await cursor.fetchone() is not None:
            return False
    cursor = await conn.execute(store_sql.BATCH_THERE, (batch_id, received_at))
    return await cursor.fetchone() is not None


async def claim_letters(cursor: psycopg.AsyncCursor[Any], replay: Replay) -> None:
    """Lock the letters of a replay until the transaction ends.

    Raises:
        LettersTakenError: some are locked by another replay, replayed already, or gone.
    """
    await cursor.execute(store_sql.CLAIM, (list(replay.letter_ids),))
    taken = set(replay.letter_ids) - {row[0] for row in await cursor.fetchall()}
    if taken:
        raise LettersTakenError(taken)


async def mark_replayed(cursor: psycopg.AsyncCursor[Any], replay: Replay, at: datetime) -> None:
    """Mark the letters that are stored with this transaction."""
    await cursor.execute(store_sql.REPLAYED, (at, list(replay.done)))


def _record(over: Overflow) -> dict[str, Any]:
    return {
        "device": over.sender.device,
        "shard": over.sender.shard,
        "reason_code": str(over.reason),
        "letters": over.letters,
        "payload_bytes": over.payload_bytes,
    }
