"""One issue of the road forecast, from readings to the table. Pure: the same readings give the same table."""

from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec
import numpy as np

from rules.core.psychrometrics import Floats
from rules.core.road_now import coming, daylight, local_air, past
from rules.core.road_now import estimate as est
from rules.core.road_now import weather as wx
from rules.core.road_now.estimate import Now, Passing, estimate, passing
from rules.core.road_now.looked import Given, Looked, learn, look, place_of, trusted, types_of, unlikeness
from rules.core.road_now.parameters import NowParameters
from rules.core.road_now.stretches import Stretches
from rules.core.road_now.table import HOURS, NowRows, RoadForecast, SensorJudged, WeatherUsed, packed
from rules.core.road_now.thermal_map import ThermalMap
from rules.core.road_now.trust import Trust
from rules.core.road_now.weather_type import BY_DAY, prevailing
from rules.core.road_surface.ensemble import Risk, member_fluxes, members, risk
from rules.core.road_surface.forcing import Weather, forcing, on_steps, steps
from rules.core.road_surface.model import Correction
from rules.core.road_surface.roads import depths_m, profile
from rules.core.road_surface.spread import Spread
from rules.core.road_surface.state import State
from rules.core.road_surface.vapour import Array

HOUR_S = 3600.0
SKIN_M = 0.1
"""Depth at which a shift of the surface has fallen to 1/e: what a few hours warm or cool."""
TO_10_PCT = 1.2816
"""Standard deviations between the middle and the 10 % quantile of a normal distribution."""


@dataclass(frozen=True, slots=True)
class Issue:
    """A forecast, and the thermal map with what was measured since the last."""

    forecast: RoadForecast
    mapped: ThermalMap


def issue(g: Given) -> Issue:
    """Return the road forecast of a moment.

    Raises:
        NothingKnownError: nobody has measured the air in the past hours.
    """
    p, town = g.p, g.town
    looked = look(g)
    free = past.free_c(town, looked.made, looked.surface_c, p) if len(town.sensors) else looked.surface_c
    found = trusted(g, looked, free)
    believed = np.where(found.wrong, np.nan, looked.surface_c)
    salt = past.in_steps(g.observed.spreads, looked.ends_s)
    film = np.where(found.wrong, np.nan, looked.film_mm)
    ran = past.ran(town, looked.made, believed, film, salt, p)
    passed = passing(town, g.observed.passes, looked.ends_s, ran.surface_c, believed)
    later = _later(g, looked)
    night = _of_night(later, p)
    spread = _spread(g, later)
    unsure = replace(g, p=_unmeasured(p, looked, spread))
    now = _now(unsure, looked, believed, ran, passed, night, unlikeness(g, looked, found, free))
    sky = wx.longwave_beyond_w_m2(looked.measured) if np.isnan(later.longwave_w_m2).all() else 0.0
    state, fix = _shifted(ran, now, g, looked.offset_c[night], sky)
    chances, weather = _chances(g, later, looked, state, fix, ran, now, spread)
    mapped = learn(g, looked, found, free, passed)
    return Issue(_forecast(g, chances, weather, now, state, found), mapped)


def _later(g: Given, looked: Looked) -> Weather:
    air = looked.air
    relaxing = coming.Relaxing(g.p.relax_h, g.p.air, float(air.stillness[-1]), air.slope_c_m)
    said = None if g.forecast is None else g.forecast[1]
    return coming.expected(looked.measured, HOURS, said, place_of(g.town), relaxing)


def _of_night(later: Weather, p: NowParameters) -> int:
    return prevailing(types_of(later, p))


def _unmeasured(p: NowParameters, looked: Looked, spread: Spread) -> NowParameters:
    """Return settings by which the model is less sure the longer the weather was not measured."""
    more = est.unmeasured_c(looked.silent_h, spread)
    return msgspec.structs.replace(p, model_c=float(np.hypot(p.model_c, more)))


def _now(
    g: Given, looked: Looked, believed: Floats, ran: past.Ran, passed: Passing, night: int, unlike: float
) -> Now:
    town, p = g.town, g.p
    speaks = ~np.isnan(believed[-1])
    own = np.zeros(len(town), dtype=bool)
    own[town.sensor_at[speaks]] = True
    kind = int(looked.types[-1])
    deviation = g.mapped.deviation_c(p.mapping)
    mapped = np.zeros(len(town)) if kind == BY_DAY else looked.offset_c[kind]
    unsure = deviation[night if kind == BY_DAY else kind]
    base = ran.surface_c[-1].astype(np.float64)
    found = estimate(town, base, mapped, unsure, own, speaks, passed, p)
    return replace(found, deviation_c=np.where(own, 1.0, unlike) * found.deviation_c)


