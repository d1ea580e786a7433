"""Fits the widths of a TimescaleDB's chunks to the devices that are registered.

A new width holds for chunks made from now on; existing ones stay as they are. So this may
be done at any time, while the ingester runs too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import psycopg

from devices.contract.kind import Kind
from ingest.core.chunk_width import chunk_widths

Connection = psycopg.AsyncConnection[Any]

_WIDTHS = """
select hypertable_name::text, time_interval from timescaledb_information.dimensions
where hypertable_schema = current_schema() and dimension_number = 1
"""
_EXPECTED = """
select kind, sum(86400.0 / cadence_s)::float8 from device where retired_at is null group by kind
"""
_MEMORY = "select pg_size_bytes(current_setting('effective_cache_size'))::float8"
_EXTENSION = "select count(*) from pg_extension where extname = 'timescaledb'"


@dataclass(frozen=True, slots=True)
class ChunkWidth:
    """Width of the chunks of a reading table: as it is, and as it should be.

    Attributes:
        readings_per_day: expected of the devices registered.
    """

    table: str
    width: timedelta
    wanted: timedelta
    readings_per_day: float


async def chunk_state(conn: Connection, kinds: Mapping[str, Kind]) -> list[ChunkWidth]:
    """Return the widths of the reading tables that there are; none without TimescaleDB."""
    if not await _number(conn, _EXTENSION):
        return []
    now = dict(await (await conn.execute(_WIDTHS)).fetchall())
    tables = [k for k in kinds.values() if k.table in now]
    if not tables:
        return []
    expected = dict(await (await conn.execute(_EXPECTED)).fetchall())
    wanted = chunk_widths(tables, expected, await _number(conn, _MEMORY))
    return [ChunkWidth(k.table, now[k.table], wanted[k.name], expected.get(k.name, 0.0)) for k in tables]


async def fit_chunks(conn: Connection, kinds: Mapping[str, Kind]) -> list[ChunkWidth]:
    """Set the widths that should be others; return those, as they were."""
    changed = [c for c in await chunk_state(conn, kinds) if c.width != c.wanted]
    for change in changed:
        await conn.execute(
            "select set_chunk_time_interval(%s::regclass, %s::interval)", (change.table, change.wanted)
        )
    return changed


async def _number(conn: Connection, query: Any) -> float:
    row = await (await conn.execute(query)).fetchone()
    return 0.0 if row is None else float(row[0])
