"""The front door's figures on very many readings: newest values, observations from any time, reads, streams, an export.

The database is kept under a name that says its size and used again (``CITYOPS_BENCH_DSN`` names the server; without it there is
one of our own that goes with the run). The server of the pages runs in a process of its own; CPU time is that process's alone.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from bench import stack
from bench.door.exports import FORMATS, address, exported
from bench.door.load import Load, load
from bench.door.rows import CADENCE_S, Size, arrive, filled
from bench.door.streams import streamed
from bench.machine import machine
from cityops.embedded.process import free_port
from ops_api.sensorthings.kept import KEEP_S

LATEST_MS, PAGE_P95_MS, STREAM_PCT, READS_PER_CORE, READ_P99_MS, EXPORT_MB = (
    300.0,
    50.0,
    25.0,
    1000.0,
    50.0,
    200.0,
)
ANEW_S = KEEP_S + 0.3
READS = (
    "/api/v1/kinds",
    "/api/v1/devices?limit=100",
    "/api/v1/readings/latest?kind=road",
    "/sta/v1.1/Things",
)
LATEST = (
    "/sta/v1.1/Datastreams?$select=id&$top=10000&$expand=Observations($top=1;$orderby=phenomenonTime%20desc)"
)
PAGE = "/sta/v1.1/Observations?$filter=phenomenonTime%20ge%20{}&$top=1000"
STREAM = "/api/v1/readings/stream?kind=road"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``bench door``."""
    parser.add_argument("--devices", type=int, default=100, help="road sensors (the figure: 1,000)")
    parser.add_argument(
        "--readings", type=int, default=10_000, help="of each, 10 minutes apart (the figure: 100,000)"
    )
    parser.add_argument("--more", type=int, default=67, help="further sensors with one day (the figure: 667)")
    parser.add_argument("--requests", type=int, default=1000, help="of each address")
    parser.add_argument(
        "--anew", type=int, default=12, help="requests for the newest of all when nothing is kept any more"
    )
    parser.add_argument("--pages", type=int, default=200, help="of observations, from random times")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--clients", type=int, default=1000, help="readers of the stream")
    parser.add_argument("--seconds", type=float, default=20.0, help="of the stream")
    parser.add_argument("--export-days", type=float, default=30.0, help="up to the newest reading; 0: all")
    parser.add_argument(
        "--exports", nargs="*", choices=FORMATS, default=list(FORMATS), help="none: no export"
    )


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Return the report; see docs/benchmarks.md."""
    size = Size(options.devices, options.readings, options.more)
    with ExitStack() as held:
        database = held.enter_context(_database(options.dsn))
        stack.say(f"door: {size.rows:,} readings")
        dsn, made = asyncio.run(filled(database, size))
        url, pid = held.enter_context(_server(dsn))
        figures = asyncio.run(_figures(options, size, url, pid))
        stack.say("door: stream")
        with _readings_come(dsn):
            told = asyncio.run(streamed(url, pid, STREAM, options.clients, options.seconds))
        figures["stream"] = told | {"wanted_pct": STREAM_PCT}
        figures["exports"] = [_export(dsn, fmt, options.export_days) for fmt in options.exports]
    return {
        "benchmark": "door",
        "correct": _is_correct(figures),
        "machine": machine(),
        "conditions": {
            "readings": size.rows,
            "devices": size.devices + size.more,
            "made": made,
            "connections": options.connections,
        },
        **figures,
    }


def _is_correct(figures: dict[str, Any]) -> bool:
    read = all(set(f.get("statuses", {200: 1})) == {200} for f in figures["reads"].values())
    return read and all(f["status"] == 200 and f["whole"] for f in figures["exports"])


def _export(dsn: str, fmt: str, days: float) -> dict[str, Any]:
    """Return what an export cost a server that has done nothing else: its memory is then the export's."""
    with psycopg.connect(dsn) as conn:
        (newest,) = conn.execute("select max(ts) from road_reading").fetchone() or (None,)
    target = address(fmt, days, newest)
    stack.say(f"door: {target}")
    with _server(dsn) as (url, pid):
        return asyncio.run(exported(url, pid, target)) | {"wanted_mb": EXPORT_MB}


