"""Many nights of one street as columns: each is forced with what was observed, then forecast.

Weather after the start is the observed weather: what remains is the error of the model, not of a weather forecast.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rules.core.road_surface.forcing import Weather, forcing
from rules.core.road_surface.model import Outlook, correction, forecast, no_correction, through_observed
from rules.core.road_surface.parameters import ParameterSet
from rules.core.road_surface.roads import profile, roads, start
from rules.core.road_surface.skyline import Skyline
from rules.core.road_surface.state import Forcing
from rules.core.road_surface.sun import street_horizon_deg
from rules.core.road_surface.vapour import Array

Floats = NDArray[np.float64]
HOUR_S = 3600.0
LEADS_H = 15
HISTORY_H = 48
MEMORY_H = 240
"""Hours whose mean surface temperature the ground is believed to have below."""
LONGEST_GAP_H = 6
"""Weather that is missing for longer is not made up: nights that need it are left out."""
LEAST_OBSERVED = 0.75
SPIKE_C = 3.0
DARK_W_M2 = 50.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Hourly observations of one street: times [s since 1970, UTC] and values; NaN = missing.

    ``surface_c`` is the road's temperature; the others as in ``forcing.Weather``.
    """

    at_s: Floats
    air_c: Floats
    humidity_pct: Floats
    wind_m_s: Floats
    shortwave_w_m2: Floats
    rain_mm_h: Floats
    snow_mm_h: Floats
    pressure_pa: Floats
    longwave_w_m2: Floats
    cloud: Floats
    surface_c: Floats


NEEDED = ("air_c", "humidity_pct", "wind_m_s", "shortwave_w_m2", "rain_mm_h", "snow_mm_h")


@dataclass(frozen=True, slots=True)
class Nights:
    """Nights ready to be run.

    Attributes:
        start_s: times of the forecasts [s since 1970].
        past, future: weather before and after: steps × 1 × nights.
        observed_c: before, at the steps; NaN = missing.
        first_c, deep_c: where the ground begins, per night.
        truth_c: hours 0 to ``LEADS_H`` after the start × nights; NaN = missing.
        air_c: the air at the same hours.
        step_s: length of the steps.
    """

    start_s: Floats
    past: Forcing
    future: Forcing
    observed_c: Array
    first_c: Floats
    deep_c: Floats
    truth_c: Floats
    air_c: Floats
    step_s: float


def cut(
    series: Series, p: ParameterSet, where: tuple[float, float], start_hour_utc: float, step_s: float = 1200.0
) -> Nights:
    """Return all nights that the series has enough of.

    Args:
        series: of the street.
        p: its street is the horizon.
        where: latitude and longitude [°].
        start_hour_utc: hour of the day at which the forecasts start.
        step_s: of the runs; divides an hour.
    """
    series = replace(series, surface_c=despiked(series.surface_c, series.shortwave_w_m2))
    filled, gaps = _filled(series)
    per_hour = round(HOUR_S / step_s)
    ends = series.at_s[0] + step_s * np.arange((len(series.at_s) - 1) * per_hour + 1)
    street = p.street
    skyline = None
    if street is not None:
        horizon = street_horizon_deg(street.axis_deg, street.width_m, street.left_m, street.right_m)
        skyline = Skyline(horizon[None], np.ones(1), np.zeros(1, dtype=np.bool_))
    whole = forcing(filled, ends, *where, skyline)
    at = _starts(series, gaps, start_hour_utc)
    surface = gap_filled(series.at_s, series.surface_c, 2)
    fine = np.interp(ends, series.at_s, surface)
    before = at * per_hour + np.arange(1 - HISTORY_H * per_hour, 1)[:, None]
    after = at * per_hour + np.arange(1, LEADS_H * per_hour + 1)[:, None]
    hours = at + np.arange(LEADS_H + 1)[:, None]
    memory = at - HISTORY_H + np.arange(-MEMORY_H + HISTORY_H, 1)[:, None]
    recent = np.where(memory >= 0, series.surface_c[np.maximum(memory, 0)], np.nan)
    observed = fine[before][:, None, :]
    first = _first_known(surface[at - HISTORY_H + np.arange(HISTORY_H)[:, None]])
    return Nights(
        series.at_s[at],
        whole.map(lambda a: np.broadcast_to(a, (len(ends), 1, 1))[before, 0, 0][:, None, :]),
        whole.map(lambda a: np.broadcast_to(a, (len(ends), 1, 1))[after, 0, 0][:, None, :]),
        observed,
        first,
        np.where(
            np.isnan(recent).all(axis=0), first, np.nanmean(np.concatenate((recent, first[None])), axis=0)
        ),
        series.surface_c[hours],
        np.asarray(filled.air_c)[hours, 0, 0],
        step_s,
    )


