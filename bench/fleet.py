"""The simulated town: CPU per reading of the real agent on simulated drivers, through a real ingester.

World, outbox, MQTT and receipts of all devices in one process, at many times real time. There is
no baseline: nobody writes a simpler thing that does the same. CPU time is measured over a
window in the middle of the night.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from bench.contender import running
from bench.contenders import OURS
from bench.cpu import Watched, tree_cpu_s, used_s
from bench.figures import per_item_us
from bench.machine import machine
from bench.stack import broker, broker_label, database, number, say
from cityops.embedded.mosquitto import EmbeddedMosquitto
from cityops.embedded.process import ServerProcess
from cityops.errors import TransientError
from cityops.settings import Settings
from devices.contract.kind import discover
from devices.registry import Registry
from ops_api.wiring_sim import town_of

BATCH_ROWS = 2_000
UNDER_WAY_S = 5.0
FIRST_READINGS_WITHIN_S = 120.0


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``bench fleet``."""
    parser.add_argument("--speed", type=float, default=300.0, help="simulated seconds per second")
    parser.add_argument("--window", type=float, default=30.0, help="seconds to measure")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Return the report; see docs/benchmarks.md."""
    town = town_of(Settings())
    say(f"fleet: {len(town.devices)} devices at {options.speed:g} times real time")
    with database(options.dsn, town) as db, psycopg.connect(db.dsn, autocommit=True) as conn:
        with (
            broker(db.folder) as mosquitto,
            running(OURS, db, mosquitto, BATCH_ROWS) as ingester,
            _fleet(db.folder, mosquitto, options.speed) as fleet,
        ):
            watched = {
                "fleet": Watched(fleet.pid),
                "broker": Watched(mosquitto.pid),
                "ingester": Watched(ingester),
                "database": Watched(db.pid, (conn.info.backend_pid,)),
            }
            _under_way(conn, fleet)
            readings, cpu_s = _measure(conn, watched, options.window)
        return {
            "benchmark": "fleet",
            "correct": readings > 0 and _each_once(conn, town),
            "machine": machine(db.label, broker_label()),
            "conditions": _conditions(options, town, readings),
            "figures": _figures(town, readings, cpu_s),
            "ratio": None,
        }


def real_time_rate(town: Registry) -> float:
    """Return how many readings a second a town's devices make in real time."""
    return sum(1.0 / d.cadence_s for d in town.devices)


def _conditions(options: argparse.Namespace, town: Registry, readings: int) -> dict[str, Any]:
    return {
        "scenario": "frost_night",
        "devices": len(town.devices),
        "speed": options.speed,
        "window_s": options.window,
        "readings": readings,
    }


def _figures(town: Registry, readings: int, cpu_s: dict[str, float | None]) -> dict[str, Any]:
    costs = {name: per_item_us(used, readings) for name, used in cpu_s.items()}
    fleet_us, rate = costs["fleet"], real_time_rate(town)
    return {
        "cpu_us_per_reading": {n: None if c is None else round(c, 1) for n, c in costs.items()},
        "readings_per_s_in_real_time": round(rate, 2),
        "share_of_a_core_in_real_time": None if fleet_us is None else round(rate * fleet_us / 1e6, 5),
    }


def _measure(
    conn: psycopg.Connection[Any], watched: dict[str, Watched], window_s: float
) -> tuple[int, dict[str, float | None]]:
    """Return the readings committed within a window, and the CPU time used meanwhile."""
    first, before = _committed(conn), {name: tree_cpu_s(w) for name, w in watched.items()}
    time.sleep(window_s)
    cpu_s = used_s(before, {name: tree_cpu_s(w) for name, w in watched.items()})
    return _committed(conn) - first, cpu_s


def _each_once(conn: psycopg.Connection[Any], town: Registry) -> bool:
    """Whether the tables hold what was committed, and no reading twice."""
    tables = [kind.table for name, kind in discover().items() if name in {d.kind for d in town.devices}]
    keys = " union all ".join(f"select device_id, boot, seq from {table}" for table in tables)
    query = f"select count(*) - (select sum(readings) from ingest_batch)::bigint from ({keys}) r"
    twice = (
        f"select count(*) from (select from ({keys}) r group by device_id, boot, seq having count(*) > 1) t"
    )
    return number(conn, query) == number(conn, twice) == 0


def _committed(conn: psycopg.Connection[Any]) -> int:
    return number(conn, "select coalesce(sum(readings), 0)::bigint from ingest_batch")


def _under_way(conn: psycopg.Connection[Any], fleet: ServerProcess) -> None:
    """Wait for the first readings, and a little longer."""
    deadline_s, start = time.monotonic() + FIRST_READINGS_WITHIN_S, _committed(conn)
    while _committed(conn) == start:
        if not fleet.running or time.monotonic() > deadline_s:
            raise TransientError(f"the simulated town does not publish: {fleet.last_words()}")
        time.sleep(0.2)
    time.sleep(UNDER_WAY_S)


@contextmanager
def _fleet(folder: Path, mosquitto: EmbeddedMosquitto, speed: float) -> Iterator[ServerProcess]:
    """Give the running ``cityops sim run``."""
    settings = {
        "CITYOPS_MQTT__HOST": mosquitto.host,
        "CITYOPS_MQTT__PORT": str(mosquitto.port),
        "CITYOPS_DATA_DIR": str(folder),
        "CITYOPS_LOG__LEVEL": "warning",
    }
    process = ServerProcess(
        [sys.executable, "-m", "ops_api", "sim", "run", "--speed", str(speed)],
        account=None,
        log_file=folder / "fleet.log",
        stop_signal=signal.SIGTERM,
        env=settings,
    )
    try:
        yield process
    finally:
        process.stop()
