"""Barriers on roads: what closes a road for a gritter splits it there, and nothing passes.

Both parts stay as they can be reached: each ends at the barrier in a node of its own. Sources: the pages
Key:barrier and Key:access of the OSM wiki.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, replace

from rules.core.network.draft import Barrier, Draft, Road
from rules.core.network.lines import Point
from rules.core.network.lorry import Gritter
from rules.core.network.osm_limits import HGV_NO, limits_of
from rules.core.network.osm_values import texts

CLOSED = {
    "block", "bollard", "bus_trap", "chain", "cycle_barrier", "debris", "horse_stile", "jersey_barrier", "kissing_gate",
    "log", "motorcycle_barrier", "planter", "rope", "stile", "sump_buster", "turnstile", "full-height_turnstile", "wedge",
}  # fmt: skip
"""Kinds that no lorry passes unless their tags say so. Gates and the like are open unless they say otherwise."""

ACCESS = ("hgv", "motor_vehicle", "vehicle", "access")
"""The first that is said counts: the nearest to a gritter."""
OPEN = {"yes", "permissive", "designated", "destination", "delivery", "official"}
SHUT = {"no", "private", "agricultural", "forestry", "emergency", "permit", "customers"}

Tags = Mapping[str, object]


def closes(tags: Tags, gritter: Gritter) -> str | None:
    """Return in words why a gritter does not pass a barrier; None where it does."""
    kind = next(iter(texts(tags, "barrier")), "")
    if not kind:
        return None
    if low := gritter.too_much_for(limits_of(tags)):
        return f"{kind}, {', '.join(low)}"
    # That lorries are kept out is a limit of weight, judged above.
    said = [(key, v) for key in ACCESS for v in texts(tags, key)[:1]]
    access = next((v for key, v in said if key != "hgv" or v not in HGV_NO), "")
    if texts(tags, "locked")[:1] == ["yes"] or access in SHUT:
        return f"{kind}, {'locked' if access not in SHUT else 'closed to vehicles'}"
    if kind == "height_restrictor" and not texts(tags, "maxheight"):
        return "height_restrictor of unknown height"
    return kind if kind in CLOSED and access not in OPEN else None


@dataclass(frozen=True, slots=True)
class _Closed:
    """Why a place is closed, and the points from which roads come to it."""

    why: str
    beside: frozenset[Point]


def close(draft: Draft, barriers: Mapping[Point, Tags], gritter: Gritter) -> Draft:
    """Return the draft with roads cut where a barrier closes them for a gritter, and what was met there.

    A barrier where three or more roads meet closes none: of which of them it is can't be told, so it is named for
    somebody to look at. One at a road's end changes nothing.

    Args:
        draft: of a map.
        barriers: tags of its barrier nodes by place, as exact as the roads' lines.
        gritter: that is to pass.
    """
    shut = {place: why for place, tags in barriers.items() if (why := closes(tags, gritter)) is not None}
    beside, streets = _beside(draft.roads, shut)
    closed = {p: _Closed(shut[p], frozenset(near)) for p, near in beside.items() if len(near) == 2}
    met = tuple(
        Barrier(shut[place], place, streets[place], closes=len(near) == 2)
        for place, near in sorted(beside.items())
        if len(near) > 1
    )
    nodes, roads = dict(draft.nodes), list[Road]()
    for road in draft.roads:
        pieces = _pieces(road, closed)
        roads += pieces
        nodes |= {end: p for r in pieces for end, p in ((r.tail, r.line[0]), (r.head, r.line[-1]))}
    return replace(draft, nodes=nodes, barriers=met).with_roads(tuple(roads))


def _beside(
    roads: tuple[Road, ...], shut: Mapping[Point, str]
) -> tuple[dict[Point, set[Point]], dict[Point, str]]:
    """Return for each closing barrier on a road the points beside it, and a street's name."""
    beside: dict[Point, set[Point]] = {}
    streets: dict[Point, str] = {}
    for road in roads:
        for i, point in enumerate(road.line):
            if point in shut:
                near = road.line[max(i - 1, 0) : i] + road.line[i + 1 : i + 2]
                beside.setdefault(point, set()).update(p for p in near if p != point)
                streets[point] = max(streets.get(point, ""), road.traits.street or road.traits.ref)
    return beside, streets


def _pieces(road: Road, closed: Mapping[Point, _Closed]) -> list[Road]:
    """Return the parts of a road between barriers; ends at a barrier are nodes of their own."""
    cuts = [
        i
        for i, p in enumerate(road.line)
        if p in closed and 0 < i < len(road.line) - 1 and road.line[i - 1] != p
    ]
    if not cuts and road.line[0] not in closed and road.line[-1] not in closed:
        return [road]
    bounds = [0, *cuts, len(road.line) - 1]
    lines = [road.line[a : b + 1] for a, b in itertools.pairwise(bounds)]
    keys = [road.key] if not cuts else [f"{road.key}|{n}" for n in range(1, len(lines) + 1)]
    return [
        replace(
            road, key=key, line=line,
            tail=_end(line[0], line[1]) if line[0] in closed else road.tail,
            head=_end(line[-1], line[-2]) if line[-1] in closed else road.head,
            first=road.first if n == 0 else key, last=road.last if n == len(lines) - 1 else key,
        )
        for n, (key, line) in enumerate(zip(keys, lines, strict=True))
    ]  # fmt: skip


def _end(place: Point, beside: Point) -> str:
    """Return the key of a node at a barrier, by the side from which one comes: the same for both directions."""
    return f"{place[0]:.7f},{place[1]:.7f}|{beside[0]:.7f},{beside[1]:.7f}"
