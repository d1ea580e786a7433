"""The way between two stops, checked and timed anew: roads, turns, limits and speeds from the network alone."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rules.core.fleet.verify_facts import Facts
from rules.core.places import METRES_PER_DEGREE
from rules.core.rounds.model import Place

PER_ARC_S = 0.25
"""Planned times may be longer by so much an arc [s]: each arc and each turn is rounded up to a tenth."""

JUNCTION_M = 1_500.0
"""A depot's junction may be so much farther than the nearest one: that may be closed to some lorry."""


@dataclass(frozen=True, slots=True)
class At:
    """Where a lorry stands: at a junction, or on an arc so far along it [m]. Neither: on its way, nobody knows which."""

    place: Place
    node: int | None = None
    arc: int | None = None
    along_m: float = 0.0


@dataclass(frozen=True)
class WayCheck:
    """What ways are checked against: roads and a lorry's weight, size, speeds and turns."""

    facts: Facts

    def on(self, arc: int, place: Place) -> tuple[float, float]:
        """Return how far along an arc a place is [m], and how far off it [m]."""
        network = self.facts.network
        line = network.line(arc)
        squeeze = math.cos(math.radians(place.latitude_deg))

        def metres(point: tuple[float, float]) -> tuple[float, float]:
            east = (point[0] - place.longitude_deg) * squeeze * METRES_PER_DEGREE
            return east, (point[1] - place.latitude_deg) * METRES_PER_DEGREE

        best, along, done = math.inf, 0.0, 0.0
        for (x0, y0), (x1, y1) in pairwise(map(metres, line)):
            dx, dy = x1 - x0, y1 - y0
            piece = math.hypot(dx, dy)
            share = 0.0 if piece == 0.0 else max(0.0, min(1.0, -(x0 * dx + y0 * dy) / piece**2))
            away = math.hypot(x0 + share * dx, y0 + share * dy)
            if away < best - 1e-9:
                best, along = away, done + share * piece
            done += piece
        return (0.0 if done == 0.0 else along / done * network.arcs[arc].length_m), best

    def problems(self, before: At, arcs: Sequence[int], after: At) -> Iterator[str]:
        """Yield where a way can't be driven, in words."""
        network = self.facts.network
        if any(not 0 <= a < len(network.arcs) for a in arcs):
            yield "is on an arc that does not exist"
            return
        for a in arcs:
            yield from self.facts.limits(a)
        for a, b in pairwise(arcs):
            if network.arcs[a].head != network.arcs[b].tail:
                yield f"goes from arc {a} on to {b}, which begins elsewhere"
            elif not self.facts.may_turn(a, b):
                yield f"turns from arc {a} into {b}, which is not allowed"
        yield from self._ends(before, arcs, after)

    def _ends(self, before: At, arcs: Sequence[int], after: At) -> Iterator[str]:
        network = self.facts.network
        if not arcs:
            if before.node is None or before.node != after.node:
                yield "has no streets, though the places differ"
            return
        if before.arc is not None and arcs[0] != before.arc:
            yield f"begins on arc {arcs[0]}, the lorry stands on {before.arc}"
        if before.node is not None and network.arcs[arcs[0]].tail != before.node:
            yield f"begins at node {network.arcs[arcs[0]].tail}, the lorry is at {before.node}"
        if after.arc is not None and arcs[-1] != after.arc:
            yield f"ends on arc {arcs[-1]}, the bin is on {after.arc}"
        if after.node is not None and network.arcs[arcs[-1]].head != after.node:
            yield f"ends at node {network.arcs[arcs[-1]].head}, not at {after.node}"

    def takes(self, before: At, arcs: Sequence[int], after: At) -> tuple[float, float]:
        """Return time [s] and length [m] of a way."""
        network, turns, time, metres = self.facts.network, 0.0, 0.0, 0.0
        for n, arc in enumerate(arcs):
            length = network.arcs[arc].length_m
            first = before.along_m if n == 0 and before.arc is not None else 0.0
            last = after.along_m if n == len(arcs) - 1 and after.arc is not None else length
            metres += last - first
            time += 3.6 * (last - first) / self.facts.speed_km_h(arc, treating=False)
            turns += self.facts.turn_s(arcs[n - 1], arc) if n else 0.0
        return time + turns, metres

    def is_near(self, node: int, place: Place) -> bool:
        """Whether a junction is about the nearest to a place."""

        def away(n: int) -> float:
            at = self.facts.network.nodes[n]
            return self.apart_m(Place(at.latitude_deg, at.longitude_deg), place)

        return away(node) <= JUNCTION_M + min(away(n) for n in self.facts.leaving)

    @staticmethod
    def apart_m(a: Place, b: Place) -> float:
        """Return how far two places are apart [m]; equirectangular."""
        east = (a.longitude_deg - b.longitude_deg) * math.cos(math.radians(b.latitude_deg))
        return METRES_PER_DEGREE * math.hypot(east, a.latitude_deg - b.latitude_deg)
