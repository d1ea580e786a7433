from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime

import pytest

from devices.contract.topics import is_device_name, shard_of
from devices.registry import Registry
from firmware_sim.world.graph import strongly_connected
from firmware_sim.world.town import TownSizes, generate_town

INSTALLED = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def town() -> Registry:
    return generate_town(1, TownSizes(), INSTALLED)


def arcs_of(town: Registry) -> list[tuple[int, int, int]]:
    arcs = [(s.from_node, s.to_node, i) for i, s in enumerate(town.segments)]
    return arcs + [(s.to_node, s.from_node, i) for i, s in enumerate(town.segments) if not s.one_way]


def test_default_sizes_are_honoured(town: Registry) -> None:
    kinds = Counter(d.kind for d in town.devices)
    assert kinds == {"frog": 300, "road": 60, "weather": 4, "gritter": 6, "lorry": 3, "bin": 400}
    assert (len(town.homes), len(town.bins), len(town.segments), len(town.routes)) == (300, 400, 800, 6)
    assert sum(s.device is not None for s in town.segments) == 60


@pytest.mark.parametrize(
    "sizes",
    [
        TownSizes(segments=20, homes=1, road_sensors=0, weather_stations=1, bins=0, gritters=1, routes=1),
        TownSizes(segments=60, homes=7, road_sensors=60, weather_stations=5, bins=3, gritters=0, routes=3),
        TownSizes(segments=350, homes=40, road_sensors=12, weather_stations=2, bins=11, gritters=2, routes=8),
    ],
)
@pytest.mark.parametrize("seed", [0, 5])
def test_other_sizes_are_honoured_and_connected(sizes: TownSizes, seed: int) -> None:
    town = generate_town(seed, sizes, INSTALLED)
    kinds = Counter(d.kind for d in town.devices)
    assert len(town.segments) == sizes.segments
    assert kinds["frog"] == len(town.homes) == sizes.homes
    assert kinds["road"] == sum(s.device is not None for s in town.segments) == sizes.road_sensors
    assert (kinds["weather"], kinds["bin"], kinds["gritter"]) == (
        sizes.weather_stations,
        sizes.bins,
        sizes.gritters,
    )
    assert 1 <= len(town.routes) <= sizes.routes
    assert strongly_connected(len(town.nodes), arcs_of(town))


def test_the_same_seed_gives_the_same_town_and_another_another(town: Registry) -> None:
    assert generate_town(1, TownSizes(), INSTALLED) == town
    other = generate_town(2, TownSizes(), INSTALLED)
    assert {h.code for h in other.homes}.isdisjoint({h.code for h in town.homes[3:]})
    assert other.segments != town.segments


def test_every_place_reaches_every_other_even_with_one_ways(town: Registry) -> None:
    assert any(s.one_way for s in town.segments)
    assert strongly_connected(len(town.nodes), arcs_of(town))


def test_names_and_codes_are_unique(town: Registry) -> None:
    names = [d.name for d in town.devices]
    assert len(set(names)) == len(names)
    assert all(is_device_name(n) for n in names)
    assert len({h.code for h in town.homes}) == 300
    assert len({s.segment_id for s in town.segments}) == 800
    assert {"frog-0001", "road-001", "weather-1", "gritter-1", "bin-0001"} <= set(names)
    assert all(d.shard == shard_of(d.name) for d in town.devices)


def test_a_street_name_belongs_to_one_street(town: Registry) -> None:
    """Outside the main roads, segments of one name hang together."""
    by_name: dict[str, list[int]] = defaultdict(list)
    for i, s in enumerate(town.segments):
        if s.road_class in "CU":
            by_name[s.street].append(i)
    assert len(by_name) > 200
    for rows in by_name.values():
        reached, open_nodes = {rows[0]}, {town.segments[rows[0]].from_node, town.segments[rows[0]].to_node}
        for _ in rows:
            for r in rows:
                ends = {town.segments[r].from_node, town.segments[r].to_node}
                if ends & open_nodes:
                    reached.add(r)
                    open_nodes |= ends
        assert reached == set(rows)


def test_the_network_looks_like_a_town(town: Registry) -> None:
    lengths = sorted(s.length_m for s in town.segments)
    assert lengths[0] > 60.0
    assert lengths[-1] < 500.0
    assert 120.0 < lengths[400] < 250.0
    classes = Counter(s.road_class for s in town.segments)
    assert set(classes) == {"A", "B", "C", "U"}
    treated = [s for s in town.segments if s.route_id is not None]
    assert 0.28 < len(treated) / 800 < 0.40
    assert {s.segment_id for s in town.segments if s.road_class in "AB" or s.bus_route} == {
        s.segment_id for s in treated
    }
    assert 2 <= sum(s.bridge for s in town.segments) <= 9
    altitudes = [s.altitude_m for s in town.segments]
    assert min(altitudes) < 66.0
    assert max(altitudes) > 150.0


def test_routes_share_length_and_sensors(town: Registry) -> None:
    length: Counter[str] = Counter()
    sensors: Counter[str] = Counter()
    for s in town.segments:
        if s.route_id is not None:
            length[s.route_id] += int(s.length_m)
            sensors[s.route_id] += s.device is not None
    assert set(length) == {r.route_id for r in town.routes}
    assert max(length.values()) < 1.3 * min(length.values())
    assert min(sensors.values()) >= 8
    bridges = [s for s in town.segments if s.bridge and s.route_id is not None]
    assert any(s.device is not None for s in bridges)


def test_home_codes_are_hard_to_guess(town: Registry) -> None:
    for home in town.homes[3:]:
        groups = home.code.split("-")
        assert [len(g) for g in groups] == [3, 3, 3]
    assert town.homes[0].code == "demo-damp-home"


def test_geometry_joins_the_nodes_it_says(town: Registry) -> None:
    at = {n.node_id: (n.longitude_deg, n.latitude_deg) for n in town.nodes}
    for s in town.segments:
        assert s.geometry[0] == pytest.approx(at[s.from_node], abs=2e-6)
        assert s.geometry[-1] == pytest.approx(at[s.to_node], abs=2e-6)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"segments": 5}, "segments is 5; allowed are 20 to 5000"),
        ({"homes": -1}, "homes is -1; allowed are 0"),
        ({"segments": 50}, "road_sensors is 60; at most one per segment"),
        ({"segments": 30, "road_sensors": 0}, "weather_stations is 4"),
    ],
)
def test_a_wrong_size_is_named(change: dict[str, int], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        TownSizes(**change)


def test_installation_time_must_be_aware() -> None:
    with pytest.raises(ValueError, match="aware"):
        generate_town(1, TownSizes(), datetime(2026, 1, 1))  # noqa: DTZ001


def test_every_home_lies_in_a_ward_around_it(town: Registry) -> None:
    wards = {w.ward_id: w for w in town.wards}
    assert set(Counter(h.ward_id for h in town.homes)) == set(wards)
    devices = {d.name: d for d in town.devices}
    middle = wards["ward-1"].boundary
    west, east = min(x for x, _ in middle), max(x for x, _ in middle)
    for home in town.homes:
        box = devices[home.devices[0]]
        if home.ward_id == "ward-1":
            assert box.longitude_deg is not None
            assert west - 0.002 <= box.longitude_deg <= east + 0.002
