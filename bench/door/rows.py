"""A database with very many readings of the road, as years of a large council would leave it; kept, and used again.

Rows are made in Python as the ingester makes them (binary COPY), chunk by chunk in order of time, and every chunk but those of
the last eight days is turned into columns as its policy would, so that the disk never holds all of them as rows.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg import sql
from psycopg.conninfo import make_conninfo
from psycopg.types.json import Jsonb

from bench.stack import say
from cityops.db.migrate import upgrade
from cityops.db.pool import connect
from devices.contract.kind import Kind, discover
from ingest.chunks import fit_chunks
from ingest.core.copy_layout import CopyLayout
from ingest.core.readings import Readings
from ops_api.wiring import reading_tables

KIND: Kind = discover()["road"]
CADENCE_S = 600
FRESH_DAYS = 8
NULLS = 0.03
"""Part of the optional values that is missing."""
CHUNK_DAYS = 30
EACH = 500_000
"""Rows of one COPY."""
PREFIX = "cityops_bench_"


@dataclass(frozen=True)
class Size:
    """How many devices report how often.

    Attributes:
        devices: road sensors, 10 minutes apart each.
        readings: of each device.
        more: further devices with one day of readings, for requests over many.
    """

    devices: int
    readings: int
    more: int = 0

    @property
    def rows(self) -> int:
        """Return the rows in all."""
        return self.devices * self.readings + self.more * (86_400 // CADENCE_S)


def database_of(server: str, size: Size) -> str:
    """Return the connection string of the database for this size, made and upgraded where it is not there."""
    name = f"{PREFIX}{size.devices}x{size.readings}_{size.more}"
    with psycopg.connect(server, autocommit=True) as admin:
        if admin.execute("select 1 from pg_database where datname = %s", (name,)).fetchone() is None:
            admin.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    return make_conninfo(server, dbname=name)


async def filled(server: str, size: Size, end: datetime | None = None) -> tuple[str, dict[str, Any]]:
    """Return a database with ``size`` rows that end at ``end`` (now), and what making it took; nothing where it was there."""
    dsn = database_of(server, size)
    connection = await connect(dsn, application_name="bench-rows")
    try:
        await upgrade(connection, reading_tables(discover()))
        await fit_chunks(connection, discover())
    finally:
        await connection.close()
    with psycopg.connect(dsn, autocommit=True) as conn:
        (there,) = conn.execute("select count(*) from device").fetchone() or (0,)
        if there == size.devices + size.more:
            return dsn, {"reused": True}
        if there != 0:
            raise ValueError(f"{dsn} has {there} devices: an earlier run was broken off; drop the database")
        return dsn, _fill(conn, size, end or datetime.now(UTC))


def _fill(conn: psycopg.Connection[Any], size: Size, end: datetime) -> dict[str, Any]:
    began, cpu = time.monotonic(), time.process_time()
    end_us = int(end.timestamp()) // CADENCE_S * CADENCE_S * 1_000_000
    start = datetime.fromtimestamp(end_us / 1e6 - size.readings * CADENCE_S, UTC)
    columnar = _prepare(conn, start, end)
    for devices, readings, first in (
        (size.devices, size.readings, 1),
        (size.more, 86_400 // CADENCE_S, size.devices + 1),
    ):
        _devices(conn, devices, first, start)
        for batch in batches(devices, readings, first, end_us):
            _copy(conn, batch)
            if columnar:
                _convert(conn, datetime.fromtimestamp(int(batch.ts_us[0]) / 1e6, UTC), end)
            say(
                f"rows: {datetime.fromtimestamp(int(batch.ts_us[-1]) / 1e6, UTC):%Y-%m-%d}, {time.monotonic() - began:.0f} s"
            )
    _ledger(conn, size)
    conn.execute("vacuum analyze road_reading" if not columnar else "analyze road_reading")
    (bytes_,) = conn.execute("select pg_database_size(current_database())").fetchone() or (0,)
    return {
        "rows": size.rows,
        "seconds": round(time.monotonic() - began, 1),
        "client_cpu_s": round(time.process_time() - cpu, 1),
        "gb": round(bytes_ / 1e9, 3),
        "columnar": columnar,
    }


def _prepare(conn: psycopg.Connection[Any], start: datetime, end: datetime) -> bool:
    """Make room for the stretch of time; whether chunks become columns."""
    (columnar,) = conn.execute(
        "select count(*) > 0 from pg_extension where extname = 'timescaledb'"
    ).fetchone() or (False,)
    if columnar:
        conn.execute("select set_chunk_time_interval('road_reading', %s)", (timedelta(days=CHUNK_DAYS),))
    else:
        conn.execute("select ensure_partitions('road_reading', %s, %s)", (start, end))
    return bool(columnar)


def _devices(conn: psycopg.Connection[Any], devices: int, first: int, start: datetime) -> None:
    conn.execute(
        "insert into device (name, kind, shard, label, latitude_deg, longitude_deg, cadence_s, installed_at)"
        " select 'road-' || n, 'road', n %% 16, 'Road ' || n, 52.1 + n * 1e-4, 0.1 + n * 1e-4, %s, %s - interval '1 day'"
        "   from generate_series(%s::int, %s::int) n",
        (CADENCE_S, start, first, first + devices - 1),
    )


def batches(devices: int, readings: int, first: int, end_us: int) -> Iterator[Readings]:
    """Yield so many readings of each device up to ``end_us``, in order of time; values walk at random, as weather does."""
    rng, state = np.random.default_rng(first), None
    steps = max(1, EACH // max(devices, 1))
    for done in range(0, readings if devices else 0, steps):
        count = min(steps, readings - done)
        ts = end_us - (readings - done - np.arange(count)) * CADENCE_S * 1_000_000
        state, values = _walk(rng, state, count, devices)
        yield _readings(ts, values, first, done)


def _walk(
    rng: np.random.Generator, state: NDArray[np.float64] | None, count: int, devices: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the last state (devices, fields) and ``count`` further ones (count, devices, fields)."""
    low = np.array([f.minimum for f in KIND.fields])
    high = np.array([f.maximum for f in KIND.fields])
    begin = (low + (high - low) * rng.random((devices, len(low)))) if state is None else state
    steps = rng.normal(0.0, 1.0, (count, devices, len(low))) * (high - low) * 0.002
    values = np.clip(begin + np.cumsum(steps, axis=0), low, high)
    resolution = np.array([f.resolution for f in KIND.fields])
    return values[-1], np.round(values / resolution) * resolution


