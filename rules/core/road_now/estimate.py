"""The surface of every stretch now, with its uncertainty: model and neighbours, thermal map, gritters, its own sensor.

Each is a normal guess with a variance; they are put together by precision, as a Kalman update does. What is far from
any sensor and never driven over is known to about 1.2 °C, a believed sensor of its own to 0.2 °C.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rules.core.psychrometrics import Floats
from rules.core.road_now.model import Ints, Passes
from rules.core.road_now.parameters import NowParameters
from rules.core.road_now.stretches import Stretches
from rules.core.road_surface.spread import Spread
from rules.core.road_surface.state import State
from rules.core.road_surface.vapour import Array

SOURCES = ("model", "neighbours", "gritter", "sensor")
MODEL, NEIGHBOURS, GRITTER, SENSOR = range(4)
HOUR_S = 3600.0
MOST_SHIFT_C = 5.0
"""What gritters measured is never believed to be further from the model."""
AT_SENSORS = 3
"""So many passes over roads with a believed sensor tell how far gritters' thermometers are off."""
HALF_LIKE = 1.0
"""Sum of weights at which neighbours explain half of the model's variance: a sensor a distance scale away."""
BY_WIND_C, BY_CLOUD_C = 2.0, 4.0
"""Chosen: a clear night's road is so much warmer in a wind e times as strong, and under a whole sky of cloud."""
DRY_MM, WET_MM, ICE_MM, SNOW_MM, HOAR_MM = 0.03, 0.2, 0.05, 0.1, 0.02


@dataclass(frozen=True, slots=True)
class Now:
    """Each stretch now.

    Attributes:
        surface_c: best guess [°C].
        deviation_c: its standard deviation [°C].
        source: what counts most: place in ``SOURCES``.
        shift_c: of it, what thermal map and gritters add to model and sensors [°C].
        mapped_c: of that, the thermal map's [°C].
    """

    surface_c: Floats
    deviation_c: Floats
    source: Ints
    shift_c: Floats
    mapped_c: Floats


@dataclass(frozen=True, slots=True)
class Passing:
    """Passes with what the model said where and when they were made; by pass."""

    segment: Ints
    age_h: Floats
    beyond_c: Floats


def passing(s: Stretches, passes: Passes, ends_s: Floats, surface_c: Array, believed: Floats) -> Passing:
    """Return gritters' measurements against the run through the past; their thermometers' common error is taken out.

    Args:
        s: the town.
        passes: surfaces measured in passing.
        ends_s: of the steps.
        surface_c: of the run: steps × n.
        believed: observed surfaces of believed sensors: steps × m.
    """
    step_s = float(ends_s[1] - ends_s[0])
    inside = (passes.at_s > ends_s[0] - step_s) & (passes.at_s <= ends_s[-1]) & ~np.isnan(passes.surface_c)
    step, at = np.searchsorted(ends_s, passes.at_s[inside]), passes.segment[inside]
    beyond = passes.surface_c[inside] - surface_c[step, at]
    sensor = s.sensor_of[at]
    over = sensor >= 0
    over[over] = ~np.isnan(believed[step[over], sensor[over]])
    if over.sum() >= AT_SENSORS:
        beyond = beyond - float(np.median(beyond[over]))
    return Passing(at, (ends_s[-1] - passes.at_s[inside]) / HOUR_S, beyond)


def estimate(
    s: Stretches,
    base_c: Floats,
    mapped_c: Floats,
    mapped_deviation_c: Floats,
    own: NDArray[np.bool_],
    speaks: NDArray[np.bool_],
    passed: Passing,
    p: NowParameters,
) -> Now:
    """Return the surfaces now.

    Args:
        s: the town.
        base_c: of the run through the past, neighbours' missing flux in it [°C].
        mapped_c: what the stretches differ by in this weather [°C].
        mapped_deviation_c: how well that is known [°C].
        own: segments whose own sensor is believed and fresh.
        speaks: sensors that are believed and fresh.
        passed: of :func:`passing`.
        p: deviations.
    """
    mapped = np.where(own, 0.0, mapped_c)
    near = (s.weight * speaks).sum(axis=1)
    near = near / (near + HALF_LIKE)
    rest = (p.model_c**2 - p.mapping.prior_c**2) * (1.0 - near)
    variance = np.where(own, p.sensor_c**2, np.maximum(rest, 0.0) + mapped_deviation_c**2 + p.sensor_c**2)
    precision, pulled = _pulled(len(s), passed, mapped, own, p)
    after = 1.0 / (1.0 / variance + precision)
    shift = mapped + np.clip(after * pulled, -MOST_SHIFT_C, MOST_SHIFT_C)
    source = np.select([own, precision * variance > 1.0, near > 0.1], [SENSOR, GRITTER, NEIGHBOURS], MODEL)
    return Now(base_c + shift, np.sqrt(after), source, shift, mapped)


def unmeasured_c(silent_h: Mapping[str, float], spread: Spread) -> float:
    """Return how far the model's surface may be off since the weather was not measured [°C]; 0 where it is.

    Args:
        silent_h: for how long air, wind and sky have not been measured.
        spread: how what is taken instead errs as time goes by.
    """
    now = np.zeros(1)
    by_weather = {
        "air_c": spread.air_c,
        "wind_m_s": BY_WIND_C * spread.wind,
        "cloud": BY_CLOUD_C * spread.cloud,
    }
    off = [by_weather[n] * float(spread.grown(now, h)[0]) for n, h in silent_h.items() if n in by_weather]
    return float(np.linalg.norm(off))


def _pulled(
    n: int, passed: Passing, mapped_c: Floats, own: NDArray[np.bool_], p: NowParameters
) -> tuple[Floats, Floats]:
    """Return the passes' precision by segment [1/K²], and by it weighted how far they are from model and map."""
    weight = np.exp(-passed.age_h / p.pass_h) / p.gritter_c**2
    weight = np.where(own[passed.segment], 0.0, weight)
    precision = np.bincount(passed.segment, weights=weight, minlength=n).astype(np.float64)
    beyond = passed.beyond_c - mapped_c[passed.segment]
    pulled = np.bincount(passed.segment, weights=weight * beyond, minlength=n).astype(np.float64)
    # Passes of one round are not independent: together they never say more than four of them.
    most = 4.0 / p.gritter_c**2
    held = np.minimum(1.0, most / np.maximum(precision, 1e-9))
    return precision * held, pulled * held


def condition(state: State) -> Ints:
    """Return what lies on each stretch: place in ``CONDITIONS``."""
    s = state
    found = np.select(
        [
            s.snow_mm >= SNOW_MM,
            s.ice_mm >= ICE_MM,
            s.deposit_mm >= HOAR_MM,
            s.water_mm >= WET_MM,
            s.water_mm >= DRY_MM,
        ],
        range(5),
        default=5,
    )
    return np.asarray(found[0], dtype=np.int64)


CONDITIONS = ("snow", "ice", "hoar", "wet", "damp", "dry")
