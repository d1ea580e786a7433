"""Memory in columns and the rules for one subject say the same, reading by reading."""

from __future__ import annotations

import math
from statistics import median

import msgspec
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.catalogue.loader import load
from rules.core.alarm_spec import AlarmSpec, Flap, Level, Repeat
from rules.core.alarms import demand
from rules.core.bin_level.hampel import median as bins_median
from rules.core.conditions.asking import asked, asked_of_all
from rules.core.conditions.condition import DOWN, Condition, advance
from rules.core.conditions.standing import Standing
from rules.core.effects import num, rounded
from rules.core.figures import Dwell
from rules.core.home_columns import AT, WALL, HomeColumns
from rules.core.home_rule import worst
from rules.core.memory import HomeMemory, RoomPoint, SegmentMemory
from rules.core.nowcast import slope_c_h, slopes_c_h
from rules.core.numbers import Names, rounds
from rules.core.quality.battery import follow
from rules.core.quality.battery_columns import BatteryColumns
from rules.core.quality.columns import QualityColumns
from rules.core.quality.signal import all_jumped, hold, jumped
from rules.core.quality_memory import BatteryMemory, Held, QualityMemory
from rules.core.road_columns import HISTORY_POINTS, HISTORY_STEP_S, RoadColumns, Trend
from rules.core.segment_columns import NEW, SegmentColumns
from tests.fakes.rules_town import START, context

CONTEXT = context()
CATALOGUE = load()
RATE = CATALOGUE.rate.parameters


@given(st.lists(st.integers(0, 5), max_size=40))
def test_rounds_take_each_ones_readings_in_order(numbers: list[int]) -> None:
    found = [part.tolist() for part in rounds(np.array(numbers, dtype=np.int64))]
    for part in found:
        of = [numbers[i] for i in part]
        assert len(set(of)) == len(of)
        assert part == sorted(part)
    for number in set(numbers):
        taken = [i for part in found for i in part if numbers[i] == number]
        assert taken == [i for i, n in enumerate(numbers) if n == number]


@given(st.lists(st.sampled_from(["frog-0", "road-1", "stranger", "other"]), max_size=20))
def test_names_are_the_same_as_numbers(devices: list[str]) -> None:
    names = Names(["frog-0", "road-1"])
    found = names.of(devices)
    assert list(found) == devices
    assert list(found[1:4]) == devices[1:4]
    assert [n < names.installed for n in found.number.tolist()] == [
        d in ("frog-0", "road-1") for d in devices
    ]
    assert names.of(found) is found


@given(
    st.lists(
        st.one_of(st.floats(-1e7, 1e7), st.integers(-4000, 4000).map(lambda n: n / 200), st.just(math.nan)),
        max_size=30,
    ),
    st.sampled_from([0, 1, 2]),
)
def test_columns_are_rounded_as_one_by_one(values: list[float], digits: int) -> None:
    one_by_one = [num(v, digits) for v in values]
    found = rounded(np.array(values, dtype=np.float64), digits)
    assert list(map(repr, found)) == list(map(repr, one_by_one))


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=7))
def test_a_median_is_the_libraries(values: list[float]) -> None:
    assert bins_median(values) == median(values)


SPECS = st.builds(
    lambda levels, flap, repeat: AlarmSpec(
        condition="lasting" if repeat is None else "repeating", levels=levels, dwell=Dwell(raise_after_s=600.0, clear_after_s=600.0, gap_s=3600.0),
        flap=flap, repeat=repeat,
    ),
    st.sampled_from([
        (Level(severity="warning"),),
        (Level(severity="warning"), Level(severity="major", raise_at=90.0, clear_at=85.0)),
        (Level(severity="warning", raise_at=82.0, clear_at=78.0), Level(severity="major", raise_at=70.0, clear_at=88.0)),
    ]),
    st.sampled_from([None, Flap(changes=2, within_s=7200.0, calm_s=1800.0)]),
    st.sampled_from([None, Repeat(times=2, within_s=7200.0)]),
)  # fmt: skip
VALUES = st.one_of(st.none(), st.sampled_from([75.0, 80.0, 85.0, 90.0]), st.floats(60.0, 100.0))


