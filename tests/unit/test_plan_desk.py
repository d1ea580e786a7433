"""The desk of tonight's plans where the roads are not all as they should be."""

from __future__ import annotations

import pytest
from msgspec.structs import replace as with_

from devices.registry import Registry, RoadNode, RoadSegment
from rules.core.cab.model import Plan
from rules.core.winter_orders import model as m
from rules.winter.fleet.memory import MemoryPlans, MemoryTown
from rules.winter.fleet.ports import NotPlannedError
from rules.winter.fleet.service import PlanDesk
from rules.winter.orders.memory import MemoryOrders
from tests.fakes.cab_desk import ADA, NOW, ZONE, builder, ordered, small_town
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


async def planned(town: Registry) -> Plan:
    """Tonight's plan of the first route."""
    own = tuple(sorted(s.segment_id for s in town.segments if s.route_id == "r1"))
    orders = MemoryOrders((m.Route(route_id="r1", label="Route 1", segments=own),))
    desk = PlanDesk(MemoryPlans(), MemoryTown(town), orders, builder, P, ZONE)
    await ordered(orders)
    return await desk.plan_tonight(ADA, NOW)


async def test_a_stretch_out_of_reach_is_named_and_the_others_are_planned() -> None:
    contents = (await planned(with_an_island())).contents
    assert contents.left_out == ("island",)
    assert any(text.startswith("island: ") for text in contents.missed)
    assert sum(s.job is not None for t in contents.trips for s in t.steps) > 0


async def test_a_depot_out_of_reach_is_named_and_stops_the_plan() -> None:
    town = with_an_island()
    depots = (with_(town.depots[0], node_id=5000), *town.depots[1:])
    with pytest.raises(NotPlannedError, match="no way leads to and from depot south at node 5000"):
        await planned(with_(town, depots=depots))
