"""The desk of the rounds: lorries, and plans of a day from what the rules have decided."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from rules.core.cab.roads import roads_sha256
from rules.core.network.network import Network
from rules.core.rounds.decided import candidates_of
from rules.core.rounds.fleet import RoundFleet
from rules.core.rounds.model import Lock, LorryNow
from rules.core.rounds.planner import RoundPlanner
from rules.core.rounds.request import RoundRequest
from rules.core.rounds.roster import checked
from rules.rounds.making import in_thread
from rules.rounds.ports import FleetKept, Makes, NewRounds, NoRoundsError, RoundBook, Rounds, RoundTown

DEFAULT_ITERATIONS = 3000
"""Of the search; some 30 s of a core for 600 bins."""

PlannerOf = Callable[[int, int], RoundPlanner]
"""Returns a planner for so many iterations (0: only insertion) and a seed."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks for a plan, when [the town's s since 1970], and how.

    Attributes:
        now: lorries on their way; ``locks``: what is fixed; ``done``: bins that are emptied already today.
    """

    by: str
    role: str
    via: str
    now_s: float
    reason: str = ""
    request_id: str | None = None
    seed: int = 1
    iterations: int = DEFAULT_ITERATIONS
    now: Sequence[LorryNow] = ()
    locks: Sequence[Lock] = ()
    done: frozenset[str] = frozenset()


class RoundDesk:
    """Makes the day's rounds and keeps them.

    Args:
        book: of plans and lorries.
        town: roads, bins and decisions.
        planner_of: see ``PlannerOf``.
        zone: of the town.
        makes: makes the plans.
    """

    def __init__(
        self, book: RoundBook, town: RoundTown, planner_of: PlannerOf, zone: tzinfo, makes: Makes = in_thread
    ) -> None:
        self.book, self.town, self.zone = book, town, zone
        self._planner_of, self._makes = planner_of, makes
        self._one = asyncio.Lock()

    def day(self, now_s: float) -> date:
        """Return the service day that it is in the town."""
        return datetime.fromtimestamp(now_s, self.zone).date()

    def midnight_s(self, day: date) -> int:
        """Return the midnight that a day's plan counts from [s since 1970].

        On days on which the clocks change it is an hour off: six hours after it the clock shows 06:00, when shifts and tips begin.
        """
        return round(datetime.combine(day, time(12), self.zone).timestamp()) - 43_200

    async def newest(self, now_s: float) -> Rounds | None:
        """Return today's newest plan; None where there is none."""
        return await self.book.newest(str(self.day(now_s)))

    async def put_fleet(self, fleet: RoundFleet, by: str, reason: str = "") -> FleetKept:
        """Keep the lorries; ValueError where they can't be, in words."""
        return await self.book.put_fleet(checked(fleet), by, reason)

    async def plan_today(self, asked: Asked) -> Rounds:
        """Plan today from the newest decision, beginning with the plan so far; one plan is made at a time.

        Raises:
            NoRoundsError: nothing can be planned, in words for whoever asked.
            RoundsMovedError: what it was made from has changed meanwhile.
            TransientError: the database does not answer.
        """
        async with self._one:
            if asked.request_id is not None:
                known = await self.book.known(asked.request_id)
                if known is not None:
                    return known
            return await self._plan(asked)

    async def _plan(self, asked: Asked) -> Rounds:
        day = self.day(asked.now_s)
        kept = await self.book.fleet()
        if kept is None:
            raise NoRoundsError("there are no lorries: `cityops bins lorries FILE` says which there are")
        # What comes after midnight is another day's, but one made the evening before is this one's.
        since_s, until_s = self.midnight_s(day - timedelta(days=1)), asked.now_s + 1.0
        decided = await self.town.decided(since_s, until_s)
        if decided is None:
            raise NoRoundsError("no decision on bins since yesterday: the rules have seen no levels")
        before = await self.book.newest(str(day))
        registry = await self.town.registry()
        candidates, _ = candidates_of(decided.candidates, registry, kept.fleet.settings)
        try:
            network = await asyncio.to_thread(Network.of, registry)
        except ValueError as error:
            raise NoRoundsError(str(error)) from error
        request = RoundRequest(
            network,
            kept.fleet,
            [c for c in candidates if c.bin_id not in asked.done],
            str(day),
            self.midnight_s(day),
            tuple(asked.now),
            tuple(asked.locks),
            None if before is None else before.plan,
            roads_sha256(network),
        )
        plan = await self._makes(request, self._planner_of(asked.iterations, asked.seed))
        return await self.book.add(
            NewRounds(
                day=str(day),
                after=None if before is None else before.version,
                decision_id=decided.decision_id,
                fleet_id=kept.fleet_id,
                at_s=asked.now_s,
                by=asked.by,
                role=asked.role,
                via=asked.via,
                reason=asked.reason,
                plan=plan,
                request_id=asked.request_id,
            )
        )
