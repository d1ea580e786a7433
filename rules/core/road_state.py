"""What a road's surface is now, and how roads without a sensor are estimated.

A simple transfer, documented so that it can be judged: a road without a sensor takes the
weighted mean of those that have one, the nearest and most similar (distance, altitude,
sky view, bridge) counting most; each sensor is first moved to the road's own altitude
(lapse rate), sky view (an open road radiates more on a clear night) and construction (a
bridge cools from both sides). It knows nothing of traffic, build or shadow, and a road far from every
sensor is not estimated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from devices.registry import RoadNode, RoadSegment
from rules.core.fits import first_fit, is_one_of
from rules.core.parameters import SurfaceParameters, TransferParameters
from rules.core.places import FARTHEST_M, positions, square_away_m2
from rules.core.psychrometrics import (
    Floats,
    dew_point_of_pressure_c,
    frost_point_of_pressure_c,
    relative_humidity_pct,
)

State = Literal["dry", "damp", "wet", "hoar", "ice", "snow", "unknown"]
Flags = NDArray[np.bool_]
Indices = NDArray[np.int64]
HAZARDS: frozenset[str] = frozenset({"hoar", "ice", "snow"})
DRY, DAMP, WET = 0.0, 1.0, 2.0
WEIGHTS_KEPT = 2
LIQUID = (1, 2)
"""Codes of a sensor that sees water: unless it is at the freezing point that it measures itself, its road is not frozen."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """How sensors inform segments; fixed as long as the registry is.

    Attributes:
        weight: segments × sensors, not normalised; a segment's own sensor has infinitely more.
        own: per segment the index of its own sensor, or -1.
        segment_offset_c, sensor_offset_c: what altitude and construction add [°C].
        segment_sky, sensor_sky: sky view factors [-].
        weights: normalised, by which sensors are fresh.
    """

    weight: Floats
    own: Indices
    segment_offset_c: Floats
    sensor_offset_c: Floats
    segment_sky: Floats
    sensor_sky: Floats
    weights: dict[bytes, tuple[Floats, Indices]] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Sensed:
    """What the sensors say now, one entry each; NaN = unknown. Temperatures in °C.

    ``fresh``: whether the sensor's last reading is recent enough to be used;
    ``wetness``: DRY, DAMP or WET.
    """

    fresh: Flags
    surface_c: Floats
    air_c: Floats
    vapour_pa: Floats
    wetness: Floats
    slope_c_h: Floats


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the segments are estimated to have, one entry each. ``leader``: the sensor that counts most, or -1."""

    surface_c: Floats
    air_c: Floats
    dew_point_c: Floats
    frost_point_c: Floats
    humidity_pct: Floats
    wetness: Floats
    slope_c_h: Floats
    leader: Indices


def build_transfer(
    segments: Sequence[RoadSegment],
    nodes: Sequence[RoadNode],
    sensors: Sequence[str],
    p: TransferParameters,
) -> Transfer:
    """Return how the devices ``sensors`` (each on some segment) inform ``segments``."""
    place = {s.device: i for i, s in enumerate(segments) if s.device is not None}
    at = np.array([place[d] for d in sensors], dtype=np.int64)
    middle = positions(segments, nodes)
    altitude, sky, bridge = (
        np.array([float(getattr(s, a)) for s in segments], dtype=np.float64)
        for a in ("altitude_m", "sky_view_factor", "bridge")
    )
    away_m2 = square_away_m2(middle, middle[at])
    square = (
        away_m2 / p.distance_scale_m**2
        + ((altitude[:, None] - altitude[None, at]) / p.altitude_scale_m) ** 2
        + ((sky[:, None] - sky[None, at]) / p.sky_view_scale) ** 2
        + p.bridge_penalty * np.abs(bridge[:, None] - bridge[None, at])
    )
    offset = p.lapse_c_per_m * altitude + p.bridge_c * bridge
    number = {d: i for i, d in enumerate(sensors)}
    own = np.array([number.get(s.device or "", -1) for s in segments], dtype=np.int64)
    weight = np.where(away_m2 > FARTHEST_M**2, 0.0, 1.0 / (0.05 + np.nan_to_num(square, nan=1e6)) ** 2)
    return Transfer(weight, own, offset, offset[at], sky, sky[at])


