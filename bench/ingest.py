"""Broker to database: CPU per message of the ingester, against aiomqtt with executemany.

Frog boxes publish single readings of five fields at QoS 1 as fast as the broker takes them.
A run ends when all rows are committed; ours also when every reading has its receipt.
CPU time is of each process alone, from after its start and a warm-up.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import psycopg

from bench.cpu import Watched, tree_cpu_s, used_s
from bench.figures import Run, correct, ratio, summary
from bench.generator import PREFIX
from bench.ingest_process import BASELINE, BATCH_AGE_S, OURS, Contender, running
from bench.machine import machine
from bench.stack import ROOT, Database, broker, broker_label, database, say
from devices.registry import Registry
from firmware_sim.load import load_devices
from firmware_sim.load_connection import LoadDevice

WARM_UP = 2_000
PATIENCE_S = 600


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``bench ingest``."""
    parser.add_argument("--messages", type=int, default=50_000, help="messages per run")
    parser.add_argument("--devices", type=int, default=1_000, help="devices that publish")
    parser.add_argument("--batch-rows", type=int, nargs="+", default=[500, 2_000, 5_000], help="batch sizes")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each case; figures are medians")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Return the report; see docs/benchmarks.md."""
    devices = tuple(load_devices(options.devices, PREFIX))
    with database(options.dsn, Registry(name="bench", devices=devices)) as db, psycopg.connect(
        db.dsn, autocommit=True
    ) as conn:  # fmt: skip
        bench = _Bench(db, conn, options.messages, options.devices)
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
        "warm_up_messages": _warm_up(options.messages),
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


def _warm_up(messages: int) -> int:
    return min(WARM_UP, messages)


@dataclass
class _Bench:
    """Runs cases on one database; ``boots`` keeps the runs' readings apart."""

    db: Database
    conn: psycopg.Connection[Any]
    messages: int
    devices: int
    boots: count[int] = field(default_factory=lambda: count(int(time.time())))

    def case(self, batch_rows: int, repeats: int) -> tuple[list[Run], list[Run]]:
        """Return our runs and the baseline's, taken in turn."""
        ours, baseline = [], []
        for i in range(repeats):
            say(f"ingest: batches of {batch_rows}, run {i + 1} of {repeats}")
            ours.append(self.once(OURS, batch_rows))
            baseline.append(self.once(BASELINE, batch_rows))
        return ours, baseline

    def once(self, contender: Contender, batch_rows: int) -> Run:
        """Measure one run."""
        with broker(self.db.folder) as mosquitto, running(contender, self.db, mosquitto, batch_rows) as pid:
            watched = {
                "broker": Watched(mosquitto.pid),
                "ingester": Watched(pid),
                "database": Watched(self.db.pid, (self.conn.info.backend_pid,)),
            }
            self._load(contender, mosquitto.port, _warm_up(self.messages))
            batches = contender.batches(self.conn)
            before = {name: tree_cpu_s(w) for name, w in watched.items()}
            boot, load, end_s = self._load(contender, mosquitto.port, self.messages)
            cpu_s = used_s(before, {name: tree_cpu_s(w) for name, w in watched.items()})
            after = contender.batches(self.conn)
        return Run(
            sent=load["created"],
            committed=contender.rows(self.conn, boot),
            seconds=end_s - load["started_s"],
            batches=None if after is None or batches is None else after - batches,
            cpu_s={"generator": load["cpu_s"], **cpu_s},
        )

    def _load(self, contender: Contender, port: int, messages: int) -> tuple[int, dict[str, Any], float]:
        """Play a load until it is committed; return boot, the generator's report and the time then."""
        boot = next(self.boots)
        numbers = (port, self.devices, messages, boot, PATIENCE_S if contender.receipts else 0)
        done = subprocess.run(
            [sys.executable, "-m", "bench.generator", *map(str, numbers)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            check=True,
        )
        report: dict[str, Any] = json.loads(done.stdout)
        deadline_s = time.monotonic() + PATIENCE_S
        while contender.rows(self.conn, boot) < report["created"] and time.monotonic() < deadline_s:
            time.sleep(0.05)
        return boot, report, time.time()
