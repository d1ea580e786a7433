"""Broker to database: CPU per message of the ingester, against aiomqtt with executemany.

Frog boxes publish single readings of five fields at QoS 1 as fast as the broker takes them.
A run ends when all rows are committed; ours also when every reading has its receipt.
CPU time is of each process alone, from after its start and a warm-up.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

import psycopg

from bench.figures import Run, correct, ratio, summary
from bench.generator import PREFIX
from bench.ingest_process import BATCH_AGE_S
from bench.ingest_run import IngestBench, warm_up
from bench.machine import machine
from bench.stack import broker_label, database
from devices.registry import Registry
from firmware_sim.load import load_devices
from firmware_sim.load_connection import LoadDevice


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``bench ingest``."""
    parser.add_argument("--messages", type=int, default=50_000, help="messages per run")
    parser.add_argument("--devices", type=int, default=1_000, help="devices that publish")
    parser.add_argument("--batch-rows", type=int, nargs="+", default=[500, 2_000, 5_000], help="batch sizes")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each case; figures are medians")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Return the report; see docs/benchmarks.md."""
    devices = tuple(load_devices(options.devices, PREFIX))
    with (
        database(options.dsn, Registry(name="bench", devices=devices)) as db,
        psycopg.connect(db.dsn, autocommit=True) as conn,
    ):
        bench = IngestBench(db, conn, options.messages, options.devices)
        cases = {rows: bench.case(rows, options.repeats) for rows in options.batch_rows}
        runs = [r for case in cases.values() for part in case for r in part]
        return {
            "benchmark": "ingest",
            "correct": correct(runs),
            "machine": machine(db.label, broker_label()),
            "conditions": _conditions(options),
            "figures": [_figures(rows, *case) for rows, case in cases.items()],
        }


def _conditions(options: argparse.Namespace) -> dict[str, Any]:
    return {
        "messages_per_run": options.messages,
        "warm_up_messages": warm_up(options.messages),
        "repeats": options.repeats,
        "devices": options.devices,
        "connections": 16,
        "qos": 1,
        "payload_bytes": len(LoadDevice(load_devices(1, PREFIX)[0], b"", 1).payload(1000, 1_800_000_000_000)),
        "fields_per_message": 5,
        "batch_age_s": BATCH_AGE_S,
        "ingesters": 1,
        "durability": "fsync and synchronous_commit on" if options.dsn is None else "of the server given",
        "baseline": "aiomqtt, json, psycopg executemany in one transaction per batch, primary key against"
        " duplicates; acknowledges before it stores, sends no receipts",
    }


def _figures(batch_rows: int, ours: Sequence[Run], baseline: Sequence[Run]) -> dict[str, Any]:
    mine, theirs = summary(ours), summary(baseline)
    costs = theirs["cpu_us_per_message"], mine["cpu_us_per_message"]
    return {
        "batch_rows": batch_rows,
        "ours": mine,
        "baseline": theirs,
        "ratio": {
            "ingester": ratio(*costs, "ingester"),
            "database": ratio(*costs, "database"),
            "ingester_and_database": ratio(*costs, "ingester", "database"),
            "all_but_generator": ratio(*costs, "ingester", "database", "broker"),
        },
    }
