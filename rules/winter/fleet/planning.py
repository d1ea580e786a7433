"""Making a plan: what is read, what is asked, and the attempts until it can be kept."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from cityops.errors import InvariantError
from rules.closing.ports import Closures
from rules.closing.standing import closed_for_plan
from rules.core.cab.going_on import rest_of
from rules.core.cab.making import Wish, WrongPlanError, left_of, make
from rules.core.cab.model import KIND_WORDS, Contents, Kind, NewPlan, Plan
from rules.core.cab.overtaken import overtaken
from rules.core.cab.shared import driven_of
from rules.core.cab.tonight import RouteFacts, Tonight, tonight
from rules.core.cab.wishing import Means, again, first
from rules.core.fleet.planner import FleetPlanner
from rules.core.fleet.roster import Roster, roster_of, settings_of
from rules.core.winter_nights import night_of, span_s
from rules.winter.fleet.asking import Who, asked_words, new_roads_words, nothing_words
from rules.winter.fleet.following import Follower, Situation
from rules.winter.fleet.ports import Makes, NotPlannedError, PlanBook, PlanBusyError, PlanMovedError, Town
from rules.winter.fleet.roads import InstalledRoads
from rules.winter.orders.ports import OrderDesk

TRIES = 4
ALLOWANCE_S = 30.0
"""Lorries drive on by the plan so far for so long while the next is made [s]; a try that took longer gives the next one more."""
MORE = 1.5
"""... so many times what it took."""

PASSES_MOST = 1500
"""Passes of one plan at most, where nothing else is set: the memory grows with their square."""

TownNow = Callable[[], Awaitable[float]]
"""Returns the town's time [s since 1970]."""

PlannerOf = Callable[[int, int], FleetPlanner]
"""Returns a planner for so many iterations and a seed."""


async def in_thread(wish: Wish, planner: FleetPlanner) -> Contents:
    """Return the plan, made in a thread: for commands, which do nothing beside."""
    return await asyncio.to_thread(make, wish, planner)


@dataclass(frozen=True, slots=True)
class Ask:
    """What kind of plan is asked for, about which lorry, by whom, at what time [s since 1970], and the search; ``same_orders``: of the plan so far."""

    kind: Kind
    lorry: str | None
    who: Who
    now_s: float
    seed: int
    iterations: int
    same_orders: bool = False


