"""Salt on a road: what freezes at which temperature, and what traffic leaves of it.

Sources: freezing curve of NaCl as in the FHWA MDSS rules of practice (Pikalert), down to the eutectic
at -21.6 °C; loss in two pools fitted to TRL PPR392 (M62: 51 to 59 % gone after 2 h, 73 % after 25 h).
The road forecast and the rules keep one book of it: each pass fills both pools once, and what lies in the
voids stays there when the next one comes.
"""

from __future__ import annotations

import math
from typing import cast

import numpy as np

from rules.core.road_surface.traffic import MOTORWAY
from rules.core.road_surface.vapour import Array

SQUARE, LINEAR, CONSTANT = -0.02916, -1.7208, -0.116
"""Weight % of NaCl whose solution freezes at T °C: SQUARE T² + LINEAR T + CONSTANT."""

EUTECTIC_C = -21.6
KEPT_SHARE = 0.27
"""What sits in the voids of the surfacing and outlasts days without rain."""
FAST_H = 1.2
"""Time in which motorway traffic takes the rest to 1/e [h]."""
SLOW_H = 1000.0
"""Time in which motorway traffic takes what sits in the voids to 1/e [h]. Chosen: Hanke found 2 to 3 g/m² after two weeks
without rain, and of 10 to 15 g/m² that leaves 1.9 to 2.9; after TRL's 25 h 73.7 % are gone."""

DRAINS_ABOVE_MM = 0.6
"""A road holds so much water (NORTRIP); what is more runs off, with the salt in it."""


def freezing_fraction(temperature_c: Array) -> Array:
    """Return the mass fraction of NaCl whose solution freezes at a temperature [-].

    Args:
        temperature_c: °C; 0 from the freezing point of water on, that of the eutectic below it.
    """
    t = np.clip(temperature_c, EUTECTIC_C, 0.0)
    # The published curve gives -0.12 % at 0 °C: salt of nothing.
    return cast("Array", np.maximum(SQUARE * t * t + LINEAR * t + CONSTANT, 0.0) / 100.0)


def freezing_point_c(salt_g_m2: Array, water_mm: Array) -> Array:
    """Return the temperature at which water with salt in it begins to freeze [°C].

    Args:
        salt_g_m2: NaCl, all of it dissolved as far as it goes [g/m²].
        water_mm: liquid film [mm = kg/m²]; with salt and no water: the eutectic.
    """
    mass = salt_g_m2 + 1000.0 * water_mm
    percent = 100.0 * salt_g_m2 / np.maximum(mass, 1e-9)
    return _curve(percent)


def _curve(percent: Array) -> Array:
    """Return where a solution of so many weight % freezes: the quadratic solved for T."""
    root = np.sqrt(np.maximum(LINEAR * LINEAR - 4.0 * SQUARE * (CONSTANT - percent), 0.0))
    t = (-LINEAR - root) / (2.0 * SQUARE)
    return cast("Array", np.where(percent > 0.0, np.clip(t, EUTECTIC_C, 0.0), 0.0).astype(percent.dtype))


def liquid_mm(salt_g_m2: Array, temperature_c: Array) -> Array:
    """Return how much water salt keeps liquid at a temperature below 0 °C [mm]; none below the eutectic."""
    c = freezing_fraction(temperature_c)
    kept = salt_g_m2 * (1.0 - c) / np.maximum(1000.0 * c, 1e-6)
    return cast("Array", np.where(temperature_c < EUTECTIC_C, 0.0, kept).astype(salt_g_m2.dtype))


def left_share(age_h: Array, traffic: Array) -> Array:
    """Return the share of spread salt that is left after a time, without rain [-].

    Args:
        age_h: since it was spread [h].
        traffic: relative to a busy motorway, 1 = as there; 0 = none passes.
    """
    fast, slow = kept_of_pools(np.maximum(age_h, 0.0) * traffic)
    return cast("Array", KEPT_SHARE * slow + (1.0 - KEPT_SHARE) * fast)


def kept_of_pools(worn_h: Array) -> tuple[Array, Array]:
    """Return the shares of the fast and of the slow pool that stay after so many hours of a motorway's traffic [h]."""
    return np.exp(worn_h * (-1.0 / FAST_H)), np.exp(worn_h * (-1.0 / SLOW_H))


def left_of_one(age_h: float, traffic: float = MOTORWAY) -> float:
    """Return :func:`left_share` of one number: many are asked for one by one."""
    fast, slow = worn_of_one(3600.0 * age_h, traffic)
    return fast * (1.0 - KEPT_SHARE) + slow * KEPT_SHARE


def worn_of_one(age_s: float, traffic: float) -> tuple[float, float]:
    """Return :func:`kept_of_pools` of one road after so many seconds of its own traffic."""
    worn_h = max(age_s, 0.0) / 3600.0 * traffic
    return math.exp(worn_h * (-1.0 / FAST_H)), math.exp(worn_h * (-1.0 / SLOW_H))


def kept_in_rain(rain_mm: float) -> float:
    """Return the share of salt, of both pools, that rain has left on a road [-]: it mixes with the water that the road holds.

    What ``stores.worn`` comes to where rain falls at 1 mm/h or more, within 0.06; drizzle takes more.
    """
    return DRAINS_ABOVE_MM / max(rain_mm, DRAINS_ABOVE_MM)


def fraction_of_one(temperature_c: float) -> float:
    """Return :func:`freezing_fraction` of one number, to the last bit."""
    t = min(max(temperature_c, EUTECTIC_C), 0.0)
    return max(SQUARE * t * t + LINEAR * t + CONSTANT, 0.0) / 100.0


def point_of_one_c(salt_g_m2: float, water_mm: float) -> float:
    """Return :func:`freezing_point_c` of one road, to the last bit."""
    percent = 100.0 * salt_g_m2 / max(salt_g_m2 + 1000.0 * water_mm, 1e-9)
    if percent <= 0.0:
        return 0.0
    root = math.sqrt(max(LINEAR * LINEAR - 4.0 * SQUARE * (CONSTANT - percent), 0.0))
    return min(max((-LINEAR - root) / (2.0 * SQUARE), EUTECTIC_C), 0.0)
