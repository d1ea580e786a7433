"""The desk of tonight's plans where the roads are not all as they should be."""

from __future__ import annotations

from dataclasses import replace

import pytest
from msgspec.structs import replace as with_

from devices.registry import Depot, GrittingRoute, Registry, RoadNode, RoadSegment
from rules.core.cab.model import Plan
from rules.core.carp.pace import Budget
from rules.core.fleet.planner import FleetPlanner, Searcher
from rules.core.winter_orders import model as m
from rules.winter.fleet.memory import MemoryPlans, MemoryTown
from rules.winter.fleet.ports import NotPlannedError
from rules.winter.fleet.service import PlanDesk
from rules.winter.orders.memory import MemoryOrders
from tests.fakes.cab_desk import ADA, NOW, ZONE, ordered, small_town
from tests.fakes.cab_night import P


def with_an_island() -> Registry:
    """The small town, and a street of the first route to which no road leads."""
    town = small_town()
    nodes = [RoadNode(node_id=5000 + n, latitude_deg=52.1, longitude_deg=0.1 + 0.001 * n) for n in range(2)]
    street = RoadSegment(
        segment_id="island", street="Island", road_class="A", from_node=5000, to_node=5001, length_m=70.0,
        route_id="r1",
    )  # fmt: skip
    return with_(town, nodes=(*town.nodes, *nodes), segments=(*town.segments, street))


def beside(town: Registry, *, depot: bool = True) -> Registry:
    """The small town and its like, far away and joined by no road, on route r3 of the depot ``east``."""
    nodes = [with_(n, node_id=n.node_id + 7000, longitude_deg=n.longitude_deg + 1.0) for n in town.nodes]
    segments = [
        with_(
            s, segment_id=f"e-{s.segment_id}", from_node=s.from_node + 7000, to_node=s.to_node + 7000,
            route_id="r3" if s.route_id is not None else None,
        )
        for s in town.segments
    ]  # fmt: skip
    bans = [
        with_(
            b, ban_id=f"e-{b.ban_id}", from_segment=f"e-{b.from_segment}", to_segment=f"e-{b.to_segment}",
            via_node=b.via_node + 7000,
        )
        for b in town.turn_bans
    ]  # fmt: skip
    east = Depot(depot_id="east", label="East yard", node_id=town.depots[0].node_id + 7000)
    return with_(
        town, nodes=(*town.nodes, *nodes), segments=(*town.segments, *segments), turn_bans=(*town.turn_bans, *bans),
        depots=(*town.depots, east) if depot else town.depots,
        routes=(*town.routes, GrittingRoute(route_id="r3", label="Route 3", depot_id="east" if depot else "south")),
    )  # fmt: skip


def searcher(iterations: int, seed: int) -> FleetPlanner:
    """The planner that searches, for a moment."""
    return Searcher(Budget(iterations=300), seed)


async def desk_of(town: Registry, *route_ids: str) -> PlanDesk:
    """A desk whose officer has ordered these routes."""
    orders = MemoryOrders(
        tuple(
            m.Route(
                route_id=r,
                label=r,
                segments=tuple(sorted(s.segment_id for s in town.segments if s.route_id == r)),
            )
            for r in route_ids
        )
    )
    desk = PlanDesk(MemoryPlans(), MemoryTown(town), orders, searcher, P, ZONE)
    for r in route_ids:
        await ordered(orders, r)
    return desk


async def planned(town: Registry, *route_ids: str) -> Plan:
    """Tonight's plan of these routes."""
    return await (await desk_of(town, *route_ids)).plan_tonight(ADA, NOW)


async def test_a_stretch_out_of_reach_is_named_and_the_others_are_planned() -> None:
    contents = (await planned(with_an_island(), "r1")).contents
    assert contents.left_out == ("island",)
    assert any(text.startswith("island: ") for text in contents.missed)
    assert sum(s.job is not None for t in contents.trips for s in t.steps) > 0


async def test_a_depot_out_of_reach_is_named_and_stops_the_plan() -> None:
    town = with_an_island()
    depots = (with_(town.depots[0], node_id=5000), *town.depots[1:])
    with pytest.raises(NotPlannedError, match="no way leads to and from depot south at node 5000"):
        await planned(with_(town, depots=depots), "r1")


async def test_a_second_town_that_no_road_joins_is_driven_by_its_own_lorries() -> None:
    contents = (await planned(beside(small_town()), "r1", "r3")).contents
    assert (contents.left_out, contents.missed) == ((), ())
    done = {t.lorry: {s.job for s in t.steps if s.job is not None} for t in contents.trips}
    depot = {s.lorry: s.depot for s in contents.fleet}
    east = {lorry for lorry, node_id in depot.items() if node_id >= 7000}
    assert len(east) == 1
    for lorry, jobs in done.items():
        assert {job.startswith("e-") for job in jobs} <= {lorry in east}
    assert all(done[lorry] for lorry in east)


async def test_a_second_town_without_a_depot_stops_no_lorry_of_the_first() -> None:
    town = beside(small_town(), depot=False)
    contents = (await planned(town, "r1", "r3")).contents
    assert contents.left_out
    assert all(name.startswith("e-") for name in contents.left_out)
    own = {a.segment_id for a in contents.asked if not a.segment_id.startswith("e-")}
    served = {str(s.job).split("/", 1)[0] for t in contents.trips for s in t.steps if s.job is not None}
    assert served == own


async def test_a_lorry_of_the_other_town_broken_down_leaves_its_streets_and_no_others() -> None:
    """Nobody drives there from the first town: its streets are left out, by name, and the rest stands."""
    desk = await desk_of(beside(small_town()), "r1", "r3")
    first = (await desk.plan_tonight(ADA, NOW)).contents
    (lorry,) = (s.lorry for s in first.fleet if s.depot >= 7000)
    made = await desk.breakdown(lorry, replace(ADA, reason="engine"), NOW + 60.0)
    assert made is not None
    after = made.contents
    assert after.left_out
    assert all(name.startswith("e-") for name in after.left_out)
    served = {str(s.job).split("/", 1)[0] for t in after.trips for s in t.steps if s.job is not None}
    served |= {d.segment_id for d in after.done}
    assert {a.segment_id for a in after.asked if not a.segment_id.startswith("e-")} <= served
