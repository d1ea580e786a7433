"""Psychrometrics against published values, each at its own tolerance (ASHRAE 2017 ch. 1, Hardy 1998)."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rules.core import psychrometrics as p

HARDY_PA = {
    0: 611.213,
    0.01: 611.657,
    5: 872.542,
    10: 1228.139,
    15: 1705.723,
    20: 2339.262,
    25: 3169.920,
    30: 4247.046,
    40: 7385.299,
}
ASHRAE_PA = {-20: 103.24, -5: 401.74, 5: 872.6, 25: 3169.7, 50: 12351.3, 100: 101418.0}

# T, RH, Td by Hyland-Wexler, e [Pa], w [g/kg], AH [g/m³], Td by Magnus-Sonntag
STATES = [
    (20, 50, 9.2724, 1169.402, 7.2617, 8.6437, 9.2552),
    (21, 60, 12.9467, 1492.600, 9.2987, 10.9952, 12.9354),
    (18, 70, 12.4526, 1445.004, 8.9979, 10.7543, 12.4437),
    (16, 85, 13.4817, 1545.674, 9.6345, 11.5830, 13.4775),
    (22, 45, 9.5335, 1190.139, 7.3920, 8.7374, 9.5150),
    (10, 90, 8.4372, 1105.196, 6.8586, 8.4577, 8.4339),
    (5, 95, 4.2667, 828.862, 5.1296, 6.4570, 4.2650),
]


@pytest.mark.parametrize(("t", "es"), ASHRAE_PA.items())
def test_saturation_as_ashrae_tabulates_it(t: float, es: float) -> None:
    assert p.saturation_pressure_hyland_wexler_pa(float(t)) == pytest.approx(es, rel=3e-4)
    over = (
        p.saturation_pressure_hyland_wexler_ice_pa if t < 0 else p.saturation_pressure_hyland_wexler_water_pa
    )
    assert over(float(t)) == p.saturation_pressure_hyland_wexler_pa(float(t))


@pytest.mark.parametrize(
    ("formula", "share", "kelvin"),
    [
        (p.saturation_pressure_hyland_wexler_water_pa, 0.025e-2, 0.0047),
        (p.saturation_pressure_iso13788_pa, 0.19e-2, 0.037),
        (p.saturation_pressure_water_pa, 0.32e-2, 0.055),
    ],
)
def test_each_formula_is_as_far_from_hardy_as_is_known(formula, share, kelvin) -> None:
    """The largest error over 0..40 °C, of pressure and as dew point."""
    t, es = (np.array(c) for c in zip(*HARDY_PA.items(), strict=True))
    error = np.abs(formula(t) / es - 1.0)
    slope = np.log(formula(t + 0.01) / formula(t - 0.01)) / 0.02
    assert error.max() <= share * 1.05
    assert (error / slope).max() <= kelvin * 1.05
    assert error.max() >= share * 0.5  # a formula mistaken for a better one would be noticed


@pytest.mark.parametrize(("t", "rh", "dew", "e", "w", "ah", "dew_magnus"), STATES)
def test_state_points(t, rh, dew, e, w, ah, dew_magnus) -> None:
    got = p.vapour_pressure_hyland_wexler_pa(float(t), float(rh))
    assert got == pytest.approx(e, abs=6e-4)
    assert 1000 * p.humidity_ratio(got) == pytest.approx(w, abs=6e-5)
    assert p.absolute_humidity_g_m3(float(t), got) == pytest.approx(ah, abs=6e-5)
    assert p.dew_point_hyland_wexler_c(float(t), float(rh)) == pytest.approx(dew, abs=6e-5)
    assert p.dew_point_c(float(t), float(rh)) == pytest.approx(dew_magnus, abs=6e-5)


@pytest.mark.parametrize(
    ("t", "ratio", "rel"), [(5, 0.005425, 5e-3), (25, 0.020173, 5e-3), (50, 0.086863, 1e-2)]
)
def test_saturation_ratio_of_ashrae(t: float, ratio: float, rel: float) -> None:
    """ASHRAE's table is of a real gas, 0.4 % above the ideal one: hence the tolerances of psychrolib's own tests."""
    got = p.humidity_ratio(p.saturation_pressure_hyland_wexler_pa(float(t)))
    assert got == pytest.approx(ratio, rel=rel)


def test_wet_bulb_of_ashrae() -> None:
    assert p.wet_bulb_c(7.0, 61.0, 100_000.0) == pytest.approx(3.92667, abs=1e-3)
    ratio = p.humidity_ratio_of_wet_bulb
    assert ratio(30.0, 25.0, 95_461.0) == pytest.approx(0.0192281274241096, rel=3e-4)
    assert ratio(-1.0, -5.0, 95_461.0) == pytest.approx(0.00120399819933844, rel=3e-4)
    assert p.humidity_ratio(3169.7, 95_461.0) == pytest.approx(0.0213603998047487, rel=3e-4)


@pytest.mark.parametrize(("t", "rh", "tw"), [(20, 50, 13.7834), (18, 70, 14.6327), (30, 60, 23.8125)])
def test_wet_bulb_state_points(t: float, rh: float, tw: float) -> None:
    assert p.wet_bulb_c(float(t), float(rh)) == pytest.approx(tw, abs=1e-3)


def test_ice_and_water_part_below_0() -> None:
    assert p.saturation_pressure_hyland_wexler_pa(0.0) == p.saturation_pressure_hyland_wexler_water_pa(0.0)
    assert p.saturation_pressure_iso13788_pa(0.0) == 610.5
    assert p.saturation_pressure_iso13788_pa(-5.0) == pytest.approx(401.74, rel=2e-3)
    assert p.saturation_pressure_iso13788_pa(20.0) == pytest.approx(2337.0, rel=1e-3)
    assert p.vapour_pressure_iso13788_pa(-5.0, 100.0) < 0.96 * p.vapour_pressure_pa(-5.0, 100.0)
    for t in (-20.0, -10.0, -1.0):
        water, ice = p.dew_point_hyland_wexler_c(t, 80.0), p.frost_point_hyland_wexler_c(t, 80.0)
        assert water < ice < t


@pytest.mark.parametrize(
    "function",
    [p.dew_point_c, p.dew_point_hyland_wexler_c, p.frost_point_c, p.frost_point_hyland_wexler_c],
)
def test_edges_of_dew_and_frost(function) -> None:
    for t, rh in ((20.0, 0.0), (-5.0, 0.0), (20.0, -3.0), (math.nan, 50.0), (20.0, math.nan)):
        assert math.isnan(function(t, rh))
    assert math.isnan(function(20.0, 5e-324))  # a hundredth of it is 0
    assert not function(20.0, 1e-300) > -100.0  # nothing warns, whatever comes of it
    assert function(0.0, 100.0) == pytest.approx(0.0, abs=1e-9)
    if "dew" in function.__name__:
        assert function(12.5, 100.0) == function(12.5, 104.0) == pytest.approx(12.5, abs=1e-9)
        assert function(-12.5, 100.0) == pytest.approx(-12.5, abs=1e-6)


def test_edges_of_the_wet_bulb() -> None:
    assert p.wet_bulb_c(0.0, 100.0) == 0.0
    assert p.wet_bulb_c(15.0, 100.0) == pytest.approx(15.0, abs=1e-9)
    assert p.wet_bulb_c(-15.0, 100.0) == -15.0  # above saturation over ice
    assert 5.0 < p.wet_bulb_c(20.0, 0.0) < 7.0  # bone-dry air has a wet bulb, though no dew point
    assert p.wet_bulb_c(3.0, 10.0) < 0.0  # ice on the bulb in air above 0 °C
    assert math.isnan(p.wet_bulb_c(math.nan, 50.0))
    assert math.isnan(p.wet_bulb_c(20.0, math.nan))
    assert math.isnan(p.wet_bulb_c(120.0, 10.0))  # water boils
    both = p.wet_bulb_c(np.array([3.0, math.nan, 20.0]), np.array([10.0, 50.0, 50.0]))
    assert both[0] == p.wet_bulb_c(3.0, 10.0)
    assert math.isnan(both[1])
    assert both[2] == pytest.approx(13.7834, abs=1e-3)


def test_excess_of_a_home_over_outdoors() -> None:
    iso = p.vapour_pressure_excess_pa(20.0, 50.0, 5.0, 95.0)
    assert iso == pytest.approx(0.5 * 2337.0 - 0.95 * 872.0, rel=2e-3)
    assert p.vapour_pressure_excess_pa(20.0, 50.0, 20.0, 50.0) == 0.0
    over_water = p.vapour_pressure_excess_pa(20.0, 50.0, -5.0, 90.0, p.saturation_pressure_water_pa)
    assert 15.0 < p.vapour_pressure_excess_pa(20.0, 50.0, -5.0, 90.0) - over_water < 25.0


def test_long_arrays_in_blocks_are_what_short_ones_are() -> None:
    t, rh = (
        np.linspace(-20.0, 40.0, 20_000).reshape(4, 5000),
        np.linspace(1.0, 100.0, 20_000).reshape(4, 5000),
    )
    for function in (p.dew_point_c, p.dew_point_hyland_wexler_c):
        whole = function(t, rh)
        assert whole.shape == (4, 5000)
        assert np.array_equal(whole[2], function(t[2].copy(), rh[2].copy()))
        assert np.array_equal(function(t, np.full_like(t, 50.0)), function(t, np.float64(50.0)))
