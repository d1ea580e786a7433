"""From a gritter's reports to salt on stretches of road."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from devices.registry import RoadNode, RoadSegment
from rules.catalogue.loader import load
from rules.core.coat import BARE, Coat, coat, coats, done
from rules.core.itinerary import Itinerary
from rules.core.places import METRES_PER_DEGREE
from rules.core.road_graph import RoadGraph
from rules.core.road_surface.salt import left_of_one
from rules.core.routing import plan
from rules.core.street_match import Streets, Stretch
from rules.core.treatment import Fix, Pass, Passed, Way, insert, spread_between

P = load().gritting.parameters.treatment
HOUR = 3600.0
STEP_DEG = 200.0 / METRES_PER_DEGREE


def segment(name: str, a: int, b: int, **more) -> RoadSegment:
    given = {"street": name, "road_class": "B", "length_m": 200.0, **more}
    return RoadSegment(segment_id=name, from_node=a, to_node=b, **given)


def cross() -> RoadGraph:
    """South to north 0-1-2-3, one-way 3 to 4 and 4 to 1; a dead end to the east of 2 (5)."""
    lat = [0, 1, 2, 3, 3, 2]
    lon = [0, 0, 0, 0, 1, 1]
    nodes = [
        RoadNode(node_id=i, latitude_deg=STEP_DEG * lat[i], longitude_deg=STEP_DEG * lon[i]) for i in range(6)
    ]
    return RoadGraph(
        nodes,
        [
            segment("s01", 0, 1), segment("s12", 1, 2), segment("s23", 2, 3),
            segment("s34", 3, 4, one_way=True), segment("s41", 4, 1, one_way=True, length_m=450.0),
            segment("s25", 2, 5),
        ],
    )  # fmt: skip


GRAPH = cross()
STREETS = Streets(GRAPH)
ROW = GRAPH.segment_index


def names(way: list[Stretch] | None) -> list[tuple[str, float, float]]:
    assert way is not None
    return [(GRAPH.segments[s.segment].segment_id, round(s.low, 2), round(s.high, 2)) for s in way]


def test_a_position_lies_on_the_nearest_road() -> None:
    lat = np.array([0.5, 1.25, 2.02, 9.0, np.nan]) * STEP_DEG
    lon = np.array([0.02, -0.05, 0.8, 0.0, 0.0]) * STEP_DEG
    found, share = STREETS.match(lat, lon, 30.0)
    assert found.tolist() == [ROW["s01"], ROW["s12"], ROW["s25"], -1, -1]
    assert share[:3] == pytest.approx([0.5, 0.25, 0.8], abs=1e-3)


def test_matching_agrees_with_a_search_point_by_point() -> None:
    rng = random.Random(5)
    lat = np.array([rng.uniform(-0.2, 3.2) for _ in range(600)]) * STEP_DEG
    lon = np.array([rng.uniform(-0.2, 1.2) for _ in range(600)]) * STEP_DEG
    found, share = STREETS.match(lat, lon, 1e9)
    ends = {
        s.segment_id: [GRAPH.nodes[GRAPH.node_index[n]] for n in (s.from_node, s.to_node)]
        for s in GRAPH.segments
    }
    for i in range(0, 600, 7):
        gaps = {}
        for name, (a, b) in ends.items():
            t = np.linspace(0, 1, 2001)
            north = a.latitude_deg + t * (b.latitude_deg - a.latitude_deg) - lat[i]
            east = a.longitude_deg + t * (b.longitude_deg - a.longitude_deg) - lon[i]
            gaps[name] = np.hypot(north, east).min()
        mine = gaps[GRAPH.segments[found[i]].segment_id]
        assert mine <= min(gaps.values()) + 1e-8
        assert 0.0 <= share[i] <= 1.0


@pytest.mark.parametrize(
    ("a", "b", "way"),
    [
        (("s01", 0.2), ("s01", 0.7), [("s01", 0.2, 0.7)]),
        (("s01", 0.7), ("s01", 0.2), [("s01", 0.2, 0.7)]),
        (("s01", 0.5), ("s23", 0.5), [("s01", 0.5, 1.0), ("s12", 0.0, 1.0), ("s23", 0.0, 0.5)]),
        (("s23", 0.5), ("s01", 0.5), [("s23", 0.0, 0.5), ("s12", 0.0, 1.0), ("s01", 0.5, 1.0)]),
        (("s34", 0.5), ("s41", 0.5), [("s34", 0.5, 1.0), ("s41", 0.0, 0.5)]),
        # not backwards through a one-way street, but once round
        (("s34", 0.9), ("s34", 0.1),
         [("s34", 0.9, 1.0), ("s41", 0.0, 1.0), ("s12", 0.0, 1.0), ("s23", 0.0, 1.0), ("s34", 0.0, 0.1)]),
    ],
)  # fmt: skip
def test_between_two_positions_lies_the_shortest_legal_way(a, b, way) -> None:
    found = STREETS.between((ROW[a[0]], a[1]), (ROW[b[0]], b[1]), 2000.0)
    assert names(found) == way
    assert found is not None
    assert all(s.length_m >= 0.0 for s in found)


def test_a_way_too_long_for_the_time_was_not_driven() -> None:
    assert STREETS.between((ROW["s01"], 0.5), (ROW["s23"], 0.5), 399.0) is None
    assert STREETS.between((ROW["s01"], 0.1), (ROW["s01"], 0.9), 100.0) is None
    assert STREETS.between((ROW["s23"], 0.9), (ROW["s41"], 0.1), 100.0) is None


def test_the_order_shows_the_dead_end_that_the_shortest_way_leaves_out() -> None:
    drive = plan(GRAPH, ["s25", "s34"], 0)
    found = Itinerary(GRAPH, drive.legs).ways((ROW["s12"], 0.5), (ROW["s23"], 0.5), 2000.0)
    assert any(
        [GRAPH.segments[s.stretch.segment].segment_id for s in w][1:3] == ["s25", "s25"] for w in found
    )
    assert Itinerary(GRAPH, drive.legs).ways((ROW["s12"], 0.5), (ROW["s23"], 0.5), 300.0) == []
    assert Itinerary(GRAPH, drive.legs).ways((ROW["s34"], 0.5), (ROW["s25"], 0.5), 2000.0) == []


def fix(at_s: float, rate: float = 0.0, salt: float | None = None, speed: float = 10.0) -> Fix:
    return Fix(at_s, "s01", 0.5, rate, salt, speed)


def way(
    *asked: float, ordered: tuple[bool, ...] | None = None, length_m: float = 200.0, sure: bool = True
) -> Way:
    flags = ordered or (None,) * len(asked)
    passed = [
        Passed(Stretch(i, 0.0, 1.0, length_m), 5.0, g, flag)
        for i, (g, flag) in enumerate(zip(asked, flags, strict=True))
    ]
    return Way(tuple(passed), sure, sure)


def treated(a: Fix, b: Fix, *ways: Way) -> list[tuple[int, float]]:
    return [(s.stretch.segment, s.g_m2) for s in spread_between(a, b, ways, P)]


def test_between_two_spreading_reports_all_is_treated_where_the_salt_says_so() -> None:
    # three stretches of 200 m x 5 m at 10 g/m² are 30 kg
    a, b = fix(0, 10, 1000.0), fix(60, 10, 970.0)
    assert treated(a, b, way(0, 0, 0)) == [(0, 10), (1, 10), (2, 10)]
    assert treated(a, fix(60, 10, 980.0), way(0, 0, 0)) == [(0, 10), (2, 10)]  # off in the middle
    assert treated(fix(0, 10), fix(60, 10), way(0, 0, 0)) == [(0, 10), (1, 10), (2, 10)]  # not weighed
    assert treated(fix(0, 10), fix(60, 10), way(0, 0, 10, 0)) == [(0, 10), (2, 10), (3, 10)]
    assert treated(fix(0, 10), fix(60, 12), way(0, 0)) == [(0, 10), (1, 10)]  # the lower rate counts


def test_a_stretch_shorter_than_the_interval_is_found_by_its_salt() -> None:
    a, b = fix(0, 0, 1000.0), fix(60, 0, 990.0)
    assert treated(a, b, way(0, 10, 0)) == [(1, 10)]
    assert treated(a, b, way(0, 0, 0)) == []  # nobody asked for any: nothing says where
    assert treated(a, fix(60, 0, 1000.0), way(0, 10, 0)) == []  # passed with the spreader off
    assert treated(a, fix(60, 0, 900.0), way(0, 10, 0)) == []  # far too much salt for it
    assert treated(fix(0), fix(60), way(0, 10, 0)) == []  # not weighed: not known


def test_to_and_from_a_spreading_report_as_far_as_the_salt_reaches() -> None:
    start = fix(0, 0, 1000.0)
    assert treated(start, fix(60, 10, 980.0), way(0, 0, 0)) == [(1, 10), (2, 10)]
    assert treated(fix(0, 10, 1000.0), fix(60, 0, 980.0), way(0, 0, 0)) == [(0, 10), (1, 10)]
    assert treated(fix(0), fix(60, 10), way(0, 0, 0)) == [(2, 10)]


def test_loading_salt_is_no_treatment_and_no_weight() -> None:
    assert treated(fix(0, 0, 100.0), fix(60, 0, 9000.0), way(0, 10)) == []
    assert treated(fix(0, 10, 100.0), fix(60, 10, 9000.0), way(0, 0)) == [(0, 10), (1, 10)]


def test_the_way_is_believed_that_explains_salt_and_distance() -> None:
    a, b = fix(0, 0, 1000.0), fix(60, 0, 980.0)  # 600 m driven
    dead_end = way(0, 10, 10, 0, ordered=(False, True, True, False), length_m=200.0)
    assert treated(a, b, way(0, 0), dead_end) == [(1, 10), (2, 10)]
    older = way(0, 10, 0, ordered=(False, True, False))
    newer = way(10, 0, 10, ordered=(True, False, True), sure=False)
    assert treated(a, b, older, newer) == [(0, 10), (2, 10)]


def test_near_a_junction_the_rate_tells_of_no_stretch_for_certain() -> None:
    a, b = fix(0, 10, 1000.0), fix(60, 0, 990.0)
    assert treated(a, b, way(0, 10, 0, sure=False)) == [(1, 10)]


def test_a_track_is_in_order_of_time_whatever_comes_when() -> None:
    fixes = [fix(60.0 * i, 10.0 * (i % 3), 9000.0 - i, speed=10.0 * (i % 4 > 0)) for i in range(30)]
    tracks = set()
    for seed in range(20):
        random.Random(seed).shuffle(fixes)
        track: tuple[Fix, ...] = ()
        for one in fixes:
            track = insert(track, one, HOUR) or track
        tracks.add(track)
    assert len(tracks) == 1
    [track] = tracks
    assert [f.at_s for f in track] == sorted(f.at_s for f in track)


def test_a_parked_lorry_needs_no_memory_and_old_reports_are_forgotten() -> None:
    track: tuple[Fix, ...] = ()
    for i in range(600):
        track = insert(track, fix(60.0 * i, speed=0.0), HOUR) or track
    assert len(track) <= 2
    assert insert(track, fix(10.0, 10.0), HOUR) is None
    assert insert(track, track[-1], HOUR) is None  # the same again


def spread(at_s: float, g_m2: float, low: float = 0.0, high: float = 1.0, rain_mm: float = 0.0) -> Pass:
    return Pass(at_s, g_m2, low, high, "g1", at_s - 60.0, at_s, rain_mm)


def test_salt_left_is_what_the_trl_measured() -> None:
    assert left_of_one(0.0) == 1.0
    assert left_of_one(2.0) == pytest.approx(1 - 0.59, abs=0.02)
    assert left_of_one(25.0) == pytest.approx(1 - 0.73, abs=0.01)


def test_a_coat_holds_for_its_time() -> None:
    found = coat([spread(100.0, 10.0)], 0.0, P)
    assert replace(found, parts=()) == Coat(
        10.0, 100.0, 100.0 + 6 * HOUR, spread_g_m2=10.0, own_g_m2=10.0, run_s=100.0, done_s=100.0
    )
    assert coat([], 0.0, P) == BARE
    two = coat([spread(100.0, 15.0), spread(700.0, 15.0)], 0.0, P)
    assert two.g_m2 == pytest.approx(15 + 15 * left_of_one(600.0 / HOUR))
    assert (two.until_s, two.spread_g_m2) == (700.0 + 6 * HOUR, 30.0)
    less = coat([spread(0.0, 18.0), spread(4 * HOUR, 8.0)], 0.0, P)
    assert (less.g_m2, less.at_s) == (18.0, 0.0)  # the first still holds and is worth more


def test_half_a_stretch_is_not_a_stretch() -> None:
    assert coat([spread(0.0, 10.0, 0.0, 0.7)], 0.0, P) == BARE
    assert coat([spread(0.0, 10.0, 0.0, 0.85)], 0.0, P).g_m2 == 10.0
    both = coat([spread(0.0, 10.0, 0.0, 0.5), spread(60.0, 12.0, 0.5, 1.0)], 0.0, P)
    assert (both.g_m2, both.at_s, both.last_s) == (10.0, 0.0, 60.0)


def test_rain_washes_salt_off() -> None:
    dry, washed = (coat([spread(0.0, 10.0, rain_mm=5.0)], 5.0 + mm, P) for mm in (2.0, 2.1))
    assert dry.until_s == 6 * HOUR
    assert (washed.until_s, washed.left_g_m2(60.0)) == (2 * HOUR, 0.0)


def test_the_coats_of_a_route_in_one() -> None:
    passes = {"a": [spread(0.0, 10.0)], "b": [spread(HOUR, 18.0)], "c": [spread(0.0, 9.0, 0.0, 0.1)]}
    found = coats(passes, 0.0, 2 * HOUR, P, {"b": 0.05})
    assert set(found) == {"a", "b"}
    whole = done(list(found.values()), 2 * HOUR)
    assert whole is not None
    assert (whole.segments, whole.from_s, whole.to_s, whole.until_s) == (2, 0.0, HOUR, 6 * HOUR)
    late = done(list(found.values()), 6.5 * HOUR)
    assert late is not None
    assert late.segments == 1
    assert done(list(found.values()), 8 * HOUR) is None
    assert found["b"].left_g_m2(8 * HOUR) > 2.0 * 18.0 * left_of_one(7.0)  # few pass there
    assert coats(passes, 0.0, P.passes_kept_s + HOUR + 1, P, {}) == {}
