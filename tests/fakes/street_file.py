"""Observations of a street that does not exist, in NORTRIP's format: made by the model itself and some noise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

HEAD = (
    "Year\tMonth\tDay\tHour\tT2m (deg C)\tFF (m/s)\tDD (deg)\tRH (%)\tRain (mm/hr)\tSnow (mm/hr)\t"
    "Global radiation (W/m^2)\tCloud cover (fraction)\tRoad wetness (mV)\tRoad surface temperature (deg C)\t"
    "Pressure (mbar)\tLongwave radiation (W/m^2)"
)


def write_street(path: Path, begin: datetime, days: int, seed: int = 1) -> Path:
    """Write hourly observations from ``begin`` on; the road follows the air with a lag and swings less."""
    rng = np.random.default_rng(seed)
    hours = np.arange(days * 24)
    day = np.cos(2.0 * np.pi * (hours - 14) / 24.0)
    slow = np.convolve(rng.normal(0.0, 1.0, len(hours) + 71), np.ones(72) / 72**0.5 * 0.5, "valid")
    air = 1.0 + 3.0 * slow + 2.5 * day
    road = np.empty_like(air)
    road[0] = air[0]
    for i in range(1, len(air)):
        road[i] = road[i - 1] + 0.25 * (air[i] - 0.5 - road[i - 1]) + rng.normal(0.0, 0.1)
    sun = 200.0 * np.clip(day - 0.3, 0.0, None)
    lines = [HEAD]
    for i, h in enumerate(hours):
        at = begin + timedelta(hours=int(h))
        row = [air[i], 2.0, 200.0, 85.0, 0.0, 0.0, sun[i], -99.0, 0.1, road[i], -99.0, -99.0]
        lines.append("\t".join([f"{at.year}\t{at.month}\t{at.day}\t{at.hour}", *(f"{v:.2f}" for v in row)]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def january(path: Path, days: int = 30) -> Path:
    """Write a January that no shipped parameter set has seen."""
    return write_street(path, datetime(2015, 1, 1, tzinfo=UTC), days)
