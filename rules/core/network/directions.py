"""What the shape of a network tells of directions, where traffic drives on the left.

Two things are worked out. A one-way road with another of the same name or number beside it, the
other way, is one side of a dual carriageway: maps seldom say so. And where a map has one line for
each side but no directions (OS Open Roads), each side runs so that its partner is on the right; a
roundabout runs clockwise.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from rules.core.network.draft import Draft, Road
from rules.core.network.lines import Point, bearing_deg, distance_m, metres_per_degree, middle, turn_deg

BESIDE_M = 40.0
"""How far apart the sides of a dual carriageway may be, between centre lines [m]."""

PARALLEL_DEG = 35.0
"""By how much their bearings may differ [°]."""

Course = tuple[float, float, float]
"""Middle of a road in metres east and north of some point, and its bearing there [°]."""


def find_dual(draft: Draft) -> Draft:
    """Return the draft with the sides of dual carriageways marked: single one-way roads with a partner."""
    groups: dict[str, list[Road]] = defaultdict(list)
    for road in draft.roads:
        if road.one_way and road.traits.carriageway == "single" and _name(road):
            groups[_name(road)].append(road)
    dual = {
        road.key for group in groups.values() for road in _with_partner(sorted(group, key=lambda r: r.key))
    }
    if not dual:
        return draft
    roads = tuple(
        replace(r, traits=replace(r.traits, carriageway="dual")) if r.key in dual else r for r in draft.roads
    )
    return replace(
        draft, roads=roads, inferred={**draft.inferred, "one side of a dual carriageway": len(dual)}
    )


def _name(road: Road) -> str:
    return road.traits.ref or road.traits.street


def _with_partner(group: Sequence[Road]) -> list[Road]:
    """Return the roads that are for half of their length beside another, on their right, that runs the other way."""
    origin = group[0].line[0]
    pieces = [_courses(road, origin) for road in group]
    near: dict[tuple[int, int], list[tuple[int, Course]]] = defaultdict(list)
    for number, own in enumerate(pieces):
        for piece in own:
            near[_cell(piece)].append((number, piece))
    return [
        road
        for number, road in enumerate(group)
        if 2 * sum(_accompanied(piece, number, near) for piece in pieces[number])
        >= max(1, len(pieces[number]))
    ]


def _cell(piece: Course) -> tuple[int, int]:
    # What is beside a piece is in its cell or the next: it is nearer than a cell is wide.
    return math.floor(piece[0] / (2 * BESIDE_M)), math.floor(piece[1] / (2 * BESIDE_M))


def _accompanied(
    piece: Course, number: int, near: Mapping[tuple[int, int], Sequence[tuple[int, Course]]]
) -> bool:
    east, north = _cell(piece)
    around = [(east + i, north + j) for i in (-1, 0, 1) for j in (-1, 0, 1)]
    return any(
        other != number and _opposite(piece, course) and 0.0 < _across_m(piece, course) <= BESIDE_M
        for cell in around
        for other, course in near.get(cell, ())
    )


def _opposite(piece: Course, other: Course) -> bool:
    return (
        abs(turn_deg(piece[2], other[2] + 180.0)) <= PARALLEL_DEG and abs(_along_m(piece, other)) <= BESIDE_M
    )


def _courses(road: Road, origin: Point) -> list[Course]:
    """Return a road's line as pieces of at most ``BESIDE_M``."""
    east, north = metres_per_degree(origin[1])
    found = []
    for a, b in pairwise(road.line):
        parts = math.ceil(distance_m(a, b) / BESIDE_M)
        for share in ((i + 0.5) / parts for i in range(parts)):
            x, y = a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])
            found.append(((x - origin[0]) * east, (y - origin[1]) * north, bearing_deg(a, b)))
    return found


def _across_m(piece: Course, other: Course) -> float:
    angle = math.radians(piece[2])
    return (other[0] - piece[0]) * math.cos(angle) - (other[1] - piece[1]) * math.sin(angle)


