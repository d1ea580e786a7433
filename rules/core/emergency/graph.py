"""A network as vehicles of one kind may drive it: times along arcs when dry, and turns, worked out once.

Where a vehicle may turn round depends on the roads alone, never on what is closed: so a road that is opened makes no
way slower.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from weakref import WeakKeyDictionary

import msgspec
import numpy as np
from numpy.typing import NDArray

from devices.registry import RoadSegment
from rules.core.emergency.parameters import Vehicle, WayParameters, WaySettings
from rules.core.network.network import Network
from rules.core.psychrometrics import Floats

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class WayGraph:
    """Arcs as nodes, turns as edges, sorted by the arc that they lead into.

    Attributes:
        network: whose arcs are meant; with ``against`` those of one-way streets are driven both ways.
        dry_s: along each arc when dry [s]; infinite where such a vehicle may not or can't drive.
        of, into: of each turn the arc before and the arc after; ``turn_s``: that it takes [s].
        first: of each arc where its turns begin in these, and one more.
        against: arcs against a one-way street.
    """

    network: Network
    dry_s: Floats
    of: Ints
    into: Ints
    turn_s: Floats
    first: Ints
    against: frozenset[int]

    @cached_property
    def segment_of(self) -> Ints:
        """Segment of each arc."""
        return np.array([a.segment for a in self.network.arcs], dtype=np.int64)

    def before(self, arc: int) -> tuple[Ints, Floats]:
        """Return the arcs from which one may turn into an arc, and what that takes [s]."""
        part = slice(int(self.first[arc]), int(self.first[arc + 1]))
        return self.of[part], self.turn_s[part]


_KEPT: WeakKeyDictionary[Network, dict[tuple[str, bool], WayGraph]] = WeakKeyDictionary()


def graph_of(network: Network, p: WayParameters, vehicle: Vehicle, *, exempt: bool = False) -> WayGraph:
    """Return the graph of a kind of vehicle, worked out once for a network.

    Args:
        network: the roads; what is closed on it does not count here.
        p: settings.
        vehicle: of the parameters.
        exempt: whether it may drive against one-way streets that are no roundabouts, slip roads or sides of a dual
            carriageway, and turn where turns are banned: where orders exempt emergency vehicles.
    """
    kept, key = _KEPT.setdefault(network, {}), (repr((p.settings, vehicle)), exempt)
    if key not in kept:
        kept[key] = _graph(_exempted(network) if exempt else network, network, p.settings, vehicle)
    return kept[key]


def _exempted(network: Network) -> Network:
    """Return roads with one-way streets open both ways and no banned turns; segments keep their numbers."""
    freed = [msgspec.structs.replace(s, one_way=False) if _may_free(s) else s for s in network.segments]
    return Network(network.nodes, freed)


def _may_free(s: RoadSegment) -> bool:
    return s.one_way and s.carriageway == "single"


def _graph(driven: Network, legal: Network, s: WaySettings, vehicle: Vehicle) -> WayGraph:
    against = frozenset(
        n for n, a in enumerate(driven.arcs) if not a.forward and legal.segments[a.segment].one_way
    )
    dry_s = np.array([_dry_s(driven, n, s, vehicle, n in against) for n in range(len(driven.arcs))])
    allowed = _allowed(driven, legal)
    rows = [
        (a, b, _turn_s(driven, a, b, s))
        for a, arc in enumerate(driven.arcs)
        for b in driven.arcs_from[arc.head]
        if allowed(a, b)
    ]
    table = np.array(rows, dtype=np.float64).reshape(-1, 3)
    table = table[np.argsort(table[:, 1], kind="stable")]
    into = table[:, 1].astype(np.int64)
    first = np.searchsorted(into, np.arange(len(driven.arcs) + 1))
    return WayGraph(driven, dry_s, table[:, 0].astype(np.int64), into, table[:, 2].copy(), first, against)


def _allowed(driven: Network, legal: Network) -> Callable[[int, int], bool]:
    """Return whether one arc may follow another: as the roads have it, and by an exemption nowhere less."""
    if driven is legal:
        return legal.may_follow
    names = {(a.segment, a.forward): n for n, a in enumerate(legal.arcs)}
    as_legal = [names.get((a.segment, a.forward)) for a in driven.arcs]

    def allowed(first: int, second: int) -> bool:
        if driven.may_follow(first, second):
            return True
        a, b = as_legal[first], as_legal[second]
        return a is not None and b is not None and legal.may_follow(a, b)

    return allowed


def _dry_s(network: Network, arc: int, s: WaySettings, vehicle: Vehicle, against: bool) -> float:
    if not passes(network.segments[network.arcs[arc].segment], vehicle):
        return float("inf")
    km_h = vehicle.speed_share * network.speed_km_h(arc)
    # Never free: a way of no time could go round for ever.
    return max(0.01, 3.6 * network.arcs[arc].length_m / (min(km_h, s.against_km_h) if against else km_h))


def passes(s: RoadSegment, vehicle: Vehicle) -> bool:
    """Whether a vehicle may and can drive a road: its limits of weight, height and width, and its room between kerbs."""
    limits = (
        (s.max_weight_t, vehicle.weight_t), (s.max_height_m, vehicle.height_m), (s.max_width_m, vehicle.width_m),
    )  # fmt: skip
    return s.width_m >= vehicle.needs_width_m and all(most is None or own <= most for most, own in limits)


def _turn_s(network: Network, first: int, second: int, s: WaySettings) -> float:
    if network.turns_round(first, second):
        return s.turn_round_s
    deg = network.turn_deg(first, second)
    if abs(deg) <= s.straight_deg:
        return s.straight_s
    return s.right_s if deg > 0.0 else s.left_s
