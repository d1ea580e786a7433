"""A route that was treated is ordered again in the same night: the rain has washed it off."""

from __future__ import annotations

import pytest

from rules.core.cab.model import Contents
from rules.core.winter_orders import model as m
from rules.winter.fleet.asking import Who
from rules.winter.fleet.memory import MemoryTown
from rules.winter.fleet.service import PlanDesk
from tests.fakes.cab_desk import ADA, NOW, as_seen, desk, ordered
from tests.fakes.cab_night import drive

LATER = NOW + 6 * 3600.0
GEARBOX = Who("Ada", "duty officer", "page", "gearbox")


def to_drive(c: Contents) -> set[str]:
    return {s.job for t in c.trips for s in t.steps if s.job is not None}


async def driven(plans: PlanDesk, town: MemoryTown, at_s: float, seconds: float) -> Contents:
    """Plan, and let all drive for so long."""
    plan = await plans.plan_tonight(ADA, at_s)
    on, town.seen = await plans.on_roads(plan), [s for s in town.seen if s.ts_s <= at_s]
    for v in on.trips:
        reports = drive(on, v, at_s - plan.contents.start_s + seconds, every_s=10.0)
        town.seen += as_seen(v, [r for r in reports if r.at_s >= plan.at_s - plan.contents.start_s], plan.contents.start_s)  # fmt: skip
    return plan.contents


@pytest.mark.parametrize("g_m2", [8.0, 10.0, 20.0])
async def test_a_second_order_on_a_route_that_is_treated_is_driven_and_once(g_m2: float) -> None:
    plans, orders, town = desk()
    await ordered(orders)
    passes = to_drive(await driven(plans, town, NOW, 6000.0))
    second = await ordered(orders, g_m2=g_m2, at_s=LATER)
    again = await driven(plans, town, LATER, 6000.0)
    assert to_drive(again) == passes
    assert ({a.ref for a in again.asked}, {a.g_m2 for a in again.asked}) == ({second.ref}, {g_m2})
    # What was driven for the second order is driven for both: no plan drives it a third time.
    for hours, kind in ((2, "tonight"), (3, "breakdown"), (4, "tonight")):
        at_s = LATER + hours * 3600.0
        plan = await (
            plans.plan_tonight(ADA, at_s) if kind == "tonight" else plans.breakdown("g3", GEARBOX, at_s)
        )
        assert plan is not None
        assert (to_drive(plan.contents), len(plan.contents.done)) == (set(), len(passes))


async def test_two_orders_of_one_plan_are_treated_once_by_either_name() -> None:
    plans, orders, town = desk()
    for g_m2 in (10.0, 20.0, 10.0):
        await ordered(orders, g_m2=g_m2)
    passes = to_drive(await driven(plans, town, NOW, 6000.0))
    plan = await plans.plan_tonight(ADA, NOW + 7200.0)
    assert (to_drive(plan.contents), len(plan.contents.done)) == (set(), len(passes))


async def test_only_what_is_treated_is_treated_again_and_what_is_not_is_once() -> None:
    plans, orders, town = desk()
    await ordered(orders, g_m2=20.0)
    passes = to_drive(await driven(plans, town, NOW, 900.0))
    second = await ordered(orders, g_m2=10.0, at_s=NOW + 900.0)
    again = (await plans.plan_tonight(ADA, NOW + 900.0)).contents
    assert to_drive(again) == passes
    # A wide road of which one side is treated is treated as a whole, as heavily as is still asked for there.
    assert {(a.ref == second.ref, a.g_m2) for a in again.asked} == {(True, 10.0), (True, 20.0), (False, 20.0)}


async def test_an_order_that_is_done_asks_again_where_its_rate_is_raised() -> None:
    plans, orders, town = desk()
    first = await ordered(orders)
    await driven(plans, town, NOW, 6000.0)
    await ordered(orders, g_m2=8.0, at_s=NOW + 6000.0)
    passes = to_drive(await driven(plans, town, NOW + 6000.0, 6000.0))
    change = m.Change(ref=first.ref, by="Ada", role="duty officer", reason="colder", g_m2=20.0)
    await orders.act(change, NOW + 12000.0)
    third = (await plans.plan_tonight(ADA, NOW + 12000.0)).contents
    assert (to_drive(third), {a.g_m2 for a in third.asked}) == (passes, {20.0})
