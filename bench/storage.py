"""Bytes per stored reading of a frog box: as it comes in, and as a columnstore.

A winter month of simulated homes goes through the ingester's own COPY into the tables that
``cityops db upgrade`` makes; each chunk is then converted as its policy would. Baselines of the same
readings in the same run: the layout that one writes first (values and times as they come, chunks of
a week), and a narrow table of one row per value. Sizes are of tables with their indexes and TOAST.
"""

from __future__ import annotations

import argparse
import asyncio
from typing import Any

import psycopg

from bench.machine import machine
from bench.stack import say
from bench.storage_data import KIND, SCENARIO, Stored, month, town, woken_late
from bench.storage_tables import AS_SENT, NARROW, OURS, Layout, fill, scratch_database, sizes
from cityops.db.flavour import detect
from cityops.db.pool import connect
from devices.contract.kind import discover
from devices.registry import Registry
from ingest.chunks import chunk_state, fit_chunks
from ingest.registry_store import store_registry

LIMIT_BYTES = 12.0
"""What a compressed reading may take."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``bench storage``."""
    parser.add_argument("--homes", type=int, default=300, help="frog boxes")
    parser.add_argument("--days", type=float, default=30.0, help="days at 5 minutes' cadence")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Return the report; see docs/benchmarks.md."""
    registry = town(options.homes)
    say(f"storage: {options.homes} homes live {options.days:g} days")
    even = month(registry, options.days)
    with scratch_database(options.dsn) as dsn:
        label, chunks = asyncio.run(_prepare(dsn, registry))
        with psycopg.connect(dsn, autocommit=True) as conn:
            cases = [_case(conn, *case) for case in _cases(even, columnar=bool(chunks))]
    ours = cases[0].get("columnstore")
    return {
        "benchmark": "storage",
        "correct": ours is None or ours <= LIMIT_BYTES,
        "machine": machine(label),
        "conditions": {
            "readings": len(even),
            "devices": options.homes,
            "days": options.days,
            "cadence_s": KIND.cadence_s,
            "fields": len(KIND.fields),
            "world": f"{SCENARIO}, every third box with a wall probe",
            "chunk": chunks.get(KIND.table, "month partitions"),
            "columnstore": "TimescaleDB"
            if chunks
            else "none: set CITYOPS_BENCH_DSN, or put its pg_config on PATH",
        },
        "bytes_per_reading": cases,
    }


def _cases(even: Stored, *, columnar: bool) -> list[tuple[str, Layout, Stored]]:
    cases = [("ours", OURS, even)]
    if columnar:
        late = woken_late(even)
        cases += [
            ("ours, devices that note when they woke", OURS, late),
            ("baseline: values and times as they come", AS_SENT, late),
            ("baseline: narrow, one row per value", NARROW, late),
        ]
    return cases


def _case(conn: psycopg.Connection[Any], name: str, layout: Layout, stored: Stored) -> dict[str, Any]:
    say(f"storage: {name}")
    fill(conn, layout, stored)
    return {"case": name, **sizes(conn, layout, len(stored))}


async def _prepare(dsn: str, registry: Registry) -> tuple[str, dict[str, str]]:
    """Register the devices and fit the chunks; return the database's label and widths by table."""
    kinds = discover()
    async with await connect(dsn, application_name="cityops bench") as conn:
        await store_registry(conn, registry)
        await fit_chunks(conn, kinds)
        widths = {c.table: str(c.width) for c in await chunk_state(conn, kinds)}
        return (await detect(conn)).label, widths
