"""Readings on the steps of a run: of each step the last or the mean, short gaps bridged; what is likely in long ones."""

from __future__ import annotations

import numpy as np

from rules.core.psychrometrics import Floats
from rules.core.road_now.model import Ints

HOUR_S, DAY_S = 3600.0, 86_400.0


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
        grid[:, k] = _held(ends_s, grid[:, k], gap_s)
    return grid


def _means(place: Ints, values: Floats, size: int) -> Floats:
    n = np.bincount(place, minlength=size)
    total = np.bincount(place, weights=values, minlength=size)
    mean: Floats = np.divide(total, n, out=np.full(size, np.nan), where=n > 0)
    return mean


def _held(ends_s: Floats, column: Floats, gap_s: float) -> Floats:
    known = np.flatnonzero(~np.isnan(column))
    times = ends_s[known]
    after = np.minimum(np.searchsorted(times, ends_s), len(times) - 1)
    before = np.maximum(after - 1, 0)
    away = np.minimum(np.abs(times[after] - ends_s), np.abs(ends_s - times[before]))
    return np.where(away <= gap_s, np.interp(ends_s, times, column[known]), np.nan)


def bridged(ends_s: Floats, column: Floats, likely: Floats, fades_s: float) -> Floats:
    """Return a column whose unknown steps are what is likely, moved to what was measured before and after.

    Args:
        ends_s: of the steps.
        column: NaN = not measured.
        likely: at all steps; where it is NaN the column stays as it is.
        fades_s: before the first and after the last value the move falls to 1/e in this time.
    """
    missed = column - likely
    known = np.flatnonzero(~np.isnan(missed))
    move = np.zeros(len(column))
    if len(known) > 0:
        times = ends_s[known]
        away_s = np.maximum(np.maximum(times[0] - ends_s, ends_s - times[-1]), 0.0)
        move = np.interp(ends_s, times, missed[known]) * np.exp(-away_s / fades_s)
    return np.where(np.isnan(column), likely + move, column)


def usual(ends_s: Floats, column: Floats, otherwise: float, alike: float) -> Floats:
    """Return the daily course: at each step what was first measured at its time of day; the other value where nothing was.

    It is one day's, not the mean of days: else it would leap where the measurements of the last day end. ``alike``: so
    much of it about its mean, 0..1.
    """
    known = ~np.isnan(column)
    if not known.any():
        return np.full(len(column), otherwise)
    slot_s = np.round(ends_s % DAY_S)
    times_s, first = np.unique(slot_s[known], return_index=True)
    course = np.interp(slot_s, times_s, column[known][first], period=DAY_S)
    return np.asarray(course.mean() + alike * (course - course.mean()), dtype=np.float64)


def silence_h(ends_s: Floats, column: Floats) -> float:
    """Return for how long a column has been unknown at the last step [h]: all steps where it never was known."""
    known = np.flatnonzero(~np.isnan(column))
    from_s = ends_s[known[-1]] if len(known) > 0 else 2.0 * ends_s[0] - ends_s[1]
    return float(ends_s[-1] - from_s) / HOUR_S
