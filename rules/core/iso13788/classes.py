"""Humidity classes 1 to 5 from vapour-pressure excess, with how sure they are."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from statistics import NormalDist

import numpy as np

from rules.core.iso13788.settings import CLASS_LIMITS_PA, MEASURED, NO_EXCESS_FROM_C, Iso13788Settings
from rules.core.psychrometrics import N
from rules.core.psychrometrics.shape import array, like


@dataclass(frozen=True, slots=True)
class HumidityClass:
    """A humidity class, 1 dry to 5 very humid.

    Attributes:
        likeliest: class of the excess itself.
        low: lowest class of the range that holds with the settings' share.
        high: highest of it.
        shares: probability of classes 1 to 5, together 1.
    """

    likeliest: int
    low: int
    high: int
    shares: tuple[float, float, float, float, float]


def class_limit_pa(outdoor_c: N, limit_0_pa: float) -> N:
    """Return the upper limit of a class at an outdoor temperature [Pa].

    Args:
        outdoor_c: monthly mean outdoors [°C].
        limit_0_pa: its limit at 0 °C and below, of :data:`CLASS_LIMITS_PA` [Pa].
    """
    share = (NO_EXCESS_FROM_C - array(outdoor_c)) / NO_EXCESS_FROM_C
    return like(outdoor_c, array(limit_0_pa * np.clip(share, 0.0, 1.0)))


def humidity_class(
    excess_pa: float, standard_error_pa: float, outdoor_c: float, settings: Iso13788Settings = MEASURED
) -> HumidityClass | None:
    """Return the humidity class of an excess; None where it is not known or too warm outdoors for one.

    Args:
        excess_pa: vapour-pressure excess, a mean over weeks [Pa].
        standard_error_pa: of it, sensors' errors included [Pa]; 0 where it is taken as exact.
        outdoor_c: mean outdoors over the same time, or the temperature it was standardised to [°C].
        settings: margin, warmest temperature and share.

    Raises:
        ValueError: the standard error is negative.
    """
    if standard_error_pa < 0.0:
        raise ValueError(f"standard error {standard_error_pa} Pa must be 0 or more")
    if np.isnan([excess_pa, standard_error_pa, outdoor_c]).any() or outdoor_c > settings.warmest_c:
        return None
    limits = [class_limit_pa(outdoor_c, limit) / settings.excess_margin for limit in CLASS_LIMITS_PA]
    below = [_share_below(limit, excess_pa, standard_error_pa) for limit in limits]
    shares = [b - a for a, b in pairwise([0.0, *below, 1.0])]
    tail = (1.0 - settings.share) / 2.0
    return HumidityClass(
        likeliest=1 + sum(excess_pa > limit for limit in limits),
        low=1 + sum(b < tail for b in below),
        high=1 + sum(b <= 1.0 - tail for b in below),
        shares=(shares[0], shares[1], shares[2], shares[3], shares[4]),
    )


def _share_below(limit_pa: float, excess_pa: float, standard_error_pa: float) -> float:
    if standard_error_pa == 0.0:
        return 1.0 if excess_pa <= limit_pa else 0.0
    return NormalDist(excess_pa, standard_error_pa).cdf(limit_pa)
