"""What a gritter's way costs: the planner counts seconds, an officer pounds."""

from __future__ import annotations

import msgspec


class LorryCosts(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Of a kilometre, and of an hour of lorry and crew [£].

    Raises:
        ValueError: below 0.
    """

    id: str
    version: int
    gbp_km: float
    gbp_h: float

    def __post_init__(self) -> None:
        """Raise ValueError naming what can't be."""
        for name in ("gbp_km", "gbp_h"):
            if not 0.0 <= getattr(self, name) < 1e6:
                raise ValueError(f"{name} is {getattr(self, name)}; allowed: 0 or more")
