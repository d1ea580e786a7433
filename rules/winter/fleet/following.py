"""Where the lorries of a plan are, from what their gritters report."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo

from rules.core.cab.codec import OnRoads
from rules.core.cab.match import Report
from rules.core.cab.model import Plan
from rules.core.cab.progress import Following, Progress
from rules.core.gritting_parameters import TreatmentParameters
from rules.core.winter_nights import span_s
from rules.winter.fleet.last_used import LastUsed
from rules.winter.fleet.ports import Seen, Town
from rules.winter.fleet.roads import InstalledRoads

EARLY_S = 900.0
"""A lorry's reports are read from so long before the plan's start on [s]."""
MOST = 8
"""Plans whose lorries' reports are kept as they were read."""


@dataclass(frozen=True)
class Situation:
    """The night's newest plan on its roads, and where each lorry is; ``now_s`` [s after the start of the plan]."""

    plan: Plan
    on: OnRoads
    progress: Mapping[str, Progress]
    now_s: float


Followed = Mapping[str, Callable[[float], Progress]]
"""By lorry how to tell how far it is at a time [s after the start of the plan]."""


class Follower:
    """Follows the lorries of plans; what reports say is worked out once, until there are others.

    Args:
        installed: the town's roads.
        town: its readings.
        treatment: how gritters' reports are read.
        zone: of the town.
    """

    def __init__(
        self, installed: InstalledRoads, town: Town, treatment: TreatmentParameters, zone: tzinfo
    ) -> None:
        self._installed, self._town, self._treatment, self._zone = installed, town, treatment, zone
        self._kept: LastUsed[tuple[OnRoads, Followed]] = LastUsed(MOST)

    async def follow(self, plan: Plan, now_s: float) -> Situation:
        """Return where the lorries of a plan are; what is reported after its night is of other plans."""
        on = await self._installed.on_roads(plan)
        devices = sorted(s.device for s in plan.contents.fleet)
        from_s = max(plan.at_s - 30.0, plan.contents.start_s - EARLY_S)
        to_s = min(now_s, span_s(date.fromisoformat(plan.night), self._zone)[1])

        async def followed() -> tuple[OnRoads, Followed]:
            seen = await self._town.readings(devices, from_s, to_s)
            return on, await asyncio.to_thread(self._followed, on, seen)

        heard = await self._town.heard(devices, from_s, to_s)
        _, lorries = await self._kept.get((plan.version, id(on), heard), followed)
        at_s = now_s - plan.contents.start_s
        progress = await asyncio.to_thread(_progress, lorries, at_s)
        return Situation(plan, on, progress, at_s)

    def _followed(self, on: OnRoads, seen: Sequence[Seen]) -> Followed:
        following, zero_s = Following(on, self._treatment), on.contents.start_s
        lorry_of = {s.device: s.lorry for s in on.contents.fleet}
        said: dict[str, list[Report]] = {lorry: [] for lorry in on.trips}
        for s in seen:
            said[lorry_of[s.device]].append(_report(s, zero_s))
        return {lorry: following.followed(lorry, said[lorry]) for lorry in on.trips}


def _progress(lorries: Followed, at_s: float) -> dict[str, Progress]:
    return {lorry: progress(at_s) for lorry, progress in lorries.items()}


def _report(s: Seen, zero_s: float) -> Report:
    return Report(
        s.ts_s - zero_s,
        s.longitude_deg,
        s.latitude_deg,
        s.speed_m_s,
        s.spread_rate_g_m2 or 0.0,
        s.salt_remaining_kg,
    )
