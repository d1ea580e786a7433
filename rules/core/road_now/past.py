"""The last two days under every road: ground that remembers, and what the model lacked, lent to roads without a sensor.

First each sensor's road runs freely, to judge the sensor. Then it runs with its observed surface forced on it, and the
flux that the model lacked is noted. Then all roads run: those with a believed sensor are forced, the others take
the missing flux of sensors nearby, weighted. So a cloud that only the sensors saw cools or warms all of them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rules.core.psychrometrics import Floats
from rules.core.road_now.model import Ints, Spreads
from rules.core.road_now.parameters import NowParameters
from rules.core.road_now.stretches import Stretches, shares
from rules.core.road_surface.balance import Roads, advance
from rules.core.road_surface.model import Correction, Past, correction, through_observed
from rules.core.road_surface.roads import profile, roads, start
from rules.core.road_surface.salt import KEPT_SHARE, kept_of_pools
from rules.core.road_surface.state import Forcing, State
from rules.core.road_surface.vapour import Array

Bools = NDArray[np.bool_]
DTYPE = np.float32
LATELY_STEPS = 3
"""A sensor's water film is believed when it was measured in the last so many steps."""


@dataclass(frozen=True, slots=True)
class Ran:
    """Where the roads are now.

    Attributes:
        state: of all segments: nodes × 1 × n.
        surface_c: through the past: steps × n, of the run's precision.
        fix: of the coupling: 1 × n.
        roads: the segments, made for the step.
    """

    state: State
    surface_c: Array
    fix: Correction
    roads: Roads


def free_c(s: Stretches, weather: Forcing, observed_c: Floats, p: NowParameters) -> Floats:
    """Return the surfaces of the sensors' roads with nothing forced: steps × m."""
    made = roads(p.road, len(s.sensors), p.step_s, _of(s.own, s.sensor_at))
    weather = weather.of(s.sensor_at)
    first, deep = begun_c(observed_c, weather)
    state = start(p.road, np.where(np.isnan(first), np.nanmean(first), first), deep)
    surfaces = np.empty(observed_c.shape)
    for i in range(weather.steps):
        done = advance(
            state,
            weather.at(i),
            made,
            profile(p.road),
            p.road.stores,
            p.step_s,
            np.zeros((1, len(s.sensors))),
        )
        state = done.state
        surfaces[i] = state.surface_c[0]
    return surfaces


def ran(
    s: Stretches, weather: Forcing, observed_c: Floats, film_mm: Floats, spreads: Spreads, p: NowParameters
) -> Ran:
    """Return where all roads are after the past.

    Args:
        s: the town.
        weather: steps × 1 × (1 or n).
        observed_c: of believed sensors: steps × m, NaN = not observed or not believed.
        film_mm: water that they see: steps × m, NaN in steps without a measurement: nothing is held.
        spreads: salt, within the steps.
        p: settings.
    """
    lacking, fix = _lent(s, weather, observed_c, p)
    made = roads(p.road, len(s), p.step_s, s.own, DTYPE)
    first, deep = begun_c(observed_c, weather)
    began = shares(s.weight, ~np.isnan(first)) @ np.nan_to_num(first)
    began = np.where(began == 0.0, deep, began) if not np.isnan(first).all() else np.full(len(s), deep)
    state = start(p.road, began, np.full(len(s), deep), DTYPE)
    return _through(s, state, weather.map(lambda a: a.astype(DTYPE)), observed_c, film_mm, spreads, lacking,
                    fix, made, p)  # fmt: skip


def at_sensors(s: Stretches, weather: Forcing, observed_c: Floats, p: NowParameters) -> Past:
    """Return the sensors' roads with their observed surfaces forced on them, and what the model lacked there.

    Args:
        s: the town, with at least one sensor.
        weather: steps × 1 × (1 or n).
        observed_c: steps × m, NaN = not observed.
        p: settings.
    """
    made, weather = roads(p.road, len(s.sensors), p.step_s, _of(s.own, s.sensor_at)), weather.of(s.sensor_at)
    first, deep = begun_c(observed_c, weather)
    state = start(p.road, np.where(np.isnan(first), deep, first), deep)
    return through_observed(
        state, weather, observed_c[:, None, :], made, profile(p.road), p.road.stores, p.step_s
    )


