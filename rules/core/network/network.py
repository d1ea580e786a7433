"""A cleaned road network as directed arcs, with who may turn where.

Its parts are the registry's: nodes, segments, turn bans; its JSON is a registry file's. The arcs
are numbered in the order of the segments, forth before back, so that equal parts give equal numbers.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from devices.registry import Registry, RoadNode, RoadSegment, TurnBan
from rules.core.road_graph import Arc, RoadGraph

SPEED_KM_H = {"A": 64.0, "B": 56.0, "C": 48.0, "U": 32.0}
"""What is driven on a road of each class [km/h] where nobody says. Our own defaults."""

ACROSS_DEG = 90.0
"""From one side of a dual carriageway into the other of the same name, a sharper turn is round the reserve's end [°]."""

LANE_M = 3.5
"""Width of a lane [m], by which lanes are counted where nobody says."""


class Network:
    """Nodes, directed arcs and turns of a town; immutable after construction.

    Attributes:
        graph: the same nodes and segments without turns, for shortest ways and positions.
        arcs: each direction in which a segment may be driven. ``arc.segment`` is an index of
            ``segments``, ``arc.tail`` and ``arc.head`` are of ``nodes``.
        turn_bans: as given.
        closed: by index of ``segments``, why nobody may drive there now; see :meth:`closing`.

    Raises:
        ValueError: an id that is there twice, a segment without its node, a loop, a ban that
            does not fit the segments; in words.
    """

    def __init__(
        self, nodes: Sequence[RoadNode], segments: Sequence[RoadSegment], turn_bans: Iterable[TurnBan] = ()
    ) -> None:
        self.graph = RoadGraph(nodes, segments)
        self.turn_bans = tuple(turn_bans)
        _check(self.graph, len(segments), self.turn_bans)
        self.arcs: tuple[Arc, ...] = tuple(arc for arcs in self.graph.arcs_of for arc in arcs)
        self.closed: Mapping[int, str] = {}
        self._open: Network | None = None

    @classmethod
    def of(cls, registry: Registry) -> Network:
        """Return the network in a registry; errors as in the class."""
        return cls(registry.nodes, registry.segments, registry.turn_bans)

    def closing(self, why: Mapping[str, str]) -> Network:
        """Return the same roads, numbered alike, with segments closed to everybody for a time.

        Plans of the open roads stay plans of these: a closure is no other road, and hashes of roads know none.

        Args:
            why: by segment the reason in words. What is closed already stays so; segments that are not here are left out.
        """
        index = self.graph.segment_index
        found = {index[s]: words for s, words in why.items() if s in index}
        if not found.keys() - self.closed.keys():
            return self
        other = copy.copy(self)
        other.closed, other._open = {**found, **self.closed}, self.roads
        return other

    @property
    def roads(self) -> Network:
        """The same roads with nothing closed; one object for all its closings."""
        return self if self._open is None else self._open

    @property
    def closed_by_id(self) -> dict[str, str]:
        """By id of a segment why nobody may drive there now."""
        return {self.segments[i].segment_id: why for i, why in self.closed.items()}

    @property
    def nodes(self) -> tuple[RoadNode, ...]:
        """Junctions and road ends."""
        return self.graph.nodes

    @property
    def segments(self) -> tuple[RoadSegment, ...]:
        """What arcs are directions of, with class, width, lanes, carriageway, limits and geometry."""
        return self.graph.segments

    @cached_property
    def arcs_of(self) -> tuple[tuple[int, ...], ...]:
        """Numbers of the arcs of each segment: forth, and back unless it is one-way."""
        numbers: list[list[int]] = [[] for _ in self.segments]
        for number, arc in enumerate(self.arcs):
            numbers[arc.segment].append(number)
        return tuple(tuple(own) for own in numbers)

    @cached_property
    def reverse(self) -> tuple[int | None, ...]:
        """Number of the arc back, for each arc; None where there is none."""
        pairs = dict(own for own in self.arcs_of if len(own) == 2)
        back = {b: a for a, b in pairs.items()}
        return tuple(pairs.get(n, back.get(n)) for n in range(len(self.arcs)))

    @cached_property
    def arcs_from(self) -> tuple[tuple[int, ...], ...]:
        """Numbers of the arcs that start at each node."""
        numbers: list[list[int]] = [[] for _ in self.nodes]
        for number, arc in enumerate(self.arcs):
            numbers[arc.tail].append(number)
        return tuple(tuple(own) for own in numbers)

    @cached_property
    def banned(self) -> frozenset[tuple[int, int]]:
        """Pairs of arc numbers, one after the other, that a turn ban forbids."""
        return frozenset(pair for ban in self.turn_bans for pair in self._pairs(ban))

    def _pairs(self, ban: TurnBan) -> list[tuple[int, int]]:
        index, via = self.graph.segment_index, self.graph.node_index[ban.via_node]
        into = [a for a in self.arcs_of[index[ban.from_segment]] if self.arcs[a].head == via]
        out = [a for a in self.arcs_of[index[ban.to_segment]] if self.arcs[a].tail == via]
        return [(a, b) for a in into for b in out]

    @cached_property
    def turning(self) -> frozenset[int]:
        """Nodes where a lorry may turn round: where a road ends, and the places that say so."""
        meeting: list[set[int]] = [set() for _ in self.nodes]
        for arc in self.arcs:
            meeting[arc.tail].add(arc.segment)
            meeting[arc.head].add(arc.segment)
        ends = {n for n, segments in enumerate(meeting) if len(segments) == 1}
        return frozenset(ends | {n for n, node in enumerate(self.nodes) if node.turning_place})

    @cached_property
    def ending(self) -> frozenset[int]:
        """Arcs from whose end no way leads on but round: what comes the other way there is one-way or banned."""
        return frozenset(
            a
            for a, arc in enumerate(self.arcs)
            if all(self.turns_round(a, b) or (a, b) in self.banned for b in self.arcs_from[arc.head])
        )

    def turns_round(self, first: int, second: int) -> bool:
        """Tell whether a lorry turns round between two arcs that meet.

        It does into the arc back, and round the end of a central reserve: from one side of a dual
        carriageway into the other, sharper than ``ACROSS_DEG``.
        """
        if self.reverse[first] == second:
            return True
        before, after = (self.segments[self.arcs[a].segment] for a in (first, second))
        return _sides(before, after) and abs(self.turn_deg(first, second)) > ACROSS_DEG

    def may_follow(self, first: int, second: int) -> bool:
        """Tell whether arc ``second`` may be driven right after arc ``first``.

        Turning round is for places in ``turning``, and for arcs in ``ending``, whose road ends for who comes along it.
        """
        here = self.arcs[first].head
        if here != self.arcs[second].tail or (first, second) in self.banned:
            return False
        return not self.turns_round(first, second) or here in self.turning or first in self.ending

    def speed_km_h(self, number: int) -> float:
        """Return the speed on an arc [km/h]: its limit, or its class's default."""
        segment = self.segments[self.arcs[number].segment]
        return SPEED_KM_H[segment.road_class] if segment.speed_km_h is None else segment.speed_km_h

    def lanes(self, number: int) -> int:
        """Return the lanes in an arc's direction, at least 1; half of a two-way carriageway's, rounded up."""
        segment = self.segments[self.arcs[number].segment]
        lanes = max(1, round(segment.width_m / LANE_M)) if segment.lanes is None else segment.lanes
        shared = not segment.one_way and segment.carriageway != "dual"
        return math.ceil(lanes / 2) if shared else lanes

    def sides(self, number: int) -> int:
        """Return how many carriageways an arc's segment has: 2 for a dual one drawn as one line, else 1."""
        segment = self.segments[self.arcs[number].segment]
        return 2 if segment.carriageway == "dual" and not segment.one_way else 1

    def line(self, number: int) -> list[tuple[float, float]]:
        """Return an arc's geometry in its direction: (longitude, latitude) [°]."""
        return self.graph.line(self.arcs[number])

    def turn_deg(self, first: int, second: int) -> float:
        """Return by how much one turns from the end of an arc into the next [°], right is positive, -180 to 180."""
        before, after = self.line(first)[-2:], self.line(second)[:2]
        turn = _bearing_deg(*after) - _bearing_deg(*before)
        return (turn + 180.0) % 360.0 - 180.0


