"""What a road's surface is now, and how roads without a sensor are estimated.

A simple transfer, documented so that it can be judged: a road without a sensor takes the
weighted mean of those that have one, the nearest and most similar (distance, altitude,
sky view, bridge) counting most; each sensor is first moved to the road's own altitude
(lapse rate), sky view (an open road radiates more on a clear night) and construction (a
bridge cools from both sides). It knows nothing of traffic, build or shadow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from devices.registry import RoadNode, RoadSegment
from rules.core.parameters import SurfaceParameters, TransferParameters
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
METRES_PER_DEGREE = 111_195.0


@dataclass(frozen=True, slots=True)
class Transfer:
    """How sensors inform segments; fixed as long as the registry is.

    Attributes:
        weight: segments × sensors, not normalised; a segment's own sensor has infinitely more.
        own: per segment the index of its own sensor, or -1.
        segment_offset_c, sensor_offset_c: what altitude and construction add [°C].
        segment_sky, sensor_sky: sky view factors [-].
    """

    weight: Floats
    own: Indices
    segment_offset_c: Floats
    sensor_offset_c: Floats
    segment_sky: Floats
    sensor_sky: Floats


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


def positions(segments: Sequence[RoadSegment], nodes: Sequence[RoadNode]) -> Floats:
    """Return the middle of each segment: n × (latitude, longitude) [°]."""
    at = {n.node_id: (n.latitude_deg, n.longitude_deg) for n in nodes}
    middles = []
    for s in segments:
        if s.geometry:
            lon, lat = s.geometry[len(s.geometry) // 2]
            middles.append((lat, lon))
        else:
            a, b = (at.get(i, (np.nan, np.nan)) for i in (s.from_node, s.to_node))
            middles.append(((a[0] + b[0]) / 2, (a[1] + b[1]) / 2))
    return np.array(middles, dtype=np.float64).reshape(-1, 2)


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
    north = (middle[:, None, 0] - middle[None, at, 0]) * METRES_PER_DEGREE
    east = (middle[:, None, 1] - middle[None, at, 1]) * METRES_PER_DEGREE
    east = east * np.cos(np.radians(np.nan_to_num(middle[:, None, 0])))
    square = (
        (north**2 + east**2) / p.distance_scale_m**2
        + ((altitude[:, None] - altitude[None, at]) / p.altitude_scale_m) ** 2
        + ((sky[:, None] - sky[None, at]) / p.sky_view_scale) ** 2
        + p.bridge_penalty * np.abs(bridge[:, None] - bridge[None, at])
    )
    offset = p.lapse_c_per_m * altitude + p.bridge_c * bridge
    number = {d: i for i, d in enumerate(sensors)}
    own = np.array([number.get(s.device or "", -1) for s in segments], dtype=np.int64)
    weight = 1.0 / (0.05 + np.nan_to_num(square, nan=1e6)) ** 2
    return Transfer(weight, own, offset, offset[at], sky, sky[at])


def estimate(t: Transfer, now: Sensed, sky_effect_c: float) -> Estimate:
    """Return the segments' surface, air and moisture from what the sensors say.

    Args:
        t: of :func:`build_transfer`.
        now: of the same sensors, in the same order.
        sky_effect_c: temperature difference between no sky and open sky [°C], negative on
            a clear night, 0 by day or under cloud.
    """
    has_own = (t.own >= 0) & _take(now.fresh, t.own)
    weight = t.weight * now.fresh
    weight = np.where(has_own[:, None], np.arange(len(now.fresh)) == t.own[:, None], weight)
    total = weight.sum(axis=1, keepdims=True)
    weight = np.divide(weight, total, out=np.full_like(weight, np.nan), where=total > 0)
    here = t.segment_offset_c + sky_effect_c * t.segment_sky
    there = t.sensor_offset_c + sky_effect_c * t.sensor_sky
    surface = _mean(weight, now.surface_c - there) + here
    air = _mean(weight, now.air_c)
    vapour = _mean(weight, now.vapour_pa)
    leader = np.where(total[:, 0] > 0, _argmax(weight), -1)
    return Estimate(
        surface_c=surface,
        air_c=air,
        dew_point_c=dew_point_of_pressure_c(vapour),
        frost_point_c=frost_point_of_pressure_c(vapour),
        humidity_pct=np.minimum(relative_humidity_pct(air, vapour), 100.0),
        wetness=_mean(weight, now.wetness),
        slope_c_h=_mean(weight, now.slope_c_h),
        leader=leader,
    )


def _take(flags: Flags, index: Indices) -> Flags:
    taken: Flags = np.append(flags, False)[index]  # index -1 takes the False
    return taken


def _argmax(weight: Floats) -> Indices:
    if weight.shape[1] == 0:
        return np.full(len(weight), -1, dtype=np.int64)
    return np.asarray(np.argmax(np.nan_to_num(weight), axis=1), dtype=np.int64)


def _mean(weight: Floats, value: Floats) -> Floats:
    """Weighted mean over the sensors that know the value; NaN where none does."""
    known = ~np.isnan(value)
    total = (weight * known).sum(axis=1)
    summed = weight @ np.where(known, value, 0.0)
    out = np.full(len(weight), np.nan)
    np.divide(summed, total, out=out, where=total > 0)
    return out


def wetness_of(code: int | None, film_mm: float | None, p: SurfaceParameters) -> float | None:
    """Return DRY, DAMP or WET from a sensor's state code or water film; None where it has neither."""
    if code is not None:
        return {0: DRY, 1: DAMP, 3: DAMP}.get(code, WET)
    if film_mm is None:
        return None
    return WET if film_mm >= p.wet_film_mm else DAMP if film_mm >= p.damp_film_mm else DRY


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


