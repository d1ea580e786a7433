"""The desk of the rounds: lorries, and plans of a day from what the rules have decided."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Literal

from rules.closing.ports import Closures
from rules.closing.standing import closed_for_plan
from rules.core.cab.model import Service
from rules.core.cab.roads import roads_sha256
from rules.core.network.network import Network
from rules.core.rounds.decided import candidates_of
from rules.core.rounds.fleet import RoundFleet
from rules.core.rounds.model import Candidate, Lock, LorryNow
from rules.core.rounds.planner import RoundPlanner
from rules.core.rounds.request import RoundRequest
from rules.core.rounds.roster import checked
from rules.rounds.following import (
    DayNow,
    Following,
    Heard,
    TakenUp,
    is_same,
    on_streets,
    taken_up,
    with_asked,
)
from rules.rounds.making import in_thread
from rules.rounds.ports import (
    Decided,
    FleetKept,
    Makes,
    NewRounds,
    NoRoundsError,
    NoSuchRoundsError,
    RoundBook,
    Rounds,
    RoundsMovedError,
    RoundTown,
)

DEFAULT_ITERATIONS = 3000
"""Of the search; some 30 s of a core for 600 bins."""

TRIES = 3
"""So often a plan of the day that others have overtaken is made again."""

PlannerOf = Callable[[int, int], RoundPlanner]
"""Returns a planner for so many iterations (0: only insertion) and a seed."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks for a plan, when [the town's s since 1970], and how.

    Attributes:
        now: lorries, where whoever asks knows better than their reports.
        locks: what is fixed now, beside what was.
        done: bins that are emptied already today, beside those that are known to be.
        forget_locks: what dispatchers fixed before counts no more.
        unless_same: where each lorry goes to the same bins in the same order as before, the plan so far stays.
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
    forget_locks: bool = False
    unless_same: bool = False


@dataclass(frozen=True, slots=True)
class Wish:
    """What a day is planned from: the request, the day as it is (None: no plan yet), lorries, decision."""

    request: RoundRequest
    now: DayNow | None
    kept: FleetKept
    decided: Decided


