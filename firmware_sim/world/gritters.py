"""Gritting lorries: where they are, what they spread, how much salt is left.

A tour is planned when it is ordered: legs with times. Everything later is a look-up, so
that position and salt don't depend on how often anyone asks.
"""

from __future__ import annotations

import itertools
import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace

from devices.registry import Registry, RoadSegment
from firmware_sim.world.graph import adjacency, shortest_path

SPREADING_M_S = 11.5
DRIVING_M_S = 13.5
HOPPER_KG = 9000.0
MOST_G_M2 = 400.0


@dataclass(frozen=True, slots=True)
class Leg:
    """One segment driven: times [s], row, direction, rate [g/m²] and salt left at its end [kg].

    ``width_m``: that a pass treats; None: all of the segment's. ``part``: of it that is driven before the lorry fails.
    """

    start_s: float
    end_s: float
    row: int
    forward: bool
    rate_g_m2: float
    salt_kg: float
    width_m: float | None = None
    part: float = 1.0


def _begun(streets: Streets, kept: Sequence[Leg], ordered: Sequence[Ordered]) -> int:
    """Return how many steps a plan begins with that the lorry has begun already, while the plan was made."""
    driven = [(leg.row, leg.forward) for leg in kept]
    steps = [
        (streets.row[o.segment_id], streets.segments[streets.row[o.segment_id]].from_node == o.from_node)
        for o in ordered[: len(driven)]
    ]
    return next((k for k in range(len(steps), 0, -1) if driven[-k:] == steps[:k]), 0)


def _reached(streets: Streets, leg: Leg) -> int:
    """Return the node at a leg's end."""
    return streets.ends[leg.row][1 if leg.forward else 0]


def _stopped(leg: Leg, at_s: float) -> Leg:
    """Return a leg on which a lorry stops at a time."""
    part = (at_s - leg.start_s) / (leg.end_s - leg.start_s)
    return replace(leg, end_s=at_s, part=part)


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


@dataclass(frozen=True, slots=True)
class Ordered:
    """A stretch that a lorry is to drive from one of its ends, at times [s since 1970]; ``load``: full before it."""

    segment_id: str
    from_node: int
    start_s: float
    end_s: float
    rate_g_m2: float
    width_m: float
    load: bool = False


class Streets:
    """The road network as lorries drive it."""

    def __init__(self, registry: Registry) -> None:
        self.segments = registry.segments
        self.row = {s.segment_id: i for i, s in enumerate(registry.segments)}
        self.node = {n.node_id: i for i, n in enumerate(registry.nodes)}
        self.ends = [(self.node[s.from_node], self.node[s.to_node]) for s in registry.segments]
        arcs = [(a, b, e) for e, (a, b) in enumerate(self.ends)]
        arcs += [(b, a, e) for e, (a, b) in enumerate(self.ends) if not registry.segments[e].one_way]
        self.graph = adjacency(len(registry.nodes), arcs)
        self.depot = self.node[registry.depots[0].node_id] if registry.depots else 0
        self.depot_row = next((e for e, ends in enumerate(self.ends) if self.depot in ends), 0)

    def path(self, a: int, b: int) -> list[tuple[int, int]]:
        """Return the shortest way as (row, node reached).

        Raises:
            ValueError: there is no way.
        """
        found = shortest_path(self.graph, a, b, lambda e: self.segments[e].length_m)
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
    """One lorry: parked, or on its last ordered tour; between two legs it stands where the first ends."""

    def __init__(self, streets: Streets) -> None:
        self._streets = streets
        self._legs: list[Leg] = []
        self._starts: list[float] = []
        self._stays = False

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
        self._legs, self._stays = legs, False
        self._starts = [leg.start_s for leg in legs]
        return legs

    def follow(
        self, ordered: Sequence[Ordered], from_s: float, *, stays: bool = False
    ) -> tuple[list[Leg], list[Leg]]:
        """Drive a plan from a time on; return the legs that are given up, and the new ones.

        What has begun is driven to its end, and the plan begins then where it would sooner. ``stays``: at the end the
        lorry stands where it is, and spreads no more of the stretch that it is on: it has failed.
        """
        kept = [leg for leg in self._legs if leg.start_s < from_s]
        given_up = [leg for leg in self._legs if leg.start_s >= from_s]
        if stays and kept and kept[-1].end_s > from_s:
            given_up.append(kept[-1])
            kept[-1] = _stopped(kept[-1], from_s)
        legs = self._planned(ordered, kept, from_s) if ordered else []
        self._legs, self._stays = [*kept, *legs], stays
        self._starts = [leg.start_s for leg in self._legs]
        return given_up, legs

    def _planned(self, ordered: Sequence[Ordered], kept: Sequence[Leg], from_s: float) -> list[Leg]:
        """Return the legs of a plan, from where the lorry is: on the road, or at its depot."""
        streets = self._streets
        out = bool(kept) and (kept[-1].end_s > from_s or self._stays)
        node = _reached(streets, kept[-1]) if out else streets.depot
        time_s = max(from_s, kept[-1].end_s) if out else from_s
        salt = kept[-1].salt_kg if out else HOPPER_KG
        legs: list[Leg] = []
        ordered = ordered[_begun(streets, kept, ordered) if out and not self._stays else 0 :]
        if not ordered:
            return legs  # it is on the last of them
        for row, there in streets.path(node, streets.node[ordered[0].from_node]):
            end_s = time_s + streets.segments[row].length_m / DRIVING_M_S
            legs.append(Leg(time_s, end_s, row, streets.ends[row][1] == there, 0.0, salt))
            time_s = end_s
        late_s = max(0.0, time_s - ordered[0].start_s)
        for o in ordered:
            row = streets.row[o.segment_id]
            segment = streets.segments[row]
            salt = HOPPER_KG if o.load else salt
            needed = o.rate_g_m2 * segment.length_m * o.width_m / 1000.0
            rate = o.rate_g_m2 if needed <= salt else 0.0
            salt -= needed if rate > 0.0 else 0.0
            forward = segment.from_node == o.from_node
            legs.append(Leg(o.start_s + late_s, o.end_s + late_s, row, forward, rate, salt, o.width_m))
        return legs

    def returns_at_s(self) -> float | None:
        """Return when the last ordered tour ends [s since 1970], None before the first."""
        return self._legs[-1].end_s if self._legs else None

    def at(self, time_s: float) -> Position:
        """Return where the lorry is at a time [s since 1970]."""
        streets = self._streets
        i = bisect_right(self._starts, time_s) - 1
        if i < 0 or (time_s >= self._legs[-1].end_s and not self._stays):
            row = streets.depot_row
            segment = streets.segments[row]
            end = segment.geometry[0] if streets.ends[row][0] == streets.depot else segment.geometry[-1]
            return Position(end[0], end[1], row, 0.0, 0.0, 0.0, HOPPER_KG)
        leg = self._legs[i]
        segment = streets.segments[leg.row]
        share = min(1.0, (time_s - leg.start_s) / (leg.end_s - leg.start_s))
        stands = share == 1.0
        part = share * leg.part
        longitude, latitude = along(segment, part if leg.forward else 1.0 - part)
        across_m = segment.width_m if leg.width_m is None else leg.width_m
        used = leg.rate_g_m2 * segment.length_m * across_m / 1000.0 * (1.0 - part)
        speed = 0.0 if stands else segment.length_m * leg.part / (leg.end_s - leg.start_s)
        rate = 0.0 if stands else leg.rate_g_m2
        width = across_m if rate > 0.0 else 0.0
        return Position(longitude, latitude, leg.row, speed, rate, width, leg.salt_kg + used)


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
