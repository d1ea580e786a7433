"""Means over hours, days and months keep gaps as gaps; lines say how sure they are."""

from __future__ import annotations

import numpy as np
import pytest

from rules.core.means import daily, hourly, monthly
from rules.core.regression import error_at, line, through_zero, widening

JAN_1_S = 1_767_225_600.0  # 2026-01-01T00:00Z


def test_hours_have_the_mean_of_their_readings_and_gaps() -> None:
    time_s = JAN_1_S + np.array([600.0, 0.0, 2 * 3600.0, 3700.0])
    starts_s, means = hourly(time_s, np.array([3.0, 1.0, 5.0, np.nan]))
    assert (starts_s - JAN_1_S).tolist() == [0, 3600, 7200]
    assert means.tolist()[::2] == [2.0, 5.0]
    assert np.isnan(means[1])
    assert hourly(np.empty(0), np.empty(0))[1].size == 0


def test_a_day_needs_its_hours_and_an_hour_counts_once() -> None:
    time_s = np.concatenate((JAN_1_S + 3600.0 * np.arange(24), JAN_1_S + 60.0 * np.arange(1, 60)))
    values = np.concatenate((np.arange(24.0), np.zeros(59)))
    days_s, means = daily(time_s, values)
    assert days_s.tolist() == [JAN_1_S]
    assert means[0] == pytest.approx(np.arange(24.0).mean())
    assert np.isnan(daily(time_s[:17], values[:17])[1]).all()
    assert daily(time_s[:18], values[:18])[1].tolist() == [8.5]
    assert daily(time_s[:24], values[:24], 1.0, 3600.0)[0].tolist() == [JAN_1_S - 3600.0, JAN_1_S + 82_800.0]


def test_a_month_needs_three_quarters_of_its_hours() -> None:
    time_s = JAN_1_S + 3600.0 * np.arange(24 * (31 + 20))
    months, means = monthly(time_s, np.ones(time_s.size))
    assert months == ["2026-01", "2026-02"]
    assert means[0] == 1.0
    assert np.isnan(means[1])  # 20 of 28 days


def test_lines_and_their_errors() -> None:
    rng = np.random.default_rng(2)
    x = rng.uniform(-5, 15, 400)
    y = 3.0 - 2.0 * x + rng.normal(0, 1.5, 400)
    found = line(x, y)
    assert found.slope == pytest.approx(-2.0, abs=4 * found.slope_error)
    assert found.slope_error == pytest.approx(1.5 / (20 / 12**0.5) / 20, rel=0.2)
    assert error_at(found, 5.0) == pytest.approx(1.5 / 20, rel=0.2)
    assert error_at(found, 40.0) > 4 * error_at(found, 5.0)
    zero = through_zero(x, 0.7 * x)
    assert zero.slope == pytest.approx(0.7)
    assert zero.standard_error == pytest.approx(0.0, abs=1e-12)


def test_lines_without_enough_points_are_refused() -> None:
    with pytest.raises(ValueError, match="needs 2 points"):
        through_zero(np.array([1.0]), np.array([1.0]))
    with pytest.raises(ValueError, match="needs 3 points"):
        line(np.array([1.0, 1.0, 1.0]), np.array([1.0, 2.0, 3.0]))
    with pytest.raises(ValueError, match="needs 3 points"):
        line(np.empty(0), np.empty(0))


def test_alternating_residuals_never_narrow() -> None:
    assert widening(np.array([1.0, -1.0] * 10)) == 1.0
    assert widening(np.zeros(5)) == 1.0
    assert widening(np.repeat([1.0, -1.0], 10)) > 2.0
