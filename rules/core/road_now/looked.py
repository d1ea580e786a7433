"""What an issue looks at: the past as it was measured, which sensors are believed, what stretches differ by."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, replace

import numpy as np

from rules.core.psychrometrics import Floats
from rules.core.road_now import coming, daylight, local_air, past, thermal_map, trust
from rules.core.road_now import weather as wx
from rules.core.road_now.estimate import Passing
from rules.core.road_now.local_air import LocalAir
from rules.core.road_now.model import Ints, Observed
from rules.core.road_now.observed import gridded
from rules.core.road_now.parameters import SHIPPED, NowParameters
from rules.core.road_now.stretches import Stretches, shares
from rules.core.road_now.thermal_map import ThermalMap
from rules.core.road_now.trust import Trust
from rules.core.road_now.weather_type import BY_DAY, weather_type
from rules.core.road_surface.forcing import Weather, forcing, steps
from rules.core.road_surface.state import Forcing
from rules.core.weather_forecast import WeatherForecast

HOUR_S = 3600.0
USUAL_SENSORS = 2.0
"""What is usual elsewhere counts as so many sensors here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """All that an issue is made of.

    Attributes:
        at_s: now: the end of a step [s since 1970].
        town: its stretches.
        observed: readings of the last ``past_h`` hours, up to now.
        mapped: thermal map so far.
        learnt_s: up to when measurements are in it [s since 1970].
        doubted: names of sensors that were wrong at the last issue.
        forecast: of the weather, with its number; None: none.
        p: settings.
        seed: of the ensemble.
    """

    at_s: float
    town: Stretches
    observed: Observed
    mapped: ThermalMap
    learnt_s: float = 0.0
    doubted: Set[str] = frozenset()
    forecast: tuple[int | None, WeatherForecast] | None = None
    p: NowParameters = SHIPPED
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Looked:
    """The past as it was measured: ends of the steps, weather, its types, sensors' surfaces (steps × m) and films (as measured, not held).

    ``offset_c``: what the thermal map says that the stretches differ by: weather types × n; ``air``: at the stretches;
    ``gaps``: which share of the houses assumed beside them is not there;
    ``silent_h``: for how long beyond a usual gap the air, humidity, wind and sky have not been measured [h].
    """

    ends_s: Floats
    measured: Weather
    made: Forcing
    types: Ints
    surface_c: Floats
    film_mm: Floats
    offset_c: Floats
    air: LocalAir
    gaps: Floats
    silent_h: Mapping[str, float]


def look(g: Given) -> Looked:
    """Return the past as it was measured.

    Raises:
        NothingKnownError: nobody has measured the air.
    """
    p, o = g.p, g.observed
    ends = steps(g.at_s - HOUR_S * p.past_h, p.past_h, p.step_s)
    place = place_of(g.town)
    columns = wx.columns(ends, o.stations, o.sensors, p.gap_s)
    measured = wx.measured(ends, columns, place, _told(g, ends, place), p.relax_h)
    m = len(g.town.sensors)
    surface, film, thermometers = (
        gridded(ends, o.sensors.sensor, o.sensors.at_s, v, m, gap_s)
        for v, gap_s in ((o.sensors.surface_c, p.gap_s), (o.sensors.film_mm, 0.0), (o.sensors.air_c, p.gap_s))
    )  # A film is not held: rain makes another of it within minutes.
    air = local_air.found(g.town, place.altitude_m, thermometers, measured, g.mapped.air, g.learnt_s, p.air)
    measured = local_air.moved(measured, air.town_c)
    made = forcing(measured, ends, place.latitude_deg, place.longitude_deg, g.town.skyline)
    made = local_air.at_stretches(made, air.beyond_c)
    gaps = _gaps(g, made, surface)
    made = daylight.through(made, gaps)
    offset = g.mapped.offset_c(thermal_map.features_of(g.town), p.mapping)
    silent = wx.silences_h(ends, columns, p.gap_s)
    return Looked(ends, measured, made, types_of(measured, p), surface, film, offset, air, gaps, silent)


def _gaps(g: Given, made: Forcing, surface_c: Floats) -> Floats:
    """Return the gaps by all sensors that were right at the last issue: one that is too warm is so by night as well."""
    doubted = np.array([name in g.doubted for name in g.town.sensors], dtype=np.bool_)
    asked_c = np.where(doubted, np.nan, surface_c)
    if np.isnan(asked_c).all():
        return np.zeros(len(g.town))
    return daylight.gaps(g.town, made, past.at_sensors(g.town, made, asked_c, g.p), g.p)


