"""A town that does not exist, to measure how fast the ensemble runs: every segment is another road."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from rules.core.road_surface.balance import Roads
from rules.core.road_surface.ensemble import Hazard, Risk, member_fluxes, members, risk
from rules.core.road_surface.forcing import Weather, forcing, steps
from rules.core.road_surface.model import Correction, no_correction
from rules.core.road_surface.parameters import DEFAULT, ParameterSet
from rules.core.road_surface.roads import profile, roads, start
from rules.core.road_surface.salt import KEPT_SHARE
from rules.core.road_surface.skyline import SECTORS, Skyline
from rules.core.road_surface.spread import Spread
from rules.core.road_surface.state import Forcing, State

JANUARY_S = 1_768_147_200.0  # 11 January 2026, 16:00 UTC
HOURS = 24
LATITUDE_DEG, LONGITUDE_DEG = 55.95, -3.19


@dataclass(frozen=True, slots=True)
class Town:
    """All that a run needs, made ready for one precision."""

    p: ParameterSet
    step_s: float
    state: State
    weather: Forcing
    fix: Correction
    made: Roads


def town(segments: int, count: int, step_s: float, seed: int, dtype: type[np.floating[Any]]) -> Town:
    """Return a night with drizzle, then frost under a clearing sky, on different roads, every second one salted."""
    rng = np.random.default_rng(seed)
    hour = np.arange(HOURS + 1.0)
    at = JANUARY_S + 3600.0 * hour
    wet = ((hour >= 1) & (hour <= 4)) * 0.4
    plain = {
        "air_c": 2.0 - 4.0 * np.sin(np.pi * hour / 28.0),
        "humidity_pct": 93.0 + 0.0 * hour,
        "wind_m_s": 2.5 - 1.5 * np.sin(np.pi * hour / 24.0),
        "shortwave_w_m2": 150.0 * np.clip(np.sin(np.pi * (hour - 16.5) / 7.5), 0.0, 1.0),
        "rain_mm_h": wet,
        "snow_mm_h": 0.1 * wet,
        "pressure_pa": 1.0e5 + 0.0 * hour,
        "longwave_w_m2": np.nan * hour,
        "cloud": np.clip(1.0 - hour / 8.0, 0.1, 1.0),
    }
    weather = members(
        Weather(at_s=at, **{n: v[:, None, None] for n, v in plain.items()}), count, Spread(), rng
    )
    own = {
        "sky_view": rng.uniform(0.3, 1.0, segments),
        "wind_factor": rng.uniform(0.3, 1.0, segments),
        "traffic": rng.uniform(0.0, 1.0, segments),
        "air_offset_c": rng.normal(0.0, 0.7, segments),
        "conductivity_factor": rng.uniform(0.7, 1.5, segments),
    }
    surface = rng.normal(2.5, 0.7, segments)
    state = start(DEFAULT, surface, surface + 3.0, dtype).spread(10.0 * (np.arange(segments) % 2), KEPT_SHARE)
    assumed = np.ones(segments, dtype=np.bool_)
    skyline = Skyline(rng.uniform(0.0, 40.0, (segments, SECTORS)), np.full(segments, 0.8), assumed)
    made = forcing(weather, steps(JANUARY_S, HOURS, step_s), LATITUDE_DEG, LONGITUDE_DEG, skyline, dtype)
    fix = member_fluxes(no_correction(state.zeta), count, Spread(), rng)
    return Town(DEFAULT, step_s, state, made, fix, roads(DEFAULT, segments, step_s, own, dtype))


def run(t: Town) -> Risk:
    """Return the chances of every hour and segment."""
    every = round(3600.0 / t.step_s)
    p = t.p
    return risk(
        t.state,
        t.weather,
        t.fix,
        t.made,
        profile(p),
        p.stores,
        p.coupling,
        t.step_s,
        Spread(),
        Hazard(),
        every,
    )
