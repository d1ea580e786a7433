"""One measured run of ``bench ingest``: fresh broker, one ingester, a warm-up, then the load."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from bench.commit_watch import CommitWatch
from bench.contender import Connection, Contender, running
from bench.cpu import Watched, tree_cpu_s, used_s
from bench.figures import Run
from bench.latency import Sighting, commit_latencies_ms, percentiles
from bench.stack import ROOT, Database, broker, say

WARM_UP = 2_000
PATIENCE_S = 600


def warm_up(messages: int) -> int:
    """Return how many messages go before the measured ones."""
    return min(WARM_UP, messages)


@dataclass(frozen=True, slots=True)
class Load:
    """What a run's devices do: ``rate`` in messages a second, None as fast as the broker takes them."""

    messages: int
    devices: int
    rate: int | None = None


@dataclass
class IngestBench:
    """Runs cases on one database; ``boots`` keeps the runs' readings apart."""

    db: Database
    conn: Connection
    load: Load
    boots: count[int] = field(default_factory=lambda: count(int(time.time())))

    def __post_init__(self) -> None:
        # Counting must not be done by helpers whose CPU time would be the database's.
        self.conn.execute("set max_parallel_workers_per_gather = 0")

    def case(self, contenders: Sequence[Contender], batch_rows: int, repeats: int) -> dict[str, list[Run]]:
        """Return the runs by contender; they take turns, so that all meet the same neighbours."""
        runs: dict[str, list[Run]] = {c.name: [] for c in contenders}
        for i in range(repeats):
            for contender in contenders:
                say(f"ingest: {contender.name}, batches of {batch_rows}, run {i + 1} of {repeats}")
                runs[contender.name].append(self.once(contender, batch_rows))
        return runs

    def once(self, contender: Contender, batch_rows: int) -> Run:
        """Measure one run."""
        with ExitStack() as stack:
            mosquitto = stack.enter_context(broker(self.db.folder))
            pid = stack.enter_context(running(contender, self.db, mosquitto, batch_rows))
            self._play(contender, mosquitto.port, Load(warm_up(self.load.messages), self.load.devices))
            watch = None if self.load.rate is None else stack.enter_context(CommitWatch(self.db.dsn))
            ours = [self.conn.info.backend_pid, *([] if watch is None else [watch.backend_pid])]
            watched = {
                "broker": Watched(mosquitto.pid),
                "ingester": Watched(pid),
                "database": Watched(self.db.pid, ours),
            }
            before = {name: tree_cpu_s(w) for name, w in watched.items()}
            boot, report, end_s = self._play(contender, mosquitto.port, self.load)
            cpu_s = used_s(before, {name: tree_cpu_s(w) for name, w in watched.items()})
        return Run(
            sent=report["created"],
            committed=contender.rows(self.conn, boot),
            seconds=end_s - report["started_s"],
            transactions=contender.transactions(self.conn, boot),
            cpu_s={"generator": report["cpu_s"], **cpu_s},
            latency_ms={} if watch is None else self._latencies(contender, boot, report, watch.sightings),
        )

    def _play(self, contender: Contender, port: int, load: Load) -> tuple[int, dict[str, Any], float]:
        """Play a load until it is committed; return boot, the generator's report and the time then."""
        boot = next(self.boots)
        drain_s = PATIENCE_S if contender.receipts else 0
        rate = 0 if load.rate is None else load.rate
        numbers = (port, load.devices, load.messages, boot, drain_s, rate)
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

    def _latencies(
        self, contender: Contender, boot: int, report: Mapping[str, Any], sightings: Sequence[Sighting]
    ) -> dict[str, Mapping[str, float]]:
        rows = commit_latencies_ms(contender.commits(self.conn, boot), sightings)
        found = {"publish_to_visible": percentiles(rows), "publish_to_receipt": report["receipt_ms"]}
        return {name: part for name, part in found.items() if part is not None}
