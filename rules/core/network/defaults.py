"""What is assumed of a road where the map does not say."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from rules.core.network.draft import Road, Traits
from rules.core.network.lorry import Gritter
from rules.core.network.network import LANE_M

LOWEST_M, HIGHEST_M = -500.0, 9000.0
"""Between which roads lie."""


def _by_class(a: float, b: float, c: float, u: float) -> Mapping[str, float]:
    return {"A": a, "B": b, "C": c, "U": u}


@dataclass(frozen=True)
class NetworkSettings:
    """How a map becomes a network. All are defaults of our own; an authority knows its roads better.

    Attributes:
        longest_m: longer stretches are cut into equal pieces: the surface's temperature changes along a road.
        snap_m: how far from a road a sensor may stand.
        two_way_width_m, one_way_width_m: width by class where neither width nor lanes are known.
        sky_view: share of the sky that a surface sees, by class; ``bridge_sky_view`` on bridges,
            ``tunnel_sky_view`` in tunnels.
        altitude_m: of all roads, where no survey says.
        service: whether service roads count (OpenStreetMap).
        restricted: whether roads of restricted access count (OS Open Roads).
        gritter: for which barriers close roads, and which ``check`` looks at limits for.

    Raises:
        ValueError: a length that is not above 0.
    """

    longest_m: float = 500.0
    snap_m: float = 25.0
    two_way_width_m: Mapping[str, float] = field(default_factory=lambda: _by_class(7.3, 6.8, 6.0, 5.5))
    one_way_width_m: Mapping[str, float] = field(default_factory=lambda: _by_class(7.3, 6.0, 4.5, 4.0))
    sky_view: Mapping[str, float] = field(default_factory=lambda: _by_class(0.9, 0.85, 0.85, 0.8))
    bridge_sky_view: float = 0.97
    tunnel_sky_view: float = 0.05
    altitude_m: float = 100.0
    service: bool = False
    restricted: bool = False
    gritter: Gritter = field(default_factory=Gritter)

    def __post_init__(self) -> None:
        for name in ("longest_m", "snap_m"):
            if not 0.0 < getattr(self, name) < math.inf:
                raise ValueError(f"{name} is {getattr(self, name)}; allowed: more than 0")
        if not LOWEST_M <= self.altitude_m <= HIGHEST_M:
            raise ValueError(f"altitude_m is {self.altitude_m}; allowed: {LOWEST_M:g} to {HIGHEST_M:g}")

    def width_m(self, road: Road) -> float:
        """Return a road's width [m]: the map's, its lanes', or its class's; slip roads are one lane and a margin."""
        traits = road.traits
        if traits.width_m is not None:
            return traits.width_m
        if traits.lanes is not None:
            return traits.lanes * LANE_M
        if traits.carriageway == "slip":
            return 5.0 if road.one_way else 7.3
        return (self.one_way_width_m if road.one_way else self.two_way_width_m)[traits.road_class]

    def sky_view_of(self, traits: Traits) -> float:
        """Return a road's sky view factor [-]."""
        if traits.tunnel:
            return self.tunnel_sky_view
        return self.bridge_sky_view if traits.bridge else self.sky_view[traits.road_class]
