"""A street with its observations as a town of one road: what the product is given to forecast and decide on.

One stretch with a road sensor, one weather station, one route, one lorry. The hours of the file are the readings, one
an hour, at the file's time. The road's wetness signal is not a film: it becomes the sensor's state dry, damp or wet.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from math import cos, radians, sin

import numpy as np

from devices.registry import Depot, Device, GrittingRoute, Registry, RoadNode, RoadSegment
from rules.core.hindcast.facts import STREET_CLASS, Spread
from rules.core.places import METRES_PER_DEGREE
from rules.core.psychrometrics import Floats
from rules.core.readings import ReadingBatch, Readings
from rules.road_data.hornsgatan import HOUR_S, Hours

STREET, ROUTE, SENSOR, STATION, LORRY = "street", "route", "road-0", "wx-0", "gritter-0"
LENGTH_M, SPEED_M_S, FIX_S, LOAD_KG = 900.0, 10.0, 30.0, 9000.0
PASS_S = LENGTH_M / SPEED_M_S

DAMP_MV, WET_MV = 0.2, 2.0
"""Of the wetness signal: dry up to the first, wet from the second on."""
DRY, DAMP, WET = 0.0, 1.0, 2.0
RAIN, SLEET, SNOW, NOTHING_FALLS = 1.0, 2.0, 3.0, 0.0


@dataclass(frozen=True, slots=True)
class Street:
    """What a street is like: width [m], direction of its axis [°], share of the sky that it sees."""

    width_m: float = 15.0
    axis_deg: float = 76.0
    sky_view: float = 0.6


def clock_of(hours: Hours) -> timezone:
    """Return the file's clock."""
    return timezone(timedelta(hours=hours.utc_offset_h))


def registry_of(hours: Hours, street: Street) -> Registry:
    """Return the town."""
    installed = datetime.fromtimestamp(float(hours.at_s[0]), UTC) - timedelta(days=1)
    devices = [
        Device(name=name, kind=kind, shard=0, cadence_s=int(HOUR_S), installed_at=installed)
        for name, kind in ((SENSOR, "road"), (STATION, "weather"), (LORRY, "gritter"))
    ]
    ends = ((hours.latitude_deg, hours.longitude_deg), _end(hours, street))
    return Registry(
        name=STREET, devices=tuple(devices), homes=(), bins=(),
        nodes=tuple(RoadNode(node_id=i, latitude_deg=a, longitude_deg=b) for i, (a, b) in enumerate(ends)),
        segments=(
            RoadSegment(
                segment_id=STREET, street="the street", road_class=STREET_CLASS, from_node=0, to_node=1, length_m=LENGTH_M,
                width_m=street.width_m, sky_view_factor=street.sky_view, altitude_m=0.0, route_id=ROUTE, device=SENSOR,
            ),
        ),
        depots=(Depot(depot_id="depot", label="Depot", node_id=0),),
        routes=(GrittingRoute(route_id=ROUTE, label="The street", depot_id="depot"),),
    )  # fmt: skip


def _end(hours: Hours, street: Street) -> tuple[float, float]:
    north, east = (LENGTH_M * f(radians(street.axis_deg)) / METRES_PER_DEGREE for f in (cos, sin))
    return hours.latitude_deg + north, hours.longitude_deg + east / cos(radians(hours.latitude_deg))


def readings_of(hours: Hours, by_wetness: bool) -> ReadingBatch:
    """Return the readings of station and road sensor.

    Args:
        hours: of the file.
        by_wetness: whether the sensor tells dry, damp and wet; else the rules go by weather and forecast alone.
    """
    v, n = hours.values, len(hours.at_s)
    code = state_of(v["wetness_mv"]) if by_wetness else np.full(n, np.nan)
    road = {
        "surface_temperature_c": v["surface_c"], "air_temperature_c": v["air_c"],
        "humidity_pct": v["humidity_pct"], "water_film_mm": np.full(n, np.nan), "surface_state": code,
        "freezing_point_c": np.full(n, np.nan), "battery_v": np.full(n, np.nan),
    }  # fmt: skip
    rate = v["rain_mm_h"] + v["snow_mm_h"]
    weather = {
        "air_temperature_c": v["air_c"], "humidity_pct": v["humidity_pct"], "wind_speed_m_s": v["wind_m_s"],
        "shortwave_w_m2": v["shortwave_w_m2"], "longwave_w_m2": v["longwave_w_m2"], "cloud_oktas": 8.0 * v["cloud"],
        "precipitation_mm_h": rate, "precipitation_type": _falls(v["rain_mm_h"], v["snow_mm_h"]),
        "pressure_hpa": v["pressure_hpa"],
    }  # fmt: skip
    at_s = hours.at_s
    there = {
        "road": ~np.isnan(v["surface_c"] + v["air_c"]),
        "weather": ~np.isnan(v["air_c"] + v["humidity_pct"]),
    }
    return {
        kind: _readings(name, at_s, fields).where(there[kind])
        for kind, name, fields in (("road", SENSOR, road), ("weather", STATION, weather))
    }


def state_of(wetness_mv: Floats) -> Floats:
    """Return the state that a wetness signal tells, as the kind ``road`` has it; NaN = missing."""
    told = np.select([wetness_mv <= DAMP_MV, wetness_mv < WET_MV], [DRY, DAMP], default=WET)
    return np.where(np.isnan(wetness_mv), np.nan, told)


def _falls(rain_mm_h: Floats, snow_mm_h: Floats) -> Floats:
    both = (rain_mm_h > 0.0) & (snow_mm_h > 0.0)
    kinds = [both, snow_mm_h > 0.0, rain_mm_h > 0.0]
    return np.select(kinds, [SLEET, SNOW, RAIN], default=NOTHING_FALLS)


def _readings(device: str, at_s: Floats, fields: dict[str, Floats]) -> Readings:
    n = len(at_s)
    return Readings(np.arange(n), at_s, [device] * n, np.zeros(n, dtype=np.int64), fields)


def passes_of(spreads: Iterable[Spread], hours: Hours, street: Street) -> Readings | None:
    """Return what a lorry reports that spreads the salt: along the street, once for each; None where none is spread."""
    salted = [s for s in spreads if s.salt_g_m2 > 0.0]
    if not salted:
        return None
    rows = [row for s in salted for row in _pass(s, hours, street)]
    at_s, lat, lon, speed, rate, left = (np.array(c, dtype=np.float64) for c in zip(*rows, strict=True))
    names = ("latitude_deg", "longitude_deg", "speed_m_s", "spread_rate_g_m2", "salt_remaining_kg")
    empty = {"surface_temperature_c": np.full(len(at_s), np.nan)}
    return _readings(LORRY, at_s, dict(zip(names, (lat, lon, speed, rate, left), strict=True)) | empty)


def _pass(spread: Spread, hours: Hours, street: Street) -> Sequence[tuple[float, ...]]:
    (south, west), (north, east) = (hours.latitude_deg, hours.longitude_deg), _end(hours, street)
    found, whole_kg = [], spread.salt_g_m2 * street.width_m * LENGTH_M / 1000.0
    steps = round(LENGTH_M / SPEED_M_S / FIX_S)
    for k in range(steps + 1):
        share = k / steps
        rate = spread.salt_g_m2 if k < steps else 0.0
        lat, lon = south + share * (north - south), west + share * (east - west)
        found.append((spread.at_s + k * FIX_S, lat, lon, SPEED_M_S, rate, LOAD_KG - share * whole_kg))
    return found
