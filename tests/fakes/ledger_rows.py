"""Devices and their ledgers, put into a database by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

Conn = psycopg.AsyncConnection[Any]
NOW = datetime.now(UTC)


async def register(pg: Conn, name: str, kind: str = "frog", **columns: Any) -> int:
    values = {
        "name": name,
        "kind": kind,
        "shard": 0,
        "cadence_s": 600,
        "installed_at": NOW - timedelta(days=30),
    }
    values |= columns
    names = ", ".join(values)
    places = ", ".join(f"%({n})s" for n in values)
    cursor = await pg.execute(
        f"insert into device ({names}) values ({places}) returning device_id",  # type: ignore[arg-type]
        values,
    )
    row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def held(pg: Conn, device_id: int, boot: int, numbers: str) -> None:
    await pg.execute("insert into device_sequence values (%s, %s, %s)", (device_id, boot, numbers))
