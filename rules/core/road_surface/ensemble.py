"""From one forecast to chances: members with other weather, and what share of them freezes.

Members differ from the weather forecast by errors that grow with the lead and keep their sign for hours, by when and
whether rain falls (``falls``), and by a steady flux: the error of clouds nobody forecast, and of the model. What is left, the error of the first hours, widens
each member. How wide is a parameter (``Spread``): verify it by the reliability of what comes out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast

import msgspec
import numpy as np
from numpy.typing import NDArray

from rules.core.road_surface import falls
from rules.core.road_surface.balance import Roads
from rules.core.road_surface.forcing import Weather
from rules.core.road_surface.model import Correction, Outlook, forecast
from rules.core.road_surface.parameters import Coupling, Stores
from rules.core.road_surface.roads import some
from rules.core.road_surface.spread import Spread
from rules.core.road_surface.state import Forcing, State
from rules.core.road_surface.stores import HOUR_S
from rules.core.road_surface.turbulence import Profile
from rules.core.road_surface.vapour import Array

Floats = NDArray[np.float64]
BLOCK = 16_384
"""Columns that are run together: their working arrays stay in the processor's cache."""
QUANTILES = (0.1, 0.5, 0.9)
ERRING = ("air_c", "humidity_pct", "wind_m_s", "cloud", "rain_mm_h")
MEASURED_NOW: Mapping[str, float] = {}


