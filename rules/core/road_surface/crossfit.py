"""Judges a street's nights with parameters that have not seen them.

Nights that a set was fitted to prove little. So each of their months is judged with parameters fitted anew to the nights
of all other months.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rules.core.road_surface.fit import fit
from rules.core.road_surface.nights import LEADS_H, Nights, run, some
from rules.core.road_surface.parameters import ParameterSet

Floats = NDArray[np.float64]
Months = NDArray[np.int64]


def months(nights: Nights) -> Months:
    """Return the month of each night's start, 1..12."""
    return months_of(nights.start_s)


def months_of(at_s: Floats) -> Months:
    """Return the months of times [s since 1970, UTC], 1..12."""
    return np.asarray(at_s.astype("datetime64[s]").astype("datetime64[M]").astype(np.int64) % 12 + 1)


def seen(nights: Nights, p: ParameterSet) -> NDArray[np.bool_]:
    """Return which nights the set was fitted to."""
    if p.fitted_from == "":
        return np.zeros(len(nights.start_s), dtype=np.bool_)
    day = nights.start_s.astype("datetime64[s]").astype("datetime64[D]")
    return np.asarray((day >= np.datetime64(p.fitted_from)) & (day <= np.datetime64(p.fitted_to)))


@dataclass(frozen=True, slots=True)
class CrossFit:
    """Forecasts [°C] of nights by parameters that have not seen them (hours × nights), and those sets by month."""

    surface_c: Floats
    sets: dict[int, ParameterSet]


def cross_fit(nights: Nights, judged: NDArray[np.bool_], start: ParameterSet) -> CrossFit:
    """Return forecasts of the judged nights, each month by parameters fitted to all nights of the other months.

    Args:
        nights: that may be fitted to, the judged ones among them; of two months at least.
        judged: which to forecast.
        start: where each fit begins; must not come from these nights.
    """
    of = months(nights)
    surface = np.full((LEADS_H, len(of)), np.nan)
    sets = {}
    for month in sorted(set(of[judged].tolist())):
        sets[month] = fit(some(nights, of != month), start)
        here = judged & (of == month)
        surface[:, here] = run(some(nights, here), sets[month]).surface_c[:, 0]
    return CrossFit(surface[:, judged], sets)
