"""Makes the day's first plan without anybody asking: at five in the morning nobody sits at a desk."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, time

import structlog

from cityops.runtime.backoff import Backoff
from cityops.runtime.looking import keep_looking
from rules.rounds.ports import NoRoundsError, Rounds, RoundsMovedError
from rules.rounds.service import DEFAULT_ITERATIONS, Asked, RoundDesk

log = structlog.get_logger(__name__)

RETRY = Backoff(first_s=1.0, cap_s=60.0)
LOOK_EVERY_S = 5.0
NAME, ROLE, VIA = "cityops", "service", "automatic"

TownNow = Callable[[], Awaitable[float]]
"""Returns the town's time [s since 1970]."""


class MorningRounds:
    """Looks every few seconds until asked to stop, in the town's time.

    Args:
        desk: makes and keeps plans.
        town_now: see ``TownNow``.
        plan_at, until: between them the day's first plan is made, local.
        iterations: of the search.
        every_s: seconds between looks.
    """

    def __init__(
        self,
        desk: RoundDesk,
        town_now: TownNow,
        plan_at: time,
        until: time,
        *,
        iterations: int = DEFAULT_ITERATIONS,
        every_s: float = LOOK_EVERY_S,
    ) -> None:
        self._desk, self._town_now = desk, town_now
        self._plan_at, self._until = plan_at, until
        self._iterations, self._every_s = iterations, every_s
        self._told: tuple[str, str] | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Look until ``stop``; the plan under way is finished first."""
        await keep_looking(self.look, stop, log, "morning rounds", every_s=self._every_s, retry=RETRY)

    async def look(self) -> Rounds | None:
        """Make the day's plan where it is time and there is none; return it.

        What stands in its way is written to the log once a day and reason.

        Raises:
            TransientError: the database does not answer; try again.
        """
        now_s = await self._town_now()
        local = datetime.fromtimestamp(now_s, self._desk.zone)
        if not self._plan_at <= local.time() < self._until:
            return None
        day = str(local.date())
        if await self._desk.book.numbers(day) or await self._desk.book.fleet() is None:
            return None
        try:
            made = await self._desk.plan_today(self._asked(now_s, day))
        except RoundsMovedError:
            return None  # somebody was faster
        except NoRoundsError as error:
            self._tell(day, str(error))
            return None
        log.info(
            "morning rounds: planned", day=day, version=made.version, km=round(made.plan.metres / 1000.0, 1)
        )
        return made

    def _asked(self, now_s: float, day: str) -> Asked:
        return Asked(
            by=NAME, role=ROLE, via=VIA, now_s=now_s, reason="the day's first plan", request_id=f"morning-{day}",
            iterations=self._iterations,
        )  # fmt: skip

    def _tell(self, day: str, why: str) -> None:
        if self._told != (day, why):
            self._told = day, why
            log.warning("morning rounds: nothing is planned", day=day, reason=why)
