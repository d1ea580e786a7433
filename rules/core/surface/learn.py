"""The temperature factor learned from a wall probe: a night's means, day after day, a line through 0.

``Tsi - Te = fRsi (Ti - Te)``. Nights only, for no sun is on the wall then; means over hours, for a wall follows the
air with a delay; and only where it is at least 5 K warmer inside, for else the probe's own error is all there is.
Reference: the definition of fRsi in ISO 13788; the rule for the data is this project's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rules.core.means import DAY_S, HOUR_S, grouped, hourly
from rules.core.psychrometrics import Floats
from rules.core.regression import through_zero
from rules.core.surface.band import FactorBand


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnSettings:
    """When a night counts, and when nights are enough; all proposed.

    Attributes:
        from_h: start of the night by the sun [h of the day].
        hours: its length [h]; a mean over 6 to 12 h bridges the wall's delay.
        min_hours: with all three temperatures, for a night to count [h].
        min_difference_k: between room and outdoors, mean of the night [K].
        min_nights: to learn from.
        max_error: largest standard error of a factor that is worth more than an assumed one [-].
        probe_error_k: limits of the difference between wall probe and room sensor [K].
    """

    from_h: float = 22.0
    hours: float = 8.0
    min_hours: float = 6.0
    min_difference_k: float = 5.0
    min_nights: int = 7
    max_error: float = 0.05
    probe_error_k: float = 0.5


@dataclass(frozen=True, slots=True)
class LearnedFactor:
    """A learned factor.

    Attributes:
        factor: fRsi [-].
        standard_error: of the line [-].
        probe_error: standard uncertainty from the probe's error, the same every night [-].
        nights: that it rests on.
        residual_k: standard deviation of nights from the line [K].
    """

    factor: float
    standard_error: float
    probe_error: float
    nights: int
    residual_k: float

    @property
    def uncertainty(self) -> float:
        """Return the standard uncertainty of the factor, both parts together [-]."""
        return float(np.hypot(self.standard_error, self.probe_error))

    def band(self) -> FactorBand:
        """Return the factor with twice its uncertainty (about 95 %) to both sides, within 0..1."""
        wide = 2.0 * self.uncertainty
        return FactorBand(
            max(0.0, self.factor - wide), self.factor, min(1.0, self.factor + wide), learned=True
        )


@dataclass(frozen=True, slots=True)
class NotLearned:
    """Why no factor was learned.

    Attributes:
        reason: a sentence.
        nights: that were fit to learn from.
    """

    reason: str
    nights: int


def learn_factor(
    time_s: Floats,
    room_c: Floats,
    outdoor_c: Floats,
    wall_c: Floats,
    settings: LearnSettings | None = None,
    offset_s: float = 0.0,
) -> LearnedFactor | NotLearned:
    """Return the temperature factor that a wall probe shows, or why it shows none.

    Args:
        time_s: of each reading, seconds since 1970 UTC, in any order [s].
        room_c: air temperature of the room [°C]; NaN unknown.
        outdoor_c: air temperature outdoors [°C]; NaN unknown.
        wall_c: of the probe [°C]; NaN unknown.
        settings: when a night counts.
        offset_s: solar time minus UTC, to the east positive [s].
    """
    s = settings or LearnSettings()
    inside, wall = nights(time_s, room_c - outdoor_c, wall_c - outdoor_c, s, offset_s)
    fit = np.abs(inside) > s.min_difference_k
    inside, wall = inside[fit], wall[fit]
    if inside.size < s.min_nights:
        return NotLearned(
            f"{inside.size} nights with room, wall and outdoor temperature and more than "
            f"{s.min_difference_k:g} K between room and outdoors; {s.min_nights} are needed",
            inside.size,
        )
    found = through_zero(inside, wall)
    probe = s.probe_error_k / 3.0**0.5 / float(np.mean(np.abs(inside)))
    return _judged(LearnedFactor(found.slope, found.standard_error, probe, found.n, found.residual), s)


def nights(
    time_s: Floats, inside_k: Floats, wall_k: Floats, s: LearnSettings, offset_s: float
) -> tuple[Floats, Floats]:
    """Return each night's mean of room and wall above outdoors [K]; nights with too few hours are left out."""
    both = np.where(np.isnan(inside_k) | np.isnan(wall_k), np.nan, inside_k)
    starts_s, inside = hourly(time_s, both)
    _, wall = hourly(time_s, np.where(np.isnan(both), np.nan, wall_k))
    since_s = starts_s + offset_s - s.from_h * HOUR_S
    night = np.floor(since_s / DAY_S).astype(np.int64)
    is_night = since_s - night * DAY_S < s.hours * HOUR_S
    _, mean_inside, hours = grouped(night[is_night], inside[is_night])
    _, mean_wall, _ = grouped(night[is_night], wall[is_night])
    whole = hours >= s.min_hours
    return mean_inside[whole], mean_wall[whole]


def _judged(found: LearnedFactor, s: LearnSettings) -> LearnedFactor | NotLearned:
    if not 0.0 < found.factor <= 1.0:
        return NotLearned(
            f"the factor would be {found.factor:.2f}, which no outer wall has: is the probe on an outer wall, "
            "away from heating, and are room and outdoor sensors right?",
            found.nights,
        )
    if found.standard_error > s.max_error:
        return NotLearned(
            f"the nights disagree: the factor would be {found.factor:.2f} ± {found.standard_error:.2f}, "
            f"no better than an assumed one (± {s.max_error:g})",
            found.nights,
        )
    return found
