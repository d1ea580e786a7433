"""How well emptyings are found: on traces with the published noise and its hard cases, and on a city's daily levels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bench.bins.runs import SITE, P, Score, emptied, run_trace
from bench.bins.traces import DAILY, HALF_HOURLY, HOURLY, WORST, Noise, trace
from devices.registry import BinModel
from rules.bin_files.daily_levels import CELL_PCT, read_daily_levels
from rules.core.bin_emptying.detect import Seen
from rules.core.bin_level.geometry import shape_of
from tests.fakes.bin_runs import run
from tests.fakes.real_data import real_data

BINS, DAYS = 60, 60.0
MANY = pytest.mark.timeout(300)
SIZES = pytest.mark.parametrize(("bins", "least"), [(30, 122), pytest.param(60, 250, marks=pytest.mark.soak)])


def scored(noise: Noise, lorries: bool, bins: int = BINS) -> Score:
    score = Score()
    for seed in range(1000, 1000 + bins):
        made = trace(seed, DAYS, noise)
        score.add(made.emptied_s, [f.at_s for f in emptied(run_trace(made, lorries).found)], noise)
    return score


@MANY
@pytest.mark.parametrize("noise", [HALF_HOURLY, HOURLY, WORST], ids=["half-hourly", "hourly", "worst"])
@SIZES
def test_emptyings_are_found_by_the_level_alone(noise: Noise, bins: int, least: int) -> None:
    score = scored(noise, lorries=False, bins=bins)
    assert score.hits > least
    assert min(score.precision, score.recall) >= 0.98


@MANY
@SIZES
def test_lorries_do_no_harm_to_it(bins: int, least: int) -> None:
    score = scored(HALF_HOURLY, lorries=True, bins=bins)
    assert score.hits > least
    assert min(score.precision, score.recall) >= 0.98


@MANY
def test_of_daily_readings_little_is_invented() -> None:
    """A day between readings hides what was little: docs/bins-level.md says how much."""
    score = scored(DAILY, lorries=False)
    assert score.precision >= 0.95
    assert score.recall >= 0.65


def test_the_hard_cases_are_there() -> None:
    """Compaction, jams, falls and stuck sensors each cost something where nobody looks for them: they are in the traces."""
    calm = replace(HALF_HOURLY, compacted_days=0.0, blocked_days=0.0, tilted_days=0.0, stuck_days=0.0)
    hard, easy = trace(7, DAYS), trace(7, DAYS, calm)
    tilts = [r for r in hard.readings if r[3] > 30.0]
    at_sensor = [r for r in hard.readings if 90.0 < r[1] < 130.0]
    assert len(tilts) + len(at_sensor) > 20
    assert not [r for r in easy.readings if r[3] > 30.0]
    assert repr(trace(7, DAYS)) == repr(hard)


@pytest.mark.real_data
def test_a_city_s_daily_levels_agree_with_the_rule_by_hand() -> None:
    """Of 31 bins over three years: a fall of 6, 8 or 10 of ten is an emptying, one of 2 or 4 is none.

    What is not found are single low days between two full ones: one reading is no emptying.
    """
    levels = read_daily_levels(real_data("bins/wyndham_smartbin_daily_2018_2021.csv"))
    shape = shape_of(SITE, BinModel(model_id="compactor", step_pct=CELL_PCT), P.filter)
    both = only_hand = only_found = 0
    for fills in levels.daily.fill_pct.T:
        days = np.flatnonzero(~np.isnan(fills))
        drops = np.diff(fills[days]) <= -60.0
        by_hand = set(days[1:][drops].tolist())
        _, found = run((Seen(86_400.0 * d, float(fills[d]), reported=True) for d in days.tolist()), shape)
        seen = {round(f.at_s / 86_400.0) for f in emptied(found)}
        both += len(by_hand & seen)
        only_hand += len(by_hand - seen)
        only_found += len(seen - by_hand)
    assert both + only_hand == 3976
    assert both / (both + only_hand) >= 0.95
    assert both / (both + only_found) >= 0.999
    assert both / (both + only_hand + only_found) == pytest.approx(0.951, abs=0.003)
