"""What the emergency way is found by: shares of speed by surface, vehicles, turns. Files: ``rules/catalogue/ops``."""

from __future__ import annotations

import math

import msgspec

SURFACES = ("dry", "damp", "wet", "hoar", "ice", "snow", "unknown")
"""States of a road's surface, as the rules have them; their codes are their places here."""
ICY = ("hoar", "ice", "snow")
UNKNOWN = SURFACES.index("unknown")


class Surface(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Share of the dry speed on a surface [-]: usual, and between which it lies in 8 of 10 cases.

    Raises:
        ValueError: not 0 < slow <= usual <= fast <= 1.
    """

    usual: float
    slow: float
    fast: float

    def __post_init__(self) -> None:
        """Raise ValueError where they are not in order."""
        if not 0.0 < self.slow <= self.usual <= self.fast <= 1.0:
            raise ValueError(
                f"slow {self.slow}, usual {self.usual}, fast {self.fast}; allowed: 0 < slow <= usual <= fast <= 1"
            )


class WaySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """See the comments in ``emergency_way.toml``; units are in the names.

    Raises:
        ValueError: one that can't be, in words.
    """

    treated_h: float
    treated_gain: float
    stale_min: float
    icy_from: float
    right_s: float
    left_s: float
    straight_s: float
    turn_round_s: float
    straight_deg: float
    again_costs: float
    against_km_h: float
    on_road_m: float

    def __post_init__(self) -> None:
        """Raise ValueError naming what can't be."""
        for name in self.__struct_fields__:
            if not 0.0 <= getattr(self, name) < math.inf:
                raise ValueError(f"{name} is {getattr(self, name)}; allowed: 0 or more")
        for name in ("treated_gain", "icy_from"):
            if getattr(self, name) > 1.0:
                raise ValueError(f"{name} is {getattr(self, name)}; allowed: at most 1")
        if self.again_costs < 1.0 or self.against_km_h <= 0.0:
            raise ValueError("again_costs is at least 1, against_km_h above 0")


class Vehicle(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A kind of vehicle: share of the road's limit that it drives, its weight and size, the width it needs.

    Raises:
        ValueError: one that is not above 0.
    """

    label: str
    speed_share: float
    weight_t: float
    height_m: float
    width_m: float
    needs_width_m: float

    def __post_init__(self) -> None:
        """Raise ValueError naming what can't be."""
        for name in self.__struct_fields__[1:]:
            if not 0.0 < getattr(self, name) < math.inf:
                raise ValueError(f"{self.label}: {name} is {getattr(self, name)}; allowed: above 0")


class WayParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All of it.

    Raises:
        ValueError: a surface is missing or unknown, or there is no vehicle.
    """

    id: str
    version: int
    surface: dict[str, Surface]
    settings: WaySettings
    vehicle: dict[str, Vehicle]

    def __post_init__(self) -> None:
        """Raise ValueError naming what is missing or too much."""
        if odd := set(SURFACES) ^ set(self.surface):
            raise ValueError(
                f"surface: {', '.join(sorted(odd))} missing or unknown; there are {', '.join(SURFACES)}"
            )
        if not self.vehicle:
            raise ValueError("there is no vehicle")
