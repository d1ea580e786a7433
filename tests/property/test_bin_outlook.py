"""The outlook's promises: chances are chances and rise with fill and time; cuts and restarts change nothing."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.core.bin_outlook import chances, gamma
from rules.core.bin_outlook.columns import OutlookColumns
from rules.core.bin_outlook.pooling import filling
from rules.core.bin_outlook.week import WEEK_H
from rules.core.effects import Decision, Effect, SubjectState
from rules.core.engine import step
from rules.core.memory import EngineState, changed_rows, from_rows
from tests.fakes.bin_weeks import bins_context, sites
from tests.fakes.examples import examples
from tests.fakes.rules_town import Reading, batch, bins_alone, latest

pytestmark = pytest.mark.timeout(400)

CONTEXT = bins_alone()
FILLS = st.floats(0.0, 110.0)
SMALL = st.floats(0.0, 25.0)


def one(value: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.array([value])


def p_of(fill: float, sd: float, cell: float, mean: float, spread: float) -> float:
    found = gamma.p_reaches(one(100.0 - fill), one(sd), one(cell), one(mean), one(spread * mean))
    return float(found[0])


@given(FILLS, FILLS, SMALL, SMALL, st.floats(0.0, 200.0), st.floats(0.3, 60.0))
def test_a_fuller_bin_is_not_less_likely_to_overflow(
    a: float, b: float, sd: float, cell: float, mean: float, spread: float
) -> None:
    low, high = (p_of(fill, sd, cell, mean, spread) for fill in sorted((a, b)))
    assert 0.0 <= low <= high + 1e-12
    assert high <= 1.0


@given(FILLS, SMALL, SMALL, st.floats(0.0, 200.0), st.floats(0.0, 200.0), st.floats(0.3, 60.0))
def test_more_time_makes_it_not_less_likely(
    fill: float, sd: float, cell: float, a: float, b: float, spread: float
) -> None:
    sooner, later = (p_of(fill, sd, cell, mean, spread) for mean in sorted((a, b)))
    assert sooner <= later + 1e-9


@given(st.floats(0.5, 100.0), st.floats(0.3, 60.0))
def test_the_times_until_full_are_in_order(missing: float, spread: float) -> None:
    early, middle, late = (
        float(gamma.mean_to_pass(p, one(missing), one(spread))[0]) for p in (0.1, 0.5, 0.9)
    )
    assert 0.0 < early < middle < late


@given(
    st.lists(st.tuples(st.floats(0.0, 1.0), st.booleans()), min_size=100, max_size=400),
    st.lists(st.floats(0.0, 1.0), min_size=2, max_size=20),
)
def test_putting_right_keeps_chances_chances_and_their_order(
    pairs: list[tuple[float, bool]], told: list[float]
) -> None:
    p, came = np.array([x for x, _ in pairs]), np.array([float(y) for _, y in pairs])
    by = chances.righting(chances.counted(p, p, came), CONTEXT.catalogue.outlook.parameters.watch)
    found = chances.right(np.sort(told), by)
    assert np.all((found >= 0.0) & (found <= 1.0))
    assert np.all(np.diff(found) >= -1e-12)


@given(st.integers(0, 10**6))
@examples(13)
def test_whatever_the_sums_are_the_bins_fill(seed: int) -> None:
    """Sums of noise, falls and few hours: rates and spreads stay above 0, a week is on average 1."""
    rng = np.random.default_rng(seed)
    ctx = bins_context(sites(("Shops", "Street"), 4))
    c = OutlookColumns(ctx, {})
    c["added_pct"][:] = rng.normal(0.0, 100.0, 8)
    c["hours"][:] = rng.choice([0.0, 1e-6, 10.0, 2000.0], 8)
    c["squares_pct2"][:] = rng.normal(0.0, 500.0, 8)
    c["squares_due_pct"][:] = rng.choice([0.0, 1.0, 1000.0], 8)
    week = np.abs(rng.normal(0.0, 100.0, (2, 2, WEEK_H)))
    week[:, 0] -= 50.0
    found = filling(c, week, 1e9, ctx.catalogue.outlook.parameters.filling)
    for values in (found.rate_pct_h, found.spread_pct, found.strength_h, found.shape):
        assert np.all(np.isfinite(values) & (values > 0.0))
    assert np.allclose(found.shape.mean(axis=1), 1.0)


def days(rng: random.Random, hours: float) -> list[Reading]:
    """The hamlet's bins for some days: they fill, overflow, are emptied, go silent, are tilted, and have false echoes."""
    out: list[tuple[float, Reading]] = []
    for i in range(3):
        fill, at_s = rng.uniform(0.0, 60.0), rng.uniform(0.0, 1800.0)
        while at_s < hours * 3600.0:
            fill += rng.expovariate(1.0 / 2.0) if rng.random() < 0.5 else 0.0
            if fill > 100.0 and rng.random() < 0.2:
                fill = 0.0
            echo = 1000.0 - 8.0 * min(fill, 100.0) + rng.gauss(0.0, 8.0)
            fields = {"distance_mm": 20.0 if rng.random() < 0.03 else max(35.0, echo), "temperature_c": 9.0}
            if rng.random() < 0.02:
                fields["tilt_deg"] = rng.choice([5.0, 80.0])
            out.append(
                (at_s + rng.choice([0.0, 0.0, 40.0, 4000.0]), ("bin", f"bin-{i}", round(at_s, 3), fields))
            )
            at_s += 1800.0 * rng.choice([1.0, 1.0, 1.0, 0.5, 2.0, 30.0 if rng.random() < 0.1 else 1.0])
    return [reading for _, reading in sorted(out, key=lambda r: r[0])]


