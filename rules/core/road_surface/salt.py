"""Salt on a road: what freezes at which temperature, and what traffic leaves of it.

Sources: freezing curve of NaCl as in the FHWA MDSS rules of practice (Pikalert), down to the eutectic
at -21.6 °C; loss in two pools fitted to TRL PPR392 (M62: 51 to 59 % gone after 2 h, 73 % after 25 h).
"""

from __future__ import annotations

import math
from typing import cast

import numpy as np

from rules.core.road_surface.vapour import Array

SQUARE, LINEAR, CONSTANT = -0.02916, -1.7208, -0.116
"""Weight % of NaCl whose solution freezes at T °C: SQUARE T² + LINEAR T + CONSTANT."""

EUTECTIC_C = -21.6
KEPT_SHARE = 0.27
"""What sits in the voids of the surfacing and outlasts days without rain."""
FAST_H = 1.2
"""Time in which motorway traffic takes the rest to 1/e [h]."""


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
    left = np.exp(-np.maximum(age_h, 0.0) * traffic / FAST_H)
    return cast("Array", KEPT_SHARE + (1.0 - KEPT_SHARE) * left)


def left_of_one(age_h: float, traffic: float = 1.0) -> float:
    """Return :func:`left_share` of one number: many are asked for one by one."""
    return KEPT_SHARE + (1.0 - KEPT_SHARE) * math.exp(-max(age_h, 0.0) * traffic / FAST_H)


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
