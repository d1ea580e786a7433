"""The desk of tonight's plans: plans, breakdowns, returns, and where the lorries are."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo

from cityops.errors import InvariantError
from devices.registry import Registry
from rules.core.cab.codec import OnRoads
from rules.core.cab.going_on import rest_of
from rules.core.cab.making import Wish, WrongPlanError, make
from rules.core.cab.match import Report
from rules.core.cab.model import KIND_WORDS, Kind, NewPlan, Plan, Service
from rules.core.cab.progress import Following, Progress
from rules.core.cab.roads import changed_words, roads_sha256
from rules.core.cab.tonight import RouteFacts, Tonight, standing_orders, tonight
from rules.core.cab.wishing import Means, again, first
from rules.core.fleet.planner import FleetPlanner
from rules.core.fleet.roster import Roster, roster_of, settings_of
from rules.core.gritting_parameters import TreatmentParameters
from rules.core.network.check import stopping
from rules.core.network.network import Network
from rules.core.winter_nights import night_of, span_s
from rules.winter.fleet.ports import (
    NoSuchPlanError,
    NotPlannedError,
    PlanBook,
    PlanMovedError,
    Seen,
    Town,
)
from rules.winter.orders.ports import OrderDesk

TRIES = 4
EARLY_S = 900.0
"""A lorry's reports are read from so long before the plan's start on [s]."""
USUAL_ITERATIONS = 2000
"""Of the search: some seconds of a core for a town's 400 passes."""

PlannerOf = Callable[[int, int], FleetPlanner]
"""Returns a planner for so many iterations and a seed."""


@dataclass(frozen=True, slots=True)
class Who:
    """Who asks, in which role, over which way, why; with a known ``request_id`` nothing is done again."""

    by: str
    role: str
    via: str
    reason: str = ""
    request_id: str | None = None


@dataclass(frozen=True)
class Roads:
    """What is installed, as lorries drive it."""

    registry: Registry
    network: Network


@dataclass(frozen=True)
class Situation:
    """The night's newest plan on its roads, and where each lorry is; ``now_s`` [s after the start of the plan]."""

    plan: Plan
    on: OnRoads
    progress: Mapping[str, Progress]
    now_s: float


