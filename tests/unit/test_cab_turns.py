"""Turns in words, on junctions drawn by hand: where one comes from the south, and roads go on at angles."""

from __future__ import annotations

import math

import pytest
from msgspec.structs import replace as with_

from devices.registry import RoadNode, RoadSegment
from rules.core.cab import turns
from rules.core.cab.card import card_of
from rules.core.cab.codec import OnRoads, trip_told
from rules.core.cab.model import Asked, Contents, Start
from rules.core.fleet.plan import Leg, Trip
from rules.core.fleet.settings import FleetSettings
from rules.core.network.network import Network

OWN = FleetSettings()
Drawn = tuple[Network, dict[tuple[str, bool], int]]


def node(number: int, east_m: float, north_m: float) -> RoadNode:
    lat = 52.0 + north_m / 111_195.0
    return RoadNode(
        node_id=number, latitude_deg=lat, longitude_deg=east_m / 111_195.0 / math.cos(math.radians(52.0))
    )


def road(name: str, a: int, b: int, street: str, **how: object) -> RoadSegment:
    return RoadSegment(
        segment_id=name, street=street, road_class="A", from_node=a, to_node=b, length_m=100.0, **how
    )  # type: ignore[arg-type]


def junction(**arms: tuple[float, str]) -> Drawn:
    """Mill Road comes from the south to node 0; each arm leaves it at an angle (right is positive) with a name."""
    nodes, roads = [node(0, 0.0, 0.0), node(1, 0.0, -100.0)], [road("in", 1, 0, "Mill Road")]
    for n, (arm, (deg, street)) in enumerate(arms.items(), 2):
        nodes.append(node(n, 100.0 * math.sin(math.radians(deg)), 100.0 * math.cos(math.radians(deg))))
        roads.append(road(arm, 0, n, street))
    return numbered(Network(nodes, roads))


def numbered(network: Network) -> Drawn:
    return network, {
        (network.segments[a.segment].segment_id, a.forward): n for n, a in enumerate(network.arcs)
    }


def words(drawn: Drawn, arm: str, at: str = "") -> str:
    network, arcs = drawn
    forks = len(network.arcs_from[network.arcs[arcs["in", True]].head]) > 2
    return turns.turn_words(network, arcs["in", True], arcs[arm, True], OWN, forks, at)


@pytest.mark.parametrize(
    ("a", "b", "said_a", "said_b"),
    [
        (-20.0, 20.0, "Keep left, still Mill Road", "Keep right into East Road"),
        (0.0, 30.0, "Go on along Mill Road", "Keep right into East Road"),
        (0.0, 12.0, "Keep left, still Mill Road", "Keep right into East Road"),
        (-44.0, 10.0, "Keep left, still Mill Road", "Go straight on into East Road"),
        (0.0, 90.0, "Go on along Mill Road", "Turn right into East Road"),
        (-90.0, 90.0, "Turn left, still Mill Road", "Turn right into East Road"),
        (60.0, 130.0, "Turn right, still Mill Road", "Turn sharp right into East Road"),
        (0.0, 165.0, "Go on along Mill Road", "Make a U-turn to the right into East Road"),
    ],
)
def test_forks_turns_and_hairpins(a: float, b: float, said_a: str, said_b: str) -> None:
    drawn = junction(a=(a, "Mill Road"), b=(b, "East Road"))
    assert (words(drawn, "a"), words(drawn, "b")) == (said_a, said_b)


def test_three_arms_of_a_fork() -> None:
    drawn = junction(a=(-30.0, "A"), b=(0.0, "B"), c=(30.0, "C"))
    assert [words(drawn, arm) for arm in "abc"] == [
        "Keep left into A",
        "Go straight on into B",
        "Keep right into C",
    ]
    near = junction(a=(-12.0, "A"), b=(0.0, "B"), c=(12.0, "C"))
    assert words(near, "b") == "Keep in the middle into B"


def test_a_bend_is_no_fork_and_a_road_that_only_comes_in_is_none() -> None:
    assert words(junction(a=(30.0, "Mill Road")), "a") == "Go on along Mill Road"
    network = Network(
        [node(0, 0, 0), node(1, 0, -100), node(2, -30, 100), node(3, 30, 100)],
        [road("in", 1, 0, "Mill Road"), road("a", 0, 2, "Mill Road"), road("b", 3, 0, "East Road", one_way=True)],
    )  # fmt: skip
    assert words(numbered(network), "a") == "Go on along Mill Road"


