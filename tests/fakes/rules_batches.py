"""Puts readings into the database the way the ingester does: one transaction per batch."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from devices.contract.kind import discover
from tests.fakes.rules_town import START, Reading

RECEIVED_FROM = datetime(2026, 2, 1, tzinfo=UTC)


async def insert_batch(conn: psycopg.AsyncConnection[Any], readings: Sequence[Reading], number: int) -> None:
    """Store one batch, received ``number`` seconds after RECEIVED_FROM, in a transaction."""
    received = RECEIVED_FROM + timedelta(seconds=number)
    times: dict[str, list[datetime]] = {}
    for kind, _, at_s, _ in readings:
        times.setdefault(kind, []).append(datetime.fromtimestamp(START + at_s, UTC))
    kinds = {
        k: {"rows": len(t), "min_ts": min(t).isoformat(), "max_ts": max(t).isoformat()}
        for k, t in times.items()
    }
    async with conn.transaction():
        await conn.execute(
            "insert into ingest_batch (received_at, readings, kinds) values (%s, %s, %s)",
            (received, len(readings), Jsonb(kinds)),
        )
        for kind, spread in times.items():
            await conn.execute(
                "select ensure_partitions(%s::text, %s, %s)", (f"{kind}_reading", min(spread), max(spread))
            )
            await _insert_kind(conn, kind, [r for r in readings if r[0] == kind], received)


async def until_final(conn: psycopg.AsyncConnection[Any]) -> None:
    """Wait until no older transaction of the cluster (another test's, a policy of TimescaleDB's) holds the batches back."""
    final = "select max(xid) < pg_snapshot_xmin(pg_current_snapshot()) from ingest_batch"
    async with asyncio.timeout(60):
        while await (await conn.execute(final)).fetchone() != (True,):
            await asyncio.sleep(0.02)


async def _insert_kind(
    conn: psycopg.AsyncConnection[Any], kind: str, rows: Sequence[Reading], received: datetime
) -> None:
    found = await (await conn.execute("select name, device_id from device")).fetchall()
    ids = dict(found)
    names = [f.name for f in discover()[kind].fields]
    columns = ["ts", "device_id", "seq", "boot", "quality", "received_at", *names]
    copy = sql.SQL("copy {} ({}) from stdin").format(
        sql.Identifier(f"{kind}_reading"), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    async with conn.cursor() as cursor, cursor.copy(copy) as out:
        for seq, (_, device, at_s, fields) in enumerate(rows):
            ts = datetime.fromtimestamp(START + at_s, UTC)
            values = [fields.get(n, 0.0 if kind == "gritter" and n in names[:3] else None) for n in names]
            values = [
                int(v) if v is not None and n in _CODED else v for n, v in zip(names, values, strict=True)
            ]
            if kind == "weather" and values[2] is None:
                values[2] = 0.0
            await out.write_row((ts, ids[device], seq, 1, 0, received, *values))


_CODED = {f.name for k in discover().values() for f in k.fields if f.storage == "smallint"}