class PlanDesk:
    """Makes plans and follows them.

    Args:
        book: of plans, roster, lorries out of service.
        town: roads and readings.
        orders: of the duty officers.
        planner_of: see ``PlannerOf``.
        treatment: how gritters' reports are read.
        zone: of the town.
    """

    def __init__(
        self,
        book: PlanBook,
        town: Town,
        orders: OrderDesk,
        planner_of: PlannerOf,
        treatment: TreatmentParameters,
        zone: tzinfo,
    ) -> None:
        self.book, self.town, self.orders = book, town, orders
        self._planner_of, self._treatment, self.zone = planner_of, treatment, zone
        self._kept: tuple[object, Roads | str] | None = None

    # ---- what there is

    async def roads(self) -> Roads:
        """Return the directed roads.

        Raises:
            NotPlannedError: the town has none that lorries can be planned on, in words.
        """
        found = await self._roads()
        if isinstance(found, str):
            raise NotPlannedError(found)
        return found

    async def why_not(self) -> str:
        """Return why the town has no roads to plan on; empty where it has."""
        found = await self._roads()
        return found if isinstance(found, str) else ""

    async def _roads(self) -> Roads | str:
        stamp = await self.town.stamp()
        if self._kept is None or self._kept[0] != stamp:
            registry = await self.town.registry()
            self._kept = stamp, await asyncio.to_thread(_directed, registry)
        return self._kept[1]

    async def roster(self) -> Roster:
        """Return the roster that counts; NotPlannedError where nobody has written one and no gritter is installed."""
        written = await self.book.roster()
        if written is not None:
            return written
        try:
            return roster_of((await self.roads()).registry)
        except ValueError as error:
            raise NotPlannedError(
                f"{error}: `cityops winter roster FILE` says which lorries there are"
            ) from error

    def night(self, now_s: float) -> str:
        """Return the night it is."""
        return str(night_of(now_s, self.zone))

    async def situation(self, now_s: float) -> Situation | None:
        """Return where the night's newest plan stands; None where there is none.

        Raises:
            NotPlannedError: the roads are no longer the plan's.
        """
        plan = await self.book.newest(self.night(now_s))
        return None if plan is None else await self.follow(plan, now_s)

    async def on_roads(self, plan: Plan) -> OnRoads:
        """Return a plan on its roads; NotPlannedError where they are others than those it was made for."""
        network = (await self.roads()).network
        if roads_sha256(network) != plan.contents.roads:
            raise NotPlannedError(f"{_changed_words(plan, network)}: plan tonight again")
        return OnRoads(network, plan.contents)

    async def _driven(self, now_s: float) -> Plan | None:
        """Return the night's plan, if the roads are still the ones that it was made for."""
        plan = await self.book.newest(self.night(now_s))
        network = (await self.roads()).network
        return plan if plan is not None and roads_sha256(network) == plan.contents.roads else None

    async def follow(self, plan: Plan, now_s: float) -> Situation:
        """Return where the lorries of a plan are."""
        on = await self.on_roads(plan)
        devices = {s.device: s.lorry for s in plan.contents.fleet}
        from_s = max(plan.at_s - 30.0, plan.contents.start_s - EARLY_S)
        seen = await self.town.readings(sorted(devices), from_s, now_s)
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

    async def news(self, plan: Plan, now_s: float) -> tuple[str, ...]:
        """Return the orders that have come, changed or gone since a plan was made."""
        cases = await self.orders.cases(*span_s(night_of(now_s, self.zone), self.zone))
        stand = {c.ref: len(c.acts) for c in standing_orders(cases)}
        had = {o.ref: o.acts for o in plan.contents.orders}
        later = set(plan.contents.later) & set(stand)
        return tuple(sorted(ref for ref in {*stand, *had} - later if stand.get(ref) != had.get(ref)))

    # ---- what is done

    async def plan_tonight(
        self, who: Who, now_s: float, *, seed: int = 1, iterations: int = USUAL_ITERATIONS
    ) -> Plan:
        """Plan the night from the orders that stand; a plan of the night that is being driven goes on.

        Where no order stands any more the plan has nothing to drive: it sends all lorries home.

        Raises:
            NotPlannedError: nothing can be planned, in words for whoever asked.
            TransientError: the database does not answer.
        """
        return await self._again("tonight", None, who, now_s, seed, iterations)

    async def breakdown(
        self, lorry: str, who: Who, now_s: float, *, seed: int = 1, iterations: int = USUAL_ITERATIONS
    ) -> Plan | None:
        """Take a lorry out of service; what it has not treated goes to the others. None: the night has no plan.

        That it is out of service is kept first, whatever comes of the plan.

        Raises:
            NoSuchPlanError: there is no such lorry.
            NotPlannedError: it is out of service already, no reason is given, or nothing can be planned.
        """
        return await self._change(lorry, "broken", who, now_s, seed, iterations)

    async def returned(
        self, lorry: str, who: Who, now_s: float, *, seed: int = 1, iterations: int = USUAL_ITERATIONS
    ) -> Plan | None:
        """Take a lorry back into service, at its depot; it takes its share of what is left. None: no plan.

        Raises:
            NoSuchPlanError: there is no such lorry.
            NotPlannedError: it is in service already, or nothing can be planned.
        """
        return await self._change(lorry, "returned", who, now_s, seed, iterations)

    async def _change(
        self, lorry: str, what: str, who: Who, now_s: float, seed: int, iterations: int
    ) -> Plan | None:
        broken = what == "broken"
        if (known := await self._known("breakdown" if broken else "returned", lorry, who)) is not None:
            return known
        names = [e.id for e in (await self.roster()).lorry]
        if lorry not in names:
            raise NoSuchPlanError(f"There is no lorry {lorry!r}; there are {', '.join(names)}.")
        if broken and not who.reason.strip():
            raise NotPlannedError("why is missing: a breakdown needs a reason")
        await self._record(lorry, broken, who, now_s)
        if await self.book.newest(self.night(now_s)) is None:
            return None
        kind: Kind = "breakdown" if broken else "returned"
        try:
            return await self._again(kind, lorry, who, now_s, seed, iterations)
        except NotPlannedError as error:
            kept = f"{lorry} is {'out of' if broken else 'back in'} service"
            raise NotPlannedError(f"{kept}, but there is no new plan: {error}") from error

    async def _record(self, lorry: str, broken: bool, who: Who, now_s: float) -> None:
        """Keep what happened before anything is planned: it is true whether there is a plan or not."""
        if who.request_id is not None and await self.book.said(who.request_id) is not None:
            return  # sent again after no plan came of it
        if (lorry in await self.book.out()) == broken:
            raise NotPlannedError(f"{lorry} is {'out of' if broken else 'in'} service already")
        await self.book.put_service(_service(lorry, broken, who, now_s))

    async def _known(self, kind: Kind, lorry: str | None, who: Who) -> Plan | None:
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
                f"request_id {who.request_id!r} was used for something else: {_asked_words(*had.pop())}"
            )
        return plan

    async def _again(
        self, kind: Kind, lorry: str | None, who: Who, now_s: float, seed: int, iterations: int
    ) -> Plan:
        for attempt in range(TRIES):
            if (known := await self._known(kind, lorry, who)) is not None:
                return known
            try:
                return await self._plan(kind, lorry, who, now_s, seed, iterations)
            except PlanMovedError:
                if attempt == TRIES - 1:
                    raise
        raise AssertionError

    async def _plan(
        self, kind: Kind, lorry: str | None, who: Who, now_s: float, seed: int, iterations: int
    ) -> Plan:
        marks = await self.book.marks()
        newest = await self.book.newest(self.night(now_s))
        before = await self._driven(now_s)
        means = await self._means(seed, iterations)
        try:
            wish = await self._wish(kind, means, before, now_s)
            contents = await asyncio.to_thread(make, wish, self._planner_of(iterations, seed))
        except WrongPlanError as error:
            raise InvariantError(str(error)) from error
        except ValueError as error:
            raise NotPlannedError(str(error)) from error
        new = NewPlan(
            night=self.night(now_s), kind=kind, at_s=now_s, by=who.by, role=who.role, via=who.via,
            reason=who.reason or KIND_WORDS[kind], contents=contents, lorry=lorry, request_id=who.request_id,
            after=None if newest is None else newest.version,
        )  # fmt: skip
        return await self.book.add(new, marks)

    async def _means(self, seed: int, iterations: int) -> Means:
        roads, roster = await self.roads(), await self.roster()
        out = {name: s.reason for name, s in (await self.book.out()).items()}
        return Means(roads.registry, roads.network, roster, out, seed, iterations)

    async def _wish(self, kind: Kind, means: Means, before: Plan | None, now_s: float) -> Wish:
        asked = await self._asked(means, before, now_s) if kind == "tonight" or before is None else None
        if asked is not None and not asked.asked and (before is None or not before.contents.asked):
            raise NotPlannedError(nothing_words(asked))
        if before is not None:
            situation = await self.follow(before, now_s)
            at_s = max(0.0, situation.now_s)
            rest = rest_of(situation.on, before, situation.progress, at_s, means.out)
            return await asyncio.to_thread(again, means, before, rest, at_s, asked)
        assert asked is not None
        last = await self.book.before(self.night(now_s))
        wish = await asyncio.to_thread(first, means, asked, last)
        old = await self.book.newest(self.night(now_s))
        return (
            wish if old is None else replace(wish, notes=(*wish.notes, _new_roads_words(old, means.network)))
        )

    async def _asked(self, means: Means, before: Plan | None, now_s: float) -> Tonight:
        cases = await self.orders.cases(*span_s(night_of(now_s, self.zone), self.zone))
        routes = {r.route_id: RouteFacts(r.label, r.priority) for r in means.registry.routes}
        return tonight(
            cases, routes, now_s, start_s=None if before is None else before.contents.start_s,
            limits_s=settings_of(means.roster).limits_s, treated=await self.town.treated(),
            known=() if before is None else before.contents.asked,
            had=() if before is None else before.contents.orders,
        )  # fmt: skip


