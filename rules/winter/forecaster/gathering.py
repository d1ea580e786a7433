"""From stored readings to what an issue is made of: sensors and gritters find their stretches. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rules.core.context import Context
from rules.core.places import positions, within_reach
from rules.core.road_now.coming import covers
from rules.core.road_now.model import Observed, Passes, SensorReadings, Spreads
from rules.core.road_now.stretches import Stretches, stretches
from rules.core.road_now.table import FRESH_S
from rules.core.weather_forecast import WeatherForecast
from rules.winter.forecaster.ports import GritterRows, Installed, Measured, RoadRows, SaltRows
from rules.winter.weather.ports import Kept

OLDEST_S = 24 * 3600.0
"""A weather forecast issued so long before is none."""
KM_PER_DEGREE = 111.2
OTHERS = "*"
"""In an order of sources: those that it does not name."""


@dataclass(frozen=True, slots=True)
class WeatherChoice:
    """Which weather forecasts are of the town, and whose count first.

    Attributes:
        most_km: one for a place farther from the middle of the roads is of another town [km].
        sources: names in their order, with ``*`` for all others; without it these come last. Those of
            Open-Meteo's are issued whenever they are fetched: by time of issue alone they were always the newest.
    """

    most_km: float = 50.0
    sources: tuple[str, ...] = (OTHERS, "open-meteo")

    def rank(self, source: str) -> int:
        """Return a source's place in the order, 0 = first."""
        if source in self.sources:
            return self.sources.index(source)
        return self.sources.index(OTHERS) if OTHERS in self.sources else len(self.sources)


SHIPPED_CHOICE = WeatherChoice()


def town_of(found: Installed) -> Stretches:
    """Return the stretches that are near something that measures, in the order of the engine's graph.

    Those of another town are in no forecast: its weather is not measured, and its place would move the sun.
    """
    ctx, nodes = found.ctx, found.registry.nodes
    segments, sensors = ctx.graph.segments, set(ctx.sensors)
    middle = positions(segments, nodes)
    on = [i for i, s in enumerate(segments) if s.device in sensors]
    stations = [(d.latitude_deg, d.longitude_deg) for d in found.registry.devices if d.kind == "weather"]
    at = np.array([*middle[on].tolist(), *stations], dtype=np.float64).reshape(-1, 2)
    near = np.flatnonzero(within_reach(middle, at)).tolist()
    return stretches([segments[i] for i in near], nodes, ctx.sensors, ctx.catalogue.transfer.parameters)


def observed(rows: Measured, town: Stretches, ctx: Context) -> Observed:
    """Return readings with the stretch that each is of; those of sensors on none are left out."""
    return Observed(
        rows.stations,
        _sensors(rows.roads, town),
        _passes(rows.gritters, town, ctx),
        _spreads(rows.salt, town),
    )


def _sensors(r: RoadRows, town: Stretches) -> SensorReadings:
    place = {name: i for i, name in enumerate(town.sensors)}
    sensor = np.array([place.get(d, -1) for d in r.device], dtype=np.int64)
    mine = sensor >= 0
    return SensorReadings(
        sensor=sensor[mine],
        at_s=r.at_s[mine],
        surface_c=r.surface_c[mine],
        air_c=r.air_c[mine],
        humidity_pct=r.humidity_pct[mine],
        film_mm=r.film_mm[mine],
    )


def _passes(g: GritterRows, town: Stretches, ctx: Context) -> Passes:
    most_m = ctx.catalogue.gritting.parameters.treatment.position_m
    found, _ = ctx.streets.match(g.latitude_deg, g.longitude_deg, most_m)
    place = {name: i for i, name in enumerate(town.ids)}
    of = np.array([place.get(s.segment_id, -1) for s in ctx.graph.segments] + [-1], dtype=np.int64)
    segment = of[found]  # one that is on no road, -1, takes the last
    on = segment >= 0
    return Passes(segment=segment[on], at_s=g.at_s[on], surface_c=g.surface_c[on])


def _spreads(s: SaltRows, town: Stretches) -> Spreads:
    place = {name: i for i, name in enumerate(town.ids)}
    segment = np.array([place.get(i, -1) for i in s.segment_id], dtype=np.int64)
    mine = segment >= 0
    return Spreads(segment=segment[mine], at_s=s.at_s[mine], salt_g_m2=s.salt_g_m2[mine])


def chosen(
    kept: Sequence[Kept], town: Stretches, at_s: float, choice: WeatherChoice = SHIPPED_CHOICE
) -> tuple[int, WeatherForecast] | None:
    """Return the weather forecast to be used, with its number; None where there is none.

    Of those for the town that cover the hours to come: the fresh before the others, then by the order of
    sources, then the one issued last, then the nearest.
    """
    usable = [k for k in kept if _is_usable(k.forecast, town, at_s, choice)]
    if not usable:
        return None

    def order(k: Kept) -> tuple[bool, int, float, float, int]:
        f = k.forecast
        is_old = at_s - f.issued_s > FRESH_S
        return is_old, choice.rank(f.source), -f.issued_s, _away_km(f, town), -k.forecast_id

    best = min(usable, key=order)
    return best.forecast_id, best.forecast


def _is_usable(f: WeatherForecast, town: Stretches, at_s: float, choice: WeatherChoice) -> bool:
    is_of_town = _away_km(f, town) <= choice.most_km
    return is_of_town and 0.0 <= at_s - f.issued_s <= OLDEST_S and covers(f, at_s)


def _away_km(f: WeatherForecast, town: Stretches) -> float:
    north = f.place.latitude_deg - town.latitude_deg
    east = (f.place.longitude_deg - town.longitude_deg) * float(np.cos(np.radians(town.latitude_deg)))
    return float(np.hypot(north, east)) * KM_PER_DEGREE