@given(SPECS, SPECS, st.lists(st.tuples(VALUES, st.sampled_from([300.0, 900.0])), max_size=40))
@settings(max_examples=200)
def test_what_columns_call_unmoved_stays_the_same(
    spec: AlarmSpec, later: AlarmSpec, course: list[tuple[float | None, float]]
) -> None:
    """Also where the catalogue changes on the way; and it is not always moved."""
    condition, at_s, standing = DOWN, START, Standing(1)
    for n, (value, wait_s) in enumerate(course):
        now = spec if n < len(course) / 2 else later
        at_s += wait_s
        column = np.array([math.nan if value is None else value])
        unmoved = standing.unmoved(np.array([0]), asked_of_all(now, column, 80.0, 75.0))
        after, turns = advance(condition, asked(now, demand(value, 80.0, 75.0), value), at_s, now)
        if unmoved[0]:
            assert after == condition
            assert turns == ()
        condition = after
        standing.put(0, condition)


def test_a_quiet_value_is_unmoved() -> None:
    standing = Standing(2)
    standing.put(1, Condition())
    calm = asked_of_all(CATALOGUE.damp.alarm, np.array([50.0, 77.0]), 80.0, 75.0)
    assert standing.unmoved(np.array([0, 1]), calm).tolist() == [True, True]


HELD = st.lists(
    st.tuples(st.sampled_from([1.0, 1.5, 9.0]), st.sampled_from([10.0, 60.0, 5000.0])), max_size=30
)


@given(HELD, st.sampled_from(["frog", "road", "bin"]))
def test_held_values_and_jumps_are_those_of_one(course: list[tuple[float, float]], kind: str) -> None:
    table, held, at_s, last_s = QualityColumns(CONTEXT, {}).held("x"), None, START, 0.0
    device = np.array([1])
    for value, wait_s in course:
        at_s += wait_s
        column, now = np.array([value]), np.array([at_s])
        many = all_jumped(table.value[device], column, np.array([last_s]), now, kind, RATE)
        assert bool(many[0]) == jumped(held, value, last_s, at_s, kind, RATE)
        table.hold(device, column, now)
        held, last_s = hold(held, value, at_s), at_s
        assert Held(table.value[1], table.since_s[1], table.n[1]) == held


@given(
    st.lists(st.tuples(st.one_of(st.floats(4.0, 6.0), st.just(math.nan)), st.floats(60, 90_000)), max_size=30)
)
def test_batteries_are_followed_as_one_by_one(course: list[tuple[float, float]]) -> None:
    table, one, at_s = BatteryColumns(CONTEXT, {}), None, START
    number = CONTEXT.names.number("frog-1")
    for level, wait_s in course:
        at_s += wait_s
        table.follow(np.array([number]), np.array([level]), np.array([at_s]))
        if level == level:
            one = follow(one, level, at_s)
    found: dict[str, BatteryMemory] = {}
    table.flush(found)
    assert found == ({} if one is None else {"frog-1": one})