def estimate(t: Transfer, now: Sensed, sky_effect_c: float) -> Estimate:
    """Return the segments' surface, air and moisture from what the sensors say.

    Args:
        t: of :func:`build_transfer`.
        now: of the same sensors, in the same order.
        sky_effect_c: temperature difference between no sky and open sky [°C], negative on
            a clear night, 0 by day or under cloud.
    """
    weight, leader = _weights(t, now.fresh)
    here = t.segment_offset_c + sky_effect_c * t.segment_sky
    there = t.sensor_offset_c + sky_effect_c * t.sensor_sky
    mean = _Means(weight)
    air, vapour = mean.of(now.air_c), mean.of(now.vapour_pa)
    return Estimate(
        surface_c=mean.of(now.surface_c - there) + here,
        air_c=air,
        dew_point_c=dew_point_of_pressure_c(vapour),
        frost_point_c=frost_point_of_pressure_c(vapour),
        humidity_pct=np.minimum(relative_humidity_pct(air, vapour), 100.0),
        wetness=mean.of(now.wetness),
        slope_c_h=mean.of(now.slope_c_h),
        leader=leader,
    )


def _weights(t: Transfer, fresh: Flags) -> tuple[Floats, Indices]:
    """Return what each fresh sensor counts for each segment, 1 in all, and which counts most; kept while they are fresh."""
    key = fresh.tobytes()
    found = t.weights.get(key)
    if found is None:
        has_own = (t.own >= 0) & _take(fresh, t.own)
        weight = t.weight * fresh
        weight = np.where(has_own[:, None], np.arange(len(fresh)) == t.own[:, None], weight)
        total = weight.sum(axis=1, keepdims=True)
        weight = np.divide(weight, total, out=np.full_like(weight, np.nan), where=total > 0)
        if len(t.weights) >= WEIGHTS_KEPT:
            t.weights.clear()
        found = t.weights[key] = weight, np.where(total[:, 0] > 0, _argmax(weight), -1)
    return found


def _take(flags: Flags, index: Indices) -> Flags:
    taken: Flags = np.append(flags, False)[index]  # index -1 takes the False
    return taken


def _argmax(weight: Floats) -> Indices:
    if weight.shape[1] == 0:
        return np.full(len(weight), -1, dtype=np.int64)
    return np.asarray(np.argmax(np.nan_to_num(weight), axis=1), dtype=np.int64)


class _Means:
    """Weighted means over the sensors that know a value; NaN where none does. Most know all or nothing."""

    def __init__(self, weight: Floats) -> None:
        self._weight = weight
        self._totals: dict[bytes, Floats] = {}

    def of(self, value: Floats) -> Floats:
        """Return the means of a value by segment."""
        known = ~np.isnan(value)
        key = known.tobytes()
        if key not in self._totals:
            self._totals[key] = (self._weight * known).sum(axis=1)
        total, summed = self._totals[key], self._weight @ np.where(known, value, 0.0)
        out = np.full(len(self._weight), np.nan)
        np.divide(summed, total, out=out, where=total > 0)
        return out


def wetness_of(code: int | None, film_mm: float | None, p: SurfaceParameters) -> float | None:
    """Return DRY, DAMP or WET from a sensor's state code or water film; None where it has neither."""
    if code is not None:
        return {0: DRY, 1: DAMP, 3: DAMP}.get(code, WET)
    if film_mm is None:
        return None
    return WET if film_mm >= p.wet_film_mm else DAMP if film_mm >= p.damp_film_mm else DRY