def classify(s: Surface, previous: str, p: SurfaceParameters) -> tuple[State, str]:
    """Return a segment's state and why, in words.

    A hazard is left only ``hysteresis_c`` above the temperature at which it begins.

    References: hoar: surface below 0 °C and below the frost point (vapour pressure over
    ice); ice: water on a surface at or below its freezing point.
    """
    t = s.surface_c
    if t is None:
        return "unknown", "no fresh reading from here or nearby"
    slack = p.hysteresis_c if previous in HAZARDS else 0.0
    return _seen(s, t) or _frozen(s, t, slack) or _liquid(s, t)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surfaces:
    """Segments as :func:`classify_all` sees them, one entry each. NaN = unknown; temperatures in °C.

    ``code``: what the segment's own sensor sees, -1 where it has none or does not say.
    """

    surface_c: Floats
    dew_point_c: Floats
    frost_point_c: Floats
    wetness: Floats
    code: NDArray[np.int64]
    freezing_point_c: Floats
    snowing: bool = False


STATES: tuple[State, ...] = ("unknown", "snow", "ice", "hoar", "wet", "damp", "dry")


def classify_all(s: Surfaces, was_hazard: NDArray[np.bool_], p: SurfaceParameters) -> list[State]:
    """Return the states of many segments: those of :func:`classify`, one by one."""
    t, no_code = s.surface_c, s.code < 0
    slack = np.where(was_hazard, p.hysteresis_c, 0.0)
    freezing = np.minimum(0.0, np.nan_to_num(s.freezing_point_c, nan=0.0)) + slack
    with np.errstate(invalid="ignore"):
        damp, wet = s.wetness >= 0.5, s.wetness >= 1.5
        cases = [
            (0, np.isnan(t)),
            (1, (s.code == 5) | (no_code & (t <= 0.5) if s.snowing else False)),
            (2, s.code == 4),
            (3, s.code == 3),
            (2, damp & (t <= freezing)),
            (3, (t < freezing) & (t < s.frost_point_c + slack)),
            (4, wet),
            (5, damp | ((t <= s.dew_point_c) & (t > 0.0))),
        ]
    which = np.select([case for _, case in cases], [n for n, _ in cases], default=6)
    return [STATES[i] for i in which.tolist()]


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
