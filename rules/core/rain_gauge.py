"""The town's rain gauge some hours back, and the rain to come: what washes salt off a road. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rules.core.forecast_looks import MAY_FREEZE
from rules.core.psychrometrics import Floats
from rules.core.road_now.table import QUANTITIES

STEP_S = 600.0
"""The gauge is noted this often while it rains."""
RAIN, BELOW = QUANTITIES.index("rain_mm_h"), QUANTITIES.index("below_zero")

Points = tuple[tuple[float, float], ...]
"""When [s since 1970], and what the gauge showed [mm], in order of time; a dry spell has none."""


def noted(
    points: Points, before: tuple[float, float], now: tuple[float, float], keep_s: float = 0.0
) -> Points:
    """Return the points with that of a tick where one is due.

    Args:
        points: so far.
        before: of the tick before.
        now: of this tick.
        keep_s: points older than this are forgotten, but for the last of them.
    """
    at_s, rain_mm = now
    points = points or (before,)
    if rain_mm > points[-1][1] and at_s - points[-1][0] >= STEP_S:
        points = (*points, now)
    old = sum(t <= at_s - keep_s for t, _ in points)
    return points[max(0, old - 1) :]


def gauge_mm(points: Sequence[tuple[float, float]], now: tuple[float, float], at_s: float) -> float:
    """Return what the gauge showed at a time [mm], rather too little: then more has fallen since.

    Args:
        points: of :func:`noted`.
        now: of the last tick.
        at_s: the time [s since 1970].
    """
    if at_s >= now[0] or not points:
        return now[1]
    return max((mm for t, mm in points if t <= at_s), default=points[0][1])


def coming_mm(values: Floats, lead_h: Floats, low_in_h: Floats, horizon_h: float) -> Floats:
    """Return the rain that a road forecast has from now until the road may freeze for the last time [mm]; 0 where it tells none.

    Not until it first is cold only: of a thaw between two frosts the rain washes off what the second needs.

    Args:
        values: of its table: segments × quantities × hours.
        lead_h: age of each segment's forecast [h].
        low_in_h: hours until the surface is nearly as cold as it will be, NaN = unknown: then to the horizon, where it
            freezes nowhere.
        horizon_h: how far to look [h].
    """
    rate = np.nan_to_num(values[:, RAIN, :])
    ends_h = np.arange(1.0, rate.shape[1] + 1.0)[None, :] - lead_h[:, None]
    ahead = (ends_h > 0.0) & (ends_h <= horizon_h)
    freezes = ahead & (np.nan_to_num(values[:, BELOW, :]) >= MAY_FREEZE)
    last_h = np.where(freezes, ends_h, np.nan)
    last_h[:, 0] = np.fmax(last_h[:, 0], low_in_h)
    last_h = np.fmax.reduce(last_h, axis=1)
    until_h = np.where(np.isnan(last_h), horizon_h, np.minimum(last_h, horizon_h))[:, None]
    hours = np.clip(np.minimum(ends_h, until_h) - np.maximum(ends_h - 1.0, 0.0), 0.0, 1.0)
    return np.asarray((rate * hours).sum(axis=1), dtype=np.float64)
