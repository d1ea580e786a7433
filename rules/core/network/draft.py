"""A network on its way from a map: roads between nodes, not yet cleaned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from rules.core.network.lines import Line, Point, length_m


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What a map says of a road; None and empty = not said. Roads are joined only where all of it is equal.

    Attributes:
        street, ref: name, and number as ``A10``.
        road_class: ``A``, ``B``, ``C`` or ``U``.
        carriageway: ``single``, ``dual``, ``roundabout`` or ``slip``.
        lanes: of the carriageway, both directions together.
        width_m: from kerb to kerb [m].
        speed_km_h: legal limit.
        bridge, tunnel: whether it is one.
        max_weight_t, max_height_m, max_width_m: what a vehicle may weigh and measure.
    """

    street: str = ""
    ref: str = ""
    road_class: str = "U"
    carriageway: str = "single"
    lanes: int | None = None
    width_m: float | None = None
    speed_km_h: float | None = None
    bridge: bool = False
    tunnel: bool = False
    bus_route: bool = False
    max_weight_t: float | None = None
    max_height_m: float | None = None
    max_width_m: float | None = None


@dataclass(frozen=True, slots=True)
class Road:
    """A road between two nodes.

    Attributes:
        key: tells it from the others; the same whenever the same map is read.
        tail, head: keys of its nodes; it is driven from tail to head, and back unless ``one_way``.
        line: from tail to head.
        traits: what the map says of it.
        one_way: may be driven from tail to head only.
        first, last: keys of the map's roads at its tail and at its head, to which turn bans refer.
    """

    key: str
    tail: str
    head: str
    line: Line
    traits: Traits
    one_way: bool = False
    first: str = ""
    last: str = ""

    def __post_init__(self) -> None:
        if not self.first:
            object.__setattr__(self, "first", self.key)
            object.__setattr__(self, "last", self.key)

    @property
    def length_m(self) -> float:
        """Length along the line [m]."""
        return length_m(self.line)

    def turned(self) -> Road:
        """Return the same road from head to tail; only a two-way one may be turned."""
        return replace(
            self, tail=self.head, head=self.tail, line=self.line[::-1], first=self.last, last=self.first
        )


@dataclass(frozen=True, slots=True)
class Ban:
    """Who comes along ``from_road`` to ``via`` may not go on along ``to_road``; with ``only`` along nothing else."""

    ban_id: str
    from_road: str
    via: str
    to_road: str
    only: bool = False


@dataclass(frozen=True, slots=True)
class Barrier:
    """A barrier on a road: what it is, where, in which street, and whether the road was closed there for a gritter."""

    what: str
    place: Point
    street: str
    closes: bool


@dataclass(frozen=True, slots=True)
class Draft:
    """Roads, their nodes, and what was left out so far.

    Attributes:
        nodes: position of each node, by key.
        roads: in the order of the map.
        turning: keys of nodes where a lorry can turn round.
        bans: turn bans by keys of the map's roads.
        dropped: number of the map's roads left out, by reason.
        unread: number of turn bans that could not be read, by reason.
        barriers: met on roads.
        limits: number of the map's roads with a limit for lorries that is kept or not, by which.
        inferred: number of roads of which something was worked out that the map does not say, by what.
    """

    nodes: Mapping[str, Point]
    roads: tuple[Road, ...]
    turning: frozenset[str] = frozenset()
    bans: tuple[Ban, ...] = ()
    dropped: Mapping[str, int] = field(default_factory=dict)
    unread: Mapping[str, int] = field(default_factory=dict)
    inferred: Mapping[str, int] = field(default_factory=dict)
    barriers: tuple[Barrier, ...] = ()
    limits: Mapping[str, int] = field(default_factory=dict)

    def with_roads(self, roads: tuple[Road, ...], dropped: Mapping[str, int] | None = None) -> Draft:
        """Return the draft with these roads, nodes that none of them touches left out, and more dropped."""
        used = {n for road in roads for n in (road.tail, road.head)}
        counts = dict(self.dropped)
        for reason, n in (dropped or {}).items():
            counts[reason] = counts.get(reason, 0) + n
        return replace(
            self, roads=roads, nodes={k: p for k, p in self.nodes.items() if k in used}, dropped=counts
        )
