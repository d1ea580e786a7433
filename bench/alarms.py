"""From COMMIT to the outbox: how long until a fire in a bin waits to be sent, beside a town's readings.

The real rules process, engine and desk, on a database; batches are written as the ingester writes
them. Both ends are commit times of the database itself. The baseline is the same town with
nothing but the fires, in the same run.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import quantiles
from typing import Any

import numpy as np
import psycopg
from psycopg.types.json import Jsonb

from bench.machine import machine
from bench.stack import ROOT, Database, database, say
from cityops.db.pool import connect
from devices.contract.kind import Kind, discover
from devices.registry import BinSite, Device, Home, Registry
from ingest import pg_arrays
from ingest.core.copy_layout import CopyLayout
from ingest.core.readings import Readings

BATCHES_PER_S = 10
WITHIN_S = 60.0
INSTALLED = datetime(2025, 1, 1, tzinfo=UTC)
TOLD = """
select extract(epoch from pg_xact_commit_timestamp(n.xmin) - pg_xact_commit_timestamp(b.xid::text::xid))::float8
from notification n
join alarm a on a.alarm_id = n.alarm_id
join ingest_batch b on b.received_at = to_timestamp(%s)
where a.rule_id = 'bins.fire' and a.subject = %s
order by 1 limit 1
"""
CAUGHT_UP = (
    "select coalesce((select max(xid) from rule_cursor) >= (select max(xid) from ingest_batch), false)"
)
ADA = """
with p as (insert into person (person, label, roles) values ('ada', 'Ada', '{duty_officer}'))
insert into contact (person, place, channel, address) values ('ada', 1, 'mail', 'ada@example.org')
"""
Connection = psycopg.AsyncConnection[Any]


@dataclass(frozen=True, slots=True)
class Fire:
    """A bin that burns, and when its batch was received [s since 1970]."""

    bin_id: str
    received_s: float


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``bench alarms``."""
    parser.add_argument("--rate", type=int, default=2_000, help="readings a second beside the fires")
    parser.add_argument("--devices", type=int, default=2_000, help="frog boxes that send them")
    parser.add_argument("--seconds", type=int, default=60, help="of each of the two cases")
    parser.add_argument("--fires-per-s", type=int, default=2, help="bins that begin to burn")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Return the report; see docs/benchmarks.md."""
    if options.dsn is not None:
        raise SystemExit("bench alarms needs a database of its own: leave CITYOPS_BENCH_DSN unset")
    registry = town(options.devices, 2 * options.seconds * options.fires_per_s + 1)
    with database(None, registry, {"track_commit_timestamp": "on"}) as db, _rules(db):
        figures = asyncio.run(_measure(db, registry, options))
        return {
            "benchmark": "alarms",
            "correct": all(f["told"] == f["fires"] for f in figures),
            "machine": machine(db.label, None),
            "conditions": {"devices": options.devices, "seconds": options.seconds},
            "figures": figures,
            "ratio_p99": round(figures[1]["p99_ms"] / figures[0]["p99_ms"], 2),
        }


def town(frogs: int, bins: int) -> Registry:
    """Return a town of homes with a frog box each, and bins."""
    boxes = [_device(f"frog-{i:05d}", "frog", 300) for i in range(frogs)]
    echoes = [_device(f"bin-{i:04d}", "bin", 1800) for i in range(bins)]
    homes = tuple(
        Home(code=f"H{i:05d}", label=f"{i} Oak Street", devices=(d.name,)) for i, d in enumerate(boxes)
    )
    sites = tuple(
        BinSite(
            bin_id=f"b{i:04d}", label=f"Bin {i}", street="High Street", device=d.name, latitude_deg=52.0,
            longitude_deg=0.1,
        )
        for i, d in enumerate(echoes)
    )  # fmt: skip
    return Registry(name="bench", devices=(*boxes, *echoes), homes=homes, bins=sites)


def _device(name: str, kind: str, cadence_s: int) -> Device:
    return Device(name=name, kind=kind, shard=0, cadence_s=cadence_s, installed_at=INSTALLED)


@contextmanager
def _rules(db: Database) -> Iterator[None]:
    """Run ``cityops rules run`` meanwhile."""
    environment = {**os.environ, "CITYOPS_DB__DSN": db.dsn}
    process = subprocess.Popen([sys.executable, "-m", "ops_api", "rules", "run"], cwd=ROOT, env=environment)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


async def _measure(db: Database, registry: Registry, options: argparse.Namespace) -> list[dict[str, Any]]:
    async with await connect(db.dsn, application_name="cityops bench") as conn:
        pg_arrays.register(conn)
        await conn.execute(ADA)
        ids: dict[str, int] = dict(
            await (await conn.execute("select name, device_id from device")).fetchall()
        )
        writer, figures = _Writer(conn, ids, registry), []
        await _latencies(conn, await writer.write(0, 1, 1))  # until the rules run
        for rate in (0, options.rate):
            say(f"alarms: {rate} readings/s for {options.seconds} s")
            fires = await writer.write(rate, options.seconds, options.fires_per_s)
            figures.append(_figure(rate, fires, await _latencies(conn, fires)))
        return figures


def _figure(rate: int, fires: list[Fire], latencies_s: list[float]) -> dict[str, Any]:
    cuts = quantiles(latencies_s, n=100, method="inclusive")
    names = {"p50_ms": cuts[49], "p90_ms": cuts[89], "p99_ms": cuts[98], "most_ms": max(latencies_s)}
    return {
        "readings_per_s": rate,
        "fires": len(fires),
        "told": len(latencies_s),
        **{name: round(1000.0 * value, 1) for name, value in names.items()},
    }


async def _latencies(conn: Connection, fires: list[Fire]) -> list[float]:
    """Return per fire the time from the COMMIT of its reading to that of its first notification [s]."""
    found: dict[str, float] = {}
    async for _ in _until(time.monotonic() + WITHIN_S):
        for fire in (f for f in fires if f.bin_id not in found):
            row = await (await conn.execute(TOLD, (fire.received_s, fire.bin_id))).fetchone()
            found |= {} if row is None else {fire.bin_id: float(row[0])}
        if len(found) == len(fires):
            break
    return list(found.values())


async def _until(deadline_s: float) -> AsyncIterator[None]:
    """Yield ten times a second until a time of the monotonic clock."""
    while time.monotonic() < deadline_s:
        yield
        await asyncio.sleep(0.1)


class _Writer:
    """Writes batches of readings at a rate, each in a transaction, as the ingester does."""

    def __init__(self, conn: Connection, ids: dict[str, int], registry: Registry) -> None:
        self._conn, self._ids = conn, ids
        self._kinds = discover()
        self._frogs = np.array([ids[d.name] for d in registry.devices if d.kind == "frog"], dtype=np.int32)
        self._bins = iter(registry.bins)
        self._sent = 0

    async def write(self, rate: int, seconds: int, fires_per_s: int) -> list[Fire]:
        """Write for so long; return the fires, in bins that have not burnt before."""
        began_s, fires = time.monotonic(), list[Fire]()
        for n in range(seconds * BATCHES_PER_S):
            await asyncio.sleep(max(0.0, began_s + n / BATCHES_PER_S - time.monotonic()))
            burning = [next(self._bins)] if n % (BATCHES_PER_S // fires_per_s) == 0 else []
            received_s = await self._batch(rate // BATCHES_PER_S, burning)
            fires += [Fire(site.bin_id, received_s) for site in burning]
        return fires

    async def _batch(self, frogs: int, burning: list[BinSite]) -> float:
        received_us = int(time.time() * 1e6)
        at_us = received_us - np.random.default_rng(self._sent).integers(0, 500_000, frogs)
        chosen = self._frogs[(self._sent + np.arange(frogs)) % len(self._frogs)]
        self._sent += frogs
        parts = [(self._kinds["frog"], chosen, at_us, {"temperature_c": 18.0, "humidity_pct": 55.0})]
        hot = np.array([self._ids[site.device] for site in burning], dtype=np.int32)
        at_once = np.full(len(hot), received_us)
        parts.append((self._kinds["bin"], hot, at_once, {"distance_mm": 500.0, "temperature_c": 90.0}))
        await self._store([p for p in parts if len(p[1])], received_us)
        return received_us / 1e6

    async def _store(self, parts: list[tuple[Kind, Any, Any, dict[str, float]]], received_us: int) -> None:
        if not parts:
            return
        spans = {kind.name: _span(at_us) for kind, _, at_us, _ in parts}
        received = datetime.fromtimestamp(received_us / 1e6, UTC)
        async with self._conn.transaction(), self._conn.cursor(binary=True) as cursor:
            await cursor.execute(
                "insert into ingest_batch (received_at, readings, kinds) values (%s, %s, %s)",
                (received, sum(len(p[1]) for p in parts), Jsonb(spans)),
            )
            for kind, device_id, at_us, values in parts:
                await self._copy(cursor, kind, _readings(kind, device_id, at_us, values), received_us)
            await cursor.execute("select pg_notify('cityops_batch', '')")

    async def _copy(self, cursor: Any, kind: Kind, batch: Readings, received_us: int) -> None:
        await cursor.execute(
            "select ensure_partitions(%s::text, to_timestamp(%s), to_timestamp(%s))",
            (kind.table, int(batch.ts_us.min()) / 1e6, int(batch.ts_us.max()) / 1e6),
        )
        layout = CopyLayout(kind)
        async with cursor.copy(layout.statement) as copy:
            await copy.write(layout.encode(batch, received_us))


def _span(at_us: Any) -> dict[str, Any]:
    times = [datetime.fromtimestamp(int(t) / 1e6, UTC).isoformat() for t in (at_us.min(), at_us.max())]
    return {"rows": len(at_us), "min_ts": times[0], "max_ts": times[1]}


def _readings(kind: Kind, device_id: Any, at_us: Any, values: dict[str, float]) -> Readings:
    n = len(device_id)
    columns = np.full((n, len(kind.fields)), np.nan)
    for i, field in enumerate(kind.fields):
        if field.name in values:
            columns[:, i] = values[field.name]
    flags = np.zeros(n, dtype=np.int16)
    return Readings(
        kind=kind,
        device_index=np.zeros(n, dtype=np.int32),
        device_id=device_id,
        ts_us=at_us,
        boot=np.full(n, 1 << 50),
        seq=at_us,
        mono_ms=at_us // 1000,
        clk=flags,
        values=columns,
        quality=flags,
        message=np.arange(n, dtype=np.int32),
    )
