"""A map's roads become a network: cleaned, connected, joined, cut, with turns."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from devices.registry import Depot, Device, Registry, RoadNode, RoadSegment, TurnBan, dump, parse
from rules.core.network.attach import bans_of, node_id, nodes_of
from rules.core.network.build import Beside, build
from rules.core.network.check import judge, undrivable
from rules.core.network.clean import clean
from rules.core.network.connected import largest_part
from rules.core.network.contract import contract, cut_long
from rules.core.network.counts import counts
from rules.core.network.defaults import NetworkSettings
from rules.core.network.directions import find_dual, give_directions
from rules.core.network.draft import Ban, Draft
from rules.core.network.network import Network
from rules.core.network.snap import SurveyPoint
from tests.fakes.road_maps import at, draft, road

SQUARE = (
    road("a", [(0, 0), (1, 0)]), road("b", [(1, 0), (1, 1)]), road("c", [(1, 1), (0, 1)]), road("d", [(0, 1), (0, 0)]),
)  # fmt: skip
"""A ring of four streets."""
SETTINGS = NetworkSettings()


def keys(found: Draft) -> list[str]:
    return sorted(r.key for r in found.roads)


# ---- clean


def test_a_street_drawn_once_for_each_direction_is_one() -> None:
    back = replace(SQUARE[0].turned(), key="z", first="z", last="z")
    for order in ((SQUARE[0], back), (back, SQUARE[0])):
        found = clean(draft(*order))
        assert keys(found) == ["a"]
        assert found.dropped == {"there twice, as the same line": 1}
        assert not found.roads[0].one_way


def test_two_one_way_lines_in_opposite_directions_are_a_two_way_street() -> None:
    there = road("a", [(0, 0), (1, 0)], one_way=True)
    back = road("b", [(1, 0), (0, 0)], one_way=True)
    assert [r.one_way for r in clean(draft(there, back)).roads] == [False]
    again = replace(there, key="b", first="b", last="b")
    assert [(r.key, r.one_way) for r in clean(draft(there, again)).roads] == [("a", True)]


def test_loops_of_no_length_are_dropped_and_others_stay() -> None:
    point = road("p", [(0, 0), (0, 0)])
    loop = road("l", [(0, 0), (1, 0), (1, 1), (0, 0)])
    parallel = road("q", [(0, 0), (0.5, 0.5), (1, 0)])
    found = clean(draft(point, loop, SQUARE[0], parallel))
    assert keys(found) == ["a", "l", "q"]
    assert found.dropped == {"a loop of no length": 1}


# ---- connected


def test_what_can_not_be_reached_and_left_is_cut_and_told() -> None:
    into = road("in", [(-1, 0), (0, 0)], one_way=True, street="Way In")
    out = road("out", [(1, 1), (2, 1)], one_way=True, street="Way Out")
    island = road("island", [(5, 5), (6, 5)], street="Isle")
    found, cut = largest_part(draft(*SQUARE, into, out, island))
    assert keys(found) == ["a", "b", "c", "d"]
    assert set(found.nodes) == {"0,0", "1,0", "1,1", "0,1"}
    assert {(p.street, p.why) for p in cut} == {
        ("Way In", "can't be reached"), ("Way Out", "can't be left"), ("Isle", "no way there and none back"),
    }  # fmt: skip
    assert sum(found.dropped.values()) == 3


def test_a_one_way_street_back_into_the_network_stays() -> None:
    round_trip = road("x", [(0, 0), (-1, 0), (-1, 1), (0, 1)], one_way=True)
    assert "x" in keys(largest_part(draft(*SQUARE, round_trip))[0])


# ---- contract and cut


def test_streets_are_joined_where_nothing_changes() -> None:
    parts = [road("r2", [(0, 0), (1, 0)]), road("r1", [(2, 0), (1, 0)]), road("r3", [(2, 0), (3, 0)])]
    found = contract(draft(*parts))
    (one,) = found.roads
    assert (one.key, one.tail, one.head) == ("r1", "0,0", "3,0")
    assert one.line == (at(0, 0), at(1, 0), at(2, 0), at(3, 0))
    assert (one.first, one.last) == ("r2", "r3")
    assert set(found.nodes) == {"0,0", "3,0"}


@pytest.mark.parametrize(
    "second",
    [
        road("r2", [(1, 0), (2, 0)], street="Mill Road"),
        road("r2", [(1, 0), (2, 0)], bridge=True),
        road("r2", [(1, 0), (2, 0)], lanes=2),
        road("r2", [(1, 0), (2, 0)], one_way=True),
    ],
)
def test_streets_are_not_joined_where_something_changes(second: object) -> None:
    assert len(contract(draft(road("r1", [(0, 0), (1, 0)]), second)).roads) == 2  # type: ignore[arg-type]


def test_one_way_streets_are_joined_in_their_direction_only() -> None:
    first = road("z", [(2, 0), (1, 0)], one_way=True)
    (one,) = contract(draft(first, road("a", [(1, 0), (0, 0)], one_way=True))).roads
    assert (one.tail, one.head, one.one_way) == ("2,0", "0,0", True)
    assert len(contract(draft(first, road("a", [(0, 0), (1, 0)], one_way=True))).roads) == 2


def test_nodes_stay_for_junctions_bans_turning_places_and_depots() -> None:
    line = draft(road("r1", [(0, 0), (1, 0)]), road("r2", [(1, 0), (2, 0)]))
    assert len(contract(line, keep={"1,0"}).roads) == 2
    assert len(contract(replace(line, turning=frozenset({"1,0"}))).roads) == 2
    assert len(contract(replace(line, bans=(Ban("b", "r1", "1,0", "r2"),))).roads) == 2
    cross = draft(*line.roads, road("r3", [(1, 0), (1, 1)]))
    assert len(contract(cross).roads) == 3


def test_a_ring_without_a_junction_becomes_a_loop_and_is_cut_in_two() -> None:
    (loop,) = contract(draft(*SQUARE)).roads
    assert loop.tail == loop.head
    assert loop.length_m == pytest.approx(sum(r.length_m for r in SQUARE))
    halves = cut_long(contract(draft(*SQUARE)), 500.0)
    assert [r.key for r in halves.roads] == ["a/1", "a/2"]
    assert [r.length_m for r in halves.roads] == pytest.approx([loop.length_m / 2] * 2, abs=0.05)


def test_long_stretches_are_cut_into_equal_pieces() -> None:
    found = cut_long(draft(road("r", [(0, 0), (0, 10)])), 300.0)
    assert [r.length_m for r in found.roads] == pytest.approx([278.2] * 4, abs=0.1)
    assert [(r.first, r.last) for r in found.roads] == [
        ("r", "r/1"), ("r/2", "r/2"), ("r/3", "r/3"), ("r/4", "r"),
    ]  # fmt: skip
    assert all(
        a.head == b.tail and a.line[-1] == b.line[0]
        for a, b in zip(found.roads, found.roads[1:], strict=False)
    )


# ---- directions by shape


def test_sides_of_a_dual_carriageway_are_found_where_the_partner_is_on_the_right() -> None:
    # Britain drives on the left: going north, the side that goes south is to the east.
    north = road("n", [(0, 0), (0, 4)], one_way=True, ref="A1")
    south = road("s", [(0.2, 4), (0.2, 0)], one_way=True, ref="A1")
    other = road("o", [(0.2, 4), (0.2, 0)], one_way=True, ref="B1")
    mirrored = road("m", [(-0.2, 4), (-0.2, 0)], one_way=True, ref="A1")
    far = road("f", [(2, 4), (2, 0)], one_way=True, ref="A1")
    assert [r.traits.carriageway for r in find_dual(draft(north, south)).roads] == ["dual", "dual"]
    for alone in (other, mirrored, far):
        assert find_dual(draft(north, alone)).roads[0].traits.carriageway == "single"


def test_sides_and_roundabouts_without_a_direction_get_one() -> None:
    west = road("w", [(0, 4), (0, 0)], ref="A1", carriageway="dual")
    east = road("e", [(0.2, 4), (0.2, 0)], ref="A1", carriageway="dual")
    alone = road("x", [(9, 4), (9, 0)], ref="A1", carriageway="dual")
    found = give_directions(draft(west, east, alone), {"w", "e", "x"})
    one_way = {r.key: (r.one_way, r.line[0], r.line[-1]) for r in found.roads}
    assert one_way["w"] == (True, at(0, 0), at(0, 4))
    assert one_way["e"] == (True, at(0.2, 4), at(0.2, 0))
    assert one_way["x"][0] is False
    assert sum(found.inferred.values()) == 3
    ring = [replace(r, traits=replace(r.traits, carriageway="roundabout")) for r in SQUARE]
    turned = give_directions(draft(*ring), {"a", "b", "c", "d"}).roads
    assert [(r.tail, r.head) for r in turned] == [
        ("1,0", "0,0"),
        ("1,1", "1,0"),
        ("0,1", "1,1"),
        ("0,0", "0,1"),
    ]


# ---- turns


def crossing() -> Draft:
    arms = [
        road("w", [(-1, 0), (0, 0)]), road("e", [(0, 0), (1, 0)]), road("n", [(0, 0), (0, 1)]), road("s", [(0, -1), (0, 0)]),
    ]  # fmt: skip
    return draft(*arms)


def test_bans_follow_their_roads_through_joining_and_cutting() -> None:
    longer = draft(*crossing().roads, road("w2", [(-2, 0), (-1, 0)]), road("n2", [(0, 1), (0, 2)]))
    banned = replace(longer, bans=(Ban("b", "w", "0,0", "n"), Ban("lost", "w", "0,0", "gone")))
    final = cut_long(contract(banned), 120.0)
    bans, lost = bans_of(final)
    assert lost == 1
    (ban,) = bans
    network = Network(nodes_of(final), build(banned, replace(SETTINGS, longest_m=120.0))[0].segments, bans)
    (pair,) = network.banned
    arcs = [network.arcs[n] for n in pair]
    assert network.nodes[arcs[0].head].node_id == node_id("0,0") == ban.via_node
    assert not network.may_follow(*pair)
    assert network.turn_deg(*pair) == pytest.approx(-90.0, abs=1.0)


def test_the_only_way_allowed_bans_the_others_but_not_turning_round() -> None:
    bans, _ = bans_of(replace(crossing(), bans=(Ban("b", "w", "0,0", "n", only=True),)))
    assert {(b.from_segment, b.to_segment) for b in bans} == {("w", "e"), ("w", "s")}


def test_lorries_turn_round_at_ends_and_turning_places_only() -> None:
    network, _ = build(replace(crossing(), turning=frozenset({"0,0"})), SETTINGS)
    plain, _ = build(crossing(), SETTINGS)
    for one, allowed in ((network, True), (plain, False)):
        into = next(n for n, a in enumerate(one.arcs) if one.nodes[a.head].node_id == node_id("0,0"))
        back = one.reverse[into]
        assert back is not None
        assert one.may_follow(into, back) is allowed
        assert one.may_follow(back, into), "where the road ends"
        assert undrivable(one) == ()


def test_a_road_that_ends_against_one_way_streets_ends_for_a_lorry() -> None:
    loop = road("x", [(1, 1), (2, 1), (2, 0), (1, 0)], one_way=True)
    stub = road("s", [(2, 1), (3, 1)])
    network, _ = build(draft(*SQUARE, loop, stub), SETTINGS)
    assert undrivable(network) == ()
    facing = [
        road("k", [(0, 0), (0, -1)]), road("l", [(1, 0), (1, -1), (0, -1)], one_way=True),
    ]  # fmt: skip
    network, _ = build(draft(*SQUARE, *facing), SETTINGS)
    (stuck,) = network.ending - {a for a in network.ending if network.arcs[a].head in network.turning}
    assert network.segments[network.arcs[stuck].segment].segment_id == "k"
    assert network.may_follow(stuck, network.reverse[stuck] or 0)
    assert any("lorries turn round there" in f.text for f in judge(network))


# ---- the value


def test_lanes_sides_and_speeds_of_arcs() -> None:
    found = draft(
        road("two", [(0, 0), (1, 0)], lanes=3), road("one", [(1, 0), (1, 1)], lanes=3, one_way=True),
        road("dual", [(1, 1), (0, 1)], lanes=2, carriageway="dual", road_class="A"),
        road("none", [(0, 1), (0, 0)], road_class="B", speed_km_h=30.0),
    )  # fmt: skip
    network, _ = build(found, SETTINGS)
    facts = {
        network.segments[a.segment].segment_id: (network.lanes(n), network.sides(n), network.speed_km_h(n))
        for n, a in enumerate(network.arcs)
    }
    assert facts == {"two": (2, 1, 32.0), "one": (3, 1, 32.0), "dual": (2, 2, 64.0), "none": (1, 1, 30.0)}


def test_a_network_and_its_file_are_the_same() -> None:
    bans = (Ban("b", "w", "0,0", "n"),)
    network, _ = build(replace(crossing(), bans=bans, turning=frozenset({"1,0"})), SETTINGS)
    raw = dump(
        Registry(name="x", nodes=network.nodes, segments=network.segments, turn_bans=network.turn_bans)
    )
    again = Network.of(parse(raw))
    assert (again.nodes, again.segments, again.arcs) == (network.nodes, network.segments, network.arcs)
    assert (again.banned, again.turning) == (network.banned, network.turning)
    assert len(again.banned) == 1


@pytest.mark.parametrize(
    ("segments", "bans", "said"),
    [
        ([("s", 1, 1)], [], "segment s is a loop; cut it in two"),
        ([("s", 1, 9)], [], "1 segments have no node at an end"),
        ([("s", 1, 2), ("s", 2, 1)], [], "a segment_id is there twice"),
        ([("s", 1, 2)], [("s", 1, "t")], "turn ban b: there is no segment t"),
        ([("s", 1, 2), ("t", 2, 3)], [("s", 1, "t")], "turn ban b: segment t does not touch node 1"),
    ],
)
def test_what_is_no_network_is_refused_in_words(
    segments: list[tuple[str, int, int]], bans: list[tuple[str, int, str]], said: str
) -> None:
    nodes = [RoadNode(node_id=n, latitude_deg=52.0, longitude_deg=0.001 * n) for n in (1, 2, 3)]
    made = [
        RoadSegment(segment_id=s, street="x", road_class="A", from_node=a, to_node=b, length_m=1.0)
        for s, a, b in segments
    ]
    given = [TurnBan(ban_id="b", from_segment=a, via_node=v, to_segment=b) for a, v, b in bans]
    with pytest.raises(ValueError, match=said):
        Network(nodes, made, given)


def test_node_numbers_are_osms_own_or_made_and_never_shared() -> None:
    assert node_id("12345678901") == 12345678901
    assert 1 << 50 <= node_id("8A14EA72-F21F-4BBF-8277-ABBB8A8746E1") < 1 << 51
    assert node_id("x") == node_id("x") != node_id("y")
    with pytest.raises(ValueError, match="nodes '7' and '07' would both get the number 7"):
        nodes_of(Draft({"7": (0.0, 0.0), "07": (0.0, 0.0)}, ()))


# ---- what is put on it, and what is wrong with it

INSTALLED = datetime(2026, 1, 1, tzinfo=UTC)


def sensor(name: str, place: tuple[float, float] | None, kind: str = "road") -> Device:
    x, y = (None, None) if place is None else at(*place)
    return Device(name=name, kind=kind, shard=0, installed_at=INSTALLED, longitude_deg=x, latitude_deg=y)


def test_sensors_and_surveys_are_put_on_the_nearest_road() -> None:
    devices = [
        sensor("r1", (0.5, 0.05)), sensor("r2", (0.4, 0.0)), sensor("r3", (3, 3)), sensor("r4", None),
        sensor("frog", (1, 0.5), "frog"), sensor("r5", (1.01, 0.5)),
    ]  # fmt: skip
    survey = [
        SurveyPoint(at(0.2, 0)[1], at(0.2, 0)[0], 0.4, 12.0), SurveyPoint(at(0.8, 0)[1], at(0.8, 0)[0], 0.6),
        SurveyPoint(53.0, 0.0, 0.5), SurveyPoint(at(1, 0.5)[1], at(1, 0.5)[0], horizon_deg=(60.0,) * 8),
    ]  # fmt: skip
    network, steps = build(crossed_square(), SETTINGS, Beside(devices, survey))
    on = {s.segment_id: s for s in network.segments}
    assert (on["a"].device, on["b"].device) == ("r1", "r5")
    assert {s.device: s.why for s in steps.sensors if s.segment_id is None} == {
        "r2": "a has r1 already", "r3": "no road within 25 m", "r4": "has no position",
    }  # fmt: skip
    assert (on["a"].sky_view_factor, on["a"].altitude_m) == (0.5, 12.0)
    assert (on["b"].sky_view_factor, on["b"].altitude_m) == (0.25, 100.0)  # cos² 60°
    assert on["b"].horizon_deg == (60.0,) * 36
    assert on["a"].horizon_deg == ()
    said = [f.text for f in judge(network, steps) if f.level == "warning"]
    assert len(said) == 4
    assert counts(network).sensors == 2


def crossed_square() -> Draft:
    """The ring with a stub at each corner, so that nothing is joined."""
    stubs = [
        road(f"s{i}", [(x, y), (3 * x - 1, 3 * y - 1)])
        for i, (x, y) in enumerate([(0, 0), (1, 0), (1, 1), (0, 1)])
    ]
    return draft(*SQUARE, *stubs)


def test_what_is_wrong_with_a_registrys_network_is_found() -> None:
    network, _ = build(crossed_square(), SETTINGS)
    assert [f for f in judge(network) if f.level != "note"] == []
    first = network.segments[0]
    nodes = [*network.nodes, RoadNode(node_id=99, latitude_deg=52.0, longitude_deg=0.0)]
    wrong = [
        replace_segment(first, length_m=500.0), replace_segment(network.segments[1], geometry=(at(7, 7), at(8, 8))),
        *(replace_segment(s, one_way=s.segment_id == "s0") for s in network.segments[2:]),
    ]  # fmt: skip
    said = [
        f"{f.level}: {f.text}"
        for f in judge(Network(nodes, wrong), None, [Depot(depot_id="d", label="d", node_id=99)])
    ]
    for part in (
        "error: 1 segments can't be reached or not be left: s0", "error: 1 segments end more than 10 m from their nodes: b",
        "error: depot d is at node 99, where no road is", "warning: 1 segments are not as long as their lines: a",
        "warning: 1 nodes are on no segment",
    ):  # fmt: skip
        assert part in said


def replace_segment(segment: RoadSegment, **changes: object) -> RoadSegment:
    import msgspec

    return msgspec.structs.replace(segment, **changes)


def test_a_map_that_falls_apart_is_an_error() -> None:
    away = [road(f"y{i}", [(10, i), (10, i + 1)]) for i in range(3)]
    network, steps = build(draft(*SQUARE, *away), SETTINGS)
    assert any(f.level == "error" and "is the map whole?" in f.text for f in judge(network, steps))
    with pytest.raises(ValueError, match="no road that can be driven"):
        build(draft(road("x", [(0, 0), (0, 0)])), SETTINGS)


@pytest.mark.parametrize("value", [0.0, -1.0, float("inf"), float("nan")])
def test_lengths_of_settings_are_above_zero(value: float) -> None:
    with pytest.raises(ValueError, match=r"longest_m is .*; allowed: more than 0"):
        NetworkSettings(longest_m=value)
