"""A short look ahead from a sensor's own last hours: a trend that dies out.

A road cools fast after sunset and ever slower towards morning, so a straight line
goes far too low. ``T(h) = T0 + s tau (1 - exp(-h / tau))`` starts with the observed slope
s [°C/h] and ends ``s tau`` away. It knows neither cloud nor sunrise: a guide for the
coming hours, not a forecast.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rules.core.psychrometrics import Floats


@dataclass(frozen=True, slots=True)
class Nowcast:
    """A damped trend.

    Attributes:
        now_c: temperature now [°C].
        slope_c_h: change now [°C/h].
        damping_h: time in which the slope falls to 1/e [h].
    """

    now_c: float
    slope_c_h: float
    damping_h: float

    def after_c(self, hours: float) -> float:
        """Return the temperature ``hours`` from now [°C]."""
        return self.now_c + self.slope_c_h * self.damping_h * (1.0 - math.exp(-hours / self.damping_h))

    def minimum_c(self, horizon_h: float) -> float:
        """Return the lowest temperature between now and ``horizon_h`` [°C]."""
        return min(self.now_c, self.after_c(horizon_h))

    def hours_until(self, limit_c: float) -> float | None:
        """Return when ``limit_c`` is reached or passed downwards [h]; 0 if it is already, None if never."""
        if self.now_c <= limit_c:
            return 0.0
        reach = self.slope_c_h * self.damping_h
        if self.now_c + reach >= limit_c:
            return None
        return -self.damping_h * math.log(1.0 - (limit_c - self.now_c) / reach)


def minimum_c(now_c: Floats, slope: Floats, damping_h: float, horizon_h: float) -> Floats:
    """Return :meth:`Nowcast.minimum_c` of many trends [°C]; NaN where now is unknown."""
    return np.minimum(now_c, now_c + slope * damping_h * (1.0 - math.exp(-horizon_h / damping_h)))


def hours_until(limit_c: Floats, now_c: Floats, slope: Floats, damping_h: float) -> Floats:
    """Return :meth:`Nowcast.hours_until` of many trends [h]; NaN for never, and where anything is unknown."""
    reach = slope * damping_h
    with np.errstate(all="ignore"):
        hours = -damping_h * np.log(1.0 - (limit_c - now_c) / reach)
        never = np.isnan(limit_c - now_c) | (now_c + reach >= limit_c)
        return np.where(now_c <= limit_c, 0.0, np.where(never, np.nan, hours))


def slope_c_h(history: Sequence[tuple[float, float]], window_h: float, limit_c_h: float) -> float:
    """Return the least-squares slope of the last ``window_h`` hours of a history [°C/h].

    Args:
        history: (time [s since 1970], temperature [°C]) in rising time.
        window_h: how far back from the last point [h].
        limit_c_h: slopes are limited to ± this [°C/h].

    Returns:
        0.0 where fewer than two points or less than a quarter of an hour are there.
    """
    if not history:
        return 0.0
    last = history[-1][0]
    points = [((t - last) / 3600.0, c) for t, c in history if t >= last - window_h * 3600.0]
    if len(points) < 2 or points[-1][0] - points[0][0] < 0.25:
        return 0.0
    mean_t = sum(t for t, _ in points) / len(points)
    mean_c = sum(c for _, c in points) / len(points)
    spread = sum((t - mean_t) ** 2 for t, _ in points)
    slope = sum((t - mean_t) * (c - mean_c) for t, c in points) / spread
    return max(-limit_c_h, min(limit_c_h, slope))


def slopes_c_h(times_s: Floats, temperatures_c: Floats, window_h: float, limit_c_h: float) -> Floats:
    """Return :func:`slope_c_h` of many histories, a row each; they end in the last column, NaN before they begin.

    Sums are made one after the other, as the function for one history makes them.
    """
    last = times_s[:, -1:]
    inside = times_s >= last - window_h * 3600.0  # NaN is not
    hours = (times_s - last) / 3600.0
    n = inside.sum(axis=1)
    first = np.take_along_axis(hours, np.argmax(inside, axis=1)[:, None], axis=1)[:, 0]
    with np.errstate(all="ignore"):
        mean_t = _sum(hours, inside) / n
        mean_c = _sum(temperatures_c, inside) / n
        away = hours - mean_t[:, None]
        spread = _sum(away**2, inside)
        slope = _sum(away * (temperatures_c - mean_c[:, None]), inside) / spread
    unsure = (n < 2) | (hours[:, -1] - first < 0.25)
    limited = np.maximum(-limit_c_h, np.minimum(limit_c_h, slope))
    return np.where(unsure, 0.0, limited)


def _sum(values: Floats, inside: NDArray[np.bool_]) -> Floats:
    total: Floats = np.cumsum(np.where(inside, values, 0.0), axis=1)[:, -1]
    return total
