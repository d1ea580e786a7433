"""A town of crossing streets for the fleet planner's tests: the same seed makes the same town."""

from __future__ import annotations

import numpy as np

from devices.registry import RoadNode, RoadSegment, TurnBan
from rules.core.fleet.jobs import Wanted
from rules.core.fleet.lorries import Fleet, Lorry
from rules.core.network.network import Network

BLOCK_DEG = 0.003
"""Distance of crossings north to south, 333 m."""


def fleet_town(seed: int = 1, side: int = 4, bans: int = 2) -> Network:
    """Return ``side``² crossings and their streets: wide, one-way, dual and dead-end ones among them.

    Depots may be at the first crossing and the last: no street there is one-way.
    """
    rng = np.random.default_rng(seed)
    nodes = [
        RoadNode(
            node_id=100 + y * side + x, latitude_deg=52.0 + y * BLOCK_DEG, longitude_deg=x * BLOCK_DEG * 1.6
        )
        for y in range(side)
        for x in range(side)
    ]
    nodes.append(RoadNode(node_id=999, latitude_deg=52.0 - BLOCK_DEG, longitude_deg=0.0))
    pairs = [(0, side * side)]
    pairs += [(y * side + x, y * side + x + 1) for y in range(side) for x in range(side - 1)]
    pairs += [(y * side + x, (y + 1) * side + x) for y in range(side - 1) for x in range(side)]
    corners = {0, side * side - 1}
    segments = [_segment(rng, nodes, n, pair, bool(corners & set(pair))) for n, pair in enumerate(pairs)]
    chosen = rng.permutation(len(segments))[:bans].tolist()
    return Network(nodes, segments, [ban for number in chosen if (ban := _ban(segments, number)) is not None])


def _segment(
    rng: np.random.Generator, nodes: list[RoadNode], number: int, pair: tuple[int, int], at_corner: bool
) -> RoadSegment:
    kind = rng.integers(0, 8)
    return RoadSegment(
        segment_id=f"s{number}",
        street=f"Street {number}",
        road_class="ABCU"[int(rng.integers(0, 4))],
        from_node=nodes[pair[0]].node_id,
        to_node=nodes[pair[1]].node_id,
        length_m=float(rng.uniform(200.0, 500.0)),
        width_m=float(rng.choice([5.5, 7.3, 10.0, 18.0])),
        one_way=bool(kind == 0 and not at_corner),
        carriageway="dual" if kind == 1 else "single",
    )


def _ban(segments: list[RoadSegment], number: int) -> TurnBan | None:
    come = segments[number]
    go = next((s for s in segments if s.from_node == come.to_node), None)
    if go is None:
        return None
    return TurnBan(
        ban_id=f"b{number}", from_segment=come.segment_id, via_node=come.to_node, to_segment=go.segment_id
    )


def fleet_of(
    network: Network, lorries: int = 2, capacity_kg: float = 200.0, until_s: float = 3 * 3600.0
) -> Fleet:
    """Return lorries at two depots in turn: the first crossing and the last."""
    depots = (0, len(network.nodes) - 2)
    some = tuple(Lorry(f"L{n}", depots[n % 2], capacity_kg, until_s=until_s) for n in range(lorries))
    return Fleet(some, depots)


def all_wanted(network: Network, share: float = 1.0, seed: int = 1) -> list[Wanted]:
    """Return so large a share of the streets, at rates and priorities of their own."""
    rng = np.random.default_rng(seed)
    return [
        Wanted(s.segment_id, float(rng.choice([8.0, 15.0])), 1 if s.road_class in "AB" else 2)
        for s in network.segments
        if rng.random() < share
    ]
