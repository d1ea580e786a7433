"""A town of many devices and a quarter of a year, made inside the database, for ``bench boards``.

Readings are made by ``generate_series`` at the intervals that the kinds declare, in the order in which they would lie:
what is older than the columnstore's age device by device in columns, newer rows as they came.
Asked for again it adds what is missing up to now.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from importlib import resources
from types import MappingProxyType
from typing import Any

import psycopg
from psycopg import sql

from bench.stack import say
from cityops.db.migrate import upgrade
from cityops.db.pool import connect
from devices.contract.kind import discover
from ingest.chunks import fit_chunks
from ingest.core.ddl_timescale import REFRESHED_AFTER
from ingest.summaries import Summaries
from ops_api.wiring import reading_tables

Connection = psycopg.Connection[Any]

MIX: Mapping[str, float] = MappingProxyType(
    {"frog": 0.70, "bin": 0.24, "road": 0.05, "weather": 0.003, "gritter": 0.004, "lorry": 0.003}
)
"""Share of each kind among the devices."""

ROWS_FOR = timedelta(days=8)
"""What is newer lies as rows: the columnstore's age (ingest/core/ddl_timescale.py)."""
BATCH_DAYS = 2
"""Days of which there is every batch; of older ones there is what is kept of them."""
KEPT_BEFORE = """
insert into summary.ingest
select t, k.kind, 6000, 15000, case when k.kind = '' then 40 end, case when k.kind = '' then 4 end, 4.0, 0.4
  from generate_series(date_bin('10 minutes', now() - %(days)s * interval '1 day', 'epoch'),
                       now() - %(batch_days)s * interval '1 day' - interval '20 minutes', interval '10 minutes') t
 cross join unnest(array['', 'frog', 'bin', 'road', 'weather', 'gritter', 'lorry']) k(kind)
on conflict do nothing
"""
STEP = timedelta(days=2)
"""As wide as a chunk of the frog boxes' readings in a town of 10,000."""

_DAY = "2 * pi() * extract(epoch from t.ts) / 86400"
VALUES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "frog": {
            "temperature_c": f"round((18 + d.device_id % 5 + 2 * sin({_DAY}) + random() / 4)::numeric, 2)::real",
            "humidity_pct": f"round((50 + d.device_id % 30 - 5 * sin({_DAY}) + random())::numeric, 1)::real",
            "battery_v": "(3.0 + d.device_id % 7 / 10.0)::real",
        },
        "bin": {
            "distance_mm": "(1000 - 8 * ((extract(epoch from t.ts)::bigint / 3600 + d.device_id) % 100))::real",
            "temperature_c": f"(8 + 4 * sin({_DAY}))::real",
            "battery_pct": "(20 + d.device_id % 80)::real",
            "battery_v": "3.5::real",
        },
        "road": {
            "surface_temperature_c": f"round((3 + d.device_id % 4 + 5 * sin({_DAY}) + random())::numeric, 2)::real",
            "air_temperature_c": f"round((4 + 4 * sin({_DAY}) + random() / 2)::numeric, 2)::real",
            "humidity_pct": "(85 + 10 * random())::real",
            "water_film_mm": "(random() / 10)::real",
            "surface_state": "floor(random() * 4)::smallint",
            "battery_v": "(3.2 + d.device_id % 5 / 10.0)::real",
        },
        "weather": {
            "air_temperature_c": f"round((4 + 4 * sin({_DAY}) + random() / 2)::numeric, 2)::real",
            "humidity_pct": "(85 + 10 * random())::real",
            "wind_speed_m_s": "(3 + random())::real",
            "precipitation_mm_h": "greatest(0, random() - 0.8)::real",
            "cloud_oktas": "floor(random() * 9)::real",
        },
        "gritter": {
            "latitude_deg": "51.45 + random() / 20",
            "longitude_deg": "-2.6 + random() / 20",
            "speed_m_s": "(8 * random())::real",
            "spread_rate_g_m2": "(10 * (random() > 0.5)::int)::real",
            "salt_remaining_kg": "(9000 - 20 * (extract(epoch from t.ts)::bigint / 60 % 300))::real",
        },
        "lorry": {
            "latitude_deg": "51.45 + random() / 20",
            "longitude_deg": "-2.6 + random() / 20",
            "speed_m_s": "(8 * random())::real",
            "load_kg": "(extract(epoch from t.ts)::bigint / 60 % 480 * 10)::real",
            "lifts_n": "(extract(epoch from t.ts)::bigint / 120 % 240)::real",
        },
    }
)
"""What is measured, as SQL of the device ``d`` and the time ``t.ts``."""

DRIVES: Mapping[str, str] = MappingProxyType(
    {
        "gritter": "extract(hour from t.ts) in (20, 21, 2, 3, 4) and extract(day from t.ts)::int % 2 = 0",
        "lorry": "extract(hour from t.ts) between 6 and 13",
    }
)
"""When vehicles are on the road."""


def prepare(dsn: str) -> str:
    """Bring the database up to date with no policy running by itself; return what it is."""
    return asyncio.run(_upgraded(dsn))


async def _upgraded(dsn: str) -> str:
    async with await connect(dsn, application_name="cityops bench") as conn:
        await upgrade(conn, reading_tables(discover()))
        row = await (await conn.execute("show server_version")).fetchone()
        label = f"PostgreSQL {row[0].split()[0]}" if row else "PostgreSQL"
        found = await (
            await conn.execute("select extversion from pg_extension where extname = 'timescaledb'")
        ).fetchone()
        if found is None:
            return label
        await conn.execute(
            "select alter_job(job_id, scheduled => false) from timescaledb_information.jobs where job_id >= 1000"
        )
        return f"{label} with TimescaleDB {found[0]}"


