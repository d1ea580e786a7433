"""Imported networks replace the one before of their name: one behaviour of both stores."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import psycopg
import pytest

from cityops.errors import ConfigurationError
from devices.registry import Depot, Device, GrittingRoute, Registry, RoadNode, RoadSegment, TurnBan
from ingest.networks.memory import MemoryRoadNetworks
from ingest.networks.ports import Imported, Own, RoadNetworks, Source
from ingest.networks.store import PgRoadNetworks
from ingest.registry_store import store_registry

pytestmark = pytest.mark.storage
AT = datetime(2026, 11, 1, 9, 30, tzinfo=UTC)


def node(number: int, **more: Any) -> RoadNode:
    return RoadNode(node_id=number, latitude_deg=52.0 + number / 1e12, longitude_deg=0.1, **more)


def segment(name: str, a: int, b: int, **more: Any) -> RoadSegment:
    return RoadSegment(
        segment_id=name, street="Mill Road", road_class="B", from_node=a, to_node=b, length_m=50.0, **more
    )


BIG = 12_345_678_901
STANDING = Registry(
    name="before",
    devices=tuple(
        Device(name=name, kind="road", shard=1, installed_at=AT, latitude_deg=52.0, longitude_deg=0.1)
        for name in ("road-1", "road-2")
    ),
    nodes=(node(1), node(2), node(9)),
    depots=(Depot(depot_id="d", label="Depot", node_id=9, salt_t=90.0),),
    routes=(GrittingRoute(route_id="r1", label="Route 1", depot_id="d"),),
    segments=(segment("old", 1, 2, route_id="r1", device="road-2"),),
)
TOWN = Imported(
    source=Source(network_id="town", source="town.pbf", format="osm-pbf", checksum="ab", attribution="(c) X",
                  imported_at=AT, summary={"segments": 3}),
    nodes=(node(BIG, turning_place=True), node(11), node(12), node(13)),
    segments=(
        segment("a", BIG, 11, lanes=2, carriageway="dual", speed_km_h=48.3, ref="B1", max_weight_t=7.5, device="road-1",
                geometry=((0.1, 52.0), (0.1, 52.001))),
        segment("b", 11, 12, one_way=True, horizon_deg=(0.0, 4.5, 30.0, 30.0, 30.0, 4.5, 0.0, 0.0)), segment("c", 12, 13),
    ),
    turn_bans=(TurnBan(ban_id="t1", from_segment="a", via_node=11, to_segment="b"),
               TurnBan(ban_id="t2", from_segment="b", via_node=12, to_segment="c")),
)  # fmt: skip


@pytest.fixture(params=["memory", "postgres"])
def store_dsn(request: pytest.FixtureRequest) -> str | None:
    return None if request.param == "memory" else request.getfixturevalue("db_dsn")


@pytest.fixture
async def networks(store_dsn: str | None) -> AsyncIterator[RoadNetworks]:
    if store_dsn is None:
        # The memory store keeps no routes; that a segment names one is all that it knows.
        yield MemoryRoadNetworks(STANDING)
        return
    async with await psycopg.AsyncConnection.connect(
        store_dsn, autocommit=True, options="-c timezone=UTC"
    ) as conn:
        await store_registry(conn, STANDING)
        yield PgRoadNetworks(conn)


def replaced(imported: Imported, **changes: Any) -> Imported:
    return Imported(**({n: getattr(imported, n) for n in imported.__dataclass_fields__} | changes))


async def segments(networks: RoadNetworks) -> dict[str, RoadSegment]:
    return {s.segment_id: s for s in (await networks.roads()).segments}


async def test_a_network_comes_beside_what_is_there(networks: RoadNetworks) -> None:
    changed = await networks.replace(TOWN)
    assert changed.written == {"road_node": 4, "road_segment": 3, "turn_ban": 2, "depot": 0}
    assert set(changed.gone.values()) == {0}
    roads = await networks.roads()
    assert {s.segment_id: s for s in roads.segments} == {
        s.segment_id: s for s in (*TOWN.segments, *STANDING.segments)
    }
    assert {n.node_id: n for n in roads.nodes} == {n.node_id: n for n in (*TOWN.nodes, *STANDING.nodes)}
    assert (roads.turn_bans, roads.depots, roads.devices) == (
        TOWN.turn_bans,
        STANDING.depots,
        STANDING.devices,
    )
    assert await networks.sources() == (TOWN.source,)
    assert await networks.own("town") == Own(frozenset("abc"), frozenset({BIG, 11, 12, 13}))
    assert await networks.own("elsewhere") == Own(frozenset(), frozenset())
    again = await networks.replace(TOWN)
    assert set(again.written.values()) | set(again.gone.values()) == {0}


async def test_what_the_next_import_has_not_is_gone(networks: RoadNetworks) -> None:
    await networks.replace(TOWN)
    depot = Depot(depot_id="e", label="East", node_id=13)
    await networks.replace(replaced(TOWN, depots=(depot,)))
    less = replaced(
        TOWN, nodes=TOWN.nodes[:3], segments=TOWN.segments[:2], turn_bans=TOWN.turn_bans[:1],
        source=Source(network_id="town", source="new.pbf", format="osm-pbf", checksum="cd", imported_at=AT),
    )  # fmt: skip
    changed = await networks.replace(less)
    assert changed.gone == {"turn_ban": 1, "road_segment": 1, "road_node": 0}, "a depot is at the node"
    assert set(await segments(networks)) == {"a", "b", "old"}
    roads = await networks.roads()
    assert (roads.turn_bans, {n.node_id for n in roads.nodes}) == (
        TOWN.turn_bans[:1],
        {1, 2, 9, BIG, 11, 12, 13},
    )
    assert [s.source for s in await networks.sources()] == ["new.pbf"]
    moved = msgspec.structs.replace(depot, node_id=12)
    assert (await networks.replace(replaced(less, depots=(moved,)))).gone["road_node"] == 1


async def test_routes_and_sensors_stay_where_the_map_does_not_say(networks: RoadNetworks) -> None:
    first, second, third = TOWN.segments
    routed = tuple(msgspec.structs.replace(s, route_id="r1") for s in (first, second))
    await networks.replace(replaced(TOWN, segments=(*routed, third)))
    bare = tuple(msgspec.structs.replace(s, route_id=None, device=None) for s in TOWN.segments)
    await networks.replace(replaced(TOWN, segments=bare))
    found = await segments(networks)
    assert [(found[s].route_id, found[s].device) for s in "abc"] == [
        ("r1", "road-1"),
        ("r1", None),
        (None, None),
    ]
    elsewhere = (bare[0], bare[1], msgspec.structs.replace(bare[2], device="road-1"))
    await networks.replace(replaced(TOWN, segments=elsewhere))
    found = await segments(networks)
    assert [found[s].device for s in "abc"] == [None, None, "road-1"]
    assert (await networks.replace(replaced(TOWN, segments=elsewhere[2:], turn_bans=()))).lost == {"r1": 2}


async def test_segments_of_others_and_devices_that_are_not_there_are_refused(networks: RoadNetworks) -> None:
    await networks.replace(TOWN)
    other = Source(network_id="next", source="n", format="registry", checksum="", imported_at=AT)
    with pytest.raises(ConfigurationError, match=r"belong elsewhere: a \(of town\), b \(of town\), c"):
        await networks.replace(replaced(TOWN, source=other))
    handmade = replaced(TOWN, nodes=STANDING.nodes[:2], segments=STANDING.segments, turn_bans=())
    with pytest.raises(ConfigurationError, match=r"old \(of no network\)"):
        await networks.replace(handmade)
    with pytest.raises(ConfigurationError, match="names devices that are not installed: road-9"):
        await networks.replace(replaced(TOWN, segments=(segment("a", BIG, 11, device="road-9"),)))
    assert set(await segments(networks)) == {"a", "b", "c", "old"}, "all or nothing"
    assert [s.network_id for s in await networks.sources()] == ["town"]
