"""Hourly means of a long series that comes in pieces: what it needs does not grow with the readings."""

from __future__ import annotations

import numpy as np

from rules.core.means import HOUR_S
from rules.core.psychrometrics import Floats
from rules.core.psychrometrics.shape import array


class HourMeans:
    """Means of several quantities over the hours of a period.

    Args:
        from_s: start of the first hour [s since 1970].
        hours: of the period.
        quantities: how many there are.
    """

    def __init__(self, from_s: float, hours: int, quantities: int) -> None:
        self.from_s, self.hours = from_s, hours
        self._sums, self._counts = np.zeros((quantities, hours)), np.zeros((quantities, hours))

    def add(self, at_s: Floats, *values: Floats) -> None:
        """Add readings; those outside the period and those that are NaN count nowhere."""
        hour = np.floor((at_s - self.from_s) / HOUR_S).astype(np.int64)
        inside = (hour >= 0) & (hour < self.hours)
        for row, series in enumerate(values):
            use = inside & ~np.isnan(series)
            self._sums[row] += np.bincount(hour[use], weights=series[use], minlength=self.hours)
            self._counts[row] += np.bincount(hour[use], minlength=self.hours)

    def means(self) -> Floats:
        """Return the means, shape (quantities, hours); NaN where nothing is known."""
        nothing = np.full(self._sums.shape, np.nan)
        return array(np.divide(self._sums, self._counts, out=nothing, where=self._counts > 0))

    @property
    def times_s(self) -> Floats:
        """Start of each hour [s since 1970]."""
        return array(self.from_s + HOUR_S * np.arange(self.hours, dtype=np.float64))


class Silences:
    """Spans without a reading, found in a series that comes in pieces, in order of time.

    Args:
        from_s, to_s: the period [s since 1970].
        longest_s: a span longer than this is one [s].
    """

    def __init__(self, from_s: float, to_s: float, longest_s: float) -> None:
        self._last_s, self._to_s, self._longest_s = from_s, to_s, longest_s
        self._found: list[tuple[float, float]] = []

    def add(self, at_s: Floats) -> None:
        """Take the next readings."""
        if at_s.size == 0:
            return
        times = np.concatenate(([self._last_s], np.sort(at_s)))
        wide = np.flatnonzero(np.diff(times) > self._longest_s)
        self._found += [(float(times[i]), float(times[i + 1])) for i in wide]
        self._last_s = max(self._last_s, float(times[-1]))

    def found(self) -> tuple[tuple[float, float], ...]:
        """Return the spans, the one that lasts to the end included."""
        rest = [(self._last_s, self._to_s)] if self._to_s - self._last_s > self._longest_s else []
        return (*self._found, *rest)
