"""What an officer ordered is what the rules look for in gritters' reports; batches and replays change nothing of it."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.core.engine import step
from rules.core.memory import NO_ORDERS, EngineState, Order, OrderAct, RouteMemory, changed_rows, from_rows
from rules.core.order_rule import driven_at
from rules.core.readings import ReadingBatch, Readings
from rules.core.route_plan import RoutePlan
from rules.core.stitch import stitch
from rules.core.winter_orders.driven import driven
from rules.core.winter_orders.model import Act, Treatment
from rules.core.winter_orders.rows import KIND, rows_of
from rules.core.work import Work
from rules.replay.memory import in_order_of_time
from tests.fakes.rules_town import START, batch, context, random_evening

CONTEXT = context()
PLAN = RoutePlan(0, "treat", "ordered")


def act(number: int, at_s: float, segments: Sequence[str], *, about: int = 0, route: str = "r1") -> Readings:
    """An act about a proposal made at ``about``, or of one's own where that is negative; cancelled without segments."""
    stands = Treatment(g_m2=9.0, passes=2, segments=tuple(segments)) if segments else None
    said = Act(
        act_id=number, ref="P1", route_id=route, decision_id=1, what="changed", at_s=START + at_s, by="Ada",
        role="duty officer", via="api", reason="x", treatment=stands, seen={},
    )  # fmt: skip
    return rows_of([(said, START + at_s, number, None if about < 0 else START + about)])


def proposed(*orders: tuple[float, tuple[str, ...]]) -> EngineState:
    asked = tuple(Order(START + at_s, 0, 10.0, s, 10.0, START + at_s) for at_s, s in orders)
    return EngineState(seen_s=START, route={"r1": RouteMemory(PLAN, PLAN, START, asked)})


def orders(state: EngineState, at_s: float) -> list[tuple[float, tuple[str, ...]]]:
    memory = state.route.get("r1")
    return [(o.g_m2, o.segments) for o in driven_at(Work(state), "r1", memory, START + at_s)]


def after(state: EngineState, *acts: Readings) -> EngineState:
    for readings in acts:
        state, _ = step(state, {KIND: readings}, float(readings.ts_s[0]), CONTEXT)
    return state


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is evaluated that the tests of orders do not look at."""
    monkeypatch.setattr("rules.core.engine.segment_rule.evaluate", lambda *_: None)


def test_an_answer_takes_the_place_of_the_proposal_and_of_those_nobody_answered() -> None:
    state = proposed((0.0, ("s0",)), (60.0, ("s0", "s1")), (7200.0, ("s2",)))
    changed = after(state, act(1, 120.0, ("s1",), about=60))
    assert orders(changed, 100.0) == [(10.0, ("s0",)), (10.0, ("s0", "s1")), (10.0, ("s2",))]
    assert orders(changed, 200.0) == [(9.0, ("s1",)), (10.0, ("s2",))]
    assert orders(after(changed, act(2, 240.0, (), about=7200)), 9000.0) == [(9.0, ("s1",))]


def test_a_cancelled_proposal_is_driven_by_nobody_and_an_own_order_beside_it_is() -> None:
    cancelled = after(proposed((0.0, ("s0",))), act(1, 120.0, (), about=0))
    assert orders(cancelled, 200.0) == []
    own = after(cancelled, act(2, 300.0, ("s2",), about=-1))
    assert orders(own, 400.0) == [(9.0, ("s2",))]
    assert own.order["r1"].acts[-1].answers_s is None


def test_the_last_act_about_an_order_counts() -> None:
    acts = [OrderAct(n, 1, 60.0 * n, 0.0, 9.0, 1, s, None) for n, s in ((1, ("s0",)), (2, ("s1",)))]
    assert [o.segments for o in driven((), acts, 130.0)] == [("s1",)]
    assert [o.segments for o in driven((), acts, 70.0)] == [("s0",)]


def test_an_order_of_the_afternoon_for_the_night_counts_when_the_lorry_leaves() -> None:
    act = OrderAct(1, 1, 60.0, None, 9.0, 1, ("s0",), None, 36_000.0)
    assert [o.at_s for o in driven((), [act], 120.0)] == [60.0, 36_000.0 - 3600.0]
    soon = OrderAct(1, 1, 60.0, None, 9.0, 1, ("s0",), None, 90.0)
    assert [o.at_s for o in driven((), [soon], 120.0)] == [60.0]


def test_an_act_on_an_unknown_route_is_for_nobody_and_memory_comes_back() -> None:
    state = after(proposed(), act(1, 60.0, ("s0",), route="r9"), act(2, 61.0, ("s0",)))
    assert list(state.order) == ["r1"]
    stored = from_rows(changed_rows(EngineState(), state), state.seen_s, state.settled_s)
    assert stored.order == state.order
    assert state.order["r1"].acts[0].from_s % 60.0 == 0.0
    assert NO_ORDERS.acts == ()


def evening(seed: int) -> list[ReadingBatch]:
    """Reports of a gritter and acts of an officer, in the order of their commits."""
    rng = random.Random(seed)
    found: list[ReadingBatch] = [batch([r]) for r in random_evening(rng, 3.0) if r[0] == "gritter"]
    seen = 0.0
    mixed: list[ReadingBatch] = []
    for one in found:
        mixed.append(one)
        seen = max(seen, float(one["gritter"].ts_s[0]) - START)
        if rng.random() < 0.15:
            chosen = tuple(s for s in ("s0", "s1", "s2") if rng.random() < 0.6)
            mixed.append({KIND: act(len(mixed), round(seen - rng.choice([0.0, 0.0, 30.0]), 3), chosen)})
    return mixed


def run(batches: Sequence[ReadingBatch], cuts: Sequence[int], lateness_s: float = 0.0) -> EngineState:
    state, ctx = proposed((0.0, ("s0", "s1", "s2"))), context(lateness_s=lateness_s)
    for a, b in zip([0, *cuts], [*cuts, len(batches)], strict=True):
        some = stitch(batches[a:b])
        if some:
            now_s = max(float(r.ts_s.max()) for r in some.values())
            state, _ = step(state, some, max(now_s, state.seen_s or 0.0), ctx)
    return state


@given(st.integers(0, 10**6), st.lists(st.integers(0, 400), max_size=8), st.sampled_from([0.0, 600.0]))
@settings(max_examples=8, deadline=None)
def test_the_cut_of_batches_changes_nothing(seed: int, cuts: list[int], lateness_s: float) -> None:
    batches = evening(seed)
    where = sorted({min(c, len(batches)) for c in cuts})
    whole, parts = run(batches, [], lateness_s), run(batches, where, lateness_s)
    assert whole.treated == parts.treated
    assert whole.order == parts.order


@given(st.integers(0, 10**6))
@settings(max_examples=3, deadline=None)
def test_a_replay_in_order_of_time_comes_to_the_same(seed: int) -> None:
    batches = [b for b in evening(seed) if KIND not in b or float(b[KIND].ts_s[0]) >= START]
    live = run(batches, list(range(1, len(batches))), 1e5)
    state, _ = step(live, {}, START + 1e5, context(lateness_s=1e5), everything=True)
    again = proposed((0.0, ("s0", "s1", "s2")))
    ctx = context()
    for span in in_order_of_time(stitch(batches)):
        now_s = max(float(r.ts_s.max()) for r in span.values())
        again, _ = step(again, span, now_s, ctx)
    assert again.treated == state.treated
    assert {r: [np.float64(a.from_s) for a in m.acts] for r, m in again.order.items()} == {
        r: [np.float64(a.from_s) for a in m.acts] for r, m in state.order.items()
    }
