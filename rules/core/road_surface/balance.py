"""One step: the energy balance of the surface, solved together with the ground and what lies on the road."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np

from rules.core.road_surface import stores
from rules.core.road_surface.column import Factors, sweep_down, sweep_up
from rules.core.road_surface.longwave import KELVIN, SIGMA, from_cloud_w_m2
from rules.core.road_surface.parameters import Stores
from rules.core.road_surface.phase import SALT_COUNTS_G_M2, melt_at, settle
from rules.core.road_surface.salt import freezing_point_c
from rules.core.road_surface.state import Forcing, State
from rules.core.road_surface.turbulence import Profile, exchange_m_s
from rules.core.road_surface.vapour import Array, over_surface_pa, over_water_pa, water_activity

DRY_AIR_J_KGK = 287.05
AIR_HEAT_J_KGK = 1005.0
WATER_HEAT_J_KGK = 4190.0
EPSILON = 0.622
ROOM_C = 20.0
USUAL_HUMIDITY_PCT = 80.0
EVAPORATION_J_KG, SUBLIMATION_J_KG = 2.50e6, 2.83e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Roads:
    """What differs between segments (``parameters.Site``): 1 × segments, and the ground's factors."""

    sky_view: Array
    albedo: Array
    emissivity: Array
    wind_factor: Array
    traffic: Array
    traffic_w_m2: Array
    traffic_w_m2k: Array
    cloud_unknown: Array
    cloud_by_humidity: Array
    air_heat: Array
    wall_albedo: Array
    air_offset_c: Array
    ground: Factors


@dataclass(frozen=True, slots=True)
class Step:
    """A step's result: the state after it, the flux that was lacking and the sunshine absorbed [W/m²].

    ``lacking_w_m2`` is 0 where no temperature was observed.
    """

    state: State
    lacking_w_m2: Array
    sun_w_m2: Array


@dataclass(frozen=True, slots=True)
class _Vapour:
    """Flux to the road [kg/(m² s)] at the old temperature, its slope, and which latent heat it has."""

    flux: Array
    slope: Array
    latent: Array
    as_ice: Any


def advance(
    state: State,
    weather: Forcing,
    roads: Roads,
    profile: Profile,
    p: Stores,
    step_s: float,
    extra_w_m2: Array,
    observed_c: Array | None = None,
) -> Step:
    """Return the state one step later.

    Args:
        state: before.
        weather: at the end of the step.
        roads: the segments.
        profile: of wind and temperature.
        p: of the stores.
        step_s: length of the step; ``roads.ground`` is made for it.
        extra_w_m2: added to the balance (coupling).
        observed_c: the surface's temperature where it is known, NaN elsewhere.
    """
    state = stores.fallen(state, weather, step_s)
    swept, ground_heat = sweep_up(roads.ground, state.temperature_c, road_air_c(weather, roads))
    sun = absorbed_sun_w_m2(state, weather, roads, p)
    slope, heat, vapour, zeta = _exchange(state, weather, roads, profile, step_s)
    diagonal = roads.ground.diagonal + slope
    heat = heat + ground_heat + sun + extra_w_m2
    frozen = stores.frozen_mm(state)
    surface, melt = settle(diagonal, heat, state.water_mm, frozen, state.salt_g_m2, step_s)
    lacking = np.zeros_like(surface)
    if observed_c is not None:
        known = np.broadcast_to(~np.isnan(observed_c), surface.shape)
        told = np.where(known, observed_c, surface)
        melt = np.where(known, melt_at(diagonal, told, state.water_mm, frozen, state.salt_g_m2, step_s), melt)
        lacking = np.where(known, diagonal * (told - surface), lacking)
        surface = told
    come = (vapour.flux + vapour.slope * (surface - state.surface_c)) * step_s
    new = replace(state, temperature_c=sweep_down(roads.ground, swept, surface), zeta=zeta)
    new = stores.exchanged(stores.melted(new, melt), come, vapour.as_ice)
    return Step(stores.worn(new, p, roads.traffic, step_s), lacking, sun)


def absorbed_sun_w_m2(state: State, weather: Forcing, roads: Roads, p: Stores) -> Array:
    """Return the sunshine that the road absorbs [W/m²]: direct where lit, diffuse and reflected by its view."""
    white = np.minimum((state.ice_mm + state.snow_mm) * (1.0 / p.snow_covers_mm), 1.0)
    albedo = roads.albedo + (p.snow_albedo - roads.albedo) * white
    view = roads.sky_view + (1.0 - roads.sky_view) * roads.wall_albedo
    coming = weather.direct_w_m2 * (weather.lit + (1.0 - roads.sky_view) * roads.wall_albedo)
    absorbed = (1.0 - albedo) * (coming + weather.diffuse_w_m2 * view)
    return cast("Array", absorbed)


