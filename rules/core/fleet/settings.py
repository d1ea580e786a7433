"""What a planner is told of lorries in general: speeds, turns, widths, limits and what matters more."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from rules.core.network.lorry import Gritter

USUAL = Gritter()


def _limits() -> Mapping[int, float]:
    return {1: 7200.0, 2: 10800.0}


@dataclass(frozen=True)
class FleetSettings:
    """All are defaults of our own unless a source is named; an authority knows its lorries better.

    Attributes:
        treating_km_h: speed with the spreader on; where the road's own driving speed is lower, that.
        driving_share: of a road's speed that a lorry drives with the spreader off.
        spread_width_m: width that one pass treats [m].
        right_s, left_s, straight_s, turn_round_s: what a turn takes [s] (traffic on the left).
        straight_deg: up to this angle it is no turn [°].
        round_deg: above this angle it takes as long as turning round [°].
        loading_s: at a depot or barn for a load of salt [s] (MDSS: 30 min).
        limits_s: by priority, the end of treatment after the start of the night [s]; a priority that
            is not there has no limit.
        late_cost: of a second of lateness or of overtime, in seconds of a lorry.
        late_job_cost: of a street that is late at all [s].
        change_s: of a street that changes its lorry [s].
        weight_t, height_m, width_m: of the lorries: roads with lower limits are not driven.

    Raises:
        ValueError: a value that can't be, in words.
    """

    treating_km_h: float = 40.0
    driving_share: float = 0.8
    spread_width_m: float = 8.0
    right_s: float = 12.0
    left_s: float = 6.0
    straight_s: float = 2.0
    turn_round_s: float = 60.0
    straight_deg: float = 40.0
    round_deg: float = 150.0
    loading_s: float = 1800.0
    limits_s: Mapping[int, float] = field(default_factory=_limits)
    late_cost: float = 20.0
    late_job_cost: float = 600.0
    change_s: float = 60.0
    weight_t: float = USUAL.weight_t
    height_m: float = USUAL.height_m
    width_m: float = USUAL.width_m

    def __post_init__(self) -> None:
        positive = ("treating_km_h", "driving_share", "spread_width_m")
        for name in (f.name for f in fields(self) if f.name != "limits_s"):
            value = getattr(self, name)
            if not (0.0 < value < math.inf if name in positive else 0.0 <= value < math.inf):
                raise ValueError(
                    f"{name} is {value}; allowed: {'above 0' if name in positive else '0 or more'}"
                )
        for priority, limit in self.limits_s.items():
            if not 0.0 < limit < math.inf:
                raise ValueError(f"limit of priority {priority} is {limit} s; allowed: above 0")
