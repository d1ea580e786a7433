"""Ways to one place from several: one Dijkstra backwards from the place serves all that set out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rules.core.emergency.graph import Ints, WayGraph
from rules.core.psychrometrics import Floats

if TYPE_CHECKING:
    from scipy.sparse import csr_array


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a vehicle sets out or arrives: at a node, or on arcs so far along each (shares of their lengths, 0..1)."""

    node: int | None = None
    on: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """A way: arcs from its first to its last, of which only ``first`` and ``last`` shares are driven; its time [s]."""

    arcs: tuple[int, ...]
    first: float
    last: float
    seconds: float


class Ways:
    """Quickest ways to a place, as roads are now.

    Args:
        graph: of the vehicle.
        pace: of each segment, times over dry times.
        closed: segments that nobody may drive.
        target: where to.
        again: segments of another way, of which each counts ``again_costs`` times its time.
        again_costs: see there.
        most: no way that costs more is looked for [s].
    """

    def __init__(
        self,
        graph: WayGraph,
        pace: Floats,
        closed: Collection[int],
        target: Spot,
        again: Collection[int] = (),
        again_costs: float = 1.0,
        most: float = np.inf,
    ) -> None:
        self._graph = graph
        paced = np.array(pace, dtype=np.float64)
        paced[list(closed)] = np.inf
        self.arc_s = graph.dry_s * paced[graph.segment_of]
        """Along each arc [s]; infinite where it can't be driven."""
        weights = np.ones(len(paced))
        weights[list(again)] = again_costs
        self._cost = self.arc_s * weights[graph.segment_of]
        self._ends = {a: share for a, share in self._ends_of(target) if np.isfinite(self.arc_s[a])}
        self._left, self._next = self._search(most)

    def _ends_of(self, target: Spot) -> Sequence[tuple[int, float]]:
        if target.node is None:
            return target.on
        return [(n, 1.0) for n, a in enumerate(self._graph.network.arcs) if a.head == target.node]

    def _search(self, most: float) -> tuple[Floats, Ints]:
        """Return for the end of each arc what is left to the target [s], and which comes next: an arc, or beyond all the target."""
        from scipy.sparse.csgraph import dijkstra  # slow to import

        found, following = dijkstra(
            self._backwards(),
            directed=True,
            indices=np.array([len(self.arc_s)]),
            return_predecessors=True,
            limit=most,
        )
        return found[0, :-1], following[0, :-1].astype(np.int64)

    def _backwards(self) -> csr_array:
        """Return the graph from each arc to those before it; the last row is the target's."""
        from scipy.sparse import csr_array

        g, count = self._graph, len(self.arc_s)
        into = self._into_target()
        columns = np.concatenate([g.of, np.array(list(into), dtype=np.int64)])
        values = np.concatenate(
            [g.turn_s + self._cost[g.into], np.array(list(into.values()), dtype=np.float64)]
        )
        rows = np.concatenate([g.first, [g.first[-1] + len(into)]])
        open_ = np.isfinite(values) & np.isfinite(self._cost[columns])
        kept = np.concatenate([[0], np.cumsum(open_)])[rows]
        return csr_array((values[open_], columns[open_], kept), shape=(count + 1, count + 1))

    def _into_target(self) -> dict[int, float]:
        """Return by arc from whose end a turn leads into one of the target's what is left from there [s]."""
        into: dict[int, float] = {}
        for arc, share in self._ends.items():
            before, turn_s = self._graph.before(arc)
            for a, turn in zip(before.tolist(), turn_s.tolist(), strict=True):
                # Never free: a sparse graph has no ways of no length.
                left = max(turn + share * float(self._cost[arc]), 1e-6)
                into[a] = min(left, into.get(a, left))
        return into

    # ---- answers

    def seconds(self, start: Spot) -> float:
        """Return what the quickest way from a place costs [s]; infinite where none leads."""
        return min((cost for cost, *_ in self._choices(start)), default=np.inf)

    def way(self, start: Spot) -> Found | None:
        """Return the quickest way from a place; None where none leads. Its time is the real one, whatever counted again."""
        cost, arc, first = min(self._choices(start), default=(np.inf, -1, 0.0))
        if not np.isfinite(cost):
            return None
        arcs, here = [arc], arc
        if not self._is_direct(arc, first, cost):
            while (nxt := int(self._next[here])) < len(self.arc_s):
                arcs.append(nxt)
                here = nxt
            arcs.append(self._last(here))
        last = self._ends[arcs[-1]]
        return Found(tuple(arcs), first, last, self._real_s(arcs, first, last))

    def _choices(self, start: Spot) -> list[tuple[float, int, float]]:
        """Return how one may set out: cost [s], first arc, and from which share of it."""
        found: list[tuple[float, int, float]] = []
        for arc, share in self._begins_of(start):
            if not np.isfinite(self._cost[arc]):
                continue
            found.append((float((1.0 - share) * self._cost[arc] + self._left[arc]), arc, share))
            if self._ends.get(arc, -1.0) >= share:
                found.append((float((self._ends[arc] - share) * self._cost[arc]), arc, share))
        return found

    def _begins_of(self, start: Spot) -> Sequence[tuple[int, float]]:
        if start.node is None:
            return start.on
        return [(a, 0.0) for a in self._graph.network.arcs_from[start.node]]

    def _is_direct(self, arc: int, first: float, cost: float) -> bool:
        end = self._ends.get(arc)
        return end is not None and end >= first and float((end - first) * self._cost[arc]) <= cost

    def _last(self, arc: int) -> int:
        """Return the arc of the target that is reached from the end of an arc."""
        turns = {
            end: float(turn_s[before == arc][0] + share * self._cost[end])
            for end, share in self._ends.items()
            for before, turn_s in [self._graph.before(end)]
            if (before == arc).any()
        }
        return min(turns, key=lambda end: turns[end])

    def _real_s(self, arcs: Sequence[int], first: float, last: float) -> float:
        return sum(drive + turn for drive, turn in timed(self._graph, arcs, first, last, self.arc_s))


def timed(
    graph: WayGraph, arcs: Sequence[int], first: float, last: float, arc_s: Floats
) -> list[tuple[float, float]]:
    """Return for each arc of a way the time along it, and that of the turn into it [s]."""
    found = []
    for n, arc in enumerate(arcs):
        begin, end = (first if n == 0 else 0.0), (last if n == len(arcs) - 1 else 1.0)
        turn = 0.0
        if n:
            before, turn_s = graph.before(arc)
            turn = float(turn_s[before == arcs[n - 1]][0])
        found.append((float((end - begin) * arc_s[arc]), turn))
    return found
