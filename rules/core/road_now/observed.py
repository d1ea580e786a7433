"""Readings on the steps of a run: of each step the last or the mean, short gaps bridged."""

from __future__ import annotations

import numpy as np

from rules.core.psychrometrics import Floats
from rules.core.road_now.model import Ints


def gridded(
    ends_s: Floats,
    who: Ints,
    at_s: Floats,
    values: Floats,
    count: int,
    gap_s: float,
    *,
    means: bool = False,
) -> Floats:
    """Return values of ``count`` sensors on steps: steps × count, NaN = unknown.

    Args:
        ends_s: of the steps, evenly rising [s since 1970].
        who: whose value, 0..count-1.
        at_s: when it was measured; what is outside of the steps is left out.
        values: NaN = not measured.
        count: of sensors.
        means: of a step's values the mean, not the last: where ``who`` is the town, not a sensor.
        gap_s: so far from a step with a value the value still counts, and gaps up to twice that are bridged.
    """
    step_s = float(ends_s[1] - ends_s[0])
    inside = (at_s > ends_s[0] - step_s) & (at_s <= ends_s[-1]) & ~np.isnan(values)
    place = np.searchsorted(ends_s, at_s[inside]) * count + who[inside]
    found = (
        _means(place, values[inside], len(ends_s) * count) if means else np.full(len(ends_s) * count, np.nan)
    )
    if not means:
        in_time = np.argsort(at_s[inside], kind="stable")  # the last one written stays
        found[place[in_time]] = values[inside][in_time]
    grid = found.reshape(len(ends_s), count)
    for k in np.flatnonzero((~np.isnan(grid)).any(axis=0)).tolist():
        grid[:, k] = _bridged(ends_s, grid[:, k], gap_s)
    return grid


def _means(place: Ints, values: Floats, size: int) -> Floats:
    n = np.bincount(place, minlength=size)
    total = np.bincount(place, weights=values, minlength=size)
    mean: Floats = np.divide(total, n, out=np.full(size, np.nan), where=n > 0)
    return mean


def _bridged(ends_s: Floats, column: Floats, gap_s: float) -> Floats:
    known = np.flatnonzero(~np.isnan(column))
    times = ends_s[known]
    after = np.minimum(np.searchsorted(times, ends_s), len(times) - 1)
    before = np.maximum(after - 1, 0)
    away = np.minimum(np.abs(times[after] - ends_s), np.abs(ends_s - times[before]))
    return np.where(away <= gap_s, np.interp(ends_s, times, column[known]), np.nan)


def filled(column: Floats, otherwise: Floats | float) -> Floats:
    """Return a column with its gaps bridged, whatever their length; where nothing is known at all, the other values."""
    known = ~np.isnan(column)
    if not known.any():
        return np.broadcast_to(np.asarray(otherwise, dtype=np.float64), column.shape).copy()
    at = np.arange(len(column))
    return np.interp(at, at[known], column[known])
