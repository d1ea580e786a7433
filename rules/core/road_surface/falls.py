"""How members' rain and snow differ from the forecast's: how much falls, when, and whether at all.

A forecast of rain is wrong in its hour as often as in its amount, and a dry one may see a shower: errors that only
multiply leave every member of a dry forecast dry, and the chance of ice at nought. Members are spread evenly over each
error, so that twenty of them have the share that is asked for, not one drawn at random.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rules.core.road_surface.forcing import Weather, on_steps, rain_share
from rules.core.road_surface.spread import Floats, Spread
from rules.core.road_surface.vapour import Array

HOUR_S = 3600.0
MOST_OF_LEAD = 0.5
"""Rain of the next minutes is not two hours late: no more than so much of the lead."""
TO_DEVIATION = 1.702
"""Of a logistic distribution that is 0.02 of the normal's."""


def fallen(
    weather: Weather, made: Weather, factor: Array, spread: Spread, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Return rain and snow of members [mm/h]: times × members × what was there; the first's are the forecast's.

    Args:
        weather: times × 1 × (1 or segments).
        made: the members' other weather.
        factor: of the amounts: times × members × 1.
        spread: of the errors.
        rng: where they come from.
    """
    count = factor.shape[1]
    late_h, dries, showers = (_evenly(count, rng) for _ in range(3))
    shift_h = spread.timing_h * np.log(late_h / (1.0 - late_h)) / TO_DEVIATION
    shift_h[0], dries[0], showers[0] = 0.0, 1.0, 1.0
    lead_h = (weather.at_s - weather.at_s[0]) / HOUR_S
    falls = dries[None, :, None] >= spread.dry * spread.grown(lead_h)[:, None, None]
    rain, snow = (_at_other_times(weather, a, shift_h) * factor * falls
                  for a in (weather.rain_mm_h, weather.snow_mm_h))  # fmt: skip
    begins = rng.integers(1, np.full(count, max(2, len(lead_h))))
    shower = _showers(weather, made, begins, showers < spread.shower, spread)
    share = rain_share(made.air_c, made.humidity_pct)
    return rain + share * shower, snow + (1.0 - share) * shower


def _evenly(count: int, rng: np.random.Generator) -> Floats:
    """Return shares between 0 and 1, one a member, in an order drawn: all but the first are evenly spread."""
    others = max(1, count - 1)
    drawn = (rng.permutation(others) + 0.5) / others
    return np.concatenate(([0.5], drawn))[:count]


def _at_other_times(weather: Weather, rate_mm_h: Array, late_h: Floats) -> Array:
    """Return what falls so many hours later: the same sum, in other hours."""
    if not rate_mm_h.any():
        return np.broadcast_to(rate_mm_h, (len(rate_mm_h), len(late_h), rate_mm_h.shape[2]))
    at_s = weather.at_s
    hours = np.diff(at_s, prepend=at_s[0])[:, None, None] / HOUR_S
    sums = np.cumsum(rate_mm_h * hours, axis=0)[:, 0]
    most = MOST_OF_LEAD * (at_s - at_s[0])[:, None]
    then = at_s[:, None] - np.clip(late_h * HOUR_S, -most, most)
    moved = on_steps(at_s, sums, then.ravel()).reshape(*then.shape, -1)
    first = np.broadcast_to(rate_mm_h[:1], (1, *moved.shape[1:]))
    return np.concatenate([first, np.diff(moved, axis=0) / hours[1:]])


def _showers(
    weather: Weather, made: Weather, begins: NDArray[np.int64], has: NDArray[np.bool_], spread: Spread
) -> Array:
    """Return showers that nobody forecast [mm/h]: one a member, in a dry hour, out of a sky that is not clear."""
    step = np.arange(len(weather.at_s))[:, None]
    there = ((step == begins[None, :]) & has[None, :])[:, :, None]
    dry = weather.rain_mm_h + weather.snow_mm_h == 0.0
    clouded = np.isnan(made.cloud) | (made.cloud >= spread.shower_cloud)
    hours = np.maximum(np.diff(weather.at_s, prepend=weather.at_s[0]) / HOUR_S, 1e-9)[:, None, None]
    return np.asarray(np.where(there & dry & clouded, spread.shower_mm / hours, 0.0))