def _told(g: Given, ends_s: Floats, place: wx.Place) -> dict[str, Floats]:
    """Return what the weather forecast said of the past."""
    if g.forecast is None:
        return {}
    air = g.p.air
    slope = local_air.slope_c_m(g.town, place.altitude_m, g.mapped.air, air)
    return coming.said_before(
        g.forecast[1], ends_s, place, coming.Relaxing(g.p.relax_h, air, slope_c_m=slope)
    )


def place_of(town: Stretches) -> wx.Place:
    """Return where a town is."""
    usual_m = float(np.median(town.altitude_m)) if len(town) else 0.0
    return wx.Place(town.latitude_deg, town.longitude_deg, usual_m)


def types_of(w: Weather, p: NowParameters) -> Ints:
    """Return the weather types of the town's weather."""
    falling = w.rain_mm_h + w.snow_mm_h
    cloud, wind, falls, sun = (
        a[:, 0, 0].astype(np.float64) for a in (w.cloud, w.wind_m_s, falling, w.shortwave_w_m2)
    )
    return weather_type(cloud, wind, falls, sun, p.mapping)


def trusted(g: Given, looked: Looked, free_c: Floats) -> Trust:
    """Return which sensors are wrong, by the dark hours of the last night or evening."""
    p, town = g.p.trust, g.town
    window = max(1, round(p.window_h * HOUR_S / g.p.step_s))
    dark = np.flatnonzero(looked.types != BY_DAY)[-window:]
    known_by = looked.offset_c[:, town.sensor_at]
    beyond = looked.surface_c[dark] - free_c[dark] - known_by[looked.types[dark]]
    least = max(1, round(p.least_h * HOUR_S / g.p.step_s))
    places = {i for i, name in enumerate(town.sensors) if name in g.doubted}
    return trust.judged(beyond, town.weight[town.sensor_at], p, least, places)


def learn(g: Given, looked: Looked, found: Trust, free_c: Floats, passed: Passing) -> ThermalMap:
    """Return the thermal map with what gritters and believed sensors measured since the last issue."""
    p, town = g.p, g.town
    age_h = (g.at_s - g.learnt_s) / HOUR_S
    new = passed.age_h < age_h
    place = np.searchsorted(looked.ends_s, g.at_s - passed.age_h[new] * HOUR_S)
    kinds = looked.types[np.minimum(place, len(looked.types) - 1)]
    before = replace(g.mapped, air=looked.air.learnt)
    mapped = thermal_map.learnt(
        before, kinds, passed.segment[new], passed.beyond_c[new], p.mapping.pass_nights, p.mapping
    )
    if len(town.sensors) < 2:
        return mapped
    step = np.flatnonzero(looked.ends_s > g.learnt_s)
    left = _beyond_others(g, looked, found, free_c, step)
    kind = np.repeat(looked.types[step], len(town.sensors))
    where = np.tile(town.sensor_at, len(step))
    nights = p.step_s / HOUR_S / p.mapping.night_h
    return thermal_map.learnt(mapped, kind, where, left.ravel(), nights, p.mapping)


def unlikeness(g: Given, looked: Looked, found: Trust, free_c: Floats) -> float:
    """Return how well neighbours tell a stretch here, over how well they are taken to where nothing is known of it.

    Each believed sensor is told by the others: what they missed in the dark hours of the past, with a few sensors that
    are as far off as is usual.
    """
    p = g.p
    if len(g.town.sensors) < 2:
        return 1.0
    dark = np.flatnonzero(looked.types != BY_DAY)
    missed = (
        _beyond_others(g, looked, found, free_c, dark)
        - looked.offset_c[looked.types[dark]][:, g.town.sensor_at]
    )
    there = (~np.isnan(missed)).sum(axis=0)
    told = (np.nan_to_num(missed) ** 2).sum(axis=0)[there > 0] / there[there > 0]
    usual = p.model_c**2
    return float(np.sqrt((told.sum() + USUAL_SENSORS * usual) / (len(told) + USUAL_SENSORS) / usual))


def _beyond_others(g: Given, looked: Looked, found: Trust, free_c: Floats, step: Ints) -> Floats:
    """Return by how much sensors' surfaces lie beyond what the others say: those steps × m, NaN = unknown."""
    town = g.town
    beyond = np.where(found.wrong, np.nan, looked.surface_c - free_c)
    others = town.weight[town.sensor_at] * (1.0 - np.eye(len(town.sensors)))
    left = np.full((len(step), len(town.sensors)), np.nan)
    for row, i in enumerate(step.tolist()):
        there = ~np.isnan(beyond[i])
        if there.sum() > g.p.trust.neighbours:
            left[row] = beyond[i] - shares(others, there) @ np.nan_to_num(beyond[i])
    return left
