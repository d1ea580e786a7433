"""A town played through a row of nights: what its devices say, what is forecast, and what is true."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import numpy as np

from bench.nights.script import kinds, season
from devices.registry import Device
from firmware_sim.world.forecast import AHEAD_H, EVERY_S, HOUR_S, TownForecaster
from firmware_sim.world.town import TownSizes, generate_town
from firmware_sim.world.world import World
from rules.catalogue.loader import load
from rules.core.context import Context, build_context
from rules.core.psychrometrics import Floats
from rules.core.road_now.model import Observed
from rules.core.road_now.stretches import Stretches
from rules.core.weather_forecast import WeatherForecast
from rules.winter.forecaster.gathering import observed, town_of
from rules.winter.forecaster.memory import GRITTER, ROAD, STATION
from rules.winter.forecaster.ports import GritterRows, Installed, Measured, RoadRows, SaltRows
from rules.winter.forecaster.rows import station_readings
from rules.winter.weather.files import read
from rules.winter.weather.formats.given import Given

STEP_S, DRIVES_STEP_S = 1200.0, 60.0
ROUND_AT_H, ROUND_LASTS_H = 20.0, 2.0
"""Each second night gritters go round without salt at this hour: that is what thermal mapping is."""
YEAR, MONTH, DAY = 2026, 1, 12

Rows = list[tuple[str, float, dict[str, float]]]
"""Device, time, fields."""


class Perfect(TownForecaster):
    """A weather service that is right."""

    def document(self, issued_s: float) -> dict[str, Any]:
        """Return what is issued at a time: the weather as it will be at the place's altitude."""
        hours = [self._hour(issued_s + h * HOUR_S, lambda name, at_s: 0.0) for h in range(AHEAD_H + 1)]
        return super().document(issued_s) | {"hours": hours}


@dataclass(frozen=True, slots=True)
class Town:
    """A town after its nights.

    Attributes:
        stretches, ctx: as the forecaster has them.
        of: the kinds of its nights, the first to begin on ``start_s``'s day.
        start_s: the first midnight [s since 1970].
        rows: readings by kind of device, in order of time.
        at_s, surface_c, air_c: true surfaces and air over them: times × segments.
        services: weather services by name.
    """

    stretches: Stretches
    ctx: Context
    of: Sequence[str]
    start_s: float
    rows: dict[str, Rows]
    at_s: Floats
    surface_c: Floats
    air_c: Floats
    services: dict[str, TownForecaster]

    def observed(self, from_s: float, to_s: float) -> Observed:
        """Return what was measured in a time, as the forecaster gathers it."""
        road, weather, gritter = (self._between(k, from_s, to_s) for k in ("road", "weather", "gritter"))
        stations = _columns(weather, STATION)
        stations[6] = stations[6] / 8.0
        roads = RoadRows([r[0] for r in road], *_columns(road, ROAD))
        nothing = SaltRows([], np.empty(0), np.empty(0))
        measured = Measured(
            station_readings(stations), roads, GritterRows(*_columns(gritter, GRITTER)), nothing
        )
        return observed(measured, self.stretches, self.ctx)

    def forecast(self, service: str, at_s: float) -> WeatherForecast:
        """Return the newest forecast of a service at a time."""
        issued_s = at_s // EVERY_S * EVERY_S
        content = msgspec.json.encode(self.services[service].document(issued_s))
        return read(content, service, Given(), "json")[0]

    def truth_c(self, at_s: float) -> Floats:
        """Return the true surfaces at a time."""
        found: Floats = self.surface_c[int(np.argmin(np.abs(self.at_s - at_s)))]
        return found

    def _between(self, kind: str, from_s: float, to_s: float) -> Rows:
        return [r for r in self.rows[kind] if from_s < r[1] <= to_s]


def play(seed: int, nights: int, sizes: TownSizes) -> Town:
    """Return a town of a seed after so many nights, the day before the first and the day after the last."""
    of, start = kinds(nights, seed), datetime(YEAR, MONTH, DAY, tzinfo=UTC)
    script = season(of, seed, start.timetuple().tm_yday)
    registry = generate_town(seed, sizes, start - timedelta(days=7))
    world = World(registry, script, seed, start)
    devices = [d for d in registry.devices if d.kind in ("road", "weather")]
    gritters = [d for d in registry.devices if d.kind == "gritter"]
    routes = [[s.segment_id for s in registry.segments if s.route_id == r.route_id] for r in registry.routes]
    rows: dict[str, Rows] = {"road": [], "weather": [], "gritter": []}
    times, truth, air = [], [], []
    for k in range(1, int((24.0 * nights + 15.0) * HOUR_S / STEP_S) + 1):
        at = start + timedelta(seconds=STEP_S * k)
        hour = STEP_S * k / HOUR_S
        if hour % 24.0 == ROUND_AT_H and int(hour // 24.0) % 2 == 0:
            for gritter, route in zip(gritters, routes, strict=False):
                world.treat(gritter.name, route, 0.0, world.now)
        if 0.0 < hour % 24.0 - ROUND_AT_H <= ROUND_LASTS_H:
            _drive(world, gritters, at, rows["gritter"])
        world.advance_to(at)
        for d in devices:
            rows[d.kind].append((d.name, at.timestamp(), world.sense(d.name, at)))
        times.append(at.timestamp())
        truth.append(world.roads.surface_c.copy())
        air.append(world.roads.air.temperature_c.copy())
    ctx = build_context(registry, load(), ZoneInfo("Europe/London"))
    middle_m = float(np.median([s.altitude_m for s in registry.segments]))
    said = (script, seed, start.timestamp(), "town", middle_m)
    return Town(
        stretches=town_of(Installed(registry, ctx)), ctx=ctx, of=of, start_s=start.timestamp(), rows=rows,
        at_s=np.array(times), surface_c=np.array(truth), air_c=np.array(air),
        services={"perfect": Perfect(*said), "town": TownForecaster(*said)},
    )  # fmt: skip


def _drive(world: World, gritters: Sequence[Device], until: datetime, rows: Rows) -> None:
    """Let lorries that are out tell of where they are, up to a time."""
    at = until - timedelta(seconds=STEP_S)
    while at < until:
        at += timedelta(seconds=DRIVES_STEP_S)
        world.advance_to(at)
        for d in gritters:
            if not world.gritter_free(d.name, at):
                rows.append((d.name, at.timestamp(), world.sense(d.name, at)))


def _columns(rows: Rows, names: Sequence[str]) -> list[Floats]:
    """Return times and fields."""
    return [
        np.array([r[1] for r in rows], dtype=np.float64),
        *(np.array([r[2].get(n, np.nan) for r in rows], dtype=np.float64) for n in names),
    ]
