"""What must be collected, decided by the engine: CPU of a step in which each of many bins is over its limit.

A step has one reading of each bin, and one bin more is full than before, so the list is decided anew; of it the rule alone, too. The made-up town of
``bench rounds``; no database.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from statistics import median
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

import numpy as np

from bench.machine import machine
from bench.rounds_town import grid
from devices.registry import BinSite, Depot, Device, Registry
from rules.catalogue.loader import load
from rules.core import round_rule
from rules.core.context import Context, build_context
from rules.core.effects import Decision
from rules.core.engine import FIELDS_OF_KIND, step
from rules.core.memory import EngineState
from rules.core.psychrometrics import Floats
from rules.core.readings import ReadingBatch, Readings
from rules.core.work import Work

START_S = datetime(2026, 5, 5, 9, tzinfo=UTC).timestamp()
EVERY_S, WARM_UP = 2700.0, 4


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``bench bin_round``."""
    parser.add_argument("--bins", type=int, default=1_000, help="bins over their limit")
    parser.add_argument("--steps", type=int, default=8, help="steps that decide")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Measure; ``correct``: each step decided once, and all that has been found full must go."""
    town = _town(options.bins + options.steps)
    ctx, state = build_context(town, load(), ZoneInfo("Europe/London")), EngineState()
    cpu_s, rule_s, musts = [], [], []
    for at_s, fill_pct in _levels(options.bins, options.steps):
        batch = _batch(town, at_s, fill_pct)
        began = time.process_time()
        with _timed() as took_s:
            state, effects = step(state, batch, at_s + 60.0, ctx)
        cpu_s.append(time.process_time() - began)
        rule_s.append(sum(took_s))
        decided = [e for e in effects if isinstance(e, Decision)]
        musts.append([len([c for c in e.result["candidates"] if c["must"]]) for e in decided])
    # A reading or two later than they are over: a full bin must be so more than once.
    settled = [options.bins + k - 1 for k in range(options.steps)]
    return {
        "machine": machine(),
        "conditions": {"bins": options.bins, "steps": options.steps},
        "figures": {
            "step_ms": 1000.0 * median(cpu_s[WARM_UP:]),
            "rule_ms": 1000.0 * median(rule_s[WARM_UP:]),
        },
        "correct": all(len(m) == 1 and m[0] >= n for m, n in zip(musts[WARM_UP:], settled, strict=True)),
    }


@contextmanager
def _timed() -> Iterator[list[float]]:
    """Yield what the rule takes of a step's CPU [s], each time it is asked."""
    took_s: list[float] = []

    def evaluate(work: Work, ctx: Context, at_s: float) -> None:
        began = time.process_time()
        decide(work, ctx, at_s)
        took_s.append(time.process_time() - began)

    decide = round_rule.evaluate
    with patch.object(round_rule, "evaluate", evaluate):
        yield took_s


def _levels(bins: int, steps: int) -> Iterator[tuple[float, Floats]]:
    """Yield times and the fills [%] then: ``bins`` are full from the beginning, one more in each step after the first few."""
    full = 88.0 + 9.0 * np.arange(bins + steps) / (bins + steps)
    for k in range(WARM_UP + steps):
        over = np.arange(bins + steps) < bins + k - WARM_UP + 1
        yield START_S + EVERY_S * k, np.where(over, full, 5.0)


def _batch(town: Registry, at_s: float, fill_pct: Floats) -> ReadingBatch:
    n = len(town.bins)
    told = {"distance_mm": 1000.0 - 8.0 * fill_pct, "temperature_c": np.full(n, 12.0)}
    return {
        "bin": Readings(
            position=np.arange(n, dtype=np.int64),
            ts_s=np.full(n, at_s),
            device=[b.device for b in town.bins],
            quality=np.zeros(n, dtype=np.int64),
            fields={f: told.get(f, np.full(n, np.nan)) for f in FIELDS_OF_KIND["bin"]},
        )
    }


def _town(bins: int) -> Registry:
    network, rng = grid(), np.random.default_rng(1)
    at = rng.choice(len(network.nodes), bins, replace=bins > len(network.nodes))
    sites = tuple(
        BinSite(
            bin_id=f"b{i:05}", label=f"Bin {i}", street=f"Street {n % 97}", device=f"bin-{i:05}",
            latitude_deg=network.nodes[n].latitude_deg, longitude_deg=network.nodes[n].longitude_deg,
        )
        for i, n in enumerate(at.tolist())
    )  # fmt: skip
    installed = datetime(2025, 1, 1, tzinfo=UTC)
    return Registry(
        name="bench",
        devices=tuple(
            Device(name=s.device, kind="bin", shard=0, cadence_s=1800, installed_at=installed) for s in sites
        ),
        nodes=tuple(network.nodes),
        segments=tuple(network.graph.segments),
        depots=(Depot(depot_id="d", label="Depot", node_id=network.nodes[0].node_id),),
        bins=sites,
    )
