"""What a reading costs the database, by part: COPY into a bare table, the index for charts, the sequence ledger.

Each part alone, in transactions of its own, by the statements of the ingester; CPU time of the
database's process for the connection. The baseline is the COPY: the ledger, which refuses
duplicates, finds gaps and makes receipts, shall cost no more than storing.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from statistics import median
from typing import Any

import numpy as np
import psutil
import psycopg
from numpy.typing import NDArray

from bench.cpu import process_cpu_s
from bench.machine import machine
from bench.stack import database, say
from cityops.db.pool import connect
from devices.contract.kind import Kind, discover
from devices.registry import Registry
from firmware_sim.load import load_devices
from ingest import pg_arrays
from ingest.core.copy_layout import CopyLayout
from ingest.core.ddl_columns import create_table, indexes
from ingest.core.ledger import reduce_keys
from ingest.core.readings import Readings
from ingest.pg_ledger import add_to_ledger

FIRST_US = 1_795_000_000_000_000
BOOT = 1 << 50
HELD = "select sum(upper(r) - lower(r)) from device_sequence, unnest(received) r"
Connection = psycopg.AsyncConnection[Any]
Cursor = psycopg.AsyncCursor[Any]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``bench commit``."""
    parser.add_argument("--devices", type=int, default=1000, help="that report in a batch")
    parser.add_argument(
        "--per-device", type=int, nargs="+", default=[1, 2, 5], help="readings of each in a batch"
    )
    parser.add_argument("--batches", type=int, default=100, help="measured at a time")
    parser.add_argument("--repeats", type=int, default=5, help="of which the median counts")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Return the report; see docs/benchmarks.md."""
    if options.dsn is not None:
        raise SystemExit("bench commit needs a database of its own: leave CITYOPS_BENCH_DSN unset")
    devices = load_devices(options.devices, "bench")
    with database(None, Registry(name="bench", devices=tuple(devices))) as db:
        figures, correct = asyncio.run(_measure(db.dsn, options))
        return {
            "benchmark": "commit",
            "correct": correct,
            "machine": machine(db.label, None),
            "conditions": {
                "devices": options.devices,
                "batches": options.batches,
                "repeats": options.repeats,
            },
            "figures": figures,
            "ratio": {f"{f['per_device']} per device": f["ledger_to_copy"] for f in figures},
        }


def readings(kind: Kind, device_id: NDArray[np.int32], per_device: int, batch: int) -> Readings:
    """Return a batch: ``per_device`` readings a minute apart of each device, in the ledger's order."""
    n = len(device_id) * per_device
    seq = batch * per_device + np.tile(np.arange(per_device, dtype=np.int64), len(device_id))
    flags = np.zeros(n, dtype=np.int16)
    return Readings(
        kind=kind,
        device_index=np.zeros(n, dtype=np.int32),
        device_id=np.repeat(device_id, per_device),
        ts_us=FIRST_US + seq * 60_000_000,
        boot=np.full(n, BOOT),
        seq=seq,
        mono_ms=seq,
        clk=flags,
        values=np.random.default_rng(batch).normal(20.0, 3.0, (n, len(kind.fields))),
        quality=flags,
        message=np.arange(n, dtype=np.int32),
    )


async def _measure(dsn: str, options: argparse.Namespace) -> tuple[list[dict[str, Any]], bool]:
    kinds = {name: replace(discover()["frog"], name=name) for name in ("bare", "indexed")}
    figures, correct = [], True
    async with await connect(dsn, application_name="cityops bench") as conn:
        pg_arrays.register(conn)
        rows = await (await conn.execute("select device_id from device order by 1")).fetchall()
        device_id = np.array([row[0] for row in rows], dtype=np.int32)
        for per_device in options.per_device:
            say(f"commit: {len(device_id)} devices, {per_device} readings each")
            await _fresh_tables(conn, kinds)
            costs = {
                name: await _copy_us(conn, kind, device_id, per_device, options)
                for name, kind in kinds.items()
            }
            costs["ledger"], stored = await _ledger_us(conn, kinds["bare"], device_id, per_device, options)
            correct = correct and stored == options.repeats * options.batches * per_device * len(device_id)
            figures.append(_figure(per_device, len(device_id), costs))
    return figures, correct


def _figure(per_device: int, devices: int, costs: dict[str, float]) -> dict[str, Any]:
    return {
        "per_device": per_device,
        "rows": per_device * devices,
        "cpu_us_per_reading": {
            "copy": round(costs["bare"], 2),
            "chart_index": round(costs["indexed"] - costs["bare"], 2),
            "ledger": round(costs["ledger"], 2),
            "copy_and_ledger": round(costs["bare"] + costs["ledger"], 2),
        },
        # None where so little was measured that the kernel's clock saw nothing.
        "ledger_to_copy": None if costs["bare"] == 0 else round(costs["ledger"] / costs["bare"], 2),
    }


async def _fresh_tables(conn: Connection, kinds: dict[str, Kind]) -> None:
    await conn.execute("truncate device_sequence")
    for kind in kinds.values():
        await conn.execute(f"drop table if exists {kind.table}")
        await conn.execute(create_table(kind))
    for statement in indexes(kinds["indexed"]):
        await conn.execute(statement)


async def _copy_us(
    conn: Connection, kind: Kind, device_id: NDArray[np.int32], per_device: int, options: argparse.Namespace
) -> float:
    layout = CopyLayout(kind)

    async def store(cursor: Cursor, batch: Readings) -> None:
        async with cursor.copy(layout.statement) as copy:
            await copy.write(layout.encode(batch, FIRST_US))

    return await _cpu_us(conn, store, lambda n: readings(kind, device_id, per_device, n), options)


async def _ledger_us(
    conn: Connection, kind: Kind, device_id: NDArray[np.int32], per_device: int, options: argparse.Namespace
) -> tuple[float, int]:
    """Return the cost and how many sequences the ledger holds at the end."""

    async def store(cursor: Cursor, batch: Readings) -> None:
        keys = reduce_keys(batch.device_id, batch.boot, batch.seq)
        answer = await add_to_ledger(cursor, keys, conn.info.server_version)
        assert answer.overlaps == [], "no sequence comes twice"

    cost_us = await _cpu_us(conn, store, lambda n: readings(kind, device_id, per_device, n), options)
    row = await (await conn.execute(HELD)).fetchone()
    assert row is not None
    return cost_us, int(row[0])


async def _cpu_us(
    conn: Connection,
    store: Callable[[Cursor, Readings], Awaitable[None]],
    make: Callable[[int], Readings],
    options: argparse.Namespace,
) -> float:
    """Return the median CPU time per reading of the connection's process at the database [µs]."""
    process = psutil.Process(conn.info.backend_pid)
    costs = []
    for repeat in range(options.repeats):
        batches = [make(repeat * options.batches + n) for n in range(options.batches)]
        before = process_cpu_s(process)
        for batch in batches:
            async with conn.transaction(), conn.cursor(binary=True) as cursor:
                await store(cursor, batch)
        rows = sum(map(len, batches))
        costs.append(1e6 * (process_cpu_s(process) - before) / rows)
        await conn.execute("vacuum device_sequence")  # as autovacuum does beside the ingester
    return median(costs)