class Planning:
    """Makes plans.

    Args:
        book: where they are kept.
        town, orders: what they are made from.
        installed: the town's roads.
        follower: of the lorries that are out.
        planner_of: see ``PlannerOf``.
        zone: of the town.
        town_now: its clock; without one no time passes while a plan is made.
        makes: makes the plans.
        passes_most: of one plan.
        closures: roads that are closed for a time; None: none is.
    """

    def __init__(
        self, book: PlanBook, town: Town, orders: OrderDesk, installed: InstalledRoads, follower: Follower,
        planner_of: PlannerOf, zone: tzinfo, town_now: TownNow | None = None,
        makes: Makes = in_thread, passes_most: int = PASSES_MOST, closures: Closures | None = None,
    ) -> None:  # fmt: skip
        self.book, self._town, self._orders = book, town, orders
        self._installed, self._follower, self.planner_of, self._zone = installed, follower, planner_of, zone
        self._town_now, self._makes, self._passes_most, self._closures = (
            town_now,
            makes,
            passes_most,
            closures,
        )
        self._one = asyncio.Lock()
        self._at: Ask | None = None

    async def known(self, kind: Kind, lorry: str | None, who: Who) -> Plan | None:
        """Return the plan that a request has made; NotPlannedError where it asked for something else."""
        if who.request_id is None:
            return None
        plan, said = await self.book.known(who.request_id), await self.book.said(who.request_id)
        had = {(p.kind, p.lorry) for p in (plan,) if p is not None}
        had |= {
            ("breakdown" if x.what == "broken" else "returned", x.lorry) for x in (said,) if x is not None
        }
        if had - {(kind, lorry)}:
            raise NotPlannedError(
                f"request_id {who.request_id!r} was used for something else: {asked_words(*had.pop())}"
            )
        return plan

    async def roster(self) -> Roster:
        """Return the roster that counts; NotPlannedError where nobody has written one and no gritter is installed."""
        written = await self.book.roster()
        if written is not None:
            return written
        try:
            return roster_of((await self._installed.roads()).registry)
        except ValueError as error:
            raise NotPlannedError(
                f"{error}: `cityops winter roster FILE` says which lorries there are"
            ) from error

    async def plan(self, ask: Ask) -> Plan:
        """Return the plan that is asked for, made and kept. One is made at a time: breakdowns and returns wait their turn.

        Raises:
            PlanBusyError: the night is to be planned, and a plan is being made.
            NotPlannedError: nothing can be planned, in words for whoever asked.
            PlanMovedError: what it is made from has changed again and again meanwhile.
        """
        if ask.kind == "tonight" and self._at is not None and not self._is_same(ask, self._at):
            raise PlanBusyError(
                f"a plan is being made since {datetime.fromtimestamp(self._at.now_s, self._zone):%H:%M:%S}, "
                "and one is made at a time: ask again in some seconds"
            )
        async with self._one:
            self._at = ask
            try:
                return await self._until_kept(ask)
            finally:
                self._at = None

    @staticmethod
    def _is_same(a: Ask, b: Ask) -> bool:
        return a.who.request_id is not None and a.who.request_id == b.who.request_id

    async def _until_kept(self, ask: Ask) -> Plan:
        allow_s = ALLOWANCE_S
        for attempt in range(TRIES):
            if (known := await self.known(ask.kind, ask.lorry, ask.who)) is not None:
                return known
            now_s = await self._now_s(ask)
            try:
                return await self._try(replace(ask, now_s=now_s), allow_s)
            except PlanMovedError:
                if attempt == TRIES - 1:
                    raise
            allow_s = max(allow_s, MORE * (await self._now_s(ask) - now_s))
        raise AssertionError

    async def _now_s(self, ask: Ask) -> float:
        return ask.now_s if self._town_now is None else max(ask.now_s, await self._town_now())

    async def _try(self, ask: Ask, allow_s: float) -> Plan:
        night, who = str(night_of(ask.now_s, self._zone)), ask.who
        marks = await self.book.marks()
        newest = await self.book.newest(night)
        try:
            wish, found = await self._wished(ask, newest, allow_s)
            contents = await self._makes(wish, self.planner_of(ask.iterations, ask.seed))
        except WrongPlanError as error:
            raise InvariantError(str(error)) from error
        except ValueError as error:
            raise NotPlannedError(str(error)) from error
        if found is not None:
            await self._not_overtaken(ask, found, contents)
        new = NewPlan(
            night=night, kind=ask.kind, at_s=ask.now_s, by=who.by, role=who.role, via=who.via,
            reason=who.reason or KIND_WORDS[ask.kind], contents=contents, lorry=ask.lorry,
            request_id=who.request_id, after=None if newest is None else newest.version,
        )  # fmt: skip
        return await self.book.add(new, marks)

    async def wish(self, ask: Ask) -> Wish:
        """Return what would be planned now, and plan nothing.

        Raises:
            NotPlannedError: nothing can be planned, in words for whoever asked.
            TransientError: the database does not answer.
        """
        newest = await self.book.newest(str(night_of(ask.now_s, self._zone)))
        try:
            return (await self._wished(ask, newest, 0.0))[0]
        except ValueError as error:
            raise NotPlannedError(str(error)) from error

    async def _wished(self, ask: Ask, newest: Plan | None, allow_s: float) -> tuple[Wish, Situation | None]:
        before = newest if newest is not None and await self._installed.are_of(newest) else None
        means = await self.means(ask)
        found = None if before is None else await self._follower.follow(before, ask.now_s)
        wish = await self._wish(ask, means, found, newest, allow_s)
        await asyncio.to_thread(self._check_size, wish)
        return wish, found

    def _check_size(self, wish: Wish) -> None:
        passes = len(left_of(wish))
        if passes > self._passes_most:
            raise NotPlannedError(
                f"{passes} passes are to be driven; one plan may have {self._passes_most} (winter.passes_most): "
                "take stretches off the orders, or plan one order after the other"
            )

    async def _not_overtaken(self, ask: Ask, found: Situation, contents: Contents) -> None:
        """Read again where the lorries are: what one has begun meanwhile must not be another's."""
        now = await self._follower.follow(found.plan, await self._now_s(ask))
        hit = await asyncio.to_thread(overtaken, now.on, found.progress, now.progress, contents)
        if hit is not None:
            raise PlanMovedError(
                f"{hit.lorry} has begun {hit.street} while the plan was made, which would have given it to {hit.other}; "
                "the plan so far counts: plan again"
            )

    async def means(self, ask: Ask) -> Means:
        """Return with what a night is planned: roads with what is closed, lorries, those out of service."""
        roads, roster = await self._installed.roads(), await self.roster()
        out = {name: s.reason for name, s in (await self.book.out()).items()}
        network, later = await closed_for_plan(self._closures, roads.network, ask.now_s, self._zone)
        return Means(roads.registry, network, roster, out, ask.seed, ask.iterations, later)

    async def _wish(
        self, ask: Ask, means: Means, found: Situation | None, newest: Plan | None, allow_s: float
    ) -> Wish:
        if found is not None:
            return await self._again(ask, means, found, allow_s)
        asked = await self._asked(means, ask.now_s)
        if not asked.asked:
            raise NotPlannedError(nothing_words(asked))
        last = await self.book.before(str(night_of(ask.now_s, self._zone)))
        wish = await asyncio.to_thread(first, means, asked, last)
        return (
            wish
            if newest is None
            else replace(wish, notes=(*wish.notes, new_roads_words(newest, means.network)))
        )

    async def _again(self, ask: Ask, means: Means, found: Situation, allow_s: float) -> Wish:
        before, at_s = found.plan, max(0.0, found.now_s)
        means = means.without_gone(before)
        rest = rest_of(found.on, before, found.progress, at_s, means.out, allow_s)
        asked = None
        if ask.kind == "tonight" and not ask.same_orders:
            driven = await asyncio.to_thread(driven_of, found.on, rest.done)
            asked = await self._asked(means, ask.now_s, before.contents, driven)
            if not asked.asked and not before.contents.asked:
                raise NotPlannedError(nothing_words(asked))
        return await asyncio.to_thread(again, means, before, rest, at_s, asked)

    async def _asked(
        self,
        means: Means,
        now_s: float,
        before: Contents | None = None,
        driven: Mapping[str, bool] | None = None,
    ) -> Tonight:
        cases = await self._orders.cases(*span_s(night_of(now_s, self._zone), self._zone))
        routes = {r.route_id: RouteFacts(r.label, r.priority) for r in means.registry.routes}
        return tonight(
            cases, routes, now_s, start_s=None if before is None else before.start_s,
            limits_s=settings_of(means.roster).limits_s, treated=await self._town.treated(),
            known=() if before is None else before.asked, had=() if before is None else before.orders, driven=driven,
        )  # fmt: skip