def road_air_c(weather: Forcing, roads: Roads) -> Array:
    """Return the air temperature at the road [°C]: the station's, its offset, what heated houses add, and local air."""
    warmer: Array = roads.air_heat * np.maximum(ROOM_C - weather.air_c, 0.0)
    air = weather.air_c + roads.air_offset_c + warmer
    return air if weather.local_c is None else air + weather.local_c


def road_vapour_pa(weather: Forcing) -> Array:
    """Return the vapour pressure at the road [Pa]: the station's, no more than the air there can hold."""
    most = weather.most_vapour_pa
    return weather.vapour_pa if most is None else np.minimum(weather.vapour_pa, most)


def likely_cloud(weather: Forcing, roads: Roads) -> Array:
    """Return the covered share of the sky where nobody says: damp air has more clouds, and precipitation is one."""
    humidity = 100.0 * weather.vapour_pa / over_water_pa(weather.air_c)
    cloud = roads.cloud_unknown + roads.cloud_by_humidity * (humidity - USUAL_HUMIDITY_PCT)
    falls = weather.rain_mm_h + weather.snow_mm_h > 0.0
    return np.where(falls, 1.0, np.clip(cloud, 0.0, 1.0)).astype(cloud.dtype)


def incoming_longwave_w_m2(weather: Forcing, roads: Roads, air_c: Array) -> Array:
    """Return the longwave radiation that reaches the road, from the sky and from what covers it [W/m²]."""
    sky = weather.longwave_w_m2
    unknown = np.isnan(sky)
    if unknown.any():
        clouds = np.isnan(weather.cloud)
        cloud = (
            np.where(clouds, likely_cloud(weather, roads), weather.cloud) if clouds.any() else weather.cloud
        )
        sky = np.where(unknown, from_cloud_w_m2(air_c, weather.vapour_pa, cloud), sky)
    houses = air_c + KELVIN
    square = houses * houses
    return roads.sky_view * sky + (1.0 - roads.sky_view) * SIGMA * square * square


def _exchange(
    state: State, weather: Forcing, roads: Roads, profile: Profile, step_s: float
) -> tuple[Array, Array, _Vapour, Array]:
    """Return slope and right side of all that the surface exchanges upwards, linear in its new temperature."""
    air, surface = road_air_c(weather, roads), state.surface_c
    density = weather.pressure_pa / (DRY_AIR_J_KGK * (air + KELVIN))
    exchange, zeta = exchange_m_s(profile, weather.wind_m_s * roads.wind_factor, air, surface, state.zeta)
    exchange = exchange + roads.traffic_w_m2k / (density * AIR_HEAT_J_KGK)
    rain = weather.rain_mm_h * (WATER_HEAT_J_KGK / stores.HOUR_S)
    sensible = density * AIR_HEAT_J_KGK * exchange + rain
    kelvin = surface + KELVIN
    radiated = roads.emissivity * SIGMA * kelvin * kelvin * kelvin
    vapour = _vapour(
        state, road_vapour_pa(weather), EPSILON * density * exchange / weather.pressure_pa, step_s
    )
    slope = sensible + 4.0 * radiated - vapour.latent * vapour.slope
    heat = (
        roads.emissivity * incoming_longwave_w_m2(weather, roads, air)
        - radiated * (kelvin - 4.0 * surface)
        + sensible * air
        + vapour.latent * (vapour.flux - vapour.slope * surface)
        + roads.traffic_w_m2
    )
    return slope, heat, vapour, zeta


def _vapour(state: State, vapour_pa: Array, per_pa: Array, step_s: float) -> _Vapour:
    """Return the vapour flux: it comes whenever the air is moister, and goes only from what lies there."""
    there = state.water_mm + stores.frozen_mm(state)
    point = np.where(
        state.salt_g_m2 > SALT_COUNTS_G_M2, freezing_point_c(state.salt_g_m2, state.water_mm), 0.0
    ).astype(there.dtype)
    as_ice = state.surface_c < point
    pressure, rise = over_surface_pa(state.surface_c, as_ice)
    if point.any():
        activity = np.where(as_ice, 1.0, water_activity(point)).astype(there.dtype)
        pressure, rise = pressure * activity, rise * activity
    flux, slope = per_pa * (vapour_pa - pressure), -per_pa * rise
    # A store that would be gone within the step limits the flux, and its slope with it.
    share = np.where(flux < 0.0, np.minimum(1.0, there / np.maximum(-flux * step_s, 1e-12)), 1.0)
    latent = np.where(as_ice, there.dtype.type(SUBLIMATION_J_KG), there.dtype.type(EVAPORATION_J_KG))
    return _Vapour(flux * share, slope * share, latent, as_ice)
