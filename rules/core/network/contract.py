"""Roads joined where nothing changes between them, and cut where they are long or come back to where they began."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from rules.core.network.draft import Draft, Road
from rules.core.network.lines import cut

Step = tuple[Road, bool]
"""A road, and whether it is passed from its tail to its head."""


def contract(draft: Draft, keep: Collection[str] = ()) -> Draft:
    """Return the draft with chains of roads through nodes that are no junctions made one road each.

    A node stays where other than two roads end, where what the map says of them differs, where one
    is one-way and the other not or against it, where a turn ban or a turning place is, or where it
    is in ``keep``. The chain's key is the smallest of its roads' keys, so that reading the map
    again gives it again; its direction is that of its one-way roads, else from the smaller of its
    ends' keys. A ring without a junction becomes a loop.
    """
    at: dict[str, list[Road]] = {}
    for road in draft.roads:
        at.setdefault(road.tail, []).append(road)
        at.setdefault(road.head, []).append(road)
    fixed = {*keep, *draft.turning, *(ban.via for ban in draft.bans)}
    through = {node for node, roads in at.items() if node not in fixed and _passes(node, roads)}
    done: set[str] = set()
    joined: list[Road] = []
    for road in sorted(draft.roads, key=lambda r: r.key):
        if road.key not in done:
            chain = _chain(_upright(road), at, through)
            done.update(other.key for other, _ in chain)
            joined.append(_one(chain))
    return draft.with_roads(tuple(sorted(joined, key=lambda r: r.key)))


def _upright(road: Road) -> Road:
    """Return a two-way road from the smaller of its ends' keys, so that a ring always begins at the same place."""
    return road.turned() if not road.one_way and road.tail > road.head else road


def _passes(node: str, roads: Sequence[Road]) -> bool:
    if len(roads) != 2 or roads[0].key == roads[1].key:
        return False
    a, b = roads
    if a.traits != b.traits or a.one_way != b.one_way:
        return False
    return not a.one_way or (a.head == node) != (b.head == node)


def _chain(start: Road, at: Mapping[str, list[Road]], through: Collection[str]) -> list[Step]:
    """Return the chain with ``start`` in it, in the direction of ``start``."""
    ahead, ring = _walk(start, start.head, at, through)
    behind = [] if ring else _walk(start, start.tail, at, through)[0]
    return [*((road, not forth) for road, forth in reversed(behind)), (start, True), *ahead]


def _walk(
    start: Road, node: str, at: Mapping[str, list[Road]], through: Collection[str]
) -> tuple[list[Step], bool]:
    """Return what follows ``start`` beyond ``node``, and whether it comes back to ``start``."""
    steps: list[Step] = []
    current = start
    while node in through:
        a, b = at[node]
        current = b if a.key == current.key else a
        if current.key == start.key:
            return steps, True
        forth = current.tail == node
        steps.append((current, forth))
        node = current.head if forth else current.tail
    return steps, False


def _one(chain: Sequence[Step]) -> Road:
    roads = [road if forth else road.turned() for road, forth in chain]
    line = (*roads[0].line, *(p for road in roads[1:] for p in road.line[1:]))
    begin, end = roads[0], roads[-1]
    key = min(road.key for road in roads)
    one = Road(key, begin.tail, end.head, line, begin.traits, begin.one_way, begin.first, end.last)
    backwards = (one.tail, one.line) > (one.head, one.line[::-1])
    return one.turned() if backwards and not one.one_way else one


def cut_long(draft: Draft, longest_m: float) -> Draft:
    """Return the draft with roads cut into equal pieces of at most ``longest_m`` [m], and loops at least once."""
    nodes, roads = dict(draft.nodes), list[Road]()
    for road in draft.roads:
        parts = max(math.ceil(road.length_m / longest_m - 1e-6), 2 if road.tail == road.head else 1)
        pieces = [road] if parts == 1 else _pieces(road, parts)
        nodes |= {piece.head: piece.line[-1] for piece in pieces[:-1]}
        roads += pieces
    return replace(draft, nodes=nodes, roads=tuple(roads))


def _pieces(road: Road, parts: int) -> list[Road]:
    keys = [f"{road.key}/{i + 1}" for i in range(parts)]
    ends = [road.tail, *keys[:-1], road.head]
    firsts, lasts = [road.first, *keys[1:]], [*keys[:-1], road.last]
    return [
        Road(keys[i], ends[i], ends[i + 1], line, road.traits, road.one_way, firsts[i], lasts[i])
        for i, line in enumerate(cut(road.line, parts))
    ]
