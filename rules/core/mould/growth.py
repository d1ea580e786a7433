"""The growth of the VTT mould risk index in a climate that does not change: rates, limits, closed form.

``dM/dt = k1 k2 / (7 tm)`` a day, ``k2 = 1 - exp(2.3 (M - Mmax))``. At constant temperature and humidity that has
the closed form ``M(t) = M0 - ln(1 - k2(M0) (1 - exp(-2.3 r t))) / 2.3`` with ``r = k1 / (7 tm)``, the published one
written so that nothing cancels. The index steps by it, so an hour's step has no error of integration.

References: Hukka & Viitanen 1999; Ojanen et al. 2010.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rules.core.mould.sensitivity import MouldSettings, Surface
from rules.core.psychrometrics import Floats, N
from rules.core.psychrometrics.shape import array, like

STEEPNESS = 2.3
"""Of the slowing towards the highest index [-]."""

HOUR_DAYS = 1.0 / 24.0

WARMEST_C = 50.0
"""At and above it, and at and below 0 °C, nothing grows."""

POLYNOMIAL_TO_C = 20.0
"""Above it the lowest humidity for growth is the surface's own [°C]."""


class Climate(NamedTuple):
    """What hours in which mould can grow mean for it, whatever the index is; arrays of one shape.

    Attributes:
        rate: 1 / (7 tm) [1/day].
        highest: index that growth tends to [-].
        young: k1 below index 1.
        old: k1 from 1 on.
        young_gain: 1 - exp(-2.3 r t) of an hour below 1.
        old_gain: the same from 1 on.
    """

    rate: Floats
    highest: Floats
    young: Floats
    old: Floats
    young_gain: Floats
    old_gain: Floats

    def of(self, part: slice) -> Climate:
        """Return ``part`` of the hours."""
        return Climate(*(column[part] for column in self))


def critical_humidity_pct(temperature_c: N, humidity_min_pct: float | Floats = 80.0) -> N:
    """Return the surface humidity from which mould can grow [%].

    Args:
        temperature_c: temperature of the surface [°C]; at and below 0 °C nothing grows at any humidity.
        humidity_min_pct: the lowest for this class of surface [%].
    """
    t = array(temperature_c)
    polynomial = 100.0 + t * (-3.13 + t * (0.160 - 0.00267 * t))
    limit = np.where(t <= POLYNOMIAL_TO_C, np.maximum(polynomial, humidity_min_pct), humidity_min_pct)
    return like(temperature_c, array(np.where(np.isnan(t), np.nan, limit)))


def weeks_to_index_1(temperature_c: N, humidity_pct: N, settings: MouldSettings | None = None) -> N:
    """Return tm, the time to index 1 on pine at constant conditions [weeks].

    Args:
        temperature_c: temperature of the surface [°C], above 0.
        humidity_pct: relative humidity at the surface [%].
        settings: W and SQ.
    """
    s = settings or MouldSettings()
    exponent = -0.68 * np.log(array(temperature_c)) - 13.9 * np.log(array(humidity_pct))
    return like(temperature_c, np.exp(exponent + _wood(s)))


def weeks_to_index_3(temperature_c: N, humidity_pct: N, wood: float = 0.0) -> N:
    """Return tv, the time to index 3 on pine at constant conditions, in the original model [weeks].

    Args:
        temperature_c: temperature of the surface [°C], above 0.
        humidity_pct: relative humidity at the surface [%].
        wood: W, 0 pine, 1 spruce.
    """
    exponent = -0.74 * np.log(array(temperature_c)) - 12.72 * np.log(array(humidity_pct))
    return like(temperature_c, np.exp(exponent + 0.06 * wood + 61.50))


def highest_index(humidity_pct: N, critical_pct: N, surface: Surface) -> N:
    """Return Mmax, the index that growth tends to in a climate, 0 or more [-].

    Args:
        humidity_pct: relative humidity at the surface, up to 100 [%].
        critical_pct: as of :func:`critical_humidity_pct`; at 100 nothing grows: 0.
        surface: its class.
    """
    critical = array(critical_pct)
    x = (critical - humidity_pct) / np.where(critical < 100.0, critical - 100.0, np.nan)
    highest = surface.highest_a + x * (surface.highest_b - x * surface.highest_c)
    return like(humidity_pct, array(np.where(np.isnan(highest), 0.0, np.maximum(highest, 0.0))))


def climate(
    t: Floats, humidity_pct: Floats, critical: Floats, s: Surface, settings: MouldSettings
) -> Climate:
    """Return what hours mean for growth.

    Args:
        t: temperature of the surface [°C].
        humidity_pct: relative humidity at the surface, up to 100 [%].
        critical: from which mould can grow [%].
        s: class of the surface.
        settings: W and SQ.
    """
    rate = 1.0 / (7.0 * weeks_to_index_1(t, humidity_pct, settings))
    young, old = (np.broadcast_to(k, rate.shape) for k in (s.growth_below_1, s.growth_from_1))
    gains = (1.0 - np.exp(-STEEPNESS * HOUR_DAYS * k * rate) for k in (young, old))
    return Climate(rate, highest_index(humidity_pct, critical, s), young, old, *gains)


def grown(index: Floats, hour: Climate) -> Floats:
    """Return the index after an hour in which mould can grow; never less than before."""
    is_young = index < 1.0
    gain = np.where(is_young, hour.young_gain, hour.old_gain)
    found = _closed_form(index, gain, hour.highest)
    for i in np.flatnonzero(is_young & (found > 1.0)):
        found[i] = _across_1(index[i], hour, int(i))
    return found


def _across_1(index: float, hour: Climate, i: int) -> float:
    """Return the index of a home that reaches 1 within the hour: from there on the other k1 holds."""
    rate, highest = hour.rate[i], hour.highest[i]
    left = np.expm1(STEEPNESS * (highest - index)) / np.expm1(STEEPNESS * (highest - 1.0))
    days_left = HOUR_DAYS - np.log(left) / (STEEPNESS * hour.young[i] * rate)
    gain = 1.0 - np.exp(-STEEPNESS * days_left * hour.old[i] * rate)
    return float(_closed_form(np.ones(1), gain, highest)[0])


def _closed_form(index: Floats, gain: Floats, highest: Floats) -> Floats:
    """Return the index after a time of ``gain``, towards ``highest``; where it is above it, unchanged."""
    slowing = 1.0 - np.exp(STEEPNESS * np.minimum(index - highest, 0.0))
    return array(index - np.log(1.0 - slowing * gain) / STEEPNESS)


def _wood(s: MouldSettings) -> float | Floats:
    return 0.14 * s.wood - 0.33 * s.surface_quality + 66.02
