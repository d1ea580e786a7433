"""A road forecast made up for tests: stretches that cool by so much an hour, and the same in a database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from psycopg_pool import AsyncConnectionPool

from rules.core.road_now.table import (
    HOURS,
    QUANTITIES,
    NowRows,
    RoadForecast,
    SensorJudged,
    WeatherUsed,
    packed,
)
from rules.core.road_now.thermal_map import unknown
from rules.winter.forecaster.store import PostgresRoadForecasts

STATIONS = WeatherUsed("stations")
MET = WeatherUsed("forecast", 1, "Met", None)


def issue(
    issued_s: float,
    ids: Sequence[str],
    *,
    start_c: Sequence[float] | None = None,
    step_c: float = -0.5,
    turns: int = 12,
    weather: WeatherUsed = STATIONS,
    wrong: Sequence[SensorJudged] = (),
) -> RoadForecast:
    """Return an issue: the middle falls by ``-step_c`` an hour from ``start_c``, by default 3 °C, and rises after ``turns`` hours.

    Ice is certain from 0 °C down to where the surface is coldest, else impossible.
    """
    n, hour = len(ids), np.arange(1, HOURS + 1, dtype=np.float64)
    start = np.full(n, 3.0) if start_c is None else np.array(start_c, dtype=np.float64)
    middle = start[None, :] + step_c * np.where(hour <= turns, hour, 2 * turns - hour)[:, None]
    values = np.zeros((len(QUANTITIES), HOURS, n))
    values[0], values[1], values[2] = middle - 1.0, middle, middle + 1.0
    values[3] = values[4] = (middle < 0.0).astype(np.float64)
    now = NowRows(start, np.full(n, 0.2), ("sensor",) * n, ("damp",) * n, np.zeros(n), np.full(n, 5.0))
    return RoadForecast(issued_s, tuple(ids), packed(values), now, weather, tuple(wrong), 1.2, 20)


async def publish(dsn: str, *issues: RoadForecast) -> list[int | None]:
    """Store issues and return their numbers."""
    async with AsyncConnectionPool[Any](dsn, min_size=1, max_size=1, open=False) as pool:
        store = PostgresRoadForecasts(pool)
        return [await store.publish(f, unknown(len(f.ids))) for f in issues]
