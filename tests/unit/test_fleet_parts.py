"""Passes of streets, quickest ways with turns, and what is refused."""

from __future__ import annotations

import math

import msgspec
import pytest

from devices.registry import RoadNode, RoadSegment, TurnBan
from rules.core.fleet.jobs import Wanted, jobs_of
from rules.core.fleet.lorries import Fleet, Lorry
from rules.core.fleet.settings import FleetSettings
from rules.core.fleet.units import NEVER, tenths, tenths_down
from rules.core.fleet.verify_facts import Facts
from rules.core.fleet.ways import turn_time, ways_of, yard
from rules.core.network.network import Network

SETTINGS = FleetSettings()
NODES = [
    RoadNode(node_id=n, latitude_deg=52.0 + 0.001 * y, longitude_deg=0.0016 * x)
    for n, (x, y) in enumerate([(0, 0), (1, 0), (2, 0), (1, 1), (1, -1)])
]


def road(number: int, a: int, b: int, **more: object) -> RoadSegment:
    base = RoadSegment(
        segment_id=f"s{number}",
        street="",
        road_class="A",
        from_node=a,
        to_node=b,
        length_m=100.0,
        speed_km_h=45.0,
    )
    return msgspec.structs.replace(base, **more)


CROSS = [road(0, 0, 1), road(1, 1, 2), road(2, 1, 3), road(3, 1, 4)]


