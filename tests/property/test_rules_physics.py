"""Moist air behaves: dew point below air, monotone, round trips, unknown stays unknown."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rules.core import psychrometrics as p
from rules.core.damp import room_humidity_limit_pct, surface_humidity_pct, surface_temperature_c
from rules.core.nowcast import Nowcast, slope_c_h

TEMPERATURES = st.floats(-40, 50)
HUMIDITIES = st.floats(0.5, 100)


@given(TEMPERATURES, HUMIDITIES)
def test_dew_point_is_not_above_the_air(t: float, rh: float) -> None:
    assert p.dew_point_c(t, rh) <= t


@given(TEMPERATURES, HUMIDITIES, st.floats(0.01, 20))
def test_dew_point_rises_with_temperature_and_humidity(t: float, rh: float, more: float) -> None:
    dew = p.dew_point_c(t, rh)
    assert p.dew_point_c(t + more, rh) > dew
    assert p.dew_point_c(t, min(100.0, rh + more)) >= dew


@given(st.floats(-40, -0.1), st.floats(5, 100))
def test_frost_point_lies_between_dew_point_and_air(t: float, rh: float) -> None:
    frost = p.frost_point_c(t, rh)
    assert p.dew_point_c(t, rh) <= frost
    if rh <= 60:
        assert frost <= t


@given(TEMPERATURES, HUMIDITIES)
def test_humidity_and_dew_point_round_trip(t: float, rh: float) -> None:
    e = p.saturation_pressure_water_pa(p.dew_point_c(t, rh))
    assert abs(p.relative_humidity_pct(t, e) - rh) < 1e-6


@given(st.lists(st.tuples(TEMPERATURES, st.floats(0, 100)), min_size=1, max_size=30))
def test_arrays_give_what_scalars_give(pairs: list[tuple[float, float]]) -> None:
    t, rh = (np.array(c) for c in zip(*pairs, strict=True))
    for array, pair in zip(p.dew_point_c(t, rh), pairs, strict=True):
        scalar = p.dew_point_c(*pair)
        assert array == scalar or (math.isnan(array) and math.isnan(scalar))


@given(st.floats(5, 30), st.floats(5, 100), st.floats(-15, 25), st.floats(0.3, 1.0))
def test_the_room_limit_brings_the_wall_to_the_limit(ti: float, rh: float, te: float, f: float) -> None:
    limit = room_humidity_limit_pct(ti, te, f)
    wall = surface_humidity_pct(ti, limit, surface_temperature_c(ti, te, f))
    assert wall <= 80.0 + 1e-6 or limit == 100.0
    if limit < 100.0:
        assert abs(wall - 80.0) < 1e-6
    assert surface_humidity_pct(ti, rh, ti) == p.relative_humidity_pct(ti, p.vapour_pressure_pa(ti, rh))


@given(st.floats(-10, 20), st.floats(-3, 3), st.floats(0.5, 6), st.floats(0, 12), st.floats(-15, 15))
def test_the_nowcast_reaches_what_it_says(
    now: float, slope: float, tau: float, h: float, limit: float
) -> None:
    n = Nowcast(now, slope, tau)
    assert n.minimum_c(h) <= now
    assert abs(n.after_c(h) - now) <= abs(slope) * h + 1e-9
    hours = n.hours_until(limit)
    if hours is not None and hours > 0:
        assert abs(n.after_c(hours) - limit) < 1e-6 * max(1.0, abs(limit)) + 1e-6


@given(st.floats(-20, 20), st.floats(-2.9, 2.9), st.integers(2, 20))
def test_a_straight_line_has_its_slope(start: float, slope: float, n: int) -> None:
    history = [(600.0 * i, start + slope * i / 6) for i in range(n)]
    got = slope_c_h(history, 24.0, 3.0)
    assert abs(got - (0.0 if n < 3 else slope)) < 1e-6
