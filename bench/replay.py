"""A replay of the shipped catalogue over a frost night: readings per second of CPU, months of a town per minute.

The engine and what collects its effects, from readings in memory; reading them from a database is
not in it. CPU time, as the machine may be shared; a month is 30 days of a town of 1,000 devices at
the cadence of this one's.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from bench.frost_night import Night, batches, frost_night
from bench.machine import machine
from bench.stack import say
from rules.catalogue.loader import load
from rules.core.context import build_context
from rules.core.diff import compare
from rules.core.replayed import Replayed
from rules.replay.memory import MemoryReadings
from rules.replay.runner import run as play

MONTH_S = 30 * 86_400.0
TOWN = 1_000


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``bench replay``."""
    parser.add_argument("--hours", type=float, default=17.0, help="of the night, from 15:00")
    parser.add_argument("--repeats", type=int, default=3, help="passes; figures are medians")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Return the report; see docs/rules-catalogue.md."""
    say(f"replay: making {options.hours:g} h of readings")
    night = frost_night(options.hours)
    passes = []
    for i in range(options.repeats):
        say(f"replay: pass {i + 1} of {options.repeats}")
        passes.append(one_pass(night))
    cpu_s, n = median(s for _, s in passes), len(night.readings)
    month = n * MONTH_S / (options.hours * 3600.0) * TOWN / len(night.registry.devices)
    first = passes[0][0]
    return {
        "benchmark": "replay",
        "correct": first.readings == n and all(compare(first, found) == () for found, _ in passes),
        "machine": machine(),
        "conditions": {
            "scenario": "frost_night",
            "hours": options.hours,
            "devices": Counter(d.kind for d in night.registry.devices),
            "segments": len(night.registry.segments),
            "readings": n,
            "repeats": options.repeats,
            "outcome": {"alarms": len(first.alarms), "decisions": len(first.decisions)},
        },
        "figures": [
            {
                "cpu_us_per_reading": round(1e6 * cpu_s / n, 1),
                "readings_per_cpu_second": round(n / cpu_s),
                "readings_of_a_month": round(month),
                "months_of_1000_devices_per_cpu_minute": round(60.0 * n / cpu_s / month, 3),
            }
        ],
    }


def one_pass(night: Night) -> tuple[Replayed, float]:
    """Play the night; return what came of it and the CPU time [s]."""
    ctx = build_context(night.registry, load(), ZoneInfo("Europe/London"))
    [(readings, latest_s)] = batches(night.readings, len(night.readings))
    first_s = min(float(r.ts_s.min()) for r in readings.values())
    began_s = time.process_time()
    found = play(MemoryReadings(readings), ctx, first_s, latest_s + 1.0, 0.0)
    return found, time.process_time() - began_s
