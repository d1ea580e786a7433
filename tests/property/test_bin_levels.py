"""What holds of any bin: no echo empties it, one reading empties it not, nobody is surer than the sensor, order within the lateness decides nothing."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bench.bins.runs import SHAPE, P
from rules.core.bin_emptying.detect import Seen, observe
from rules.core.bin_emptying.passes import KEPT, Pass, newest, passed
from rules.core.bin_level import kalman
from rules.core.bin_level.state import Fills
from rules.core.collection_acts.model import COLLECTED, WITHDRAWN
from rules.core.collection_acts.rows import BIN, rows_of
from rules.core.collection_acts.rows import KIND as ACTS
from rules.core.effects import Event, LateReadings, SubjectState
from rules.core.engine import step
from rules.core.memory import EngineState, changed_rows, from_rows
from rules.core.readings import ReadingBatch
from tests.fakes.bin_runs import run
from tests.fakes.examples import examples
from tests.fakes.rules_town import START, Reading, batch, bins_alone, latest

FILLS = st.one_of(st.none(), st.floats(0.0, 100.0), st.sampled_from([0.0, 5.0, 40.0, 80.0, 100.0]))
GAPS = st.sampled_from([60.0, 600.0, 1800.0, 3600.0, 20_000.0, 86_400.0])
COURSE = st.lists(st.tuples(FILLS, GAPS, st.booleans(), st.sampled_from([None, 1.0, 80.0])), max_size=40)


def seen(course: list[tuple[float | None, float, bool, float | None]]) -> list[Seen]:
    at_s, found = 0.0, []
    for fill, gap_s, reported, tilt in course:
        at_s += gap_s
        found.append(Seen(at_s, fill, reported, tilt))
    return found


@given(COURSE)
def test_a_missing_echo_changes_no_level_and_finds_nothing(
    course: list[tuple[float | None, float, bool, float | None]],
) -> None:
    f, _ = run(seen(course))
    at_s = (f.track.at_s if f.track else 0.0) + 1e6
    after, found = observe(f, Seen(at_s, None), SHAPE, P.filter, P.emptying)
    assert (after.fill_pct, after.track, after.emptied_s) == (f.fill_pct, f.track, f.emptied_s)
    assert found == ()


@given(COURSE)
def test_levels_are_levels_and_nobody_is_surer_than_the_sensor(
    course: list[tuple[float | None, float, bool, float | None]],
) -> None:
    f = Fills()
    for s in seen(course):
        f, found = observe(f, s, SHAPE, P.filter, P.emptying)
        assert all(0.0 <= x <= 100.0 for x in f.filtered)
        assert all(0.0 <= e.sure <= 1.0 and e.before_pct > e.after_pct for e in found if e.what == "emptied")
        if f.track is not None:
            assert f.track.level_var >= 0.0
            assert f.track.level_var * f.track.rate_var >= f.track.cross_var**2 - 1e-9
            assert kalman.sd_pct(f.track, SHAPE.noise_pct) >= SHAPE.noise_pct


@given(
    st.lists(st.floats(55.0, 95.0), min_size=4, max_size=12), st.floats(0.0, 30.0), GAPS, st.integers(0, 11)
)
def test_one_low_reading_is_never_an_emptying(
    high: list[float], low: float, gap_s: float, place: int
) -> None:
    """Neither the last one, nor one with readings as before around it."""
    at = [k * gap_s for k in range(len(high))]
    steady = [Seen(t, 60.0 + 0.1 * k) for k, t in enumerate(at)]
    assert run([*steady, Seen(at[-1] + gap_s, low)])[1] == []
    k = min(place, len(high) - 2)
    assert run([*steady[:k], Seen(at[k], low), *steady[k + 1 :]])[1] == []


@given(COURSE, st.integers(0, 39))
def test_what_is_stored_goes_on_the_same(
    course: list[tuple[float | None, float, bool, float | None]], cut: int
) -> None:
    readings: list[Reading] = [
        (
            "bin",
            "bin-0",
            s.at_s,
            {
                "distance_mm": 0.0 if s.fill_pct is None else 1000.0 - 8.0 * s.fill_pct,
                **({} if s.tilt_deg is None else {"tilt_deg": s.tilt_deg}),
            },
        )
        for s in seen(course)
    ]
    before, _ = step(EngineState(), batch(readings[:cut]), latest(readings[:cut]), CONTEXT)
    stored = from_rows(changed_rows(EngineState(), before), before.seen_s, before.settled_s)
    assert stored == before


PASSES = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 59), st.sampled_from("ab"), st.integers(0, 1)), max_size=60
)


@given(PASSES, st.integers(0, 45))
def test_of_lorries_that_counted_before_a_minute_all_are_remembered_in_it(
    fixes: list[tuple[int, int, str, int]], minute: int
) -> None:
    """Whether a lorry's fix of this minute is taken before a bin's reading of this minute, or after it, is the same to the reading."""
    of = [Pass(60.0 * m + 60.0, 60.0 * m + s, 10.0, lorry, slow) for m, s, lorry, slow in sorted(fixes)]
    kept, then = (), ()
    for p in of:
        kept = passed(kept, p)
        if p.from_s <= 60.0 * minute:
            then = kept
        if p.from_s <= 60.0 * minute + 60.0:
            now = kept
            counted = [q for q in now if q.from_s <= 60.0 * minute]
            assert list(newest(counted)) == list(newest([q for q in then if q.from_s <= 60.0 * minute]))
    assert all(len([p for p in kept if p.lorry == lorry]) <= KEPT + 1 for lorry in "ab")


CONTEXT = bins_alone()


def afternoon(rng: random.Random) -> list[Reading]:
    """A bin that fills, false echoes, a lorry that comes by, stands and goes, and a bin that is empty then."""
    out: list[Reading] = []
    emptied_h = rng.uniform(6.0, 9.0)
    for k in range(60):
        hour = 0.25 * k + rng.uniform(0, 0.02)
        level = 50.0 + 3.0 * hour if hour < emptied_h else 4.0 + 3.0 * (hour - emptied_h)
        mm = rng.choice([0.0, 35.0]) if rng.random() < 0.05 else 1000.0 - 8.0 * level + rng.gauss(0, 8)
        out.append(("bin", "bin-1", round(3600.0 * hour, 2), {"distance_mm": mm}))
    for k in range(-8, 9):
        away = 0.0 if abs(k) < 3 else 2e-4 * k
        fix = {"latitude_deg": 52.002 + away, "longitude_deg": 0.1, "speed_m_s": 0.0 if away == 0.0 else 6.0}
        out.append(("lorry", "lorry-1", round(3600.0 * emptied_h + 20.0 * k, 2), fix))
    return sorted(out, key=lambda r: r[2])


def played(
    readings: list[Reading], cuts: list[float], lateness_s: float, acts: ReadingBatch | None = None
) -> tuple[EngineState, list[str]]:
    ctx, state, effects = replace(CONTEXT, lateness_s=lateness_s), EngineState(), []
    edges = [0, *sorted(int(c * len(readings)) for c in cuts), len(readings)]
    for a, b in pairwise(edges):
        state, new = step(state, batch(readings[a:b]), latest(readings[:b]), ctx)
        effects += new
    state, new = step(state, acts or {}, latest(readings) + 60.0, ctx, everything=True)
    effects += new
    return state, sorted(repr(e) for e in effects if not isinstance(e, SubjectState | LateReadings))


@given(st.integers(0, 10**6), st.lists(st.floats(0, 1), max_size=12))
@examples(5)
def test_neither_the_cut_nor_the_order_within_the_lateness_matters(seed: int, cuts: list[float]) -> None:
    rng = random.Random(seed)
    readings = afternoon(rng)
    state, effects = played(readings, [], 1200.0)
    assert any("bin_emptied" in e and "'lorry'" in e for e in effects)
    shuffled = sorted(readings, key=lambda r: r[2] + rng.uniform(0, 1000.0))
    assert played(shuffled, cuts, 1200.0) == (state, effects)
    assert played(readings, cuts, 0.0)[1] == played(readings, [], 0.0)[1]


def troubled(rng: random.Random) -> list[Reading]:
    """The same afternoon with the bin on its side for a while, and words of crews and residents about it."""
    lies_h = rng.uniform(0.0, 14.0)
    out: list[Reading] = []
    for kind, device, at_s, fields in afternoon(rng):
        tilt = 80.0 if 0.0 <= at_s / 3600.0 - lies_h <= 1.5 else 1.0
        out.append((kind, device, at_s, {**fields, "tilt_deg": tilt} if kind == "bin" else fields))
    for number in range(1, 13):
        at_s, what = rng.uniform(0.0, 54_000.0), rng.randint(1, 8)
        about = rng.randint(1, number) if what == WITHDRAWN else number
        said = {"act": float(about), "what": float(what), "at_s": START + at_s - rng.uniform(0.0, 1800.0)}
        out.append((ACTS, BIN + "b1", at_s, said))
    return sorted(out, key=lambda r: r[2])


@given(st.integers(0, 10**6), st.lists(st.floats(0, 1), max_size=12))
@examples(8)
def test_of_what_is_wrong_at_a_bin_neither_the_cut_nor_the_order_matters(
    seed: int, cuts: list[float]
) -> None:
    rng = random.Random(seed)
    readings = troubled(rng)
    state, effects = played(readings, [], 1200.0)
    shuffled = sorted(readings, key=lambda r: r[2] + rng.uniform(0, 1000.0))
    assert played(shuffled, cuts, 1200.0) == (state, effects)
    assert played(readings, cuts, 0.0)[1] == played(readings, [], 0.0)[1]


def test_the_troubled_afternoon_has_troubles() -> None:
    told = "".join(e for seed in range(6) for e in played(troubled(random.Random(seed)), [], 1200.0)[1])
    wrong = ("bins.tilted", "bins.blocked", "bins.contaminated", "bins.not_emptied", "bin_overflow_ended")
    assert [w for w in wrong if w not in told] == []


def test_the_crew_s_word_reaches_the_bin_through_the_engine() -> None:
    full: list[Reading] = [("bin", "bin-1", 1800.0 * k, {"distance_mm": 400.0 - 3.0 * k}) for k in range(10)]
    state, _ = step(EngineState(), batch(full[:6]), latest(full[:6]), CONTEXT)
    said = rows_of(
        [
            ("b1", 7, COLLECTED, START + 5.3 * 1800.0, START + 5.5 * 1800.0),
            ("gone", 8, COLLECTED, START, START),
        ]
    )
    assert said.device[0] == BIN + "b1"
    state, _ = step(state, {ACTS: said}, START + 5.6 * 1800.0, CONTEXT)
    assert [a.number for a in state.collection["b1"].acts] == [7]
    assert "gone" not in state.collection
    _, effects = step(state, batch(full[6:]), latest(full), CONTEXT)
    (event,) = [e for e in effects if isinstance(e, Event)]
    assert (event.kind, event.subject, event.at_s) == ("bin_not_emptied", "b1", START + 5.3 * 1800.0)
    assert event.detail["evidence"] == ["crew"]
