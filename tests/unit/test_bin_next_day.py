"""The chance that a bin is full tomorrow: closed forms, what is learnt, what is put right, and files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import gamma

from cityops.errors import ConfigurationError
from ops_api.measure.bins_report import report
from rules.bin_files.daily_levels import read_daily_levels
from rules.core.bin_forecast.calibration import fitted, log_odds, put_right
from rules.core.bin_forecast.increments import IncrementParameters, expected, learnt, nothing_known
from rules.core.bin_forecast.next_day import Daily, NextDayParameters, walk
from rules.core.bin_forecast.reaching import p_reaches
from rules.core.bin_forecast.scores import brier, calibration_error
from tests.fakes.bin_levels import HEAD, generated

P = IncrementParameters()


def one(fill: float, cell: float, level: float, mean: float, variance: float) -> float:
    return float(p_reaches(np.array([fill]), cell, level, np.array([mean]), np.array([variance]))[0])


def test_an_exact_fill_has_the_gamma_distributions_own_tail() -> None:
    for fill, mean, variance in ((0.0, 20.0, 400.0), (60.0, 20.0, 800.0), (79.0, 5.0, 12.0)):
        tail = gamma(mean**2 / variance, scale=variance / mean).sf(80.0 - fill)
        assert one(fill, 0.0, 80.0, mean, variance) == pytest.approx(tail, rel=1e-9)
    # Shape 1 is the exponential distribution: e^-1 for a mean's distance.
    assert one(60.0, 0.0, 80.0, 20.0, 400.0) == pytest.approx(np.exp(-1.0), rel=1e-9)


def test_a_rounded_fill_has_the_mean_over_its_cell() -> None:
    """By hand for the exponential: the mean of e^-(20-u)/20 over u in 0..20 is 1 - e^-1."""
    assert one(60.0, 20.0, 80.0, 20.0, 400.0) == pytest.approx(1.0 - np.exp(-1.0), rel=1e-6)
    assert one(80.0, 20.0, 80.0, 20.0, 400.0) == pytest.approx(1.0, abs=1e-12)


@given(
    fill=st.floats(0.0, 100.0), more=st.floats(0.0, 40.0), mean=st.floats(0.5, 80.0), spread=st.floats(0.5, 80.0),
    cell=st.sampled_from([0.0, 5.0, 20.0]),
)  # fmt: skip
def test_a_chance_is_one_and_a_fuller_bin_has_no_less_of_it(
    fill: float, more: float, mean: float, spread: float, cell: float
) -> None:
    low, high = (one(f, cell, 80.0, mean, spread * mean) for f in (fill, fill + more))
    assert 0.0 <= low <= high + 1e-9 <= 1.0 + 1e-9


def test_a_bin_becomes_its_own_and_a_new_one_is_as_the_others() -> None:
    known = nothing_known(3)
    assert expected(known, 0, P)[0].tolist() == pytest.approx([20.0, 20.0, 20.0])
    for day in range(200):
        known = learnt(known, day % 7, np.array([40.0, 10.0, np.nan]), 0.0, P)
    mean, _ = expected(known, 3, P)
    assert mean[0] == pytest.approx(40.0, abs=3.0)
    assert mean[1] == pytest.approx(10.0, abs=3.0)
    assert 15.0 < mean[2] < 35.0


def test_weekdays_and_spread_are_learnt() -> None:
    rng, known = np.random.default_rng(1), nothing_known(20)
    for day in range(400):
        mean = 30.0 if day % 7 == 5 else 10.0
        known = learnt(known, day % 7, rng.gamma(mean / 8.0, 8.0, 20), 0.0, P)
    (saturday, spread), (monday, _) = expected(known, 5, P), expected(known, 0, P)
    assert saturday.mean() == pytest.approx(30.0, rel=0.1)
    assert monday.mean() == pytest.approx(10.0, rel=0.1)
    own = replace(P, fleet_days=1.0)  # without what was taken before anything was measured
    assert expected(known, 0, own)[1] == pytest.approx(8.0, rel=0.1)
    assert 8.0 < spread < 11.0


def test_most_of_what_rounding_makes_is_no_spread() -> None:
    """An even flow of 7 % a day read in steps of 20 % differs by 0 or 20: variance 7 × 13, a spread of 13 that is not there."""
    known, level = nothing_known(50), np.random.default_rng(2).uniform(0.0, 20.0, 50)
    for day in range(300):
        after = level + 7.0
        known = learnt(known, day % 7, 20.0 * (after // 20.0 - level // 20.0), 20.0, P)
        level = after
    mean, spread = expected(known, 0, replace(P, fleet_days=1.0))
    assert mean.mean() == pytest.approx(7.0, rel=0.1)
    assert spread < 13.0 / 2.0


def test_chances_that_say_too_much_are_put_right() -> None:
    rng = np.random.default_rng(3)
    true = rng.uniform(0.02, 0.6, 4000)
    said, came = 1.0 / (1.0 + np.exp(-(2.0 * log_odds(true) + 1.0))), rng.random(4000) < true
    calibration = fitted(log_odds(said[:2000])[:, None], came[:2000])
    right = put_right(calibration, log_odds(said[2000:])[:, None])
    assert np.abs(right - true[2000:]).mean() < 0.02
    assert calibration_error(right, came[2000:]) < 0.5 * calibration_error(said[2000:], came[2000:])


def test_what_has_always_come_or_never_is_put_right_without_an_overflow() -> None:
    x = np.linspace(-3.0, 3.0, 50)[:, None]
    for came in (np.zeros(50, dtype=np.bool_), np.ones(50, dtype=np.bool_)):
        right = put_right(fitted(x, came), x)
        assert np.isfinite(right).all()
        assert abs(float(right.mean()) - float(came.mean())) < 0.01


def test_scores_of_a_hand_made_case() -> None:
    p, came = np.array([0.1, 0.1, 0.8, 0.8]), np.array([False, True, True, True])
    assert brier(p, came) == pytest.approx((0.01 + 0.81 + 0.04 + 0.04) / 4.0)
    assert calibration_error(p, came) == pytest.approx(0.5 * 0.4 + 0.5 * 0.2)


def test_chances_of_bins_that_fill_so_are_as_often_right_as_they_say() -> None:
    told = walk(generated(), NextDayParameters())
    late = told.day > 200
    assert late.sum() > 1000
    assert calibration_error(told.p[late], told.happened[late]) < 0.03
    usual = np.full(int(late.sum()), told.happened[late].mean())
    assert brier(told.p[late], told.happened[late]) < 0.8 * brier(usual, told.happened[late])


@given(st.randoms(use_true_random=False))
@settings(max_examples=5, deadline=None)
def test_nothing_of_later_days_is_used(random: Random) -> None:
    daily = generated(200)
    changed, later = daily.fill_pct.copy(), list(range(151, 200))
    random.shuffle(later)
    changed[151:] = daily.fill_pct[later]
    whole, cut = (walk(replace(daily, fill_pct=f), NextDayParameters()) for f in (daily.fill_pct, changed))
    for told in (whole, cut):
        assert (told.day < 150).sum() > 500
    for a, b in ((whole.p, cut.p), (whole.raw, cut.raw)):
        assert a[whole.day < 150].tolist() == b[cut.day < 150].tolist()


def test_gaps_faults_and_bins_that_only_alert_are_left_out(tmp_path: Path) -> None:
    file = tmp_path / "levels.csv"
    file.write_text(
        HEAD
        + "2020-01-01,4,NOT_READY,1\n2020-01-03,0,ALERT,1\n2020-01-04T08:00:00,8,FULLNESS,1\n2020-01-01,10,ALERT,2\n"
    )
    found = read_daily_levels(file)
    assert (found.bins, found.left_out, found.faults) == (("1",), ("2",), 1)
    assert found.daily.first_weekday == 2
    assert found.daily.fill_pct[0, 0] == 40.0
    assert np.isnan(found.daily.fill_pct[1:3, 0]).all()
    assert found.daily.fill_pct[3, 0] == 80.0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1,2\n", "there is no column timestamp, latestFullness"),
        (HEAD, "there is no reading in it"),
        (HEAD + "2020-01-01,5,X,1\n", "line 2: latestFullness is '5'; allowed: 0, 2, 4, 6, 8, 10"),
        (HEAD + "yesterday,4,X,1\n", "line 2: timestamp is 'yesterday'; allowed: a date"),
        (HEAD + "2020-01-01,4,X, \n", "line 2: serialNumber is ' '"),
        (HEAD + "1020-01-01,4,X,1\n2020-01-01,4,X,1\n", "allowed: 36600 days at most"),
        (
            HEAD + "2020-01-01,4,X,1\n2020-01-02,4,X,1\n",
            "allowed: bins that are not full on days in both parts",
        ),
    ],
)
def test_a_file_that_is_none_is_said_to_be_none(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "levels.csv"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match=said.replace("'", ".")):
        report(file)


def test_of_what_never_came_nothing_is_learnt_to_be_impossible() -> None:
    """No bin is full for weeks; when they begin to be, the chance is what the process says and not none."""
    rows = [np.full(20, 60.0 if day % 2 else 40.0) for day in range(60)]
    rows += [np.full(20, 80.0 if day % 2 else 60.0) for day in range(40)]
    told = walk(Daily(np.array(rows), 0, 20.0), NextDayParameters())
    first = (told.day >= 60) & (told.day < 84)
    assert told.happened[first].any()
    assert told.p[first].min() > 0.05
