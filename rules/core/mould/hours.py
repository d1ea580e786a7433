"""What a block of hours means for growth and decline: all of it that does not depend on the index."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rules.core.mould.growth import WARMEST_C, Climate, climate, critical_humidity_pct
from rules.core.mould.sensitivity import MouldSettings, Surface
from rules.core.psychrometrics import Floats
from rules.core.psychrometrics.shape import array

Flags = NDArray[np.bool_]


class Hours(NamedTuple):
    """Some hours of n homes.

    Attributes:
        known: temperature and humidity are there, shape (hours, n).
        growing: mould can grow, shape (hours, n).
        damp: the surface is at the humidity that is counted, or above, shape (hours, n).
        home: which homes can grow, hour after hour.
        start: where each hour's homes start in ``home``; one more at the end.
        climate: of those.
    """

    known: Flags
    growing: Flags
    damp: Flags
    home: NDArray[np.intp]
    start: NDArray[np.intp]
    climate: Climate


def hours_of(surface_c: Floats, surface_pct: Floats, surface: Surface, s: MouldSettings) -> Hours:
    """Return what the hours mean; arguments of shape (hours, n)."""
    humidity = np.minimum(surface_pct, 100.0)
    critical = critical_humidity_pct(surface_c, surface.humidity_min_pct)
    known = ~(np.isnan(surface_c) | np.isnan(surface_pct))
    growing = (surface_c > 0.0) & (surface_c < WARMEST_C) & (humidity >= critical)
    at = np.flatnonzero(growing)
    home = at % growing.shape[1]
    start = np.concatenate(([0], np.cumsum(growing.sum(axis=1))))
    t, rh, limit = (array(column).reshape(-1)[at] for column in (surface_c, humidity, critical))
    found = climate(t, rh, limit, _surface_of(surface, home), _settings_of(s, home))
    return Hours(known, growing, known & (surface_pct >= s.damp_pct), home, start, found)


def _surface_of(s: Surface, i: NDArray[np.intp]) -> Surface:
    return Surface(
        _pick(s.growth_below_1, i),
        _pick(s.growth_from_1, i),
        _pick(s.highest_a, i),
        _pick(s.highest_b, i),
        _pick(s.highest_c, i),
        _pick(s.humidity_min_pct, i),
    )


def _settings_of(s: MouldSettings, i: NDArray[np.intp]) -> MouldSettings:
    return MouldSettings(wood=_pick(s.wood, i), surface_quality=_pick(s.surface_quality, i))


def _pick(value: float | Floats, i: NDArray[np.intp]) -> float | Floats:
    return value[i] if isinstance(value, np.ndarray) else value