def _sides(a: RoadSegment, b: RoadSegment) -> bool:
    """Whether two segments are sides of dual carriageways of one name or number."""
    if any(s.carriageway != "dual" or not s.one_way for s in (a, b)):
        return False
    return (a.street == b.street != "") or (a.ref == b.ref != "")


def _bearing_deg(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Return the bearing from ``a`` to ``b`` [°], clockwise from north; equirectangular."""
    east = (b[0] - a[0]) * math.cos(math.radians(a[1]))
    return math.degrees(math.atan2(east, b[1] - a[1]))


def _check(graph: RoadGraph, given: int, bans: Sequence[TurnBan]) -> None:
    if len(graph.node_index) < len(graph.nodes):
        raise ValueError("network: a node_id is there twice")
    if len(graph.segments) < given:
        raise ValueError(f"network: {given - len(graph.segments)} segments have no node at an end")
    if len(graph.segment_index) < len(graph.segments):
        raise ValueError("network: a segment_id is there twice")
    for segment in graph.segments:
        if segment.from_node == segment.to_node:
            raise ValueError(f"network: segment {segment.segment_id} is a loop; cut it in two")
    for ban in bans:
        for segment_id in (ban.from_segment, ban.to_segment):
            if segment_id not in graph.segment_index:
                raise ValueError(f"network: turn ban {ban.ban_id}: there is no segment {segment_id}")
            found = graph.segments[graph.segment_index[segment_id]]
            if ban.via_node not in (found.from_node, found.to_node):
                raise ValueError(
                    f"network: turn ban {ban.ban_id}: segment {segment_id} does not touch node {ban.via_node}"
                )
