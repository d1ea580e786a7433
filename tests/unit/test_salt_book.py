"""One book of salt for the rules and the road forecast, and what brine is taken for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest

from rules.catalogue.loader import load
from rules.core.coat import coat
from rules.core.dose import film_mm
from rules.core.effects import Decision
from rules.core.engine import step
from rules.core.gritting import assess
from rules.core.memory import EngineState, ForecastMemory, TreatedMemory
from rules.core.outlook import Outlook
from rules.core.residual import left_g_m2
from rules.core.road_now.issue import issue
from rules.core.road_now.model import Observed, Passes, Spreads
from rules.core.road_now.parameters import SHIPPED
from rules.core.road_now.speed import county
from rules.core.road_now.table import RoadForecast
from rules.core.road_surface.parameters import Stores
from rules.core.road_surface.salt import KEPT_SHARE, SLOW_H, left_of_one
from rules.core.road_surface.state import bare
from rules.core.road_surface.stores import worn
from rules.core.road_surface.traffic import traffic_of
from rules.core.treatment import Pass
from tests.fakes.road_tables import table, with_issues
from tests.fakes.rules_town import START, Reading, context, latest

CATALOGUE = load()
P, MATRIX = CATALOGUE.gritting.parameters, CATALOGUE.matrix
CONTEXT = context()
HOUR = 3600.0
NIGHT = (
    (17.0, 28.0),
    (11.0, 26.0),
    (10.5, 24.0),
    (9.0, 20.0),
    (7.4, 20.0),
    (5.1, 22.0),
    (4.0, 20.0),
    (0.1, 10.0),
)
"""Hours ago, and g/m²."""


def spread(at_s: float, g_m2: float, rain_mm: float = 0.0) -> Pass:
    return Pass(at_s, g_m2, 0.0, 1.0, "g1", at_s - 60.0, at_s, rain_mm)


def test_passes_of_a_night_are_the_same_salt_for_the_rules_and_for_the_forecast() -> None:
    given = county(8, CATALOGUE.transfer.parameters)
    stations = replace(
        given.observed.stations, humidity_pct=given.observed.stations.humidity_pct * 0.0 + 60.0
    )
    hours, rates = np.array(NIGHT).T
    spreads = Spreads(
        segment=np.repeat(np.arange(8), len(NIGHT)), at_s=np.tile(given.at_s - hours * HOUR, 8), salt_g_m2=np.tile(rates, 8)
    )  # fmt: skip
    nobody = Passes(segment=np.zeros(0, int), at_s=np.zeros(0), surface_c=np.zeros(0))
    seen = Observed(stations, given.observed.sensors, nobody, spreads)
    left = issue(replace(given, observed=seen)).forecast.now.salt_g_m2
    for i, road_class in enumerate("ABCUABCU"):
        passes = [spread(given.at_s - h * HOUR, g) for h, g in NIGHT]
        ours = coat(passes, 0.0, P.treatment, traffic_of(road_class)).left_g_m2(given.at_s)
        assert ours == pytest.approx(left[i], rel=0.03), road_class
    assert left[0] < left[1] < left[2] < left[3] < rates.sum()


def test_both_look_back_as_far_and_take_the_same_traffic() -> None:
    assert P.treatment.passes_kept_s == SHIPPED.past_h * HOUR
    classes = {s.segment_id: s.road_class for s in CONTEXT.graph.segments}
    assert CONTEXT.traffic_of == {s: traffic_of(c) for s, c in classes.items()}
    assert [round(traffic_of(c), 3) for c in ("A", "B", "C", "U", "?")] == [0.5, 0.35, 0.2, 0.05, 0.05]


@pytest.mark.parametrize("traffic", [1.0, 0.5, 0.05])
def test_salt_in_the_voids_stays_there_when_more_is_spread(traffic: float) -> None:
    rates = (20.0, 10.0, 10.0)
    passes = [spread(12.0 * HOUR * i, g) for i, g in enumerate(rates)]
    for at_h in (24.0, 30.0, 48.0):
        each = sum(g * left_of_one(at_h - 12.0 * i, traffic) for i, g in enumerate(rates))
        assert coat(passes, 0.0, P.treatment, traffic).left_g_m2(at_h * HOUR) == pytest.approx(each)
    late = coat(passes, 0.0, P.treatment, 1.0).left_g_m2(48.0 * HOUR)
    assert late == pytest.approx(KEPT_SHARE * 40.0, rel=48.0 / SLOW_H)  # as one it lost 73 % at each pass: 7


def test_a_small_pass_lies_there_though_the_large_one_before_counts() -> None:
    both = coat([spread(0.0, 18.0), spread(4.0 * HOUR, 8.0)], 0.0, P.treatment)
    assert (both.g_m2, both.at_s) == (18.0, 0.0)
    alone = coat([spread(0.0, 18.0)], 0.0, P.treatment)
    more = both.left_g_m2(5.0 * HOUR) - alone.left_g_m2(5.0 * HOUR)
    assert more == pytest.approx(8.0 * left_of_one(1.0))


def test_rain_takes_the_passes_from_before_it_and_no_others() -> None:
    passes = [spread(0.0, 20.0), spread(6.0 * HOUR, 10.0, rain_mm=2.5)]
    left = coat(passes, 2.6, P.treatment).left_g_m2(7.0 * HOUR)
    assert left == pytest.approx(10.0 * left_of_one(1.0))


@pytest.mark.parametrize("rate_mm_h", [1.0, 2.0, 4.0])
@pytest.mark.parametrize("rain_mm", [0.3, 1.0, 2.0])
def test_rain_leaves_the_rules_what_it_leaves_the_forecast(rate_mm_h: float, rain_mm: float) -> None:
    steps, traffic = round(3.0 * rain_mm / rate_mm_h) or 1, traffic_of("U")
    road = bare(np.full((2, 1, 1), 5.0)).spread(np.array([[20.0]]), KEPT_SHARE)
    for k in range(steps + 9):
        water = road.water_mm + (rain_mm / steps if k < steps else 0.0)
        road = worn(replace(road, water_mm=water), Stores(), np.array([[traffic]]), 1200.0)
    at_s = 1200.0 * (steps + 9)
    ours = coat([spread(0.0, 20.0)], rain_mm, P.treatment, traffic).left_g_m2(at_s)
    assert ours / 20.0 == pytest.approx(float(road.salt_g_m2[0, 0]) / 20.0, abs=0.06)


def test_rain_to_come_takes_what_rain_that_has_fallen_takes() -> None:
    now_s, coming = 2.0 * HOUR, coat([spread(0.0, 20.0)], 0.0, P.treatment)
    fallen = coat([spread(0.0, 20.0)], 1.5, P.treatment)
    assert left_g_m2(coming, 1.5, 6.0, now_s, P) == pytest.approx(left_g_m2(fallen, 0.0, 6.0, now_s, P))
    assert left_g_m2(coming, 1.5, 6.0, now_s, P) == pytest.approx(0.4 * left_g_m2(coming, 0.0, 6.0, now_s, P))


def dry_day(**more: Any) -> Outlook:
    """A road in the morning after it was salted: dry, but the forecast has brine on it in the coming night."""
    given = {
        "segment_id": "s", "street": "S", "surface_c": 2.0, "minimum_c": -1.0, "state": "dry", "film_mm": 0.12, "deposit_mm": 0.0,
        "p_ice": 0.03, "p_below_0": 0.9, "source": "forecast", "dew_point_c": -3.0, "frost_point_c": -2.6, "low_in_h": 10.0,
        "zero_in_h": 6.0,
    }  # fmt: skip
    return Outlook(**{**given, **more})


def test_brine_that_seldom_freezes_is_no_hazard() -> None:
    found = assess(dry_day(), P, MATRIX)
    assert found.outcome == "monitor"
    assert "icy in only 3 %" in found.why


def test_a_road_that_sensors_see_wet_has_no_thinner_film_than_makes_it_wet() -> None:
    """A forecast's 0.02 mm made 2.7 g/m² enough "down to -8 °C" on a road that was seen to be wet."""
    cold: dict[str, Any] = {"surface_c": -0.5, "minimum_c": -6.7, "p_ice": 0.4}
    seen = dry_day(**cold, state="wet", wet=True, film_mm=0.02)
    assert assess(seen, P, MATRIX).film_mm == film_mm("frost", True, P.dose)
    assert assess(seen, P, MATRIX, residual_g_m2=2.7).outcome == "treat"
    assert assess(dry_day(**cold, state="wet", wet=True, film_mm=0.3), P, MATRIX).film_mm == 0.3
    damp = dry_day(**cold, state="damp", damp=True, film_mm=0.02)
    assert assess(damp, P, MATRIX).film_mm == film_mm("frost", False, P.dose)