def fill(dsn: str, devices: int, days: int) -> None:
    """Make the town, or what is missing of it up to now."""
    with psycopg.connect(dsn, autocommit=True) as conn:
        script = resources.files("bench").joinpath("boards_places.sql").read_text(encoding="utf-8")
        if conn.execute("select not exists (select from device)").fetchone() == (True,):
            _register(conn, devices, days)
            conn.execute(script)
            asyncio.run(_fit(dsn))
        now = datetime.now(UTC).replace(second=0, microsecond=0)
        for kind in MIX:
            _fill_kind(conn, kind, now - timedelta(days=days), now)
        _aggregate(conn)
        past = resources.files("bench").joinpath("boards_past.sql").read_text(encoding="utf-8")
        say("alarms, decisions, events, batches")
        conn.execute("select set_config('bench.days', %s, false)", (str(days),))
        conn.execute("select set_config('bench.batch_days', %s, false)", (str(BATCH_DAYS),))
        conn.execute(past)
        say("summaries")
        asyncio.run(Summaries(dsn).keep())
        conn.execute(KEPT_BEFORE, {"days": days, "batch_days": BATCH_DAYS})
        say("statistics")
        conn.execute("vacuum analyze")


async def _fit(dsn: str) -> None:
    async with await connect(dsn, application_name="cityops bench") as conn:
        await fit_chunks(conn, discover())


def _register(conn: Connection, devices: int, days: int) -> None:
    kinds = discover()
    for kind, share in MIX.items():
        conn.execute(
            "insert into device (name, kind, shard, label, latitude_deg, longitude_deg, cadence_s, installed_at)"
            " select %(kind)s || '-' || to_char(i, 'FM00000'), %(kind)s, i %% 16, initcap(%(kind)s) || ' ' || i,"
            " 51.40 + random() / 10, -2.65 + random() / 10, %(cadence)s, now() - %(age)s"
            " from generate_series(1, %(n)s) i",
            {
                "kind": kind,
                "cadence": kinds[kind].cadence_s,
                "age": timedelta(days=days + 1),
                "n": max(1, round(devices * share)),
            },
        )


def _fill_kind(conn: Connection, kind: str, start: datetime, end: datetime) -> None:
    """Add the readings of a kind from the newest there is to ``end``."""
    newest = conn.execute(
        sql.SQL("select max(ts) from {}").format(sql.Identifier(f"{kind}_reading"))
    ).fetchone()
    if newest is not None and newest[0] is not None:
        start = newest[0]
    conn.execute("select ensure_partitions(%s, %s, %s)", (f"{kind}_reading", start, end))
    rows_from = max(start, end - ROWS_FOR)
    while start < rows_from:
        until = min(_next_step(start), rows_from)
        _insert(conn, kind, start, until, columnar=True)
        start = until
    _insert(conn, kind, rows_from, end, columnar=False)


def _next_step(after: datetime) -> datetime:
    """Return the next multiple of :data:`STEP` since 1970, where chunks end."""
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return epoch + ((after - epoch) // STEP + 1) * STEP


def _insert(conn: Connection, kind: str, start: datetime, end: datetime, *, columnar: bool) -> None:
    say(f"{kind}: {start:%d %b} to {end:%d %b %H:%M}")
    values = VALUES[kind]
    drives = DRIVES.get(kind, "true")
    order = "d.device_id, t.ts desc" if columnar else "t.ts"
    text = f"""
        insert into {kind}_reading (ts, device_id, seq, boot, received_at, {", ".join(values)})
        select t.ts, d.device_id, extract(epoch from t.ts)::bigint / d.cadence_s, 1, t.ts + interval '0.4 seconds',
               {", ".join(values.values())}
          from device d cross join lateral (
               select g + d.device_id % d.cadence_s * interval '1 second' as ts
                 from generate_series(%(start)s::timestamptz, %(end)s::timestamptz - interval '1 second',
                                      d.cadence_s * interval '1 second') g) t
         where d.kind = '{kind}' and {drives} and t.ts < %(end)s
         order by {order}"""
    switch = "on" if columnar else "off"
    for name in ("insert", "insert_client_sorted"):
        conn.execute(f"select set_config('timescaledb.enable_direct_compress_{name}', '{switch}', false)")
    text = text.replace("%", "%%").replace("%%(start)s", "%(start)s").replace("%%(end)s", "%(end)s")
    conn.execute(text, {"start": start, "end": end})


def _aggregate(conn: Connection) -> None:
    """Refresh the continuous aggregates, as far as their policies would."""
    if conn.execute(
        "select to_regclass('timescaledb_information.continuous_aggregates') is null"
    ).fetchone() == (True,):
        return
    found = conn.execute(
        "select view_name::text from timescaledb_information.continuous_aggregates order by 1"
    ).fetchall()
    for (view,) in found:
        say(f"refreshing {view}")
        after = REFRESHED_AFTER[view.rpartition("_")[2]]
        conn.execute(
            sql.SQL("call refresh_continuous_aggregate({}, null, now() - {}::interval)").format(
                sql.Literal(view), sql.Literal(after)
            )
        )
