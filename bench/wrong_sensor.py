"""One road sensor 2 °C wrong, each in turn: whether its neighbours find it, and which decisions it changes.

The scenario ``frost_night`` after a day that was watched, through the road forecaster's service and the engine, with the
stores in memory; once with all sensors right, then with each of them wrong, too warm and too cold.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import structlog
from msgspec import structs

from bench.frost_night import Night, batches
from bench.machine import machine
from bench.stack import say
from cityops.clock import ManualClock
from firmware_sim.scenario import load_scenario
from firmware_sim.world.town import TownSizes, generate_town
from firmware_sim.world.world import World
from rules.catalogue.loader import load
from rules.core.context import Context, build_context
from rules.core.engine import step
from rules.core.memory import EngineState
from rules.core.readings import ReadingBatch
from rules.core.route_words import action_of
from rules.core.stitch import stitch
from rules.winter.forecaster.memory import MemoryRoadForecasts
from rules.winter.forecaster.ports import Installed
from rules.winter.forecaster.service import RoadForecaster
from rules.winter.weather.memory import MemoryForecasts

START = datetime(2026, 1, 14, 15, 0, tzinfo=UTC)
WATCHED_H = 24.0
"""The night comes so long after the beginning."""
LOOKS_H = (26.0, 29.0)
"""17:00 and 20:00 of the night: a road forecast, and the decisions that stand a little later."""
AFTER_H = 0.5
EVERY_S = 1200.0
SEED = 1
FIELD = "surface_temperature_c"
Standing = tuple[str, float, int]
"""Of a route: action, rate [g/m²], stretches to treat."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``bench wrong_sensor``."""
    parser.add_argument("--segments", type=int, default=160)
    parser.add_argument("--sensors", type=int, default=16)
    parser.add_argument("--routes", type=int, default=2)
    parser.add_argument("--error-c", type=float, default=2.0)
    parser.add_argument(
        "--since-h", type=float, default=0.0, help="from when on it is wrong, h after the first 15:00"
    )
    parser.add_argument("--at-most", type=int, default=None, help="so many sensors, not all")


@dataclass(frozen=True, slots=True)
class Result:
    """A night: what stood on each route at each look, and what was said of sensors at the last."""

    standing: tuple[Mapping[str, Standing], ...]
    errors_c: tuple[Mapping[str, float], ...]


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Return the report; see docs/winter-nights.md."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    say("wrong_sensor: a night and the day before it")
    night = watched_night(options)
    ctx = build_context(night.registry, load(), ZoneInfo("Europe/London"))
    good = asyncio.run(_night(night, ctx, {}, 0.0))
    rows = []
    for sensor in ctx.sensors[: options.at_most]:
        for error_c in (options.error_c, -options.error_c):
            since_s = START.timestamp() + 3600.0 * options.since_h
            bad = asyncio.run(_night(night, ctx, {sensor: error_c}, since_s))
            rows.append(_row(sensor, error_c, good, bad))
            say(f"wrong_sensor: {rows[-1]}")
    return {
        "benchmark": "wrong_sensor",
        "correct": True,
        "machine": machine(),
        "conditions": {
            "scenario": "frost_night", "segments": options.segments, "sensors": options.sensors,
            "routes": options.routes, "since_h": options.since_h, "looks": "17:00, 20:00",
        },
        "blamed_when_all_are_right": sum(len(e) for e in good.errors_c),
        "actions_when_all_are_right": [{r: list(s) for r, s in look.items()} for look in good.standing],
        "figures": [_figures(rows, way) for way in (1, -1)],
        "rows": rows,
    }  # fmt: skip


def watched_night(options: argparse.Namespace) -> Night:
    """Return what road sensors and stations say from the day before the night on."""
    script = load_scenario("frost_night")
    points = tuple(structs.replace(p, hour=p.hour + WATCHED_H) for p in script.weather.points)
    script = structs.replace(script, weather=structs.replace(script.weather, points=points))
    sizes = TownSizes(
        homes=10, road_sensors=options.sensors, weather_stations=2, gritters=1, bins=10,
        segments=options.segments, routes=options.routes,
    )  # fmt: skip
    registry = generate_town(SEED, sizes, START - timedelta(days=7))
    world = World(registry, script, SEED, START)
    watched = [d for d in registry.devices if d.kind in ("road", "weather")]
    found = []
    for k in range(1, int((LOOKS_H[-1] + AFTER_H) * 3600.0 / EVERY_S) + 2):
        at = START + timedelta(seconds=EVERY_S * k)
        world.advance_to(at)
        heard = ((d, world.sense(d.name, at)) for d in watched)
        found += [(at.timestamp(), at.timestamp(), d.kind, d.name, v) for d, v in heard if v]
    return Night(registry, found)