def test_turning_round_is_named_with_its_place() -> None:
    network, arcs = junction(a=(90.0, "East Road"))
    back = arcs["in", True], arcs["in", False]
    assert (
        turns.turn_words(network, *back, OWN, at="East Road")
        == "Turn round at East Road, back along Mill Road"
    )
    assert turns.turn_words(network, *back, OWN, at=turns.NEXT_JUNCTION).startswith(
        "Turn round at the junction,"
    )
    end = turns.turn_words(network, arcs["a", True], arcs["a", False], OWN, at="the end of the road")
    assert end == "Turn round at the end of the road, back along East Road"


def test_round_a_central_reserve() -> None:
    how = {"one_way": True, "carriageway": "dual"}
    network = Network(
        [node(0, 0, 0), node(1, 0, -100), node(2, 15, -100)],
        [road("in", 1, 0, "A14", **how), road("out", 0, 2, "A14", **how), road("x", 0, 1, "Lane")],
    )
    assert words(numbered(network), "out") == "Make a U-turn round the central reserve, back along A14"


def card_texts(drawn: Drawn, *way: tuple[str, bool]) -> list[str]:
    network, arcs = drawn
    trip = Trip("L0", tuple(Leg(arcs[a], 60.0 * n, 60.0 * n + 60.0) for n, a in enumerate(way)))
    contents = Contents(
        start_s=0.0, orders=(), asked=(Asked(segment_id="in", ref="P1", g_m2=10.0, priority=1, due_s=9000.0),),
        fleet=(Start(lorry="L0", device="L0", depot=1, capacity_kg=9000.0, on_board_kg=9000.0),), barns=(1,),
        settings={}, trips=(trip_told(network, trip),), late=(), over=(), left_out=(), missed=(), cost_s=0.0,
        begun_s=0.0, seed=1, iterations=0, roads="",
    )  # fmt: skip
    return [e.text for e in card_of(OnRoads(network, contents), "L0").entries]


def test_a_turn_says_towards_which_street_it_leads() -> None:
    """Mill Road turns left, on to Lane; its other arm is a road without a name that leads to North Street."""
    network = Network(
        [node(0, 0, 0), node(1, 0, -100), node(2, -100, 0), node(3, 100, 0), node(4, -100, 100), node(5, 100, 100)],
        [
            road("in", 1, 0, "Mill Road"), road("a", 0, 2, "Mill Road"), road("b", 0, 3, ""),
            road("c", 2, 4, "Lane"), road("d", 3, 5, "North Street"), road("e", 2, 1, "Back Way"),
        ],
    )  # fmt: skip
    drawn = numbered(network)
    assert card_texts(drawn, ("in", True), ("a", True), ("c", True)) == [
        "Start along Mill Road, towards Lane", "Turn left, still Mill Road, towards Lane", "Turn right into Lane",
        "Back at the barn",
    ]  # fmt: skip
    for name in ("", "unnamed road"):  # of a registry, and of a map that was imported
        roads = [with_(s, street=name) if s.segment_id == "b" else s for s in network.segments]
        other = numbered(Network(network.nodes, roads))
        assert card_texts(other, ("in", True), ("b", True), ("d", True))[1:3] == [
            "Turn right into an unnamed road, towards North Street", "Follow the road into North Street",
        ]  # fmt: skip


def test_a_fork_where_the_street_keeps_its_name_is_an_entry_of_its_own() -> None:
    forked = junction(a=(-15.0, "Mill Road"), b=(15.0, "East Road"))
    assert card_texts(forked, ("in", True), ("a", True))[:2] == [
        "Start along Mill Road", "Keep left, still Mill Road",
    ]  # fmt: skip
    plain = junction(a=(0.0, "Mill Road"), b=(90.0, "East Road"))
    assert card_texts(plain, ("in", True), ("a", True))[:2] == ["Start along Mill Road", "Back at the barn"]
    assert (
        card_texts(plain, ("in", True), ("in", False))[1] == "Turn round at East Road, back along Mill Road"
    )


def test_a_road_without_a_name_that_goes_on_is_not_named_twice() -> None:
    drawn = junction(a=(-90.0, ""), b=(90.0, "East Road"))
    network = Network(
        drawn[0].nodes, [with_(s, street="") if s.segment_id == "in" else s for s in drawn[0].segments]
    )
    assert words(numbered(network), "a") == "Turn left"
