"""Freezing and melting: the surface stays at the freezing point until the latent heat is paid.

The surface equation is linear, ``diagonal × T = heat``. With melting of m mm in a step it becomes
``diagonal × T = heat - m × L / step``. Pure water freezes at 0 °C. With salt the freezing point follows the
water that is still liquid, and the two are solved together.
"""

from __future__ import annotations

import numpy as np

from rules.core.road_surface.salt import EUTECTIC_C, freezing_point_c, liquid_mm
from rules.core.road_surface.vapour import Array

FUSION_J_KG = 3.34e5
SALT_COUNTS_G_M2 = 0.05
SURELY_FROZEN_C = 0.25
ROUNDS = 4
"""Of the solved pair: the salt's curve is nearly a hyperbola, each round gains two digits."""


def settle(
    diagonal: Array, heat: Array, water_mm: Array, frozen_mm: Array, salt_g_m2: Array, step_s: float
) -> tuple[Array, Array]:
    """Return the surface temperature [°C] and how much melts in the step [mm], negative = freezes.

    Args:
        diagonal: of the surface equation [W/(m² K)].
        heat: its right side [W/m²], temperatures in °C.
        water_mm: liquid on the road.
        frozen_mm: ice, snow and deposit.
        salt_g_m2: on the road.
        step_s: length of the step.
    """
    per_mm = FUSION_J_KG / step_s
    melted = np.clip(heat * (1.0 / per_mm), -water_mm, frozen_mm)
    salted = (salt_g_m2 > SALT_COUNTS_G_M2) & (water_mm + frozen_mm > 0.0)
    if salted.any():
        diagonal_s, heat_s, water_s, frozen_s, salt_s = (
            np.broadcast_to(a, salted.shape)[salted] for a in (diagonal, heat, water_mm, frozen_mm, salt_g_m2)
        )
        melted[salted] = _with_salt(diagonal_s, heat_s, water_s, frozen_s, salt_s, per_mm)
    surface = (heat - melted * per_mm) / diagonal
    # Water and ice together: exactly 0, so that no rounding decides which of them the vapour meets.
    held = (melted > -water_mm) & (melted < frozen_mm) & ~salted
    return np.where(held, surface.dtype.type(0.0), surface), melted


def _with_salt(
    diagonal: Array, heat: Array, water: Array, frozen: Array, salt: Array, per_mm: float
) -> Array:
    """Return what melts where salt is: liquid w with diagonal × Tf(w) + per_mm (w - water) = heat.

    With Tf(w) = -kappa / w it is quadratic in w; kappa is found again from the true curve.
    """
    total = water + frozen
    least = np.minimum(liquid_mm(salt, np.full_like(salt, EUTECTIC_C)), total)
    liquid = np.maximum(0.5 * total, least)
    b = heat + per_mm * water
    for _ in range(ROUNDS):
        kappa = -freezing_point_c(salt, liquid) * liquid
        root = np.sqrt(b * b + 4.0 * per_mm * diagonal * kappa)
        # The form without cancellation, for either sign of b.
        found = np.where(b > 0.0, b + root, 4.0 * per_mm * diagonal * kappa / np.maximum(root - b, 1e-9))
        liquid = np.clip(found * (0.5 / per_mm), least, total)
    return liquid - water


def melt_at(
    diagonal: Array, surface_c: Array, water_mm: Array, frozen_mm: Array, salt_g_m2: Array, step_s: float
) -> Array:
    """Return how much melts where the surface's temperature is known [mm], negative = freezes.

    Clearly below the freezing point no water can be: it freezes at once (RoadSurf's -0.25 °C). Ice melts as fast
    as the heat that flows from the difference lets it, and not more than salt allows.
    """
    point = np.where(salt_g_m2 > SALT_COUNTS_G_M2, freezing_point_c(salt_g_m2, water_mm), 0.0)
    kept = np.where(surface_c < 0.0, liquid_mm(salt_g_m2, surface_c), water_mm + frozen_mm)
    wanted = np.clip(kept, 0.0, water_mm + frozen_mm) - water_mm
    warmer = surface_c - point
    flow = diagonal * warmer * (step_s / FUSION_J_KG)
    freezes = wanted * np.clip(-warmer / SURELY_FROZEN_C, 0.0, 1.0)
    return np.where(wanted > 0.0, np.clip(flow, 0.0, wanted), freezes)
