"""What neighbours say of each other at a full hour of the night, into the memory of drift."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np

from rules.core.context import Context
from rules.core.memory import Outdoor, RoadMemory, WeatherMemory
from rules.core.quality import drift
from rules.core.quality_memory import DriftMemory
from rules.core.weather_rule import sky_effect_c
from rules.core.work import Work

NEW = DriftMemory()
HALF_A_DAY = timedelta(hours=12)


def note_residuals(work: Work, ctx: Context, at_s: float) -> None:
    """Note how far each road sensor and weather station is from its neighbours; by day nothing."""
    p = ctx.catalogue.drift.parameters
    local = datetime.fromtimestamp(at_s, ctx.zone)
    if not drift.is_night(local.hour + local.minute / 60.0, p):
        return
    night = (local - HALF_A_DAY).date().toordinal()  # a night belongs to the day on which it began
    found = {**_roads(work, ctx, at_s), **_stations(work, ctx, at_s)}
    if not found:
        return
    memory = work.write("drift")
    for device, residual_c in found.items():
        memory[device] = drift.note(memory.get(device, NEW), night, residual_c, p)


def _roads(work: Work, ctx: Context, at_s: float) -> dict[str, float]:
    p, roads = ctx.catalogue.drift.parameters, work.read("road")
    latest: list[RoadMemory | None] = [roads.get(d) for d in ctx.sensors]
    fresh = np.array([r is not None and at_s - r.at_s <= p.age_s for r in latest], dtype=bool)
    surface = np.array([np.nan if r is None else r.surface_c for r in latest], dtype=np.float64)
    town: Outdoor = work.read("outdoor").get("town", Outdoor())
    sky = sky_effect_c(town, ctx.catalogue.transfer.parameters.sky_view_c)
    off = drift.road_residuals_c(ctx, surface, fresh, sky, p.neighbours)
    return {d: float(c) for d, c in zip(ctx.sensors, off.tolist(), strict=True) if c == c}


def _stations(work: Work, ctx: Context, at_s: float) -> dict[str, float]:
    p = ctx.catalogue.drift.parameters
    stations: dict[str, WeatherMemory] = work.read("weather")
    air = {d: w.air_c for d, w in stations.items() if at_s - w.at_s <= p.age_s and d in ctx.devices}
    return drift.station_residuals_c(air, p.neighbours)
