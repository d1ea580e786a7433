"""How long each query of each board takes, on a quarter of a town of any size.

The database is the one at ``CITYOPS_BENCH_DSN``, else a private PostgreSQL (a small town: ``--devices 300``). It is filled where
it is empty, and up to now where it is not. Queries run as the dashboards' role, each round with other literals, as Grafana's do:
nothing is prepared.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import psycopg

from bench import boards_town
from bench.machine import machine
from bench.stack import database, say
from dashboards.build import render
from dashboards.check_macros import expand, interval_of
from dashboards.check_sql import Query, period_of, queries
from devices.registry import Registry

LIMIT_MS = 200.0
SLOW_ROUNDS = 3
"""Rounds of a query whose first takes longer than ten times the limit."""


_HOURS_6 = "date_trunc('hour', now()) - interval '6 hours'"
INSIDE: Mapping[str, str] = MappingProxyType(
    {
        "board.last_heard": "select r.device_id, max(r.ts) from frog_reading r where r.received_at > now() - interval '65 minutes'"
        " and r.ts > now() - interval '65 minutes' group by r.device_id",
        "board.devices_seen": "select device_id, ts from board.last_heard('frog')",
        "board.incomplete": f"select device_id, sum(n) from frog_hourly where bucket >= {_HOURS_6}"
        " and bucket < date_trunc('hour', now()) group by 1",
        "board.completeness": f"select device_id, sum(n) from frog_hourly where bucket >= {_HOURS_6}"
        " and bucket < date_trunc('hour', now()) group by 1",
        "board.gaps": "select * from health.ledger where missing > 0",
        "board.ingest(": "select * from summary.ingest where slot >= now() - interval '90 days'",
        "board.home_climate": "select * from summary.home_climate where bucket >= now() - interval '90 days'",
        "board.treatment_runs": "select p.segment_id, p.lorry, p.at from treatment_pass p where p.at > now() - interval '10 days'"
        " and p.what = 'driven' and not exists (select from treatment_pass b where b.what = 'taken_back'"
        " and b.segment_id = p.segment_id and b.lorry = p.lorry and b.at = p.at)",
    }
)
"""What functions run for the largest kind: plans show a function as one node."""


@dataclass(frozen=True, slots=True)
class Timed:
    """A query over a period: times of its rounds [ms] and rows of the last."""

    query: Query
    days: float
    ms: tuple[float, ...]
    rows: int

    @property
    def p95(self) -> float:
        """The 95th percentile [ms]."""
        return float(np.percentile(self.ms, 95))

    def told(self) -> dict[str, object]:
        """Return it for the report."""
        p50 = float(np.percentile(self.ms, 50))
        return {
            "query": self.query.where,
            "days": round(self.days, 2),
            "p50_ms": round(p50, 1),
            "p95_ms": round(self.p95, 1),
            "rows": self.rows,
        }


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add this benchmark's options."""
    parser.add_argument("--devices", type=int, default=300, help="of the town, where it is to be made")
    parser.add_argument("--days", type=int, default=90, help="of readings, and the period asked for")
    parser.add_argument("--rounds", type=int, default=20, help="how often each query runs")
    parser.add_argument("--only", default="", help="queries whose place holds this, e.g. cityops-fleet")
    parser.add_argument("--as-it-is", action="store_true", help="measure what is there, add nothing")
    parser.add_argument(
        "--explain", type=Path, help="folder for the plans of the ten heaviest; needs a superuser"
    )


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Run it; ``correct`` where every query's p95 is within the limit."""
    with ExitStack() as stack:
        dsn = options.dsn
        if dsn is None:
            dsn = stack.enter_context(database(None, Registry(name="bench", devices=()))).dsn
        label = boards_town.prepare(dsn)
        if not options.as_it_is:
            boards_town.fill(dsn, options.devices, options.days)
        with psycopg.connect(dsn, autocommit=True, prepare_threshold=None) as conn:
            figures = _town(conn)
            conn.execute("set role cityops_reader")
            bench = Bench(conn, timedelta(days=options.days), options.rounds)
            timed = bench.all(options.only)
        heaviest = sorted(timed, key=lambda t: -t.p95)
        if options.explain is not None:
            _explain(dsn, bench, heaviest[:10], options.explain)
    over = [t.told() for t in heaviest if t.p95 > LIMIT_MS]
    return {
        "benchmark": "boards",
        "conditions": {"machine": machine(label), "town": figures, "rounds": options.rounds},
        "limit_ms": LIMIT_MS,
        "correct": not over,
        "over_limit": over,
        "figures": [t.told() for t in heaviest],
    }


