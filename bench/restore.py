"""Back-up and restore of a database of a given size, by the documented procedure, against pg_restore with one process.

`cityops backup create` and `cityops restore --into-new` as an operator runs them, counts, hashes and comparison
included; the baseline loads the same dump by plain `pg_restore`, without any check. Same server, one after the other.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg

from bench.machine import machine
from bench.stack import say
from bench.storage_tables import scratch_database
from cityops.db.flavour import Flavour
from ops_api.backup import dump, restore
from ops_api.backup.outside import Outside
from ops_api.backup.programs import Programs, find_programs
from ops_api.backup.session import environment
from ops_api.backup.target import begin_timescaledb, drop_database, end_timescaledb, made_database

WANTED_MIN = 15.0
"""Minutes in which 10 GB are to be back."""
DEVICES = 1000
_PORTION = """
insert into frog_reading (ts, device_id, seq, boot, temperature_c, humidity_pct, pressure_hpa, battery_v, received_at)
select ts, d, n, 1, round((18 + 3 * sin(n / 90.0 + d) + (random() - 0.5) * 0.1)::numeric, 2),
       round((55 + 9 * cos(n / 70.0 + d) + random())::numeric, 1), round((1005 + 20 * sin(n / 900.0) + random())::numeric, 1),
       3.1, ts + random() * interval '0.5 s'
  from generate_series(%(first)s::int, %(last)s::int) n cross join generate_series(1, %(devices)s::int) d
 cross join lateral (select '2025-01-01'::timestamptz + n * interval '5 min' as ts) t
"""
_ROWS = 200_000


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``bench restore``."""
    parser.add_argument("--gb", type=float, default=1.0, help="size of the database as rows [GB]")
    parser.add_argument("--jobs", type=int, default=2, help="tables at the same time")
    parser.add_argument("--no-baseline", action="store_true", help="leave out pg_restore with one process")
    parser.add_argument(
        "--columnar", action="store_true", help="on TimescaleDB: all chunks but the newest as columns"
    )


@dataclass(frozen=True, slots=True)
class Spent:
    """Wall time, CPU time of programs and of the server [s]; the server's None where it is elsewhere."""

    wall_s: float
    programs_s: float
    server_s: float | None


