"""METRo's roadcasts made again: our ground and turbulence under METRo's weather and absorbed radiation.

METRo writes radiation after albedo, emissivity and coupling, so that no coupling of ours is needed. Its constants are used
(``METRO``); its code (GPL) is not: this compares with what it says, not with a road.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec
import numpy as np
from numpy.typing import NDArray

from rules.core.road_surface.model import forecast, no_correction, through_observed
from rules.core.road_surface.parameters import Ground, Layer, ParameterSet, Site, Stores, Turbulence
from rules.core.road_surface.roads import depths_m, profile, roads
from rules.core.road_surface.state import Forcing, State, bare
from rules.core.road_surface.vapour import Array, over_water_pa

Floats = NDArray[np.float64]

STEP_S = 300.0
JUDGED_H = 12.0
SENSOR_M = 0.40
SPIN_UP_H = 48.0
UNDERSIDE_W_M2K = 1e4
"""METRo's bridges have the air's temperature underneath."""
PRESSURE_PA = 101_325.0

METRO = ParameterSet(
    id="metro",
    version=1,
    source="METRo 3 (Crevier & Delage 2001): constants as documented; radiation given as absorbed",
    site=Site(albedo=0.0, emissivity=0.92, traffic=0.0, traffic_w_m2=10.0, traffic_w_m2k=0.0),
    ground=Ground(first_m=0.01, growth=1.12, nodes=34),
    turbulence=Turbulence(air_height_m=1.5, roughness_m=0.001, heat_roughness_m=0.0005, least_wind_m_s=0.1),
    stores=Stores(drains_above_mm=0.2, drain_h=1.0 / (3.0e-3 * 3600.0), snow_max_mm=1.0, snow_albedo=0.0),
)
SAND = Layer(thickness_m=20.0, conductivity_w_mk=1.0, capacity_j_m3k=2.0e6)


@dataclass(frozen=True, slots=True)
class Sensed:
    """Observations: times [s since 1970], °C, and wind [m/s]; only the road's temperature is always there."""

    at_s: Floats
    air_c: Floats
    dew_c: Floats
    surface_c: Floats
    deep_c: Floats
    wind_m_s: Floats


@dataclass(frozen=True, slots=True)
class Roadcast:
    """What METRo said: °C, m/s, mm/h, stores in mm, absorbed W/m²."""

    at_s: Floats
    air_c: Floats
    dew_c: Floats
    wind_m_s: Floats
    rain_mm_h: Floats
    snow_mm_h: Floats
    water_mm: Floats
    ice_mm: Floats
    sun_w_m2: Floats
    longwave_w_m2: Floats
    surface_c: Floats


@dataclass(frozen=True, slots=True)
class MetroCase:
    """A case: its place's layers, what was observed, what METRo made of it."""

    name: str
    bridge: bool
    layers: tuple[Layer, ...]
    sensed: Sensed
    roadcast: Roadcast


def rmse_12h_c(case: MetroCase) -> float:
    """Return how far our surface is from METRo's over the first 12 h, root mean square [°C]."""
    cast, start_s = case.roadcast, case.sensed.at_s[-1]
    judged = (
        (cast.at_s > start_s) & (cast.at_s <= cast.at_s[0] + JUDGED_H * 3600.0) & ~np.isnan(cast.surface_c)
    )
    ends, surface = surfaces(case, float(cast.at_s[judged][-1]) - start_s)
    error = np.interp(cast.at_s[judged], ends, surface) - cast.surface_c[judged]
    return float(np.sqrt(np.mean(error * error)))


