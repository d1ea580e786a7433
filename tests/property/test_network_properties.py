"""Whatever a map looks like, its network can be driven, is as long as its roads, and is the same again."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from rules.core.network.attach import node_id
from rules.core.network.build import build
from rules.core.network.check import judge
from rules.core.network.connected import largest_part
from rules.core.network.contract import contract, cut_long
from rules.core.network.defaults import NetworkSettings
from rules.core.network.draft import Ban, Draft, Road
from rules.core.network.lines import cut, length_m
from tests.fakes.road_maps import at, draft, road

SIZE = 4
SETTINGS = NetworkSettings(longest_m=150.0)
LINKS = [((x, y), (x + 1, y)) for x in range(SIZE - 1) for y in range(SIZE)]
LINKS += [((x, y), (x, y + 1)) for x in range(SIZE) for y in range(SIZE - 1)]


@st.composite
def maps(draw: st.DrawFn) -> Draft:
    """A part of a grid of streets: some one-way, some bent, of two names."""
    roads: list[Road] = []
    for number, (a, b) in enumerate(
        draw(st.lists(st.sampled_from(LINKS), min_size=3, max_size=24, unique=True))
    ):
        kind = draw(st.sampled_from(("two-way", "two-way", "two-way", "there", "back")))
        if kind == "back":
            a, b = b, a
        bend = [((a[0] + b[0]) / 2 + 0.2, (a[1] + b[1]) / 2 + 0.3)] if draw(st.booleans()) else []
        name = draw(st.sampled_from(("", "", "Mill Road")))
        roads.append(road(f"r{number:02}", [a, *bend, b], one_way=kind != "two-way", street=name))
    return draft(*roads)


@given(maps())
@settings(max_examples=60)
def test_every_place_can_be_reached_and_the_length_is_the_roads(given_map: Draft) -> None:
    part, cut_off = largest_part(given_map)
    assert len(part.roads) + sum(p.roads for p in cut_off) == len(given_map.roads)
    if not part.roads:
        return
    network, steps = build(given_map, SETTINGS)
    assert [
        f for f in judge(network, steps) if f.level == "error" and "is the map whole?" not in f.text
    ] == []
    assert sum(s.length_m for s in network.segments) == pytest.approx(
        steps.kept_m, abs=0.06 * len(network.segments)
    )
    assert all(s.length_m <= SETTINGS.longest_m + 0.1 for s in network.segments)
    for arcs in network.arcs_of:
        assert (network.reverse[arcs[0]] is None) == network.segments[network.arcs[arcs[0]].segment].one_way


@given(maps(), st.randoms(use_true_random=False))
@settings(max_examples=40)
def test_the_order_of_a_map_and_how_it_draws_two_way_streets_change_nothing(
    given_map: Draft, random: Random
) -> None:
    if not largest_part(given_map)[0].roads:
        return
    roads = [r.turned() if not r.one_way and random.random() < 0.5 else r for r in given_map.roads]
    random.shuffle(roads)
    nodes = dict(sorted(given_map.nodes.items(), key=lambda _: random.random()))
    first, _ = build(given_map, SETTINGS)
    again, _ = build(replace(given_map, roads=tuple(roads), nodes=nodes), SETTINGS)
    assert (again.nodes, again.segments) == (first.nodes, first.segments)


@given(maps())
@settings(max_examples=40)
def test_joining_and_cutting_make_no_way_longer_or_shorter(given_map: Draft) -> None:
    part, _ = largest_part(given_map)
    final = cut_long(contract(part), 150.0)
    common = sorted(set(part.nodes) & set(final.nodes))
    # Ways are of lengths as the lines have them, not rounded as segments'.
    assert _ways(final, common) == pytest.approx(_ways(part, common), abs=0.05)


def _ways(found: Draft, between: list[str]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    number = {key: i for i, key in enumerate(found.nodes)}
    best: dict[tuple[int, int], float] = {}
    for one in found.roads:
        for tail, head in [(one.tail, one.head)] + ([] if one.one_way else [(one.head, one.tail)]):
            key = (number[tail], number[head])
            best[key] = min(best.get(key, np.inf), one.length_m)
    tails, heads = [k[0] for k in best], [k[1] for k in best]
    graph = coo_array((list(best.values()), (tails, heads)), shape=(len(number),) * 2)
    rows = [number[key] for key in between]
    return np.asarray(dijkstra(graph, indices=rows)[:, rows])


@given(maps(), st.data())
@settings(max_examples=40)
def test_a_ban_forbids_that_turn_and_no_other(given_map: Draft, data: st.DataObject) -> None:
    part, _ = largest_part(given_map)
    turns = [
        (a.key, a.head, b.key)
        for a in part.roads
        for b in part.roads
        if a.key != b.key and a.head in (b.tail, b.head)
    ]
    if not turns:
        return
    came, via, goes = data.draw(st.sampled_from(turns))
    network, steps = build(replace(part, bans=(Ban("b", came, via, goes),)), SETTINGS)
    assert steps.bans_lost == 0
    for first, second in network.banned:
        here = network.nodes[network.arcs[first].head]
        assert here.node_id == node_id(via)
        assert not network.may_follow(first, second)
    assert len({network.arcs[a].segment for a, _ in network.banned}) <= 1


@given(
    st.lists(st.tuples(st.floats(0, 5), st.floats(0, 5)), min_size=2, max_size=8, unique=True),
    st.integers(1, 9),
)
def test_pieces_of_a_line_follow_each_other_and_are_equal(
    places: list[tuple[float, float]], parts: int
) -> None:
    line = tuple(dict.fromkeys(at(*p) for p in places))
    if length_m(line) < 1.0:
        return
    pieces = cut(line, parts)
    assert len(pieces) == parts
    assert (pieces[0][0], pieces[-1][-1]) == (line[0], line[-1])
    assert all(a[-1] == b[0] for a, b in pairwise(pieces))
    assert [length_m(p) for p in pieces] == pytest.approx([length_m(line) / parts] * parts, abs=0.05)
