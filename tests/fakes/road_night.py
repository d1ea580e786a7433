"""A frost night of the simulated town after a day that was watched, as columns for the road forecast."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np
from msgspec import structs

from devices.registry import Registry
from firmware_sim.scenario import load_scenario
from firmware_sim.world.town import TownSizes, generate_town
from firmware_sim.world.world import World
from rules.catalogue.loader import load
from rules.core.psychrometrics import Floats
from rules.core.readings import ReadingBatch
from rules.core.road_now.model import Observed, Passes, SensorReadings, Spreads, StationReadings
from rules.core.road_now.stretches import Stretches, stretches
from rules.core.road_surface.vapour import over_water_pa
from rules.core.weather_forecast import Place, WeatherForecast
from rules.core.weather_rule import precipitation_of
from tests.fakes.rules_town import START, Reading, batch

START_S = datetime(2026, 1, 14, 15, 0, tzinfo=UTC).timestamp()
LATER_H = 24.0
"""The scenario's weather comes so much later: the day before it is watched, too."""
FIVE_PM_S = START_S + 26.0 * 3600.0
EVERY_S = 1200.0
SEED = 1
SIZES = TownSizes(homes=10, road_sensors=16, weather_stations=2, gritters=1, bins=10, segments=160, routes=2)
NOTHING = np.empty(0)
NOWHERE = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class RoadNight:
    """What was measured and what was true.

    Attributes:
        observed: all readings of 41 hours.
        heard: (kind, device, seconds after START of ``rules_town``, fields), in order of time.
        at_s, surface_c: the roads' true surfaces by time: times × segments.
    """

    registry: Registry
    town: Stretches
    observed: Observed
    heard: tuple[Reading, ...]
    at_s: Floats
    surface_c: Floats

    def until(self, at_s: float, wrong_c: Mapping[str, float] | None = None) -> Observed:
        """Return what was measured by a time, some sensors wrong by so much [°C]."""
        o, off = self.observed, np.zeros(len(self.town.sensors))
        for device, error_c in (wrong_c or {}).items():
            off[self.town.sensors.index(device)] = error_c
        s, w = o.sensors, o.stations
        mine, theirs = s.at_s <= at_s, w.at_s <= at_s
        sensors = {f: getattr(s, f)[mine] for f in SensorReadings.__dataclass_fields__}
        sensors["surface_c"] = sensors["surface_c"] + off[sensors["sensor"]]
        stations = {f: getattr(w, f)[theirs] for f in StationReadings.__dataclass_fields__}
        return Observed(StationReadings(**stations), SensorReadings(**sensors), o.passes, o.spreads)

    def between(self, from_h: float, to_h: float, wrong_c: Mapping[str, float]) -> ReadingBatch:
        """Return what was measured after ``from_h`` up to ``to_h`` [h after START_S], as the rules take it."""
        low, high = (START_S - START + 3600.0 * h for h in (from_h, to_h))
        field = "surface_temperature_c"
        return batch(
            (k, d, t, {**v, field: v[field] + wrong_c[d]} if d in wrong_c and field in v else v)
            for k, d, t, v in self.heard
            if low < t <= high
        )

    def truth_c(self, at_s: float) -> Floats:
        """Return the roads' true surfaces at a time."""
        found: Floats = self.surface_c[int(np.argmin(np.abs(self.at_s - at_s)))]
        return found


@cache
def frost_night() -> RoadNight:
    """Return the scenario ``frost_night``, a day later than it says."""
    script = load_scenario("frost_night")
    points = tuple(structs.replace(p, hour=p.hour + LATER_H) for p in script.weather.points)
    script = structs.replace(script, weather=structs.replace(script.weather, points=points))
    start = datetime.fromtimestamp(START_S, UTC)
    registry = generate_town(SEED, SIZES, start - timedelta(days=7))
    world = World(registry, script, SEED, start)
    watched = [d for d in registry.devices if d.kind in ("road", "weather")]
    roads: dict[str, list[tuple[float, Mapping[str, float]]]] = {d.name: [] for d in watched}
    times, truth = [], []
    for k in range(1, int(41.0 * 3600.0 / EVERY_S) + 1):
        at = start + timedelta(seconds=EVERY_S * k)
        world.advance_to(at)
        for d in watched:
            roads[d.name].append((at.timestamp(), world.sense(d.name, at)))
        times.append(at.timestamp())
        truth.append([world.road(s.segment_id).surface_temperature_c for s in registry.segments])
    return _night(registry, roads, np.array(times), np.array(truth))