@pytest.mark.parametrize(
    ("more", "passes"),
    [
        ({"width_m": 7.0}, [("s1", (2, 3))]),
        ({"width_m": 14.0}, [("s1/f0", (2,)), ("s1/b0", (3,))]),
        ({"width_m": 20.0}, [("s1/f0", (2,)), ("s1/b0", (3,)), ("s1/f1", (2,))]),
        ({"width_m": 14.0, "one_way": True}, [("s1/f0", (2,)), ("s1/f1", (2,))]),
        ({"width_m": 7.0, "carriageway": "dual"}, [("s1/f0", (2,)), ("s1/b0", (3,))]),
        (
            {"width_m": 14.0, "carriageway": "dual"},
            [("s1/f0", (2,)), ("s1/f1", (2,)), ("s1/b0", (3,)), ("s1/b1", (3,))],
        ),
    ],
)
def test_passes_follow_width_direction_and_carriageway(
    more: dict[str, object], passes: list[tuple[str, tuple[int, ...]]]
) -> None:
    network = Network(NODES, [CROSS[0], road(1, 1, 2, **more), CROSS[2]])
    jobs = jobs_of(network, [Wanted("s1", 10.0, 2)], SETTINGS)
    assert [(job.name, job.ways) for job in jobs] == passes
    sides = 2 if more.get("carriageway") == "dual" else 1
    width = float(str(more["width_m"]))
    assert sum(job.salt_kg for job in jobs) == pytest.approx(10.0 * width * 100.0 / 1000.0 * sides)
    assert {job.due_s for job in jobs} == {10800.0}


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ([Wanted("nowhere")], "segment nowhere: not in the network"),
        ([Wanted("s1"), Wanted("s1")], "segment s1: is asked for twice"),
        ([Wanted("s1", 0.0)], "segment s1: 0.0 g/m²; allowed: above 0"),
        ([Wanted("s1", due_s=-1.0)], "segment s1: due at -1.0 s; allowed: 0 or later"),
    ],
)
def test_what_cannot_be_wanted_is_refused(wanted: list[Wanted], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        jobs_of(Network(NODES, CROSS), wanted, SETTINGS)


def test_turns_cost_what_they_are() -> None:
    network = Network(NODES, CROSS)
    ways = ways_of(network, [0], SETTINGS)
    # Arc 0 goes east; 2 goes on east, 4 turns left to the north, 6 right to the south.
    assert ways.until([0], [2, 4, 6]).tolist() == [[20, 60, 120]]
    # Back to where it came from: there is no place to turn at the crossing, so by a road's end.
    drive = 100
    by_end = 20 + drive + 600 + drive + 20
    assert int(ways.until([0], [1])[0, 0]) == by_end
    assert ways.to_arc(0, 1) == [2, 3]
    assert ways.to_node(network, 0, 1) == []
    assert ways.to_node(network, 0, 3) == [4]


def dual_end(*more: RoadSegment, name: str = "Ring Road") -> Network:
    """A dual carriageway whose sides (arcs 0 towards, 1 away) meet at node 1, and what else is there."""
    sides = [
        road(0, 0, 1, one_way=True, carriageway="dual", street="Ring Road"),
        road(1, 1, 4, one_way=True, carriageway="dual", street=name),
    ]
    nodes = [*NODES[:4], msgspec.structs.replace(NODES[0], node_id=4, latitude_deg=51.9998)]
    return Network(nodes, [*sides, *more])


def test_round_the_end_of_a_central_reserve_is_turning_round() -> None:
    network = dual_end(road(2, 1, 2), road(3, 4, 0))
    assert abs(network.turn_deg(0, 1)) > 150.0
    assert network.turns_round(0, 1)
    assert not network.may_follow(0, 1)
    facts = Facts(network, (), SETTINGS)
    assert (facts.may_turn(0, 1), facts.turn_s(0, 1)) == (False, 60.0)
    # So one goes on to the road's end, turns there, and comes back.
    assert ways_of(network, [0], SETTINGS).to_arc(0, 1) == [2, 3]
    # Where nothing else leads on, the road ends, and a lorry turns as at any other.
    alone = dual_end()
    assert alone.may_follow(0, 1)
    assert Facts(alone, (), SETTINGS).may_turn(0, 1)
    assert turn_time(alone, 0, 1, SETTINGS) == 600


def test_a_turn_as_sharp_as_turning_round_takes_as_long() -> None:
    network = dual_end(road(2, 1, 2), name="Other Road")
    assert network.may_follow(0, 1)
    assert turn_time(network, 0, 1, SETTINGS) == 600
    assert Facts(network, (), SETTINGS).turn_s(0, 1) == 60.0


def test_bans_places_to_turn_and_limits_are_kept() -> None:
    ban = TurnBan(ban_id="b", from_segment="s0", via_node=1, to_segment="s1")
    ways = ways_of(Network(NODES, CROSS, [ban]), [0], SETTINGS)
    assert ways.to_arc(0, 2) == [4, 5]
    place = [msgspec.structs.replace(n, turning_place=n.node_id == 1) for n in NODES]
    assert int(ways_of(Network(place, CROSS), [0], SETTINGS).until([0], [1])[0, 0]) == 600
    low = [*CROSS[:1], road(1, 1, 2, max_height_m=3.0), *CROSS[2:]]
    assert int(ways_of(Network(NODES, low), [yard(0)], SETTINGS).until([yard(0)], [2])[0, 0]) == NEVER


def test_a_street_can_be_driven_twice_in_the_same_direction() -> None:
    """The way from an arc's end to its own beginning is a round, not nothing."""
    ways = ways_of(Network(NODES, CROSS), [2], SETTINGS)
    assert int(ways.until([2], [2])[0, 0]) > 0
    assert ways.to_arc(2, 2)[0] == 3


def test_rounding_never_promises_too_much() -> None:
    assert [tenths(1.01), tenths(1.1), tenths(0.0)] == [11, 11, 0]
    assert [tenths_down(1.19), tenths_down(1.1), tenths_down(math.inf)] == [11, 11, NEVER]


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: Lorry("L", 0, 0.0), "lorry L: holds 0.0 kg; allowed: above 0"),
        (lambda: Lorry("L", 0, 9.0, on_board_kg=10.0), "10.0 kg on board; allowed: 0 to 9.0"),
        (lambda: Lorry("L", 0, 9.0, from_s=-1.0), "from -1.0 until inf s"),
        (lambda: Fleet((), (0,)), "there is no lorry"),
        (lambda: Fleet((Lorry("L", 0, 9.0), Lorry("L", 0, 9.0)), (0,)), "lorry L is there twice"),
        (lambda: Fleet((Lorry("L", 0, 9.0),), ()), "nowhere to load salt"),
        (lambda: FleetSettings(treating_km_h=0.0), "treating_km_h is 0.0; allowed: above 0"),
        (lambda: FleetSettings(limits_s={1: 0.0}), "limit of priority 1 is 0.0 s"),
        (lambda: Fleet((Lorry("L", 9, 9.0),), (0,)).check(Network(NODES, CROSS)), "node 9 is on no road"),
    ],
)
def test_what_cannot_be_is_refused_in_words(build: object, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        build()  # type: ignore[operator]
