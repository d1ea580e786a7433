"""One measured run of ``bench ingest``: fresh broker, one ingester, a warm-up, then the load."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import psycopg

from bench.cpu import Watched, tree_cpu_s, used_s
from bench.figures import Run
from bench.ingest_process import BASELINE, OURS, Contender, running
from bench.stack import ROOT, Database, broker, say

WARM_UP = 2_000
PATIENCE_S = 600


def warm_up(messages: int) -> int:
    """Return how many messages go before the measured ones."""
    return min(WARM_UP, messages)


@dataclass
class IngestBench:
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
            self._load(contender, mosquitto.port, warm_up(self.messages))
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