def _shifted(
    ran: past.Ran, now: Now, g: Given, by_map_c: Floats, sky_w_m2: float
) -> tuple[State, Correction]:
    """Return state and correction with what thermal map and gritters add: at once, and as a flux that keeps it so.

    ``by_map_c``: what the thermal map says for the night; ``sky_w_m2``: radiation of the sky beyond what is made of cloud.
    """
    p, state, fix = g.p.mapping, ran.state, ran.fix
    sky = (ran.roads.emissivity * ran.roads.sky_view)[0] * sky_w_m2
    depth = np.exp(-depths_m(g.p.road.ground) / SKIN_M)[:, None, None]
    dtype = state.zeta.dtype
    moved = (state.temperature_c + depth * now.shift_c[None, None, :]).astype(dtype)
    own = now.source == est.SENSOR
    of_night = np.where(own, 0.0, by_map_c) * p.flux_w_m2k
    by_gritters = (now.shift_c - now.mapped_c) * p.flux_w_m2k
    return replace(state, temperature_c=moved), replace(
        fix,
        flux_w_m2=(fix.flux_w_m2 + by_gritters).astype(dtype),
        steady_w_m2=(fix.steady_w_m2 + of_night + sky).astype(dtype),
    )


def _spread(g: Given, later: Weather) -> Spread:
    if g.forecast is None or not _is_forecast(g, later):
        return g.p.from_stations
    age_h = max(0.0, g.at_s - g.forecast[1].issued_s) / HOUR_S
    return msgspec.structs.replace(g.p.with_forecast, age_h=age_h, moved_h=g.p.relax_h)


def _is_forecast(g: Given, later: Weather) -> bool:
    return g.forecast is not None and coming.covers(g.forecast[1], float(later.at_s[0]))


def _chances(
    g: Given,
    later: Weather,
    looked: Looked,
    state: State,
    fix: Correction,
    ran: past.Ran,
    now: Now,
    spread: Spread,
) -> tuple[Risk, Weather]:
    """Return the ensemble's chances by hour, and the weather of its first member at those hours."""
    p = g.p
    rng = np.random.default_rng(g.seed)
    ends = steps(g.at_s, HOURS, p.step_s)
    wide = members(later, p.members, spread, rng, looked.silent_h)
    place = place_of(g.town)
    made = forcing(wide, ends, place.latitude_deg, place.longitude_deg, g.town.skyline, past.DTYPE)
    beyond = on_steps(later.at_s, local_air.ahead(looked.air, later, p.air), ends)
    made = daylight.through(local_air.at_stretches(made, beyond), looked.gaps)
    fluxes = member_fluxes(fix, p.members, spread, rng)
    fluxes = replace(fluxes, steady_w_m2=fluxes.steady_w_m2 + fix.steady_w_m2)
    unsure = np.sqrt(spread.surface_c**2 + now.deviation_c**2).astype(past.DTYPE)
    every = round(HOUR_S / p.step_s)
    road = p.road
    found = risk(
        state, made, fluxes, ran.roads, profile(road), road.stores, road.coupling, p.step_s, spread,
        p.hazard, every, unsure,
    )  # fmt: skip
    return _widened(found, unsure), later


def _widened(found: Risk, unsure_c: Array) -> Risk:
    """Return quantiles that hold what members share: the surface now is not known exactly, nor is the model exact."""
    more = (TO_10_PCT * unsure_c) ** 2
    low = found.middle_c - np.sqrt((found.middle_c - found.low_c) ** 2 + more)
    high = found.middle_c + np.sqrt((found.high_c - found.middle_c) ** 2 + more)
    return replace(found, low_c=low, high_c=high)


def _forecast(g: Given, chances: Risk, later: Weather, now: Now, state: State, found: Trust) -> RoadForecast:
    n, hours = len(g.town), HOUR_S * np.arange(1.0, HOURS + 1.0) + g.at_s
    at = np.minimum(np.searchsorted(later.at_s, hours), len(later.at_s) - 1)
    rain, snow = (np.broadcast_to(a[at, 0, :], (HOURS, n)) for a in (later.rain_mm_h, later.snow_mm_h))
    values = np.stack(
        [
            chances.low_c, chances.middle_c, chances.high_c, chances.below_zero, chances.ice,
            chances.film_mm, chances.deposit_mm, rain, snow,
        ]
    )  # fmt: skip
    return RoadForecast(
        issued_s=g.at_s,
        ids=g.town.ids,
        whole=packed(values.astype(np.float64)),
        now=_rows(now, state),
        weather=_used(g, later),
        sensors=_sensors(g.town, found),
        limit_c=found.limit_c,
        members=g.p.members,
    )


def _rows(now: Now, state: State) -> NowRows:
    words = (tuple(names[i] for i in of.tolist()) for names, of in (
        (est.SOURCES, now.source), (est.CONDITIONS, est.condition(state))))  # fmt: skip
    source, condition = words
    water, salt = (a[0].astype(np.float64) for a in (state.water_mm, state.salt_g_m2))
    return NowRows(now.surface_c, now.deviation_c, source, condition, water, salt)


def _used(g: Given, later: Weather) -> WeatherUsed:
    if g.forecast is None or not _is_forecast(g, later):
        return WeatherUsed("stations")
    number, said = g.forecast
    return WeatherUsed("forecast", number, said.source, said.issued_s)


def _sensors(town: Stretches, found: Trust) -> tuple[SensorJudged, ...]:
    return tuple(
        SensorJudged(name, town.ids[int(at)], None if error != error else round(float(error), 2), bool(wrong))
        for name, at, error, wrong in zip(
            town.sensors, town.sensor_at, found.error_c.tolist(), found.wrong.tolist(), strict=True
        )
    )


def seed_of(at_s: float) -> int:
    """Return the seed of an issue: its time, so that whoever makes it again makes the same."""
    return int(at_s)