def despiked(surface_c: Floats, shortwave_w_m2: Floats) -> Floats:
    """Return hourly road temperatures without those that leap off and back within an hour in the dark (NaN)."""
    up, down = np.diff(surface_c)[:-1], -np.diff(surface_c)[1:]
    with np.errstate(invalid="ignore"):
        leap = (np.minimum(np.abs(up), np.abs(down)) > SPIKE_C) & (up * down > 0.0)
        dark = shortwave_w_m2[1:-1] < DARK_W_M2
    return np.where(np.concatenate(([False], leap & dark, [False])), np.nan, surface_c)


def _starts(series: Series, gaps: NDArray[np.bool_], start_hour_utc: float) -> NDArray[np.int64]:
    """Return the places of the starts of usable nights in the series."""
    hour = (series.at_s / HOUR_S) % 24.0
    found = np.flatnonzero(np.abs(hour - start_hour_utc) < 1e-6)
    found = found[(found >= HISTORY_H) & (found + LEADS_H < len(hour))]
    missing = np.isnan(series.surface_c)
    good = []
    for i in found:
        whole = slice(i - HISTORY_H, i + LEADS_H + 1)
        seen = 1.0 - missing[i - HISTORY_H : i + 1].mean()
        if not gaps[whole].any() and seen >= LEAST_OBSERVED and not missing[i]:
            good.append(i)
    return np.array(good, dtype=np.int64)


def _filled(series: Series) -> tuple[Weather, NDArray[np.bool_]]:
    """Return the weather with short gaps filled, and where a long one is."""
    gaps = np.zeros(len(series.at_s), dtype=np.bool_)
    made = {}
    for name in NEEDED:
        values = gap_filled(series.at_s, getattr(series, name), LONGEST_GAP_H)
        gaps |= np.isnan(values)
        made[name] = np.nan_to_num(values)[:, None, None]
    others = {n: getattr(series, n)[:, None, None] for n in ("pressure_pa", "longwave_w_m2", "cloud")}
    return Weather(at_s=series.at_s, **made, **others), gaps


def gap_filled(at_s: Floats, values: Floats, longest_h: int) -> Floats:
    """Return values with gaps of up to ``longest_h`` hours filled by straight lines."""
    known = np.flatnonzero(~np.isnan(values))
    if len(known) == 0:
        return values
    before = np.searchsorted(known, np.arange(len(values)), side="right") - 1
    after = np.searchsorted(known, np.arange(len(values)))
    inside = (before >= 0) & (after < len(known))
    width = np.where(
        inside, known[np.minimum(after, len(known) - 1)] - known[np.maximum(before, 0)] - 1, len(values)
    )
    line = np.interp(at_s, at_s[known], values[known])
    return np.where(np.isnan(values) & (width <= longest_h), line, values)


def _first_known(values: Floats) -> Floats:
    """Return the first known value of each column."""
    place = np.argmax(~np.isnan(values), axis=0)
    return np.asarray(np.take_along_axis(values, place[None], axis=0)[0], dtype=np.float64)


def run(
    n: Nights, p: ParameterSet, own: Mapping[str, ArrayLike] | None = None, coupled: bool = True
) -> Outlook:
    """Return the forecasts of all nights at each hour from 1 on: hours × 1 × nights.

    Args:
        n: the nights.
        p: the parameter set.
        own: values of the nights' site that differ from the set's (``roads.roads``).
        coupled: whether the flux that was lacking is carried on.
    """
    made = roads(p, len(n.start_s), n.step_s, own)
    air = profile(p)
    past = through_observed(
        start(p, n.first_c, n.deep_c), n.past, n.observed_c, made, air, p.stores, n.step_s
    )
    fix = correction(past, p.coupling, n.step_s)
    if not coupled:
        fix = no_correction(fix.flux_w_m2)
    hour = round(HOUR_S / n.step_s)
    return forecast(past.state, n.future, fix, made, air, p.stores, p.coupling, n.step_s, hour)


def repeated(n: Nights, times: int) -> Nights:
    """Return the nights so many times one after the other, to run them with different parameters."""

    def again(a: Any, axis: int) -> Any:
        return np.concatenate([a] * times, axis=axis)

    return Nights(
        again(n.start_s, 0), n.past.map(lambda a: again(a, 2)), n.future.map(lambda a: again(a, 2)),
        again(n.observed_c, 2), again(n.first_c, 0), again(n.deep_c, 0), again(n.truth_c, 1), again(n.air_c, 1),
        n.step_s,
    )  # fmt: skip


def some(n: Nights, chosen: NDArray[np.bool_]) -> Nights:
    """Return some of the nights."""
    return Nights(
        n.start_s[chosen], n.past.map(lambda a: a[..., chosen]), n.future.map(lambda a: a[..., chosen]),
        n.observed_c[..., chosen], n.first_c[chosen], n.deep_c[chosen], n.truth_c[:, chosen], n.air_c[:, chosen],
        n.step_s,
    )  # fmt: skip
