"""What the allowed lateness promises: within it the order of arrival decides nothing.

And beyond it: a late reading moves no time and changes nothing that was decided, whatever
way the readings are cut into steps, and a restart fetches again what waits.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise

import msgspec
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rules.core.effects import ClearAlarm, Decision, Effect, LateReadings, RaiseAlarm, SubjectState
from rules.core.engine import step
from rules.core.late import late_spans
from rules.core.memory import EngineState, changed_rows, from_rows
from rules.core.patience import NOTHING, still_waiting
from rules.core.settling import settle
from rules.core.stitch import stitch
from tests.fakes.examples import examples
from tests.fakes.rules_town import START, Reading, batch, context, latest, random_evening

# Evenings of a whole town, many times over: two minutes do not do where others use the machine too.
pytestmark = pytest.mark.timeout(400)

SEEDS = st.integers(0, 10**6)
SHARES = st.lists(st.floats(0, 1), max_size=12)


def run(
    readings: Sequence[Reading], cuts: Sequence[int], lateness_s: float
) -> tuple[EngineState, list[Effect]]:
    """Feed the readings cut at the given places, and say at the end that no more will come."""
    ctx = context(lateness_s=lateness_s)
    state, effects = EngineState(), []
    for a, b in pairwise([0, *sorted(cuts), len(readings)]):
        state, new = step(state, batch(readings[a:b]), latest(readings[:b]), ctx)
        effects += new
    state, new = step(state, {}, latest(readings), ctx, everything=True)
    return state, [*effects, *new]


def happened(effects: Sequence[Effect]) -> list[str]:
    """All but the states in between, late readings merged; of a fire only that it was told, as that does not wait.

    Nor does what rounds make of it: a bin whose fire is told goes off the list at once, also before the reading counts.
    """
    left_out = {"bins.round"} if any(map(_is_fire, effects)) else set[str]()
    once = [
        _text(e)
        for e in effects
        if not isinstance(e, SubjectState | LateReadings) and not _is_of(e, left_out)
    ]
    return sorted([*once, *map(repr, late_spans(effects))])


def _is_fire(effect: Effect) -> bool:
    return isinstance(effect, RaiseAlarm | ClearAlarm) and effect.rule_id == "bins.fire"


def _is_of(effect: Effect, rules: set[str]) -> bool:
    return isinstance(effect, Decision) and effect.rule_id in rules


def _text(effect: Effect) -> str:
    if isinstance(effect, RaiseAlarm | ClearAlarm) and _is_fire(effect):
        return f"{type(effect).__name__} {effect.subject}"
    return repr(effect)


def memory(state: EngineState) -> EngineState:
    return msgspec.structs.replace(state, fire_told={})


def shuffled(readings: Sequence[Reading], lateness_s: float, rng: random.Random) -> list[Reading]:
    """The readings as they may arrive when each is at most ``lateness_s`` on its way."""
    ordered = sorted(readings, key=lambda r: r[2])
    return [r for _, r in sorted((r[2] + rng.uniform(0, 0.999 * lateness_s), r) for r in ordered)]


@given(SEEDS, st.floats(0.5, 7.0), st.sampled_from([30.0, 60.0, 900.0]), SHARES)
@examples(5)
def test_the_order_within_the_lateness_decides_nothing(
    seed: int, hours: float, lateness_s: float, shares: list[float]
) -> None:
    rng = random.Random(seed)
    readings = sorted(random_evening(rng, hours), key=lambda r: r[2])
    in_order, as_measured = run(readings, [], lateness_s)
    mixed = shuffled(readings, lateness_s, rng)
    state, as_it_came = run(mixed, [int(s * len(mixed)) for s in shares], lateness_s)
    assert memory(state) == memory(in_order)
    assert happened(as_it_came) == happened(as_measured)
    assert _decisions(as_it_came) == _decisions(as_measured)


def _decisions(effects: Sequence[Effect]) -> list[tuple[str, str, float, str]]:
    left_out = {"bins.round"} if any(map(_is_fire, effects)) else set[str]()  # see happened
    made = [e for e in effects if isinstance(e, Decision) and e.rule_id not in left_out]
    return [(e.rule_id, e.subject, e.at_s, e.outcome) for e in made]


@given(SEEDS, st.floats(0.5, 7.0), st.sampled_from([0.0, 60.0, 600.0]), SHARES)
@example(708, 6.117635171594189, 600.0, [0.265625])  # a fire that is told eight seconds after a round was due
@examples(5)
def test_any_split_gives_the_same_with_late_readings_too(
    seed: int, hours: float, lateness_s: float, shares: list[float]
) -> None:
    rng = random.Random(seed)
    readings = shuffled(random_evening(rng, hours), 3.0 * lateness_s + 300.0, rng)
    whole, at_once = run(readings, [], lateness_s)
    parts, bit_by_bit = run(readings, [int(s * len(readings)) for s in shares], lateness_s)
    assert memory(parts) == memory(whole)
    assert happened(bit_by_bit) == happened(at_once)


@given(SEEDS, st.floats(0, 1), st.sampled_from([60.0, 1200.0]))
@examples(5)
def test_a_restart_fetches_again_what_waits(seed: int, share: float, lateness_s: float) -> None:
    rng = random.Random(seed)
    readings = shuffled(random_evening(rng, 5.0), 2.0 * lateness_s, rng)
    cut, ctx = int(share * len(readings)), context(lateness_s=lateness_s)
    before, _ = step(EngineState(), batch(readings[:cut]), latest(readings[:cut]), ctx)
    again = from_rows(changed_rows(EngineState(), before), before.seen_s, before.settled_s)
    waiting = still_waiting(batch(readings[:cut]), before.settled_s, lateness_s)
    again = msgspec.structs.replace(again, waiting=waiting)
    now_s = latest(readings)
    went_on, effects = step(before, batch(readings[cut:]), now_s, ctx, everything=True)
    restarted, repeated = step(again, batch(readings[cut:]), now_s, ctx, everything=True)
    assert restarted == went_on
    assert repeated == effects


@given(SEEDS, st.floats(1.0, 7.0), SHARES)
@examples(5)
def test_whoever_is_late_is_told_of_once_whatever_the_split(
    seed: int, hours: float, shares: list[float]
) -> None:
    """The windows are those of one pass, hold every late reading, and none that came in time."""
    rng = random.Random(seed)
    ordered = sorted(random_evening(rng, hours), key=lambda r: r[2])
    held = [i for i in range(len(ordered) // 2) if rng.random() < 0.2]
    end_s = ordered[-1][2]
    in_time = [r for i, r in enumerate(ordered) if i not in set(held)]
    backlog = [ordered[i] for i in held if ordered[i][2] < end_s - 120.0]
    readings = [*in_time, *backlog]
    _, effects = run(readings, [int(s * len(readings)) for s in shares], 60.0)
    spans = late_spans(effects)
    assert spans == late_spans(run(readings, [], 60.0)[1])
    assert spans == late_spans(rng.sample(effects, len(effects)))
    assert sum(s.readings for s in spans) == len(backlog)
    assert {d for s in spans for d in s.devices} == {r[1] for r in backlog}
    for span in spans:
        times = [START + r[2] for r in backlog if r[1] in span.devices]
        assert (span.from_s, span.to_s) == (min(times), max(times))


def test_as_old_as_what_counted_after_a_quiet_while_counts_at_once_and_outlives_a_restart() -> None:
    ctx = context(lateness_s=60.0)
    first: list[Reading] = [("frog", "frog-0", 600.0, {"temperature_c": 19.0, "humidity_pct": 50.0})]
    second: list[Reading] = [("frog", "frog-1", 600.0, {"temperature_c": 18.0, "humidity_pct": 50.0})]
    state, _ = step(EngineState(), batch(first), latest(first), ctx)
    state, _ = step(state, {}, latest(first), ctx, everything=True)  # it was quiet for long
    state, _ = step(state, batch(second), latest(second), ctx)
    fetched_again = still_waiting(batch(second), state.settled_s, 60.0)
    assert state.waiting.cells.keys() == fetched_again.cells.keys()
    assert "frog-1" in state.seen


TIMES = st.lists(st.integers(0, 400), min_size=1, max_size=40)


@given(TIMES, SHARES, st.sampled_from([0.0, 20.0, 120.0]))
def test_each_reading_counts_once_and_late_ones_behind_what_was_settled(
    times: list[int], shares: list[float], lateness_s: float
) -> None:
    readings: list[Reading] = [("frog", f"frog-{i % 3}", float(t), {}) for i, t in enumerate(times)]
    counted: list[tuple[float, bool]] = []
    waiting, seen_s, settled_s = NOTHING, None, None
    for a, b in pairwise([0, *sorted(int(s * len(times)) for s in shares), len(times)]):
        found = settle(
            waiting, batch(readings[a:b]), seen_s=seen_s, settled_s=settled_s, now_s=latest(readings[:b]),
            lateness_s=lateness_s, everything=b == len(times),
        )  # fmt: skip
        waiting, seen_s = found.waiting, found.seen_s
        settled_s = float(found.marks_s[-1]) if len(found.marks_s) else settled_s
        rows = found.readings.get("frog")
        if rows is not None:
            assert (np.diff(rows.position) > 0).all()
            counted += zip((rows.ts_s - START).tolist(), found.late[rows.position].tolist(), strict=True)
    assert not waiting.cells
    assert sorted(t for t, _ in counted) == sorted(float(t) for t in times)
    in_time = [t for t, late in counted if not late]
    assert in_time == sorted(in_time)
    newest = float("-inf")
    for at, late in counted:
        assert late is (at < newest)
        newest = max(newest, at)


def test_a_fire_is_told_as_its_reading_arrives_and_once() -> None:
    ctx = context(lateness_s=600.0)
    calm: list[Reading] = [("bin", "bin-0", 60.0, {"distance_mm": 500.0, "temperature_c": 8.0})]
    hot: list[Reading] = [("bin", "bin-0", 120.0, {"distance_mm": 500.0, "temperature_c": 90.0})]
    state, _ = step(EngineState(), batch(calm), latest(calm), ctx)
    state, effects = step(state, batch(hot), latest(hot), ctx)
    (told,) = [e for e in effects if isinstance(e, RaiseAlarm)]
    assert (told.rule_id, told.subject, told.at_s) == ("bins.fire", "b0", START + 120.0)
    assert "90 °C" in told.reason
    state, effects = step(state, {}, latest(hot), ctx)
    assert not [e for e in effects if isinstance(e, RaiseAlarm)]
    state, effects = step(state, {}, latest(hot), ctx, everything=True)
    assert not [e for e in effects if isinstance(e, RaiseAlarm | ClearAlarm)]
    assert state.bin["b0"].fire.is_active
    (now,) = [e for e in effects if isinstance(e, SubjectState) and e.subject == "b0"]
    assert now.state["on_fire"] is True


def test_a_fire_that_readings_in_between_deny_is_taken_back() -> None:
    """56 °C after 30 °C within 25 minutes burns; not where it was 49 °C for most of the time."""
    ctx = context(lateness_s=3600.0)

    def reading(at_s: float, c: float) -> Reading:
        return ("bin", "bin-0", at_s, {"distance_mm": 500.0, "temperature_c": c})

    first = [reading(0.0, 30.0), reading(1500.0, 56.0)]
    state, effects = step(EngineState(), batch(first), latest(first), ctx)
    assert [e.rule_id for e in effects if isinstance(e, RaiseAlarm)] == ["bins.fire"]
    between = [reading(900.0 + 40.0 * i, 49.0) for i in range(14)]
    state, effects = step(state, batch(between), latest(first), ctx)
    assert not [e for e in effects if isinstance(e, RaiseAlarm | ClearAlarm)]
    state, effects = step(state, {}, latest(first), ctx, everything=True)
    (cleared,) = [e for e in effects if isinstance(e, RaiseAlarm | ClearAlarm)]
    assert isinstance(cleared, ClearAlarm)
    assert "did not burn" in cleared.reason
    assert not state.bin["b0"].fire.is_active


def test_stitched_batches_keep_their_order() -> None:
    a, b = (
        batch([("frog", "frog-0", 1.0, {}), ("road", "road-0", 2.0, {})]),
        batch([("frog", "frog-1", 0.0, {})]),
    )
    both = stitch([a, b])
    assert list(both["frog"].device) == ["frog-0", "frog-1"]
    assert both["frog"].position[1] > both["road"].position[0] > both["frog"].position[0]