def wetness_of_all(code: Floats, film_mm: Floats, p: SurfaceParameters) -> Floats:
    """Return :func:`wetness_of` of many sensors; NaN = unknown."""
    with np.errstate(invalid="ignore"):
        by_film = first_fit(
            [film_mm >= p.wet_film_mm, film_mm >= p.damp_film_mm], [WET, DAMP], np.full(film_mm.shape, DRY)
        )
        by_code = first_fit([code == 0, (code == 1) | (code == 3)], [DRY, DAMP], np.full(code.shape, WET))
    without = np.where(np.isnan(film_mm), np.nan, by_film)
    return np.where(np.isnan(code), without, by_code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """One segment as :func:`classify` sees it. None = unknown; temperatures in °C."""

    surface_c: float | None
    dew_point_c: float | None
    frost_point_c: float | None
    wetness: float | None
    code: int | None = None
    freezing_point_c: float | None = None
    snowing: bool = False
    freezing_measured: bool = False


def classify(s: Surface, previous: str, p: SurfaceParameters) -> tuple[State, str]:
    """Return a segment's state and why, in words.

    A hazard is left only ``hysteresis_c`` above the temperature at which it begins.

    References: hoar: surface below 0 °C and below the frost point (vapour pressure over
    ice); ice: water on a surface at or below its freezing point. Neither is inferred where
    the road's own sensor sees the water liquid, unless it has measured the freezing point as well: of
    two readings of one sensor that contradict each other the one that asks for salt counts.
    """
    t = s.surface_c
    if t is None:
        return "unknown", "no fresh reading from here or nearby"
    slack = p.hysteresis_c if previous in HAZARDS else 0.0
    return _seen(s, t) or _frozen(s, t, slack) or _liquid(s, t)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surfaces:
    """Segments as :func:`classify_all` sees them, one entry each. NaN = unknown; temperatures in °C.

    ``code``: what the segment's own sensor sees, -1 where it has none or does not say. ``freezing_measured``: whether
    the freezing point is that of its own sensor, not reckoned.
    """

    surface_c: Floats
    dew_point_c: Floats
    frost_point_c: Floats
    wetness: Floats
    code: NDArray[np.int64]
    freezing_point_c: Floats
    freezing_measured: Flags
    snowing: bool = False


STATES: tuple[State, ...] = ("unknown", "snow", "ice", "hoar", "wet", "damp", "dry")
STATE_OF_CASE: tuple[State, ...] = ("unknown", "snow", "ice", "hoar", "ice", "hoar", "wet", "damp", "dry")
"""What the cases of :func:`cases` are."""
CASES_OF: Mapping[State, Flags] = {
    state: np.array([found == state for found in STATE_OF_CASE]) for state in STATES
}
"""Which cases are a state."""
HAZARD_OF_CASE = np.array([state in HAZARDS for state in STATE_OF_CASE])
DRY_CASE = len(STATE_OF_CASE) - 1


def classify_all(s: Surfaces, was_hazard: Flags, p: SurfaceParameters) -> list[State]:
    """Return the states of many segments: those of :func:`classify`, one by one."""
    return [STATE_OF_CASE[case] for case in cases(s, was_hazard, p).tolist()]


def cases(s: Surfaces, was_hazard: Flags, p: SurfaceParameters) -> Indices:
    """Return the case that each of many segments falls into, the first that fits: places in ``STATE_OF_CASE``."""
    t, no_code = s.surface_c, s.code < 0
    slack = np.where(was_hazard, p.hysteresis_c, 0.0)
    freezing = np.minimum(0.0, np.nan_to_num(s.freezing_point_c, nan=0.0)) + slack
    may_freeze = ~is_one_of(s.code, LIQUID) | s.freezing_measured
    with np.errstate(invalid="ignore"):
        damp, wet = s.wetness >= 0.5, s.wetness >= 1.5
        fits = [
            np.isnan(t),
            (s.code == 5) | (no_code & (t <= 0.5) if s.snowing else False),
            s.code == 4,
            s.code == 3,
            may_freeze & damp & (t <= freezing),
            may_freeze & (t < freezing) & (t < s.frost_point_c + slack),
            wet,
            damp | ((t <= s.dew_point_c) & (t > 0.0)),
        ]
    return first_fit(fits, range(len(fits)), np.full(len(t), DRY_CASE, dtype=np.int64))


def case_in_words(
    case: int, t: float, dew_c: float, frost_c: float, wetness: float, code: int, freezing_point_c: float
) -> str:
    """Return why a segment is in its state: the words of :func:`classify` for one of :func:`cases`.

    Args:
        case: of the segment.
        t: surface temperature [°C].
        dew_c: dew point [°C].
        frost_c: frost point [°C].
        wetness: DRY, DAMP, WET or between.
        code: what its own sensor sees, -1 = nothing.
        freezing_point_c: of the water on it [°C], NaN = unknown.
    """
    if case == DRY_CASE:
        return f"no sign of water, surface {t:.1f} °C"
    if case == 5:
        return f"surface {t:.1f} °C, below 0 °C and below the frost point of {frost_c:.1f} °C"
    if case == 7 and not wetness >= 0.5:
        return f"dew forms: surface {t:.1f} °C, dew point {dew_c:.1f} °C"
    if case in (6, 7):
        return f"the road is {'wet' if wetness >= 1.5 else 'damp'}, surface {t:.1f} °C"
    if case == 4:
        freezing = min(0.0, freezing_point_c) if freezing_point_c == freezing_point_c else 0.0  # NaN: unknown
        water = "wet" if wetness >= 1.5 else "damp"
        return f"the road is {water} and at {t:.1f} °C, it freezes at {freezing:.1f} °C"
    if case == 0:
        return "no fresh reading from here or nearby"
    seen = {1: "snow", 2: "ice", 3: "hoar frost"}[case]
    return (
        f"it snows on a surface of {t:.1f} °C" if code < 0 else f"the sensor sees {seen}, surface {t:.1f} °C"
    )


def _seen(s: Surface, t: float) -> tuple[State, str] | None:
    seen: dict[int, tuple[State, str]] = {
        5: ("snow", f"the sensor sees snow, surface {t:.1f} °C"),
        4: ("ice", f"the sensor sees ice, surface {t:.1f} °C"),
        3: ("hoar", f"the sensor sees hoar frost, surface {t:.1f} °C"),
    }
    if s.code in seen:
        return seen[s.code]
    if s.code is None and s.snowing and t <= 0.5:
        return "snow", f"it snows on a surface of {t:.1f} °C"
    return None


def _frozen(s: Surface, t: float, slack: float) -> tuple[State, str] | None:
    if s.code in LIQUID and not s.freezing_measured:
        return None
    freezing = 0.0 if s.freezing_point_c is None else min(0.0, s.freezing_point_c)
    water = "wet" if s.wetness is not None and s.wetness >= 1.5 else "damp"
    if s.wetness is not None and s.wetness >= 0.5 and t <= freezing + slack:
        return "ice", f"the road is {water} and at {t:.1f} °C, it freezes at {freezing:.1f} °C"
    frost = s.frost_point_c
    if frost is not None and t < freezing + slack and t < frost + slack:
        return "hoar", f"surface {t:.1f} °C, below 0 °C and below the frost point of {frost:.1f} °C"
    return None


def _liquid(s: Surface, t: float) -> tuple[State, str]:
    if s.wetness is not None and s.wetness >= 0.5:
        word: State = "wet" if s.wetness >= 1.5 else "damp"
        return word, f"the road is {word}, surface {t:.1f} °C"
    if s.dew_point_c is not None and t <= s.dew_point_c and t > 0.0:
        return "damp", f"dew forms: surface {t:.1f} °C, dew point {s.dew_point_c:.1f} °C"
    return "dry", f"no sign of water, surface {t:.1f} °C"
