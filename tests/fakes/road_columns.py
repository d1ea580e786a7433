"""Small roads and skies for the tests of the road model."""

from __future__ import annotations

from typing import Any

import numpy as np

from rules.core.road_surface.balance import Roads
from rules.core.road_surface.parameters import ParameterSet, Site
from rules.core.road_surface.roads import roads, start
from rules.core.road_surface.state import Forcing, State
from rules.core.road_surface.vapour import over_water_pa

STEP_S = 600.0
QUIET = ParameterSet(
    id="quiet", version=1, source="tests", site=Site(traffic=0.0, traffic_w_m2=0.0, traffic_w_m2k=0.0)
)
"""A road on which nothing drives."""


def made(p: ParameterSet = QUIET, segments: int = 1, step_s: float = STEP_S, **own: Any) -> Roads:
    """Return segments of a set."""
    return roads(p, segments, step_s, own)


def still(p: ParameterSet, surface_c: Any, segments: int = 1, **stores: Any) -> State:
    """Return roads of one temperature down to the bottom, with something on them."""
    from dataclasses import replace

    at = np.broadcast_to(np.asarray(surface_c, dtype=float), (segments,))
    state = start(p, at, at)
    given = {name: state.zeta + np.asarray(value, dtype=float) for name, value in stores.items()}
    return replace(state, **given)


def sky(steps: int, segments: int = 1, members: int = 1, **values: Any) -> Forcing:
    """Return weather: 0 °C, 80 %, 2 m/s, an overcast sky at the air's temperature, dark and dry where not told."""
    air = np.broadcast_to(np.asarray(values.pop("air_c", 0.0), dtype=float), (steps, members, segments))
    humidity = values.pop("humidity_pct", 80.0)
    plain: dict[str, Any] = {
        "air_c": air,
        "vapour_pa": over_water_pa(air) * humidity / 100.0,
        "wind_m_s": 2.0,
        "pressure_pa": 1.0e5,
        "direct_w_m2": 0.0,
        "diffuse_w_m2": 0.0,
        "lit": 1.0,
        "longwave_w_m2": 5.670374e-8 * (air + 273.15) ** 4,
        "cloud": np.nan,
        "rain_mm_h": 0.0,
        "snow_mm_h": 0.0,
    } | values
    shape = (steps, members, segments)
    return Forcing(**{n: np.broadcast_to(np.asarray(v, dtype=float), shape) for n, v in plain.items()})