def begun_c(observed_c: Floats, weather: Forcing) -> tuple[Floats, float]:
    """Return the first surfaces known of each sensor, and the ground's temperature below: the mean of all that is known [°C]."""
    known = ~np.isnan(observed_c)
    first = np.argmax(known, axis=0)
    begun = np.where(known.any(axis=0), observed_c[first, np.arange(observed_c.shape[1])], np.nan)
    deep = float(observed_c[known].mean()) if known.any() else float(weather.air_c.mean())
    return (begun if known.any() else np.full(observed_c.shape[1], deep)), deep


def _lent(s: Stretches, weather: Forcing, observed_c: Floats, p: NowParameters) -> tuple[Floats, Correction]:
    """Return the flux that was lacking under the sensors, steps × m, and the correction of all segments, 1 × n."""
    m = len(s.sensors)
    if m == 0 or np.isnan(observed_c).all():
        none = np.zeros((1, len(s)), dtype=DTYPE)
        return np.full((weather.steps, m), np.nan), Correction(none, none, none, none)
    past = at_sensors(s, weather, observed_c, p)
    fix = correction(past, p.road.coupling, p.step_s)
    lacking = past.lacking_w_m2[:, 0, :].astype(np.float64)
    steps = max(1, round(p.road.coupling.window_h * 3600.0 / p.step_s))
    lent = shares(s.weight, np.asarray((~np.isnan(lacking[-steps:])).any(axis=0), dtype=np.bool_))
    spread = replace(fix, **{n: _spread(getattr(fix, n), lent, s) for n in ("flux_w_m2", "recent_w_m2", "sun_share")},
                     steady_w_m2=np.zeros((1, len(s)), dtype=DTYPE))  # fmt: skip
    return lacking, spread


def _spread(values: Array, lent: Floats, s: Stretches) -> Array:
    """Return a sensor's value for each segment: its own sensor's where it is lent any, else the neighbours'."""
    found = lent @ values[0]
    speaks = lent[s.sensor_at, np.arange(len(s.sensors))] > 0.0
    found[s.sensor_at[speaks]] = values[0, speaks]
    return np.ascontiguousarray(found[None, :], dtype=DTYPE)


def _through(
    s: Stretches, state: State, weather: Forcing, observed_c: Floats, film_mm: Floats, spreads: Spreads,
    lacking: Floats, fix: Correction, made: Roads, p: NowParameters,
) -> Ran:  # fmt: skip
    air, surfaces = profile(p.road), np.empty((weather.steps, len(s)), dtype=DTYPE)
    told = np.full((1, len(s)), np.nan, dtype=DTYPE)
    salted = _by_step(spreads, weather.steps, p.step_s)
    lent: dict[bytes, Any] = {}
    for i in range(weather.steps):
        there = ~np.isnan(lacking[i])
        key = there.tobytes()
        if key not in lent:
            lent = {key: shares(s.weight, there).astype(DTYPE)}
        extra = (lent[key] @ np.nan_to_num(lacking[i]).astype(DTYPE))[None, :]
        told[0, s.sensor_at] = observed_c[i]
        state = advance(
            state, weather.at(i), made, air, p.road.stores, p.step_s, extra.astype(DTYPE), told
        ).state
        surfaces[i] = state.surface_c[0]
        for at, g_m2, since_h in salted.get(i, ()):
            state = _salted(state, at, g_m2, since_h * float(s.own["traffic"][at]))
    falls = (weather.rain_mm_h + weather.snow_mm_h)[-LATELY_STEPS:, 0, :] > 0.0
    return Ran(_with_film(state, s, film_mm, falls), surfaces, fix, made)


