"""The desk of the question "what if we close this road": nothing that it makes counts for anybody."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from rules.closing.ports import Closures
from rules.core.cab.making import Wish
from rules.core.cab.model import Asked as AskedStretch
from rules.core.cab.model import Plan
from rules.core.cab.roads import known_as
from rules.core.cab.tonight import Tonight
from rules.core.cab.wishing import first
from rules.core.closing.costs import LorryCosts
from rules.core.closing.hours import Later
from rules.core.closing.model import AHEAD_S, Closed, closed_notes, why_words
from rules.core.closing.opening import unknown_words
from rules.core.closing_effects.affected import Shut
from rules.core.closing_effects.document import ClosingDocument, Reach, Service, Stretch
from rules.core.closing_effects.gritting import gritting_effect
from rules.core.closing_effects.reach import THAN_MIN, reach_effect
from rules.core.closing_effects.rounds import rounds_effect
from rules.core.fleet.roster import settings_of
from rules.core.network.network import Network
from rules.emergency.service import NoWayError, WayDesk
from rules.rounds.ports import Makes as MakesRounds
from rules.rounds.ports import NoRoundsError
from rules.rounds.service import Asked, RoundDesk
from rules.rounds.service import PlannerOf as RoundPlannerOf
from rules.winter.fleet.asking import Who
from rules.winter.fleet.planning import Ask, PlannerOf
from rules.winter.fleet.ports import Makes, NotPlannedError
from rules.winter.fleet.service import PlanDesk

USUAL_ITERATIONS = 300
"""Of each of the four searches: a question is worth some seconds."""
USUAL_G_M2 = 10.0
WHO = Who("what-if", "what-if", "what-if")
USUAL_VEHICLE = "fire-engine"


class NoSuchStretchError(NoWayError):
    """A stretch that is asked about is not in the network."""


@dataclass(frozen=True)
class Question:
    """What is asked: stretches that would be closed, from when until when [s since 1970; None: open end], and why."""

    segments: Sequence[str]
    from_s: float
    until_s: float | None
    reason: str
    now_s: float
    iterations: int = USUAL_ITERATIONS
    seed: int = 1
    vehicle: str = USUAL_VEHICLE

    @property
    def ends_s(self) -> float:
        """When it would be open again [s since 1970]; infinite where nobody knows."""
        return math.inf if self.until_s is None else self.until_s

    @property
    def counts(self) -> bool:
        """Whether it would be closed at any moment of what plans that are made now are for."""
        return self.from_s < self.now_s + AHEAD_S and (self.until_s is None or self.until_s > self.now_s)


@dataclass(frozen=True)
class Planners:
    """What makes the plans, beside whoever asks, and what a gritter costs."""

    gritting: PlannerOf
    makes: Makes
    rounds: RoundPlannerOf
    makes_rounds: MakesRounds
    costs: LorryCosts


class WhatIfDesk:
    """Answers the question.

    Args:
        ways: roads, stations, conditions.
        plans, rounds: desks of the services; None: there is no such service here.
        closures: what is closed already.
        planners: see there.
    """

    def __init__(
        self,
        ways: WayDesk,
        plans: PlanDesk | None,
        rounds: RoundDesk | None,
        closures: Closures,
        planners: Planners,
    ) -> None:
        self._ways, self._plans, self._rounds, self._closures = ways, plans, rounds, closures
        self._by = planners

    async def close(self, q: Question) -> ClosingDocument:
        """Return what closing roads would do.

        Raises:
            NoSuchStretchError: a stretch is not in the network.
            NoWayError: there are no roads.
            TransientError: the database does not answer.
        """
        ground = await self._ways.ground()
        network = ground.network
        if unknown := [s for s in q.segments if s not in network.graph.segment_index]:
            raise NoSuchStretchError(unknown_words(unknown))
        why = self._why(q, network)
        standing = await self._ways.closed(q.now_s)
        already = set(why) <= set(standing.closed_by_id)
        return ClosingDocument(
            stretches=tuple(Stretch(segment_id=s, street=_street(network, s)) for s in why), from_s=q.from_s,
            until_s=q.until_s, reason=q.reason, at_s=q.now_s, standing=closed_notes(standing),
            gritting=await self._gritting(q, why), rounds=await self._of_rounds(q, why), reach=await self._reach(q, why),
            already=already, iterations=q.iterations, rules=(f"{self._ways.parameters.id} {self._ways.parameters.version}", f"{self._by.costs.id} {self._by.costs.version}"),
        )  # fmt: skip

    def _why(self, q: Question, network: Network) -> dict[str, str]:
        zone = self._ways.zone
        return {
            name: why_words(
                Closed(segment_id=name, closure_id=0, from_s=q.from_s, until_s=q.until_s, reason=q.reason),
                zone,
                q.now_s,
            )
            for name in dict.fromkeys(q.segments)
        }

    # ---- gritting

    async def _gritting(self, q: Question, why: dict[str, str]) -> Service:
        if self._plans is None:
            return Service(basis="", why_not="gritting is not planned here")
        if not q.counts:
            return Service(basis="", why_not=_too_far(q))
        try:
            wish, basis, plan = await self._night(self._plans, q)
            planner = self._by.gritting(q.iterations, q.seed)
            network, later = _shut(q, wish.network, wish.closing, why)
            closed = replace(wish, network=network, closing=later)
            before = await self._by.makes(wish, planner)
            after = await self._by.makes(closed, planner)
        except (NotPlannedError, ValueError) as error:
            return Service(basis="", why_not=str(error))
        shut = Shut(frozenset(why), max(q.now_s, q.from_s), q.ends_s)
        return gritting_effect(wish.network, before, after, self._by.costs, basis, plan, shut)

    async def _night(self, desk: PlanDesk, q: Question) -> tuple[Wish, str, Plan | None]:
        """Return what would be planned tonight: what orders ask for, else all routes; and the plan that counts."""
        ask = Ask("tonight", None, WHO, q.now_s, q.seed, q.iterations)
        try:
            wish = await desk.planning.wish(ask)
        except NotPlannedError as error:
            wish = await self._all_routes(desk, ask)
            return wish, f"all routes at {USUAL_G_M2:g} g/m², from now ({error})", None
        plan = await desk.shelf.newest(desk.night(q.now_s))
        if plan is not None and plan.contents.roads not in known_as(wish.network):
            plan = None
        refs = ", ".join(o.ref for o in wish.orders)
        left = "what is left of tonight" if plan is not None else "tonight"
        return wish, f"{left} by the orders that stand{f' ({refs})' if refs else ''}", plan

    async def _all_routes(self, desk: PlanDesk, ask: Ask) -> Wish:
        means = await desk.planning.means(ask)
        priority = {r.route_id: r.priority for r in means.registry.routes}
        limits = settings_of(means.roster).limits_s
        asked = tuple(
            AskedStretch(
                segment_id=s.segment_id, ref="what-if", g_m2=USUAL_G_M2, priority=priority.get(s.route_id, 1),
                due_s=limits.get(priority.get(s.route_id, 1)),
            )
            for s in means.registry.segments
            if s.route_id is not None
        )  # fmt: skip
        if not asked:
            raise NotPlannedError("no street is on a gritting route")
        none: tuple[str, ...] = ()
        return await asyncio.to_thread(first, means, Tonight(ask.now_s, (), asked, none, none, none), None)

    # ---- rounds

    async def _of_rounds(self, q: Question, why: dict[str, str]) -> Service:
        if self._rounds is None:
            return Service(basis="", why_not="bin rounds are not planned here")
        if not q.counts:
            return Service(basis="", why_not=_too_far(q))
        try:
            wish = await self._rounds.wish(Asked("what-if", "what-if", "what-if", q.now_s, seed=q.seed))
            planner = self._by.rounds(q.iterations, q.seed)
            request = wish.request
            before = await self._by.makes_rounds(request, planner)
            network, later = _shut(q, request.network, request.closing, why)
            closed = replace(request, network=network, closing=later)
            after = await self._by.makes_rounds(closed, planner)
        except NoRoundsError as error:
            return Service(basis="", why_not=str(error))
        kept = None if wish.now is None else wish.now.rounds
        counts = None if kept is None or kept.plan.made_from.roads != request.roads else kept.plan
        streets = {b.bin_id: b.street for b in (await self._ways.ground()).registry.bins}
        at = datetime.fromtimestamp(wish.decided.at_s, self._ways.zone)
        left = "today" if kept is None else "what is left of today"
        return rounds_effect(
            request.network, before, after, streets, counts, None if kept is None else kept.version,
            f"{left} by the decision on bins of {at:%a %H:%M}", Shut(frozenset(why), max(q.now_s, q.from_s), q.ends_s),
        )  # fmt: skip

    # ---- emergency vehicles

    async def _reach(self, q: Question, why: dict[str, str]) -> Reach:
        network, conditions = await self._ways.closed(q.now_s), await self._ways.conditions(q.now_s)
        roster, _ = await self._ways.roster()
        stations = roster.of(q.vehicle)
        if q.vehicle not in self._ways.parameters.vehicle or not stations:
            return Reach(vehicle=q.vehicle, than_min=THAN_MIN, why_not=f"no station has a {q.vehicle}")
        return await asyncio.to_thread(
            reach_effect,
            network,
            network.closing(why),
            conditions,
            stations,
            q.vehicle,
            self._ways.parameters,
        )


def _shut(
    q: Question, network: Network, later: Mapping[str, Later], why: Mapping[str, str]
) -> tuple[Network, Mapping[str, Later]]:
    """Return roads, and what closes later on them, with what is asked about closed in its hours."""
    if q.from_s <= q.now_s:
        return network.closing(why), {name: one for name, one in later.items() if name not in why}
    own = {
        name: Later(hours=(*(later[name].hours if name in later else ()), (q.from_s, q.ends_s)), why=words)
        for name, words in why.items()
    }
    return network, {**later, **own}


def _street(network: Network, segment_id: str) -> str:
    segment = network.segments[network.graph.segment_index[segment_id]]
    return segment.street or segment.ref or segment_id


def _too_far(q: Question) -> str:
    if q.until_s is not None and q.until_s <= q.now_s:
        return "it would be over already"
    return f"it begins more than {AHEAD_S / 3600.0:g} h from now: plans made today do not reach so far; ask nearer to it"
