"""A made-up town for ``bench rounds``: a bent grid of streets with main roads, one-way streets and missing ones."""

from __future__ import annotations

import numpy as np

from devices.registry import RoadNode, RoadSegment
from rules.core.network.network import Network
from rules.core.places import METRES_PER_DEGREE

SIDE, BLOCK_M = 48, 190.0
MIDDLE_DEG = (52.2, 0.12)
MAIN_EVERY = 8
MISSING, ONE_WAY = 0.08, 0.08


def grid(seed: int = 1) -> Network:
    """Return the town: the same for the same seed."""
    rng = np.random.default_rng(seed)
    squeeze = float(np.cos(np.radians(MIDDLE_DEG[0])))
    bent = rng.normal(0.0, 0.15, (SIDE * SIDE, 2))
    nodes = []
    for n in range(SIDE * SIDE):
        x, y = (np.array([n % SIDE, n // SIDE]) - SIDE / 2 + bent[n]) * BLOCK_M / METRES_PER_DEGREE
        nodes.append(
            RoadNode(node_id=n + 1, latitude_deg=MIDDLE_DEG[0] + y, longitude_deg=MIDDLE_DEG[1] + x / squeeze)
        )
    pairs = [(n, n + 1) for n in range(SIDE * SIDE) if n % SIDE < SIDE - 1]
    pairs += [(n, n + SIDE) for n in range(SIDE * (SIDE - 1))]
    segments = [s for a, b in pairs if (s := _segment(rng, nodes, a, b)) is not None]
    return Network(nodes, segments)


def _segment(rng: np.random.Generator, nodes: list[RoadNode], a: int, b: int) -> RoadSegment | None:
    row = a // SIDE if b == a + 1 else a % SIDE
    main = row % MAIN_EVERY == 0
    missing, one_way = rng.random(2) < (MISSING, ONE_WAY)
    if missing and not main:
        return None
    east = (nodes[b].longitude_deg - nodes[a].longitude_deg) * np.cos(np.radians(MIDDLE_DEG[0]))
    metres = METRES_PER_DEGREE * np.hypot(east, nodes[b].latitude_deg - nodes[a].latitude_deg)
    return RoadSegment(
        segment_id=f"{a}-{b}",
        street=f"{'East' if b == a + 1 else 'North'} Street {row}",
        road_class="B" if main else "U",
        from_node=nodes[a].node_id,
        to_node=nodes[b].node_id,
        length_m=float(round(metres, 1)),
        one_way=bool(one_way and not main),
    )