async def _figures(options: argparse.Namespace, size: Size, url: str, pid: int) -> dict[str, Any]:
    there: Callable[[str], bool] = lambda target: _answers(url, target)  # noqa: E731
    found: dict[str, Any] = {"reads": {}, "not_there": []}
    for target in READS:
        if there(target):
            stack.say(f"door: {target}")
            found["reads"][target] = await _reads(options, url, pid, target)
        else:
            found["not_there"].append(target)
    if there(LATEST):
        found["latest"] = (await load(url, pid, [LATEST] * 5, 1)).told() | {"wanted_ms": LATEST_MS}
        found["latest_anew"] = (await _anew(url, pid, options.anew)).told() | {"wanted_ms": LATEST_MS}
    if there(pages(1, size)[0]):
        await load(url, pid, pages(20, size, seed=2), 1)
        found["pages"] = (await load(url, pid, pages(options.pages, size), 1)).told() | {
            "wanted_p95_ms": PAGE_P95_MS
        }
    stack.say("door: addresses of which none is kept")
    others = [f"/api/v1/devices?limit={n % 900 + 100}" for n in range(options.requests)]
    found["reads"]["/api/v1/devices?limit=100…999"] = (
        await load(url, pid, others, options.connections)
    ).told()
    return found


async def _anew(url: str, pid: int, count: int) -> Load:
    """Ask for the newest of all so seldom that each answer is made for it alone."""
    found = Load()
    for _ in range(count):
        await asyncio.sleep(ANEW_S)
        found.add(await load(url, pid, [LATEST], 1))
    return found


async def _reads(options: argparse.Namespace, url: str, pid: int, target: str) -> dict[str, Any]:
    await load(url, pid, [target] * 50, options.connections)
    told = (await load(url, pid, [target] * options.requests, options.connections)).told()
    return told | {"wanted_per_core_s": READS_PER_CORE, "wanted_p99_ms": READ_P99_MS}


def pages(count: int, size: Size, seed: int = 1) -> list[str]:
    """Return addresses of pages of observations: from the first day to a day that has not come."""
    rng, span = random.Random(seed), timedelta(seconds=size.readings * CADENCE_S)
    now = datetime.now(UTC)
    times = [now - span * rng.uniform(-0.02, 1.0) for _ in range(count)]
    return [PAGE.format(t.strftime("%Y-%m-%dT%H:%M:%SZ")) for t in times]


def _answers(url: str, target: str) -> bool:
    try:
        with urllib.request.urlopen(url + target, timeout=120) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError as error:
        stack.say(f"door: {target}: {error.code}")
        return False


@contextmanager
def _database(dsn: str | None) -> Iterator[str]:
    """Yield the server on which databases are made: the one named, or one of our own."""
    if dsn is not None:
        yield dsn
        return
    from tempfile import TemporaryDirectory

    from cityops.embedded.postgres import EmbeddedPostgres
    from cityops.embedded.timescaledb import SETTINGS, find_timescaledb

    binaries = find_timescaledb()
    with TemporaryDirectory(prefix="cityops-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        own = EmbeddedPostgres(folder, auth="trust", binaries=binaries, settings=SETTINGS if binaries else {})
        own.start()
        try:
            yield own.dsn
        finally:
            own.stop()


@contextmanager
def _readings_come(dsn: str) -> Iterator[None]:
    """Have one reading come in each second."""
    over = threading.Event()

    def happen() -> None:
        with psycopg.connect(dsn, autocommit=True) as conn:
            tick = round(time.time())
            while not over.wait(1.0):
                tick += 1
                arrive(conn, tick)

    thread = threading.Thread(target=happen, name="readings come")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextmanager
def _server(dsn: str) -> Iterator[tuple[str, int]]:
    """Serve the pages in a process of its own."""
    port = free_port()
    environment = {
        "CITYOPS_DB__DSN": dsn, "CITYOPS_DB__POOL_MAX": "8", "CITYOPS_API__PORT": str(port),
        "CITYOPS_DATA_DIR": "/tmp/cityops-bench-door", "PATH": "/usr/bin:/bin",
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "ops_api", "api"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=stack.ROOT,
    )
    url, give_up = f"http://127.0.0.1:{port}", time.monotonic() + 90
    try:
        while not _is_up(url):
            if process.poll() is not None or time.monotonic() > give_up:
                raise SystemExit("the server did not start")
            time.sleep(0.2)
        yield url, process.pid
    finally:
        process.terminate()
        process.wait(20)


def _is_up(url: str) -> bool:
    try:
        return _answers(url, "/healthz")
    except (urllib.error.URLError, ConnectionError):
        return False
