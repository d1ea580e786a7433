"""The engine's promises: any split of the input gives the same, and nothing flaps in the band."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.core.alarms import INACTIVE, Lifecycle, advance, demand
from rules.core.effects import Effect, LateReadings, RaiseAlarm, SubjectState
from rules.core.engine import step
from rules.core.late import late_spans
from rules.core.memory import EngineState, changed_rows, from_rows
from rules.core.parameters import Dwell
from tests.fakes.examples import examples
from tests.fakes.rules_town import START, Reading, batch, context, gritter_fix, latest, random_evening

# Evenings of a whole town, many times over: two minutes do not do where others use the machine too.
pytestmark = pytest.mark.timeout(400)

CONTEXT = context()


def run(readings: Sequence[Reading], cuts: Sequence[int]) -> tuple[EngineState, list[Effect]]:
    """Feed the readings cut at the given places."""
    state, effects = EngineState(), []
    edges = [0, *sorted(cuts), len(readings)]
    for a, b in pairwise(edges):
        state, new = step(state, batch(readings[a:b]), latest(readings[:b]), CONTEXT)
        effects += new
    return state, effects


def happened(effects: Sequence[Effect]) -> list[str]:
    """What must not depend on batches: everything but the states in between, late readings merged."""
    once = [e for e in effects if not isinstance(e, SubjectState | LateReadings)]
    return sorted(map(repr, [*once, *late_spans(effects)]))


def last_states(effects: Sequence[Effect]) -> dict[tuple[str, str], str]:
    return {
        (e.subject_kind, e.subject): json.dumps([e.at_s, e.state], sort_keys=True)
        for e in effects
        if isinstance(e, SubjectState)
    }


def told_whole(effect: Effect) -> None:
    text = msgspec.json.encode(effect).decode()
    assert "NaN" not in text
    for name in ("reason", "rule_id"):
        assert getattr(effect, name, "x")
    if isinstance(effect, RaiseAlarm):
        assert effect.title
    if hasattr(effect, "rule_version"):
        assert effect.rule_version >= 1
        assert effect.inputs


@given(st.integers(0, 10**6), st.floats(0.2, 9.0), st.lists(st.floats(0, 1), max_size=25))
@examples(5)
def test_any_split_gives_the_same_and_every_effect_is_plain_json_with_its_rule_and_reason(
    seed: int, hours: float, shares: list[float]
) -> None:
    readings = random_evening(random.Random(seed), hours)
    whole, at_once = run(readings, [])
    for effect in at_once:
        told_whole(effect)
    parts, bit_by_bit = run(readings, [int(s * len(readings)) for s in shares])
    assert parts == whole
    assert happened(bit_by_bit) == happened(at_once)
    assert last_states(bit_by_bit) == last_states(at_once)


def test_the_random_evenings_do_something() -> None:
    seen, treated, statuses = set(), set(), set()
    for seed in (2, 5):  # between them they have all of it
        readings = random_evening(random.Random(seed), 8.0)
        state, effects = run(readings, [])
        treated |= {s for s, m in state.treated.items() if m.passes}
        routes = [e for e in effects if isinstance(e, SubjectState) and e.subject_kind == "route"]
        statuses |= {e.state["status"] for e in routes if e.state["treated_segments"]}
        seen |= {(type(e).__name__, getattr(e, "rule_id", getattr(e, "kind", ""))) for e in effects}
    assert {
        ("RaiseAlarm", "winter.ice"), ("RaiseAlarm", "bins.full"), ("RaiseAlarm", "device.silent"),
        ("Decision", "winter.gritting"), ("Decision", "bins.round"), ("Event", "segment_state"),
        ("Event", "bin_emptied"), ("ClearAlarm", "bins.full"),
    } <= seen  # fmt: skip
    assert treated >= {"s0", "s1", "s2", "s3"}
    assert statuses & {"treated", "under_way"}


@given(st.integers(0, 10**6), st.lists(st.floats(0, 1), max_size=8))
@examples(5)
def test_late_reports_of_a_gritter_tell_the_same(seed: int, shares: list[float]) -> None:
    rng = random.Random(seed)
    readings = [
        ("gritter", "gritter-0", 60.0 * i, gritter_fix(i / 60.0, rng.gauss(0, 2e-5)))
        for i in range(90)
        if rng.random() < 0.9
    ]
    in_order, _ = run(readings, [])
    found = {s for s, m in in_order.treated.items() if m.passes}
    # A last fix at the very junction may fall to the stretch behind it (1 night in 75 here).
    assert {"s0", "s1", "s2", "s3"} <= found <= {"s0", "s1", "s2", "s3", "s4"}
    late = sorted(readings, key=lambda r: r[2] + rng.uniform(0, 3000))
    out_of_order, _ = run(late, [int(s * len(late)) for s in shares])
    passes = {s: m.passes for s, m in out_of_order.treated.items() if m.passes}
    assert passes == {s: m.passes for s, m in in_order.treated.items() if m.passes}


@given(st.integers(0, 10**6), st.floats(0, 1))
@examples(5)
def test_a_restart_from_the_stored_rows_changes_nothing(seed: int, share: float) -> None:
    readings = random_evening(random.Random(seed), 5.0)
    cut = int(share * len(readings))
    before, _ = step(EngineState(), batch(readings[:cut]), latest(readings[:cut]), CONTEXT)
    stored = from_rows(changed_rows(EngineState(), before), before.seen_s, before.settled_s)
    assert stored == before
    now = latest(readings)
    went_on = step(before, batch(readings[cut:]), now, CONTEXT)
    restarted = step(stored, batch(readings[cut:]), now, CONTEXT)
    assert went_on == restarted


def test_the_step_leaves_its_input_alone() -> None:
    readings = random_evening(random.Random(3), 4.0)
    before, _ = step(EngineState(), batch(readings[:50]), latest(readings[:50]), CONTEXT)
    frozen = msgspec.json.encode(before)
    step(before, batch(readings[50:]), latest(readings), CONTEXT)
    assert msgspec.json.encode(before) == frozen


def test_suspect_clocks_neither_raise_nor_move_time() -> None:
    fire: Reading = ("bin", "bin-0", 600.0, {"distance_mm": 500.0, "temperature_c": 90.0})
    state, effects = step(EngineState(), batch([fire], quality=2), START + 600.0, CONTEXT)
    assert state == EngineState()
    assert effects == ()


def test_time_never_passes_the_clock() -> None:
    ahead: Reading = ("gritter", "gritter-0", 7200.0, {})
    state, _ = step(EngineState(), batch([ahead]), START + 60.0, CONTEXT)
    assert state.seen_s == START + 60.0


DWELLS = st.builds(
    Dwell,
    raise_after_s=st.sampled_from([0.0, 600.0, 3600.0]),
    clear_after_s=st.sampled_from([0.0, 600.0, 3600.0]),
    gap_s=st.just(7200.0),
)


@given(st.lists(st.floats(75.0, 79.999), min_size=1, max_size=80), DWELLS, st.booleans())
def test_nothing_flaps_inside_the_band(values: list[float], dwell: Dwell, up: bool) -> None:
    life = Lifecycle("active", 0.0, 0.0) if up else INACTIVE
    for i, value in enumerate(values):
        life, change = advance(life, demand(value, 80.0, 75.0), 300.0 * i, dwell)
        assert change is None
    assert life.is_active is up


@given(st.lists(st.tuples(st.one_of(st.none(), st.floats(60, 95)), st.floats(1, 5000)), max_size=120), DWELLS)
def test_alarms_alternate_and_keep_their_dwell(steps: list[tuple[float | None, float]], dwell: Dwell) -> None:
    life, at_s, up = INACTIVE, 0.0, False
    on_since: float | None = None
    for value, wait in steps:
        at_s += wait
        on_since = _held_on(on_since, value, at_s)
        life, change = advance(life, demand(value, 80.0, 75.0), at_s, dwell)
        if change == "raised":
            assert not up
            assert on_since is not None
            assert at_s - on_since >= dwell.raise_after_s
            up = True
        elif change == "cleared":
            assert up
            assert value is not None
            assert value < 75.0
            up = False
        assert life.is_active is up


def _held_on(since: float | None, value: float | None, at_s: float) -> float | None:
    if value is None:
        return since
    if value < 80.0:
        return None
    return at_s if since is None else since
