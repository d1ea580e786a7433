"""Stored readings as what an issue takes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from rules.core.memory import TreatedMemory
from rules.core.psychrometrics import Floats
from rules.core.road_now.model import StationReadings
from rules.core.road_now.thermal_map import StillAir, ThermalMap, unknown
from rules.core.road_now.weather_type import EXTREME, TYPES
from rules.core.road_surface.forcing import rain_share
from rules.winter.forecaster.ports import SaltRows

AIR = "air:"
"""Before a segment's id: what its air differs by in still air, not its surface."""
SLEET, SNOW = 2.0, 3.0
"""Of ``precipitation_type`` in the kind ``weather``; sleet is half snow."""


def station_readings(columns: Sequence[Floats]) -> StationReadings:
    """Return stations' readings from columns: time, air, humidity, wind, shortwave, longwave, cloud (0..1), rate, type
    and pressure. Where no type is told, rain and snow are parted by air and humidity.
    """
    at_s, air, humidity, wind, sun, sky, cloud, rate, code, pressure = columns
    told = np.select([code == SNOW, code == SLEET], [1.0, 0.5], default=0.0)
    guessed = 1.0 - rain_share(air, humidity) if len(air) else told
    snow = np.where(np.isnan(code), guessed, told) * rate
    return StationReadings(
        at_s=at_s,
        air_c=air,
        humidity_pct=humidity,
        wind_m_s=wind,
        shortwave_w_m2=sun,
        longwave_w_m2=sky,
        cloud=cloud,
        rain_mm_h=rate - snow,
        snow_mm_h=snow,
        pressure_hpa=pressure,
    )


def map_of(rows: Iterable[tuple[str, str, float, float]], segment_ids: Sequence[str]) -> ThermalMap:
    """Return the thermal map of segments from rows: id, weather type, weight, sum. Still air has rows with ids of its own."""
    n, place = len(segment_ids), {name: i for i, name in enumerate(segment_ids)}
    found, air = unknown(n), StillAir(np.zeros(n), np.zeros(n))
    for name, kind, weight, sum_c in rows:
        if name.startswith(AIR):
            i = place[name.removeprefix(AIR)]
            air.weight[i], air.sum_c[i] = weight, sum_c
        else:
            at = TYPES.index(kind), place[name]
            found.nights[at], found.sum_c[at] = weight, sum_c
    return replace(found, air=air) if air.weight.any() else found


def ids_of(segment_ids: Sequence[str]) -> list[str]:
    """Return the ids of all rows of a thermal map."""
    return [*segment_ids, *(AIR + name for name in segment_ids)]


def map_rows(ids: Sequence[str], mapped: ThermalMap) -> list[tuple[str, str, float, float]]:
    """Return the rows of a thermal map, as :func:`map_of` takes them."""
    kind, segment = np.nonzero(mapped.nights)
    rows = [
        (ids[i], TYPES[k], float(mapped.nights[k, i]), float(mapped.sum_c[k, i]))
        for k, i in zip(kind.tolist(), segment.tolist(), strict=True)
    ]
    if mapped.air is None:
        return rows
    there = np.flatnonzero(mapped.air.weight).tolist()
    still = TYPES[EXTREME]
    return rows + [
        (AIR + ids[i], still, float(mapped.air.weight[i]), float(mapped.air.sum_c[i])) for i in there
    ]


def salt_rows(treated: Mapping[str, TreatedMemory], from_s: float, to_s: float) -> SaltRows:
    """Return the salt of passes after ``from_s``, up to ``to_s``; what lies on a part is spread over the whole stretch."""
    passes = [
        (segment, p.at_s, p.g_m2 * (p.high - p.low))
        for segment, memory in treated.items()
        for p in memory.passes
        if from_s < p.at_s <= to_s
    ]
    values = np.array([p[1:] for p in passes], dtype=np.float64).reshape(len(passes), 2)
    return SaltRows([p[0] for p in passes], values[:, 0].copy(), values[:, 1].copy())
