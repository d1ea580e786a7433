"""The morning of a town that plays faster than life: it waits, nearly, until its lorries have their plan.

Making a plan takes seconds of life. At 1,500 times that of life these are an hour of the town's, and lorries would
leave without it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import time
from time import monotonic

from cityops.runtime.stop import sleep_until_stop
from cityops.settings_rounds import RoundsSettings
from firmware_sim.scenario import TOWN_ZONE
from firmware_sim.service import Simulation
from ops_api.crews import simulated_now

FIRST_LORRY = time(6, 0)
SLOW = 5.0
"""Times life."""
LONGEST_S = 300.0
"""So long the town waits [s of life]: 25 min of its own; then lorries leave without a plan."""
LOOK_EVERY_S = 0.05


async def slowly_until_planned(
    simulation: Simulation, rounds: RoundsSettings, has_plan: Callable[[str], bool], stop: asyncio.Event
) -> None:
    """Slow the town down from when the day is planned until lorries have the plan, until ``stop``.

    Args:
        simulation: the town.
        rounds: when a day is planned.
        has_plan: whether lorries have been given a plan of a day (ISO 8601).
        stop: ends it.
    """
    since_s: dict[str, float] = {}
    slow = False
    while simulation.running and not await sleep_until_stop(stop, LOOK_EVERY_S):
        now, real_s = simulated_now(simulation, TOWN_ZONE), monotonic()
        day = str(now.date())
        wanted = rounds.plan_at <= now.time() < FIRST_LORRY and not has_plan(day)
        wanted = wanted and real_s - since_s.setdefault(day, real_s) < LONGEST_S
        if wanted != slow:
            slow = wanted
            simulation.no_faster(SLOW if slow else None)
