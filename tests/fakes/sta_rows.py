"""Road sensors with many readings, for what must not read them all."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec
import psycopg
from psycopg_pool import AsyncConnectionPool

from cityops.clock import SystemClock
from cityops.settings_sta import StaSettings
from devices.contract.kind import discover
from ops_api.sensorthings.core.options import query_pairs
from ops_api.sensorthings.service import Sta, Text
from ops_api.sensorthings.store import OPEN, Audience, Store

BASE = "http://sta.example/sta/v1.1"
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
DEVICES, READINGS = 20, 3000
"""Each every ten minutes, for three weeks; the wetness of the road of the first alone."""


async def fill(dsn: str, devices: int = DEVICES, readings: int = READINGS) -> None:
    """Put devices and readings into an upgraded database; on TimescaleDB all but the last days turn columnar."""
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True, options="-c timezone=UTC") as conn:
        await conn.execute(
            "insert into device (name, kind, shard, latitude_deg, longitude_deg, cadence_s, installed_at)"
            " select 'road-' || to_char(n, 'FM0000'), 'road', 0, 52 + n / 1000.0, -1 - n / 1000.0, 600, '2026-01-01Z'"
            " from generate_series(1, %s) n",
            (devices,),
        )
        await conn.execute("select ensure_partitions('2026-01-01Z', '2026-03-01Z')")
        await conn.execute(
            "insert into road_reading (ts, device_id, seq, boot, surface_temperature_c, air_temperature_c, humidity_pct,"
            " water_film_mm, received_at)"
            " select '2026-01-01Z'::timestamptz + s * interval '10 min', device_id, s, 1, s %% 40, device_id %% 7, 90,"
            " case when d.name = 'road-0001' then 0.5 end, '2026-01-01Z'::timestamptz + s * interval '10 min 2 s'"
            " from generate_series(0, %s - 1) s, device d where d.kind = 'road'",
            (readings,),
        )
        await _columnar(conn)
        await conn.execute("analyze")


async def _columnar(conn: psycopg.AsyncConnection[Any]) -> None:
    cursor = await conn.execute("select 1 from pg_extension where extname = 'timescaledb'")
    if await cursor.fetchone() is not None:
        await conn.execute(
            "select compress_chunk(c) from show_chunks('road_reading', older_than => '2026-01-15Z'::timestamptz) c"
        )


@asynccontextmanager
async def serving(dsn: str, settings: StaSettings | None = None) -> AsyncIterator[Sta]:
    """Lend the service on a database."""
    async with AsyncConnectionPool(
        dsn, min_size=1, max_size=4, kwargs={"options": "-c timezone=UTC"}
    ) as pool:
        chosen = settings or StaSettings()
        yield Sta(Store(pool, pool, chosen), chosen, discover(), SystemClock(), pool)


async def ask(sta: Sta, address: str, audience: Audience = OPEN) -> Any:
    """Return the answer to an address with its query, escaped or not."""
    path, _, query = address.partition("?")
    answer = await sta.answer(sta.path(path), query_pairs(query), BASE + path, BASE, audience)
    return (
        msgspec.json.decode(answer)
        if isinstance(answer, bytes)
        else answer.text
        if isinstance(answer, Text)
        else answer
    )