def run(readings: Sequence[Reading], cuts: Sequence[int]) -> tuple[EngineState, list[Effect]]:
    state, effects = EngineState(), []
    for a, b in pairwise([0, *sorted(cuts), len(readings)]):
        state, new = step(state, batch(readings[a:b]), latest(readings[:b]), CONTEXT)
        effects += new
    return state, effects


@given(st.integers(0, 10**6), st.lists(st.floats(0, 1), max_size=12))
@examples(4)
def test_days_of_bins_give_the_same_however_they_are_cut(seed: int, shares: list[float]) -> None:
    readings = days(random.Random(seed), 120.0)
    whole, at_once = run(readings, [])
    parts, bit_by_bit = run(readings, [int(s * len(readings)) for s in shares])
    assert parts == whole
    assert last_told(bit_by_bit) == last_told(at_once)
    decided = [repr(e) for e in at_once if isinstance(e, Decision)]
    assert [repr(e) for e in bit_by_bit if isinstance(e, Decision)] == decided


def last_told(effects: Sequence[Effect]) -> dict[tuple[str, str], str]:
    return {(e.subject_kind, e.subject): repr(e) for e in effects if isinstance(e, SubjectState)}


@given(st.integers(0, 10**6), st.floats(0, 1))
@examples(4)
def test_a_restart_changes_no_outlook(seed: int, share: float) -> None:
    readings = days(random.Random(seed), 96.0)
    cut = int(share * len(readings))
    before, _ = step(EngineState(), batch(readings[:cut]), latest(readings[:cut]), CONTEXT)
    stored = from_rows(changed_rows(EngineState(), before), before.seen_s, before.settled_s)
    assert stored == before
    rest, now_s = batch(readings[cut:]), latest(readings)
    assert step(before, rest, now_s, CONTEXT) == step(stored, rest, now_s, CONTEXT)


def test_the_random_days_do_something() -> None:
    codes, chances_told = set(), 0.0
    for seed in range(4):
        state, effects = run(days(random.Random(seed), 120.0), [])
        assert set(state.bin_outlook) == {"b0", "b1", "b2"}
        decisions = [e for e in effects if isinstance(e, Decision) and e.rule_id == "bins.round"]
        codes |= {c["code"] for d in decisions for c in d.result["candidates"]}
        told = [e for e in effects if isinstance(e, SubjectState) and e.subject == "bin"]
        chances_told += told[-1].state["forecast"].get("chances", 0.0)
    assert codes >= {"overflow", "full", "forecast", "may"}
    assert chances_told > 10
