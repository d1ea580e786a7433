"""The rules engine over a frost night: CPU per reading by step size, against a step per reading.

The core alone: no database, readings made beforehand. A step per reading is what an
``on_message`` callback would do, and the engine's own promise makes it comparable: however
the readings are cut into steps, decisions, alarms and events come out the same, which is checked.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from bench.figures import per_item_us
from bench.frost_night import Night, batches, frost_night
from bench.machine import machine
from bench.stack import say
from rules.catalogue.loader import load
from rules.core.context import build_context
from rules.core.effects import Effect, LateReadings, SubjectState
from rules.core.engine import step
from rules.core.late import LateSpan, late_spans
from rules.core.memory import EngineState

BASELINE_SIZE = 1


@dataclass(frozen=True, slots=True)
class Pass:
    """One pass over the night: CPU time in the engine [s], steps, and what came of it but states.

    Late readings are told by step; ``late``: over the night, as the store merges them.
    """

    cpu_s: float
    steps: int
    outcome: Sequence[Effect]
    late: tuple[LateSpan, ...]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``bench rules``."""
    parser.add_argument("--hours", type=float, default=17.0, help="of the night, from 15:00")
    parser.add_argument(
        "--step", type=int, nargs="+", default=[10, 100, 1_000, 10_000], help="readings per step"
    )
    parser.add_argument(
        "--repeats", type=int, default=3, help="passes for each step size; figures are medians"
    )


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Return the report; see docs/benchmarks.md."""
    say(f"rules: making {options.hours:g} h of readings")
    night = frost_night(options.hours)
    n = len(night.readings)
    cases = _in_turn(night, [BASELINE_SIZE, *options.step], options.repeats)
    baseline = cases.pop(BASELINE_SIZE)
    base_us = _cost_us(baseline, n)
    expected, late = baseline[0].outcome, baseline[0].late
    return {
        "benchmark": "rules",
        "correct": all(
            (p.outcome, p.late) == (expected, late) for passes in [baseline, *cases.values()] for p in passes
        ),
        "machine": machine(),
        "conditions": {
            "scenario": "frost_night",
            "hours": options.hours,
            "devices": Counter(d.kind for d in night.registry.devices),
            "segments": len(night.registry.segments),
            "readings": n,
            "repeats": options.repeats,
            "outcome": Counter(type(e).__name__ for e in expected),
        },
        "figures": [_figures(size, passes, n, base_us) for size, passes in cases.items()],
        "baseline": _figures(BASELINE_SIZE, baseline, n, base_us),
    }


def one_pass(night: Night, size: int) -> Pass:
    """Take the night through the engine in steps of ``size`` readings."""
    ctx = build_context(night.registry, load(), ZoneInfo("Europe/London"))
    state, found, cpu_s, steps = EngineState(), list[Effect](), 0.0, 0
    for batch, latest_s in batches(night.readings, size):
        began_s = time.process_time()
        state, effects = step(state, batch, latest_s, ctx)
        cpu_s += time.process_time() - began_s
        found += [e for e in effects if not isinstance(e, SubjectState)]
        steps += 1
    outcome = [e for e in found if not isinstance(e, LateReadings)]
    return Pass(cpu_s, steps, outcome, tuple(late_spans(found)))


def _in_turn(night: Night, sizes: list[int], repeats: int) -> dict[int, list[Pass]]:
    """Return the passes by step size; the sizes take turns, so that all meet the same neighbours."""
    passes: dict[int, list[Pass]] = {size: [] for size in sizes}
    for i in range(repeats):
        for size, done in passes.items():
            say(f"rules: {size} readings a step, pass {i + 1} of {repeats}")
            done.append(one_pass(night, size))
    return passes


def _cost_us(passes: list[Pass], readings: int) -> float:
    return median(per_item_us(p.cpu_s, readings) or 0.0 for p in passes)


def _figures(size: int, passes: list[Pass], readings: int, base_us: float) -> dict[str, Any]:
    cost_us = _cost_us(passes, readings)
    return {
        "readings_per_step": size,
        "steps": passes[0].steps,
        "cpu_us_per_reading": round(cost_us, 1),
        "cpu_us_spread": [round(f([_cost_us([p], readings) for p in passes]), 1) for f in (min, max)],
        "readings_per_cpu_second": round(1e6 / cost_us),
        "ratio": round(base_us / cost_us, 2),
    }
