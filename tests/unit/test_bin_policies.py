"""Policies by hand and against simulation: demand from levels, the chance to overflow, what waiting costs, and their tuning."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.core.bin_forecast.demand import UNKNOWN, Demand, demand
from rules.core.bin_forecast.look_ahead import collect, moves, p_overflow, usual_cost
from rules.core.bin_forecast.next_day import Daily
from rules.core.bin_forecast.policies import Town, by_chance, by_cost, by_days, by_threshold, town
from rules.core.bin_forecast.replay import replay
from rules.core.bin_forecast.step_chances import StepParameters, step_chances
from rules.core.bin_forecast.tuning import bin_thresholds, greatest_chance, highest_threshold, least_price
from tests.fakes.bin_levels import generated

DAILY = np.ones(7, dtype=np.bool_)
MONDAYS = np.arange(7) == 0
NAN = float("nan")


def same(*shares: float) -> np.ndarray:
    """Chances of steps of one bin, alike on all weekdays."""
    return np.tile(np.array(shares), (1, 7, 1))


def a_town(served: np.ndarray | None = None, days: int = 400) -> Town:
    d = demand(generated(days), 2, 1, 150)
    on = np.ones(len(d.known), dtype=np.bool_) if served is None else served
    return town(d, 0, on, DAILY, StepParameters())


def test_demand_is_the_rise_or_what_is_in_the_bin_after_an_emptying() -> None:
    fills = np.array([[0.0, 40.0, 20.0, 100.0, 20.0, NAN, 60.0]]).T
    found = demand(Daily(fills, 0, 20.0), 3, 1, 0)
    assert found.known[:, 0].tolist() == [2, UNKNOWN, 4, 1, UNKNOWN, UNKNOWN]
    assert found.full == 5
    assert (found.drawn[:, [0, 2, 3], 0] == [2, 4, 1]).all()
    assert set(found.drawn[:, [1, 4, 5], 0].ravel().tolist()) <= {1, 2, 4}
    strict = demand(Daily(fills, 0, 20.0), 3, 1, 0, full_pct=80.0)
    assert strict.known[:, 0].tolist() == [2, UNKNOWN, 4, UNKNOWN, UNKNOWN, UNKNOWN]


def test_what_is_tuned_on_holds_nothing_of_later_days() -> None:
    fills = np.tile(np.array([[0.0], [20.0], [NAN]]), (40, 1))
    fills[60:] *= 5.0
    found = demand(Daily(fills, 0, 20.0), 20, 1, 60)
    assert set(found.drawn[:, :60].ravel().tolist()) == {1}
    assert set(found.drawn[:, 60:].ravel().tolist()) == {1, 5}
    changed = demand(Daily(np.where(np.arange(120)[:, None] > 60, 0.0, fills), 0, 20.0), 20, 1, 60)
    assert np.array_equal(found.drawn[:, :60], changed.drawn[:, :60])


def test_the_chance_to_overflow_is_that_of_simulated_bins() -> None:
    rng, shares = np.random.default_rng(11), (0.5, 0.2, 0.15, 0.1, 0.04, 0.01)
    found = p_overflow(moves(same(*shares)), 0, 3)[0]
    added = rng.choice(6, (100_000, 3), p=shares).sum(axis=1)
    for state in range(6):
        assert found[state] == pytest.approx(float((state + added > 5).mean()), abs=0.006)
    assert found[6] == 1.0


@given(
    weights=st.lists(st.floats(0.01, 1.0), min_size=6, max_size=6),
    days=st.integers(1, 9),
    weekday=st.integers(0, 6),
)
def test_the_chance_to_overflow_rises_with_level_and_days(
    weights: list[float], days: int, weekday: int
) -> None:
    moved = moves(same(*(np.array(weights) / sum(weights))))
    now, later = (p_overflow(moved, weekday, n)[0] for n in (days, days + 1))
    assert ((now >= 0.0) & (now <= 1.0 + 1e-12)).all()
    assert (np.diff(now) >= -1e-12).all()
    assert (later >= now - 1e-12).all()


def test_a_bin_that_fills_by_one_step_a_day_is_collected_on_the_last_day() -> None:
    moved = moves(same(0.0, 1.0, 0.0, 0.0, 0.0, 0.0))
    take, _ = collect(moved, usual_cost(moved, DAILY, 50.0), np.array([True]), 0, 50.0)
    assert take[0].tolist() == [False, False, False, False, False, True, True]


def test_a_bin_is_collected_before_days_without_service() -> None:
    moved = moves(same(0.0, 1.0, 0.0, 0.0, 0.0, 0.0))
    usual = usual_cost(moved, DAILY, 50.0)
    gap = np.array([True, False, False, False, True])
    take, _ = collect(moved, usual, gap, 0, 50.0)
    # Four days' steps on top of two are more than five hold.
    assert take[0].tolist() == [False, False, True, True, True, True, True]
    assert not collect(moved, usual, ~gap, 0, 50.0)[0].any()


def test_a_price_of_nothing_never_collects_and_a_higher_one_collects_no_later() -> None:
    t = a_town()
    kept = [by_cost(t, price, 200, 300) for price in (0.0, 3.0, 30.0)]
    assert not kept[0].any()
    assert (kept[1] <= kept[2]).all()
    assert kept[2].any()


def test_a_replay_by_hand() -> None:
    """One bin that fills by two steps a day, collected at four: every second day, 80 % full, and never over."""
    twos = Demand(np.full((8, 1), 2), np.full((1, 8, 1), 2), 5)
    t = Town(twos, 0, np.ones(8, dtype=np.bool_), DAILY, {0: moves(same(0.0, 0.0, 1.0, 0.0, 0.0, 0.0))})
    found = replay(by_threshold(t, np.array([4]), 0, 8), twos, 0, 8)
    assert found.collections_bin_week == pytest.approx(7.0 * 3 / 8)  # mornings 2, 4 and 6
    assert (found.overflow_pct, found.wasted_pct) == (0.0, 0.0)
    assert found.fill_pct == pytest.approx(80.0)
    never = replay(by_threshold(t, np.array([7]), 0, 8), twos, 0, 8)
    assert never.overflow_pct == pytest.approx(100.0 * 6 / 8)  # six of eight days end above five
    assert replay(by_days(t, np.array([3]), 0, 8), twos, 0, 8).collections_bin_week == pytest.approx(
        7.0 * 2 / 8
    )


def test_a_threshold_collects_on_service_days_only() -> None:
    served = np.arange(399) % 7 == 0
    table = by_threshold(a_town(served), np.full(12, 2), 0, 399)
    assert (table.any(axis=(1, 2)) == served).all()
    assert not by_chance(a_town(served), 0.0, 0, 399)[~served].any()
    assert not by_cost(a_town(served), 9.0, 0, 399)[~served].any()


def test_what_is_tuned_holds_its_budget_on_the_days_it_is_tuned_on() -> None:
    t, first, last = a_town(), 150, 390
    tables = {
        "threshold": by_threshold(t, np.full(12, highest_threshold(t, first, last, 2.0)), first, last),
        "bins": by_threshold(t, bin_thresholds(t, first, last, 2.0), first, last),
        "chance": by_chance(t, greatest_chance(t, first, last, 2.0), first, last),
        "price": by_cost(t, least_price(t, first, last, 2.0), first, last),
    }
    played = {name: replay(table, t.demand, first, last) for name, table in tables.items()}
    assert all(p.overflow_pct <= 2.0 for p in played.values())
    assert played["bins"].collections_bin_week <= played["threshold"].collections_bin_week
    assert played["price"].collections_bin_week < played["threshold"].collections_bin_week


@given(st.randoms(use_true_random=False))
@settings(max_examples=5, deadline=None)
def test_no_decision_uses_later_days(random: Random) -> None:
    daily = generated(200)
    changed, later = daily.fill_pct.copy(), list(range(151, 200))
    random.shuffle(later)
    changed[151:] = daily.fill_pct[later]
    towns = [
        town(demand(Daily(f, 0, 20.0), 1, 1, 150), 0, np.ones(199, dtype=np.bool_), DAILY, StepParameters())
        for f in (daily.fill_pct, changed)
    ]
    for before, after in (
        [by_cost(t, 6.0, 100, 168)[:51] for t in towns],
        [by_chance(t, 0.05, 100, 168)[:51] for t in towns],
    ):
        assert before.any()
        assert np.array_equal(before, after)


def test_chances_of_steps_are_chances_and_a_bin_becomes_its_own() -> None:
    known = np.zeros((300, 5), dtype=np.int64)
    known[:, 4] = 3
    looks = step_chances(Demand(known, known[None], 5), 0, StepParameters())
    for day, chances in looks.items():
        assert day % 28 == 0
        assert chances.sum(axis=2) == pytest.approx(np.ones((5, 7)))
    assert looks[0][4, 0].tolist() == looks[0][0, 0].tolist()
    assert looks[280][4, :, 3].min() > 0.8 > 0.2 > looks[280][0, :, 3].max()
