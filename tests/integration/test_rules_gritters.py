"""What simulated gritters really spread is what the rules find in their reports, one a minute."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from firmware_sim.scenario import load_scenario
from firmware_sim.world.town import TownSizes, generate_town
from firmware_sim.world.world import World
from rules.catalogue.loader import load
from rules.core.context import Context, build_context
from rules.core.engine import FIELDS_OF_KIND, step
from rules.core.memory import EngineState, Order, RouteMemory
from rules.core.readings import ReadingBatch, Readings
from rules.core.route_plan import RoutePlan
from rules.core.treatment_rule import coats_now
from rules.core.work import Work

START = datetime(2026, 1, 9, 18, 0, tzinfo=UTC)
RATE = 10.0
CATALOGUE = load()


def ordered(ctx: Context, rng: random.Random, share: float) -> dict[str, tuple[str, ...]]:
    """Some of every route's segments, as a partial treatment asks for."""
    return {
        route: tuple(sorted(ctx.graph.segments[i].segment_id for i in members if rng.random() < share))
        for route, members in ctx.segments_of.items()
    }


def memory_of(orders: dict[str, tuple[str, ...]], at_s: float) -> EngineState:
    nothing = RoutePlan(0, "treat", "ordered")
    return EngineState(
        route={
            route: RouteMemory(nothing, nothing, at_s, (Order(at_s, 0, RATE, segments, RATE, at_s),))
            for route, segments in orders.items()
        }
    )


def batch(name: str, at_s: list[float], rows: list[dict[str, float]]) -> ReadingBatch:
    return {
        "gritter": Readings(
            position=np.arange(len(rows)),
            ts_s=np.array(at_s),
            device=[name] * len(rows),
            quality=np.zeros(len(rows), dtype=np.int64),
            fields={f: np.array([r[f] for r in rows]) for f in FIELDS_OF_KIND["gritter"]},
        )
    }


@pytest.mark.parametrize(("share", "seed"), [(0.1, 1), (0.3, 2), (0.7, 3), (1.0, 4)])
def test_treated_stretches_are_found(share: float, seed: int) -> None:
    town = generate_town(1, TownSizes(homes=1, bins=1, weather_stations=1), START - timedelta(days=7))
    world = World(town, load_scenario("frost_night"), seed, START)
    ctx = build_context(town, CATALOGUE, ZoneInfo("Europe/London"))
    orders = ordered(ctx, random.Random(seed), share)
    state = memory_of(orders, START.timestamp())
    for gritter, (route, segments) in zip(
        ("gritter-1", "gritter-2", "gritter-3"), orders.items(), strict=False
    ):
        legs = ctx.drive(route, segments).legs
        back = world.treat(
            gritter, [leg.segment_id for leg in legs], RATE, spread=[leg.treat for leg in legs]
        )
        times = np.arange(START.timestamp() + 17.0, back.timestamp() + 120.0, 60.0).tolist()
        rows = [world.sense(gritter, datetime.fromtimestamp(t, UTC)) for t in times]
        state, _ = step(state, batch(gritter, times, rows), times[-1], ctx)
    really = {s for route in list(orders)[:3] for s in orders[route]}
    found = set(coats_now(Work(state), ctx, START.timestamp() + 7200.0))
    assert len(found & really) >= 0.93 * len(really)
    assert len(found - really) <= 0.03 * len(really)
