"""The desk of tonight's plans in memory: what officers do, in the order in which it goes wrong."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace as with_

from rules.core.cab.model import Service
from rules.core.cab.roads import changed_words
from rules.core.fleet.plan import FleetPlan
from rules.core.fleet.planner import FleetPlanner
from rules.core.fleet.request import Request
from rules.core.fleet.roster import LorryEntry, Roster
from rules.core.winter_orders import model as m
from rules.winter.fleet.asking import Who
from rules.winter.fleet.ports import NoSuchPlanError, NotPlannedError
from tests.fakes.cab_desk import ADA, NOW, as_seen, desk, ordered
from tests.fakes.cab_night import drive, every_pass


async def test_when_all_orders_are_cancelled_a_plan_sends_everybody_home() -> None:
    plans, orders, town = desk()
    case = await ordered(orders)
    first = await plans.plan_tonight(ADA, NOW)
    on = await plans.on_roads(first)
    town.seen += [r for v in on.trips for r in as_seen(v, drive(on, v, 600.0), first.contents.start_s)]
    await orders.act(m.Cancel(ref=case.ref, by="Ada", role="duty officer", reason="rain"), NOW + 590.0)
    assert await plans.news(first, NOW + 600.0) == (case.ref,)
    second = await plans.plan_tonight(ADA, NOW + 600.0)
    assert (second.after, second.contents.asked, second.contents.done) == (first.version, (), ())
    # Who is on the road drives home, and does nothing on the way.
    assert all(s.job is None for t in second.contents.trips for s in t.steps)
    assert second.contents.notes[-1].startswith("No order stands any more")
    assert await plans.news(second, NOW + 660.0) == ()
    # A new order is planned from where they are.
    await ordered(orders, at_s=NOW + 700.0)
    third = await plans.plan_tonight(ADA, NOW + 720.0)
    assert third.contents.asked


async def test_an_order_for_later_is_news_when_it_is_moved_and_when_its_time_has_come() -> None:
    plans, orders, _ = desk()
    await ordered(orders)
    later = await orders.act(
        m.OrderOwn(
            route_id="r2", by="Ada", role="duty officer", reason="frost", g_m2=10.0, passes=1,
            start_s=NOW + 5 * 3600.0, by_s=NOW + 7 * 3600.0,
        ),
        NOW,
    )  # fmt: skip
    first = await plans.plan_tonight(ADA, NOW)
    assert first.contents.later == (later.ref,)
    assert [await plans.news(first, NOW + h * 3600.0) for h in (0, 2, 3, 5)] == [
        (),
        (),
        (later.ref,),
        (later.ref,),
    ]
    # Moved, to now or to another later time, it is news until the night is planned again.
    for hours in (6.0, 0.2):
        await orders.act(
            m.Change(ref=later.ref, by="Ada", role="duty officer", reason="frost", start_s=NOW + hours * 3600.0), NOW + 60.0
        )  # fmt: skip
        assert await plans.news(first, NOW + 120.0) == (later.ref,)
        first = await plans.plan_tonight(ADA, NOW + 120.0)
        assert await plans.news(first, NOW + 180.0) == ()
    assert later.ref in {o.ref for o in first.contents.orders}


async def test_a_lorry_that_is_taken_off_the_roster_drives_no_further_in_the_plan() -> None:
    plans, orders, town = desk()
    for route in ("r1", "r2"):
        await ordered(orders, route)
    first = await plans.plan_tonight(ADA, NOW)
    on = await plans.on_roads(first)
    town.seen += [r for v in on.trips for r in as_seen(v, drive(on, v, 600.0), first.contents.start_s)]
    roster = await plans.roster()
    left = [
        LorryEntry(id=e.id, depot=e.depot, salt_t=4.0, hours=5.0, device=f"new-{e.id}")
        for e in roster.lorry
        if e.id != "g1"
    ]
    await plans.book.put_roster(Roster(lorry=left), "Ada", "g1 is sold")
    # Who says that it has broken down is understood, though it is on the roster no longer.
    with pytest.raises(NoSuchPlanError, match="no lorry 'g9'; there are g2, g3, g1"):
        await plans.breakdown("g9", ADA, NOW + 600.0)
    second = await plans.plan_tonight(ADA, NOW + 600.0)
    assert second.contents.out == {"g1": "not on the roster"}
    assert [s.lorry for s in second.contents.fleet] == ["g2", "g3"]
    told = {(s.device, s.capacity_kg, s.until_s) for s in second.contents.fleet}
    assert told == {(f"new-{v}", 4000.0, 5 * 3600.0) for v in ("g2", "g3")}
    assert all(s.on_board_kg <= 4000.0 for s in second.contents.fleet)
    had, has = set(every_pass(first.contents)), set(every_pass(second.contents))
    assert had == has


async def test_a_lorry_off_the_roster_can_be_said_to_have_broken_down() -> None:
    plans, orders, _ = desk()
    await ordered(orders)
    await plans.plan_tonight(ADA, NOW)
    left = [e for e in (await plans.roster()).lorry if e.id != "g1"]
    await plans.book.put_roster(Roster(lorry=left), "Ada", "g1 is sold")
    second = await plans.breakdown("g1", Who("Ada", "duty officer", "page", "gearbox"), NOW + 60.0)
    assert second is not None
    assert (second.contents.out, [s.lorry for s in second.contents.fleet]) == (
        {"g1": "gearbox"},
        ["g2", "g3"],
    )


async def test_a_breakdown_is_kept_though_nothing_can_be_planned() -> None:
    plans, orders, _ = desk()
    await ordered(orders)
    await plans.plan_tonight(ADA, NOW)
    usual = plans.planning.planner_of

    def fails(request: Request) -> FleetPlan:
        raise ValueError("no way to segment s1")

    def failing(iterations: int, seed: int) -> FleetPlanner:
        return fails  # type: ignore[return-value]

    plans.planning.planner_of = failing
    gearbox = Who("Ada", "duty officer", "page", "gearbox", "b-1")
    with pytest.raises(NotPlannedError, match=r"g1 is out of service, but there is no new plan: no way"):
        await plans.breakdown("g1", gearbox, NOW + 60.0)
    assert (await plans.book.out())["g1"].reason == "gearbox"
    plans.planning.planner_of = usual
    again = await plans.breakdown("g1", gearbox, NOW + 90.0)
    assert again is not None
    assert again.contents.out == {"g1": "gearbox"}


async def test_a_lorry_that_fails_while_the_night_is_planned_is_not_in_the_plan_that_is_kept() -> None:
    plans, orders, _ = desk()
    await ordered(orders)
    usual, failed = plans.planning.planner_of, False

    def fails_meanwhile(iterations: int, seed: int) -> FleetPlanner:
        nonlocal failed
        if not failed:
            failed = True
            book = plans.book
            book.services.append(  # type: ignore[attr-defined]
                Service(lorry="g1", what="broken", at_s=NOW, by="Bob", role="r", via="api", reason="gearbox")
            )
        return usual(iterations, seed)

    plans.planning.planner_of = fails_meanwhile
    plan = await plans.plan_tonight(ADA, NOW)
    assert plan.version == 1
    assert [s.lorry for s in plan.contents.fleet] == ["g2", "g3"]
    assert plan.contents.out == {"g1": "gearbox"}


async def test_a_request_that_is_sent_twice_is_done_once_and_its_id_is_its_own() -> None:
    plans, orders, _ = desk()
    await ordered(orders)
    once = Who("Ada", "duty officer", "page", "gearbox", "r-1")
    first, again = await asyncio.gather(plans.plan_tonight(once, NOW), plans.plan_tonight(once, NOW))
    assert first == again
    assert [p.version for p in await plans.book.versions(first.night)] == [1]
    for ask in (plans.breakdown("g1", once, NOW + 9.0), plans.returned("g1", once, NOW + 9.0)):
        with pytest.raises(NotPlannedError, match="was used for something else: planned from the orders"):
            await ask
    assert await plans.book.out() == {}
    down = Who("Ada", "duty officer", "page", "gearbox", "r-2")
    second = await plans.breakdown("g1", down, NOW + 10.0)
    assert await plans.breakdown("g1", down, NOW + 20.0) == second
    with pytest.raises(NotPlannedError, match=r"something else: a lorry has broken down \(g1\)"):
        await plans.breakdown("g2", down, NOW + 30.0)
    with pytest.raises(NotPlannedError, match="something else"):
        await plans.plan_tonight(down, NOW + 30.0)


@pytest.mark.parametrize(
    "change",
    [
        {"width_m": 9.5}, {"lanes": 3}, {"one_way": True}, {"speed_km_h": 16.0}, {"road_class": "C"}, {"street": "New Street"},
        {"ref": "B9"}, {"carriageway": "slip"}, {"bridge": True}, {"max_weight_t": 7.5}, {"max_height_m": 3.0},
        {"max_width_m": 2.0}, {"length_m": 1.5}, {"geometry": ((0.1, 52.2), (0.1001, 52.2001))},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
async def test_any_change_of_a_road_that_check_or_card_use_is_noticed_and_named(
    change: dict[str, Any],
) -> None:
    plans, orders, town = desk()
    await ordered(orders)
    first = await plans.plan_tonight(ADA, NOW)
    own = first.contents.asked[0].segment_id
    town.installed = with_(
        town.installed,
        segments=tuple(with_(s, **change) if s.segment_id == own else s for s in town.installed.segments),
    )
    with pytest.raises(
        NotPlannedError, match=r"since plan 1 was made \(1 of its stretches: .+\): plan tonight again"
    ):
        await plans.on_roads(first)


async def test_what_forecasts_use_changes_no_plan_and_what_is_beside_the_way_is_said_so() -> None:
    plans, orders, town = desk()
    await ordered(orders)
    first = await plans.plan_tonight(ADA, NOW)
    network = (await plans.on_roads(first)).network
    town.installed = with_(
        town.installed,
        segments=tuple(with_(s, sky_view_factor=0.5, altitude_m=7.0) for s in town.installed.segments),
    )
    await plans.on_roads(first)
    marks = first.contents.stretches
    assert set(marks) >= {a.segment_id for a in first.contents.asked}
    assert (
        changed_words(marks, network)
        == "none of the stretches that it drives, but roads or turns beside them"
    )
    assert changed_words({**marks, "old-1": "ab"}, network) == "1 of its stretches: old-1 (gone)"
    assert changed_words({}, network) == ""


async def test_a_breakdown_after_the_roads_have_changed_plans_the_night_anew() -> None:
    plans, orders, town = desk()
    await ordered(orders)
    first = await plans.plan_tonight(ADA, NOW)
    changed = tuple(with_(s, width_m=s.width_m + 0.5) for s in town.installed.segments)
    town.installed = with_(town.installed, segments=changed)
    second = await plans.breakdown("g1", Who("Ada", "duty officer", "page", "gearbox"), NOW + 60.0)
    assert second is not None
    assert (second.kind, second.lorry, second.after) == ("breakdown", "g1", first.version)
    assert second.contents.roads != first.contents.roads
    assert [s.lorry for s in second.contents.fleet] == ["g2", "g3"]
    assert "roads have changed since plan 1 was made (" in second.contents.notes[-1]
    assert "of its stretches: " in second.contents.notes[-1]