def test_a_memory_comes_out_of_columns_as_it_went_in() -> None:
    quality = QualityMemory(
        START, {"temperature_c": Held(20.0, START - 60.0, 3)}, (START - 5.0,), 20462, START - 900.0, 7, 1, 2, {"quality.rate": START}
    )  # fmt: skip
    table = QualityColumns(CONTEXT, {"frog-1": quality})
    table.count(np.array([CONTEXT.names.number("frog-1")]), np.array([START]), np.array([0]))
    found: dict[str, QualityMemory] = {}
    table.flush(found)
    day = int(START // 86_400)
    counted = 8 if day == quality.day else 7
    assert found["frog-1"].held == quality.held
    assert (found["frog-1"].told, found["frog-1"].suspect, found["frog-1"].n) == (quality.told, 2, counted)


POINT = st.builds(
    RoomPoint,
    st.sampled_from([START, START - 600.0, START - 9000.0]),
    st.floats(5, 25), st.sampled_from([40.0, 60.0]), st.none(), st.none(), st.none(),
    st.one_of(st.none(), st.sampled_from([70.0, 80.0]), st.floats(30, 100)), st.none(),
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(["frog-0", "frog-1", "gone"]), POINT, min_size=1))
def test_the_room_that_speaks_for_a_home_is_the_rules(points: dict[str, RoomPoint]) -> None:
    memory = HomeMemory(points)
    table = HomeColumns(CONTEXT, {"OAK": memory})
    home = np.array([table.number("OAK")])
    devices, certain = table.worst(home, 7200.0)
    assert table.memory(int(home[0])) == memory
    if certain[0]:
        room, point = worst(memory, 7200.0)
        assert CONTEXT.names.names[devices[0]] == room
        assert table.points[devices[0], AT] == point.at_s
        wall = table.points[devices[0], WALL]
        assert (None if math.isnan(wall) else wall) == point.surface_humidity_pct
    else:
        walls = [p.surface_humidity_pct for p in points.values()]
        assert "gone" in points or None in walls or len(set(walls)) < len(walls)


@given(
    st.lists(st.tuples(st.sampled_from([30.0, 200.0, 240.0, 600.0, 4000.0]), st.floats(-5, 10)), max_size=60)
)
def test_a_roads_history_and_slope_are_those_of_one(course: list[tuple[float, float]]) -> None:
    table, trend = RoadColumns(CONTEXT, {}), Trend(3.0, 4.0)
    row = table.rows(np.array([CONTEXT.names.number("road-1")]))
    history: tuple[tuple[float, float], ...] = ()
    at_s = START
    for wait_s, surface_c in course:
        at_s += wait_s
        kept = tuple(h for h in history if at_s - h[0] <= 3.0 * 3600.0 + 600.0)
        if len(kept) >= 2 and at_s - kept[-2][0] < HISTORY_STEP_S:
            kept = kept[:-1]
        history = (*kept, (at_s, surface_c))[-HISTORY_POINTS:]
        values = np.array([[surface_c, 1.0, 90.0, math.nan, 1.0, math.nan]])
        table.take(row, np.array([at_s]), values, trend)
    found: dict = {}
    table.flush(found)
    if course:
        assert found["road-1"].history == history
        assert math.isclose(
            found["road-1"].slope_c_h, slope_c_h(history, 3.0, 4.0), rel_tol=1e-9, abs_tol=1e-12
        )
        assert (found["road-1"].film_mm, found["road-1"].code) == (None, 1)


def test_slopes_of_short_histories_are_none() -> None:
    times = np.array([[math.nan, START], [START - 60.0, START], [START - 3600.0, START]])
    temps = np.array([[math.nan, 1.0], [2.0, 1.0], [2.0, 1.0]])
    assert np.allclose(slopes_c_h(times, temps, 3.0, 4.0), [0.0, 0.0, -1.0])


def test_a_stretch_of_which_nothing_is_known_is_new_again_after_a_restart() -> None:
    """Else its first known state would be an event only where the rules were started anew meanwhile."""
    ctx = CONTEXT
    columns, memory = SegmentColumns(ctx, {}), dict[str, SegmentMemory]()
    columns.put(0, NEW)
    columns.put(1, SegmentMemory("dry"))
    columns.flush(memory)
    assert [m.state for m in memory.values()] == ["dry"]
    kept = {k: msgspec.json.decode(msgspec.json.encode(m), type=SegmentMemory) for k, m in memory.items()}
    again = SegmentColumns(ctx, kept)
    assert (again.of[0] is NEW, again.of[1] == SegmentMemory("dry")) == (True, True)
