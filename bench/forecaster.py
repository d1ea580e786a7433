"""Road forecast: on seeded nights of the simulated town, with right, wrong and no weather forecasts, beside two baselines.

The forecaster gets readings and forecasts only, as in operation; the town's truth is for the score.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bench.machine import machine
from bench.nights.judged import AT_HOURS, SEEN_DAYS, WEATHERS, Judged, judged
from bench.nights.scores import LEADS_H, Flags, chances, errors, groups, reliability
from bench.nights.script import KINDS
from bench.nights.town import play
from bench.stack import say
from firmware_sim.world.town import TownSizes
from rules.core.road_surface.skyline import open_country

GROUPS = ("sensors", "without_sensor", "hills", "valleys")
Beside = list[tuple[Judged, Mapping[str, Flags]]]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``bench forecaster``."""
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2], help="of town, weather and devices")
    parser.add_argument("--nights", type=int, default=10, help="of each town")
    parser.add_argument("--learnt", type=int, default=4, help="first nights that are learnt from only")
    parser.add_argument("--segments", type=int, default=160, help="of each town")
    parser.add_argument("--sensors", type=int, default=16, help="road sensors of each town")
    parser.add_argument(
        "--no-shadow", action="store_true", help="the forecaster takes all roads as open to the sun"
    )


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Return the report; see docs/benchmarks.md."""
    sizes = TownSizes(
        homes=0, bins=0, road_sensors=options.sensors, weather_stations=2, gritters=2,
        segments=options.segments, routes=2,
    )  # fmt: skip
    began, found = time.process_time(), Beside()
    for seed in options.seeds:
        say(f"forecaster: town {seed}, {options.nights} nights")
        town = play(seed, options.nights, sizes)
        if options.no_shadow:
            bare = replace(town.stretches, skyline=open_country(len(town.stretches)))
            town = replace(town, stretches=bare)
        of = groups(town.stretches)
        found += [(j, of) for j in judged(town, skip_nights=max(options.learnt, SEEN_DAYS))]
    figures = {w: _figures([(j, g) for j, g in found if j.weather == w]) for w in WEATHERS}
    return {
        "benchmark": "forecaster",
        "machine": machine(),
        "conditions": {
            "seeds": options.seeds, "nights": options.nights, "learnt_from_only": options.learnt,
            "segments": options.segments, "sensors": options.sensors, "stations": 2,
            "issues_at_h": list(AT_HOURS), "issues": len(found) // len(WEATHERS), "shadow": not options.no_shadow,
        },
        "figures": figures,
        "cpu_s": round(time.process_time() - began, 1),
        "correct": _keeps(figures),
    }  # fmt: skip


def _figures(found: Beside) -> dict[str, Any]:
    mine = [j for j, _ in found]
    return {
        "all": errors(found),
        **{g: errors(found, g)["forecast"] for g in GROUPS},
        "by_night": {
            k: errors(of)["forecast"] for k in KINDS if (of := [(j, g) for j, g in found if j.kind == k])
        },
        "chances": chances(mine),
        "reliability": reliability(mine),
    }


def _keeps(figures: Mapping[str, Any]) -> bool:
    """Whether right weather is at least as good as none from 3 h on, and better than both baselines."""
    right, none = (figures[w]["all"] for w in ("perfect", "stations"))
    ours = {h: right["forecast"][f"{h}h"]["rmse_c"] for h in LEADS_H if h >= 3}
    beaten = all(
        ours[h] < right[b][f"{h}h"]["rmse_c"] for h in ours for b in ("persistence", "air_and_offset")
    )
    return beaten and all(ours[h] <= none["forecast"][f"{h}h"]["rmse_c"] for h in ours)