class RoundDesk:
    """Makes the day's rounds and keeps them.

    Args:
        book: of plans and lorries.
        town: roads, bins and decisions.
        planner_of: see ``PlannerOf``.
        zone: of the town.
        makes: makes the plans.
        heard: who says what happens in the day; None: nobody is heard, and the plans' clock counts.
        closures: roads that are closed for a time; None: none is.
    """

    def __init__(
        self,
        book: RoundBook,
        town: RoundTown,
        planner_of: PlannerOf,
        zone: tzinfo,
        makes: Makes = in_thread,
        heard: Heard | None = None,
        closures: Closures | None = None,
    ) -> None:
        self.book, self.town, self.zone, self._closures = book, town, zone, closures
        self._following = Following(book, heard)
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

        Once there is a plan of today, lorries go on from where they are, and what is done or was left is left out.

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

    async def replan(self, asked: Asked) -> Rounds:
        """Plan the rest of today from where lorries are: what is emptied or was left by crews is left out.

        The same as :meth:`plan_today` once there is a plan of today; somebody who plans meanwhile is waited for.

        Raises:
            NoRoundsError: there is no plan of today, or nothing can be planned, in words for whoever asked.
            RoundsMovedError: others were faster again and again.
            TransientError: the database does not answer.
        """
        if not await self.book.numbers(str(self.day(asked.now_s))):
            raise NoRoundsError("there is no plan of today yet: `cityops bins plan --today` makes it")
        for _ in range(TRIES - 1):
            try:
                return await self.plan_today(asked)
            except RoundsMovedError:
                continue
        return await self.plan_today(asked)

    async def day_now(self, now_s: float) -> DayNow | None:
        """Return today's rounds as they are: the newest plan, and each lorry on it; None where there is no plan.

        Raises:
            TransientError: the database does not answer.
        """
        return await self._following.day(str(self.day(now_s)), now_s)

    async def breakdown(self, lorry_id: str, asked: Asked) -> Rounds | None:
        """Take a lorry out of service; what it has not emptied goes to the others. None: today has no plan.

        That it is out of service is kept first, whatever comes of the plan.

        Raises:
            NoSuchRoundsError: there is no such lorry.
            NoRoundsError: it is out of service already, no reason is given, or nothing can be planned.
        """
        if not asked.reason.strip():
            raise NoRoundsError("why is missing: a breakdown needs a reason")
        return await self._serves(lorry_id, "broken", asked)

    async def returned(self, lorry_id: str, asked: Asked) -> Rounds | None:
        """Take a lorry back into service, at its depot; it takes its share of what is left. None: today has no plan.

        Raises:
            NoSuchRoundsError: there is no such lorry.
            NoRoundsError: it is in service already, or nothing can be planned.
        """
        return await self._serves(lorry_id, "returned", asked)

    async def _serves(
        self, lorry_id: str, what: Literal["broken", "returned"], asked: Asked
    ) -> Rounds | None:
        kept = await self.book.fleet()
        names = [] if kept is None else [lorry.id for lorry in kept.fleet.lorry]
        if lorry_id not in names:
            raise NoSuchRoundsError(
                f"There is no lorry {lorry_id!r}; there are {', '.join(names) or 'none'}."
            )
        known = None if asked.request_id is None else await self.book.said(asked.request_id)
        if known is None:
            if (lorry_id in await self.book.out()) == (what == "broken"):
                word = "out of" if what == "broken" else "in"
                raise NoRoundsError(f"{lorry_id} is {word} service already")
            await self.book.put_service(
                Service(
                    lorry=lorry_id,
                    what=what,
                    at_s=asked.now_s,
                    by=asked.by,
                    role=asked.role,
                    via=asked.via,
                    reason=asked.reason.strip(),
                    request_id=asked.request_id,
                )
            )
        if not await self.book.numbers(str(self.day(asked.now_s))):
            return None
        try:
            return await self.replan(asked)
        except NoRoundsError as error:
            said = f"{lorry_id} is {'out of' if what == 'broken' else 'back in'} service"
            raise NoRoundsError(f"{said}, but there is no new plan: {error}") from error

    async def wish(self, asked: Asked) -> Wish:
        """Return what today would be planned from now, and plan nothing.

        Raises:
            NoRoundsError: nothing can be planned, in words for whoever asked.
            TransientError: the database does not answer.
        """
        day = self.day(asked.now_s)
        kept = await self.book.fleet()
        if kept is None:
            raise NoRoundsError("there are no lorries: `cityops bins lorries FILE` says which there are")
        # What comes after midnight is another day's, but one made the evening before is this one's.
        since_s, until_s = self.midnight_s(day - timedelta(days=1)), asked.now_s + 1.0
        decided = await self.town.decided(since_s, until_s)
        if decided is None:
            raise NoRoundsError("no decision on bins since yesterday: the rules have seen no levels")
        registry = await self.town.registry()
        candidates, _ = candidates_of(decided.candidates, registry, kept.fleet.settings)
        now = await self._following.day(str(day), asked.now_s)
        up = await self._taken_up(asked, kept, decided, candidates, now)
        try:
            open_ = await asyncio.to_thread(Network.of, registry)
        except ValueError as error:
            raise NoRoundsError(str(error)) from error
        lorries = await asyncio.to_thread(on_streets, open_, up.now, {} if now is None else now.progress)
        network, later = await closed_for_plan(self._closures, open_, asked.now_s, self.zone)
        request = RoundRequest(
            network, kept.fleet, up.candidates, str(day),
            self.midnight_s(day), lorries, up.locks, None if now is None else now.rounds.plan, roads_sha256(open_), later,
        )  # fmt: skip
        return Wish(request, now, kept, decided)

    async def _plan(self, asked: Asked) -> Rounds:
        wish = await self.wish(asked)
        now = wish.now
        plan = await self._makes(wish.request, self._planner_of(asked.iterations, asked.seed))
        if asked.unless_same and now is not None and is_same(plan, now):
            return now.rounds
        return await self.book.add(
            NewRounds(
                day=wish.request.day, after=None if now is None else now.rounds.version,
                decision_id=wish.decided.decision_id, fleet_id=wish.kept.fleet_id, at_s=asked.now_s, by=asked.by,
                role=asked.role, via=asked.via, reason=asked.reason, plan=plan, request_id=asked.request_id,
            )
        )  # fmt: skip

    async def _taken_up(
        self,
        asked: Asked,
        kept: FleetKept,
        decided: Decided,
        candidates: Sequence[Candidate],
        now: DayNow | None,
    ) -> TakenUp:
        """Return where the plan takes the day up; of the day's first that is in the depots, without lorries out of service."""
        if now is not None:
            up = await asyncio.to_thread(taken_up, now, kept.fleet, decided, candidates, asked.forget_locks)
        else:
            # The day's first plan: who should have set out sets out now.
            at_s, out = round(asked.now_s) - self.midnight_s(self.day(asked.now_s)), await self.book.out()
            lorries = tuple(
                LorryNow(lorry_id=v.id, at_s=at_s, out=v.id in out)
                for v in kept.fleet.lorry
                if v.id in out or v.start_s < at_s
            )
            up = TakenUp(lorries, (), tuple(candidates))
        return with_asked(up, asked.now, asked.locks, asked.done)
