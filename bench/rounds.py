"""A day's rounds: 1,000 bins, six lorries, two tips; the searching planner beside insertion and a long run.

CPU seconds of one core, from the roads in memory to the checked plan: ways between all stops, search, breaks, check.
The same search with ten times the time says how far a minute's plan is from what more time would give.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.machine import machine
from bench.rounds_day import Size, day
from bench.rounds_town import grid
from bench.stack import say
from ops_api.fleet_bench import network_of
from rules.core.carp.pace import Budget
from rules.core.rounds.case_of import case_of
from rules.core.rounds.plan import RoundPlan
from rules.core.rounds.planner import Inserting, RoundPlanner
from rules.core.rounds.request import RoundRequest
from rules.core.rounds.searching import Searching
from rules.core.rounds.verify import RoundsCheck, Verdict

WANTED_GAP_PCT = 3.0
CHECKING_S = 12.0
"""CPU time kept back for the first insertion, breaks, streets, reasons and the check [s]."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``bench rounds``."""
    parser.add_argument(
        "--map", type=Path, help="a map as cityops network import reads it; else a made-up town"
    )
    parser.add_argument("--bins", type=int, default=1000, help="that may be emptied")
    parser.add_argument("--lorries", type=int, default=6, help="in one yard")
    parser.add_argument(
        "--within", type=float, default=4000.0, help="metres from the middle in which bins stand"
    )
    parser.add_argument("--seconds", type=float, default=60.0, help="CPU seconds, ways and check included")
    parser.add_argument(
        "--long", type=float, default=0.0, help="CPU seconds of the search of a long run; 0: none"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the bins and of the search")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Return the report; see docs/benchmarks.md."""
    network = grid() if options.map is None else network_of(options.map)
    size = Size(options.bins, options.lorries, within_m=options.within, seed=options.seed)
    say(f"rounds: {size.bins} bins, {size.lorries} lorries, {len(network.arcs)} arcs")
    request = day(network, size)
    began = time.process_time()
    case = case_of(request)
    ways_s = time.process_time() - began
    built = _measured(request, lambda _: Inserting(), ways_s)
    quick = _measured(request, lambda used: _searching(options, used), ways_s, options.seconds)
    report = {"inserting": built, "searching": quick}
    if options.long > 0.0:
        budget = Budget(seconds=options.long, clock=time.process_time)
        report["long"] = _measured(request, lambda _: Searching(budget, options.seed), ways_s)
    return {
        "benchmark": "rounds",
        "correct": all(not r["wrong"] for r in report.values()),
        "machine": machine(),
        "conditions": {
            "map": "made up" if options.map is None else options.map.name,
            "arcs": len(network.arcs),
            "bins": size.bins,
            "must_go": sum(c.must for c in request.candidates),
            "reachable": len(case.jobs),
            "lorries": size.lorries,
            "tips": len(case.tips),
            "seed": options.seed,
            "seconds": options.seconds,
            "long_seconds": options.long or None,
        },
        "figures": {"ways_cpu_s": round(ways_s, 1), **report},
        "ratio": _ratios(report),
    }


def _searching(options: argparse.Namespace, used_s: float) -> RoundPlanner:
    left = max(1.0, options.seconds - used_s - CHECKING_S)
    return Searching(Budget(seconds=left, clock=time.process_time), options.seed)


def _measured(
    request: RoundRequest,
    planner: Callable[[float], RoundPlanner],
    ways_s: float,
    most_s: float | None = None,
) -> dict[str, Any]:
    """Plan, check, and return figures; ``ways_s``: what the ways took, which all planners share."""
    began = time.process_time()
    plan = planner(ways_s)(request)
    verdict = RoundsCheck(request.network, request.fleet).verdict(plan)
    cpu_s = ways_s + time.process_time() - began
    figures = _figures(plan, verdict, cpu_s)
    return figures if most_s is None else figures | {"in_time": cpu_s <= most_s}


def _figures(plan: RoundPlan, verdict: Verdict, cpu_s: float) -> dict[str, Any]:
    driven = [r for r in plan.rounds if r.stops]
    return {
        "cpu_s": round(cpu_s, 1),
        "cost_gbp": round(plan.costs.total_gbp, 2),
        "lorries_gbp": round(plan.costs.lorries_gbp, 2),
        "left_gbp": round(plan.costs.left_gbp, 2),
        "km": round(plan.metres / 1000.0, 1),
        "bins": len(plan.lorry_of),
        "musts_missed": len(verdict.missed),
        "lorries": len(driven),
        "trips": sum(sum(s.kind == "tip" for s in r.stops) for r in driven),
        "overtime_min": round(sum(r.overtime_s for r in driven) / 60.0),
        "iterations": plan.made_from.iterations,
        "wrong": list(verdict.wrong[:5]),
    }


def _ratios(report: dict[str, dict[str, Any]]) -> dict[str, float | None]:
    cost = {name: figures["cost_gbp"] for name, figures in report.items()}
    found: dict[str, float | None] = {
        "inserting": round(cost["inserting"] / cost["searching"], 3),
        "gap_pct": None,
    }
    if "long" in cost:
        found["gap_pct"] = round(100.0 * (cost["searching"] / cost["long"] - 1.0), 2)
        found["wanted_gap_pct"] = WANTED_GAP_PCT
    return found
