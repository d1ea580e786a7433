"""Data quality: each rule as a table, and a week of a healthy town without a false word."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from devices.registry import Registry
from firmware_sim.scenario import load_scenario
from firmware_sim.world.town import TownSizes, generate_town
from firmware_sim.world.world import World
from rules.catalogue.loader import load
from rules.core import home_rule, segment_rule, weather_rule
from rules.core.context import Context, build_context
from rules.core.effects import CloseWork, Effect, OpenWork
from rules.core.engine import FIELDS_OF_KIND, step
from rules.core.memory import EngineState
from rules.core.quality import battery, days, drift, signal
from rules.core.quality import notes as quality_notes
from rules.core.quality import rule as quality_rule
from rules.core.quality.finding import Finding
from rules.core.quality_memory import BatteryMemory, DriftMemory, Held, QualityMemory
from rules.core.quality_parameters import Cell
from rules.core.readings import ReadingBatch, Readings
from rules.core.work import Work
from tests.fakes.rules_town import START, Reading, batch, context, latest

CATALOGUE = load()
WATCH = {(w.kind, w.field): w for w in CATALOGUE.stuck.parameters.watch}
HOUR, DAY = 3600.0, 86_400.0


@pytest.mark.parametrize(
    ("kind", "field", "readings", "hours", "stuck"),
    [
        ("frog", "temperature_c", 78, 13.0, False),  # longest run of a healthy indoor channel: UCI, measured
        ("frog", "humidity_pct", 95, 30.0, False),
        ("frog", "humidity_pct", 288, 23.9, False),
        ("frog", "humidity_pct", 288, 24.0, True),
        ("frog", "temperature_c", 352, 58.0, True),  # the dead channel there
        ("road", "surface_temperature_c", 36, 5.9, False),
        ("road", "surface_temperature_c", 36, 6.0, True),
        ("road", "surface_temperature_c", 11, 7.0, False),
        ("weather", "air_temperature_c", 36, 6.0, True),
    ],
)
def test_stuck(kind: str, field: str, readings: int, hours: float, stuck: bool) -> None:
    held = Held(12.5, 0.0, readings)
    assert signal.is_stuck(held, WATCH[kind, field], hours * HOUR, None) is stuck


def test_an_unused_bin_is_stuck_only_while_others_had_to_be_emptied() -> None:
    held, watch = Held(900.0, 0.0, 336), WATCH["bin", "distance_mm"]
    assert not signal.is_stuck(held, watch, 7.1 * DAY, None)
    assert not signal.is_stuck(held, watch, 7.1 * DAY, -HOUR)
    assert signal.is_stuck(held, watch, 7.1 * DAY, 3 * DAY)


@pytest.mark.parametrize(
    ("kind", "change_c", "minutes", "jump"),
    [
        ("road", 15.0, 10.0, False), ("road", 15.1, 10.0, True), ("road", 1.4, 0.02, False), ("road", 40.0, 61.0, False),
        ("frog", 14.0, 5.0, False), ("frog", -16.0, 5.0, True), ("weather", 11.0, 10.0, True), ("bin", 99.0, 1.0, False),
    ],
)  # fmt: skip
def test_impossible_changes(kind: str, change_c: float, minutes: float, jump: bool) -> None:
    p, before = CATALOGUE.rate.parameters, Held(5.0, 0.0, 1)
    assert signal.jumped(before, 5.0 + change_c, 0.0, 60.0 * minutes, kind, p) is jump


def test_three_jumps_in_a_day_are_work_and_it_is_gone_a_day_later() -> None:
    p = CATALOGUE.rate.parameters
    assert signal.rate_verdict((0.0, HOUR), "road", 2 * HOUR, p) == "unsure"
    assert isinstance(signal.rate_verdict((0.0, HOUR, 2 * HOUR), "road", 2 * HOUR, p), Finding)
    assert signal.rate_verdict((0.0, HOUR, 2 * HOUR), "road", 2 * HOUR + DAY + 1, p) == "fine"


@given(
    st.floats(-0.9, -0.05), st.floats(60, 100), st.integers(14, 60),
    st.lists(st.floats(-30, 0), max_size=4), st.randoms(),
)  # fmt: skip
def test_the_trend_of_a_battery_is_not_moved_by_a_few_odd_days(
    slope: float, full: float, n: int, odd: list[float], rng: random.Random
) -> None:
    lows = [[d, full + slope * d] for d in range(n)]
    for change, day in zip(odd[: n // 5], rng.sample(range(n), len(odd[: n // 5])), strict=True):
        lows[day][1] += change
    found, at_zero = battery.theil_sen([(int(d), v) for d, v in lows])
    assert found == pytest.approx(slope, rel=0.35, abs=0.02)
    if not odd:
        assert (found, at_zero) == pytest.approx((slope, full))


@pytest.mark.parametrize(
    ("level", "per_day", "what"),
    [
        (19.0, 0.0, "the battery is low"), (50.0, -0.6, "the battery runs out"), (50.0, -0.45, "unsure"),
        (90.0, -0.3, "fine"), (25.0, 0.0, "unsure"), (80.0, 0.0, "fine"),
    ],
)  # fmt: skip
def test_batteries(level: float, per_day: float, what: str) -> None:
    lows = tuple((d, level - per_day * (30 - d)) for d in range(30))
    cell, p = CATALOGUE.battery.parameters.of["bin"], CATALOGUE.battery.parameters
    verdict = battery.battery_verdict(BatteryMemory(level, 30, level, lows), cell, 30 * DAY, p)
    assert (verdict.what if isinstance(verdict, Finding) else verdict) == what
    if what == "the battery runs out":
        assert isinstance(verdict, Finding)
        assert verdict.due_s == pytest.approx((30 + 30 / 0.6) * DAY)
        assert "1970-03-22" in verdict.reason


@pytest.mark.parametrize("per_day", [-1e-4, -1e-7, -1e-12, -1e-300])
def test_a_battery_that_hardly_falls_ends_in_no_calendar(per_day: float) -> None:
    lows = tuple((20_000 + d, per_day * d) for d in range(30))
    p, cell = CATALOGUE.battery.parameters, Cell(field="battery_v", low=-1.0, well=-0.5, unit="V")
    assert battery.battery_verdict(BatteryMemory(0.0, 20_030, 0.0, lows), cell, 20_030 * DAY, p) == "fine"


def test_an_end_that_is_overdue_is_today() -> None:
    lows = tuple((d, 40.0 - d) for d in range(30))
    p, cell = CATALOGUE.battery.parameters, CATALOGUE.battery.parameters.of["bin"]
    verdict = battery.battery_verdict(BatteryMemory(21.0, 30, 21.0, lows), cell, 30 * DAY, p)
    assert isinstance(verdict, Finding)
    assert (verdict.due_s, "about 1970-01-31" in verdict.reason) == (30 * DAY, True)


def test_a_new_battery_forgets_the_old_ones_days() -> None:
    memory = None
    for d in range(20):
        memory = battery.follow(memory, 40.0 - d, d * DAY)
    assert memory is not None
    assert len(memory.lows) == 19
    assert battery.follow(memory, memory.level, 19 * DAY + 1) is memory
    assert battery.follow(memory, 99.0, 20 * DAY).lows == ()


@pytest.mark.parametrize(
    ("n", "suspect", "from_s", "typical", "what"),
    [
        (144, 0, 0.0, 1.0, "fine"), (116, 0, 0.0, 1.0, "fine"), (115, 0, 0.0, 1.0, "readings are missing"),
        (100, 20, 0.0, 1.0, "fine"),                    # they came, only their time was wrong
        (50, 0, 7200.0, 1.0, "unsure"),                 # counted from two in the morning on
        (50, 0, 0.0, 0.4, "unsure"),                    # all were cut off
        (0, 0, 0.0, 0.95, "readings are missing"),
    ],
)  # fmt: skip
def test_completeness(n: int, suspect: int, from_s: float, typical: float, what: str) -> None:
    memory = QualityMemory(at_s=1.0, day=0, from_s=from_s, n=n, suspect=suspect)
    verdict = days.completeness_verdict(memory, 600.0, typical, CATALOGUE.completeness.parameters)
    assert (verdict.what if isinstance(verdict, Finding) else verdict) == what


@pytest.mark.parametrize(
    ("n", "repaired", "suspect", "is_work"),
    [(144, 14, 0, False), (144, 15, 0, True), (100, 0, 12, True), (0, 0, 144, True)],
)
def test_clocks(n: int, repaired: int, suspect: int, is_work: bool) -> None:
    memory = QualityMemory(n=n, repaired=repaired, suspect=suspect)
    assert isinstance(days.clock_verdict(memory, CATALOGUE.clock.parameters), Finding) is is_work
    assert days.clock_verdict(QualityMemory(n=3, repaired=3), CATALOGUE.clock.parameters) == "unsure"


@pytest.mark.parametrize(
    ("by_nature", "then", "what"),
    [
        (-3.0, 0.0, "fine"),
        (2.0, 0.4, "fine"),
        (0.0, 0.8, "unsure"),
        (0.0, 1.2, "it drifts"),
        (-3.0, -1.1, "it drifts"),
    ],
)
def test_a_place_may_differ_but_not_move(by_nature: float, then: float, what: str) -> None:
    p = CATALOGUE.drift.parameters
    memory = DriftMemory()
    for night in range(p.learn_nights + p.recent_nights + 1):
        moved = then if night >= p.learn_nights else 0.0
        for _ in range(p.hours):
            memory = drift.note(memory, night, by_nature + moved, p)
    verdict = drift.drift_verdict(memory, p)
    assert (verdict.what if isinstance(verdict, Finding) else verdict) == what


@given(st.lists(st.floats(-20, 20), min_size=1, max_size=8))
def test_stations_are_compared_with_the_others_only(air: list[float]) -> None:
    found = drift.station_residuals_c({f"wx-{i}": c for i, c in enumerate(air)}, 3)
    assert len(found) == (len(air) if len(air) > 3 else 0)
    if len(air) == 5:
        others = sorted(air[1:])
        assert found["wx-0"] == pytest.approx(air[0] - (others[1] + others[2]) / 2)


# ---- in the engine


def works(effects: list[Effect]) -> list[OpenWork | CloseWork]:
    return [e for e in effects if isinstance(e, OpenWork | CloseWork)]


def test_a_stuck_road_sensor_opens_one_item_and_closes_it() -> None:
    readings: list[Reading] = [
        ("road", "road-0", 600.0 * i,
         {"surface_temperature_c": 3.25 if i < 60 else 3.0 + i / 100, "air_temperature_c": 5.0, "humidity_pct": 80.0})
        for i in range(80)
    ]  # fmt: skip
    _, effects = step(EngineState(), batch(readings), latest(readings), context())
    opened, closed = works(list(effects))
    assert isinstance(opened, OpenWork)
    assert (opened.rule_id, opened.device, opened.title) == (
        "quality.stuck", "road-0", "road-0: surface temperature is stuck",
    )  # fmt: skip
    assert opened.at_s - START == 7 * HOUR
    assert "3.25" not in opened.title + opened.reason, "a value may be a home's"
    assert isinstance(closed, CloseWork)
    assert (closed.rule_id, closed.device) == ("quality.stuck", "road-0")


def test_an_untrusted_clock_is_counted_and_any_split_gives_the_same() -> None:
    good = [
        ("frog", "frog-0", 300.0 * i, {"temperature_c": 18 + i % 7, "humidity_pct": 50 + i % 5})
        for i in range(576)
    ]
    frog = batch(good)["frog"]
    quality = frog.quality.copy()
    quality[::4] = 2
    marked = structs_of(frog, quality)
    whole_state, whole = step(EngineState(), {"frog": marked}, latest(good), context())
    state, parts = EngineState(), []
    for a, b in ((0, 101), (101, 102), (102, 400), (400, 576)):
        part = marked.take(a, b)
        trusted = part.ts_s[part.quality == 0]
        now_s = max(state.seen_s or 0.0, *trusted.tolist()) if len(trusted) else state.seen_s or 0.0
        state, new = step(state, {"frog": part}, now_s, context())
        parts += new
    item = next(w for w in works(list(whole)) if w.rule_id == "quality.clock")
    assert isinstance(item, OpenWork)
    assert item.inputs["suspect"] in range(24, 28), "from 15:00 to midnight every fourth of 108"
    assert works(parts) == works(list(whole))
    assert state.quality == whole_state.quality


def structs_of(r: Readings, quality: np.ndarray) -> Readings:
    return Readings(r.position, r.ts_s, r.device, quality, r.fields)


# ---- a healthy week

SIZES = TownSizes(homes=6, road_sensors=8, weather_stations=4, bins=4, gritters=0, segments=60, routes=2)
MONDAY = datetime(2026, 1, 12, 6, 0, tzinfo=UTC)
SLOWER_S = 300
"""A lorry tells every 15 s where it is: those would be five of six readings, and they are judged as any others."""


@pytest.fixture(scope="module")
def week() -> tuple[Registry, list[tuple[str, str, float, dict[str, float]]]]:
    """What every device of a small town says in a grey winter week, in order."""
    town = generate_town(1, SIZES, MONDAY - timedelta(days=7))
    devices = [structs.replace(d, cadence_s=max(d.cadence_s, SLOWER_S)) for d in town.devices]
    town = structs.replace(town, devices=tuple(devices))
    world, rng = World(town, load_scenario("damp_winter_week"), 1, MONDAY), random.Random(1)
    due = sorted(
        (at_s, i)
        for i, d in enumerate(town.devices)
        for at_s in np.arange(rng.uniform(0, d.cadence_s), 168 * HOUR, d.cadence_s).tolist()
    )
    rows = []
    for at_s, i in due:
        at, device = MONDAY + timedelta(seconds=at_s), town.devices[i]
        world.advance_to(at)
        values = world.sense(device.name, at)
        if values:
            rows.append((device.kind, device.name, at.timestamp(), values))
    return town, rows


def judged(ctx: Context, rows: list[tuple[str, str, float, dict[str, float]]]) -> tuple[Work, list[Effect]]:
    """Run the rules of data quality, and of the others only what they rest on, an hour at a time."""
    work, mark = Work(EngineState()), None
    observers = {"frog": home_rule.observe, "road": segment_rule.observe, "weather": weather_rule.observe}
    starts = np.searchsorted([r[2] for r in rows], np.arange(rows[0][2], rows[-1][2], HOUR))
    for a, b in zip(starts, [*starts[1:], len(rows)], strict=True):
        upto = rows[b - 1][2]
        for kind, r in _batch(rows[a:b]).items():
            if kind in observers:
                observers[kind](work, ctx, r)
            quality_notes.observe(work, ctx, kind, r)
        weather_rule.evaluate(work, ctx, upto)
        quality_rule.advance(work, ctx, mark, upto)
        mark = upto
    return work, work.effects


def _batch(rows: list[tuple[str, str, float, dict[str, float]]]) -> ReadingBatch:
    found: dict[str, list[tuple[int, str, float, dict[str, float]]]] = {}
    for position, (kind, device, ts_s, values) in enumerate(rows):
        found.setdefault(kind, []).append((position, device, ts_s, values))
    return {
        kind: Readings(
            np.array([r[0] for r in some], dtype=np.int64),
            np.array([r[2] for r in some]),
            [r[1] for r in some],
            np.zeros(len(some), dtype=np.int64),
            {n: np.array([r[3].get(n, np.nan) for r in some]) for n in FIELDS_OF_KIND.get(kind, ())},
        )
        for kind, some in found.items()
    }


def test_a_healthy_week_opens_nothing(week) -> None:
    town, rows = week
    impatient = structs.replace(CATALOGUE.drift.parameters, learn_nights=2, recent_nights=2)
    for p in (CATALOGUE.drift.parameters, impatient):
        catalogue = structs.replace(CATALOGUE, drift=structs.replace(CATALOGUE.drift, parameters=p))
        work, effects = judged(build_context(town, catalogue, ZoneInfo("Europe/London")), rows)
        assert works([e for e in effects if isinstance(e, OpenWork)]) == []
    judgeable = [m for m in work.read("drift").values() if len(m.nights_c) >= impatient.recent_nights]
    assert len(judgeable) >= 10, "the check is not empty: these were judged"


def test_a_sick_week_names_the_sick_only(week) -> None:
    town, rows = week
    impatient = structs.replace(CATALOGUE.drift.parameters, learn_nights=2, recent_nights=2)
    catalogue = structs.replace(CATALOGUE, drift=structs.replace(CATALOGUE.drift, parameters=impatient))
    rng, sick, held = random.Random(2), [], {}
    for kind, device, ts_s, values in rows:
        hours, v = (ts_s - rows[0][2]) / HOUR, dict(values)
        if device == "road-001":
            v["surface_temperature_c"] += 0.5 * hours / 24
        if device == "frog-0002" and hours > 40:
            v = held.setdefault(device, v)
        if device == "road-003" and 50 < hours < 60 and rng.random() < 0.3:
            v["surface_temperature_c"] += 25.0
        if device == "bin-0001":
            v["battery_pct"] = 19.0
        if device == "weather-2" and hours > 60 and rng.random() < 0.4:
            continue
        sick.append((kind, device, ts_s, v))
    _, effects = judged(build_context(town, catalogue, ZoneInfo("Europe/London")), sick)
    opened = {(e.rule_id, e.device) for e in effects if isinstance(e, OpenWork)}
    assert opened == {
        ("quality.drift", "road-001"), ("quality.stuck", "frog-0002"), ("quality.rate", "road-003"),
        ("quality.battery", "bin-0001"), ("quality.completeness", "weather-2"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("level", "what"), [(3.1, "fine"), (2.3, "unsure"), (2.1, "the battery is low"), (12.4, "fine"), (11.7, "the battery is low")]
)  # fmt: skip
def test_two_cells_of_a_lorawan_sensor_are_no_empty_lead_battery(level: float, what: str) -> None:
    cell, p = CATALOGUE.battery.parameters.of["road"], CATALOGUE.battery.parameters
    verdict = battery.battery_verdict(BatteryMemory(level, 30, level), cell.of_level(level), 30 * DAY, p)
    assert (verdict if isinstance(verdict, str) else verdict.what) == what


def test_limits_of_a_smaller_battery_lie_below_the_others() -> None:
    with pytest.raises(ValueError, match="must rise"):
        Cell(
            field="battery_v", low=11.8, well=12.0, unit="V", small_below=12.0, small_low=2.2, small_well=2.4
        )
