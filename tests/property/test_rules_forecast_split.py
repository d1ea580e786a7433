"""Road forecasts among the readings: however the input is cut into steps, and after a restart, the same comes out."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.core.effects import Effect
from rules.core.engine import step
from rules.core.memory import EngineState, changed_rows, from_rows
from rules.core.readings import ReadingBatch
from tests.fakes.road_tables import IDS, PLACES, cut, table, with_issues
from tests.fakes.rules_town import START, context, random_evening
from tests.property.test_rules_engine import happened, last_states

pytestmark = pytest.mark.timeout(300)

LATENESS = st.sampled_from([0.0, 60.0])


def evening(seed: int) -> tuple[ReadingBatch, int]:
    """Return an evening with forecasts among its readings, some of a few segments, some behind time, and how many readings."""
    rng = random.Random(seed)
    readings = random_evening(rng, 2.5)
    issues = {}
    for place in rng.sample(range(1, len(readings)), k=min(5, len(readings) - 1)):
        seen_s = max(r[2] for r in readings[:place])
        ids = IDS if rng.random() < 0.7 else tuple(rng.sample(IDS, 2))
        wrong = {"s0": 2.0} if rng.random() < 0.4 else {}
        issues[place] = table(
            seen_s - rng.uniform(0.0, 5000.0), rng.uniform(-4.0, 3.0), ids=ids,
            wrong={s: e for s, e in wrong.items() if s in ids}, kind=rng.choice(["forecast", "stations"]),
            film_mm=rng.choice([0.0, 0.3]), ice=rng.random(),
        )  # fmt: skip
    return with_issues(readings, issues), len(readings)


def latest_s(part: ReadingBatch) -> float:
    return max((float(r.ts_s.max()) for r in part.values()), default=START)


def run(parts: list[ReadingBatch], lateness_s: float) -> tuple[EngineState, list[Effect]]:
    ctx, state, now_s, effects = context(lateness_s=lateness_s), EngineState(), START, list[Effect]()
    for part in parts:
        now_s = max(now_s, latest_s(part))
        state, new = step(state, part, now_s, ctx)
        effects += new
    state, new = step(state, {}, now_s, ctx, everything=True)
    return state, [*effects, *new]


@given(st.integers(0, 10**6), st.lists(st.floats(0, 1), max_size=8), LATENESS)
@settings(max_examples=5, deadline=None)
def test_any_split_gives_the_same_also_through_an_issue(
    seed: int, shares: list[float], lateness_s: float
) -> None:
    readings, n = evening(seed)
    whole, at_once = run([readings], lateness_s)
    parts, bit_by_bit = run(cut(readings, sorted(int(s * n * PLACES) for s in shares)), lateness_s)
    assert parts == whole
    assert happened(bit_by_bit) == happened(at_once)
    assert last_states(bit_by_bit) == last_states(at_once)


@given(st.integers(0, 10**6), st.floats(0, 1))
@settings(max_examples=3, deadline=None)
def test_a_restart_changes_nothing(seed: int, share: float) -> None:
    readings, n = evening(seed)
    first, rest = cut(readings, [int(share * n * PLACES)])
    ctx, now_s = context(), max(latest_s(first), latest_s(readings))
    before, _ = step(EngineState(), first, latest_s(first), ctx)
    stored = from_rows(changed_rows(EngineState(), before), before.seen_s, before.settled_s)
    assert stored == before
    assert step(before, rest, now_s, ctx) == step(stored, rest, now_s, context())


def test_the_evenings_have_forecasts_that_count() -> None:
    counted = [len(run([evening(seed)[0]], 0.0)[0].forecast) for seed in range(2)]
    assert max(counted) == len(IDS)
