"""A database with something of everything in it: for back-ups."""

from __future__ import annotations

import psycopg

DEVICES, DAYS = 4, 40
READINGS = DEVICES * DAYS * 24

_TOWN = """
insert into device (name, kind, shard, installed_at)
select 'frog-' || n, 'frog', n, '2026-01-01' from generate_series(1, 4) n;
insert into home (code, label) values ('AB12', 'a home');
insert into home_device (device_id, home_id) select device_id, 1 from device;
insert into device_sequence select device_id, 7, '{[1,961)}' from device;
insert into ingest_batch (received_at, shard, readings) select '2026-02-01'::timestamptz + n * interval '1 min', n % 16, 4
  from generate_series(1, 50) n;
update ingest_batch set xid = (100 + batch_id)::text::xid8;
insert into rule_cursor (service, xid) select 'rules', max(xid) from ingest_batch;
insert into dead_letter (received_at, topic, reason_code, reason, payload, payload_bytes)
values ('2026-02-01', 'x', 'not_json', 'no JSON', '\\x00ff27'::bytea, 3)
"""
_READINGS = """
insert into frog_reading (ts, device_id, seq, boot, temperature_c, humidity_pct, received_at)
select '2026-01-02'::timestamptz + h * interval '1 hour', d, h + 1, 7, 18 + sin(h / 4.0 + d), 55.5 + d, '2026-02-01'::timestamptz
  from generate_series(0, 959) h cross join generate_series(1, 4) d
"""


def fill(dsn: str) -> bool:
    """Fill an upgraded database; return whether it has TimescaleDB (then with columnar chunks and fresh aggregates)."""
    with psycopg.connect(dsn, autocommit=True) as conn:
        for statement in _TOWN.strip().split(";\n"):
            conn.execute(statement)  # type: ignore[call-overload]
        found = conn.execute("select 1 from pg_extension where extname = 'timescaledb'").fetchone()
        if found is None:
            conn.execute("select ensure_partitions('frog_reading', '2026-01-02', '2026-02-28')")
        conn.execute(_READINGS)
        if found is not None:
            conn.execute(
                "select compress_chunk(c) from show_chunks('frog_reading', older_than => '2026-01-25'::timestamptz) c"
            )
            for view in ("frog_hourly", "frog_daily"):
                conn.execute(f"call refresh_continuous_aggregate('{view}', null, '2026-02-10')")  # type: ignore[call-overload]
        return found is not None


def averages(dsn: str) -> list[tuple[object, ...]]:
    """Return the daily means of every device: what a page shows of the readings."""
    with psycopg.connect(dsn) as conn:
        return conn.execute(
            "select device_id, bucket, n, temperature_c_avg from frog_daily order by 1, 2"
        ).fetchall()
