"""The wall: first paint in Chromium, what an open wall costs its screen, and each wall the server.

On two towns: the demo's, and one with 10,000 stretches and bins on its map. Something changes every few seconds meanwhile:
readings, states of some roads and bins, lorries, an alarm that comes and one that goes.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from bench import stack, wall_town
from bench.machine import machine
from cityops.embedded.process import free_port

FIRST_PAINT_S, IDLE_PCT = 1.0, 2.0


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``bench wall``."""
    parser.add_argument(
        "--towns", default="demo,large", help="demo (1,200 things on the map), large (10,000)"
    )
    parser.add_argument("--loads", type=int, default=7, help="loads with an empty cache")
    parser.add_argument(
        "--seconds", type=float, default=60.0, help="how long each share of a core is measured"
    )
    parser.add_argument("--every", type=float, default=10.0, help="seconds between changes in the town")
    parser.add_argument(
        "--clients", type=int, default=40, help="walls at once, for the server's share of each"
    )


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Measure; ``correct``: every wall drew its map and got the changes. Whether the figures are reached is beside it."""
    figures = {name: _measured(name, options) for name in options.towns.split(",")}
    return {
        "benchmark": "wall",
        "wanted": {"first_paint_s": FIRST_PAINT_S, "idle_core_pct": IDLE_PCT},
        "figures": figures,
        "correct": all(f["map_draws"] >= 1 and f["server"]["events"] >= 1 for f in figures.values()),
        "machine": machine(),
    }


def _measured(name: str, options: argparse.Namespace) -> dict[str, Any]:
    from bench import wall_browser, wall_clients  # Chromium's driver is not everybody's

    registry = wall_town.town(wall_town.SIZES[name])
    stack.say(f"{name}: {len(registry.segments)} stretches, {len(registry.bins)} bins")
    with stack.database(None, registry) as database:
        wall_town.fill(database.dsn)
        with _server(database) as (url, pid), wall_browser.chromium() as browser:
            urllib.request.urlopen(f"{url}/ops").read()  # counts what it counts once
            still_bytes = len(urllib.request.urlopen(f"{url}/ops/map.json").read())
            painted = wall_browser.paints(browser, f"{url}/ops", options.loads)
            stack.say(f"{name}: {painted}")
            blank = wall_browser.opened(browser, "about:blank")
            nothing_pct = wall_browser.idle(blank, options.seconds)
            blank.context.close()
            with _time_passes(database.dsn, options.every):
                page = wall_browser.opened(browser, f"{url}/ops")
                draws = wall_browser.drawn(page)
                open_pct = wall_browser.idle(page, options.seconds)
                draws = wall_browser.drawn(page) - draws
                page.context.close()
                stack.say(f"{name}: open {open_pct} % of a core, an empty page {nothing_pct} %")
                one = wall_clients.served(url, pid, 1, options.seconds)
                many = wall_clients.served(url, pid, options.clients, options.seconds)
    each_s = max(0.0, many["cpu_s"] - one["cpu_s"]) / max(1, many["events"] - one["events"])
    return {
        "stretches": len(registry.segments),
        "bins": len(registry.bins),
        "still_map_kb": round(still_bytes / 1000),
        **painted,
        "first_paint_reached": painted["first_paint_s"]["median"] <= FIRST_PAINT_S,
        "browser_core_pct": open_pct,
        "browser_core_pct_of_an_empty_page": nothing_pct,
        "idle_reached": open_pct <= IDLE_PCT,
        "map_draws": draws,
        "server_one": one,
        "server": many,
        "server_cpu_us_per_client_and_update": round(1e6 * each_s),
    }


@contextmanager
def _server(database: stack.Database) -> Iterator[tuple[str, int]]:
    """Serve the pages in a process of its own."""
    port = free_port()
    log = (database.folder / "api.log").open("w")
    environment = {
        "CITYOPS_DB__DSN": database.dsn, "CITYOPS_API__PORT": str(port), "CITYOPS_DATA_DIR": str(database.folder / "data"),
        "PATH": "/usr/bin:/bin",
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "ops_api", "api"], env=environment, stdout=log, stderr=log, cwd=stack.ROOT
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(url, process)
        yield url, process.pid
    finally:
        process.terminate()
        process.wait(20)
        log.close()


def _wait(url: str, process: subprocess.Popen[bytes], timeout_s: float = 90.0) -> None:
    give_up_s = time.monotonic() + timeout_s
    while time.monotonic() < give_up_s and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/healthz") as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.3)
    raise SystemExit("the server did not start")


@contextmanager
def _time_passes(dsn: str, every_s: float) -> Iterator[None]:
    """Let something happen in the town every few seconds."""
    over = threading.Event()

    def happen() -> None:
        with psycopg.connect(dsn, autocommit=True) as conn:
            tick = 0
            while not over.wait(every_s):
                tick += 1
                wall_town.pass_by(conn, tick)

    thread = threading.Thread(target=happen, name="time passes")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