def _readings(ts: NDArray[np.int64], values: NDArray[np.float64], first: int, done: int) -> Readings:
    count, devices, fields = values.shape
    n = count * devices
    flat = values.reshape(n, fields)
    optional = [i for i, f in enumerate(KIND.fields) if not f.required]
    missing = np.random.default_rng(done).random((n, 1)) < NULLS
    flat[:, optional] = np.where(missing, np.nan, flat[:, optional])
    device = np.tile(np.arange(first, first + devices, dtype=np.int32), count)
    return Readings(
        kind=KIND,
        device_index=device,
        device_id=device,
        ts_us=np.repeat(ts, devices),
        boot=np.ones(n, np.int64),
        seq=np.repeat(done + np.arange(count, dtype=np.int64), devices),
        mono_ms=np.zeros(n, np.int64),
        clk=np.full(n, 2, np.int16),
        values=flat,
        quality=np.zeros(n, np.int16),
        message=np.zeros(n, np.int32),
    )


def arrive(conn: psycopg.Connection[Any], tick: int) -> None:
    """Have one reading of the first device come in now, as the ingester stores it and tells of it."""
    now_us = round(time.time() * 1e6)
    (batch,) = batches(1, 1, 1, now_us + CADENCE_S * 1_000_000)
    batch.seq[:] = 10_000_000 + tick
    at = datetime.fromtimestamp(now_us / 1e6, UTC)
    kinds = {KIND.name: {"rows": 1, "min_ts": at.isoformat(), "max_ts": at.isoformat()}}
    with conn.transaction():
        _copy(conn, batch, now_us)
        conn.execute(
            "insert into ingest_batch (received_at, readings, kinds) values (%s, 1, %s)", (at, Jsonb(kinds))
        )
        conn.execute("select pg_notify('cityops_batch', '')")


def _copy(conn: psycopg.Connection[Any], batch: Readings, received: int | None = None) -> None:
    layout = CopyLayout(KIND)
    received = int(batch.ts_us[-1]) + 250_000 if received is None else received
    with conn.cursor() as cursor, cursor.copy(layout.statement) as copy:
        copy.write(layout.encode(batch, received))


def _convert(conn: psycopg.Connection[Any], begun: datetime, end: datetime) -> None:
    """Turn chunks into columns that end before ``begun``, and before what is fresh."""
    before = min(begun, end - timedelta(days=FRESH_DAYS))
    chunks = conn.execute(
        "select format('%%I.%%I', chunk_schema, chunk_name) from timescaledb_information.chunks"
        " where hypertable_name = 'road_reading' and range_end <= %s and not is_compressed order by range_end",
        (before,),
    ).fetchall()
    for (chunk,) in chunks:
        conn.execute("call convert_to_columnstore(%s::regclass)", (chunk,))


def _ledger(conn: psycopg.Connection[Any], size: Size) -> None:
    """Write down what was received, as the ingester would have."""
    conn.execute(
        "insert into device_sequence (device_id, boot, received)"
        " select device_id, 1, int8multirange(int8range(0, case when device_id <= %s then %s else %s end)) from device",
        (size.devices, size.readings, 86_400 // CADENCE_S),
    )
