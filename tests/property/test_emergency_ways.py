"""The emergency way on made-up towns: as quick as brute force, never on a closed road, never slower with one opened."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.catalogue.ops_files import load_way
from rules.core.emergency.graph import WayGraph, graph_of
from rules.core.emergency.parameters import SURFACES
from rules.core.emergency.search import Spot, Ways, timed
from rules.core.emergency.surface import Conditions, Paces, paces
from rules.core.psychrometrics import Floats
from tests.fakes.examples import examples
from tests.fakes.fleet_towns import fleet_town

P = load_way()
ENGINE = P.vehicle["fire-engine"]
seeds = st.integers(0, 1000)
closures = st.sets(st.integers(0, 12), max_size=5)


def conditions_of(seed: int, count: int) -> Conditions:
    rng = np.random.default_rng(seed)
    return Conditions(
        code=rng.integers(0, len(SURFACES), count).astype(np.int8),
        age_s=rng.choice([0.0, 1800.0, 7200.0, np.inf], count),
        p_ice=rng.choice([np.nan, 0.0, 0.05, 0.4, 1.0], count),
        treated_s=rng.choice([600.0, 30_000.0, np.inf], count),
    )


def spot(graph: WayGraph, rng: np.random.Generator) -> Spot:
    """A place on a street, or a node."""
    if rng.random() < 0.3:
        return Spot(node=int(rng.integers(0, len(graph.network.nodes))))
    segment, share = int(rng.integers(0, len(graph.network.segments))), float(rng.random())
    arcs = graph.network.arcs_of[segment]
    return Spot(on=tuple((a, share if graph.network.arcs[a].forward else 1.0 - share) for a in arcs))


def brute_s(graph: WayGraph, pace: Floats, closed: set[int], start: Spot, target: Spot) -> float:
    """The least time over all ways, by relaxing each turn again and again: knows nothing of sparse graphs."""
    arcs = graph.network.arcs
    cost = [
        math.inf if a.segment in closed else float(graph.dry_s[n] * pace[a.segment])
        for n, a in enumerate(arcs)
    ]
    turns = {
        (int(a), int(b)): float(t)
        for a, b, t in zip(graph.of.tolist(), graph.into.tolist(), graph.turn_s.tolist(), strict=True)
    }
    begins = (
        list(start.on)
        if start.node is None
        else [(n, 0.0) for n, a in enumerate(arcs) if a.tail == start.node]
    )
    ends = (
        list(target.on)
        if target.node is None
        else [(n, 1.0) for n, a in enumerate(arcs) if a.head == target.node]
    )
    at_end = [math.inf] * len(arcs)
    best = math.inf
    for n, share in begins:
        if math.isfinite(cost[n]):
            at_end[n] = min(at_end[n], (1.0 - share) * cost[n])
            best = min([best, *((e - share) * cost[n] for m, e in ends if m == n and e >= share)])
    for _ in arcs:
        for (a, b), turn in turns.items():
            if math.isfinite(cost[b]):
                at_end[b] = min(at_end[b], at_end[a] + turn + cost[b])
    for n, share in ends:
        into = [at_end[a] + turn for (a, b), turn in turns.items() if b == n]
        if into and math.isfinite(cost[n]):
            best = min(best, min(into) + share * cost[n])
    return best


@examples(40)
@given(seed=seeds, closed=closures, exempt=st.booleans())
def test_it_is_as_quick_as_brute_force_and_drives_no_closed_road(
    seed: int, closed: set[int], exempt: bool
) -> None:
    network = fleet_town(seed, 3)
    graph = graph_of(network, P, ENGINE, exempt=exempt)
    pace = paces(conditions_of(seed, len(network.segments)), P).usual
    rng = np.random.default_rng(seed)
    start, target = spot(graph, rng), spot(graph, rng)
    ways = Ways(graph, pace, closed, target)
    expected = brute_s(graph, pace, closed, start, target)
    assert ways.seconds(start) == pytest.approx(expected, abs=1e-5)
    way = ways.way(start)
    if way is None:
        assert expected == math.inf
        return
    assert way.seconds == pytest.approx(expected, abs=1e-5)
    assert (
        not {network.arcs[a].segment if not exempt else graph.network.arcs[a].segment for a in way.arcs}
        & closed
    )
    legs = timed(graph, way.arcs, way.first, way.last, ways.arc_s)
    assert sum(drive + turn for drive, turn in legs) == pytest.approx(expected, abs=1e-5)


@examples(30)
@given(seed=seeds, closed=closures, opened=st.integers(0, 12))
def test_a_road_that_is_opened_makes_no_way_slower(seed: int, closed: set[int], opened: int) -> None:
    network = fleet_town(seed, 3)
    graph = graph_of(network, P, ENGINE)
    pace = paces(conditions_of(seed, len(network.segments)), P).usual
    rng = np.random.default_rng(seed)
    start, target = spot(graph, rng), spot(graph, rng)
    before = Ways(graph, pace, closed, target).seconds(start)
    after = Ways(graph, pace, closed - {opened}, target).seconds(start)
    assert after <= before + 1e-6


@examples(30)
@given(seed=seeds)
def test_the_exemption_makes_no_way_slower(seed: int) -> None:
    network = fleet_town(seed, 3)
    pace = np.ones(len(network.segments))
    rng = np.random.default_rng(seed)
    legal, exempt = (graph_of(network, P, ENGINE, exempt=e) for e in (False, True))
    start, target = (Spot(node=int(rng.integers(0, len(network.nodes)))) for _ in range(2))
    assert (
        Ways(exempt, pace, (), target).seconds(start) <= Ways(legal, pace, (), target).seconds(start) + 1e-6
    )


@examples(60)
@given(seed=seeds)
def test_the_range_holds_the_usual_and_nothing_is_quicker_than_dry(seed: int) -> None:
    found: Paces = paces(conditions_of(seed, 50), P)
    assert (found.fast >= 1.0 - 1e-12).all()
    assert (found.fast <= found.usual + 1e-12).all()
    assert (found.usual <= found.slow + 1e-12).all()


@examples(60)
@given(seed=seeds)
def test_salt_makes_no_road_slower_and_ice_none_quicker(seed: int) -> None:
    c = conditions_of(seed, 50)
    bare = Conditions(c.code, c.age_s, c.p_ice, np.full(50, np.inf))
    salted = Conditions(c.code, c.age_s, c.p_ice, np.zeros(50))
    safe = Conditions(c.code, c.age_s, np.zeros(50), c.treated_s)
    assert (paces(salted, P).usual <= paces(bare, P).usual + 1e-12).all()
    assert (paces(safe, P).usual <= paces(c, P).usual + 1e-12).all()
