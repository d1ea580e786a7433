"""Quickest ways between arcs, with what each turn takes: Dijkstra on the graph whose nodes are arcs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from rules.core.fleet.jobs import driving_km_h
from rules.core.fleet.settings import FleetSettings
from rules.core.fleet.units import NEVER, tenths
from rules.core.network.network import Network

Times = NDArray[np.int64]

AT_ONCE = 200
"""Starts of one call of Dijkstra, whose tables are wide."""


@dataclass(frozen=True)
class Ways:
    """Ways from some starts: the ends of arcs, or nodes from which a lorry leaves a yard.

    Attributes:
        row: start to row; a start is an arc's number, or minus one minus a node's.
        drive: time along each arc with the spreader off [0.1 s].
        through: (rows, arcs) time to the end of an arc [0.1 s], all turns included; NEVER.
        before: (rows, arcs) the arc before on the way; no arc's number where it is the first.
    """

    row: dict[int, int]
    drive: Times
    through: NDArray[np.int32]
    before: NDArray[np.int32]

    def until(self, starts: Sequence[int], arcs: Sequence[int]) -> Times:
        """Return times from starts to the beginning of arcs [0.1 s], the turn into it included; NEVER."""
        rows = [self.row[start] for start in starts]
        through = self.through[np.ix_(rows, arcs)].astype(np.int64)
        return np.where(through < NEVER, through - self.drive[list(arcs)], NEVER)

    def to_arc(self, start: int, arc: int) -> list[int]:
        """Return the arcs driven from a start until ``arc`` begins."""
        return self._back(start, int(self.before[self.row[start], arc]))

    def to_node(self, network: Network, start: int, node: int) -> list[int]:
        """Return the arcs driven from a start to a node; none where it is there already."""
        if is_at(network, start, node):
            return []
        row = self.through[self.row[start]]
        return self._back(start, min(arcs_to(network, node), key=lambda arc: int(row[arc])))

    def _back(self, start: int, last: int) -> list[int]:
        arcs: list[int] = []
        row = self.before[self.row[start]]
        while 0 <= last < len(self.drive):
            arcs.append(last)
            last = int(row[last])
        return arcs[::-1]

    def time_to_node(self, network: Network, start: int, node: int) -> int:
        """Return the time from a start to a node [0.1 s]."""
        if is_at(network, start, node):
            return 0
        row = self.through[self.row[start]]
        return int(min((row[arc] for arc in arcs_to(network, node)), default=NEVER))


def yard(node: int) -> int:
    """Return the start that is a node."""
    return -1 - node


def is_at(network: Network, start: int, node: int) -> bool:
    """Whether a start is at a node."""
    return start == yard(node) or (start >= 0 and network.arcs[start].head == node)


def arcs_to(network: Network, node: int) -> list[int]:
    """Return the arcs that end at a node."""
    return [b for b, arc in enumerate(network.arcs) if arc.head == node]


def passable(network: Network, arc: int, settings: FleetSettings) -> bool:
    """Whether lorries of this weight, height and width may drive an arc: it is not closed, and allows them."""
    if network.arcs[arc].segment in network.closed:
        return False
    s = network.segments[network.arcs[arc].segment]
    limits = (
        (s.max_weight_t, settings.weight_t),
        (s.max_height_m, settings.height_m),
        (s.max_width_m, settings.width_m),
    )
    return all(most is None or own <= most for most, own in limits)


def drive_time(network: Network, arc: int, settings: FleetSettings) -> int:
    """Return the time along an arc with the spreader off [0.1 s]."""
    return max(1, tenths(3.6 * network.arcs[arc].length_m / driving_km_h(network, arc, settings)))


def turn_time(network: Network, first: int, second: int, settings: FleetSettings) -> int:
    """Return the time of the turn from an arc into the next [0.1 s]."""
    deg = network.turn_deg(first, second)
    if network.turns_round(first, second) or abs(deg) > settings.round_deg:
        return tenths(settings.turn_round_s)
    if abs(deg) <= settings.straight_deg:
        return tenths(settings.straight_s)
    return tenths(settings.right_s if deg > 0.0 else settings.left_s)


def ways_of(network: Network, starts: Sequence[int], settings: FleetSettings) -> Ways:
    """Return the quickest ways from each start.

    Args:
        network: the roads.
        starts: arcs from whose ends, and yards from which a lorry goes.
        settings: speeds, turns, the lorries' weight and size.
    """
    # Slow to import: whoever only asks how long a turn takes needs none of it.
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra

    arcs, roads = len(network.arcs), _roads(network, settings)
    drive, edges = roads.drive, _edges(network, starts, roads)
    size = arcs + len(starts)
    graph = csr_array((edges[:, 2].astype(float), (edges[:, 0], edges[:, 1])), shape=(size, size))
    through = np.full((len(starts), arcs), NEVER, dtype=np.int32)
    before = np.full((len(starts), arcs), -1, dtype=np.int32)
    for first in range(0, len(starts), AT_ONCE):
        some = slice(first, min(first + AT_ONCE, len(starts)))
        found, previous = dijkstra(
            graph, indices=np.arange(arcs + some.start, arcs + some.stop), return_predecessors=True
        )
        reached = found[:, :arcs] < NEVER
        through[some][reached] = found[:, :arcs][reached].astype(np.int32)
        before[some] = previous[:, :arcs]
    return Ways({start: i for i, start in enumerate(starts)}, drive, through, before)


class _Roads(NamedTuple):
    """What starts do not change: which arcs are open, times along them, turns after each, and the turns as edges."""

    open_: list[bool]
    drive: Times
    after: list[list[tuple[int, int]]]
    edges: Times


_KEPT: WeakKeyDictionary[Network, dict[str, _Roads]] = WeakKeyDictionary()
"""Of networks that are still driven on, by settings in words: a day's plans ask for the same again and again."""


def _roads(network: Network, settings: FleetSettings) -> _Roads:
    kept, key = _KEPT.setdefault(network, {}), repr(settings)
    if key not in kept:
        arcs = range(len(network.arcs))
        open_ = [passable(network, a, settings) for a in arcs]
        drive = np.array([drive_time(network, a, settings) for a in arcs], dtype=np.int64)
        after = [_turns(network, a, settings, open_) for a in arcs]
        edges = [(a, b, turn + drive[b]) for a, turns in enumerate(after) for b, turn in turns]
        kept[key] = _Roads(open_, drive, after, np.array(edges, dtype=np.int64).reshape(-1, 3))
    return kept[key]


def _edges(network: Network, starts: Sequence[int], roads: _Roads) -> Times:
    """Return (from, to, time through ``to``) of all turns; starts are numbered after the arcs."""
    edges: list[tuple[int, int, int]] = []
    for number, start in enumerate(starts, len(network.arcs)):
        nodes = [] if start >= 0 else network.arcs_from[-1 - start]
        turns = roads.after[start] if start >= 0 else [(b, 0) for b in nodes if roads.open_[b]]
        edges += [(number, b, turn + roads.drive[b]) for b, turn in turns]
    return np.concatenate([roads.edges, np.array(edges, dtype=np.int64).reshape(-1, 3)])


def _turns(
    network: Network, arc: int, settings: FleetSettings, open_: Sequence[bool]
) -> list[tuple[int, int]]:
    following = [b for b in network.arcs_from[network.arcs[arc].head] if open_[b]]
    onward = [b for b in following if network.may_follow(arc, b)]
    if not onward:
        # All else is closed for lorries like these: they turn round before it, as where a road ends.
        onward = [b for b in following if (arc, b) not in network.banned]
    return [(b, turn_time(network, arc, b, settings)) for b in onward]
