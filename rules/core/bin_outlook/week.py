"""The hours of the week, and how much of a week's filling falls between two times. Pure."""

from __future__ import annotations

from datetime import datetime, tzinfo
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rules.core.psychrometrics import Floats

HOUR_S, WEEK_H, DAY_H = 3600.0, 168, 24
Ints = NDArray[np.int64]


def hours_of_week(first_hour: int, n: int, zone: tzinfo) -> Ints:
    """Return the local hour of the week, 0 = Monday's first, of ``n`` hours of UTC; ``first_hour``: since 1970.

    An hour is what the clock shows in its middle: one that comes twice in autumn is the same hour twice.
    """
    return np.array([_hour_of_week(hour, zone) for hour in range(first_hour, first_hour + n)], dtype=np.int64)


@lru_cache(maxsize=4096)  # each hour again looks at the hours that the one before looked at
def _hour_of_week(hour: int, zone: tzinfo) -> int:
    local = datetime.fromtimestamp((hour + 0.5) * HOUR_S, zone)
    return local.weekday() * DAY_H + local.hour


class Course(NamedTuple):
    """A stretch of time with its hours of the week, and how much falls into it by kind of place.

    Attributes:
        first_hour: of UTC, since 1970.
        hours: of the week, n.
        weights: places × n; 1 = as much as an hour of the week on average.
        until: places × (n + 1): how much falls into it until the begin of each hour.
    """

    first_hour: int
    hours: Ints
    weights: Floats
    until: Floats

    def upto(self, place: Ints, at_s: Floats) -> Floats:
        """Return how much has fallen into it until a time [h of an average week]; times outside it are its ends."""
        n = len(self.hours)
        at_h = np.clip(at_s / HOUR_S - self.first_hour, 0.0, n)
        whole = np.minimum(at_h.astype(np.int64), n - 1)
        return np.asarray(self.until[place, whole] + (at_h - whole) * self.weights[place, whole])

    def reaches(self, place: Ints, from_s: Floats, amount_h: Floats) -> Floats:
        """Return when so much more has fallen into it since a time [s since 1970]: after its last week as in that week."""
        target = self.upto(place, from_s) + amount_h
        end = self.until[:, -1]
        weeks = np.maximum(np.ceil((target - end[place]) / WEEK_H), 0.0)
        inside = target - weeks * WEEK_H
        found = np.empty(len(place))
        hours = np.arange(len(self.hours) + 1, dtype=np.float64)
        for k in np.unique(place).tolist():
            of = place == k
            found[of] = np.interp(inside[of], self.until[k], hours)
        return np.asarray((self.first_hour + found + weeks * WEEK_H) * HOUR_S)


def course(shape: Floats, from_s: float, to_s: float, zone: tzinfo) -> Course:
    """Return the time from ``from_s`` to ``to_s`` in whole hours, at least one; ``shape``: places × 168, on average 1."""
    first = int(np.floor(from_s / HOUR_S))
    n = max(int(np.ceil(to_s / HOUR_S)) - first, 1)
    hours = hours_of_week(first, n, zone)
    weights = shape[:, hours]
    until = np.zeros((len(shape), n + 1))
    np.cumsum(weights, axis=1, out=until[:, 1:])
    return Course(first, hours, weights, until)