def _night(
    registry: Registry,
    heard: Mapping[str, list[tuple[float, Mapping[str, float]]]],
    at_s: Floats,
    truth: Floats,
) -> RoadNight:
    on = [s.device for s in registry.segments if s.device is not None]
    names = [d.name for d in registry.devices if d.kind == "road" and d.name in on]
    town = stretches(registry.segments, registry.nodes, names, load().transfer.parameters)
    stations = [d.name for d in registry.devices if d.kind == "weather"]
    rows = [(names.index(n), t, v) for n in names for t, v in heard[n] if v]
    col = lambda name: np.array([v.get(name, np.nan) for _, _, v in rows], dtype=np.float64)  # noqa: E731
    sensors = SensorReadings(
        sensor=np.array([i for i, _, _ in rows]), at_s=np.array([t for _, t, _ in rows]),
        surface_c=col("surface_temperature_c"), air_c=col("air_temperature_c"),
        humidity_pct=col("humidity_pct"), film_mm=col("water_film_mm"),
    )  # fmt: skip
    passes = Passes(segment=NOWHERE, at_s=NOTHING, surface_c=NOTHING)
    spreads = Spreads(segment=NOWHERE, at_s=NOTHING, salt_g_m2=NOTHING)
    heard_of = [(t, v) for n in stations for t, v in heard[n] if v]
    kind_of = {d.name: d.kind for d in registry.devices}
    all_of = sorted(
        ((kind_of[n], n, t - START, v) for n, found in heard.items() for t, v in found if v),
        key=lambda r: r[2],
    )
    return RoadNight(
        registry, town, Observed(_stations(heard_of), sensors, passes, spreads), tuple(all_of), at_s, truth
    )


def _stations(rows: list[tuple[float, Mapping[str, float]]]) -> StationReadings:
    def of(name: str) -> Floats:
        return np.array([v.get(name, np.nan) for _, v in rows], dtype=np.float64)

    rate, code = np.nan_to_num(of("precipitation_mm_h")), of("precipitation_type")
    air, humidity = of("air_temperature_c"), of("humidity_pct")
    falls = [
        precipitation_of(r, None if c != c else c, a, h, 0.1)
        for r, c, a, h in zip(rate.tolist(), code.tolist(), air.tolist(), humidity.tolist(), strict=True)
    ]
    snow = np.array([f == "snow" for f in falls])
    return StationReadings(
        at_s=np.array([t for t, _ in rows]), air_c=air, humidity_pct=humidity, wind_m_s=of("wind_speed_m_s"),
        shortwave_w_m2=of("shortwave_w_m2"), longwave_w_m2=of("longwave_w_m2"), cloud=of("cloud_oktas") / 8.0,
        rain_mm_h=np.where(snow, 0.0, rate), snow_mm_h=np.where(snow, rate, 0.0), pressure_hpa=of("pressure_hpa"),
    )  # fmt: skip


def forecast_of(night: RoadNight, issued_s: float, error_c: float = 0.0) -> WeatherForecast:
    """Return a forecast that says what the stations were to measure, ``error_c`` too warm."""
    w, hours = night.observed.stations, issued_s + 3600.0 * np.arange(0.0, 15.0)

    def hourly(values: Floats) -> Floats:
        order = np.argsort(w.at_s, kind="stable")
        return np.interp(hours, w.at_s[order], values[order])

    air = hourly(w.air_c) + error_c
    vapour = over_water_pa(hourly(w.air_c)) * hourly(w.humidity_pct) / 100.0
    dew = np.log(vapour / 611.2)
    return WeatherForecast(
        place=Place("town", night.town.latitude_deg, night.town.longitude_deg),
        issued_s=issued_s, source="town", at_s=hours, air_c=air,
        dew_point_c=np.minimum(243.12 * dew / (17.62 - dew), air), wind_m_s=hourly(w.wind_m_s),
        cloud=hourly(w.cloud), precipitation_mm_h=hourly(w.rain_mm_h + w.snow_mm_h),
        snow_mm_h=hourly(w.snow_mm_h), pressure_hpa=hourly(w.pressure_hpa),
    )  # fmt: skip