def _directed(registry: Registry) -> Roads | str:
    """Return the roads, or why no lorry can be planned on them."""
    if not registry.segments or not registry.depots:
        return f"the registry has no {'depot' if registry.segments else 'roads'}"
    try:
        network = Network.of(registry)
    except ValueError as error:
        return str(error)
    errors = [f.text for f in stopping(network, registry.depots)]
    return f"the roads can't be driven as they are: {errors[0]}" if errors else Roads(registry, network)


def nothing_words(asked: Tonight) -> str:
    """Return why there is nothing to plan."""
    said = ["No order stands that lorries could drive now."]
    if asked.waiting:
        said.append(
            f"{', '.join(asked.waiting)} still {'wait' if len(asked.waiting) > 1 else 'waits'} for an answer."
        )
    if asked.later:
        said.append(f"{', '.join(asked.later)} {'are' if len(asked.later) > 1 else 'is'} for later.")
    if asked.treated:
        said.append("What was ordered is treated.")
    return " ".join(said)


def _changed_words(old: Plan, network: Network) -> str:
    which = changed_words(old.contents.stretches, network)
    return f"the roads have changed since plan {old.version} was made{f' ({which})' if which else ''}"


def _new_roads_words(old: Plan, network: Network) -> str:
    said = _changed_words(old, network)
    return (
        f"{said[0].upper()}{said[1:]}: the night is planned anew, with every lorry full at its depot. "
        "What gritters have spread since an order counts."
    )


def _asked_words(kind: str, lorry: str | None) -> str:
    return f"{KIND_WORDS[kind]}{'' if lorry is None else f' ({lorry})'}"


def _service(lorry: str, broken: bool, who: Who, now_s: float) -> Service:
    return Service(
        lorry=lorry, what="broken" if broken else "returned", at_s=now_s, by=who.by, role=who.role, via=who.via,
        reason=who.reason, request_id=who.request_id,
    )  # fmt: skip


def _report(s: Seen, zero_s: float) -> Report:
    return Report(
        s.ts_s - zero_s,
        s.longitude_deg,
        s.latitude_deg,
        s.speed_m_s,
        s.spread_rate_g_m2 or 0.0,
        s.salt_remaining_kg,
    )
