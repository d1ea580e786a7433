"""Sensors and surveyed places put on the segments they lie on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from devices.registry import Device, RoadSegment
from rules.core.network.network import Network
from rules.core.road_surface.skyline import sky_view_of, surveyed
from rules.core.street_match import Streets

LEAST_SKY_VIEW = 0.01
"""Where a horizon leaves none: a registry wants more than 0."""
ON_A_SEGMENT = "road"
"""The kind of device that is in the road itself."""


@dataclass(frozen=True, slots=True)
class Snapped:
    """Where a sensor is: ``segment_id`` None where no road is near enough or another sensor has it; ``why`` says so."""

    device: str
    segment_id: str | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class SurveyPoint:
    """What was surveyed at a place; None or no horizon was not."""

    latitude_deg: float
    longitude_deg: float
    sky_view_factor: float | None = None
    altitude_m: float | None = None
    horizon_deg: tuple[float, ...] = ()


def snap_sensors(network: Network, devices: Sequence[Device], most_m: float) -> tuple[Snapped, ...]:
    """Return the segment of each road sensor: the nearest within ``most_m`` [m], one sensor each, the first has it."""
    sensors = [d for d in devices if d.kind == ON_A_SEGMENT]
    placed = [d for d in sensors if d.latitude_deg is not None and d.longitude_deg is not None]
    near, _ = Streets(network.graph).match(
        np.array([d.latitude_deg for d in placed], dtype=np.float64),
        np.array([d.longitude_deg for d in placed], dtype=np.float64),
        most_m,
    )
    taken: dict[str, str] = {}
    found = {d.name: Snapped(d.name, None, "has no position") for d in sensors}
    for device, index in zip(placed, near.tolist(), strict=True):
        if index < 0:
            found[device.name] = Snapped(device.name, None, f"no road within {most_m:g} m")
            continue
        segment_id = network.segments[index].segment_id
        first = taken.setdefault(segment_id, device.name)
        mine = first == device.name
        why = "" if mine else f"{segment_id} has {first} already"
        found[device.name] = Snapped(device.name, segment_id if mine else None, why)
    return tuple(found.values())


def with_sensors(segments: Sequence[RoadSegment], snapped: Sequence[Snapped]) -> tuple[RoadSegment, ...]:
    """Return the segments with their sensors."""
    device = {s.segment_id: s.device for s in snapped if s.segment_id is not None}
    return tuple(
        msgspec.structs.replace(s, device=device[s.segment_id]) if s.segment_id in device else s
        for s in segments
    )


def with_survey(
    network: Network, points: Sequence[SurveyPoint], most_m: float
) -> tuple[tuple[RoadSegment, ...], int]:
    """Return the segments with the mean of what was surveyed on each, and how many points lie on none."""
    near, _ = Streets(network.graph).match(
        np.array([p.latitude_deg for p in points], dtype=np.float64),
        np.array([p.longitude_deg for p in points], dtype=np.float64),
        most_m,
    )
    on: dict[int, list[SurveyPoint]] = defaultdict(list)
    for point, index in zip(points, near.tolist(), strict=True):
        on[index].append(point)
    segments = [_surveyed(s, on.get(i, ())) for i, s in enumerate(network.segments)]
    return tuple(segments), len(on.get(-1, ()))


def _surveyed(segment: RoadSegment, points: Sequence[SurveyPoint]) -> RoadSegment:
    sky = [p.sky_view_factor for p in points if p.sky_view_factor is not None]
    altitude = [p.altitude_m for p in points if p.altitude_m is not None]
    horizon = [surveyed(p.horizon_deg) for p in points if p.horizon_deg]
    sky = sky or [max(sky_view_of(h), LEAST_SKY_VIEW) for h in horizon]
    if sky:
        segment = msgspec.structs.replace(segment, sky_view_factor=round(float(np.mean(sky)), 3))
    if altitude:
        segment = msgspec.structs.replace(segment, altitude_m=round(float(np.mean(altitude)), 1))
    if horizon:
        mean_deg = np.mean(np.stack(horizon), axis=0)
        segment = msgspec.structs.replace(segment, horizon_deg=tuple(round(float(h), 1) for h in mean_deg))
    return segment
