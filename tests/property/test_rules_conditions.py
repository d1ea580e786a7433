"""Severities, repetition and flapping: what holds for any sequence of observations."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from rules.core.alarm_spec import SEVERITIES, AlarmSpec, Flap, Level, Repeat
from rules.core.alarms import Demand, demand
from rules.core.conditions.asking import asked, beyond
from rules.core.conditions.condition import DOWN, Condition, Turn, advance, fitted
from rules.core.figures import Dwell

LIMITS = ((80.0, 75.0), (85.0, 82.0), (90.0, 81.0), (100.0, 95.0))
"""Per level where it begins and ends."""


def spec(levels: int, dwell: Dwell, flap: Flap | None = None, repeat: Repeat | None = None) -> AlarmSpec:
    made = [Level(severity=SEVERITIES[0])]
    made += [
        Level(severity=SEVERITIES[k], raise_at=up, clear_at=down)
        for k, (up, down) in enumerate(LIMITS[1:levels], start=1)
    ]
    condition = "lasting" if repeat is None else "repeating"
    return AlarmSpec(condition=condition, levels=tuple(made), dwell=dwell, flap=flap, repeat=repeat)


def play(
    of: AlarmSpec, observations: Sequence[tuple[float | None, float]], begin: Condition = DOWN
) -> tuple[Condition, list[Turn]]:
    """Observe values, each so many seconds after the last."""
    now, at_s, turns = begin, 0.0, []
    for value, wait_s in observations:
        at_s += wait_s
        level_before = now.level
        now, turned = advance(now, asked(of, demand(value, *LIMITS[0]), value), at_s, of)
        steps = [t for t in turned if t.what in ("raised", "severity", "cleared")]
        assert [(t.before, t.after) for t in steps] == ([(level_before, now.level)] if steps else [])
        assert bool(steps) is (now.level != level_before)
        turns += turned
    return now, turns


DWELLS = st.builds(
    Dwell,
    raise_after_s=st.sampled_from([0.0, 600.0, 3600.0]),
    clear_after_s=st.sampled_from([0.0, 600.0, 3600.0]),
    gap_s=st.just(7200.0),
)
VALUES = st.one_of(st.none(), st.floats(60.0, 110.0))
OBSERVATIONS = st.lists(st.tuples(VALUES, st.floats(1.0, 4000.0)), max_size=120)
FLAPS = st.builds(
    Flap, changes=st.integers(2, 4), within_s=st.floats(3600.0, 90_000.0), calm_s=st.floats(600.0, 90_000.0)
)


@given(
    st.integers(1, 4), DWELLS, st.integers(0, 4), st.lists(st.floats(0.0, 0.999), max_size=60), st.booleans()
)
@settings(deadline=None)
def test_nothing_changes_inside_the_band_at_any_level(
    levels: int, dwell: Dwell, level: int, shares: list[float], flaps: bool
) -> None:
    """However a value moves between where a level begins and where it ends, the severity stays."""
    of = spec(levels, dwell, Flap(changes=2, within_s=1e6, calm_s=60.0) if flaps else None)
    level = min(level, levels)
    reached, _ = play(of, [(110.0 if level == levels else LIMITS[level][0] - 0.001, 3600.0)] * 3)
    if level == 0:
        reached = DOWN
    assert reached.level == level
    low = max(LIMITS[k][1] for k in range(level)) if level else LIMITS[0][1]
    high = LIMITS[level][0] if level < levels else 110.0
    inside = [(low + share * (high - low), 300.0) for share in shares]
    after, turns = play(of, inside, reached)
    assert turns == []
    assert after.level == level


@given(st.integers(1, 4), DWELLS, OBSERVATIONS)
@settings(deadline=None)
def test_the_severity_is_the_highest_level_up_and_each_level_keeps_its_own_dwell(
    levels: int, dwell: Dwell, observations: list[tuple[float | None, float]]
) -> None:
    many, at_s = DOWN, 0.0
    alone = [DOWN] * levels
    of = spec(levels, dwell)
    single = AlarmSpec(condition="lasting", levels=(Level(severity="info"),), dwell=dwell)
    for value, wait_s in observations:
        at_s += wait_s
        wanted = asked(of, demand(value, *LIMITS[0]), value)
        many, _ = advance(many, wanted, at_s, of)
        alone = [advance(c, (w,), at_s, single)[0] for c, w in zip(alone, wanted, strict=True)]
        assert many.level == max((k for k, c in enumerate(alone, start=1) if c.is_active), default=0)
        if many.is_active:
            assert many.held_since_s is not None
            assert many.held_since_s <= at_s


@given(st.integers(1, 4), DWELLS, FLAPS, OBSERVATIONS)
@settings(deadline=None)
def test_flapping_bounds_how_often_an_alarm_is_raised(
    levels: int, dwell: Dwell, flap: Flap, observations: list[tuple[float | None, float]]
) -> None:
    now, turns = play(spec(levels, dwell, flap), observations)
    raised = [t.at_s for t in turns if t.what == "raised"]
    window_s = min(flap.within_s, flap.calm_s)
    for at_s in raised:
        assert sum(at_s <= other < at_s + window_s for other in raised) <= flap.changes
    begun = [t.what for t in turns if t.what in ("flapping", "calm")]
    assert begun == (["flapping", "calm"] * len(begun))[: len(begun)]
    assert now.flapping is (len(begun) % 2 == 1)


def test_a_value_that_jumps_for_a_day_is_one_flapping_alarm() -> None:
    at_once = Dwell(raise_after_s=0.0, clear_after_s=0.0, gap_s=7200.0)
    of = spec(1, at_once, Flap(changes=3, within_s=7200.0, calm_s=3600.0))
    jumping = [(95.0 if i % 2 else 60.0, 300.0) for i in range(288)]
    now, turns = play(of, jumping)
    assert [t.what for t in turns] == ["raised", "cleared", "raised", "cleared", "raised", "flapping"]
    assert (now.flapping, turns[-1].changes) == (True, 3)
    calm, ended = play(of, [(60.0, 100_000.0), *[(60.0, 300.0)] * 13], now)
    assert [t.what for t in ended] == ["calm", "cleared"]
    assert calm == DOWN


def test_a_level_that_jumps_flaps_too_and_calms_down_by_itself() -> None:
    at_once = Dwell(raise_after_s=0.0, clear_after_s=0.0, gap_s=7200.0)
    of = spec(2, at_once, Flap(changes=3, within_s=7200.0, calm_s=3600.0))
    now, turns = play(of, [(90.0 if i % 2 else 80.5, 300.0) for i in range(50)])
    assert [t.what for t in turns].count("severity") == 5
    assert turns[-1].what == "flapping"
    calmer, ended = play(of, [(80.5, 100_000.0), *[(80.5, 300.0)] * 13], now)
    assert [(t.what, t.after) for t in ended] == [("calm", 2), ("severity", 1)]
    assert calmer.level == 1


def test_a_repeating_condition_must_begin_so_many_times() -> None:
    at_once = Dwell(raise_after_s=0.0, clear_after_s=0.0, gap_s=7200.0)
    of = spec(1, at_once, repeat=Repeat(times=3, within_s=3600.0))
    dips = [
        (v, 300.0) for v in (90.0, 78.0, 90.0, 60.0, 90.0, 60.0)
    ]  # the band does not end it: two beginnings
    assert play(of, dips)[1] == []
    now, turns = play(of, [*dips, (90.0, 300.0)])
    assert [(t.what, t.at_s) for t in turns] == [("raised", 2100.0)]
    _, later = play(of, [(60.0, 2100.0 + 300.0 * i) for i in range(1, 4)], now)
    assert [t.what for t in later] == ["cleared"]
    slowly = [(v, 1500.0) for v in (90.0, 60.0) * 20]
    assert play(of, slowly)[1] == []


@given(st.floats(-20.0, 20.0))
@settings(deadline=None)
def test_a_threshold_may_be_passed_downwards(value: float) -> None:
    wanted = Demand.ON if value <= -5.0 else Demand.OFF if value > -4.0 else Demand.HOLD
    assert beyond(value, -5.0, -4.0) is wanted
    assert beyond(None, -5.0, -4.0) is None


def test_a_level_that_the_catalogue_has_no_more_counts_as_the_last() -> None:
    at_once = Dwell(raise_after_s=0.0, clear_after_s=0.0, gap_s=7200.0)
    up, _ = play(spec(4, at_once), [(110.0, 60.0)])
    assert up.level == 4
    assert [life.is_active for life in fitted(up.lives, 2)] == [True, True]
    only_top = (*fitted((), 3), up.lives[3])
    assert [life.is_active for life in fitted(only_top, 2)] == [False, True]
    assert [life.is_active for life in fitted(up.lives[:1], 2)] == [True, False]
