"""Stored readings as what an issue takes. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from rules.core.memory import TreatedMemory
from rules.core.psychrometrics import Floats
from rules.core.road_now.model import StationReadings
from rules.core.road_surface.forcing import rain_share
from rules.winter.forecaster.ports import SaltRows

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
