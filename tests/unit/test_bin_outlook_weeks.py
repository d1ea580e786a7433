"""Weeks of simulated bins through the learning: what is learnt, what is borrowed, and how good the chances are."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from rules.core.bin_outlook.pooling import BIN, Filling, filling
from rules.core.bin_outlook.week import WEEK_H
from rules.core.bin_outlook_memory import unpacked
from rules.core.effects import SubjectState
from rules.core.psychrometrics import Floats
from tests.fakes.bin_weeks import ITEM_PCT, MONDAY_S, Weeks, bins_context, day_shape, sites

PLACES = ("Market place", "Shops", "Park gate")
SHAPES = {
    "Market place": day_shape(8, 18, 2.0), "Shops": day_shape(9, 19, 0.8), "Park gate": day_shape(12, 22, 2.5),
}  # fmt: skip
DAY_H = 24.0


def known(w: Weeks) -> Filling:
    c = w.columns()
    week = np.zeros((len(c.places), 2, WEEK_H))
    for k, place in enumerate(c.places):
        if place in w.state.bin_shape:
            week[k] = unpacked(w.state.bin_shape[place].values, (2, WEEK_H))
    return filling(c, week, MONDAY_S + w.gone_h * 3600.0, w.parameters.filling)


@pytest.fixture(scope="module")
def town() -> Weeks:
    """60 bins, 20 at each of three kinds of place, for 6 weeks; levels differ within a place as logarithms by 0.35."""
    rate = np.repeat([40.0, 22.0, 12.0], 20) / DAY_H * np.random.default_rng(5).lognormal(0.0, 0.35, 60)
    weeks = Weeks(bins_context(sites(PLACES, 20)), rate, SHAPES)
    weeks.run()
    return weeks


def test_levels_are_learnt_without_bias_though_echoes_are_noisy_and_bins_overflow(town: Weeks) -> None:
    ratio = known(town).rate_pct_h / town.rate_pct_h
    assert ratio.mean() == pytest.approx(1.0, abs=0.06)
    assert ratio.std() < 0.15
    assert np.all(known(town).source == BIN)


def test_the_spread_is_that_of_the_deposits(town: Weeks) -> None:
    assert known(town).spread_pct.mean() == pytest.approx(2.0 * ITEM_PCT, rel=0.3)


def test_the_week_of_each_kind_of_place_is_learnt(town: Weeks) -> None:
    shape = known(town).shape
    assert shape.mean(axis=1) == pytest.approx(np.ones(3))
    for k, place in enumerate(town.columns().places):
        even = np.abs(SHAPES[place] - 1.0).mean()
        assert np.corrcoef(shape[k], SHAPES[place])[0, 1] > 0.88
        assert np.abs(shape[k] - SHAPES[place]).mean() < 0.45 * even


def test_chances_are_better_than_how_often_it_is_so_and_than_the_level_alone(
    town: Weeks, record_property: pytest.RecordProperty
) -> None:
    split = 3 * WEEK_H
    before = [t for t in town.told if t.hour < split]
    after = [t for t in town.told if t.hour >= split]
    p, fill, full = (np.concatenate([getattr(t, n) for t in after]) for n in ("p", "fill_pct", "full"))
    usual = full.mean() * (1.0 - full.mean())
    by_level = level_alone(
        *(np.concatenate([getattr(t, n) for t in before]) for n in ("fill_pct", "full")), fill
    )
    scores = {
        "n": len(p),
        "brier": float(((p - full) ** 2).mean()),
        "brier_level": float(((by_level - full) ** 2).mean()),
        "brier_usual": float(usual),
        "ece": calibration_error(p, full),
    }
    for name, value in scores.items():
        record_property(name, value)
    assert scores["brier"] < 0.65 * scores["brier_level"]
    assert scores["brier"] < 0.5 * scores["brier_usual"]
    assert scores["ece"] < 0.035
    assert p.sum() == pytest.approx(full.sum(), rel=0.12)


def level_alone(fill: Floats, full: Floats, then: Floats) -> Floats:
    """How often bins of such a level were full by then, in steps of 10 % of fill."""
    step, of = np.minimum(fill // 10, 9).astype(int), np.minimum(then // 10, 9).astype(int)
    n, came = np.bincount(step, minlength=10), np.bincount(step, full, 10)
    return np.asarray(((came + full.mean()) / (n + 1.0))[of])


def calibration_error(p: Floats, full: Floats) -> float:
    step = np.minimum(p * 10, 9).astype(int)
    return float(np.abs(np.bincount(step, p, 10) - np.bincount(step, full, 10)).sum() / len(p))


def test_the_times_until_full_are_passed_as_often_as_they_say(town: Weeks) -> None:
    asked = [t for t in town.told if 2 * WEEK_H <= t.hour <= 5 * WEEK_H]
    times = np.concatenate([t.full_h for t in asked])
    passed = np.concatenate([t.passed_h for t in asked])
    assert len(passed) > 1000
    assert (passed <= times[:, 0]).mean() == pytest.approx(0.1, abs=0.04)
    assert (passed <= times[:, 1]).mean() == pytest.approx(0.5, abs=0.06)
    assert (passed <= times[:, 2]).mean() == pytest.approx(0.9, abs=0.04)


def test_what_came_of_the_chances_is_told(town: Weeks) -> None:
    told = [e for e in town.effects if isinstance(e, SubjectState) and e.subject == "bin"][-1].state[
        "forecast"
    ]
    assert told["chances"] > 1000
    assert told["overflows"] == pytest.approx(told["overflows_told"], rel=0.2)
    assert told["brier"] < 0.5 * told["brier_usual"]
    assert told["calibration_error"] < 0.03
    assert told["drifts"] is False


def test_a_new_bin_borrows_its_place_at_once_and_comes_into_its_own() -> None:
    """The last bin of each place begins after three weeks, and fills three times as fast as the others."""
    rate, begins = np.repeat([36.0, 12.0], 10) / DAY_H, np.zeros(20, dtype=np.int64)
    begins[[9, 19]], rate[[9, 19]] = 3 * WEEK_H, 3.0 * rate[[9, 19]]
    context = bins_context(sites(PLACES[:2], 10))
    weeks = Weeks(context, rate, SHAPES, begins_h=begins)
    weeks.run(weeks=3)
    mine = known(weeks).rate_pct_h[[9, 19]]  # nothing was heard of them yet
    assert mine == pytest.approx(np.array([36.0, 12.0]) / DAY_H, rel=0.15)
    weeks.run()
    found = known(weeks)
    assert found.rate_pct_h[[9, 19]] == pytest.approx(rate[[9, 19]], rel=0.25)
    assert np.all(found.source[[9, 19]] == BIN)


def test_a_place_that_nobody_knows_has_the_fleets_level() -> None:
    rate = np.repeat([24.0, 24.0], 6) / DAY_H
    begins = np.repeat([0, 4 * WEEK_H], 6)
    weeks = Weeks(bins_context(sites(PLACES[:2], 6)), rate, SHAPES, begins_h=begins, weeks=3)
    weeks.run()
    assert known(weeks).rate_pct_h[6:] == pytest.approx(rate[6:], rel=0.15)
    assert set(known(weeks).source[6:].tolist()) == {2.0}


def test_bins_that_hardly_fill_are_not_taken_to_fill_by_the_noise_of_their_echoes() -> None:
    """Hour by hour the noise goes up as often as down: cut off at 0 it would be 10 % of fill a day."""
    rate = np.full(10, 1.0) / DAY_H
    weeks = Weeks(bins_context(sites(PLACES[:1], 10)), rate, SHAPES, noise_pct=1.0, weeks=3)
    weeks.truth += 30.0
    weeks.run()
    assert known(weeks).rate_pct_h.mean() * DAY_H == pytest.approx(1.0, abs=0.5)


def test_a_small_bin_borrows_litres_and_not_percents() -> None:
    big, small = sites(("Shops",), 8, 480.0), sites(("Shops",), 1, 120.0)
    small = (msgspec.structs.replace(small[0], bin_id="new", device="new"),)
    rate, begins = np.array([10.0] * 8 + [40.0]) / DAY_H, np.array([0] * 8 + [9 * WEEK_H])
    weeks = Weeks(bins_context((*big, *small)), rate, SHAPES, begins_h=begins, weeks=3)
    weeks.run()
    assert known(weeks).rate_pct_h[-1] == pytest.approx(40.0 / DAY_H, rel=0.2)