class Bench:
    """Runs queries of boards on a connection with the dashboards' role."""

    def __init__(self, conn: psycopg.Connection[Any], period: timedelta, rounds: int) -> None:
        self._conn = conn
        self._period = period
        self._rounds = rounds
        self._boards = {name.removesuffix(".json"): json.loads(text) for name, text in render().items()}
        row = conn.execute(
            "select exists (select from pg_extension where extname = 'timescaledb')"
        ).fetchone()
        self._timescaledb = row == (True,)
        self._choices = {uid: self._chosen(board) for uid, board in self._boards.items()}

    def all(self, only: str) -> list[Timed]:
        """Time each query over the whole period, and over the period its board opens with."""
        found = []
        for query in queries(self._boards):
            if only not in query.where:
                continue
            for period in sorted({self._period, period_of(self._boards[query.board])}, reverse=True):
                timed = self._time(query, period)
                say(f"{timed.p95:8.1f} ms  {timed.days:5.1f} d  {timed.rows:6} rows  {query.where}")
                found.append(timed)
        return found

    def text(self, query: Query, period: timedelta, back: timedelta = timedelta(0)) -> str:
        """Return what is sent for a query that looks at ``period`` until ``back`` ago."""
        end = datetime.now(UTC) - back
        return expand(
            query.sql,
            end - period,
            end,
            interval=interval_of(period),
            variables=self._choices[query.board],
            timescaledb=self._timescaledb,
        )

    def _time(self, query: Query, period: timedelta) -> Timed:
        ms: list[float] = []
        rows = 0
        for i in range(self._rounds):
            text = self.text(query, period, timedelta(seconds=i))
            began = time.perf_counter()
            rows = len(self._conn.execute(text).fetchall())
            ms.append(1000 * (time.perf_counter() - began))
            if i + 1 >= SLOW_ROUNDS and min(ms) > 10 * LIMIT_MS:
                break
        return Timed(query, period / timedelta(days=1), tuple(ms), rows)

    def _chosen(self, board: Mapping[str, Any]) -> dict[str, Sequence[str]]:
        """Return all values of each variable, as a board that is opened has them."""
        return {
            variable["name"]: [str(row[-1]) for row in self._conn.execute(variable["query"]).fetchall()]
            for variable in board["templating"]["list"]
        }


def _town(conn: psycopg.Connection[Any]) -> dict[str, Any]:
    devices = conn.execute(
        "select kind, count(*), min(cadence_s) from device group by 1 order by 2 desc"
    ).fetchall()
    size = conn.execute("select pg_database_size(current_database())").fetchone()
    readings = {}
    for kind, _, _ in devices:
        row = conn.execute(f"select coalesce(sum(n), 0)::bigint from {kind}_daily").fetchone()
        readings[kind] = 0 if row is None else int(row[0])
    return {
        "devices": {kind: {"n": n, "cadence_s": cadence_s} for kind, n, cadence_s in devices},
        "readings": readings,
        "database_bytes": 0 if size is None else size[0],
        "settings": dict(
            conn.execute(
                "select name, setting from pg_settings where name in ('shared_buffers', 'work_mem', 'effective_cache_size',"
                " 'random_page_cost', 'jit')"
            ).fetchall()
        ),
    }


def _explain(dsn: str, bench: Bench, heaviest: Sequence[Timed], folder: Path) -> None:
    """Write the plan of each as it is run, and those of what the functions in it run."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.txt"):
        old.unlink()
    with psycopg.connect(dsn, autocommit=True, prepare_threshold=None) as conn:
        for place, timed in enumerate(heaviest, start=1):
            text = bench.text(timed.query, timedelta(days=timed.days))
            conn.execute("set role cityops_reader")
            parts = [json.dumps(timed.told(), ensure_ascii=False), text, _plan(conn, text)]
            conn.execute("reset role")
            for function, inner in INSIDE.items():
                if function in text:
                    parts += [f"-- inside {function}:\n{inner}", _plan(conn, inner)]
            (folder / f"{place:02}.txt").write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _plan(conn: psycopg.Connection[Any], text: str) -> str:
    rows = conn.execute(f"explain (analyze, buffers, timing off) {text}").fetchall()
    return "\n".join(row[0] for row in rows)
