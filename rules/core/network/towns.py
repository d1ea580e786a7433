"""Networks that are not joined: towns of their own, each judged by the part of it in which lorries get about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from devices.registry import Depot, RoadSegment
from rules.core.network.connected import strong_parts
from rules.core.network.network import Network

STRAY_M = 1_000.0
"""Less road than this that is joined to nothing is a mistake in the map, and no town [m]; our own default."""

Numbers = NDArray[np.int32]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Town:
    """Roads that hang together and are joined to no others; ``depots`` are ids of those on them."""

    segments: tuple[RoadSegment, ...]
    depots: tuple[str, ...]

    @cached_property
    def length_m(self) -> float:
        """Length of its roads [m]."""
        return sum(s.length_m for s in self.segments)

    @property
    def routes(self) -> tuple[str, ...]:
        """Ids of the gritting routes that streets of it are on."""
        return tuple(sorted({s.route_id for s in self.segments if s.route_id is not None}))

    @property
    def words(self) -> str:
        """How long it is, and where: the street with most of its road that has a name."""
        lengths = defaultdict[str, float](float)
        for s in self.segments:
            lengths[s.street] += s.length_m
        lengths.pop("", None)
        around = f" round {max(lengths, key=lengths.__getitem__)}" if lengths else ""
        return f"{self.length_m / 1000:.1f} km{around}"


@dataclass(frozen=True)
class Towns:
    """A network's nodes by town.

    Attributes:
        number: per node its town.
        home: per node whether it is in the largest part of its town of which each node is reached from each other.
    """

    network: Network
    depots: Sequence[Depot]
    number: Numbers
    home: Flags

    @cached_property
    def all(self) -> dict[int, Town]:
        """Towns that have a road by their numbers, the longest first."""
        own: dict[int, list[RoadSegment]] = {}
        for segment, arcs in zip(self.network.segments, self.network.arcs_of, strict=True):
            own.setdefault(int(self.number[self.network.arcs[arcs[0]].tail]), []).append(segment)
        yards: dict[int, list[str]] = {}
        for depot in self.depots:
            yards.setdefault(self._of(depot), []).append(depot.depot_id)
        towns = {n: Town(tuple(s), tuple(yards.get(n, ()))) for n, s in own.items()}
        return dict(sorted(towns.items(), key=lambda item: -item[1].length_m))

    @property
    def strays(self) -> Iterator[Town]:
        """Yield what is too short to be a town; not the longest, which may be a small place."""
        return (t for n, t in self.all.items() if self._is_stray(n))

    @property
    def others(self) -> Iterator[Town]:
        """Yield the towns, the longest first."""
        return (t for n, t in self.all.items() if not self._is_stray(n))

    @property
    def unserved(self) -> Iterator[Town]:
        """Yield the towns without a depot, where there is one in another."""
        return (t for t in self.others if not t.depots and len(self.depots) > 0)

    def _is_stray(self, town: int) -> bool:
        return town != next(iter(self.all)) and self.all[town].length_m < STRAY_M

    def _of(self, depot: Depot) -> int:
        return int(self.number[self.network.graph.node_index[depot.node_id]])

    def apart(self) -> tuple[Depot, ...]:
        """Return the depots on a road from which lorries reach next to nothing, or come back from nothing."""
        index = self.network.graph.node_index
        return tuple(d for d in self.depots if not self.home[index[d.node_id]] or self._is_stray(self._of(d)))


def towns_of(network: Network, depots: Sequence[Depot] = ()) -> Towns:
    """Return the towns of a network; depots that are on no road are left aside."""
    ends = np.array([(a.tail, a.head) for a in network.arcs], dtype=np.int64).reshape(-1, 2)
    number = town_numbers(network)
    parts = strong_parts(len(network.nodes), ends[:, 0], ends[:, 1])
    used = {network.nodes[n].node_id for n in ends.ravel().tolist()}
    on_road = tuple(d for d in depots if d.node_id in used)
    return Towns(network, on_road, number, in_largest(number, parts))


def town_numbers(network: Network) -> Numbers:
    """Return per node the number of the roads that hang together, one-way or not."""
    ends = np.array([(a.tail, a.head) for a in network.arcs], dtype=np.int64).reshape(-1, 2)
    both = np.concatenate([ends, ends[:, ::-1]])
    return strong_parts(len(network.nodes), both[:, 0], both[:, 1])


def in_largest(towns: Numbers, parts: Numbers) -> Flags:
    """Return per item whether it is in the part of its town with most items; of equal parts that of the first item.

    Args:
        towns: per item the number of its town.
        parts: per item that of its part; a part is of one town.
    """
    sizes = np.bincount(parts, minlength=1)[parts] if len(parts) > 0 else np.zeros(0, dtype=np.int64)
    best: dict[int, tuple[int, int]] = {}
    for town, part, size in zip(towns.tolist(), parts.tolist(), sizes.tolist(), strict=True):
        if size > best.get(town, (0, 0))[0]:
            best[town] = size, part
    largest = {part for _, part in best.values()}
    return np.fromiter((p in largest for p in parts.tolist()), dtype=np.bool_, count=len(parts))
