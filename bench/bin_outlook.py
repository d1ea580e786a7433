"""The outlook of bins: CPU of a full hour over many bins, and of telling each bin's state afterwards.

Levels rise by random steps and bins are emptied at 90 %; no readings, no database: the rule alone on memory as the engine has
it. The time of the rule is apart from that of telling, which is the same for every other reason to tell of a bin.
"""

from __future__ import annotations

import argparse
import time
from datetime import UTC, datetime
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import numpy as np

from bench.machine import machine
from devices.registry import BinSite, Registry
from rules.catalogue.loader import load
from rules.core import bin_rule
from rules.core.bin_level.state import Fills, Track
from rules.core.bin_outlook import rule
from rules.core.context import Context, build_context
from rules.core.memory import BinMemory, EngineState
from rules.core.patience import NOTHING
from rules.core.psychrometrics import Floats
from rules.core.work import Work

START_S = datetime(2026, 5, 4, 12, tzinfo=UTC).timestamp()
HOUR_S, PLACES, EMPTIED_PCT = 3600.0, 8, 90.0


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``bench bin_outlook``."""
    parser.add_argument("--bins", type=int, default=10_000, help="bins that all report each hour")
    parser.add_argument("--hours", type=int, default=48, help="full hours, half of them to warm up")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Measure; ``correct``: every bin has an outlook, and every chance is one."""
    ctx, rng = _town(options.bins), np.random.default_rng(1)
    state, fill, emptied_s = EngineState(), rng.uniform(0.0, 80.0, options.bins), np.zeros(options.bins)
    rule_ms, flush_ms, tell_ms = [], [], []
    for hour in range(options.hours):
        at_s = START_S + HOUR_S * hour
        fill += rng.gamma(0.15, 6.0, options.bins)
        full = fill > EMPTIED_PCT
        fill[full], emptied_s[full] = 0.0, at_s - HOUR_S / 2.0
        work = Work(msgspec.structs.replace(state, bin=_memory(ctx, fill, emptied_s, at_s - 300.0)))
        began = time.process_time()
        rule.evaluate(work, ctx, at_s)
        decided = time.process_time()
        work.read("bin_outlook")
        flushed = time.process_time()
        bin_rule.tell_all(work, ctx)
        told = time.process_time()
        rule_ms.append(1000.0 * (decided - began))
        flush_ms.append(1000.0 * (flushed - decided))
        tell_ms.append(1000.0 * (told - flushed))
        state, effects = work.finish(at_s, at_s, NOTHING)
    outlooks = [e.state["outlook"] for e in effects if getattr(e, "subject_kind", "") == "bin"]  # type: ignore[union-attr]
    half = options.hours // 2
    return {
        "benchmark": "bin_outlook",
        "machine": machine(),
        "bins": options.bins,
        "hours": options.hours - half,
        "rule_cpu_ms": _summary(rule_ms[half:]),
        "memory_cpu_ms": _summary(flush_ms[half:]),
        "tell_cpu_ms": _summary(tell_ms[half:]),
        "correct": len(outlooks) == options.bins and all(0.0 <= o["p_overflow"] <= 1.0 for o in outlooks),
    }


def _summary(ms: list[float]) -> dict[str, float]:
    return {"median": round(median(ms), 2), "max": round(max(ms), 2)}


def _memory(ctx: Context, fill: Floats, emptied_s: Floats, at_s: float) -> dict[str, BinMemory]:
    return {
        b: BinMemory(
            at_s, START_S, Fills(track=Track(at_s, x, 0.0, 1.0, 0.0, 0.0), filtered=(x,), emptied_s=t or None)
        )
        for b, x, t in zip(ctx.bins, fill.tolist(), emptied_s.tolist(), strict=True)
    }


def _town(n: int) -> Context:
    bins = tuple(
        BinSite(
            bin_id=f"bin-{i}", label=f"Place {i % PLACES}, number {i}", street="High Street", device=f"bin-{i}",
            latitude_deg=52.0, longitude_deg=0.1,
        )
        for i in range(n)
    )  # fmt: skip
    return build_context(Registry(name="bins", bins=bins), load(), ZoneInfo("Europe/London"))
