"""Where on its order a gritter was: the stretches between two positions as the drive has them.

A lorry that is ordered into a dead end comes back the same way, and its shortest way between two
reports would not show that it was there. So the drive that was ordered is asked first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rules.core.road_graph import RoadGraph
from rules.core.routing import Leg
from rules.core.street_match import Place, Stretch

LOOKED_AHEAD = 60
"""Legs looked at after one: more than a lorry passes between two reports."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A stretch of a drive; ``treat`` = ordered to be treated there."""

    stretch: Stretch
    treat: bool


class Itinerary:
    """A drive's legs, ready to be searched for positions."""

    def __init__(self, graph: RoadGraph, legs: Sequence[Leg]) -> None:
        self._legs = tuple(legs)
        self._row = [graph.segment_index[leg.segment_id] for leg in legs]
        starts = [graph.segments[row].from_node for row in self._row]
        self._forward = [leg.from_node == start for leg, start in zip(legs, starts, strict=True)]
        self._at: dict[int, list[int]] = {}
        for i, row in enumerate(self._row):
            self._at.setdefault(row, []).append(i)

    def ways(self, a: Place, b: Place, most_m: float) -> list[list[Stage]]:
        """Return every part of the drive that leads from one place to another.

        Args:
            a: segment index and share of its line (0..1) of the earlier position.
            b: the same of the later one.
            most_m: no longer than this [m].
        """
        found = []
        for i in self._at.get(a[0], ()):
            for j in self._at.get(b[0], ()):
                if i <= j <= i + LOOKED_AHEAD:
                    way = self._way(i, j, a[1], b[1])
                    if way is not None and sum(s.stretch.length_m for s in way) <= most_m:
                        found.append(way)
        return found

    def _way(self, i: int, j: int, a: float, b: float) -> list[Stage] | None:
        """Return the stages from a share of leg ``i`` to a share of leg ``j``; None where it leads back."""
        start = a if self._forward[i] else 1.0 - a
        end = b if self._forward[j] else 1.0 - b
        if i == j:
            return [self._stage(i, start, end)] if end >= start else None
        middle = [self._stage(k, 0.0, 1.0) for k in range(i + 1, j)]
        return [self._stage(i, start, 1.0), *middle, self._stage(j, 0.0, end)]

    def _stage(self, k: int, start: float, end: float) -> Stage:
        low, high = (start, end) if self._forward[k] else (1.0 - end, 1.0 - start)
        leg = self._legs[k]
        return Stage(Stretch(self._row[k], low, high, (end - start) * leg.length_m), leg.treat)
