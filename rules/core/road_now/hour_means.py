"""Radiation as forecasts give it, the mean of the hour that ends at the time, told at a moment.

Taken for the value at the hour's end the sun would rise and set half an hour late. The sky's clearness is what a mean
says of its hour; at a moment it is that of the hours' middles around it, times the clear sky's sun of that moment.
"""

from __future__ import annotations

import numpy as np

from rules.core.psychrometrics import Floats
from rules.core.road_now.weather import HOUR_S, Place, clear_sky_w_m2

HALF_S = 0.5 * HOUR_S
WITHIN_S = 600.0 * (np.arange(6.0) + 0.5)
"""Moments of an hour that stand for it."""
LEAST_W_M2 = 10.0
"""An hour with less sun under a clear sky tells nothing of clearness."""
MOST = 1.5
"""Clouds' edges brighten a short time; a mean above a clear sky's by more is a mistake."""


def sun_at(at_s: Floats, hours_s: Floats, mean_w_m2: Floats, place: Place) -> Floats:
    """Return global radiation at times [W/m²]; NaN beyond what is given, and where no hour tells of clearness.

    Args:
        at_s: times [s since 1970].
        hours_s: ends of the hours.
        mean_w_m2: of them; NaN = not given.
        place: where the sun is.
    """
    clear = clear_sky_w_m2((hours_s[:, None] - WITHIN_S[None, :]).ravel(), place)
    clear = clear.reshape(len(hours_s), -1).mean(axis=1)
    tells = (clear >= LEAST_W_M2) & ~np.isnan(mean_w_m2)
    if not tells.any():
        return np.full(len(at_s), np.nan)
    share = np.clip(mean_w_m2[tells] / clear[tells], 0.0, MOST)
    said = np.interp(at_s, hours_s[tells] - HALF_S, share) * clear_sky_w_m2(at_s, place)
    return np.where(_given(at_s, hours_s, mean_w_m2), said, np.nan)


def mean_at(at_s: Floats, hours_s: Floats, mean: Floats) -> Floats:
    """Return what else is a mean of hours, between their middles; NaN beyond what is given, and beside one that is not."""
    said = np.interp(at_s, hours_s - HALF_S, mean)
    return np.where(at_s <= hours_s[-1], said, np.nan)


def _given(at_s: Floats, hours_s: Floats, mean: Floats) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Whether the hour in which a time lies is given."""
    i = np.searchsorted(hours_s, at_s)
    there = (i < len(hours_s)) & ~np.isnan(mean[np.minimum(i, len(hours_s) - 1)])
    return np.asarray(there, dtype=np.bool_)