@pytest.mark.parametrize(
    "more",
    [
        {"p_ice": P.cost.act_from},
        {"precipitation": "rain"},
        {"rain_ends_in_h": 4.0},
        {"surface_c": -0.5, "state": "wet"},
        {"surface_c": 0.0, "state": "damp", "film_mm": 0.0},
        {"source": "nowcast"},
        {"film_mm": None, "p_ice": None, "source": "nowcast", "wet": True},
    ],
)
def test_water_is_a_hazard_where_rain_sensors_or_no_forecast_say_so(more: dict[str, Any]) -> None:
    found = assess(dry_day(**more), P, MATRIX)
    assert found.outcome == "treat"


def second_day(until_h: float = 2.0, rain_mm_h: float = 0.0) -> list[Reading]:
    found: list[Reading] = []
    for at_s in np.arange(0.0, until_h * HOUR, 600.0).tolist():
        air = {"air_temperature_c": 4.0, "humidity_pct": 60.0}
        road = {**air, "surface_temperature_c": 3.0, "water_film_mm": 0.0}
        found += [
            ("weather", "wx-0", at_s, {**air, "wind_speed_m_s": 2.0, "precipitation_mm_h": rain_mm_h}),
            ("road", "road-0", at_s + 1, road),
            ("road", "road-1", at_s + 2, road),
        ]
    return found


