"""Weather types of thermal mapping: what a stretch differs by depends on the night.

The classical three: extreme (clear and calm: hollows and open roads are far colder), damped (overcast or windy: all
roads are alike), intermediate. Hours with sun are none of them: there shadow rules.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rules.core.psychrometrics import Floats
from rules.core.road_now.parameters import MapParameters

Ints = NDArray[np.int64]

TYPES = ("extreme", "intermediate", "damped")
EXTREME, INTERMEDIATE, DAMPED = range(3)
BY_DAY = -1
SUN_W_M2 = 20.0


def weather_type(
    cloud: Floats, wind_m_s: Floats, falling_mm_h: Floats, sun_w_m2: Floats, p: MapParameters
) -> Ints:
    """Return the type at each time, ``BY_DAY`` with sun; unknown cloud counts as neither clear nor overcast."""
    with np.errstate(invalid="ignore"):
        damped = (cloud >= p.cloudy) | (wind_m_s >= p.windy_m_s) | (falling_mm_h > 0.0)
        extreme = (cloud <= p.clear) & (wind_m_s <= p.calm_m_s)
    return np.select([sun_w_m2 > SUN_W_M2, damped, extreme], [BY_DAY, DAMPED, EXTREME], default=INTERMEDIATE)


def prevailing(types: Ints) -> int:
    """Return the type of most of the dark hours; the least severe of equals; damped where there is no dark hour."""
    counts = np.bincount(types[types >= 0], minlength=len(TYPES))
    return DAMPED if counts.sum() == 0 else int(len(TYPES) - 1 - np.argmax(counts[::-1]))
