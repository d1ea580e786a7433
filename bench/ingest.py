"""Broker to database: CPU per message of the ingester against three others, and commit latency at a rate.

Frog boxes publish single readings of five fields at QoS 1, as fast as the broker takes them
or at a rate. A run ends when all rows are committed; ours also when every reading has its
receipt. CPU time is of each process alone, from after its start and a warm-up.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psycopg

from bench.contender import BATCH_AGE_S, BATCHES_IN_FLIGHT
from bench.contenders import BASELINES, OURS, TELEGRAF_VARIABLE, chosen
from bench.figures import Run, correct, ratios, summary
from bench.generator import PREFIX
from bench.ingest_run import IngestBench, Load, warm_up
from bench.machine import machine
from bench.stack import broker_label, database
from devices.registry import Registry
from firmware_sim.load import load_devices
from firmware_sim.load_connection import LoadDevice

CURVE = (100, 500, 1_000, 2_000, 5_000)
AT_A_RATE = (2_000,)
LATENCY = {
    "publish_to_visible": "from the reading's own time, set in the generator just before it is sent (whole ms, "
    "rounded down), until a snapshot taken by another connection every 5 ms sees its row's transaction as "
    "committed: late by some 6 ms, more where the machine is busy, never early",
    "publish_to_receipt": "from the reading's creation until its receipt, sent after the COMMIT, is back in the "
    "generator: the whole way through the broker twice; cityops alone sends receipts",
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``bench ingest``."""
    parser.add_argument("--messages", type=_positive, default=50_000, help="messages per run")
    parser.add_argument("--devices", type=_positive, default=1_000, help="devices that publish")
    parser.add_argument(
        "--batch-rows",
        type=_positive,
        nargs="+",
        help=f"batch sizes; {_listed(CURVE)} where not given, {_listed(AT_A_RATE)} with --rate",
    )
    parser.add_argument("--repeats", type=_positive, default=3, help="runs of each case; figures are medians")
    parser.add_argument(
        "--baselines", nargs="*", choices=BASELINES, default=list(BASELINES), help="what to compare with"
    )
    parser.add_argument(
        "--telegraf",
        type=_program,
        default=os.environ.get(TELEGRAF_VARIABLE) or None,
        help=f"Telegraf's program, else that in {TELEGRAF_VARIABLE}; skipped without",
    )
    parser.add_argument(
        "--rate", type=_positive, help="messages a second; as fast as they are taken where not given"
    )
    parser.add_argument(
        "--seconds", type=_positive, default=20, help="how long, with --rate (for --messages)"
    )


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Return the report; see docs/benchmarks.md."""
    devices = tuple(load_devices(options.devices, PREFIX))
    contenders, words = chosen(options.baselines, options.telegraf)
    load = _load(options)
    with (
        database(options.dsn, Registry(name="bench", devices=devices)) as db,
        psycopg.connect(db.dsn, autocommit=True) as conn,
    ):
        bench = IngestBench(db, conn, load)
        sizes = options.batch_rows or (AT_A_RATE if load.rate is not None else CURVE)
        cases = {rows: bench.case(contenders, rows, options.repeats) for rows in sizes}
        runs = [r for case in cases.values() for part in case.values() for r in part]
        return {
            "benchmark": "ingest",
            "correct": correct(runs),
            "machine": machine(db.label, broker_label()),
            "contenders": words,
            "conditions": _conditions(options, load),
            "figures": [_figures(rows, case) for rows, case in cases.items()],
        }


def _load(options: argparse.Namespace) -> Load:
    messages = options.messages if options.rate is None else options.rate * options.seconds
    return Load(messages, options.devices, options.rate)


def _conditions(options: argparse.Namespace, load: Load) -> dict[str, Any]:
    found = {
        "messages_per_run": load.messages,
        "messages_per_s": "as fast as the broker takes them" if load.rate is None else load.rate,
        "warm_up_messages": warm_up(load.messages),
        "repeats": options.repeats,
        "devices": load.devices,
        "connections": 16,
        "qos": 1,
        "payload_bytes": len(LoadDevice(load_devices(1, PREFIX)[0], b"", 1).payload(1000, 1_800_000_000_000)),
        "fields_per_message": 5,
        "batch_age_s": BATCH_AGE_S,
        "baselines_in_flight": f"{BATCHES_IN_FLIGHT} batches",
        "ingesters": 1,
        "durability": "fsync and synchronous_commit on" if options.dsn is None else "of the server given",
    }
    return found if load.rate is None else found | {"latency_ms": LATENCY}


def _figures(batch_rows: int, case: Mapping[str, Sequence[Run]]) -> dict[str, Any]:
    found = {name: summary(runs) | {"correct": correct(runs)} for name, runs in case.items()}
    costs = {name: part["cpu_us_per_message"] for name, part in found.items()}
    ours = costs.pop(OURS.name)
    return {
        "batch_rows": batch_rows,
        "contenders": found,
        "ratio": {name: ratios(theirs, ours) for name, theirs in costs.items()},
    }


def _program(text: str) -> Path:
    path = Path(text)
    if not (path.is_file() and os.access(path, os.X_OK)):
        raise argparse.ArgumentTypeError(f"{text} is not a program that can be run")
    return path.absolute()


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number above 0")
    return int(text)


def _listed(sizes: Sequence[int]) -> str:
    return " ".join(map(str, sizes))
