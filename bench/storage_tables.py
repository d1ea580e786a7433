"""The tables of ``bench storage``: ours and the baselines; made, filled, converted and weighed."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import psycopg
from psycopg.conninfo import make_conninfo

from bench.storage_data import KIND, Stored
from cityops.db.migrate import upgrade
from cityops.db.pool import connect
from cityops.embedded.postgres import EmbeddedPostgres
from cityops.embedded.timescaledb import SETTINGS, find_timescaledb
from devices.contract.kind import Kind, discover
from ingest.core.copy_layout import CopyLayout
from ingest.core.ddl_columns import create_table
from ingest.core.readings import Readings
from ops_api.wiring import reading_tables

DAY_US = 86_400_000_000
SENT = replace(KIND, name="sent", fields=tuple(replace(f, resolution=1e-9) for f in KIND.fields))
"""The kind with values stored as they come."""


@dataclass(frozen=True, slots=True)
class Layout:
    """A table: how it is made (``{}`` takes nothing), and filled: by COPY, or by a query."""

    table: str
    make: tuple[str, ...]
    copied_as: Kind | None = None
    filled_by: str = ""


def _hypertable(table: str, create: str, segment: str) -> tuple[str, ...]:
    """Return what one writes first: chunks of a week, ordered by time."""
    return (
        f"drop table if exists {table}",
        create,
        f"select create_hypertable('{table}', by_range('ts', interval '7 days'), create_default_indexes => false)",
        f"create index on {table} ({segment}, ts desc)",
        (
            f"alter table {table} set (timescaledb.enable_columnstore,"
            f" timescaledb.segmentby = '{segment}', timescaledb.orderby = 'ts desc')"
        ),
    )


OURS = Layout(KIND.table, (f"truncate {KIND.table}",), copied_as=KIND)
AS_SENT = Layout(SENT.table, _hypertable(SENT.table, create_table(SENT), "device_id"), copied_as=SENT)
NARROW = Layout(
    "narrow_reading",
    _hypertable(
        "narrow_reading",
        "create table narrow_reading (ts timestamptz not null, device_id integer not null,"
        " field smallint not null, value real not null, received_at timestamptz not null)",
        "device_id, field",
    ),
    filled_by=f"insert into narrow_reading select ts, device_id, i, v, received_at from {SENT.table},"
    f" unnest(array[{', '.join(f.name for f in KIND.fields)}]) with ordinality u(v, i)"
    " where v is not null order by received_at",
)
"""One row per value, filled from ``AS_SENT``."""


@contextmanager
def scratch_database(dsn: str | None) -> Iterator[str]:
    """Give an upgraded database to be thrown away; with TimescaleDB where it can be had.

    It is on the server of ``dsn``, else on one of our own: from ``pg_config``, or the embedded one.
    """
    folder = Path(tempfile.mkdtemp(prefix="cityops-bench-"))
    folder.chmod(0o711)  # servers run as an unprivileged user where we are root
    binaries = find_timescaledb() if dsn is None else None
    settings = SETTINGS if binaries is not None else {}
    own = EmbeddedPostgres(folder, auth="trust", binaries=binaries, settings=settings)
    try:
        if dsn is None:
            own.start()
        server, name = dsn or own.dsn, f"cityops_bench_{uuid.uuid4().hex[:12]}"
        with psycopg.connect(server, autocommit=True) as admin:
            admin.execute(f'create database "{name}"')
            try:
                made = make_conninfo(server, dbname=name)
                asyncio.run(_upgrade(made))
                yield made
            finally:
                admin.execute(f'drop database "{name}" with (force)')
    finally:
        own.stop()
        shutil.rmtree(folder, ignore_errors=True)


def fill(conn: psycopg.Connection[Any], layout: Layout, stored: Stored) -> None:
    """Make the table anew and put the readings in, in the order in which they were stored."""
    for statement in layout.make:
        conn.execute(statement)
    if layout.copied_as is None:
        conn.execute(layout.filled_by)
        return
    ends = (int(stored.ts_us.min()) / 1e6, int(stored.ts_us.max()) / 1e6)
    conn.execute("select ensure_partitions(%s, to_timestamp(%s), to_timestamp(%s))", (layout.table, *ends))
    copy_layout = CopyLayout(layout.copied_as)
    days = stored.received_us // DAY_US
    for day in np.unique(days):
        _copy(conn, copy_layout, stored.take(days == day))


def _copy(conn: psycopg.Connection[Any], layout: CopyLayout, day: Stored) -> None:
    nulls = np.isnan(day.values) @ (1 << np.arange(day.values.shape[1]))
    for pattern in np.unique(nulls):
        part = day.take(nulls == pattern)
        with conn.cursor() as cursor, cursor.copy(layout.statement) as copy:
            copy.write(layout.encode(_readings(part), part.received_us))


def _readings(part: Stored) -> Readings:
    n = len(part)
    return Readings(
        kind=KIND,
        device_index=part.device,
        device_id=part.device,
        ts_us=part.ts_us,
        boot=part.boot,
        seq=part.seq,
        mono_ms=np.zeros(n, np.int64),
        clk=np.full(n, 2, np.int16),
        values=part.values,
        quality=np.zeros(n, np.int16),
        message=np.zeros(n, np.int32),
    )


def sizes(conn: psycopg.Connection[Any], layout: Layout, readings: int) -> dict[str, Any]:
    """Return bytes per reading as it came in and, on TimescaleDB, as a columnstore."""
    chunks = _chunks(conn, layout.table)
    heap, index = _row(
        conn,
        "select sum(pg_table_size(c))::float8, sum(pg_indexes_size(c))::float8 from unnest(%s::regclass[]) c",
        chunks or _partitions(conn, layout.table),
    )
    found: dict[str, Any] = {"rows_heap": heap / readings, "rows_index": index / readings}
    if chunks:
        found |= _converted(conn, layout.table, chunks, readings)
    return {k: round(v, 2) if isinstance(v, float) else v for k, v in found.items()}


def _converted(conn: psycopg.Connection[Any], table: str, chunks: list[str], readings: int) -> dict[str, Any]:
    before_s = _backend_cpu_s(conn)
    for chunk in chunks:
        conn.execute("call convert_to_columnstore(%s::regclass)", (chunk,))
    after_s = _backend_cpu_s(conn)
    (total,) = _row(
        conn, "select sum(after_compression_total_bytes)::float8 from chunk_columnstore_stats(%s)", table
    )
    cpu_us = None if before_s is None or after_s is None else (after_s - before_s) * 1e6 / readings
    return {
        "chunks": len(chunks),
        "columnstore": total / readings,
        "columns": _columns(conn, chunks, readings),
        "convert_cpu_us": cpu_us,
    }


def _columns(conn: psycopg.Connection[Any], chunks: list[str], readings: int) -> dict[str, float]:
    """Return bytes per reading by column; the rest of the whole is page, row and TOAST overhead."""
    found = conn.execute(
        "select compress_relid::text from _timescaledb_catalog.compression_settings"
        " where relid = any(%s::regclass[]) and compress_relid is not null",
        (chunks,),
    ).fetchall()
    total: dict[str, float] = {}
    for (table,) in found:
        names = [
            n
            for (n,) in conn.execute(
                "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0"
                " and not attisdropped",
                (table,),
            ).fetchall()
        ]
        cells = ", ".join(f'coalesce(sum(pg_column_size("{n}")), 0)::float8' for n in names)
        for name, size in zip(names, _row(conn, f"select {cells} from {table}"), strict=True):
            key = "metadata" if name.startswith("_ts_meta") else name
            total[key] = total.get(key, 0.0) + size / readings
    return {name: round(size, 2) for name, size in total.items()}


def _chunks(conn: psycopg.Connection[Any], table: str) -> list[str]:
    (there,) = _row(conn, "select to_regclass('timescaledb_information.chunks') is not null")
    if not there:
        return []
    found = conn.execute(
        "select format('%%I.%%I', chunk_schema, chunk_name) from timescaledb_information.chunks"
        " where hypertable_name = %s order by range_start",
        (table,),
    )
    return [name for (name,) in found.fetchall()]


def _partitions(conn: psycopg.Connection[Any], table: str) -> list[str]:
    found = conn.execute(
        "select inhrelid::regclass::text from pg_inherits where inhparent = %s::regclass", (table,)
    )
    return [name for (name,) in found.fetchall()]


def _row(conn: psycopg.Connection[Any], query: str, *arguments: object) -> tuple[Any, ...]:
    row = conn.execute(query, arguments or None).fetchone()
    assert row is not None
    return tuple(row)


def _backend_cpu_s(conn: psycopg.Connection[Any]) -> float | None:
    """Return the CPU time of the connection's server process [s], None where it runs elsewhere."""
    try:
        process = psutil.Process(conn.info.backend_pid)
        times = process.cpu_times()
    except psutil.Error:
        return None
    return float(times.user + times.system) if "postgres" in process.name() else None


async def _upgrade(dsn: str) -> None:
    async with await connect(dsn, application_name="cityops bench") as conn:
        await upgrade(conn, reading_tables(discover()))
