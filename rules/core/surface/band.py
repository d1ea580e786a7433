"""Surface humidity as a band: the temperature factor is rarely known better than ±0.05, worth ±4 % at the wall."""

from __future__ import annotations

from typing import Generic, NamedTuple

import numpy as np

from rules.core.damp import surface_temperature_c
from rules.core.psychrometrics import Floats, N
from rules.core.psychrometrics.shape import array, like

SPREAD = 0.05
"""Half the width of the band of a factor that is assumed [-] (proposed)."""


class FactorBand(NamedTuple):
    """Temperature factor fRsi [-]: the likely one between the lowest and highest that must be reckoned with.

    Attributes:
        low: the coldest wall that is likely.
        mid: the best estimate.
        high: the warmest wall that is likely.
        learned: from a wall probe; else assumed.
    """

    low: float
    mid: float
    high: float
    learned: bool = False


class Band(NamedTuple, Generic[N]):
    """A quantity with its band; ``low <= mid <= high``."""

    low: N
    mid: N
    high: N


def assumed_factor(factor: float, spread: float = SPREAD) -> FactorBand:
    """Return the band around a factor that is assumed.

    Args:
        factor: fRsi [-], 0..1.
        spread: half the width of the band [-].

    Raises:
        ValueError: ``factor`` is not within 0..1 or ``spread`` is negative.
    """
    if not 0.0 <= factor <= 1.0:
        raise ValueError(f"temperature factor {factor} must be within 0..1")
    if not spread >= 0.0:
        raise ValueError(f"spread {spread} must be 0 or more")
    return FactorBand(max(0.0, factor - spread), factor, min(1.0, factor + spread))


def surface_temperature_band_c(room_c: N, outdoor_c: N, factor: FactorBand) -> Band[N]:
    """Return the temperature of the coldest surface [°C] with its band.

    Args:
        room_c: air temperature of the room [°C].
        outdoor_c: air temperature outdoors [°C].
        factor: band of fRsi.
    """
    low, mid, high = _walls(room_c, outdoor_c, factor)
    return _ordered(room_c, low, mid, high)


def hours_at_or_above(surface_pct: Floats, limit_pct: float = 80.0) -> tuple[Floats, Floats]:
    """Return how many hours have a surface humidity of ``limit_pct`` or more, and how many are known.

    Args:
        surface_pct: hourly means [%], shape (hours, n), which gives counts of shape (n,); NaN unknown.
        limit_pct: 80 for mould, 100 for condensation [%].
    """
    above = np.count_nonzero(surface_pct >= limit_pct, axis=0)
    known = np.count_nonzero(~np.isnan(surface_pct), axis=0)
    return array(above), array(known)


def _walls(room_c: N, outdoor_c: N, factor: FactorBand) -> list[Floats]:
    room, outdoor = array(room_c), array(outdoor_c)
    return [surface_temperature_c(room, outdoor, array(f)) for f in (factor.low, factor.mid, factor.high)]


def _ordered(model: N, a: Floats, mid: Floats, b: Floats) -> Band[N]:
    return Band(
        like(model, array(np.minimum(a, b))), like(model, array(mid)), like(model, array(np.maximum(a, b)))
    )
