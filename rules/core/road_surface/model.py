"""Runs of the model: through what was observed, then into the forecast.

While the surface's temperature is observed it is forced on the column, so that the ground remembers the last
days, and the flux that the model lacked is noted. What it lacked last is added to the forecast and decays
(Coupling). The error that goes with the sun is learnt apart and goes with the sun again: else an afternoon's
misjudged shadow would cool the night.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp
from typing import cast

import numpy as np

from rules.core.road_surface.balance import Roads, advance
from rules.core.road_surface.parameters import Coupling, Stores
from rules.core.road_surface.salt import freezing_point_c
from rules.core.road_surface.state import Forcing, State
from rules.core.road_surface.stores import HOUR_S
from rules.core.road_surface.turbulence import Profile
from rules.core.road_surface.vapour import Array


@dataclass(frozen=True, slots=True)
class Past:
    """What the observed hours came to.

    Attributes:
        state: at the end of them.
        lacking_w_m2, sun_w_m2: per step: flux that the model lacked, sunshine that it absorbed.
    """

    state: State
    lacking_w_m2: Array
    sun_w_m2: Array


@dataclass(frozen=True, slots=True)
class Correction:
    """What is added to the forecast's balance; members × segments.

    Attributes:
        flux_w_m2: lacking during the last hours, decays slowly.
        recent_w_m2: what was lacking just before the start beyond that, decays fast.
        sun_share: of the sunshine that the model takes.
        steady_w_m2: does not decay: how members of an ensemble differ beyond their weather.
    """

    flux_w_m2: Array
    recent_w_m2: Array
    sun_share: Array
    steady_w_m2: Array


def no_correction(like: Array) -> Correction:
    """Return a correction that changes nothing, of the shape of ``like``."""
    return Correction(like * 0.0, like * 0.0, like * 0.0, like * 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """The forecast at chosen steps: times × members × segments; °C, mm of water equivalent, g/m²."""

    surface_c: Array
    water_mm: Array
    ice_mm: Array
    snow_mm: Array
    deposit_mm: Array
    salt_g_m2: Array
    freezing_c: Array


def through_observed(
    state: State,
    weather: Forcing,
    observed_c: Array,
    roads: Roads,
    profile: Profile,
    stores: Stores,
    step_s: float,
) -> Past:
    """Run through observed hours.

    Args:
        state: at their beginning.
        weather: steps × members × segments.
        observed_c: of the surface, the same shape; NaN = not observed, the model runs free.
        roads: the segments.
        profile: of the air.
        stores: parameters of what lies on the road.
        step_s: length of a step.
    """
    nothing = np.zeros_like(state.zeta)
    lacking, sun = [], []
    for i in range(weather.steps):
        done = advance(state, weather.at(i), roads, profile, stores, step_s, nothing, observed_c[i])
        state = done.state
        lacking.append(np.where(np.isnan(observed_c[i]), np.nan, done.lacking_w_m2))
        sun.append(np.broadcast_to(done.sun_w_m2, state.zeta.shape))
    return Past(state, np.array(lacking), np.array(sun))


def correction(past: Past, p: Coupling, step_s: float) -> Correction:
    """Return what the forecast is corrected by: limited, and nothing where nothing was observed lately."""
    lately = _last(past.lacking_w_m2, p.sun_window_h, step_s)
    sun = _last(past.sun_w_m2, p.sun_window_h, step_s)
    known = ~np.isnan(lately)
    share = _sun_share(np.where(known, lately, 0.0), sun * known, known, p)
    flux = _mean_rest(past, share, p.window_h, step_s)
    recent = _mean_rest(past, share, p.recent_h, step_s)
    slow, last = (np.clip(f, -p.most_w_m2, p.most_w_m2) for f in (flux, recent))
    dtype = past.state.zeta.dtype
    made = (a.astype(dtype) for a in (slow, last - slow, share, slow * 0.0))
    return Correction(*made)


def _mean_rest(past: Past, share: Array, hours: float, step_s: float) -> Array:
    """Return what was lacking in the last hours beside the error of the sunshine; 0 where nothing was observed."""
    rest = _last(past.lacking_w_m2, hours, step_s) - share * _last(past.sun_w_m2, hours, step_s)
    count = np.maximum((~np.isnan(rest)).sum(axis=0), 1)
    return cast("Array", np.where(np.isnan(rest), 0.0, rest).sum(axis=0) / count)


def _last(values: Array, hours: float, step_s: float) -> Array:
    return values[-max(1, round(hours * HOUR_S / step_s)) :]


def _sun_share(lacking: Array, sun: Array, known: Array, p: Coupling) -> Array:
    """Return which share of the sunshine was lacking: the slope of a line, held back where there was little sun."""
    count = np.maximum(known.sum(axis=0), 1)
    sun_mean, lacking_mean = sun.sum(axis=0) / count, lacking.sum(axis=0) / count
    deviation = (sun - sun_mean) * known
    square = (deviation * deviation).sum(axis=0) / count
    slope = (deviation * (lacking - lacking_mean)).sum(axis=0) / count / (square + p.sun_weight_w_m2**2)
    return cast("Array", np.clip(slope, -p.sun_most, p.sun_most))


def forecast(
    state: State,
    weather: Forcing,
    fix: Correction,
    roads: Roads,
    profile: Profile,
    stores: Stores,
    coupling: Coupling,
    step_s: float,
    every: int = 1,
) -> Outlook:
    """Run into the future and return what comes after each ``every`` steps.

    Args:
        state: now.
        weather: steps × members × segments.
        fix: of :func:`correction`.
        roads: the segments.
        profile: of the air.
        stores: parameters of what lies on the road.
        coupling: how fast the correction decays.
        step_s: length of a step.
        every: steps between two times of the outlook.
    """
    kept = []
    sun = np.zeros_like(state.zeta)
    learns = bool(fix.sun_share.any())
    for i in range(weather.steps):
        now = weather.at(i)
        slow, fast = (
            _left((i + 0.5) * step_s, hours) for hours in (coupling.decay_h, coupling.recent_decay_h)
        )
        extra = fix.flux_w_m2 * slow + fix.recent_w_m2 * fast + fix.steady_w_m2
        extra = extra + fix.sun_share * sun if learns else extra
        done = advance(state, now, roads, profile, stores, step_s, extra)
        state, sun = done.state, done.sun_w_m2
        if (i + 1) % every == 0:
            kept.append(_look(state))
    return Outlook(**{name: np.array([k[name] for k in kept]) for name in Outlook.__dataclass_fields__})


def _left(seconds: float, decay_h: float) -> float:
    return exp(-seconds / (decay_h * HOUR_S))


def _look(s: State) -> dict[str, Array]:
    """Return what an outlook keeps of a state."""
    salt = s.salt_g_m2
    freezing = freezing_point_c(salt, s.water_mm) if salt.any() else np.zeros_like(salt)
    return {
        "surface_c": s.surface_c.copy(),
        "water_mm": s.water_mm,
        "ice_mm": s.ice_mm,
        "snow_mm": s.snow_mm,
        "deposit_mm": s.deposit_mm,
        "salt_g_m2": salt,
        "freezing_c": freezing,
    }
