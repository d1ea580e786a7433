"""Bins' emptyings: precision and recall on traces with published noise, beside the usual drop rule; CPU per reading of the engine.

The traces are made, with the truth beside (``bench/bins/traces.py``): compaction, settling, jammed sensors, bins knocked
over and stuck sensors are among them, and a third of the bins is emptied at about 30 %. Correct: every set of readings at
least hourly has precision and recall of 0.98.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from statistics import median, quantiles
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from bench.baselines.bin_drop import drop_rule, first_rule
from bench.bins.runs import SHAPE, Score, emptied, run_trace, seen_of
from bench.bins.traces import DAILY, HALF_HOURLY, HOURLY, WORST, Noise, Trace, trace
from bench.machine import machine
from bench.stack import say
from devices.registry import BinSite, Device, Registry
from rules.catalogue.loader import load
from rules.core.context import build_context
from rules.core.engine import step
from rules.core.memory import EngineState
from rules.core.readings import ReadingBatch, Readings

WANTED = 0.98
SETS: Mapping[str, tuple[Noise, bool]] = {
    "half-hourly": (HALF_HOURLY, True),
    "hourly": (HOURLY, True),
    "half-hourly, most noise": (WORST, True),
    "daily": (DAILY, False),
}
"""Noise by name, and whether the figures wanted are wanted of it."""
START = datetime(2026, 1, 9, tzinfo=UTC)
STEP_READINGS = 1000


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``bench bin_emptying``."""
    parser.add_argument("--bins", type=int, default=200, help="traces of each set")
    parser.add_argument("--days", type=float, default=90.0)
    parser.add_argument("--seed", type=int, default=10_000, help="of the first trace")
    parser.add_argument("--engine-bins", type=int, default=10_000, help="half-hourly through the engine")
    parser.add_argument("--engine-hours", type=int, default=6)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Return the report; see docs/benchmarks.md."""
    sets = {name: _set(name, noise, options) for name, (noise, _) in SETS.items()}
    judged = [s["here"] for name, s in sets.items() if SETS[name][1]]
    return {
        "benchmark": "bin_emptying",
        "correct": all(min(s["precision"], s["recall"]) >= WANTED for s in judged),
        "machine": machine(),
        "conditions": {"bins": options.bins, "days": options.days, "seed": options.seed},
        "sets": sets,
        "engine": _engine(options.engine_bins, options.engine_hours),
    }


def _set(name: str, noise: Noise, options: argparse.Namespace) -> dict[str, Any]:
    """Return how well every rule finds the emptyings of one set."""
    say(f"bin_emptying: {options.bins} bins, {options.days:g} days, {name}")
    rules = ("here", "here, with lorries", "first rule", "drop rule")
    scores = {rule: Score() for rule in rules}
    fuller = Score()
    errors: list[float] = []
    readings, cpu_s, denied = 0, 0.0, 0
    for seed in range(options.seed, options.seed + options.bins):
        made = trace(seed, options.days, noise)
        begin_s = time.process_time()
        alone = run_trace(made, lorries=False)
        cpu_s += time.process_time() - begin_s
        readings += len(made.readings)
        errors += alone.errors_pct
        with_lorries = run_trace(made, lorries=True)
        denied += sum(f.what == "not_emptied" for f in with_lorries.found)
        points = [(s.at_s, s.fill_pct) for s, _ in seen_of(made) if s.fill_pct is not None]
        found = {
            "here": [f.at_s for f in emptied(alone.found)],
            "here, with lorries": [f.at_s for f in emptied(with_lorries.found)],
            "first rule": first_rule(points, SHAPE.noise_pct),
            "drop rule": drop_rule(points),
        }
        for rule in rules:
            scores[rule].add(made.emptied_s, found[rule], noise)
        fuller.add([t for t, _ in _fuller(made)], found["here"], noise)
    return {
        "noise": {k: getattr(noise, k) for k in noise.__dataclass_fields__},
        "readings": readings,
        "emptyings": scores["here"].hits + scores["here"].missed,
        **{rule: _figures(score) for rule, score in scores.items()},
        "recall of bins from 60 %": round(fuller.recall, 4),
        "not_emptied told, none so": denied,
        "level_error_pct": {"median": round(median(errors), 2), "p95": round(quantiles(errors, n=20)[-1], 2)},
        "cpu_us_per_reading": round(1e6 * cpu_s / readings, 1),
    }


def _fuller(made: Trace) -> list[tuple[float, float]]:
    both = zip(made.emptied_s, made.emptied_from_pct, strict=True)
    return [(at_s, pct) for at_s, pct in both if pct >= 60.0]


def _figures(score: Score) -> dict[str, Any]:
    return {
        "precision": round(score.precision, 4), "recall": round(score.recall, 4),
        "found": score.hits, "missed": score.missed, "false": score.false,
    }  # fmt: skip


def _engine(bins: int, hours: int) -> dict[str, Any]:
    """Return the CPU time of the whole engine per reading of a bin, in steps of a thousand."""
    say(f"bin_emptying: {bins} bins through the engine")
    registry = _town(bins)
    ctx = replace(build_context(registry, load(), ZoneInfo("Europe/London")), lateness_s=300.0)
    rng = np.random.default_rng(1)
    level, rate = rng.uniform(0, 60, bins), rng.uniform(0.2, 2, bins)
    phase_s = np.sort(rng.uniform(0, 1800, bins))
    state, cpu_s, readings = EngineState(), 0.0, 0
    for k in range(2 * hours):
        level = np.where(level >= 95.0, 3.0, level + rate / 2.0)
        mm = np.maximum(35.0, 1000.0 - 8.0 * level + rng.normal(0, 10, bins))
        mm = np.where(rng.random(bins) < 0.03, 20.0, mm)
        for first in range(0, bins, STEP_READINGS):
            part = slice(first, first + STEP_READINGS)
            batch = _batch(START.timestamp() + 1800.0 * k + phase_s[part], registry, part, mm[part])
            latest_s = float(batch["bin"].ts_s[-1])
            begin_s = time.process_time()
            state, _ = step(state, batch, latest_s, ctx)
            cpu_s += time.process_time() - begin_s
            readings += len(batch["bin"])
    return {
        "bins": bins,
        "hours": hours,
        "readings": readings,
        "cpu_us_per_reading": round(1e6 * cpu_s / readings, 1),
    }


def _town(bins: int) -> Registry:
    installed = datetime(2025, 1, 1, tzinfo=UTC)
    return Registry(
        name="bins",
        devices=tuple(
            Device(name=f"bin-{i}", kind="bin", shard=0, cadence_s=1800, installed_at=installed)
            for i in range(bins)
        ),
        bins=tuple(
            BinSite(
                bin_id=f"b{i}", label="Street", street="Street", device=f"bin-{i}",
                latitude_deg=52.0 + i % 100 / 1000.0, longitude_deg=i / 1e5,
            )
            for i in range(bins)
        ),
    )  # fmt: skip


def _batch(
    ts_s: np.ndarray[Any, np.dtype[np.float64]], registry: Registry, part: slice, mm: Any
) -> ReadingBatch:
    n = len(ts_s)
    return {
        "bin": Readings(
            position=np.arange(n, dtype=np.int64), ts_s=ts_s, device=[d.name for d in registry.devices[part]],
            quality=np.zeros(n, dtype=np.int64),
            fields={"distance_mm": mm, "temperature_c": np.full(n, 8.0), "battery_pct": np.full(n, 80.0)},
        )
    }  # fmt: skip
