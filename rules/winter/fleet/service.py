"""The desk of tonight's plans: plans, breakdowns, returns, and where the lorries are."""

from __future__ import annotations

from datetime import tzinfo

from rules.closing.ports import Closures
from rules.core.cab.codec import OnRoads
from rules.core.cab.model import Plan
from rules.core.cab.tonight import is_for_later, standing_orders
from rules.core.fleet.roster import Roster
from rules.core.gritting_parameters import TreatmentParameters
from rules.core.winter_nights import night_of, span_s
from rules.winter.fleet.asking import Who, service_of
from rules.winter.fleet.following import Follower, Situation
from rules.winter.fleet.last_used import LastUsed
from rules.winter.fleet.planning import PASSES_MOST, Ask, PlannerOf, Planning, TownNow, in_thread
from rules.winter.fleet.ports import Makes, NoSuchPlanError, NotPlannedError, PlanBook, Town
from rules.winter.fleet.roads import InstalledRoads, Roads
from rules.winter.fleet.shelf import Shelf
from rules.winter.orders.ports import OrderDesk

USUAL_ITERATIONS = 2000
"""Of the search: some seconds of a core for a town's 400 passes."""
FILES = 64
"""Cards that are kept as they were set for paper or a device."""


class PlanDesk:
    """Makes plans and follows them.

    ``shelf`` has the plans that were read, ``files`` the cards that were given out; nothing changes either.

    Args:
        book: of plans, roster, lorries out of service.
        town: roads and readings.
        orders: of the duty officers.
        planner_of: see ``PlannerOf``.
        treatment: how gritters' reports are read.
        zone: of the town.
        town_now: its clock, read again while a plan is made; without one no time passes.
        makes: makes the plans; ``passes_most``: of one plan.
        closures: roads that are closed for a time; None: none is.
    """

    def __init__(
        self,
        book: PlanBook,
        town: Town,
        orders: OrderDesk,
        planner_of: PlannerOf,
        treatment: TreatmentParameters,
        zone: tzinfo,
        *,
        town_now: TownNow | None = None,
        makes: Makes = in_thread,
        passes_most: int = PASSES_MOST,
        closures: Closures | None = None,
    ) -> None:
        self.book, self.town, self.orders, self.zone = book, town, orders, zone
        self.shelf, self.files = Shelf(book), LastUsed[bytes](FILES)
        self._installed = InstalledRoads(town)
        self._follower = Follower(self._installed, town, treatment, zone)
        self.planning = Planning(
            book, town, orders, self._installed, self._follower, planner_of, zone, town_now, makes, passes_most,
            closures,
        )  # fmt: skip

    # ---- what there is

    async def roads(self) -> Roads:
        """Return the directed roads.

        Raises:
            NotPlannedError: the town has none that lorries can be planned on, in words.
        """
        return await self._installed.roads()

    async def why_not(self) -> str:
        """Return why the town has no roads to plan on; empty where it has."""
        found = await self._installed.found()
        return found if isinstance(found, str) else ""

    async def roster(self) -> Roster:
        """Return the roster that counts; NotPlannedError where nobody has written one and no gritter is installed."""
        return await self.planning.roster()

    def night(self, now_s: float) -> str:
        """Return the night it is."""
        return str(night_of(now_s, self.zone))

    async def situation(self, now_s: float) -> Situation | None:
        """Return where the night's newest plan stands; None where there is none.

        Raises:
            NotPlannedError: the roads are no longer the plan's.
        """
        plan = await self.shelf.newest(self.night(now_s))
        return None if plan is None else await self.follow(plan, now_s)

    async def on_roads(self, plan: Plan) -> OnRoads:
        """Return a plan on its roads; NotPlannedError where they are others than those it was made for."""
        return await self._installed.on_roads(plan)

    async def follow(self, plan: Plan, now_s: float) -> Situation:
        """Return where the lorries of a plan are."""
        return await self._follower.follow(plan, now_s)

    async def news(self, plan: Plan, now_s: float) -> tuple[str, ...]:
        """Return the orders that have come, changed or gone since a plan was made, or are no longer for later."""
        cases = await self.orders.cases(*span_s(night_of(now_s, self.zone), self.zone))
        stand = {c.ref: c for c in standing_orders(cases)}
        had = {o.ref: o.acts for o in plan.contents.orders}
        as_it_was = plan.contents.later_acts
        later = {
            ref
            for ref in set(plan.contents.later) & set(stand)
            if len(stand[ref].acts) == as_it_was.get(ref, len(stand[ref].acts))
            and is_for_later(stand[ref], now_s)
        }
        acts = {ref: len(case.acts) for ref, case in stand.items()}
        return tuple(sorted(ref for ref in {*acts, *had} - later if acts.get(ref) != had.get(ref)))

    # ---- what is done

    async def plan_tonight(
        self, who: Who, now_s: float, *, seed: int = 1, iterations: int = USUAL_ITERATIONS
    ) -> Plan:
        """Plan the night from the orders that stand; a plan of the night that is being driven goes on.

        Where no order stands any more the plan has nothing to drive: it sends all lorries home.

        Raises:
            NotPlannedError: nothing can be planned, in words for whoever asked; PlanBusyError: a plan is being made.
            TransientError: the database does not answer.
        """
        return await self.planning.plan(Ask("tonight", None, who, now_s, seed, iterations))

    async def plan_around(
        self, who: Who, now_s: float, *, seed: int = 1, iterations: int = USUAL_ITERATIONS
    ) -> Plan:
        """Plan what is left of the night on roads as they are closed by now, from the orders that the plan so far has.

        Raises:
            as :meth:`plan_tonight`.
        """
        return await self.planning.plan(Ask("tonight", None, who, now_s, seed, iterations, same_orders=True))

    async def breakdown(
        self, lorry: str, who: Who, now_s: float, *, seed: int = 1, iterations: int = USUAL_ITERATIONS
    ) -> Plan | None:
        """Take a lorry out of service; what it has not treated goes to the others. None: the night has no plan.

        That it is out of service is kept first, whatever comes of the plan.

        Raises:
            NoSuchPlanError: there is no such lorry.
            NotPlannedError: it is out of service already, no reason is given, or nothing can be planned.
        """
        return await self._change(Ask("breakdown", lorry, who, now_s, seed, iterations), lorry)

    async def returned(
        self, lorry: str, who: Who, now_s: float, *, seed: int = 1, iterations: int = USUAL_ITERATIONS
    ) -> Plan | None:
        """Take a lorry back into service, at its depot; it takes its share of what is left. None: no plan.

        Raises:
            NoSuchPlanError: there is no such lorry.
            NotPlannedError: it is in service already, or nothing can be planned.
        """
        return await self._change(Ask("returned", lorry, who, now_s, seed, iterations), lorry)

    async def _change(self, ask: Ask, lorry: str) -> Plan | None:
        broken = ask.kind == "breakdown"
        if (known := await self.planning.known(ask.kind, lorry, ask.who)) is not None:
            return known
        plan = await self.book.newest(self.night(ask.now_s))
        names = [e.id for e in (await self.roster()).lorry]
        # Taken off the roster in the night it may still be on the road.
        names += [] if plan is None else [s.lorry for s in plan.contents.fleet if s.lorry not in names]
        if lorry not in names:
            raise NoSuchPlanError(f"There is no lorry {lorry!r}; there are {', '.join(names)}.")
        if broken and not ask.who.reason.strip():
            raise NotPlannedError("why is missing: a breakdown needs a reason")
        await self._record(lorry, broken, ask.who, ask.now_s)
        if await self.book.newest(self.night(ask.now_s)) is None:
            return None
        try:
            return await self.planning.plan(ask)
        except NotPlannedError as error:
            kept = f"{lorry} is {'out of' if broken else 'back in'} service"
            raise NotPlannedError(f"{kept}, but there is no new plan: {error}") from error

    async def _record(self, lorry: str, broken: bool, who: Who, now_s: float) -> None:
        """Keep what happened before anything is planned: it is true whether there is a plan or not."""
        if who.request_id is not None and await self.book.said(who.request_id) is not None:
            return  # sent again after no plan came of it
        if (lorry in await self.book.out()) == broken:
            raise NotPlannedError(f"{lorry} is {'out of' if broken else 'in'} service already")
        await self.book.put_service(service_of(lorry, broken, who, now_s))
