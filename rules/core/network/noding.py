"""Ways of a map, cut into roads where they meet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rules.core.network.draft import Ban, Draft, Road
from rules.core.network.lines import Point
from rules.core.network.osm_limits import said
from rules.core.network.osm_tags import Way, way_of


@dataclass(frozen=True, slots=True)
class MapWay:
    """A way as a map has it: ``nodes`` are keys, each with a position, in the order drawn."""

    key: str
    nodes: tuple[str, ...]
    tags: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class MapBan:
    """A turn restriction: ``only`` for one that allows nothing else."""

    key: str
    from_way: str
    via: str
    to_way: str
    only: bool


def draft_of(
    ways: Iterable[MapWay],
    positions: Mapping[str, Point],
    *,
    service: bool = False,
    turning: frozenset[str] = frozenset(),
    bans: Sequence[MapBan] = (),
) -> Draft:
    """Return a map's ways as roads between junctions.

    A junction is a node that ends a way, lies on two or twice on one, or is a place to turn round. A way with a node whose
    position is not known (outside an extract) is cut there.

    Args:
        ways: all of the map's; what is no road is counted as dropped.
        positions: of the nodes.
        service: whether service roads count.
        turning: nodes where a lorry can turn round.
        bans: restrictions of turns, by way.
    """
    kept, dropped = _roads(ways, service)
    parts = [
        (map_way, way, run) for map_way, way in kept for run in _known(_steady(map_way.nodes), positions)
    ]
    uses = Counter(node for _, _, run in parts for node in run)
    ends = {n for _, _, run in parts for n in (run[0], run[-1])}
    junctions = ends | turning | {n for n, times in uses.items() if times > 1}
    roads: list[Road] = []
    numbers: Counter[str] = Counter()
    for map_way, way, run in parts:
        for piece in _pieces(run, junctions):
            numbers[map_way.key] += 1
            roads.append(_road(f"{map_way.key}.{numbers[map_way.key]}", piece, way, positions))
    found, unread = _bans(bans, roads)
    limits = Counter(what for map_way, _ in kept for what in said(map_way.tags))
    return Draft(positions, (), turning, tuple(found), dropped, unread, limits=limits).with_roads(
        tuple(roads)
    )


def _roads(ways: Iterable[MapWay], service: bool) -> tuple[list[tuple[MapWay, Way]], Counter[str]]:
    kept: list[tuple[MapWay, Way]] = []
    dropped: Counter[str] = Counter()
    for way in ways:
        read = way_of(way.tags, service=service)
        if isinstance(read, str):
            dropped[read] += 1
        else:
            kept.append((way, read))
    return kept, dropped


def _steady(nodes: Sequence[str]) -> list[str]:
    """Return the nodes without those that repeat the one before."""
    return [n for i, n in enumerate(nodes) if i == 0 or n != nodes[i - 1]]


def _known(nodes: Sequence[str], positions: Mapping[str, Point]) -> list[list[str]]:
    """Return the runs of nodes with a position, each of two or more."""
    runs: list[list[str]] = [[]]
    for node in nodes:
        if node in positions:
            runs[-1].append(node)
        else:
            runs.append([])
    return [run for run in runs if len(run) > 1]


def _pieces(nodes: Sequence[str], junctions: set[str]) -> list[list[str]]:
    pieces, current = [], [nodes[0]]
    for node in nodes[1:]:
        current.append(node)
        if node in junctions:
            pieces.append(current)
            current = [node]
    return pieces


def _road(key: str, nodes: Sequence[str], way: Way, positions: Mapping[str, Point]) -> Road:
    ordered = nodes if way.direction >= 0 else nodes[::-1]
    line = tuple(positions[n] for n in ordered)
    return Road(key, ordered[0], ordered[-1], line, way.traits, one_way=way.direction != 0)


def _bans(bans: Sequence[MapBan], roads: Sequence[Road]) -> tuple[list[Ban], Counter[str]]:
    """Return the bans between roads that touch their node; those that fit none or several are counted."""
    at: dict[tuple[str, str], list[str]] = {}
    for road in roads:
        way = road.key.rpartition(".")[0]
        for node in {road.tail, road.head}:
            at.setdefault((way, node), []).append(road.key)
    found: list[Ban] = []
    unread: Counter[str] = Counter()
    for ban in bans:
        into, out = at.get((ban.from_way, ban.via), []), at.get((ban.to_way, ban.via), [])
        if len(into) == 1 and len(out) == 1:
            found.append(Ban(ban.key, into[0], ban.via, out[0], ban.only))
        else:
            unread["roads not in the network" if not (into and out) else "a way goes on past the node"] += 1
    return found, unread
