"""Where bin lorries stand, stop and drive: bins' kerbsides, yards, the tip, and the ways between them on the streets."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from devices.registry import BinSite, Depot, RoadNode
from firmware_sim.world.graph import cheapest_way
from firmware_sim.world.gritters import Streets, along

TIP_IS_TOWARDS = (0.8, 0.6)
SECOND_YARD_AT = (0.45, -0.35)
"""East and north of the town's middle, as shares of its radius."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place on a street: the segment's row, and the share 0..1 of its length from its first node."""

    row: int
    part: float


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a segment that is driven, from one share of its length to another."""

    row: int
    from_part: float
    to_part: float


@dataclass(frozen=True, slots=True)
class CollectionSites:
    """Node ids of the yards, where lorries stand at night, and of the tip at the edge of town, where they unload."""

    yards: tuple[int, ...]
    tip: int


def collection_sites(nodes: Sequence[RoadNode], depots: Sequence[Depot]) -> CollectionSites:
    """Return the sites of a town: the council's depot is a yard, another is in the south-east, the tip is furthest out.

    Raises:
        ValueError: a town without roads.
    """
    if not nodes:
        raise ValueError("a town without roads has no place for bin lorries")
    longitude = sum(n.longitude_deg for n in nodes) / len(nodes)
    latitude = sum(n.latitude_deg for n in nodes) / len(nodes)
    squeeze = math.cos(math.radians(latitude))
    east = [(n.longitude_deg - longitude) * squeeze for n in nodes]
    north = [n.latitude_deg - latitude for n in nodes]
    radius = max(math.hypot(x, y) for x, y in zip(east, north, strict=True))
    tip = max(range(len(nodes)), key=lambda i: TIP_IS_TOWARDS[0] * east[i] + TIP_IS_TOWARDS[1] * north[i])
    x, y = SECOND_YARD_AT[0] * radius, SECOND_YARD_AT[1] * radius
    second = min(range(len(nodes)), key=lambda i: math.hypot(east[i] - x, north[i] - y))
    yards = [*(d.node_id for d in depots[:1]), nodes[second].node_id]
    return CollectionSites(tuple(dict.fromkeys(yards)), nodes[tip].node_id)


class Travel:
    """Ways of lorries on a town's streets."""

    def __init__(self, streets: Streets) -> None:
        self._streets = streets
        self._at_node: dict[int, int] = {}
        for row, ends in enumerate(streets.ends):
            for end in ends:
                self._at_node.setdefault(end, row)
        self._by_street: dict[str, list[int]] = {}
        for row, segment in enumerate(streets.segments):
            self._by_street.setdefault(segment.street, []).append(row)

    def at_node(self, node_id: int) -> Place:
        """Return a junction's place; KeyError where no street leads there."""
        node = self._streets.node[node_id]
        row = self._at_node[node]
        return Place(row, 0.0 if self._streets.ends[row][0] == node else 1.0)

    def at_bin(self, site: BinSite) -> Place:
        """Return the place on the bin's street (without one of its name: on any) that is nearest to it."""
        rows = self._by_street.get(site.street) or range(len(self._streets.segments))
        squeeze = math.cos(math.radians(site.latitude_deg))
        found = [
            (*_nearest(self._streets.segments[r].geometry, site.longitude_deg, site.latitude_deg, squeeze), r)
            for r in rows
        ]
        _, part, row = min(found)
        return Place(row, part)

    def point(self, place: Place) -> tuple[float, float]:
        """Return a place's (longitude, latitude) [deg]."""
        return along(self._streets.segments[place.row], place.part)

    def length_m(self, stretch: Stretch) -> float:
        """Return how long a stretch is [m]."""
        return self._streets.segments[stretch.row].length_m * abs(stretch.to_part - stretch.from_part)

    def whole(self, segment_id: str, from_node: int) -> Stretch:
        """Return a segment driven from one of its nodes to the other; KeyError where there is none."""
        row = self._streets.row[segment_id]
        forward = self._streets.ends[row][0] == self._streets.node[from_node]
        return Stretch(row, 0.0, 1.0) if forward else Stretch(row, 1.0, 0.0)

    def way(self, a: Place, b: Place) -> list[Stretch]:
        """Return the shortest way from a place to another; nothing where they are the same.

        Raises:
            ValueError: there is no way.
        """
        streets = self._streets
        one_way = streets.segments[a.row].one_way
        if a.row == b.row and (b.part >= a.part or not one_way):
            return [Stretch(a.row, a.part, b.part)] if a.part != b.part else []
        out, back = self._ends(a), self._ends(b, arriving=True)
        found = cheapest_way(streets.graph, out, back, lambda e: streets.segments[e].length_m)
        if found is None:
            raise ValueError(
                f"no way from {streets.segments[a.row].segment_id} to {streets.segments[b.row].segment_id}"
            )
        first, edges = found
        return self._stretches(a, b, first, edges)

    def _ends(self, place: Place, *, arriving: bool = False) -> dict[int, float]:
        """Return the nodes by which a place is left, or reached, and how far they are [m]."""
        segment, (head, tail) = self._streets.segments[place.row], self._streets.ends[place.row]
        along_m, against_m = (1.0 - place.part) * segment.length_m, place.part * segment.length_m
        if arriving:
            along_m, against_m, head, tail = against_m, along_m, tail, head
        found = {tail: along_m}
        if not segment.one_way or against_m == 0.0:
            found[head] = min(against_m, found.get(head, math.inf))
        return found

    def _stretches(self, a: Place, b: Place, first: int, edges: list[tuple[int, int]]) -> list[Stretch]:
        ends = self._streets.ends
        left_at = self._part_at(a, first)
        found = [Stretch(a.row, a.part, left_at)]
        for row, reached in edges:
            forward = ends[row][1] == reached
            found.append(Stretch(row, 0.0, 1.0) if forward else Stretch(row, 1.0, 0.0))
        last = edges[-1][1] if edges else first
        found.append(Stretch(b.row, self._part_at(b, last, arriving=True), b.part))
        return [s for s in found if s.from_part != s.to_part]

    def _part_at(self, place: Place, node: int, *, arriving: bool = False) -> float:
        """Return at which end of its segment, 0 or 1, a place is left for a node or reached from it."""
        head, tail = self._streets.ends[place.row]
        if head == tail:  # round a block: the way it may be driven
            return 0.0 if arriving else 1.0
        return 0.0 if node == head else 1.0


def _nearest(
    points: Sequence[tuple[float, float]], longitude: float, latitude: float, squeeze: float
) -> tuple[float, float]:
    """Return how far a line is from a point [deg of latitude], and at which share of its length it is nearest."""
    flat = [((x - longitude) * squeeze, y - latitude) for x, y in points]
    steps = [math.dist(p, q) for p, q in itertools.pairwise(flat)]
    whole, done, best = sum(steps), 0.0, (math.inf, 0.0)
    for (p, q), step in zip(itertools.pairwise(flat), steps, strict=True):
        if step > 0.0:
            s = -(p[0] * (q[0] - p[0]) + p[1] * (q[1] - p[1])) / step**2
            s = min(max(s, 0.0), 1.0)
            gap = math.hypot(p[0] + s * (q[0] - p[0]), p[1] + s * (q[1] - p[1]))
            best = min(best, (gap, (done + s * step) / whole))
        done += step
    return best
