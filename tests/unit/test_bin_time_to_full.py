"""The time until a bin is full: closed forms against scipy and simulation, what counts, and that nothing of later days is used."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import gamma

from rules.core.bin_forecast.cycles import CycleRule, origins
from rules.core.bin_forecast.increments import IncrementParameters, expected, learnt, nothing_known
from rules.core.bin_forecast.median_fit import fitted_median, median_of
from rules.core.bin_forecast.new_bin import as_new, own_days
from rules.core.bin_forecast.passage import between_days, passed, quantile_days, seen_first
from rules.core.bin_forecast.time_baselines import simple_ways
from rules.core.bin_forecast.time_to_full import TimeParameters, walk_time
from tests.fakes.bin_levels import generated

NAN = float("nan")


def by_days(fill: float, cell: float, means: list[float], spread: float) -> list[float]:
    found = passed(np.array([fill]), cell, 80.0, np.array([means]), np.array([spread]))
    return [float(x) for x in found[0]]


def test_an_exact_fill_has_passed_by_a_day_as_the_sum_of_days_has() -> None:
    means, spread = [10.0, 30.0, 5.0], 12.0
    for got, total in zip(by_days(20.0, 0.0, means, spread), np.cumsum(means), strict=True):
        assert got == pytest.approx(gamma(total / spread, scale=spread).sf(60.0), rel=1e-9)


def test_a_rounded_fill_passes_as_a_simulated_one_does() -> None:
    rng, means, spread = np.random.default_rng(6), [12.0, 24.0, 12.0, 12.0, 6.0], 20.0
    fill = rng.uniform(40.0, 60.0, 200_000)
    added = np.cumsum([rng.gamma(m / spread, spread, len(fill)) for m in means], axis=0)
    seen = [float((fill + a >= 80.0).mean()) for a in added]
    assert by_days(40.0, 20.0, means, spread) == pytest.approx(seen, abs=0.006)


@given(
    fill=st.floats(0.0, 79.0), more=st.floats(0.0, 40.0), means=st.lists(st.floats(0.5, 60.0), min_size=2, max_size=12),
    spread=st.floats(0.5, 80.0), cell=st.sampled_from([0.0, 5.0, 20.0]),
)  # fmt: skip
def test_chances_rise_with_the_days_and_with_the_level(
    fill: float, more: float, means: list[float], spread: float, cell: float
) -> None:
    low, high = (
        np.array(by_days(fill, cell, means, spread)),
        np.array(by_days(fill + more, cell, means, spread)),
    )
    for chance in (low, high):
        assert ((chance >= 0.0) & (chance <= 1.0)).all()
        assert (np.diff(chance) >= -1e-9).all()
    assert (high >= low - 1e-9).all()
    assert quantile_days(high[None])[0] <= quantile_days(low[None])[0]


def test_of_those_that_are_seen_full_the_late_ones_are_fewer() -> None:
    """Simulated: each day a tenth of the cycles end before anything else happens."""
    rng, by_day = np.random.default_rng(7), np.array([[0.1, 0.4, 0.6, 0.9, 1.0]])
    day = 1 + (rng.random(100_000)[:, None] > by_day).sum(axis=1)
    seen = day[rng.geometric(0.1, len(day)) >= day]
    found = seen_first(by_day, np.array([0.1]))[0]
    assert found.tolist() == pytest.approx([float((seen <= k).mean()) for k in range(1, 6)], abs=0.006)
    assert seen_first(by_day, np.array([0.0]))[0].tolist() == pytest.approx(by_day[0].tolist())
    assert between_days(by_day)[0] == pytest.approx(2.5)


def test_what_is_never_reached_takes_the_last_day() -> None:
    never = np.zeros((1, 7))
    assert quantile_days(never).tolist() == [7.0]
    assert seen_first(never, np.array([0.2]))[0].tolist() == pytest.approx([0.0] * 6 + [1.0])


def test_a_cycle_that_is_emptied_before_it_is_full_is_no_time_to_full() -> None:
    fills = np.array([[0.0, 20.0, 40.0, 0.0, 60.0, NAN, 80.0, 0.0, 20.0]]).T
    found = origins(fills, CycleRule())
    # Days 0 to 2 end with a fall; of the second cycle only day 4 asks (day 3 is the emptying's own, 6 is full).
    assert found.day.tolist() == [1, 2, 4, 8]
    assert found.days.tolist() == pytest.approx([NAN, NAN, 2.0, NAN], nan_ok=True)
    assert found.seen_days.tolist() == [1.0, 0.0, 2.0, 0.0]
    assert found.age_days.tolist() == [1.0, 2.0, 1.0, 1.0]
    broken = origins(fills, CycleRule(gap_breaks=True, empty_first=True))
    assert np.isnan(broken.days).all()
    begun = origins(fills, CycleRule(begun=True, empty_first=True, emptied_pct=60.0))
    assert begun.day.tolist() == [7, 8]
    assert origins(np.full((3, 1), NAN), CycleRule()).day.tolist() == []


def test_the_median_is_found_and_not_the_mean() -> None:
    rng = np.random.default_rng(8)
    x = rng.uniform(0.0, 2.0, 4000)
    value = np.exp(0.5 + x) * np.where(rng.random(4000) < 0.2, 20.0, np.exp(rng.normal(0.0, 0.1, 4000)))
    fit = fitted_median(x[:, None], value, np.ones(4000))
    told = median_of(fit, np.array([[0.0], [1.0], [2.0]]))
    # A fifth is far above: the median lies where 5/8 of the others are below, 0.032 higher.
    assert np.log(told).tolist() == pytest.approx([0.53, 1.53, 2.53], abs=0.03)


def test_times_of_bins_that_fill_so_are_about_right_and_their_range_holds() -> None:
    told = walk_time(generated(), TimeParameters(least=200))
    late = (told.origins.day > 200) & ~np.isnan(told.origins.days)
    came = told.origins.days[late]
    assert late.sum() > 500
    simple = simple_ways(generated(), told.origins, 200, 80.0)
    best = min(float(np.abs(days[late] - came).mean()) for days in simple.values())
    assert np.abs(told.right[late] - came).mean() < best
    assert 0.75 < ((told.low[late] <= came) & (came <= told.high[late])).mean() <= 1.0


@given(st.randoms(use_true_random=False))
@settings(max_examples=4, deadline=None)
def test_nothing_of_later_days_is_used(random: Random) -> None:
    """Later days are shuffled: which of the earlier days are asked from may not be, so they are compared by day and bin."""
    daily = generated(160)
    changed, later = daily.fill_pct.copy(), list(range(121, 160))
    random.shuffle(later)
    changed[121:] = daily.fill_pct[later]
    p = TimeParameters(least=100, ahead_days=30)
    told = [walk_time(replace(daily, fill_pct=f), p) for f in (daily.fill_pct, changed)]
    kept = [
        {(int(d), int(b)): (float(x), float(y)) for d, b, x, y in zip(t.origins.day, t.origins.bin, t.right, t.seen, strict=True) if d <= 120}
        for t in told
    ]  # fmt: skip
    assert len(kept[0]) > 500
    assert kept[0] == kept[1]


def test_a_new_bin_is_as_the_others_and_becomes_its_own() -> None:
    p, known = IncrementParameters(), nothing_known(6)
    rates, added = np.array([5.0, 10.0, 10.0, 10.0, 10.0, 60.0]), []
    for day in range(140):
        added.append(rates)
        known = learnt(known, day % 7, rates, 0.0, p)
    means = [
        float(as_new(known, *own_days(np.array(added[140 - n :]), 139 % 7, p), p).mean_pct[5].mean())
        for n in (1, 14, 28, 140)
    ]
    nothing = as_new(known, np.zeros((6, 7)), np.zeros((6, 7)), p)
    assert 9.0 < float(nothing.mean_pct[5].mean()) < 13.0  # the others' nine, and a little of the first guess
    assert nothing.mean_pct[5].mean() < means[0] < means[1] < means[2] < means[3]
    assert means[3] == pytest.approx(float(expected(known, 0, p)[0][5]), rel=0.1)