def salted(g_m2: float) -> EngineState:
    one = Pass(
        START - 14.0 * HOUR, g_m2, 0.0, 1.0, "gritter-0", START - 14.0 * HOUR - 60.0, START - 14.0 * HOUR
    )
    segments = ("s0", "s1", "s2", "s3", "s4")
    return EngineState(treated={s: TreatedMemory((one,)) for s in segments if g_m2 > 0.0})


def brine(counts_on_g_m2: float) -> RoadForecast:
    return table(HOUR, -1.0, film_mm=0.12, ice=0.03, salt_g_m2=counts_on_g_m2)


def last(state: EngineState, forecast: RoadForecast) -> Decision:
    readings = second_day()
    effects = step(state, with_issues(readings, {18: forecast}), latest(readings), CONTEXT)[1]
    return [e for e in effects if isinstance(e, Decision) and e.subject == "r1"][-1]


def test_a_salted_road_is_not_proposed_again_on_a_dry_second_day() -> None:
    said = last(salted(20.0), brine(5.0))
    assert said.outcome == "monitor"
    assert "icy in only 3 %" in said.reason


@pytest.mark.parametrize(("spread_g_m2", "counts_on_g_m2", "outcome"), [
    (0.0, 5.0, "treat"),  # taken back, or never known of here
    (5.0, 5.0, "treat"),  # 1.4 are left
    (20.0, 6.0, "monitor"),  # 5.4 are left: the books differ by less than what is kept in hand
    (0.0, 0.0, "monitor"),
])  # fmt: skip
def test_a_forecast_takes_no_hazard_away_by_salt_that_is_not_there(
    spread_g_m2: float, counts_on_g_m2: float, outcome: str
) -> None:
    assert last(salted(spread_g_m2), brine(counts_on_g_m2)).outcome == outcome


def test_salt_that_melted_snow_has_taken_protects_nothing_though_no_rain_gauge_told_of_it() -> None:
    """The forecast's road has 0.5 g/m² left of 20 and is icy in 95 % of cases: the rules' own 5 must not outvote it."""
    sure = table(HOUR, -1.0, film_mm=0.12, ice=0.95, salt_g_m2=0.5)
    assert last(salted(20.0), sure).outcome == "treat"
    later = START + 1.5 * HOUR
    fresh = Pass(later, 20.0, 0.0, 1.0, "gritter-0", later - 60.0, later)
    state = EngineState(treated={s: TreatedMemory((fresh,)) for s in ("s0", "s1", "s2", "s3", "s4")})
    unaware = table(HOUR, -1.0, film_mm=0.12, ice=0.95, salt_g_m2=0.0)
    assert last(state, unaware).outcome != "treat", "it was made before the pass"


def test_a_road_that_hardly_freezes_rests_on_no_salt() -> None:
    """Short of salt, but the forecast has it below 0 °C in 2 % of cases: nothing is asked for against it."""
    mild = table(HOUR, 0.9, film_mm=0.12, ice=0.0, below_zero=0.02, salt_g_m2=5.0)
    said = last(salted(0.0), mild)
    assert said.outcome == "monitor"
    assert said.inputs["segments"][0]["outlook"] == "forecast", (
        "it counts, and may take back what the trend asked for"
    )


def test_a_forecast_that_asks_for_salt_does_so_whatever_it_counts_on() -> None:
    likely = table(HOUR, 0.8, film_mm=0.12, ice=0.4, salt_g_m2=5.0)
    said = last(salted(0.0), likely)
    assert said.outcome == "treat"
    assert said.inputs["segments"][0]["outlook"] == "forecast"


def test_memory_of_before_tells_no_salt_of_a_forecast() -> None:
    old = {"issued_s": START, "table": "", "by_forecast": True}
    row = msgspec.json.encode(old)
    assert msgspec.json.decode(row, type=ForecastMemory).salt_g_m2 is None
    state, _ = step(EngineState(), with_issues(second_day(), {18: brine(5.0)}), START + 2.0 * HOUR, CONTEXT)
    assert state.forecast["s0"].salt_g_m2 == 5.0
    again = msgspec.json.decode(msgspec.json.encode(state.forecast["s0"]), type=ForecastMemory)
    assert again == state.forecast["s0"]
