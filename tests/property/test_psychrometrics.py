"""Moist air behaves, Hyland-Wexler and wet bulb: monotone, in order, round trips."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rules.core import psychrometrics as p

TEMPERATURES = st.floats(-40, 50)
HUMIDITIES = st.floats(0.5, 100)


@given(TEMPERATURES, HUMIDITIES)
def test_dew_point_lies_below_wet_bulb_and_air(t: float, rh: float) -> None:
    dew, bulb = p.dew_point_hyland_wexler_c(t, rh), p.wet_bulb_c(t, rh)
    assert dew <= bulb + 1e-6
    assert bulb <= t


@given(TEMPERATURES, st.floats(0, 100))
def test_arrays_give_what_scalars_give_and_nothing_warns(t: float, rh: float) -> None:
    for function in (
        p.dew_point_c,
        p.dew_point_hyland_wexler_c,
        p.frost_point_hyland_wexler_c,
        p.wet_bulb_c,
        p.vapour_pressure_iso13788_pa,
    ):
        array, scalar = function(np.array([t]), np.array([rh]))[0], function(t, rh)
        assert array == scalar or (math.isnan(array) and math.isnan(scalar))


@given(TEMPERATURES, st.floats(0.5, 99), st.floats(0.01, 1.0))
def test_more_water_raises_dew_point_and_wet_bulb(t: float, rh: float, more: float) -> None:
    assert p.dew_point_hyland_wexler_c(t, rh + more) > p.dew_point_hyland_wexler_c(t, rh)
    assert p.wet_bulb_c(t, rh + more) >= p.wet_bulb_c(t, rh) - 1e-9


@given(st.floats(-40, 50), st.floats(0.01, 5))
def test_saturation_rises_with_temperature(t: float, more: float) -> None:
    for formula in (
        p.saturation_pressure_hyland_wexler_pa,
        p.saturation_pressure_hyland_wexler_water_pa,
        p.saturation_pressure_iso13788_pa,
    ):
        assert formula(t + more) > formula(t)


@given(TEMPERATURES, HUMIDITIES)
def test_dew_point_round_trip(t: float, rh: float) -> None:
    e = p.saturation_pressure_hyland_wexler_water_pa(p.dew_point_hyland_wexler_c(t, rh))
    assert math.isclose(e, p.vapour_pressure_hyland_wexler_pa(t, rh), rel_tol=1e-9)


@given(st.floats(-60, 60))
def test_saturation_of_iso13788_round_trip(t: float) -> None:
    e = p.saturation_pressure_iso13788_pa(t)
    assert abs(p.saturation_temperature_iso13788_c(e) - t) < 1e-9


@given(st.floats(-40, 50), st.floats(0, 30), st.floats(60_000, 105_000))
def test_wet_bulb_round_trip(t: float, below: float, pressure_pa: float) -> None:
    bulb = t - below
    ratio = p.humidity_ratio_of_wet_bulb(t, bulb, pressure_pa)
    found = p.wet_bulb_of_ratio_c(t, ratio, pressure_pa)
    if ratio < 0.0:
        return  # no air is that dry
    # Water and ice on the bulb both satisfy a narrow range of humidity: there the unfrozen one is meant.
    assert abs(found - bulb) < 1e-6 or (bulb < 0.0 <= found)
    if abs(found) > 1e-6:  # at 0 °C the two equations part by a step
        again = p.humidity_ratio_of_wet_bulb(t, found, pressure_pa)
        assert math.isclose(again, ratio, rel_tol=1e-6, abs_tol=1e-9)


@given(TEMPERATURES, HUMIDITIES, st.floats(-20, 25), HUMIDITIES)
def test_excess_changes_its_sign_when_the_sides_change(t: float, rh: float, te: float, rhe: float) -> None:
    assert p.vapour_pressure_excess_pa(t, rh, te, rhe) == -p.vapour_pressure_excess_pa(te, rhe, t, rh)
