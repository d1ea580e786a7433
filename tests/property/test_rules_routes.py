"""Every route the solver makes can be driven, on random street networks."""

from __future__ import annotations

import dataclasses
import itertools
import random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.registry import RoadNode, RoadSegment
from rules.core import tour
from rules.core.road_graph import RoadGraph
from rules.core.route_check import check
from rules.core.routing import plan


def town(rng: random.Random, size: int, one_way_share: float) -> tuple[list[RoadNode], list[RoadSegment]]:
    nodes = [
        RoadNode(node_id=10 * i, latitude_deg=52 + rng.random() / 20, longitude_deg=rng.random() / 20)
        for i in range(size)
    ]
    segments = []
    for i in range(size * 2):
        a, b = rng.randrange(size), rng.randrange(size)
        segments.append(
            RoadSegment(
                segment_id=f"s{i:03}",
                street=f"Street {i % 7}",
                road_class="B",
                from_node=10 * a,
                to_node=10 * b,
                length_m=float(rng.randrange(40, 900)),
                one_way=rng.random() < one_way_share,
            )
        )
    return nodes, segments


@given(st.integers(0, 10**6), st.integers(2, 25), st.sampled_from([0.0, 0.2, 0.7]))
@settings(max_examples=120, deadline=None)
def test_every_route_can_be_driven(seed: int, size: int, one_way_share: float) -> None:
    rng = random.Random(seed)
    nodes, segments = town(rng, size, one_way_share)
    required = {s.segment_id for s in segments if rng.random() < 0.5}
    depot = rng.choice(nodes).node_id
    drive = plan(RoadGraph(nodes, segments), required, depot)
    assert check(drive, segments, required, depot) == []
    served = {leg.segment_id for leg in drive.legs if leg.treat}
    assert served | set(drive.unreachable) == required
    if one_way_share == 0.0:  # then what the depot's part of the network holds is served
        assert served >= connected(segments, depot) & required


def connected(segments: list[RoadSegment], depot: int) -> set[str]:
    reached, grown = {depot}, True
    while grown:
        new = {n for s in segments if {s.from_node, s.to_node} & reached for n in (s.from_node, s.to_node)}
        grown, reached = not new <= reached, reached | new
    return {s.segment_id for s in segments if s.from_node in reached}


@given(st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_the_checker_catches_a_spoilt_drive(seed: int) -> None:
    rng = random.Random(seed)
    nodes, segments = town(rng, 12, 0.3)
    required = {s.segment_id for s in segments if s.from_node != s.to_node}
    drive = plan(RoadGraph(nodes, segments), required, 0)
    if len(drive.legs) < 2:
        return
    at = rng.randrange(len(drive.legs))
    without = drive.legs[:at] + drive.legs[at + 1 :]
    assert check(dataclasses.replace(drive, legs=without), segments, required, 0)
    treated = next(i for i, leg in enumerate(drive.legs) if leg.treat)
    off = dataclasses.replace(drive.legs[treated], treat=False)
    spoilt = (*drive.legs[:treated], off, *drive.legs[treated + 1 :])
    assert any(
        "not treated" in p for p in check(dataclasses.replace(drive, legs=spoilt), segments, required, 0)
    )


@given(st.integers(0, 10**6), st.integers(1, 6))
@settings(max_examples=60, deadline=None)
def test_small_rounds_are_near_the_best(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    distance = rng.uniform(1, 100, (n + 1, n + 1))
    np.fill_diagonal(distance, 0)
    order = tour.solve(list(range(1, n + 1)), distance, np.arange(n + 1))
    assert sorted(order) == list(range(1, n + 1))
    best = min(tour.cost(p, distance) for p in itertools.permutations(range(1, n + 1)))
    assert tour.cost(order, distance) <= 2.0 * best + 1e-9
