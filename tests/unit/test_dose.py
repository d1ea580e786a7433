"""The dose: the sheet's figures, the published cells, and what must never happen."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.catalogue.loader import load
from rules.core.dose import (
    DoseParameters,
    coldest_of,
    difference_g_m2,
    dose,
    dose_of_row,
    needed_g_m2,
    safe_down_to_c,
)
from rules.core.matrix import MatrixRow
from rules.core.road_surface.salt import (
    fraction_of_one,
    freezing_fraction,
    freezing_point_c,
    left_of_one,
    left_share,
    liquid_mm,
    point_of_one_c,
)

P = DoseParameters()
ROWS = load().matrix.rows
CELLS = [(row, m) for row in ROWS for m in ("dry_salt", "prewet") if difference_g_m2(row, P, m) is not None]


@pytest.mark.parametrize(
    ("t", "percent", "g"),
    [
        (-1, 1.6, 1.6),
        (-2, 3.2, 3.3),
        (-3, 4.8, 5.0),
        (-5, 7.8, 8.4),
        (-7, 10.5, 11.7),
        (-10, 14.2, 16.5),
        (-20, 22.6, 29.3),
    ],
)
def test_freezing_curve_of_the_sheet(t: float, percent: float, g: float) -> None:
    assert 100.0 * float(freezing_fraction(np.array(float(t)))) == pytest.approx(percent, abs=0.06)
    assert needed_g_m2(0.1, t) == pytest.approx(g, abs=0.08)


def test_every_cell_of_the_shipped_matrix_is_within_three_grams() -> None:
    assert len(CELLS) >= 16
    off = {(r.condition, r.surface, r.above_c, m): difference_g_m2(r, P, m) for r, m in CELLS}
    assert max(abs(d) for d in off.values() if d is not None) <= 3.0, off


@pytest.mark.parametrize(("row", "material"), CELLS)
def test_the_number_of_passes_is_the_matrix_s(row: MatrixRow, material: str) -> None:
    assert dose_of_row(row, P, material).passes == row.passes


def test_band_ends_belong_to_the_right_row() -> None:
    ends = {(r.condition, r.above_c): coldest_of(r, P) for r in ROWS if r.above_c is not None}
    assert ends[("frost", -2.0)] == -2.0  # "at or above -2"
    assert ends[("frost", -5.0)] == pytest.approx(-4.9)  # -5.0 is the colder row's
    assert ends[("frost", -10.0)] == pytest.approx(-9.9)


def test_the_sheet_s_table_of_doses() -> None:
    got = [dose(film, t, P).total_g_m2 for film in (0.05, 0.10) for t in (-2.0, -5.0, -10.0)]
    assert got == pytest.approx([8.0, 8.4, 16.5, 8.0, 16.8, 33.0], abs=0.1)


def test_residual_salt_is_taken_off_and_enough_is_enough() -> None:
    assert dose(0.1, -5.0, P, residual_g_m2=4.0).total_g_m2 == pytest.approx(8.8, abs=0.1)
    assert dose(0.1, -5.0, P, residual_g_m2=9.0).passes == 0


def test_where_salt_does_not_work_it_is_refused() -> None:
    refused = dose(0.05, -10.1, P)
    assert refused.passes == 0
    assert "-10.1" in refused.refused
    assert dose(0.05, -10.0, P).refused == ""
    assert dose(0.05, -12.0, DoseParameters(coldest_c=-15.0)).passes == 1


def test_more_than_forty_grams_is_never_spread() -> None:
    capped = dose(0.3, -9.0, P)
    assert (capped.passes, capped.g_m2, capped.capped) == (2, 20.0, True)


@given(film=st.floats(0.01, 0.5), t=st.floats(-10.0, -0.2), residual=st.floats(0.0, 30.0))
def test_colder_or_wetter_never_needs_less(film: float, t: float, residual: float) -> None:
    here = dose(film, t, P, residual)
    assert dose(film, max(t - 0.5, P.coldest_c), P, residual).total_g_m2 >= here.total_g_m2 - 1e-9
    assert dose(film * 1.1, t, P, residual).total_g_m2 >= here.total_g_m2 - 1e-9
    assert here.total_g_m2 == 0.0 or P.least_g_m2 - 1e-9 <= here.total_g_m2 <= P.most_g_m2


@given(film=st.floats(0.02, 1.0), t=st.floats(-20.0, -0.3))
def test_what_is_needed_freezes_at_just_that_temperature(film: float, t: float) -> None:
    assert safe_down_to_c(needed_g_m2(film, t), film) == pytest.approx(t, abs=1e-6)
    assert float(liquid_mm(np.array(needed_g_m2(film, t)), np.array(t))) == pytest.approx(film, rel=1e-6)


def test_fresh_water_freezes_at_zero_and_brine_never_below_the_eutectic() -> None:
    points = freezing_point_c(np.array([0.0, 10.0, 500.0]), np.array([0.5, 0.0, 0.1]))
    assert points.tolist() == pytest.approx([0.0, -21.6, -21.6])


def test_two_pools_lose_what_trl_measured() -> None:
    left = left_share(np.array([0.0, 2.0, 25.0]), np.array(1.0))
    assert left.tolist() == pytest.approx([1.0, 0.41, 0.27], abs=0.01)
    assert float(left_share(np.array(25.0), np.array(0.0))) == 1.0


@given(
    t=st.floats(-30.0, 5.0),
    salt=st.floats(0.0, 60.0),
    film=st.floats(0.001, 1.0),
    age_h=st.floats(-1.0, 100.0),
)
def test_one_road_is_as_many(t: float, salt: float, film: float, age_h: float) -> None:
    assert fraction_of_one(t) == float(freezing_fraction(np.array(t)))
    assert point_of_one_c(salt, film) == float(freezing_point_c(np.array(salt), np.array(film)))
    assert left_of_one(age_h) == pytest.approx(float(left_share(np.array(age_h), np.array(1.0))), rel=1e-12)
