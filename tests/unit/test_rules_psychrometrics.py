"""Psychrometrics against published values (ASHRAE, WMO, Murphy & Koop, IAPWS)."""

from __future__ import annotations

import csv
import math
import os
from pathlib import Path

import numpy as np
import pytest

from rules.core import psychrometrics as p


def real_data() -> Path:
    root = Path(os.environ.get("CITYOPS_REAL_DATA", Path(__file__).parents[3] / "shared" / "data"))
    if not root.is_dir():
        pytest.skip(f"real data not at {root}; set CITYOPS_REAL_DATA")
    return root


# ASHRAE Handbook of Fundamentals 2017 ch. 1 (as in psychrolib's tests), relative 3e-4.
@pytest.mark.parametrize(
    ("t", "es"), [(-20, 103.24), (-5, 401.74), (5, 872.6), (25, 3169.7), (50, 12351.3), (100, 101418.0)]
)
def test_hyland_wexler_matches_ashrae(t: float, es: float) -> None:
    assert p.saturation_pressure_hyland_wexler_pa(float(t)) == pytest.approx(es, rel=3e-4)


# T, RH, dew and frost point (Murphy & Koop / IAPWS); same with Sonntag's Magnus constants.
CASES = [
    (20, 50, 9.273, None, 9.255, None),
    (10, 80, 6.714, None, 6.706, None),
    (5, 70, -0.009, -0.007, -0.022, -0.019),
    (5, 90, 3.499, None, 3.495, None),
    (2, 85, -0.252, -0.222, -0.258, -0.227),
    (1, 95, 0.290, None, 0.289, None),
    (0, 90, -1.441, -1.272, -1.445, -1.273),
    (-1, 92, -2.133, -1.884, -2.136, -1.882),
    (-2, 85, -4.180, -3.700, -4.186, -3.696),
    (-5, 90, -6.383, -5.662, -6.386, -5.650),
    (-5, 70, -9.617, -8.555, -9.629, -8.544),
    (-10, 80, -12.790, -11.409, -12.797, -11.387),
    (-15, 75, -18.436, -16.523, -18.442, -16.493),
    (-20, 70, -24.064, -21.670, -24.069, -21.635),
]


@pytest.mark.parametrize(("t", "rh", "dew", "frost", "dew_sonntag", "frost_sonntag"), CASES)
def test_dew_and_frost_point(t, rh, dew, frost, dew_sonntag, frost_sonntag) -> None:
    got_dew, got_frost = p.dew_point_c(float(t), float(rh)), p.frost_point_c(float(t), float(rh))
    assert got_dew == pytest.approx(dew, abs=0.04)
    assert got_dew == pytest.approx(dew_sonntag, abs=6e-4)
    if frost is None:
        assert math.isnan(got_frost)
    else:
        assert got_frost == pytest.approx(frost, abs=0.04)
        assert got_frost == pytest.approx(frost_sonntag, abs=6e-4)


@pytest.mark.real_data
def test_the_shared_reference_cases() -> None:
    rows = list(csv.DictReader((real_data() / "road" / "dewpoint_cases.csv").open()))
    t, rh = (np.array([float(r[c]) for r in rows]) for c in ("t_air_C", "rh_pct"))
    assert p.dew_point_c(t, rh) == pytest.approx(np.array([float(r["dew_ref"]) for r in rows]), abs=0.04)
    frost = p.frost_point_c(t, rh)
    for row, got in zip(rows, frost, strict=True):
        if row["frost_ref"]:
            assert got == pytest.approx(float(row["frost_ref"]), abs=0.04)


@pytest.mark.parametrize(
    ("t", "rh", "e", "w", "ah"),
    [
        (20, 50, 1169.402, 7.2617, 8.6437),
        (21, 60, 1492.600, 9.2987, 10.9952),
        (18, 70, 1445.004, 8.9979, 10.7543),
        (16, 85, 1545.674, 9.6345, 11.5830),
        (22, 45, 1190.139, 7.3920, 8.7374),
        (10, 90, 1105.196, 6.8586, 8.4577),
        (5, 95, 828.862, 5.1296, 6.4570),
    ],
)
def test_hyland_wexler_state_points(t, rh, e, w, ah) -> None:
    got = rh / 100 * p.saturation_pressure_hyland_wexler_pa(float(t))
    assert got == pytest.approx(e, abs=2e-3)
    assert 1000 * p.humidity_ratio(got) == pytest.approx(w, abs=2e-4)
    assert p.absolute_humidity_g_m3(float(t), got) == pytest.approx(ah, abs=2e-4)


def test_humidity_ratio_of_ashrae() -> None:
    assert p.humidity_ratio(3169.7, pressure_pa=95461.0) == pytest.approx(0.0213603998047487, rel=3e-4)


def test_ice_fixed_points() -> None:
    assert p.saturation_pressure_ice_pa(-10.0) == pytest.approx(259.87, rel=6e-4)
    assert p.saturation_pressure_ice_pa(-5.0) == pytest.approx(401.74, rel=6e-4)
    assert p.saturation_pressure_water_pa(-10.0) == pytest.approx(286.45, rel=5e-3)
    assert p.saturation_pressure_water_pa(25.0) == pytest.approx(3169.9, rel=4e-3)


def test_edges() -> None:
    assert math.isnan(p.dew_point_c(20.0, 0.0))
    assert math.isnan(p.frost_point_c(-5.0, 0.0))
    assert math.isnan(p.dew_point_c(20.0, -3.0))
    assert math.isnan(p.dew_point_c(float("nan"), 50.0))
    assert p.dew_point_c(0.0, 100.0) == 0.0
    assert p.frost_point_c(0.0, 100.0) == 0.0
    assert p.dew_point_c(12.5, 100.0) == pytest.approx(12.5, abs=1e-9)
    assert p.dew_point_c(12.5, 104.0) == pytest.approx(12.5, abs=1e-9)  # over 100 counts as 100
    assert math.isnan(p.humidity_ratio(102_000.0))
    assert p.vapour_pressure_pa(0.0, 0.0) == 0.0


def test_scalar_for_scalar_array_for_array() -> None:
    assert isinstance(p.dew_point_c(10.0, 80.0), float)
    grid = p.dew_point_c(np.full((2, 3), 10.0), np.full((2, 3), 80.0))
    assert grid.shape == (2, 3)
    assert grid[1, 2] == p.dew_point_c(10.0, 80.0)


@pytest.mark.real_data
def test_humidity_ratio_of_the_occupancy_data() -> None:
    """The file's HumidityRatio is derived: Hyland-Wexler, epsilon 0.622, 101330 Pa."""
    path = real_data() / "damp" / "uci_occ_datatraining.txt"
    rows = list(csv.reader(path.open()))[1:]
    t, rh, ratio = (np.array([float(r[i]) for r in rows]) for i in (2, 3, 6))
    e = rh / 100 * p.saturation_pressure_hyland_wexler_pa(t)
    got = p.humidity_ratio(e, pressure_pa=101_330.0, epsilon=0.622)
    assert len(rows) > 8000
    assert np.abs(got - ratio).max() <= 1e-12