def _along_m(piece: Course, other: Course) -> float:
    angle = math.radians(piece[2])
    return (other[0] - piece[0]) * math.sin(angle) + (other[1] - piece[1]) * math.cos(angle)


def give_directions(draft: Draft, one_sided: Collection[str]) -> Draft:
    """Return the draft with directions for roads of which only the shape tells them.

    Args:
        draft: with all roads two-way.
        one_sided: keys of the roads that are one-way in the world.

    Returns:
        The draft with roundabouts clockwise and sides of dual carriageways one-way where a partner was
        found; ``inferred`` counts those, and those that stay two-way as nothing tells.
    """
    sides = [r for r in draft.roads if r.key in one_sided and r.traits.carriageway != "roundabout"]
    rings = _rings([r for r in draft.roads if r.key in one_sided and r.traits.carriageway == "roundabout"])
    turned = {r.key: _side(r, sides) for r in sides} | {
        r.key: _clockwise(r, centre) for ring, centre in rings for r in ring
    }
    known = {key: road for key, road in turned.items() if road is not None}
    counts = dict(draft.inferred)
    if known:
        counts["direction by the shape"] = len(known)
    if len(known) < len(one_sided):
        counts["one side of a road whose direction nothing tells: taken as two-way"] = len(one_sided) - len(
            known
        )
    return replace(draft, roads=tuple(known.get(r.key, r) for r in draft.roads), inferred=counts)


def _side(road: Road, sides: Sequence[Road]) -> Road | None:
    """Return a side of a dual carriageway in its direction: the nearest other side of that name is on the right."""
    here = middle(road.line)
    course = _courses(road, here)
    if not course or not _name(road):
        return None
    piece = min(course, key=lambda c: math.hypot(c[0], c[1]))
    others = [c for s in sides if s.key != road.key and _name(s) == _name(road) for c in _courses(s, here)]
    beside = [
        _across_m(piece, c)
        for c in others
        if min(abs(turn_deg(piece[2], c[2])), abs(turn_deg(piece[2], c[2] + 180.0))) <= PARALLEL_DEG
        and abs(_along_m(piece, c)) <= BESIDE_M
        and 1.0 < abs(_across_m(piece, c)) <= BESIDE_M
    ]
    if not beside:
        return None
    return replace(road if min(beside, key=abs) > 0.0 else road.turned(), one_way=True)


def _rings(roads: Sequence[Road]) -> list[tuple[list[Road], Point]]:
    """Return the roads of roundabouts by what hangs together, each with its centre."""
    group: dict[str, int] = {}
    members: dict[int, list[Road]] = {}
    for number, road in enumerate(roads):
        found = sorted({group[n] for n in (road.tail, road.head) if n in group})
        merged = [road] + [r for old in found for r in members.pop(old)]
        members[number] = merged
        group.update({n: number for r in merged for n in (r.tail, r.head)})
    return [(ring, _centre(ring)) for ring in members.values() if _closed(ring)]


def _closed(ring: Sequence[Road]) -> bool:
    ends: dict[str, int] = defaultdict(int)
    for road in ring:
        ends[road.tail] += 1
        ends[road.head] += 1
    return all(times == 2 for times in ends.values())


def _centre(ring: Sequence[Road]) -> Point:
    points = [p for road in ring for p in road.line]
    return sum(p[0] for p in points) / len(points), sum(p[1] for p in points) / len(points)


def _clockwise(road: Road, centre: Point) -> Road:
    """Return a piece of a roundabout clockwise round its centre."""
    east, north = metres_per_degree(centre[1])
    spokes = [((x - centre[0]) * east, (y - centre[1]) * north) for x, y in road.line]
    swept = sum(a[0] * b[1] - a[1] * b[0] for a, b in pairwise(spokes))
    return replace(road if swept < 0.0 else road.turned(), one_way=True)
