"""What is installed in a bin, and what an echo means there. Pure.

A model of bin says what all of its kind have; a bin without one has its own distances.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot

from devices.registry import BinModel, BinSite
from rules.core.bin_level.parameters import FilterParameters

ZERO_C_K = 273.15
SOUND_AT_0_C_M_S = 331.3
Profile = Sequence[tuple[float, float]]


def speed_of_sound_m_s(temperature_c: float) -> float:
    """Return the speed of sound in air [m/s]: ``331.3 sqrt(1 + T / 273.15)``, 0.17 % per °C."""
    return float(SOUND_AT_0_C_M_S * (1.0 + temperature_c / ZERO_C_K) ** 0.5)


@dataclass(frozen=True, slots=True)
class Shape:
    """A bin as its sensor sees it.

    Attributes:
        empty_mm, full_mm, blind_mm: distances.
        far_mm: no echo comes from further.
        compensates: whether the device knows the speed of sound by itself.
        sentinels_mm: distances that mean something else.
        noise_pct, floor_pct: standard deviation of one echo, and the least that is odd [% of fill].
        reported_sd_pct: standard deviation of a fill that the device says itself: its own, and its steps'.
        capacity_l: at 100 %.
        profile: (share of the height, share of the volume); empty: straight walls.
        sun_s: how far the sun is ahead of UTC [s].
    """

    empty_mm: float
    full_mm: float
    blind_mm: float
    far_mm: float
    compensates: bool
    sentinels_mm: tuple[float, ...]
    noise_pct: float
    floor_pct: float
    reported_sd_pct: float
    capacity_l: float
    profile: tuple[tuple[float, float], ...]
    sun_s: float


def shape_of(site: BinSite, model: BinModel | None, p: FilterParameters) -> Shape:
    """Return a bin's shape: its model's, else its own."""
    of = site if model is None else model
    span_mm = of.empty_distance_mm - of.full_distance_mm
    return Shape(
        empty_mm=of.empty_distance_mm,
        full_mm=of.full_distance_mm,
        blind_mm=p.blind_mm if model is None else model.blind_mm,
        far_mm=of.empty_distance_mm * (1.0 + p.beyond_empty_share),
        compensates=p.device_compensates if model is None else model.device_compensates,
        sentinels_mm=p.sentinels_mm if model is None else (*p.sentinels_mm, *model.sentinels_mm),
        noise_pct=100.0 * p.noise_mm / span_mm,
        floor_pct=100.0 * p.floor_mm / span_mm,
        reported_sd_pct=hypot(p.reported_sd_pct, 0.0 if model is None else model.step_pct / 12**0.5),
        capacity_l=of.capacity_l,
        profile=() if model is None else model.profile,
        sun_s=site.longitude_deg * 240.0,
    )


def echo_mm(distance_mm: float | None, shape: Shape) -> float | None:
    """Return a distance that can be true [mm], else None: no sentinel, beyond the blind zone, not below the floor."""
    if distance_mm is None or not shape.blind_mm < distance_mm <= shape.far_mm:
        return None
    return None if distance_mm in shape.sentinels_mm else distance_mm


def compensated_mm(
    distance_mm: float, temperature_c: float | None, shape: Shape, reference_c: float
) -> float:
    """Return a distance corrected for the speed of sound [mm]; as it is where the device did it or nobody knows the temperature."""
    if shape.compensates or temperature_c is None:
        return distance_mm
    return distance_mm * float(((ZERO_C_K + temperature_c) / (ZERO_C_K + reference_c)) ** 0.5)


def fill_pct(distance_mm: float, shape: Shape) -> float:
    """Return the fill of a bin [% of its usable height], 0..100."""
    share = (shape.empty_mm - distance_mm) / (shape.empty_mm - shape.full_mm)
    return 100.0 * min(1.0, max(0.0, share))


def measured_pct(
    distance_mm: float | None,
    reported_pct: float | None,
    temperature_c: float | None,
    shape: Shape,
    reference_c: float,
) -> float | None:
    """Return the fill of one reading [%]; None where there is no echo that can be true.

    What a device says itself counts where it gives no distance: of a false echo it would have made a false fill.
    """
    if distance_mm is None:
        return reported_pct
    echo = echo_mm(distance_mm, shape)
    return None if echo is None else fill_pct(compensated_mm(echo, temperature_c, shape, reference_c), shape)


def litres(fill: float, shape: Shape) -> float:
    """Return the volume at a fill [% of the height] [l]."""
    return shape.capacity_l * volume_share(fill / 100.0, shape.profile)


def volume_share(height: float, profile: Profile) -> float:
    """Return the share of the volume at a share of the height, between the profile's points on straight lines."""
    if not profile:
        return height
    points = [(0.0, 0.0), *profile] if profile[0][0] > 0.0 else list(profile)
    if points[-1][0] < 1.0:
        points.append((1.0, 1.0))
    k = min(max(bisect_right([h for h, _ in points], height), 1), len(points) - 1)
    (h0, v0), (h1, v1) = points[k - 1], points[k]
    return v0 + (v1 - v0) * (min(1.0, max(0.0, height)) - h0) / (h1 - h0)
