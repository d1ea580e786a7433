"""What an import does with what is there already, on the store in memory."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from cityops.errors import ConfigurationError
from devices.registry import Depot, Device, Registry, RoadNode, RoadSegment
from ingest.networks.memory import MemoryRoadNetworks
from ops_api.network_import import store_map
from ops_api.network_map import Wanted
from tests.fakes.road_maps import at, collection, edges

AT = datetime(2026, 11, 1, tzinfo=UTC)
PLACES = {1: (0.0, 0.0), 2: (3.0, 0.0), 3: (3.0, 3.0), 4: (0.0, 3.0)}


def sensor(name: str, x: float, y: float) -> Device:
    lon, lat = at(x, y)
    return Device(name=name, kind="road", shard=0, installed_at=AT, longitude_deg=lon, latitude_deg=lat)


def standing() -> Registry:
    """A stretch made by hand with its sensor and depot, and a sensor that is on no road yet."""
    ends = [
        RoadNode(node_id=n, longitude_deg=at(20 + n, 0)[0], latitude_deg=at(20 + n, 0)[1]) for n in (91, 92)
    ]
    own = RoadSegment(
        segment_id="hand",
        street="Mill Road",
        road_class="A",
        from_node=91,
        to_node=92,
        length_m=68.0,
        device="r-hand",
    )
    return Registry(
        name="x", devices=(sensor("r-hand", 111.5, 0), sensor("r-new", 1.5, 0)), nodes=tuple(ends), segments=(own,),
        depots=(Depot(depot_id="hand", label="Hand", node_id=91),),
    )  # fmt: skip


def town(tmp_path: Path, *pairs: tuple[int, int]) -> Path:
    path = tmp_path / "town.geojson"
    path.write_text(collection(edges(pairs, PLACES, name="Mill Road")))
    return path


async def test_what_belongs_to_others_is_left_alone(tmp_path: Path) -> None:
    networks = MemoryRoadNetworks(standing())
    wanted = Wanted(
        file=town(tmp_path, (1, 2), (2, 3), (3, 4)), depots=(f"north={at(0, 0)[1]},{at(0, 0)[0]}",)
    )
    made, more, changed = await store_map(networks, wanted, "town", AT)
    assert more == ()
    assert [s.device for s in made.steps.sensors] == ["r-new"] if made.steps else False
    assert changed.written["depot"] == 1
    roads = await networks.roads()
    assert {s.device for s in roads.segments} == {"r-hand", "r-new", None}
    assert {d.depot_id for d in roads.depots} == {"hand", "north"}
    (source,) = await networks.sources()
    assert (source.network_id, source.format, source.imported_at) == ("town", "osm-geojson", AT)
    assert len(source.checksum) == 64


async def test_a_depot_keeps_its_node_or_is_missed(tmp_path: Path) -> None:
    networks = MemoryRoadNetworks(standing())
    middle = f"north={at(3, 0)[1]},{at(3, 0)[0]}"
    path = town(tmp_path, (1, 2), (2, 3))
    _, _, _ = await store_map(networks, Wanted(file=path, depots=(middle,)), "town", AT)
    first = {d.depot_id: d.node_id for d in (await networks.roads()).depots}["north"]
    made, _, changed = await store_map(networks, Wanted(file=path), "town", AT)
    assert first in {n.node_id for n in made.network.nodes}
    assert changed.written["road_segment"] == 0
    path = town(tmp_path, (3, 4), (4, 1))
    with pytest.raises(
        ConfigurationError, match=f"depot north is at node {first}, which the new map has not"
    ):
        await store_map(networks, Wanted(file=path), "town", AT)
    assert {s.segment_id for s in (await networks.roads()).segments} > {"hand"}
    _, found, _ = await store_map(networks, Wanted(file=path), "town", AT, anyway=True)
    assert [f.level for f in found] == ["error"]


@pytest.mark.parametrize("name", ["", "Town", "a b", "-x", "x" * 64])
async def test_names_of_networks(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match="allowed: lower case letters, digits and -"):
        await store_map(MemoryRoadNetworks(), Wanted(file=town(tmp_path, (1, 2))), name, AT)


async def test_a_second_town_without_a_depot_is_told_of_where_another_has_one(tmp_path: Path) -> None:
    networks = MemoryRoadNetworks(standing())
    path = tmp_path / "town.geojson"
    path.write_text(
        collection(edges([(1, 2), (2, 3), (3, 4)], {n: (9 * x, 9 * y) for n, (x, y) in PLACES.items()}))
    )
    _, found, _ = await store_map(networks, Wanted(file=path), "town", AT)
    (said,) = found
    assert said.level == "warning"
    assert said.text.startswith("no depot is on the ")
    assert said.text.endswith("which no road joins to one: no lorry gets there: --depot puts one there")
    _, found, _ = await store_map(
        networks, Wanted(file=path, depots=(f"n={at(0, 0)[1]},{at(0, 0)[0]}",)), "town", AT
    )
    assert found == ()
