"""Readings as the ingester stores them: rows and their batch, in one transaction."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

_ROW = sql.SQL(
    "insert into {table} (ts, device_id, boot, seq, quality, received_at, {names})"
    " select %s, device_id, 1, %s, 0, %s, {values} from device where name = %s"
)


async def stored(dsn: str, kind: str, *rows: tuple[str, datetime, dict[str, Any]]) -> int:
    """Store readings as one batch and return its number.

    Args:
        dsn: of the database.
        kind: of all of them.
        rows: device, time and fields; "-inf" and the like as PostgreSQL reads them.
    """
    async with await psycopg.AsyncConnection.connect(dsn) as connection:
        return await stored_on(connection, kind, *rows)


async def stored_on(
    connection: psycopg.AsyncConnection[Any], kind: str, *rows: tuple[str, datetime, dict[str, Any]]
) -> int:
    """Store readings in the caller's transaction; see :func:`stored`."""
    at = datetime.now(UTC)
    times = [ts for _, ts, _ in rows]
    spans = {kind: {"rows": len(rows), "min_ts": min(times).isoformat(), "max_ts": max(times).isoformat()}}
    await connection.execute("select ensure_partitions(%s, %s)", (min(times), max(times)))
    cursor = await connection.execute(
        "insert into ingest_batch (received_at, shard, readings, kinds) values (%s, 0, %s, %s) returning batch_id",
        (at, len(rows), Jsonb(spans)),
    )
    found = await cursor.fetchone()
    assert found is not None
    for seq, (device, ts, values) in enumerate(rows, 1):
        statement = _ROW.format(
            table=sql.Identifier(f"{kind}_reading"),
            names=sql.SQL(", ").join(map(sql.Identifier, values)),
            values=sql.SQL(", ").join(sql.Placeholder() * len(values)),
        )
        await connection.execute(statement, (ts, seq, at, *values.values(), device))
    return int(found[0])
