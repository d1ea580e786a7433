"""Gritting lorries: where they are, what they spread, how much salt is left.

A tour is planned when it is ordered: legs with times. Everything later is a look-up, so
that position and salt don't depend on how often anyone asks.
"""

from __future__ import annotations

import itertools
import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from devices.registry import Registry, RoadSegment
from firmware_sim.world.graph import adjacency, shortest_path

SPREADING_M_S = 11.5
DRIVING_M_S = 13.5
HOPPER_KG = 9000.0
MOST_G_M2 = 400.0


@dataclass(frozen=True, slots=True)
class Leg:
    """One segment driven: times [s], row, direction, rate [g/m²] and salt left at its end [kg]."""

    start_s: float
    end_s: float
    row: int
    forward: bool
    rate_g_m2: float
    salt_kg: float


@dataclass(frozen=True, slots=True)
class Position:
    """Where a lorry is and what it does."""

    longitude_deg: float
    latitude_deg: float
    row: int
    speed_m_s: float
    rate_g_m2: float
    width_m: float
    salt_kg: float


class Streets:
    """The road network as lorries drive it."""

    def __init__(self, registry: Registry) -> None:
        self.segments = registry.segments
        self.row = {s.segment_id: i for i, s in enumerate(registry.segments)}
        self._node = {n.node_id: i for i, n in enumerate(registry.nodes)}
        self.ends = [(self._node[s.from_node], self._node[s.to_node]) for s in registry.segments]
        arcs = [(a, b, e) for e, (a, b) in enumerate(self.ends)]
        arcs += [(b, a, e) for e, (a, b) in enumerate(self.ends) if not registry.segments[e].one_way]
        self._graph = adjacency(len(registry.nodes), arcs)
        self.depot = self._node[registry.depots[0].node_id] if registry.depots else 0
        self.depot_row = next((e for e, ends in enumerate(self.ends) if self.depot in ends), 0)

    def path(self, a: int, b: int) -> list[tuple[int, int]]:
        """Return the shortest way as (row, node reached).

        Raises:
            ValueError: there is no way.
        """
        found = shortest_path(self._graph, a, b, lambda e: self.segments[e].length_m)
        if found is None:
            raise ValueError(f"no way from node {a} to node {b}: the road network is not connected")
        return found

    def order(self, rows: Sequence[int], spread: Sequence[bool]) -> list[tuple[int, int, bool]]:
        """Return the whole tour from and to the depot as (row, node reached, spreading)."""
        tour: list[tuple[int, int, bool]] = []
        node = self.depot
        for row, spreads in zip(rows, spread, strict=True):
            a, b = self.ends[row]
            starts = [a] if self.segments[row].one_way else [a, b]
            if node not in starts:
                ways = [self.path(node, start) for start in starts]
                way = min(ways, key=lambda w: sum(self.segments[e].length_m for e, _ in w))
                tour += [(e, n, False) for e, n in way]
                node = way[-1][1]
            node = b if node == a else a
            tour.append((row, node, spreads))
        return tour + [(e, n, False) for e, n in self.path(node, self.depot)]


class Gritter:
    """One lorry: parked, or on its last ordered tour."""

    def __init__(self, streets: Streets) -> None:
        self._streets = streets
        self._legs: list[Leg] = []
        self._starts: list[float] = []

    def order(
        self, rows: Sequence[int], spread: Sequence[bool], rate_g_m2: float, start_s: float
    ) -> list[Leg]:
        """Plan a tour with a full hopper from the depot at ``start_s``; return its legs.

        Raises:
            ValueError: the lorry is still out at ``start_s``.
        """
        if self._legs and start_s < self._legs[-1].end_s:
            raise ValueError("this gritter is still out; order it after its return")
        time_s, salt, node = start_s, HOPPER_KG, self._streets.depot
        legs: list[Leg] = []
        for row, reached, spreads in self._streets.order(rows, spread):
            segment = self._streets.segments[row]
            needed = rate_g_m2 * segment.length_m * segment.width_m / 1000.0 if spreads else 0.0
            rate = rate_g_m2 if spreads and needed <= salt else 0.0
            salt -= needed if rate > 0.0 else 0.0
            end = time_s + segment.length_m / (SPREADING_M_S if spreads else DRIVING_M_S)
            legs.append(Leg(time_s, end, row, self._streets.ends[row][0] == node, rate, salt))
            time_s, node = end, reached
        self._legs = legs
        self._starts = [leg.start_s for leg in legs]
        return legs

    def returns_at_s(self) -> float | None:
        """Return when the last ordered tour ends [s since 1970], None before the first."""
        return self._legs[-1].end_s if self._legs else None

    def at(self, time_s: float) -> Position:
        """Return where the lorry is at a time [s since 1970]."""
        streets = self._streets
        i = bisect_right(self._starts, time_s) - 1
        if i < 0 or time_s >= self._legs[-1].end_s:
            row = streets.depot_row
            segment = streets.segments[row]
            end = segment.geometry[0] if streets.ends[row][0] == streets.depot else segment.geometry[-1]
            return Position(end[0], end[1], row, 0.0, 0.0, 0.0, HOPPER_KG)
        leg = self._legs[i]
        segment = streets.segments[leg.row]
        part = (time_s - leg.start_s) / (leg.end_s - leg.start_s)
        longitude, latitude = along(segment, part if leg.forward else 1.0 - part)
        used = leg.rate_g_m2 * segment.length_m * segment.width_m / 1000.0 * (1.0 - part)
        speed = segment.length_m / (leg.end_s - leg.start_s)
        width = segment.width_m if leg.rate_g_m2 > 0.0 else 0.0
        return Position(longitude, latitude, leg.row, speed, leg.rate_g_m2, width, leg.salt_kg + used)


def along(segment: RoadSegment, part: float) -> tuple[float, float]:
    """Return (longitude, latitude) at a share 0..1 of a segment's geometry."""
    points = segment.geometry
    steps = [math.dist(p, q) for p, q in itertools.pairwise(points)]
    left = part * sum(steps)
    for (p, q), step in zip(itertools.pairwise(points), steps, strict=True):
        if left <= step and step > 0.0:
            return p[0] + (q[0] - p[0]) * left / step, p[1] + (q[1] - p[1]) * left / step
        left -= step
    return points[-1]
