"""The pace of a town that plays faster than life: it nearly waits where what takes seconds of life matters.

Making a plan takes seconds of life. At 1,500 times that of life these are an hour of the town's, and lorries would
leave without it. And how soon a fire is told is told of life, not of rules that a town in a hurry keeps busy.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from time import monotonic

from cityops.runtime.stop import sleep_until_stop
from cityops.settings_rounds import RoundsSettings
from firmware_sim.scenario import TOWN_ZONE
from firmware_sim.service import Simulation

FIRST_LORRY = time(6, 0)
MORNING_SPEED, MORNING_S = 5.0, 300.0
"""Times life until lorries have their plan, and for how long at most [s of life]: 25 min of the town's."""
FIRE_SPEED, FIRE_S = 60.0, 1860.0
"""Times life from the begin of a fire on, for so long [s of the town's]: until the bin has told of it."""
LOOK_EVERY_S = 0.05


@dataclass
class Pace:
    """How fast a town may go.

    Attributes:
        rounds: when a day is planned.
        has_plan: whether lorries have been given a plan of a day (ISO 8601).
        fires: when bins begin to burn [s since 1970], as far as that matters.
    """

    rounds: RoundsSettings
    has_plan: Callable[[str], bool]
    fires: Sequence[float] = ()
    _since_s: dict[str, float] = field(default_factory=dict)

    def most(self, town_s: float, real_s: float) -> float | None:
        """Return how fast the town may go at a time of its own [s since 1970] and of life [s]; None: as it likes."""
        if self._waits(datetime.fromtimestamp(town_s, TOWN_ZONE), real_s):
            return MORNING_SPEED
        return FIRE_SPEED if any(at_s <= town_s < at_s + FIRE_S for at_s in self.fires) else None

    def _waits(self, now: datetime, real_s: float) -> bool:
        day = str(now.date())
        if not self.rounds.plan_at <= now.time() < FIRST_LORRY or self.has_plan(day):
            return False
        return real_s - self._since_s.setdefault(day, real_s) < MORNING_S


async def keep_pace(simulation: Simulation, pace: Pace, stop: asyncio.Event) -> None:
    """Have a town go no faster than it may, until ``stop``."""
    before: float | None = None
    while simulation.running and not await sleep_until_stop(stop, LOOK_EVERY_S):
        most = pace.most(simulation.statistics().simulated_s, monotonic())
        if most != before:
            simulation.no_faster(most)
            before = most
