"""What lies on a road: rain and snow fall, vapour comes and goes, traffic and camber take away.

Rates: RoadSurf (FMI) for wear, NORTRIP and METRo for drainage, as in docs/road-model.md. No store is ever
negative or above its cap, and no more evaporates than is there.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rules.core.road_surface.parameters import Stores
from rules.core.road_surface.salt import kept_of_pools
from rules.core.road_surface.state import Forcing, State
from rules.core.road_surface.vapour import Array

HOUR_S = 3600.0
THIN_SNOW_MM = 0.2
THIN_SNOW_WEAR = 3.0
DEEP_WATER_MM = 0.9
TRACE_MM = 1e-6


def fallen(state: State, weather: Forcing, step_s: float) -> State:
    """Return the state after a step's rain and snow."""
    hours = step_s / HOUR_S
    return replace(
        state,
        water_mm=state.water_mm + weather.rain_mm_h * hours,
        snow_mm=state.snow_mm + weather.snow_mm_h * hours,
    )


def frozen_mm(state: State) -> Array:
    """Return ice, snow and deposit together [mm]."""
    return state.ice_mm + state.snow_mm + state.deposit_mm


def melted(state: State, melt_mm: Array) -> State:
    """Return the state after so much has melted (negative: frozen, to ice)."""
    melt = np.maximum(melt_mm, 0.0)
    kept = 1.0 - melt / np.maximum(frozen_mm(state), 1e-9)
    kept = np.clip(kept, 0.0, 1.0)
    return replace(
        state,
        water_mm=np.maximum(state.water_mm + melt_mm, 0.0),
        ice_mm=state.ice_mm * kept - np.minimum(melt_mm, 0.0),
        snow_mm=state.snow_mm * kept,
        deposit_mm=state.deposit_mm * kept,
    )


def exchanged(state: State, vapour_mm: Array, as_ice: Array) -> State:
    """Return the state after vapour has come (positive) or gone: water goes first, then deposit, snow, ice.

    Args:
        state: before.
        vapour_mm: to the road; what is more than the stores hold does not go.
        as_ice: whether what comes is deposit, else it is dew.
    """
    come = np.maximum(vapour_mm, 0.0)
    gone = come - vapour_mm
    deposit = come * as_ice
    left = []
    for store in (state.water_mm, state.deposit_mm, state.snow_mm, state.ice_mm):
        taken = np.minimum(store, gone)
        left.append(store - taken)
        gone = gone - taken
    water, hoar, snow, ice = left
    return replace(
        state, water_mm=water + (come - deposit), deposit_mm=hoar + deposit, snow_mm=snow, ice_mm=ice
    )


def worn(state: State, p: Stores, traffic: Array, step_s: float) -> State:
    """Return the state after a step's traffic and drainage, with all caps."""
    hours = step_s / HOUR_S
    wear = traffic * (-hours)
    thin = np.where(state.snow_mm < THIN_SNOW_MM, THIN_SNOW_WEAR, 1.0).astype(state.zeta.dtype)
    water, salt_kept = _water(state.water_mm, p, traffic, hours)
    fast, slow = kept_of_pools(traffic * hours)
    return replace(
        state,
        water_mm=water,
        ice_mm=np.minimum(state.ice_mm * np.exp(wear * p.ice_wear), p.ice_max_mm),
        snow_mm=np.minimum(state.snow_mm * np.exp(wear * p.snow_wear * thin), p.snow_max_mm),
        deposit_mm=np.minimum(state.deposit_mm * np.exp(wear * p.deposit_wear), p.deposit_max_mm),
        salt_fast_g_m2=state.salt_fast_g_m2 * fast * salt_kept,
        salt_slow_g_m2=state.salt_slow_g_m2 * slow * salt_kept,
    )


def _water(water: Array, p: Stores, traffic: Array, hours: float) -> tuple[Array, Array]:
    """Return water after spray and runoff, and the share of salt that stays."""
    thrown = (
        p.water_wear * traffic * np.clip((water - p.no_spray_mm) / (DEEP_WATER_MM - p.no_spray_mm), 0.0, 1.0)
    )
    sprayed = water * np.exp(-hours * thrown)
    over = np.maximum(sprayed - p.drains_above_mm, 0.0)
    left = sprayed - over * float(-np.expm1(-hours / p.drain_h))
    left = np.minimum(left, p.water_max_mm)
    # A trace that rounding leaves when a road dries carries no salt away.
    there = water > TRACE_MM
    return left, np.where(there, left / np.where(there, water, 1.0), 1.0).astype(water.dtype)
