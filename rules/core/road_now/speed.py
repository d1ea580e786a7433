"""A county that does not exist, to measure how fast an issue of the road forecast is made: every road is another one."""

from __future__ import annotations

import numpy as np

from devices.registry import RoadNode, RoadSegment
from rules.core.parameters import TransferParameters
from rules.core.psychrometrics import Floats
from rules.core.road_now.looked import Given
from rules.core.road_now.model import Observed, Passes, SensorReadings, Spreads, StationReadings
from rules.core.road_now.stretches import stretches
from rules.core.road_now.thermal_map import unknown
from rules.core.road_surface.speed import JANUARY_S, LATITUDE_DEG, LONGITUDE_DEG

SENSORS_PER = 100
"""Segments to a road sensor."""
EVERY_S = 600.0
PAST_H = 48.0


def county(segments: int, p: TransferParameters, seed: int = 1) -> Given:
    """Return what an issue is made of in a county with a road sensor to a hundred segments, after two watched days."""
    rng = np.random.default_rng(seed)
    count = max(4, segments // SENSORS_PER)
    nodes = [
        RoadNode(node_id=i, latitude_deg=LATITUDE_DEG + north, longitude_deg=LONGITUDE_DEG + east)
        for i, (north, east) in enumerate(rng.uniform(-0.15, 0.15, (segments, 2)).tolist())
    ]
    sky, height = rng.uniform(0.4, 1.0, segments).tolist(), rng.uniform(20.0, 150.0, segments).tolist()
    roads = [
        RoadSegment(
            segment_id=f"s{i}", street="Road", road_class="ABCU"[i % 4], from_node=i, to_node=(i + 1) % segments,
            length_m=200.0, sky_view_factor=sky[i], altitude_m=height[i], bridge=i % 50 == 0,
            device=f"road-{i}" if i < count else None,
        )
        for i in range(segments)
    ]  # fmt: skip
    town = stretches(roads, nodes, [f"road-{i}" for i in range(count)], p)
    spreads = Spreads(
        segment=np.arange(0, segments, 10), at_s=np.full(len(range(0, segments, 10)), JANUARY_S - 7200.0),
        salt_g_m2=np.full(len(range(0, segments, 10)), 10.0),
    )  # fmt: skip
    passes = Passes(
        segment=np.arange(0, segments, 5), at_s=np.full(len(range(0, segments, 5)), JANUARY_S - 1800.0),
        surface_c=rng.normal(1.0, 1.0, len(range(0, segments, 5))),
    )  # fmt: skip
    observed = Observed(_stations(), _sensors(count, rng), passes, spreads)
    return Given(
        at_s=JANUARY_S, town=town, observed=observed, mapped=unknown(segments), learnt_s=JANUARY_S - 1800.0
    )


def _times() -> Floats:
    return np.arange(JANUARY_S - PAST_H * 3600.0, JANUARY_S + 1.0, EVERY_S)


def _air_c(at_s: Floats) -> Floats:
    return np.asarray(1.0 + 3.0 * np.sin(2.0 * np.pi * ((at_s - JANUARY_S) / 3600.0 + 4.0) / 24.0))


def _stations() -> StationReadings:
    at_s = _times()
    plain = np.zeros_like(at_s)
    sun = 200.0 * np.maximum(0.0, np.sin(2.0 * np.pi * ((at_s - JANUARY_S) / 3600.0 + 10.0) / 24.0))
    return StationReadings(
        at_s=at_s, air_c=_air_c(at_s), humidity_pct=plain + 92.0, wind_m_s=plain + 2.0, shortwave_w_m2=sun,
        longwave_w_m2=plain * np.nan, cloud=plain + 0.3, rain_mm_h=plain, snow_mm_h=plain,
        pressure_hpa=plain + 1000.0,
    )  # fmt: skip


def _sensors(count: int, rng: np.random.Generator) -> SensorReadings:
    at_s = _times()
    who, times = np.repeat(np.arange(count), len(at_s)), np.tile(at_s, count)
    air = _air_c(times)
    own = np.repeat(rng.normal(-0.5, 0.4, count), len(at_s))
    return SensorReadings(
        sensor=who, at_s=times, surface_c=air + own + rng.normal(0.0, 0.1, len(times)), air_c=air,
        humidity_pct=np.full(len(times), 92.0), film_mm=np.full(len(times), 0.05),
    )  # fmt: skip
