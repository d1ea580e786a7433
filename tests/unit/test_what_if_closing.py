"""What closing a road would do, over desks in memory: what is lost, later and dearer, and that nothing is kept."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import msgspec
import pytest

from devices.registry import Registry
from rules.catalogue.ops_files import load_costs, load_way
from rules.closing.memory import MemoryClosures
from rules.core.closing.model import Closure, NewClosure, Opening, closed_between, closed_notes
from rules.core.closing_effects.document import ClosingDocument
from rules.core.emergency.finding import AskedWay, WayAnswer
from rules.core.network.network import Network
from rules.core.rounds.planner import Inserting
from rules.emergency.memory import MemoryEmergencyTown, MemoryStations
from rules.emergency.ports import StateSeen
from rules.emergency.service import NOTHING_KNOWN, NoWayError, TooManyError, WayDesk
from rules.rounds.making import in_thread as rounds_in_thread
from rules.what_if.service import NoSuchStretchError, Planners, Question, WhatIfDesk
from rules.winter.fleet.planning import in_thread
from rules.winter.fleet.service import PlanDesk
from tests.fakes.cab_desk import ADA, NOW, ZONE, builder, desk, ordered, small_town
from tests.fakes.cab_night import P as TREATMENT

P = load_way()
SAID: dict[str, Any] = {"by": "Ada", "role": "duty officer", "via": "cli", "at_s": NOW}


def ways(town: Registry, closures: MemoryClosures | None = None) -> tuple[WayDesk, MemoryEmergencyTown]:
    seen = MemoryEmergencyTown(town)
    return WayDesk(seen, MemoryStations(), closures, P, ZONE), seen


def what_if(plans: PlanDesk, town: Registry, closures: MemoryClosures) -> WhatIfDesk:
    by = Planners(builder, in_thread, lambda iterations, seed: Inserting(), rounds_in_thread, load_costs())
    return WhatIfDesk(ways(town, closures)[0], plans, None, closures, by)


def closures_of(town: Registry) -> MemoryClosures:
    return MemoryClosures({s.segment_id for s in town.segments})


def question(*segments: str, from_s: float = NOW, until_s: float | None = None) -> Question:
    return Question(segments, from_s, until_s, "burst main", NOW, 0)


def on_a_route(town: Registry) -> str:
    return next(s.segment_id for s in town.segments if s.route_id == "r1")


async def test_a_closed_stretch_of_the_night_is_lost_by_name_and_nothing_is_kept() -> None:
    plans, orders, town = desk()
    await ordered(orders)
    name = on_a_route(town.installed)
    found = await what_if(plans, town.installed, closures_of(town.installed)).close(question(name))
    g = found.gritting
    assert g.before is not None
    assert g.after is not None
    assert [x.what for x in g.lost if x.why.startswith("closed: burst main, until it is opened")] == [name]
    assert g.after.done < g.before.done
    assert "by the orders that stand" in g.basis
    assert any(name in x.streets or x.streets for x in g.affected)
    assert await plans.book.newest(plans.night(NOW)) is None
    assert found.rounds.why_not == "bin rounds are not planned here"
    assert msgspec.convert(msgspec.to_builtins(found), ClosingDocument) == found


async def test_without_orders_all_routes_are_planned() -> None:
    plans, _, town = desk()
    found = await what_if(plans, town.installed, closures_of(town.installed)).close(question("s5"))
    assert found.gritting.basis.startswith("all routes at 10 g/m²")
    assert found.gritting.before is not None


async def test_the_plan_that_counts_says_who_is_on_the_way_there() -> None:
    plans, orders, town = desk()
    await ordered(orders)
    plan = await plans.plan_tonight(ADA, NOW)
    hit = next(s.segment_id for t in plan.contents.trips for s in t.steps if s.segment_id)
    found = await what_if(plans, town.installed, closures_of(town.installed)).close(question(hit))
    assert found.gritting.plan == plan.version
    assert found.gritting.affected
    assert len(await plans.book.numbers(plans.night(NOW))) == 1


async def test_too_far_ahead_or_over_is_not_planned_and_says_so() -> None:
    plans, _, town = desk()
    ask = what_if(plans, town.installed, closures_of(town.installed)).close
    far = await ask(question("s5", from_s=NOW + 9 * 3600.0))
    assert "begins more than 8 h from now" in far.gritting.why_not
    over = await ask(question("s5", from_s=NOW - 7200.0, until_s=NOW - 3600.0))
    assert over.gritting.why_not == "it would be over already"
    with pytest.raises(NoSuchStretchError, match="there is no stretch moon"):
        await ask(question("moon"))


async def test_streets_beyond_are_cut_off_from_the_fire_engine() -> None:
    plans, _, town = desk()
    # The first street is the only one to node 999.
    found = await what_if(plans, town.installed, closures_of(town.installed)).close(question("s1", "s2"))
    assert found.reach.vehicle == "fire-engine"
    assert all(x.after is None or x.after > x.before for x in found.reach.streets)


async def test_a_real_closure_counts_for_the_next_plan_and_is_in_its_notes() -> None:
    plans, orders, town = desk()
    await ordered(orders)
    closures = closures_of(town.installed)
    name = on_a_route(town.installed)
    await closures.close(NewClosure(segments=(name,), from_s=NOW, until_s=None, reason="burst main", **SAID))
    own = closed_desk(plans, closures)
    plan = await own.plan_tonight(ADA, NOW)
    assert list(plan.contents.closed) == [name]
    assert any("is closed: burst main, until it is opened." in note for note in plan.contents.notes)
    assert all(s.segment_id != name for t in plan.contents.trips for s in t.steps)
    assert any(job.split("/")[0] == name for job in plan.contents.left_out)
    assert (await own.situation(NOW + 60.0)) is not None

    await closures.open(Opening(segments=(name,), by="Ada", role="duty officer", via="cli", at_s=NOW + 60.0))
    again = await own.plan_tonight(ADA, NOW + 60.0)
    assert again.contents.closed == {}
    assert again.contents.left_out == ()


def closed_desk(plans: PlanDesk, closures: MemoryClosures) -> PlanDesk:
    return PlanDesk(plans.book, plans.town, plans.orders, builder, TREATMENT, ZONE, closures=closures)


async def test_the_way_desk_reads_states_closures_and_stations() -> None:
    town = small_town()
    closures = closures_of(town)
    way, seen = ways(town, closures)
    last = town.nodes[-2]
    asked = AskedWay(last.latitude_deg, last.longitude_deg, "car")
    first = await way.find(asked, NOW)
    assert NOTHING_KNOWN in first.notes
    assert first.best is not None
    seen.seen = [StateSeen(s.segment_id, "ice", NOW - 60.0) for s in town.segments]
    icy = await way.find(asked, NOW + 20.0)
    assert icy.best is not None
    assert icy.best.icy_m == icy.best.metres
    with pytest.raises(NoWayError, match="no road within"):
        await way.find(AskedWay(0.0, 0.0, "car"), NOW)
    with pytest.raises(NoWayError, match="has no roads"):
        await ways(Registry(name="empty"))[0].ground()


async def test_no_more_than_some_ask_for_ways_at_once() -> None:
    """Everybody may ask: a thousand questions must not hold up those of the centre for a minute, nor fill the memory."""
    town = small_town()
    way, _ = ways(town)
    last = town.nodes[-2]
    asked = AskedWay(last.latitude_deg, last.longitude_deg, "car")
    found = await asyncio.gather(*(way.find(asked, NOW) for _ in range(40)), return_exceptions=True)
    refused = [f for f in found if isinstance(f, TooManyError)]
    assert len(refused) == 20
    assert all(isinstance(f, TooManyError | WayAnswer) for f in found)
    assert isinstance(await way.find(asked, NOW), WayAnswer)


def closure(
    from_s: float, until_s: float | None, *opened: tuple[str, float], segments: tuple[str, ...] = ("a", "b")
) -> Closure:
    openings = tuple(Opening(segments=(s,), at_s=at, by="A", role="r", via="cli") for s, at in opened)
    return Closure(
        closure_id=1,
        segments=segments,
        from_s=from_s,
        until_s=until_s,
        reason="x",
        opened=openings,
        **(SAID | {"at_s": from_s}),
    )


def test_a_closure_holds_from_its_beginning_to_its_end_or_opening() -> None:
    c = closure(100.0, 200.0, ("a", 150.0))
    assert [c.closes("a", t, t) for t in (99.0, 100.0, 149.0, 150.0)] == [False, True, True, False]
    assert [c.closes("b", t, t) for t in (150.0, 199.0, 200.0)] == [True, True, False]
    assert c.closes("b", 0.0, 101.0)
    assert not c.closes("b", 0.0, 100.0)
    assert not c.closes("c", 0.0, math.inf)
    found = closed_between([c, closure(100.0, None, segments=("b",))], 120.0, 130.0)
    assert {k: v.until_s for k, v in found.items()} == {"a": 150.0, "b": None}


def test_notes_count_stretches_of_a_street() -> None:
    town = small_town()
    network = Network.of(town).closing({"s1": "works", "s2": "works"})
    assert closed_notes(network) == ("Street 1 is closed: works.", "Street 2 is closed: works.")
