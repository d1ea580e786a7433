"""Where the lorries of a plan are, from what their gritters report."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rules.core.cab.codec import OnRoads
from rules.core.cab.match import Report
from rules.core.cab.model import Plan
from rules.core.cab.progress import Following, Progress
from rules.core.gritting_parameters import TreatmentParameters
from rules.winter.fleet.ports import Seen, Town
from rules.winter.fleet.roads import InstalledRoads

EARLY_S = 900.0
"""A lorry's reports are read from so long before the plan's start on [s]."""


@dataclass(frozen=True)
class Situation:
    """The night's newest plan on its roads, and where each lorry is; ``now_s`` [s after the start of the plan]."""

    plan: Plan
    on: OnRoads
    progress: Mapping[str, Progress]
    now_s: float


class Follower:
    """Follows the lorries of plans; ``treatment``: how gritters' reports are read."""

    def __init__(self, installed: InstalledRoads, town: Town, treatment: TreatmentParameters) -> None:
        self._installed, self._town, self._treatment = installed, town, treatment

    async def follow(self, plan: Plan, now_s: float) -> Situation:
        """Return where the lorries of a plan are."""
        on = await self._installed.on_roads(plan)
        devices = {s.device: s.lorry for s in plan.contents.fleet}
        from_s = max(plan.at_s - 30.0, plan.contents.start_s - EARLY_S)
        seen = await self._town.readings(sorted(devices), from_s, now_s)
        zero_s = plan.contents.start_s
        progress = await asyncio.to_thread(self._progress, on, devices, seen, now_s - zero_s)
        return Situation(plan, on, progress, now_s - zero_s)

    def _progress(
        self, on: OnRoads, devices: Mapping[str, str], seen: Sequence[Seen], now_s: float
    ) -> dict[str, Progress]:
        following, zero_s = Following(on, self._treatment), on.contents.start_s
        said: dict[str, list[Report]] = {lorry: [] for lorry in devices.values()}
        for s in seen:
            said[devices[s.device]].append(_report(s, zero_s))
        return {lorry: following.progress(lorry, said.get(lorry, []), now_s) for lorry in on.trips}


def _report(s: Seen, zero_s: float) -> Report:
    return Report(
        s.ts_s - zero_s,
        s.longitude_deg,
        s.latitude_deg,
        s.speed_m_s,
        s.spread_rate_g_m2 or 0.0,
        s.salt_remaining_kg,
    )