class Hazard(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """From which stores on a road counts as icy, and from which film on as wet [mm]."""

    ice_mm: float = 0.05
    snow_mm: float = 0.1
    deposit_mm: float = 0.02
    film_mm: float = 0.03


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """Chances and temperatures by time and segment: times × segments.

    Attributes:
        below_zero: P(surface < 0 °C).
        ice: P(ice, snow, hoar, or a film below its freezing point).
        low_c, middle_c, high_c: the surface's ``QUANTILES`` over the members.
        film_mm: water on the road, liquid or frozen to ice, the middle of the members: what salt has to keep liquid. A
            shower in one member of twenty makes no road wet; it is in the chance of ice.
        deposit_mm: hoar on the road, mean over the members.
    """

    below_zero: Array
    ice: Array
    low_c: Array
    middle_c: Array
    high_c: Array
    film_mm: Array
    deposit_mm: Array


def members(
    weather: Weather,
    count: int,
    spread: Spread,
    rng: np.random.Generator,
    silent_h: Mapping[str, float] = MEASURED_NOW,
) -> Weather:
    """Return the weather of ``count`` members: times × members × what was there; the first is the forecast itself.

    Args:
        weather: times × 1 × (1 or segments).
        count: of members.
        spread: of the errors.
        rng: where the errors come from; the same seed gives the same members.
        silent_h: for how long a quantity of the weather has not been measured when it begins, by name; else it is.
    """
    hours = (weather.at_s - weather.at_s[0]) / HOUR_S
    air, humidity, wind, cloud, wet = (
        _errors(hours, count, spread, rng, silent_h.get(name, 0.0)) for name in ERRING
    )
    made = replace(
        weather,
        air_c=weather.air_c + spread.air_c * air,
        humidity_pct=np.clip(weather.humidity_pct + spread.humidity_pct * humidity, 1.0, 100.0),
        wind_m_s=weather.wind_m_s * np.exp(spread.wind * wind),
        cloud=np.clip(weather.cloud + spread.cloud * cloud, 0.0, 1.0),
    )
    # A stream of its own: the other errors are the same whatever falls.
    rain, snow = falls.fallen(weather, made, np.exp(spread.precipitation * wet), spread, rng.spawn(1)[0])
    return replace(made, rain_mm_h=rain, snow_mm_h=snow)


def _errors(hours: Floats, count: int, spread: Spread, rng: np.random.Generator, silent_h: float) -> Floats:
    """Return normal errors that remember their past and grow to a deviation of 1: times × members × 1."""
    error = np.empty((len(hours), count, 1))
    drawn = rng.standard_normal((len(hours), count, 1))
    error[0] = drawn[0]
    for i in range(1, len(hours)):
        kept = np.exp(-(hours[i] - hours[i - 1]) / spread.memory_h)
        error[i] = kept * error[i - 1] + np.sqrt(1.0 - kept * kept) * drawn[i]
    error *= spread.grown(hours, silent_h)[:, None, None]
    error[:, 0] = 0.0
    return error


def member_fluxes(fix: Correction, count: int, spread: Spread, rng: np.random.Generator) -> Correction:
    """Return the correction with each member's steady flux: none for the first, in all none."""
    drawn = rng.standard_normal((count, 1)) * spread.flux_w_m2
    drawn[0] = 0.0
    drawn[1:] -= drawn[1:].mean() if count > 1 else 0.0
    return replace(fix, steady_w_m2=drawn.astype(fix.flux_w_m2.dtype))


def risk(
    state: State,
    weather: Forcing,
    fix: Correction,
    roads: Roads,
    profile: Profile,
    stores: Stores,
    coupling: Coupling,
    step_s: float,
    spread: Spread,
    hazard: Hazard,
    every: int = 1,
    deviation_c: Array | None = None,
) -> Risk:
    """Return chances for each segment after each ``every`` steps.

    Args:
        state: now: nodes × 1 × segments.
        weather: steps × members × (1 or segments).
        fix: of the coupling, with :func:`member_fluxes`.
        roads: the segments.
        profile: of the air.
        stores: parameters of what lies on the road.
        coupling: how the correction decays.
        step_s: length of a step.
        spread: ``surface_c`` widens each member.
        hazard: what counts as icy.
        every: steps between two times.
        deviation_c: per segment, instead of ``spread.surface_c``.
    """
    count, segments = weather.air_c.shape[1], state.zeta.shape[1]
    size = max(1, BLOCK // count)
    found = []
    for begin in range(0, segments, size):
        part = slice(begin, min(begin + size, segments))
        wide = _wide(state, part, count)
        corrected = Correction(*(_part(getattr(fix, n), part) for n in Correction.__dataclass_fields__))
        out = forecast(
            wide, weather.of(part), corrected, some(roads, part), profile, stores, coupling, step_s, every
        )
        found.append(summary(out, spread, hazard, None if deviation_c is None else deviation_c[part]))
    return Risk(
        **{n: np.concatenate([getattr(r, n) for r in found], axis=-1) for n in Risk.__dataclass_fields__}
    )


def _wide(state: State, part: slice, count: int) -> State:
    """Return some segments' state for each member."""

    def widened(a: Array) -> Array:
        cut = a[..., part]
        return np.ascontiguousarray(np.broadcast_to(cut, (*cut.shape[:-2], count, cut.shape[-1])))

    return state.map(widened)


def _part(values: Array, part: slice) -> Array:
    return values if values.shape[-1] == 1 else values[..., part]


def summary(out: Outlook, spread: Spread, hazard: Hazard, deviation_c: Array | None = None) -> Risk:
    """Return the chances that members make: times × segments; ``deviation_c``: as of :func:`risk`."""
    dtype = out.surface_c.dtype
    deviation = spread.surface_c if deviation_c is None else deviation_c
    below = chance_below(out.surface_c, 0.0, deviation).mean(axis=1)
    icy = (
        (out.ice_mm >= hazard.ice_mm)
        | (out.snow_mm >= hazard.snow_mm)
        | (out.deposit_mm >= hazard.deposit_mm)
    )
    wet = out.water_mm >= hazard.film_mm
    freezes = chance_below(out.surface_c, out.freezing_c, deviation)
    ice = np.where(icy, dtype.type(1.0), np.where(wet, freezes, dtype.type(0.0))).mean(axis=1)
    ordered = np.sort(out.surface_c, axis=1)
    low, middle, high = (_quantile(ordered, q) for q in QUANTILES)
    film = _quantile(np.sort(out.water_mm + out.ice_mm, axis=1), 0.5)
    deposit = out.deposit_mm.mean(axis=1)
    return Risk(
        below_zero=below, ice=ice, low_c=low, middle_c=middle, high_c=high, film_mm=film, deposit_mm=deposit
    )


def chance_below(surface_c: Array, limit_c: Array | float, deviation_c: Array | float) -> Array:
    """Return the chance that a temperature known to so many degrees lies below a limit (logistic, 0.02 of the normal's)."""
    scaled = (limit_c - surface_c) * (1.702 / np.maximum(deviation_c, 1e-3)).astype(surface_c.dtype)
    return cast("Array", 1.0 / (1.0 + np.exp(-np.clip(scaled, -30.0, 30.0))))


def _quantile(ordered: Array, q: float) -> Array:
    """Return a quantile over members that are in order, linear between them."""
    place = q * (ordered.shape[1] - 1)
    low = int(place)
    high = min(low + 1, ordered.shape[1] - 1)
    part = place - low
    return cast("Array", ordered[:, low] * (1.0 - part) + ordered[:, high] * part)
