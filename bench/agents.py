"""Thousands of real agents in real time on one machine: CPU per device-hour, memory per device, lateness; beside load without agents.

Each agent has its sampler, its part of the outbox and its own MQTT connection, and measures at a frog's cadence by the
wall clock. Broker, ingester and database are real. In the same run, on the same servers, the protocol-level generator
(``cityops sim load``) then makes as many readings a second for as long.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from msgspec.structs import replace

from bench.agents_fleet import agents_of, whole_town
from bench.contender import running
from bench.contenders import OURS
from bench.cpu import Watched, tree_cpu_s, used_s
from bench.generator import PREFIX
from bench.machine import machine
from bench.stack import ROOT, Database, broker, broker_label, database, number, say
from cityops.embedded.mosquitto import EmbeddedMosquitto
from cityops.errors import TransientError
from devices.registry import Registry
from firmware_sim.load import load_devices

BATCH_ROWS = 2_000
CADENCE_S = 300
HOUR_S = 3600.0
Cpu = dict[str, float | None]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``bench agents``."""
    parser.add_argument(
        "--devices", type=int, default=10_000, help="agents, each with a connection of its own"
    )
    parser.add_argument("--seconds", type=float, default=150.0, help="of the measured window")
    parser.add_argument("--ramp", type=float, default=60.0, help="first connections are spread over this [s]")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Return the report; see docs/benchmarks.md. ``correct``: each reading that was due was made and is stored once."""
    town = agents_of(whole_town(options.devices))
    everybody = replace(town, devices=(*town.devices, *load_devices(options.devices, PREFIX)))
    with database(options.dsn, everybody) as db, psycopg.connect(db.dsn, autocommit=True) as conn:
        with (
            broker(db.folder) as mosquitto,
            running(OURS, db, mosquitto, BATCH_ROWS) as ingester,
        ):
            watched = {
                "broker": Watched(mosquitto.pid),
                "ingester": Watched(ingester),
                "database": Watched(db.pid, (conn.info.backend_pid,)),
            }
            say(f"agents: {options.devices} connect")
            fleet, cpu_s = _agents(db, mosquitto, watched, options)
            stored = number(conn, "select count(*) from frog_reading")
            once = number(conn, "select count(distinct (device_id, boot, seq)) from frog_reading")
            say("agents: the same without agents")
            load, load_cpu_s = _load(mosquitto, watched, options)
        return {
            "benchmark": "agents",
            "correct": _correct(fleet, stored, once, options.devices),
            "machine": machine(db.label, broker_label()),
            "conditions": _conditions(options, town),
            "figures": {
                "agents": _costs(
                    cpu_s | {"fleet": fleet["cpu_s"]}, fleet["receipted"], fleet["seconds"], options
                )
                | {
                    "memory_kb_per_device": round(
                        1e3 * (fleet["memory_mb"] - fleet["memory_before_agents_mb"]) / options.devices, 1
                    )
                },
                "load": _costs(
                    load_cpu_s | {"fleet": load["cpu_s"]}, load["receipted"], load["seconds"], options
                ),
                "fleet": fleet,
                "generator": load,
            },
            "ratio": {"fleet_cpu": _ratio(fleet, load)},
        }


def _agents(
    db: Database, mosquitto: EmbeddedMosquitto, watched: Mapping[str, Watched], options: argparse.Namespace
) -> tuple[dict[str, Any], Cpu]:
    folder = db.folder / "agents"
    folder.mkdir()
    numbers = (mosquitto.port, options.devices, options.seconds, options.ramp, folder)
    with _child("bench.agents_fleet", numbers) as words:
        _until(words, "begin")
        before = _all(watched)
        _until(words, "end")
        cpu_s = used_s(before, _all(watched))
        return _until(words, "done"), cpu_s


def _load(
    mosquitto: EmbeddedMosquitto, watched: Mapping[str, Watched], options: argparse.Namespace
) -> tuple[dict[str, Any], Cpu]:
    """Play as many readings a second as the agents make, for as long."""
    rate = max(1, round(options.devices / CADENCE_S))
    numbers = (mosquitto.port, options.devices, round(rate * options.seconds), int(time.time()), 60, rate)
    before = _all(watched)
    done = subprocess.run(
        [sys.executable, "-m", "bench.generator", *map(str, numbers)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
    )
    cpu_s = used_s(before, _all(watched))
    report: dict[str, Any] = json.loads(done.stdout)
    return report, cpu_s


def _conditions(options: argparse.Namespace, town: Registry) -> dict[str, Any]:
    return {
        "devices": len(town.devices),
        "cadence_s": CADENCE_S,
        "window_s": options.seconds,
        "connections": {"agents": options.devices, "load": 16},
        "ramp_s": options.ramp,
        "batch_rows": BATCH_ROWS,
    }


def _costs(cpu_s: Cpu, readings: int, seconds: float, options: argparse.Namespace) -> dict[str, Any]:
    device_hours = options.devices * seconds / HOUR_S
    return {
        "cpu_s_per_1000_device_hours": {
            n: None if used is None else round(1000 * used / device_hours, 2) for n, used in cpu_s.items()
        },
        "cpu_us_per_reading": {
            n: None if used is None else round(1e6 * used / readings) for n, used in cpu_s.items()
        },
        "share_of_a_core": {
            n: None if used is None else round(used / seconds, 4) for n, used in cpu_s.items()
        },
    }


def _ratio(fleet: Mapping[str, Any], load: Mapping[str, Any]) -> float:
    """Return how many times the generator's CPU time a reading costs with an agent."""
    return float(round((fleet["cpu_s"] / fleet["receipted"]) / (load["cpu_s"] / load["receipted"]), 1))


def _correct(fleet: Mapping[str, Any], stored: int, once: int, devices: int) -> bool:
    made_all = 0 <= fleet["due"] - fleet["made"] <= max(1, fleet["due"] // 1000)  # due in the last turn
    kept_all = fleet["drained"] and fleet["created_in_all"] == stored == once
    return bool(made_all and kept_all and min(fleet["connected"]) == devices)


def _all(watched: Mapping[str, Watched]) -> Cpu:
    return {name: tree_cpu_s(w) for name, w in watched.items()}


@contextmanager
def _child(module: str, numbers: tuple[object, ...]) -> Iterator[Iterator[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", module, *map(str, numbers)], cwd=Path(ROOT), stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield iter(process.stdout)
        process.wait()
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def _until(words: Iterator[str], what: str) -> dict[str, Any]:
    """Return what the child says under a name; TransientError where it ended before."""
    for line in words:
        said: dict[str, Any] = json.loads(line)
        say(f"agents: {said['what']}")
        if said["what"] == what:
            return said
    raise TransientError(f"the fleet ended before it said {what!r}")
