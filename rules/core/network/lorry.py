"""The lorry that a network is looked at for, where nobody names another: which roads are too weak, low or narrow for it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields

from devices.registry import RoadSegment
from rules.core.network.osm_limits import Limits


@dataclass(frozen=True, slots=True)
class Gritter:
    """A gritter's permitted weight [t], height and width [m]: a two-axle lorry's. Defaults of our own.

    Raises:
        ValueError: one that is not above 0.
    """

    weight_t: float = 18.0
    height_m: float = 3.6
    width_m: float = 2.6

    def __post_init__(self) -> None:
        for name in (f.name for f in fields(self)):
            if not 0.0 < getattr(self, name) < math.inf:
                raise ValueError(f"gritter's {name} is {getattr(self, name)}; allowed: more than 0")

    def too_much_for(self, limits: Limits) -> list[str]:
        """Return for what a limit is too low, in words; none where the gritter may pass."""
        return list(self._too_much(limits.weight_t, limits.height_m, limits.width_m))

    def too_much_on(self, s: RoadSegment) -> list[str]:
        """Return for what a segment's limits are too low, in words."""
        return list(self._too_much(s.max_weight_t, s.max_height_m, s.max_width_m))

    def _too_much(
        self, weight_t: float | None, height_m: float | None, width_m: float | None
    ) -> Iterator[str]:
        if weight_t is not None and self.weight_t > weight_t:
            yield f"{weight_t:g} t"
        if height_m is not None and self.height_m > height_m:
            yield f"{height_m:g} m high"
        if width_m is not None and self.width_m > width_m:
            yield f"{width_m:g} m wide"

    @property
    def words(self) -> str:
        """What it weighs and measures."""
        return f"{self.weight_t:g} t, {self.height_m:g} m high and {self.width_m:g} m wide"
