"""Clothes that dry indoors: slow, for hours; told from the water balance of the home, hour by hour.

g = n V (c - c_out) + V dc/dt + B dRH/dt: carried off, into the air, into the furnishings.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from rules.core.moisture_events.grid import Outdoor, absolute_g_m3
from rules.core.moisture_events.model import Band, Event
from rules.core.moisture_events.parameters import DryingParameters, MoistureParameters
from rules.core.moisture_events.rises import runs
from rules.core.psychrometrics import Floats, absolute_humidity_g_m3

HOUR_S = 3600.0


def look_back_s(p: MoistureParameters) -> float:
    """Return how long before a window readings must begin, for the same drying as over the whole [s]."""
    return p.drying.usual_days * 24.0 * HOUR_S + (p.drying.longest_h + p.drying.smooth_h + 2) * HOUR_S


def look_ahead_s(p: MoistureParameters) -> float:
    """Return how long after a window they must go on, for the same drying as over the whole [s]."""
    return (p.drying.longest_h + p.drying.smooth_h + 2) * HOUR_S


def find_drying(
    at_s: Floats,
    temperature_c: Floats,
    humidity_pct: Floats,
    p: MoistureParameters,
    outdoor: Outdoor,
    *,
    from_s: float = -np.inf,
    until_s: float = np.inf,
) -> tuple[Event, ...]:
    """Return the times of drying that begin within [``from_s``, ``until_s``), in order.

    Nothing is found in the first ``least_days`` days, nor where the outdoor humidity is not known.

    Args:
        at_s: times of the readings [s since 1970].
        temperature_c: air [°C]; NaN leaves the reading out.
        humidity_pct: relative humidity [%]; NaN leaves the reading out.
        p: the settings.
        outdoor: vapour pressure outdoors.
        from_s: beginning of the window [s since 1970].
        until_s: its end, not in it.
    """
    hour_s, released = released_g_h(at_s, temperature_c, humidity_pct, p, outdoor)
    above = released - usual_g_h(released, p.drying)
    vapour = _hourly(at_s, absolute_g_m3(temperature_c, humidity_pct))[1]
    marked = np.nan_to_num(above, nan=-np.inf) >= p.drying.above_g_h
    events = []
    for first, last in runs(marked, 1):
        begins = from_s <= hour_s[first] < until_s
        if begins and p.drying.least_h <= last - first + 1 <= p.drying.longest_h:
            events.append(_event(hour_s, vapour, above, first, last, p))
    return tuple(events)


def released_g_h(
    at_s: Floats, temperature_c: Floats, humidity_pct: Floats, p: MoistureParameters, outdoor: Outdoor
) -> tuple[Floats, Floats]:
    """Return the hours' beginnings [s] and the water let into the air in each [g/h]; NaN where unknown."""
    hour_s, vapour = _hourly(at_s, absolute_g_m3(temperature_c, humidity_pct))
    humidity = _hourly(at_s, np.where(np.isnan(temperature_c), np.nan, humidity_pct))[1]
    if len(hour_s) < 3:
        return hour_s, np.full(len(hour_s), np.nan)
    warm = _hourly(at_s, temperature_c)[1]
    excess = vapour - absolute_humidity_g_m3(warm, outdoor.at(hour_s + 0.5 * HOUR_S))
    volume = p.room.air_m3
    g_h = p.drying.carried_per_hour * volume * excess + volume * _slope(vapour)
    g_h = g_h + p.drying.furnishings_g_per_pct * _slope(humidity)
    half = p.drying.smooth_h // 2
    padded = np.pad(g_h, half, constant_values=np.nan)
    return hour_s, np.asarray(np.median(sliding_window_view(padded, p.drying.smooth_h), axis=1))


def usual_g_h(released: Floats, p: DryingParameters) -> Floats:
    """Return what is usual at each hour: a quantile of the same hour of the days before [g/h]."""
    n = len(released)
    before = np.full((p.usual_days, n), np.nan)
    for day in range(1, p.usual_days + 1):
        before[day - 1, 24 * day :] = released[: max(n - 24 * day, 0)]
    enough = np.isfinite(before).sum(axis=0) >= p.least_days
    usual = np.full(n, np.nan)
    if enough.any():
        usual[enough] = _quantile(before[:, enough], p.usual_share)
    return usual


def _quantile(rows: Floats, share: float) -> Floats:
    """Return the quantile of the known values of each column, straight between neighbours; each has one or more.

    As ``numpy.nanquantile``, which takes one column after the other: fifty times as long.
    """
    ordered = np.sort(rows, axis=0)  # NaN last
    last = np.isfinite(rows).sum(axis=0) - 1
    place = share * last
    below = np.floor(place).astype(np.int64)
    column = np.arange(rows.shape[1])
    low, high = ordered[below, column], ordered[np.minimum(below + 1, last), column]
    return np.asarray(low + (place - below) * (high - low), dtype=np.float64)


def _hourly(at_s: Floats, values: Floats) -> tuple[Floats, Floats]:
    """Return the beginnings of the hours, counted from 1970, and the means of the values in them."""
    if len(at_s) == 0:
        return np.empty(0), np.empty(0)
    number = np.floor(at_s / HOUR_S).astype(np.int64)
    first, good = int(number.min()), np.isfinite(values)
    size = int(number.max()) - first + 1
    count = np.bincount(number[good] - first, minlength=size)
    total = np.bincount(number[good] - first, weights=values[good], minlength=size)
    hour_s = np.asarray((first + np.arange(size)) * HOUR_S, dtype=np.float64)
    return hour_s, np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _slope(values: Floats) -> Floats:
    """Return the change per hour around each hour; NaN at both ends."""
    slope = np.full(len(values), np.nan)
    slope[1:-1] = 0.5 * (values[2:] - values[:-2])
    return slope


def _event(
    hour_s: Floats, vapour: Floats, above: Floats, first: int, last: int, p: MoistureParameters
) -> Event:
    hours = slice(first, last + 1)
    grams = float(np.nansum(above[hours]))
    peak = first + int(np.nanargmax(vapour[hours]))
    margin = float(np.nanmean(above[hours])) / p.drying.above_g_h
    spread = 2.0 * p.room.volume_share
    return Event(
        start_s=float(hour_s[first]),
        peak_s=float(hour_s[peak]),
        end_s=float(hour_s[last]) + HOUR_S,
        baseline_g_m3=float(vapour[first]),
        peak_g_m3=float(vapour[peak]),
        grams=Band(low=grams / (1.0 + spread), middle=grams, high=grams * (1.0 + spread)),
        full=False,
        half_min=None,
        clear_min=None,
        aired=False,
        outdoor_explains=False,
        rebound=False,
        activity="washing",
        confidence=min(0.9, 0.45 + 0.2 * margin),
    )
