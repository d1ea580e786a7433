"""Drift of calibration: silent while chances are right, said when they are not, and Spiegelhalter's Z by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rules.core.bin_forecast.calibration import log_odds
from rules.core.bin_forecast.monitor import drift, expected_error, spiegelhalter_z
from rules.core.bin_outlook import chances


def test_spiegelhalters_z_of_a_hand_made_case() -> None:
    p, came = np.array([0.1, 0.9, 0.25]), np.array([True, True, False])
    top = 0.9 * 0.8 + 0.1 * -0.8 + -0.25 * 0.5
    under = 0.64 * 0.09 * 2.0 + 0.25 * 0.1875
    assert spiegelhalter_z(p, came) == pytest.approx(top / under**0.5)
    assert spiegelhalter_z(np.array([0.5, 1.0]), np.array([True, True])) == 0.0


def test_right_chances_are_rarely_said_to_have_drifted() -> None:
    rng = np.random.default_rng(9)
    looks = []
    for _ in range(1000):
        p = rng.beta(0.6, 3.0, 600)
        looks.append(drift(p, rng.random(600) < p))
    assert 0 <= sum(x.drifted for x in looks) <= 15
    assert np.std([x.z for x in looks]) == pytest.approx(1.0, abs=0.1)
    assert np.mean([x.expected_error for x in looks]) == pytest.approx(
        np.mean([x.calibration_error for x in looks]), rel=0.1
    )


@pytest.mark.parametrize(("stretch", "shift"), [(1.0, 0.8), (1.0, -0.8), (2.0, 0.0), (0.4, 0.0)])
def test_chances_that_say_too_much_or_too_little_are_found(stretch: float, shift: float) -> None:
    rng = np.random.default_rng(10)
    true = rng.uniform(0.02, 0.7, 1500)
    said = 1.0 / (1.0 + np.exp(-(stretch * log_odds(true) + shift)))
    assert drift(said, rng.random(1500) < true).drifted


def test_days_on_which_all_bins_go_together_are_no_drift_and_a_shift_of_all_days_is() -> None:
    rng, alone, together, shifted = np.random.default_rng(13), 0, 0, 0
    day = np.repeat(np.arange(28), 25)
    for _ in range(200):
        p = rng.uniform(0.05, 0.6, len(day))
        true = 1.0 / (1.0 + np.exp(-(log_odds(p) + rng.normal(0.0, 0.7, 28)[day])))
        came = rng.random(len(day)) < true
        alone += drift(p, came).drifted
        together += drift(p, came, day).drifted
        shifted += drift(1.0 / (1.0 + np.exp(-(log_odds(p) + 1.0))), came, day).drifted
    assert together < 0.5 * alone
    assert together <= 12
    assert shifted > 190


def test_few_outcomes_or_none_say_nothing() -> None:
    assert not drift(np.full(199, 0.9), np.zeros(199, dtype=np.bool_)).drifted
    assert drift(np.full(200, 0.9), np.zeros(200, dtype=np.bool_)).drifted
    none = drift(np.zeros(0), np.zeros(0, dtype=np.bool_))
    assert (none.n, none.drifted, none.p_value) == (0, False, 1.0)


def test_chances_without_skill_are_a_drift_even_where_their_mean_is_right() -> None:
    """Said of the wrong bins: the mean is right, and saying how often it came would be better."""
    p = np.tile([0.1, 0.5], 300)
    found = drift(p, np.tile([True, False], 300))
    assert found.skill < 0.0
    assert found.drifted


@given(arrays(np.float64, 40, elements=st.floats(0.0, 1.0)), arrays(np.bool_, 40))
def test_figures_are_finite_and_chances_are_chances(p: np.ndarray, came: np.ndarray) -> None:
    found = drift(p, came, least=10)
    assert np.isfinite([found.z, found.brier, found.skill, found.off, found.expected_error]).all()
    assert 0.0 <= found.p_value <= 1.0
    assert 0.0 <= found.calibration_error <= 1.0
    assert expected_error(p) >= 0.0


@given(st.integers(0, 2**32 - 1), st.integers(50, 400))
def test_the_engine_s_check_is_the_same_statistic_from_sums(seed: int, n: int) -> None:
    """The engine keeps sums by size of the chance and no pairs: of the same pairs it finds the same excess, and is never the surer."""
    rng = np.random.default_rng(seed)
    p = rng.uniform(0.01, 0.99, n)
    came = rng.random(n) < np.clip(p + rng.uniform(-0.3, 0.3), 0.0, 1.0)
    sums = chances.counted(p, p, came.astype(np.float64))
    excess, due = (
        float(sums[chances.SQUARED].sum() - sums[chances.VARIANCE].sum()),
        float((p * (1.0 - p)).sum()),
    )
    lean = 1.0 - 2.0 * p
    assert excess == pytest.approx(float(((came - p) * lean).sum()), abs=1e-9)
    assert abs(excess) / due**0.5 <= abs(spiegelhalter_z(p, came)) + 1e-9
