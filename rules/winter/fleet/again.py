"""Plans what is left of a night again without anybody asking, where a road that its lorries are to drive was closed, or is open again."""

from __future__ import annotations

import asyncio

import structlog

from cityops.runtime.backoff import Backoff
from cityops.runtime.looking import keep_looking
from rules.closing.watching import Watch
from rules.core.cab.ahead import driven_ahead
from rules.core.cab.model import Plan
from rules.winter.fleet.asking import Who
from rules.winter.fleet.planning import TownNow
from rules.winter.fleet.ports import NotPlannedError, PlanBusyError, PlanMovedError
from rules.winter.fleet.service import USUAL_ITERATIONS, PlanDesk

log = structlog.get_logger(__name__)

RETRY = Backoff(first_s=1.0, cap_s=60.0)
LOOK_EVERY_S = 10.0
NAME, ROLE, VIA = "cityops", "service", "automatic"
PAGE = "/winter/cab"


class AgainInTheNight:
    """Looks every few seconds until asked to stop, in the town's time. A plan that no closure concerns is left alone.

    Args:
        desk: makes and keeps plans.
        watch: closures, and who is told.
        town_now: see ``TownNow``.
        iterations: of the search.
        every_s: seconds between looks.
    """

    def __init__(
        self,
        desk: PlanDesk,
        watch: Watch,
        town_now: TownNow,
        *,
        iterations: int = USUAL_ITERATIONS,
        every_s: float = LOOK_EVERY_S,
    ) -> None:
        self._desk, self._watch, self._town_now = desk, watch, town_now
        self._iterations, self._every_s = iterations, every_s

    async def run(self, stop: asyncio.Event) -> None:
        """Look until ``stop``; the plan under way is finished first."""
        await keep_looking(self.look, stop, log, "night again", every_s=self._every_s, retry=RETRY)

    async def look(self) -> Plan | None:
        """Plan again where closures concern what is left of the night; return the plan.

        Raises:
            TransientError: the database does not answer; try again.
        """
        now_s = await self._town_now()
        plan = await self._desk.shelf.newest(self._desk.night(now_s))
        if plan is None:
            return None
        why = await self._why(plan, now_s)
        return await self._again(plan, now_s, why) if why else None

    async def _why(self, plan: Plan, now_s: float) -> str:
        c = plan.contents
        standing = await self._watch.standing(now_s, c.closed)
        if standing is None:
            return ""
        try:
            found = await self._desk.follow(plan, now_s)
        except NotPlannedError:
            return ""  # the roads are others by now: an officer plans anew
        driven = list(driven_ahead(found.on, found.progress))
        network = (await self._desk.roads()).network
        return self._watch.why(plan.night, driven, c.closed, bool(c.left_out), standing, network, now_s)

    async def _again(self, plan: Plan, now_s: float, why: str) -> Plan | None:
        who = Who(NAME, ROLE, VIA, why)
        try:
            made = await self._desk.plan_around(who, now_s, iterations=self._iterations)
        except (PlanBusyError, PlanMovedError):
            self._watch.again()
            return None
        except NotPlannedError as error:
            log.warning("night again: nothing is planned", night=plan.night, reason=why, error=str(error))
            said = f"Plan {plan.version} leads through a closed road, and there is no other"
            await self._watch.told(said, f"plan:night:{plan.version}:not", f"{why}; {error}", PAGE)
            return None
        log.info("night again: planned", night=made.night, version=made.version, reason=why)
        said = f"Gritting was planned again: plan {made.version}"
        await self._watch.told(said, f"plan:night:{made.version}", why, PAGE)
        return made