class Watch:
    """Takes the time of what is done between two looks."""

    def __init__(self, server: psutil.Process | None) -> None:
        self._server = server
        self._before = self._look()

    def spent(self) -> Spent:
        """Return what was spent since the watch was made."""
        now = self._look()
        server = None if now[2] is None or self._before[2] is None else round(now[2] - self._before[2], 2)
        return Spent(round(now[0] - self._before[0], 2), round(now[1] - self._before[1], 2), server)

    def _look(self) -> tuple[float, float, float | None]:
        usage = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        programs = sum(u.ru_utime + u.ru_stime for u in usage)
        if self._server is None:
            return time.monotonic(), programs, None
        times = self._server.cpu_times()
        server = sum(getattr(times, n, 0.0) for n in ("user", "system", "children_user", "children_system"))
        return time.monotonic(), programs, server


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Return the report; see docs/benchmarks.md."""
    with scratch_database(options.dsn) as dsn, tempfile.TemporaryDirectory(prefix="cityops-bench-") as folder:
        server, label, readings = _fill(dsn, options)
        order = dump.Order(
            folder=Path(folder, "backups"), jobs=options.jobs, programs=None, encrypt="",
            outside=Outside(Path(folder), None),
        )  # fmt: skip
        say("restore: back-up")
        watch = Watch(server)
        manifest = dump.create(dsn, order)
        made = watch.spent()
        source = order.folder / manifest.name
        say("restore: restore, compared")
        watch = Watch(server)
        outcome = restore.restore(
            dsn,
            restore.Order(
                source=source, jobs=options.jobs, programs=None, decrypt="", into_new="cityops_bench_back"
            ),
        )
        back = watch.spent()
        drop_database(dsn, outcome.database)
        plain = (
            None
            if options.no_baseline
            else _baseline(dsn, source / dump.DATABASE, manifest.timescaledb, server)
        )
    gigabytes = manifest.database_bytes / 1e9
    per_10_gb = back.wall_s / gigabytes * 10 / 60
    return {
        "benchmark": "restore",
        "correct": not outcome.different and outcome.compared > 0,
        "machine": machine(label),
        "conditions": {
            "database_gb": round(gigabytes, 2), "backup_gb": round(manifest.bytes / 1e9, 3), "readings": readings,
            "jobs": options.jobs, "compression": manifest.compression, "columnar": options.columnar,
            "facts_compared": outcome.compared,
        },
        "figures": {
            "backup": _figures(made, gigabytes),
            "restore": _figures(back, gigabytes)
            | {"load_s": round(outcome.load_s, 1), "compare_s": round(outcome.check_s, 1)},
            "baseline_pg_restore_1": None if plain is None else _figures(plain, gigabytes),
            "load_against_baseline": None if plain is None else round(plain.wall_s / outcome.load_s, 2),
            "minutes_for_10_gb": round(per_10_gb, 1),
            "wanted_minutes": WANTED_MIN,
        },
    }  # fmt: skip


def _figures(spent: Spent, gigabytes: float) -> dict[str, Any]:
    return {
        "wall_s": round(spent.wall_s, 1), "programs_cpu_s": spent.programs_s, "server_cpu_s": spent.server_s,
        "gb_per_minute": round(gigabytes / spent.wall_s * 60, 2),
    }  # fmt: skip


def _fill(dsn: str, options: argparse.Namespace) -> tuple[psutil.Process | None, str, int]:
    """Fill the database to the size asked for; return its server's process, label and number of readings."""
    with psycopg.connect(dsn, autocommit=True) as conn:
        flavour = conn.execute("select extversion from pg_extension where extname = 'timescaledb'").fetchone()
        label = Flavour(conn.info.server_version, None if flavour is None else flavour[0]).label
        if flavour is None:
            conn.execute("select ensure_partitions('frog_reading', '2025-01-01', '2026-12-31')")
        at, step, wanted = 0, _ROWS // DEVICES, options.gb * 1e9
        while _size(conn) < wanted:
            conn.execute(_PORTION, {"first": at, "last": at + step - 1, "devices": DEVICES})
            at += step
            say(f"restore: {at * DEVICES:,} readings, {_size(conn) / 1e9:.2f} GB")
        if options.columnar and flavour is not None:
            conn.execute(
                "select compress_chunk(c) from show_chunks('frog_reading') c order by c desc offset 1"
            )
        conn.execute("vacuum analyze")
        conn.execute("checkpoint")
        return _server_of(conn), label, at * DEVICES


def _size(conn: psycopg.Connection[Any]) -> int:
    row = conn.execute("select pg_database_size(current_database())").fetchone()
    assert row is not None
    return int(row[0])


def _server_of(conn: psycopg.Connection[Any]) -> psutil.Process | None:
    try:
        return psutil.Process(conn.info.backend_pid).parent()
    except psutil.NoSuchProcess:
        return None


def _baseline(dsn: str, source: Path, timescaledb: str | None, server: psutil.Process | None) -> Spent:
    """Load the dump as PostgreSQL's and TimescaleDB's manuals say: one process, nothing set, nothing compared."""
    say("restore: the same dump by pg_restore with one process")
    with psycopg.connect(dsn) as conn:
        programs = find_programs(conn.info.server_version)
    watch = Watch(server)
    with made_database(dsn, "cityops_bench_plain", "cityops") as place:
        with psycopg.connect(place, autocommit=True) as conn:
            if timescaledb is not None:
                begin_timescaledb(conn, timescaledb)
        _plain(place, source, programs)
        with psycopg.connect(place, autocommit=True) as conn:
            if timescaledb is not None:
                end_timescaledb(conn)
            conn.execute("analyze")
    spent = watch.spent()
    drop_database(dsn, "cityops_bench_plain")
    return spent


def _plain(place: str, source: Path, programs: Programs) -> None:
    variables = environment(place)
    words = [
        programs.path("pg_restore"),
        "--exit-on-error",
        f"--dbname={variables['PGDATABASE']}",
        str(source),
    ]
    subprocess.run(words, env=variables, check=True)
