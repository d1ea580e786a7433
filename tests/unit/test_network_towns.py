"""Networks that no road joins are judged each by the part that its depots are in."""

from __future__ import annotations

import re

from msgspec.structs import replace as with_

from devices.registry import Depot, RoadNode
from rules.core.network.build import build
from rules.core.network.check import judge, stopping
from rules.core.network.defaults import NetworkSettings
from rules.core.network.draft import Road
from rules.core.network.network import Network
from tests.fakes.road_maps import draft, road

SETTINGS = NetworkSettings()


def two_towns(east: float = 300.0) -> Network:
    """A ring with a stub at each corner, and a wider one so many steps east of it; nothing joins them."""
    parts = [
        build(draft(*_ring(n, x, size)), SETTINGS)[0] for n, x, size in (("w", 0.0, 3.0), ("e", east, 4.0))
    ]
    return Network([n for p in parts for n in p.nodes], [s for p in parts for s in p.segments])


def _ring(name: str, east: float, size: float) -> list[Road]:
    corners = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]
    place = [(east + size * x, size * y) for x, y in corners]
    away = [(east + size * x + 2 * x - 1, size * y + 2 * y - 1) for x, y in corners]
    streets = [road(f"{name}{i}", [place[i], place[(i + 1) % 4]], street=f"{name} Road") for i in range(4)]
    return [*streets, *(road(f"{name}stub{i}", [place[i], away[i]]) for i in range(4))]


def depot_on(network: Network, segment_id: str, name: str) -> Depot:
    return Depot(
        depot_id=name, label=name, node_id=network.segments[network.graph.segment_index[segment_id]].from_node
    )


def test_networks_that_are_not_joined_are_judged_each_for_itself() -> None:
    """A depot counts by what it reaches in its own town, however large the other is."""
    network = two_towns()
    both = [depot_on(network, "wstub0", "west"), depot_on(network, "estub0", "east")]
    assert stopping(network, both) == ()
    said = [(f.level, f.text) for f in judge(network, None, both)]
    assert [level for level, _ in said if level != "note"] == []
    assert any(text.startswith("2 networks that are not joined: ") for _, text in said)
    (lacks,) = (f for f in judge(network, None, both[:1]) if f.level != "note")
    assert lacks.level == "warning"
    assert re.search("no depot is on the .* km round e Road", lacks.text)
    assert stopping(network, both[:1]) == ()


def test_gritting_routes_in_a_town_without_a_depot_are_an_error() -> None:
    network = two_towns()
    routed = [with_(s, route_id="r9") if s.street == "e Road" else s for s in network.segments]
    found = judge(Network(network.nodes, routed), None, [depot_on(network, "wstub0", "west")])
    (error,) = (f for f in found if f.level == "error")
    assert error.text.endswith("no lorry gets there, and gritting routes are there: r9")


def test_a_depot_on_a_street_of_its_own_reaches_next_to_nothing() -> None:
    network = two_towns()
    nodes = [RoadNode(node_id=n, latitude_deg=53.0, longitude_deg=0.001 * n) for n in (901, 902)]
    isle = with_(
        network.segments[0], segment_id="isle", from_node=901, to_node=902, length_m=67.0, geometry=()
    )
    whole = Network((*network.nodes, *nodes), (*network.segments, isle))
    (found,) = stopping(whole, [depot_on(whole, "isle", "lost"), depot_on(whole, "estub0", "east")])
    assert found.text == "no way leads to and from depot lost at node 901"
    assert ("error", "1 segments can't be reached or not be left: isle") in [
        (f.level, f.text) for f in judge(whole)
    ]


def test_what_a_weak_bridge_cuts_off_is_said_of_a_second_town_too() -> None:
    network = two_towns()
    weak = [with_(s, max_weight_t=3.0) if s.segment_id == "e0" else s for s in network.segments]
    assert not any("can't be reached and left" in f.text for f in judge(Network(network.nodes, weak)))
    cut = [with_(s, max_weight_t=3.0) if s.segment_id in ("e0", "e3") else s for s in network.segments]
    (beyond,) = (f for f in judge(Network(network.nodes, cut)) if "can't be reached and left" in f.text)
    assert "estub0" in beyond.text
