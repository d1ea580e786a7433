"""Lorries drive on while a plan is made: it begins where they are when it is there, or it is made again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from msgspec.structs import replace as with_

from rules.core.cab.going_on import rest_of
from rules.core.cab.overtaken import Overtaken, overtaken
from rules.core.fleet.plan import FleetPlan
from rules.core.fleet.planner import Builder, FleetPlanner
from rules.core.fleet.request import Request
from rules.core.winter_orders import model as m
from rules.winter.fleet import planning
from rules.winter.fleet.asking import Who
from rules.winter.fleet.memory import MemoryTown
from rules.winter.fleet.ports import PlanMovedError
from rules.winter.fleet.service import PlanDesk
from rules.winter.orders.memory import MemoryOrders
from tests.fakes.cab_desk import ADA, NOW, as_seen, builder, desk, ordered
from tests.fakes.cab_night import drive, night, progress_of

GEARBOX = Who("Ada", "duty officer", "page", "gearbox")


class Meanwhile:
    """A town whose clock goes on while a plan is made, and whose lorries drive."""

    def __init__(self, plans: PlanDesk, town: MemoryTown, *takes_s: float) -> None:
        self.plans, self.town, self.now_s, self.takes_s = plans, town, NOW, list(takes_s)
        self.made = 0
        plans.planning.planner_of = self.planner_of
        plans.planning._town_now = self.town_now

    async def town_now(self) -> float:
        return self.now_s

    def planner_of(self, iterations: int, seed: int) -> FleetPlanner:
        usual = builder(iterations, seed)

        def slow(request: Request) -> FleetPlan:
            self.made += 1
            self.now_s += self.takes_s.pop(0) if self.takes_s else 0.0
            return usual(request)

        return slow  # type: ignore[return-value]

    async def out(self, seconds: float = 900.0, more_s: float = 900.0) -> None:
        """Plan, and let all drive for so long; what they will report is there when the clock is."""
        await ordered_plan(self.plans)
        plan = await self.plans.book.newest(self.plans.night(NOW))
        assert plan is not None
        on = await self.plans.on_roads(plan)
        for v in on.trips:
            self.town.seen += as_seen(v, drive(on, v, seconds + more_s, every_s=20.0), plan.contents.start_s)
        self.now_s = NOW + seconds


async def ordered_plan(plans: PlanDesk) -> None:
    await ordered(plans.orders)  # type: ignore[arg-type]
    await plans.plan_tonight(ADA, NOW)


async def test_what_lorries_begin_while_the_plan_is_made_stays_in_it() -> None:
    plans, _, town = desk()
    night_ = Meanwhile(plans, town)
    await night_.out()
    first = await plans.book.newest(plans.night(NOW))
    assert first is not None
    night_.takes_s = [25.0]
    idle = next(v.lorry for v in first.contents.trips if not v.steps)
    second = await plans.breakdown(idle, GEARBOX, night_.now_s)
    assert second is not None
    assert night_.made == 2
    at_s = second.at_s - first.contents.start_s
    kept = 0
    for trip in second.contents.trips:
        old = [(s.segment_id, s.from_node, s.load_at) for s in first.trips[trip.lorry].steps]
        soon = [
            (s.segment_id, s.from_node, s.load_at)
            for s in trip.steps
            if s.begins_s < at_s + planning.ALLOWANCE_S
        ]
        if old:
            assert any(old[n : n + len(soon)] == soon for n in range(len(old)))
            kept += len(soon)
    assert kept > 0


async def test_a_plan_that_the_night_has_overtaken_is_made_again_with_more_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plans, _, town = desk()
    night_ = Meanwhile(plans, town)
    await night_.out()
    hits, allowed = [Overtaken("g2", "g3", "Mill Road")], list[float]()

    def rest(*args: object) -> object:
        allowed.append(args[-1])  # type: ignore[arg-type]
        return rest_of(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(planning, "overtaken", lambda *_: hits.pop() if hits else None)
    monkeypatch.setattr(planning, "rest_of", rest)
    night_.takes_s = [100.0, 20.0]
    began_s = night_.now_s
    second = await plans.breakdown("g1", GEARBOX, began_s)
    assert second is not None
    assert allowed == [planning.ALLOWANCE_S, 150.0]
    assert (second.version, second.at_s) == (2, began_s + 100.0)


async def test_a_night_that_is_always_faster_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    plans, _, town = desk()
    night_ = Meanwhile(plans, town)
    await night_.out()
    monkeypatch.setattr(planning, "overtaken", lambda *_: Overtaken("g2", "g3", "Mill Road"))
    with pytest.raises(
        PlanMovedError, match=r"g2 has begun Mill Road while the plan was made.*given it to g3"
    ):
        await plans.breakdown("g1", GEARBOX, night_.now_s)
    assert night_.made == 1 + planning.TRIES
    assert [p.version for p in await plans.book.versions(plans.night(NOW))] == [1]
    assert (await plans.book.out())["g1"].reason == "gearbox"


def test_what_a_lorry_has_begun_and_another_is_given_is_named() -> None:
    _, plan, on = night(1)
    at_s = 900.0
    progress = progress_of(on, {v: drive(on, v, at_s) for v in on.trips}, at_s)
    assert overtaken(on, {}, progress, plan.contents) is None
    names = [t.lorry for t in plan.contents.trips]
    swapped = tuple(with_(t, lorry=names[(n + 1) % 3]) for n, t in enumerate(plan.contents.trips))
    hit = overtaken(on, {}, progress, with_(plan.contents, trips=swapped))
    assert hit is not None
    assert hit.other == names[(names.index(hit.lorry) + 1) % 3]
    # Who has failed has begun nothing that counts.
    assert (
        overtaken(on, {}, progress, with_(plan.contents, trips=swapped, out=dict.fromkeys(names, "x")))
        is None
    )
    # What the plan was made from it knows: what it has driven all the same is driven again.
    assert overtaken(on, progress, progress, with_(plan.contents, trips=swapped)) is None


@pytest.mark.parametrize("g_m2", [10.0, 20.0])
async def test_a_route_that_is_driven_is_driven_again_for_the_next_proposal_by_whichever_lorry(
    g_m2: float,
) -> None:
    plans, orders, town = desk(2)
    plans.planning.planner_of = swapping
    await proposed(orders, town, NOW, 1, 10.0)
    first = await plans.plan_tonight(ADA, NOW)
    on = await plans.on_roads(first)
    for v in on.trips:
        town.seen += as_seen(v, drive(on, v, 6000.0, every_s=20.0), first.contents.start_s)
    later_s = NOW + 6 * 3600.0
    await proposed(orders, town, later_s, 3, g_m2)
    second = await plans.plan_tonight(ADA, later_s)
    driven = {s.job for t in second.contents.trips for s in t.steps if s.job is not None}
    assert second.contents.done == ()
    assert driven == {s.job for t in first.contents.trips for s in t.steps if s.job is not None}


async def test_what_lay_at_less_than_is_asked_for_now_may_be_another_lorrys() -> None:
    plans, orders, town = desk(2)
    plans.planning.planner_of = swapping
    cases = [await ordered(orders, route) for route in ("r1", "r2")]
    first = await plans.plan_tonight(ADA, NOW)
    on = await plans.on_roads(first)
    for v in on.trips:
        town.seen += as_seen(v, drive(on, v, 900.0, every_s=15.0), first.contents.start_s)
    now_s = NOW + 900.0
    for case in cases:
        await orders.act(
            m.Change(ref=case.ref, by="Ada", role="duty officer", reason="colder", g_m2=20.0, by_s=now_s + 1200.0), now_s
        )  # fmt: skip
    second = await plans.plan_tonight(ADA, now_s)
    assert second.version == 2
    assert any("done again as asked" in note for note in second.contents.notes)


async def test_a_lorry_on_the_stretch_at_whose_end_a_plan_takes_it_up_is_on_its_route() -> None:
    looked = 0
    for seconds in range(300, 1000, 100):
        plans, orders, town = desk()
        await ordered(orders)
        first = await plans.plan_tonight(ADA, NOW)
        on = await plans.on_roads(first)
        for v in on.trips:
            town.seen += as_seen(v, drive(on, v, seconds + 600.0, every_s=10.0), first.contents.start_s)
        now_s = NOW + seconds
        await ordered(orders, "r2", at_s=now_s)
        second = await plans.plan_tonight(ADA, now_s)
        [start] = [s for s in second.contents.fleet if s.lorry == "g1"]
        if start.after is None:
            continue
        at_s = now_s
        while at_s < second.contents.start_s + start.from_s:
            found = await plans.follow(second, at_s)
            assert found.progress["g1"].phase == "drives"
            if found.progress["g1"].place_m == 0.0:
                [again] = [
                    s
                    for s in rest_of(found.on, second, found.progress, found.now_s, {}).starts
                    if s.lorry == "g1"
                ]
                assert again.after == start.after
                looked += 1
            at_s += 5.0
    assert looked > 10


def swapping(iterations: int, seed: int) -> FleetPlanner:
    """The planner that builds, with each route first given to the other lorry."""

    def plan(request: Request) -> FleetPlan:
        names = list(request.standing)
        turned = dict(zip(names, [request.standing[n] for n in reversed(names)], strict=True))
        return Builder(seed)(replace(request, standing=turned))

    return plan  # type: ignore[return-value]


async def proposed(orders: MemoryOrders, town: MemoryTown, at_s: float, number: int, g_m2: float) -> None:
    """Both routes are proposed and confirmed."""
    for n, route in enumerate(("r1", "r2")):
        segments = tuple(sorted(s.segment_id for s in town.installed.segments if s.route_id == route))
        treatment = m.Treatment(
            g_m2=g_m2, passes=1, segments=segments, start_s=at_s + 600.0, by_s=at_s + 7200.0, call_out_s=at_s
        )
        orders.decisions.append(
            m.Proposal(
                decision_id=number + n, route_id=route, at_s=at_s, outcome="treat", reason="frost", treatment=treatment,
            )
        )  # fmt: skip
    for case in await orders.cases(at_s - 60.0, at_s + 60.0):
        if case.proposal is not None and case.is_waiting:
            await orders.act(m.Confirm(ref=case.ref, by="Ada", role="duty officer"), at_s)
