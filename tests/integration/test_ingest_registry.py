from __future__ import annotations

from typing import Any

import msgspec
import psycopg
import pytest

from cityops.errors import ConfigurationError
from devices.registry import (
    BinModel,
    BinSite,
    Depot,
    Device,
    GrittingRoute,
    Home,
    Registry,
    RoadNode,
    RoadSegment,
    TurnBan,
    Ward,
    parse,
)
from ingest.registry_store import load_known_devices, store_registry
from tests.fakes.ingest_setup import INSTALLED, REGISTRY

pytestmark = pytest.mark.storage

TOWN = msgspec.structs.replace(
    REGISTRY,
    wards=(Ward(ward_id="w1", label="Castle", boundary=((0.0, 52.0), (0.1, 52.0), (0.1, 52.1))),),
    nodes=tuple(RoadNode(node_id=i, latitude_deg=52.0, longitude_deg=0.1 * i) for i in range(3)),
    depots=(Depot(depot_id="d", label="Depot", node_id=0, salt_t=400.0),),
    routes=(GrittingRoute(route_id="r1", label="Route 1", depot_id="d"),),
    segments=(
        RoadSegment(
            segment_id="s1", street="High Street", road_class="A", from_node=0, to_node=1, length_m=120.0,
            route_id="r1", device="road-0", geometry=((0.0, 52.0), (0.1, 52.0)),
        ),
        RoadSegment(segment_id="s2", street="Low Street", road_class="U", from_node=1, to_node=2, length_m=80.0),
    ),
    turn_bans=(TurnBan(ban_id="b", from_segment="s1", via_node=1, to_segment="s2"),),
    bins=(
        BinSite(
            bin_id="b1", label="Market", street="High Street", device="bin-0", latitude_deg=52.0, longitude_deg=0.0,
            model="m240", place="Market place", sensitive=True, service_s=90.0,
        ),
    ),
    bin_models=(
        BinModel(model_id="m240", label="240 l", profile=((0.5, 0.4),), sentinels_mm=(999.0,), step_pct=5.0, device_compensates=False),
    ),
)  # fmt: skip


async def test_everything_is_stored_and_again_changes_nothing(pg: psycopg.AsyncConnection[Any]) -> None:
    first = await store_registry(pg, TOWN)
    assert first == {
        "device": 12, "home": 1, "home_device": 2, "road_node": 3, "depot": 1, "gritting_route": 1,
        "road_segment": 2, "turn_ban": 1, "bin_site": 1, "bin_model": 1, "ward": 1,
    }  # fmt: skip
    assert set((await store_registry(pg, TOWN)).values()) == {0}
    cursor = await pg.execute("select route_id, geometry from road_segment order by segment_id")
    assert await cursor.fetchall() == [("r1", [[0.0, 52.0], [0.1, 52.0]]), (None, [])]
    cursor = await pg.execute("select model, place, sensitive, service_s from bin_site")
    assert await cursor.fetchall() == [("m240", "Market place", True, 90.0)]
    cursor = await pg.execute("select profile, sentinels_mm, step_pct, device_compensates from bin_model")
    assert await cursor.fetchall() == [([[0.5, 0.4]], [999.0], 5.0, False)]


async def test_a_bin_of_a_model_that_is_not_there_is_refused(pg: psycopg.AsyncConnection[Any]) -> None:
    with pytest.raises(ConfigurationError, match="m240"):
        await store_registry(pg, msgspec.structs.replace(TOWN, bin_models=()))


async def test_how_many_live_in_a_home_is_not_known_unless_it_is_said(
    pg: psycopg.AsyncConnection[Any],
) -> None:
    """Nor does it break the format: a file that has the field, or has not, is read as before."""
    home = b'"code": "home-code-0", "label": "1 High Street", "devices": ["frog-0"]'
    for said, known in ((b"", None), (b', "occupants": 3', 3), (b', "occupants": null', None)):
        found = parse(b'{"name": "x", "homes": [{' + home + said + b"}]}")
        await store_registry(pg, msgspec.structs.replace(TOWN, homes=found.homes))
        cursor = await pg.execute("select occupants from home where code = 'home-code-0'")
        assert await cursor.fetchall() == [(known,)], said


async def test_homes_are_put_into_wards(pg: psycopg.AsyncConnection[Any]) -> None:
    await store_registry(pg, TOWN)
    castle = tuple(msgspec.structs.replace(h, ward_id="w1") for h in TOWN.homes)
    changed = await store_registry(pg, msgspec.structs.replace(TOWN, homes=castle))
    assert {k: v for k, v in changed.items() if v} == {"home": 1}
    cursor = await pg.execute("select w.label, w.boundary from home join ward w using (ward_id)")
    assert await cursor.fetchall() == [("Castle", [[0.0, 52.0], [0.1, 52.0], [0.1, 52.1]])]
    nowhere = tuple(msgspec.structs.replace(h, ward_id="w9") for h in TOWN.homes)
    with pytest.raises(ConfigurationError, match="w9"):
        await store_registry(pg, msgspec.structs.replace(TOWN, homes=nowhere))


async def test_changes_are_written_and_a_home_loses_what_it_no_longer_has(
    pg: psycopg.AsyncConnection[Any],
) -> None:
    await store_registry(pg, TOWN)
    moved = msgspec.structs.replace(
        TOWN,
        homes=(
            Home(code="home-code-0", label="1 High Street", devices=("frog-1",)),
            Home(code="home-code-1", label="2 High Street", devices=("frog-2",)),
        ),
        bins=(msgspec.structs.replace(TOWN.bins[0], threshold_pct=70.0),),
    )
    changed = await store_registry(pg, moved)
    assert {k: v for k, v in changed.items() if v} == {"home": 1, "home_device": 1, "bin_site": 1}
    devices = await load_known_devices(pg)
    homes = {name: devices[name].home_id for name in ("frog-0", "frog-1", "frog-2")}
    assert homes["frog-0"] is None
    assert len({homes["frog-1"], homes["frog-2"]} - {None}) == 2
    emptied = msgspec.structs.replace(
        moved, homes=(Home(code="home-code-0", label="1 High Street", devices=()),)
    )
    await store_registry(pg, emptied)
    assert (await load_known_devices(pg))["frog-1"].home_id is None
    assert (await load_known_devices(pg))["frog-2"].home_id is not None


async def test_known_devices_carry_what_ingest_needs(pg: psycopg.AsyncConnection[Any]) -> None:
    await store_registry(pg, TOWN)
    await pg.execute("update device set retired_at = now() where name = 'frog-9'")
    devices = await load_known_devices(pg)
    assert "frog-9" not in devices
    road = devices["road-0"]
    assert (road.kind, road.shard, road.installed_at_us) == ("road", 0, int(INSTALLED.timestamp() * 1e6))


@pytest.mark.parametrize(
    ("registry", "words"),
    [
        (Registry(name="x", homes=(Home(code="c", label="C", devices=("ghost",)),)), "ghost"),
        (Registry(name="x", depots=(Depot(depot_id="d", label="D", node_id=77),)), "77"),
        (
            Registry(
                name="x", devices=(Device(name="Bad Name", kind="frog", shard=0, installed_at=INSTALLED),)
            ),
            "device",
        ),
    ],
)
async def test_what_does_not_fit_is_named_and_nothing_is_stored(
    pg: psycopg.AsyncConnection[Any], registry: Registry, words: str
) -> None:
    with pytest.raises(ConfigurationError, match=words):
        await store_registry(pg, registry)
    cursor = await pg.execute("select (select count(*) from home) + (select count(*) from depot)")
    assert await cursor.fetchone() == (0,)
