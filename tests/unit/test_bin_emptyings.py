"""Paces from emptyings alone, and the chance that a bin is overfull when it is emptied."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.core.bin_forecast.emptyings import Intervals, PaceParameters, intervals, paces
from rules.core.bin_forecast.overfull import OverfullParameters, overfull
from rules.core.bin_forecast.scores import brier, calibration_error


def simulated(bins: int = 40, each: int = 60, seed: int = 12) -> Intervals:
    """Bins of different pace that are emptied after waits that have nothing to do with it."""
    rng = np.random.default_rng(seed)
    pace = rng.uniform(0.8, 3.0, bins)
    hours = rng.uniform(15.0, 60.0, (bins, each))
    fill = rng.gamma(pace[:, None] * hours / 10.0, 10.0)
    at = np.cumsum(hours, axis=1)
    number = np.repeat(np.arange(bins), each)
    return intervals(number, at.ravel(), fill.ravel())


def test_a_bins_pace_is_learnt_and_nothing_of_the_interval_itself_is_in_it() -> None:
    seen = Intervals(
        np.zeros(4, dtype=np.int64),
        np.array([10.0, 30.0, 40.0, 60.0]),
        np.array([10.0, 20.0, 10.0, 20.0]),
        np.array([20.0, 40.0, 20.0, 400.0]),
    )
    known = paces(seen, PaceParameters())
    assert known.earlier.tolist() == [0, 1, 2, 3]
    assert np.isnan(known.pace_pct_h[0])
    assert known.pace_pct_h[1:].tolist() == pytest.approx([2.0, 2.0, 2.0])
    assert known.smoothed_pct_h[1:].tolist() == pytest.approx([2.0, 2.0, 2.0])
    assert known.usual_hours[1:].tolist() == [10.0, 15.0, 10.0]
    assert known.over[3] < PaceParameters().first_over


def test_a_half_life_is_the_number_after_which_one_counts_half() -> None:
    p = PaceParameters(half_life=1.0)
    seen = Intervals(
        np.zeros(3, dtype=np.int64), np.arange(3.0), np.full(3, 10.0), np.array([10.0, 40.0, 10.0])
    )
    assert paces(seen, p).pace_pct_h[2] == pytest.approx(2.0)  # the geometric mean of 1 and 4


def test_chances_of_simulated_bins_are_as_often_right_as_they_say() -> None:
    seen = simulated()
    known = paces(seen, PaceParameters())
    tail, right = overfull(seen, known, OverfullParameters())
    told = ~np.isnan(right)
    happened = seen.fill_pct[told] >= 100.0
    assert told.sum() > 1000
    assert calibration_error(right[told], happened) < 0.04
    often = np.full(len(happened), happened.mean())
    assert max(brier(tail[told], happened), brier(right[told], happened)) < 0.85 * brier(often, happened)


@given(st.randoms(use_true_random=False))
@settings(max_examples=5, deadline=None)
def test_nothing_of_later_emptyings_is_used(random: Random) -> None:
    seen = simulated(20, 40)
    half = len(seen.bin) // 2
    later = list(range(half, len(seen.bin)))
    random.shuffle(later)
    order = np.array([*range(half), *later])
    changed = Intervals(seen.bin[order], seen.end_h, seen.hours[order], seen.fill_pct[order])
    p = OverfullParameters(least=100)
    first, second = (overfull(s, paces(s, PaceParameters()), p)[1][:half] for s in (seen, changed))
    assert (~np.isnan(first)).sum() > 100
    assert np.array_equal(first, second, equal_nan=True)


def test_no_emptyings_have_no_paces() -> None:
    none = intervals(np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0))
    assert len(paces(none, PaceParameters()).pace_pct_h) == 0
