"""What an event was: shower or cooking, by how long the rise lasts and by the hour of the day.

The two lengths overlap, and habits differ: what comes out is a guess with its probability,
never more than the household's own word in the diary.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from rules.core.moisture_events.model import Activity
from rules.core.moisture_events.parameters import HourShare, KindParameters


def hour_density(hour_local: float, hours: Sequence[HourShare], any_hour_share: float) -> float:
    """Return how usual something is at an hour of the local day [1/h]; the day is a circle."""
    usual = 0.0
    for middle, spread, share in hours:
        away = (hour_local - middle + 12.0) % 24.0 - 12.0
        usual += share * math.exp(-0.5 * (away / spread) ** 2) / (spread * math.sqrt(2.0 * math.pi))
    return any_hour_share / 24.0 + (1.0 - any_hour_share) * usual


def guess(rise_min: float, hour_local: float, p: KindParameters) -> tuple[Activity, float]:
    """Return what an event was and with which probability, 0..1.

    Args:
        rise_min: from the start to the peak [min].
        hour_local: hour of the local day when it began.
        p: what is usual.
    """
    length = math.log(max(rise_min, 5.0))

    def likely(usual_min: float, hours: Sequence[HourShare]) -> float:
        away = (length - math.log(usual_min)) / p.spread
        return math.exp(-0.5 * away**2) * hour_density(hour_local, hours, p.any_hour_share)

    shower, cooking = likely(p.shower_min, p.shower_hours), likely(p.cooking_min, p.cooking_hours)
    share = shower / (shower + cooking)
    best: Activity = "shower" if share >= 0.5 else "cooking"
    confidence = max(share, 1.0 - share)
    return (best, confidence) if confidence >= p.unsure else ("unknown", confidence)
