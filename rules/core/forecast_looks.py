"""What a road forecast says of the coming hours, in columns: of each segment, seen from a tick."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rules.core.psychrometrics import Floats
from rules.core.road_now.table import HOURS, QUANTITIES

Bools = NDArray[np.bool_]

HOUR_S = 3600.0
HOAR_MM = 0.02
"""Hoar from which on a road counts as white: ``road_surface.ensemble.Hazard``."""
MAY_FREEZE = 0.1
"""The film on the road, ice in it, counts in hours in which it freezes with this chance, and in the hour before: it dries while it freezes."""
FALLS_MM_H, SNOWS_MM = 0.1, 0.5
NEARLY_C = 0.5
TO_DEVIATION = 2.0 * 1.2816
"""10 % to 90 % of a normal distribution, in standard deviations."""


@dataclass(frozen=True, slots=True)
class Looks:
    """What the forecast says, by segment; NaN = not within the horizon, or no fresh forecast (``fresh``).

    ``in_h``: when the table's hours end, ``ice``: the chance of ice in each, 0 in those that are not looked at: segments × hours.
    Other attributes as of :class:`rules.core.gritting.Outlook`; ``by_forecast``: it is fresh, and somebody forecast the weather
    of it; ``freezing_rain``: rain falls on a road below 0 °C; ``freezing_in_h``, ``snow_in_h``: hours until that, and until
    snow begins; ``rain_ends_in_h``: of the rain that begins before the frost, the last one where it thaws between.
    """

    fresh: Bools
    by_forecast: Bools
    minimum_c: Floats
    spread_c: Floats
    zero_in_h: Floats
    hoar_in_h: Floats
    low_in_h: Floats
    p_below_0: Floats
    p_ice: Floats
    film_mm: Floats
    deposit_mm: Floats
    rain_ends_in_h: Floats
    snow_mm: Floats
    snow_in_h: Floats
    freezing_rain: Bools
    freezing_in_h: Floats
    in_h: Floats
    ice: Floats

    def ice_in_h(self, chance: float) -> Floats:
        """Return when ice is first as likely as that [h]; NaN if never."""
        return _first(self.ice >= chance, self.in_h)


def looks(
    values: Floats, lead_h: Floats, fresh: Bools, by_forecast: Bools, now_c: Floats, horizon_h: float
) -> Looks:
    """Return what forecasts say of the hours from now to the horizon.

    Args:
        values: of the table: segments × quantities × hours.
        lead_h: age of each segment's forecast [h].
        fresh: whether it counts.
        by_forecast: whether somebody forecast the weather of it.
        now_c: surface now, NaN = unknown.
        horizon_h: how far to look [h].
    """
    said = dict(zip(QUANTITIES, np.moveaxis(values, 1, 0), strict=True))
    in_h = np.arange(1.0, HOURS + 1.0)[None, :] - lead_h[:, None]
    ahead = (in_h > 0.0) & (in_h <= horizon_h) & fresh[:, None] & ~np.isnan(said["middle_c"])
    fresh = fresh & ahead.any(axis=1)
    middle = np.where(ahead, said["middle_c"], np.inf)
    coldest = np.argmin(middle, axis=1)
    rows = np.arange(len(middle))
    forecast_c = middle[rows, coldest]
    width = (said["high_c"] - said["low_c"])[rows, coldest] / TO_DEVIATION
    below, ice = (np.where(ahead, said[n], 0.0) for n in ("below_zero", "ice"))
    freezing = below >= MAY_FREEZE
    freezing[:, :-1] |= freezing[:, 1:]
    film = np.where(ahead & freezing, said["film_mm"], 0.0)
    deposit = np.where(ahead, said["deposit_mm"], 0.0)
    snow = np.where(ahead, said["snow_mm_h"], 0.0)
    rains = ahead & (said["rain_mm_h"] >= FALLS_MM_H)
    freezes, starts_in_h = rains & (middle < 0.0), np.maximum(in_h - 1.0, 0.0)
    lowest = np.fmin(np.where(fresh, forecast_c, np.nan), np.where(fresh, now_c, np.nan))
    zero_in_h = _reached(middle, in_h, now_c, np.zeros(len(middle)), fresh)
    low_in_h = _reached(middle, in_h, now_c, lowest + NEARLY_C, fresh)
    return Looks(
        fresh=fresh,
        by_forecast=fresh & by_forecast,
        minimum_c=lowest,
        spread_c=_if(fresh, width),
        zero_in_h=zero_in_h,
        hoar_in_h=_first(ahead & (deposit >= HOAR_MM) & (middle <= 0.0), in_h),
        low_in_h=low_in_h,
        p_below_0=_if(fresh, below.max(axis=1)),
        p_ice=_if(fresh, ice.max(axis=1)),
        film_mm=_if(fresh, film.max(axis=1)),
        deposit_mm=_if(fresh, deposit.max(axis=1)),
        rain_ends_in_h=_ends(
            rains, in_h, np.fmax(np.where(np.isnan(zero_in_h), low_in_h, zero_in_h), _again(middle, in_h))
        ),
        snow_mm=_if(fresh, snow.sum(axis=1)),
        snow_in_h=_first(snow.cumsum(axis=1) >= FALLS_MM_H, starts_in_h),
        freezing_rain=freezes.any(axis=1),
        freezing_in_h=_first(freezes, starts_in_h),
        in_h=in_h,
        ice=ice,
    )


def doubted(found: Looks, short: Bools, chance: float) -> Looks:
    """Return what forecasts say without what rests on salt that is not there: like one made without the weather they take nothing back.

    Args:
        found: what they say.
        short: on which segments there is less salt than they count on.
        chance: of ice from which on they ask for salt all the same; a road that freezes more seldom than that needs none.
    """
    if not short.any():
        return found
    rests = short & (found.p_ice < chance) & (found.p_below_0 >= chance)
    return replace(found, by_forecast=found.by_forecast & ~rests)


def _if(fresh: Bools, values: Floats) -> Floats:
    return np.where(fresh, values, np.nan)


def _first(there: Bools, in_h: Floats) -> Floats:
    """Return the first hour that is marked, NaN where none is."""
    return np.where(there.any(axis=1), in_h[np.arange(len(in_h)), np.argmax(there, axis=1)], np.nan)


def _again(middle_c: Floats, in_h: Floats) -> Floats:
    """Return when the middle passes 0 °C downwards for the last time, between the hours linearly [h]; NaN if never."""
    passes = (middle_c[:, :-1] > 0.0) & np.isfinite(middle_c[:, :-1]) & (middle_c[:, 1:] <= 0.0)
    last = middle_c.shape[1] - 1 - np.argmax(passes[:, ::-1], axis=1)
    rows = np.arange(len(middle_c))
    before, after = middle_c[rows, last - 1], middle_c[rows, last]
    with np.errstate(invalid="ignore"):
        found = in_h[rows, last] - after / np.minimum(after - before, -1e-9)
    return np.where(passes.any(axis=1), found, np.nan)


def _ends(rains: Bools, in_h: Floats, frost_in_h: Floats) -> Floats:
    """Return when the last rain ends that begins before the frost [h], NaN where none does; a later shower is another matter."""
    ends, goes_on = np.full(len(in_h), np.nan), np.zeros(len(in_h), dtype=np.bool_)
    before = in_h - 1.0 < np.nan_to_num(frost_in_h, nan=np.inf)[:, None]
    for hour in range(HOURS):
        goes_on = rains[:, hour] & (goes_on | before[:, hour])
        ends = np.where(goes_on, in_h[:, hour], ends)
    return ends


def _reached(middle_c: Floats, in_h: Floats, now_c: Floats, limit_c: Floats, fresh: Bools) -> Floats:
    """Return when limits are reached or passed downwards, between the hours linearly [h]; 0 if they are, NaN if never."""
    with np.errstate(invalid="ignore"):
        there = middle_c <= limit_c[:, None]
        first, rows = np.argmax(there, axis=1), np.arange(len(middle_c))
        before = np.where(first > 0, middle_c[rows, np.maximum(first - 1, 0)], np.inf)
        since = np.where(np.isfinite(before), in_h[rows, np.maximum(first - 1, 0)], 0.0)
        before = np.where(np.isfinite(before), before, now_c)
        at, to = middle_c[rows, first], in_h[rows, first]
        share = np.clip((before - limit_c) / np.maximum(before - at, 1e-9), 0.0, 1.0)
        hours = np.where(np.isnan(before), to, since + share * (to - since))
        found = np.where(there.any(axis=1), hours, np.nan)
        return np.where(fresh, np.where(now_c <= limit_c, 0.0, found), np.nan)
