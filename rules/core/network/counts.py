"""A network in numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from devices.registry import RoadSegment
from rules.core.network.network import Network


@dataclass(frozen=True, slots=True)
class Counts:
    """A network in numbers; lengths along centre lines [km]. ``dead_ends`` are nodes where a lorry may turn."""

    nodes: int
    segments: int
    arcs: int
    km: float
    km_by_class: dict[str, float]
    km_one_way: float
    km_dual: float
    roundabout_segments: int
    slip_segments: int
    bridges: int
    dead_ends: int
    turn_bans: int
    sensors: int


def counts(network: Network) -> Counts:
    """Return a network in numbers."""
    shapes = Counter(s.carriageway for s in network.segments)
    return Counts(
        nodes=len(network.nodes),
        segments=len(network.segments),
        arcs=len(network.arcs),
        km=_km(network.segments),
        km_by_class={c: _km(s for s in network.segments if s.road_class == c) for c in "ABCU"},
        km_one_way=_km(s for s in network.segments if s.one_way),
        km_dual=_km(s for s in network.segments if s.carriageway == "dual"),
        roundabout_segments=shapes["roundabout"],
        slip_segments=shapes["slip"],
        bridges=sum(s.bridge for s in network.segments),
        dead_ends=len(network.turning),
        turn_bans=len(network.turn_bans),
        sensors=sum(s.device is not None for s in network.segments),
    )


def _km(segments: Iterable[RoadSegment]) -> float:
    return round(sum(s.length_m for s in segments) / 1000, 3)
