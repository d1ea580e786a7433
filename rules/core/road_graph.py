"""The road network as arcs that a lorry may drive, and shortest paths on it.

Every segment is an arc from its ``from_node`` to its ``to_node`` and, unless one-way,
one back. Parallel segments between the same nodes are all kept for service; paths take
the shortest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from devices.registry import RoadNode, RoadSegment
from rules.core.psychrometrics import Floats

if TYPE_CHECKING:
    from scipy.sparse import csr_array


@dataclass(frozen=True, slots=True)
class Arc:
    """One direction of one segment.

    Attributes:
        segment: index of the segment in the network.
        tail, head: node indices where the arc starts and ends.
        length_m: length [m].
        forward: whether it runs as the segment's geometry does.
    """

    segment: int
    tail: int
    head: int
    length_m: float
    forward: bool


@dataclass(frozen=True, slots=True)
class Paths:
    """Shortest paths from some nodes. ``distance_m`` and ``previous``: sources × nodes."""

    sources: Mapping[int, int]
    distance_m: Floats
    previous: NDArray[np.int32]


class RoadGraph:
    """Nodes and segments of a town, indexed; immutable after construction.

    Segments that name an unknown node are left out: the database can't hold any.
    """

    def __init__(self, nodes: Sequence[RoadNode], segments: Iterable[RoadSegment]) -> None:
        self.nodes = tuple(nodes)
        self.node_index = {n.node_id: i for i, n in enumerate(self.nodes)}
        known = [s for s in segments if s.from_node in self.node_index and s.to_node in self.node_index]
        self.segments = tuple(known)
        self.segment_index = {s.segment_id: i for i, s in enumerate(self.segments)}
        self.arcs_of: tuple[tuple[Arc, ...], ...] = tuple(
            self._arcs(i, s) for i, s in enumerate(self.segments)
        )

    def _arcs(self, index: int, segment: RoadSegment) -> tuple[Arc, ...]:
        tail, head = self.node_index[segment.from_node], self.node_index[segment.to_node]
        there = Arc(index, tail, head, segment.length_m, forward=True)
        if segment.one_way:
            return (there,)
        return there, Arc(index, head, tail, segment.length_m, forward=False)

    @cached_property
    def best_arc(self) -> Mapping[tuple[int, int], Arc]:
        """The shortest arc from one node to another; loops are left out."""
        best: dict[tuple[int, int], Arc] = {}
        for arcs in self.arcs_of:
            for arc in arcs:
                key = (arc.tail, arc.head)
                if arc.tail != arc.head and (key not in best or arc.length_m < best[key].length_m):
                    best[key] = arc
        return best

    @cached_property
    def _matrix(self) -> csr_array:
        # Imported here: it takes as long as all else that a rules process imports, and one for homes needs no roads.
        from scipy.sparse import csr_array

        arcs = self.best_arc.values()
        # A sparse graph drops zero weights: no arc may be free.
        lengths = np.array([max(a.length_m, 0.01) for a in arcs])
        tails = np.array([a.tail for a in arcs], dtype=np.int32)
        heads = np.array([a.head for a in arcs], dtype=np.int32)
        size = len(self.nodes)
        return csr_array((lengths, (tails, heads)), shape=(size, size))

    def paths_from(self, sources: Iterable[int], most_m: float = np.inf) -> Paths:
        """Return the shortest paths from the nodes with indices ``sources``; inf = no way.

        Nodes further away than ``most_m`` [m] are not looked for.
        """
        from scipy.sparse.csgraph import dijkstra

        unique = sorted(set(sources))
        distance, previous = dijkstra(
            self._matrix, directed=True, indices=unique, return_predecessors=True, limit=most_m
        )
        return Paths({node: row for row, node in enumerate(unique)}, distance, previous)

    def path(self, paths: Paths, source: int, target: int) -> list[Arc]:
        """Return the arcs of the shortest path; empty where source is target.

        Raises:
            ValueError: there is no way from source to target.
        """
        row = paths.sources[source]
        if not np.isfinite(paths.distance_m[row, target]):
            raise ValueError(f"no way from node {source} to node {target}")
        arcs: list[Arc] = []
        node = target
        while node != source:
            before = int(paths.previous[row, node])
            arcs.append(self.best_arc[before, node])
            node = before
        arcs.reverse()
        return arcs

    def nearest_node(self, latitude_deg: float, longitude_deg: float) -> int:
        """Return the index of the node nearest to a position (equirectangular)."""
        lat, lon = self._positions
        east = (lon - longitude_deg) * np.cos(np.radians(latitude_deg))
        return int(np.argmin((lat - latitude_deg) ** 2 + east**2))

    @cached_property
    def _positions(self) -> tuple[Floats, Floats]:
        return (
            np.array([n.latitude_deg for n in self.nodes]),
            np.array([n.longitude_deg for n in self.nodes]),
        )

    def line(self, arc: Arc) -> list[tuple[float, float]]:
        """Return the arc's geometry in its direction: (longitude, latitude) [°]."""
        geometry = [(float(x), float(y)) for x, y in self.segments[arc.segment].geometry]
        if len(geometry) < 2:
            ends = (arc.tail, arc.head) if arc.forward else (arc.head, arc.tail)
            geometry = [(self.nodes[i].longitude_deg, self.nodes[i].latitude_deg) for i in ends]
        return geometry if arc.forward else geometry[::-1]
