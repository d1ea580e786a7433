"""A desk of tonight's plans in memory, over a small town with orders."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo

from msgspec.structs import replace as with_

from devices.registry import Depot, Device, GrittingRoute, Registry
from rules.core.cab.match import Report
from rules.core.fleet.planner import Builder, FleetPlanner
from rules.core.winter_orders import model as m
from rules.winter.fleet.asking import Who
from rules.winter.fleet.memory import MemoryPlans, MemoryTown
from rules.winter.fleet.ports import Seen
from rules.winter.fleet.service import PlanDesk
from rules.winter.orders.memory import MemoryOrders
from tests.fakes.cab_night import P
from tests.fakes.fleet_towns import fleet_town
from tests.fakes.rules_town import START

ZONE = ZoneInfo("Europe/London")
ADA = Who("Ada", "duty officer", "cli")
NOW = START + 600.0
INSTALLED = datetime(2026, 1, 1, tzinfo=UTC)


@cache
def small_town(lorries: int = 3) -> Registry:
    """Crossing streets on two routes of two depots, and so many gritters."""
    network = fleet_town(3)
    segments = tuple(
        with_(s, route_id=("r1", "r2")[n % 2] if s.road_class in "ABC" else None)
        for n, s in enumerate(network.segments)
    )
    nodes = network.nodes
    return Registry(
        name="small", nodes=nodes, segments=segments, turn_bans=network.turn_bans,
        depots=(
            Depot(depot_id="south", label="South yard", node_id=nodes[0].node_id),
            Depot(depot_id="north", label="North yard", node_id=nodes[-2].node_id),
        ),
        routes=(
            GrittingRoute(route_id="r1", label="Route 1", depot_id="south"),
            GrittingRoute(route_id="r2", label="Route 2", depot_id="north", priority=2),
        ),
        devices=tuple(
            Device(name=f"g{n}", kind="gritter", shard=0, installed_at=INSTALLED) for n in range(1, lorries + 1)
        ),
    )  # fmt: skip


def builder(iterations: int, seed: int) -> FleetPlanner:
    """The planner that only builds."""
    return Builder(seed)


def desk(lorries: int = 3) -> tuple[PlanDesk, MemoryOrders, MemoryTown]:
    """A desk, its orders and its town; nothing is ordered."""
    town = MemoryTown(small_town(lorries))
    routes = tuple(
        m.Route(
            route_id=r.route_id, label=r.label,
            segments=tuple(sorted(s.segment_id for s in town.installed.segments if s.route_id == r.route_id)),
        )
        for r in town.installed.routes
    )  # fmt: skip
    orders = MemoryOrders(routes)
    return PlanDesk(MemoryPlans(), town, orders, builder, P, ZONE), orders, town


async def ordered(
    orders: MemoryOrders,
    route_id: str = "r1",
    g_m2: float = 10.0,
    passes: int = 1,
    at_s: float = NOW,
    **how: object,
) -> m.Case:
    """An officer's own order on all of a route, by two hours after it."""
    return await orders.act(
        m.OrderOwn(
            route_id=route_id, by="Ada", role="duty officer", reason="frost", g_m2=g_m2, passes=passes,
            by_s=at_s + 7200.0, **how,  # type: ignore[arg-type]
        ),
        at_s,
    )  # fmt: skip


def as_seen(device: str, reports: list[Report], zero_s: float) -> list[Seen]:
    """Reports as they are read from the database."""
    return [
        Seen(device, zero_s + r.at_s, r.latitude_deg, r.longitude_deg, r.speed_m_s, r.rate_g_m2, r.salt_kg)
        for r in reports
    ]
