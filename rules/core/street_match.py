"""Which stretch of road a position lies on, and the stretches between two positions.

Distances are computed in an equirectangular projection around the network's middle; over a
county (100 km) it is wrong by less than 0.1 % of the short distances that matter here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rules.core.places import METRES_PER_DEGREE
from rules.core.psychrometrics import Floats
from rules.core.road_graph import Arc, RoadGraph

"""Of a great circle on a sphere of 6,371 km."""
Place = tuple[int, float]
"""Index of a segment, and share of its line (0..1)."""
STANDING_M = 20.0
"""Two positions on a stretch this close to each other [m] have no direction: noise of the receiver."""

AT_ONCE = 32
"""So many positions are compared with all roads at once."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Part of a segment that was driven: from share ``low`` to ``high`` (0..1) of its line."""

    segment: int
    low: float
    high: float
    length_m: float


class Streets:
    """The segments' lines as straight pieces, ready to be searched."""

    def __init__(self, graph: RoadGraph) -> None:
        self.graph = graph
        lines = [graph.line(arcs[0]) for arcs in graph.arcs_of]
        latitudes = [lat for line in lines for _, lat in line]
        self._latitude = float(np.mean(latitudes)) if latitudes else 0.0
        self._squeeze = math.cos(math.radians(self._latitude))
        pieces = [p for i, line in enumerate(lines) for p in self._pieces(i, line)]
        table = np.array(pieces, dtype=np.float64).reshape(-1, 6)
        self._segment: NDArray[np.int64] = table[:, 0].astype(np.int64)
        self._start, self._step = table[:, 1:3], table[:, 3:5]
        self._low = np.minimum(self._start, self._start + self._step)
        self._high = np.maximum(self._start, self._start + self._step)
        self._before_m = table[:, 5]
        self._piece_m = np.hypot(self._step[:, 0], self._step[:, 1])
        self._line_m = np.zeros(len(lines))
        np.add.at(self._line_m, self._segment, self._piece_m)
        self._at_node: dict[int, list[Place]] = {}
        for i, segment in enumerate(graph.segments):
            self._at_node.setdefault(segment.from_node, []).append((i, 0.0))
            self._at_node.setdefault(segment.to_node, []).append((i, 1.0))

    def at_node(self, node_id: int) -> list[Place]:
        """Return the ends of segments that meet at a node."""
        return self._at_node.get(node_id, [])

    def _project(self, latitude_deg: Floats, longitude_deg: Floats) -> Floats:
        east = longitude_deg * METRES_PER_DEGREE * self._squeeze
        return np.stack([east, (latitude_deg - self._latitude) * METRES_PER_DEGREE], axis=-1)

    def _pieces(self, segment: int, line: Sequence[tuple[float, float]]) -> list[tuple[float, ...]]:
        points = self._project(np.array([p[1] for p in line]), np.array([p[0] for p in line]))
        steps = np.diff(points, axis=0)
        before = np.cumsum([0.0, *np.hypot(steps[:, 0], steps[:, 1])])
        return [(segment, *points[i], *steps[i], before[i]) for i in range(len(steps))]

    def match(
        self, latitude_deg: Floats, longitude_deg: Floats, most_m: float
    ) -> tuple[NDArray[np.int64], Floats]:
        """Return the nearest segment of each position, -1 beyond ``most_m`` [m], and the share of its line.

        Args:
            latitude_deg: of each position [°]; NaN matches nothing.
            longitude_deg: of each position [°].
            most_m: the furthest that a position may be from a road [m].
        """
        segment = np.full(len(latitude_deg), -1, dtype=np.int64)
        share = np.zeros(len(latitude_deg))
        if len(self._segment) == 0:
            return segment, share
        points = self._project(latitude_deg, longitude_deg)
        for begin in range(0, len(points), AT_ONCE):
            part = slice(begin, begin + AT_ONCE)
            segment[part], share[part] = self._nearest(points[part], most_m)
        return segment, share

    def _nearest(self, points: Floats, most_m: float) -> tuple[NDArray[np.int64], Floats]:
        segment, share = np.full(len(points), -1, dtype=np.int64), np.zeros(len(points))
        east, north = points[:, :1], points[:, 1:]
        at, near = np.nonzero(
            (self._low[:, 0] <= east + most_m) & (self._high[:, 0] >= east - most_m)
            & (self._low[:, 1] <= north + most_m) & (self._high[:, 1] >= north - most_m)
        )  # fmt: skip
        if len(at) == 0:
            return segment, share
        away = points[at] - self._start[near]
        piece_m, step = self._piece_m[near], self._step[near]
        along = np.clip((away * step).sum(axis=1) / np.maximum(piece_m**2, 1e-9), 0.0, 1.0)
        gap = away - along[:, None] * step
        distance = np.hypot(gap[:, 0], gap[:, 1])
        # The nearest piece of each point, the first of several.
        order = np.lexsort((distance, at))
        best = order[np.flatnonzero(np.diff(at[order], prepend=-1))]
        best = best[distance[best] <= most_m]
        found = self._segment[near[best]]
        metres = self._before_m[near[best]] + along[best] * piece_m[best]
        segment[at[best]] = found
        share[at[best]] = np.clip(metres / np.maximum(self._line_m[found], 1e-9), 0.0, 1.0)
        return segment, share

    def between(self, a: Place, b: Place, most_m: float) -> list[Stretch] | None:
        """Return the shortest legal way from one place to another, each (segment, share of its line).

        Returns:
            The stretches in driving order; None where there is no way of at most ``most_m`` [m].
        """
        direct = self._along(a, b)
        if direct is not None:
            return [direct] if direct.length_m <= most_m else None
        starts = [(arc, self._rest_m(arc, a[1])) for arc in self.graph.arcs_of[a[0]]]
        ends = [(arc, arc.length_m - self._rest_m(arc, b[1])) for arc in self.graph.arcs_of[b[0]]]
        paths = self.graph.paths_from([arc.head for arc, _ in starts], most_m)
        ways = [
            (out + float(paths.distance_m[paths.sources[leave.head], enter.tail]) + into, i, j)
            for i, (leave, out) in enumerate(starts)
            for j, (enter, into) in enumerate(ends)
        ]
        length_m, i, j = min(ways)
        if length_m > most_m:
            return None
        leave, enter = starts[i][0], ends[j][0]
        middle = self.graph.path(paths, leave.head, enter.tail)
        return [
            _part(leave, a[1], 1.0 if leave.forward else 0.0),
            *(_part(arc, 0.0, 1.0) for arc in middle),
            _part(enter, 0.0 if enter.forward else 1.0, b[1]),
        ]

    def _along(self, a: Place, b: Place) -> Stretch | None:
        """Return the way on one and the same segment, None where it leads elsewhere or is not legal."""
        if a[0] != b[0]:
            return None
        segment = self.graph.segments[a[0]]
        length_m = abs(b[1] - a[1]) * segment.length_m
        if b[1] < a[1] and segment.one_way and length_m > STANDING_M:
            return None
        return Stretch(a[0], min(a[1], b[1]), max(a[1], b[1]), length_m)

    @staticmethod
    def _rest_m(arc: Arc, share: float) -> float:
        """Return what is left of an arc from a share of its segment's line on [m]."""
        return arc.length_m * (1.0 - share if arc.forward else share)


def _part(arc: Arc, a: float, b: float) -> Stretch:
    return Stretch(arc.segment, min(a, b), max(a, b), arc.length_m * abs(b - a))