def _by_step(spreads: Spreads, steps: int, step_s: float) -> Mapping[int, list[tuple[int, float, float]]]:
    """Return salt by step: where, how much [g/m²] and how long before the step's end [h].

    ``at_s`` of ``spreads`` are steps here (:func:`in_steps`).
    """
    found: dict[int, list[tuple[int, float, float]]] = {}
    for f, at, g in zip(
        spreads.at_s.tolist(), spreads.segment.tolist(), spreads.salt_g_m2.tolist(), strict=True
    ):
        i = math.ceil(f) - 1
        if 0 <= i < steps:
            found.setdefault(i, []).append((at, g, (i + 1 - f) * step_s / 3600.0))
    return found


def _salted(state: State, at: int, g_m2: float, worn_h: float) -> State:
    """Return the state with what is left of a pass at the end of its step, ``worn_h`` hours of a motorway's traffic later."""
    fast, slow = (float(kept) for kept in kept_of_pools(np.array(worn_h)))
    left = KEPT_SHARE * slow + (1.0 - KEPT_SHARE) * fast
    row = _one(state.surface_c.shape[1], at, g_m2 * left)
    return state.spread(row, KEPT_SHARE * slow / left)


def in_steps(spreads: Spreads, ends_s: Floats) -> Spreads:
    """Return spreads with how many steps after the first one's start each fell instead of its time; those outside are left out."""
    step_s = float(ends_s[1] - ends_s[0])
    steps = (spreads.at_s - (ends_s[0] - step_s)) / step_s
    inside = (steps > 0.0) & (spreads.at_s <= ends_s[-1])
    return Spreads(segment=spreads.segment[inside], at_s=steps[inside], salt_g_m2=spreads.salt_g_m2[inside])


def _one(n: int, at: int, value: float) -> Floats:
    row = np.zeros((1, n))
    row[0, at] = value
    return row


def _with_film(state: State, s: Stretches, film_mm: Floats, falls: Bools) -> State:
    """Return the state with the water that the roads' own sensors have seen lately.

    What they see beyond the model lies on roads alike, too: dew and rain are not one road's. That a sensor sees less says
    nothing of other roads: it may be stuck, or its own road be salted or swept dry by traffic. Nor does it say
    anything of its own road where something has fallen in the step of its newest film or since.

    Args:
        state: of all segments.
        s: the town.
        film_mm: steps × m, NaN = not measured.
        falls: whether rain or snow falls in the last ``LATELY_STEPS``: those × (1 or n).
    """
    lately = film_mm[-LATELY_STEPS:]
    seen = ~np.isnan(lately)
    has = np.asarray(seen.any(axis=0), dtype=np.bool_)
    if not has.any():
        return state
    step = len(lately) - 1 - np.argmax(seen[::-1], axis=0)
    newest = np.where(has, lately[step, np.arange(film_mm.shape[1])], 0.0)
    modelled = state.water_mm[0, s.sensor_at]
    beyond = np.where(has, newest - modelled, 0.0).clip(0.0)
    water = state.water_mm + (shares(s.weight, has) @ beyond).astype(state.water_mm.dtype)
    wetted = _fallen_from(falls, step, s)
    own = np.where(wetted, np.maximum(newest, modelled), newest)
    water[0, s.sensor_at[has]] = own[has]
    return replace(state, water_mm=np.clip(water, 0.0, None))


def _fallen_from(falls: Bools, step: Ints, s: Stretches) -> Bools:
    """Return whether something has fallen on each sensor's road in a step or after it."""
    since = np.logical_or.accumulate(falls[::-1], axis=0)[::-1]
    at = s.sensor_at if falls.shape[1] > 1 else np.zeros(len(s.sensors), dtype=np.int64)
    found: Bools = since[step, at]
    return found


def _of(own: Mapping[str, Floats], at: Ints) -> dict[str, Floats]:
    return {name: values[at] for name, values in own.items()}