async def _night(night: Night, ctx: Context, wrong_c: Mapping[str, float], since_s: float) -> Result:
    """Return what comes of the night with some sensors wrong from a time on."""
    state, begin_s = EngineState(), START.timestamp()
    handed: list[ReadingBatch] = []
    store = MemoryRoadForecasts(hand_on=handed.append)
    installed = Installed(night.registry, ctx)

    async def surroundings() -> Installed:
        return installed

    forecaster = RoadForecaster(store, MemoryForecasts(), surroundings, ManualClock(START))
    standing, errors = [], []
    for part, at_s in _hours(night, wrong_c, since_s):
        state, _ = step(state, part, at_s, ctx)
        store.readings = dict(stitch([store.readings, part]))
        hour = (at_s - begin_s) / 3600.0
        if hour in LOOKS_H:
            await forecaster.turn()
            state, _ = step(state, handed.pop(), at_s, ctx)
            [newest] = [f for f in store.issues.values() if f.issued_s == at_s]
            errors.append({s.device: s.error_c or 0.0 for s in newest.wrong})
        if hour - AFTER_H in LOOKS_H:
            standing.append(_standing(state))
    return Result(tuple(standing), tuple(errors))


def _hours(
    night: Night, wrong_c: Mapping[str, float], since_s: float
) -> Iterator[tuple[ReadingBatch, float]]:
    """Yield the readings half an hour at a time."""
    edges = np.arange(0.5, LOOKS_H[-1] + AFTER_H + 0.1, 0.5) * 3600.0 + START.timestamp()
    told = [(a, t, k, d, _wrong(d, t, v, wrong_c, since_s)) for a, t, k, d, v in night.readings]
    before = START.timestamp()
    for edge in edges.tolist():
        part = [r for r in told if before < r[1] <= edge]
        before = edge
        if part:
            [(batch, _)] = batches(part, len(part))
            yield batch, edge


def _wrong(
    device: str, at_s: float, values: dict[str, float], wrong_c: Mapping[str, float], since_s: float
) -> dict[str, float]:
    if device not in wrong_c or at_s < since_s or FIELD not in values:
        return values
    return {**values, FIELD: values[FIELD] + wrong_c[device]}


def _standing(state: EngineState) -> dict[str, Standing]:
    return {
        route: (action_of(m.plan), m.plan.rate_g_m2 if m.plan.outcome == "treat" else 0.0, len(m.plan.needs))
        for route, m in state.route.items()
    }


def _row(sensor: str, error_c: float, good: Result, bad: Result) -> dict[str, Any]:
    pairs = [(a[r], b[r]) for a, b in zip(good.standing, bad.standing, strict=True) for r in a]
    return {
        "sensor": sensor, "error_c": error_c,
        "found_at_looks": [sensor in e for e in bad.errors_c],
        "judged_c": next((round(e[sensor], 2) for e in bad.errors_c if sensor in e), None),
        "others_blamed": sum(len(set(e) - {sensor} - set(g)) for e, g in zip(bad.errors_c, good.errors_c, strict=True)),
        "decisions": len(pairs), "actions_changed": sum(a[0] != b[0] for a, b in pairs),
        "rates_changed": sum(a[1] != b[1] for a, b in pairs),
        "stretches_apart": max(abs(a[2] - b[2]) for a, b in pairs),
    }  # fmt: skip


def _figures(rows: list[dict[str, Any]], way: int) -> dict[str, Any]:
    """Return the rows of one sign as figures."""
    mine = [r for r in rows if r["error_c"] * way > 0.0]
    judged = [r["judged_c"] for r in mine if r["judged_c"] is not None]
    return {
        "error_c": mine[0]["error_c"], "trials": len(mine),
        "found_at_17_and_20": [sum(r["found_at_looks"][k] for r in mine) for k in range(len(LOOKS_H))],
        "judged_c": [min(judged), max(judged)] if judged else None,
        "others_blamed": sum(r["others_blamed"] for r in mine), "decisions": sum(r["decisions"] for r in mine),
        "actions_changed": sum(r["actions_changed"] for r in mine),
        "rates_changed": sum(r["rates_changed"] for r in mine),
        "most_stretches_apart": max(r["stretches_apart"] for r in mine),
    }  # fmt: skip