def surfaces(case: MetroCase, seconds: float) -> tuple[Floats, Floats]:
    """Return times [s since 1970] and our surface temperatures [°C] from the last observation on."""
    p = _parameters(case)
    made, air = roads(p, 1, STEP_S), profile(p)
    s, cast, start_s = case.sensed, case.roadcast, float(case.sensed.at_s[-1])
    before = np.arange(max(s.at_s[0], start_s - SPIN_UP_H * 3600.0), start_s + 1.0, STEP_S)
    before = before + (start_s - before[-1])
    seen = np.interp(before, s.at_s, s.surface_c)[:, None, None]
    past = through_observed(_first(case, p), _weather(case, before), seen, made, air, p.stores, STEP_S)
    ends = start_s + STEP_S * np.arange(1, int(np.ceil(seconds / STEP_S)) + 1)
    state = _with_stores(
        past.state, float(np.nan_to_num(cast.water_mm[0])), float(np.nan_to_num(cast.ice_mm[0]))
    )
    out = forecast(
        state, _weather(case, ends), no_correction(state.zeta), made, air, p.stores, p.coupling, STEP_S
    )
    return np.concatenate(([start_s], ends)), np.concatenate(
        (past.state.surface_c[0], out.surface_c[:, 0, 0])
    )


def _parameters(case: MetroCase) -> ParameterSet:
    """Return METRo's constants with the case's layers; a bridge ends at its thickness, in air."""
    if not case.bridge:
        return _on_ground((*case.layers, SAND), METRO.ground)
    thickness = sum(layer.thickness_m for layer in case.layers)
    nodes = round(thickness / METRO.ground.first_m) + 1
    ground = Ground(first_m=thickness / (nodes - 1), growth=1.0, nodes=nodes, bottom_w_m2k=UNDERSIDE_W_M2K)
    return _on_ground(case.layers, ground)


def _on_ground(layers: tuple[Layer, ...], grid: Ground) -> ParameterSet:
    """Return METRo's constants with other ground."""
    return msgspec.structs.replace(METRO, ground=msgspec.structs.replace(grid, layers=layers))


def _first(case: MetroCase, p: ParameterSet) -> State:
    """Return the ground at the first observation: a line to the sensor at 40 cm, constant below."""
    s = case.sensed
    deep = s.deep_c[~np.isnan(s.deep_c)]
    below = float(deep[0]) if len(deep) > 0 else float(np.mean(s.surface_c))
    depth = depths_m(p.ground)
    line = np.interp(depth, [0.0, SENSOR_M], [s.surface_c[0], below])
    return bare(line[:, None, None])


def _with_stores(state: State, water_mm: float, ice_mm: float) -> State:
    return replace(state, water_mm=state.water_mm * 0.0 + water_mm, ice_mm=state.ice_mm * 0.0 + ice_mm)


def _weather(case: MetroCase, ends: Array) -> Forcing:
    """Return the weather at times: observed before METRo's first hour, METRo's after it."""
    s, cast = case.sensed, case.roadcast

    def mixed(seen: Floats, said: Floats) -> Floats:
        values, at = np.concatenate((seen, said)), np.concatenate((s.at_s, cast.at_s))
        order = np.argsort(at, kind="stable")
        known = ~np.isnan(values[order])
        return np.interp(ends, at[order][known], values[order][known])

    def only(said: Floats) -> Floats:
        return np.interp(ends, cast.at_s, np.nan_to_num(said))

    def column(values: Array) -> Floats:
        return np.asarray(values, dtype=np.float64)[:, None, None]

    after = ends > s.at_s[-1]
    nothing = np.zeros_like(ends)
    return Forcing(
        air_c=column(mixed(s.air_c, cast.air_c)),
        vapour_pa=column(over_water_pa(mixed(s.dew_c, cast.dew_c))),
        wind_m_s=column(mixed(s.wind_m_s, cast.wind_m_s)),
        pressure_pa=column(nothing + PRESSURE_PA),
        direct_w_m2=column(only(cast.sun_w_m2)),
        diffuse_w_m2=column(nothing),
        lit=column(nothing + 1.0),
        longwave_w_m2=column(only(cast.longwave_w_m2) / METRO.site.emissivity),
        cloud=column(nothing),
        rain_mm_h=column(only(cast.rain_mm_h) * after),
        snow_mm_h=column(only(cast.snow_mm_h) * after),
    )
