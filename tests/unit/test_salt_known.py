"""What the newest road forecast knows of the salt on a stretch bounds what the rules reckon there, whatever came since."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rules.catalogue.loader import load
from rules.core.coat import Coat, coat, coats, done
from rules.core.effects import Decision
from rules.core.engine import step
from rules.core.memory import EngineState, Outdoor, TreatedMemory
from rules.core.residual import left_g_m2
from rules.core.road_surface.salt import kept_in_rain, left_of_one
from rules.core.salt_layers import Known
from rules.core.treatment import Pass
from rules.core.treatment_rule import coats_now
from rules.core.work import Work
from tests.fakes.road_tables import table, with_issues
from tests.fakes.rules_town import START, Reading, context, latest

P = load().gritting.parameters
CONTEXT = context()
HOUR = 3600.0
SEGMENTS = ("s0", "s1", "s2", "s3", "s4")
TRAFFIC = CONTEXT.traffic_of["s0"]


def spread(hours: float, g_m2: float, rain_mm: float = 0.0, low: float = 0.0, high: float = 1.0) -> Pass:
    at_s = START + hours * HOUR
    return Pass(at_s, g_m2, low, high, "gritter-0", at_s - 60.0, at_s, rain_mm)


def salted(*passes: Pass) -> EngineState:
    return EngineState(treated={s: TreatedMemory(passes) for s in SEGMENTS})


def damp_hours(until_h: float, rains_from_h: float = 99.0) -> list[Reading]:
    found: list[Reading] = []
    for at_s in np.arange(0.0, until_h * HOUR, 600.0).tolist():
        air = {"air_temperature_c": 4.0, "humidity_pct": 60.0}
        road = {**air, "surface_temperature_c": 3.0, "water_film_mm": 0.0}
        rain = {"precipitation_mm_h": 2.0 if at_s >= rains_from_h * HOUR else 0.0}
        found += [
            ("weather", "wx-0", at_s, {**air, **rain, "wind_speed_m_s": 2.0}),
            ("road", "road-0", at_s + 1, road),
            ("road", "road-1", at_s + 2, road),
        ]
    return found


def run(
    state: EngineState, readings: list[Reading], issues: dict[float, float], minimum_c: float, **more: Any
) -> tuple[EngineState, list[Decision]]:
    """Step through readings with issues of so much salt [g/m²] at so many hours, which have ice in 95 % of cases."""
    rows = {
        int(h * 18) + 1: table(h * HOUR, minimum_c, film_mm=0.12, ice=0.95, salt_g_m2=g, **more)
        for h, g in issues.items()
    }
    after, effects = step(state, with_issues(readings, rows), latest(readings), CONTEXT)
    return after, [e for e in effects if isinstance(e, Decision) and e.subject == "r1"]


def truth(passes: list[Pass], at_s: float, rain_mm: float) -> float:
    """Return the sum of all passes, each by its own time and rain."""
    since = (
        (one.g_m2 * left_of_one((at_s - one.at_s) / HOUR, TRAFFIC), rain_mm - one.rain_mm) for one in passes
    )
    return sum(left * kept_in_rain(mm) for left, mm in since if mm <= P.treatment.rain_mm)


def test_salt_that_has_melted_away_counts_no_more_under_a_second_pass() -> None:
    """20 g of the day before are gone by every issue; 10 g on top passed for 16 until they ended, four hours of ice."""
    hours = (0.5, 1.0, 1.5)
    issues = {h: 10.0 * left_of_one(h, TRAFFIC) for h in hours}
    second, alone = (
        run(salted(*passes), damp_hours(2.0), issues, -4.0)[1]
        for passes in ((spread(-14.0, 20.0), spread(0.0, 10.0)), (spread(0.0, 10.0),))
    )
    told = [[(d.at_s, d.outcome, d.result["spread_rate_g_m2"]) for d in found] for found in (second, alone)]
    assert told[0] == told[1]
    assert second[-1].outcome == "treat"
    assert " at 10 g/m²" in second[-1].reason, "as it was spread"


def test_words_tell_what_was_spread_and_not_what_lay_there_before() -> None:
    first, second = spread(0.0, 18.0), spread(7.0, 8.0)
    now_s = second.at_s + 60.0
    found = coats({"a": [first, second]}, 0.0, now_s, P.treatment, {"a": TRAFFIC})
    assert found["a"].g_m2 == pytest.approx(8.0 + truth([first], second.at_s, 0.0))
    whole = done(list(found.values()), now_s)
    assert whole is not None
    assert (whole.least_g_m2, whole.most_g_m2) == (8.0, 8.0)
    double = coat([first, spread(1.0, 18.0)], 0.0, P.treatment, TRAFFIC)
    assert double.spread_g_m2 == 36.0, "a double run is one treatment"


def test_rain_since_an_issue_takes_from_what_it_has() -> None:
    """4 g/m² stayed 4 g/m² in 1.7 mm of rain while no new issue came."""
    before = salted(spread(-7.0, 30.0))
    dry, wet = (damp_hours(2.0, rains_from_h=h) for h in (99.0, 1.0))
    left = {}
    for name, readings in (("dry", dry), ("wet", wet)):
        state, _ = run(before, readings, {0.9: 4.0}, -2.0)
        now_s = latest(readings)
        here = coats_now(Work(state), CONTEXT, now_s)["s0"]
        left[name] = here.left_g_m2(now_s)
        fallen_mm = state.outdoor["town"].rain_mm
    assert fallen_mm > 1.5
    assert left["dry"] == pytest.approx(4.0, rel=0.1)
    assert left["wet"] == pytest.approx(left["dry"] * kept_in_rain(fallen_mm))


def test_an_issue_longer_ago_than_the_gauge_is_known_counts_with_all_the_rain_since_the_passes() -> None:
    passes, rain_mm = (spread(-20.0, 30.0),), 1.8
    state, _ = run(salted(*passes), damp_hours(1.0), {0.5: 4.0}, -2.0)
    now_s = START + 9.0 * HOUR
    town = Outdoor(
        at_s=now_s, rain_mm=rain_mm, gauge=((START + 2.0 * HOUR, 1.5), (START + 5.0 * HOUR, rain_mm))
    )
    here = coats_now(
        Work(EngineState(treated=state.treated, forecast=state.forecast, outdoor={"town": town})),
        CONTEXT,
        now_s,
    )["s0"]
    assert here.left_g_m2(START + 0.5 * HOUR) <= 4.0 * kept_in_rain(rain_mm) + 1e-9


@pytest.mark.parametrize("coming_mm", [0.3, 0.7, 1.5])
def test_rain_to_come_takes_from_each_pass_what_it_takes_once_it_has_fallen(coming_mm: float) -> None:
    """3.95 g/m² were told to be left of 20 and 16, 0.7 mm apart, by 1.5 mm to come: fallen it left 2.06."""
    passes, now_s = [spread(-14.0, 20.0), spread(-7.0, 16.0, rain_mm=0.7)], START + 2.0 * HOUR
    coming = coat(passes, 0.7, P.treatment, TRAFFIC)
    fallen = coat(passes, 0.7 + coming_mm, P.treatment, TRAFFIC)
    told = left_g_m2(coming, coming_mm, 0.0, now_s, P)
    assert told == pytest.approx(left_g_m2(fallen, 0.0, 0.0, now_s, P))
    assert told == pytest.approx(truth(passes, now_s, 0.7 + coming_mm))


def test_a_treatment_alone_loses_to_rain_what_rain_takes() -> None:
    alone = Coat(20.0, 0.0, 6 * HOUR, rained_mm=0.5)
    assert alone.left_g_m2(0.0) == pytest.approx(20.0)
    assert alone.left_g_m2(0.0, coming_mm=1.0) == pytest.approx(20.0 * kept_in_rain(1.5))
    assert alone.left_g_m2(0.0, coming_mm=1.0, washed_mm=1.4) == 0.0


@pytest.mark.parametrize("kind", ["forecast", "stations"])
def test_salt_at_an_issue_counts_by_whatever_weather_it_was_made(kind: str) -> None:
    """5.5 g/m² of the rules' own book stood against the issue's 0.5 as soon as it was made from stations."""
    _, found = run(salted(spread(-14.0, 20.0)), damp_hours(2.0), {1.0: 0.5}, -1.0, kind=kind)
    assert found[-1].outcome == "treat"
    assert found[-1].inputs["salt_left"]["s0"]["g_m2"] == pytest.approx(0.5, abs=0.05)


def test_a_pass_after_an_issue_brings_back_nothing_that_it_knows_gone() -> None:
    """Of 8 g/m² on 20 that had gone, 13.5 were told to lie there until the next issue."""
    old, new = spread(-14.0, 20.0), spread(1.5, 8.0)
    known = Known(START + HOUR, 0.0, 0.0)
    both = coat([old, new], 0.0, P.treatment, TRAFFIC, known=known)
    alone = coat([new], 0.0, P.treatment, TRAFFIC, known=known)
    for hours in (0.0, 0.5, 6.0, 18.0):
        assert both.left_g_m2(new.at_s + hours * HOUR) == pytest.approx(
            alone.left_g_m2(new.at_s + hours * HOUR)
        )
    assert both.g_m2 == alone.g_m2 == 8.0


def test_a_small_pass_after_an_issue_is_not_taken_for_what_it_knew() -> None:
    """9 of 10.1 g/m² are there at the issue: 8 more are 8 more, though the larger pass before still counts."""
    first, more = spread(-3.0, 20.0), spread(1.2, 8.0)
    known = Known(START + 0.9 * HOUR, 9.0, 0.0)
    before, after = (coat(p, 0.0, P.treatment, TRAFFIC, known=known) for p in ([first], [first, more]))
    assert after.at_s == first.at_s
    now_s = START + 2.0 * HOUR
    added = after.left_g_m2(now_s) - before.left_g_m2(now_s)
    assert added == pytest.approx(8.0 * left_of_one(0.8, TRAFFIC))
    assert before.left_g_m2(known.at_s) == pytest.approx(9.0)


def test_what_a_forecast_has_less_is_missing_of_the_oldest() -> None:
    old, new = spread(-14.0, 20.0), spread(-1.0, 10.0)
    fresh = truth([new], START, 0.0)
    known = Known(START, fresh + 1.0, 0.0)
    here = coat([old, new], 0.0, P.treatment, TRAFFIC, known=known)
    assert here.left_g_m2(START) == pytest.approx(fresh + 1.0)
    assert here.g_m2 - 10.0 == pytest.approx(left_of_one(13.0, TRAFFIC) / left_of_one(14.0, TRAFFIC))


def test_a_pass_counts_for_its_own_hours_once_a_larger_one_has_ended() -> None:
    """It was forgotten under a larger one whose remainder did not count, and the stretch was salted again."""
    old, new = spread(-5.0, 20.0), spread(0.5, 16.0)
    known = Known(START, 0.0, 0.0)
    held, ended = (coat([old, new], 0.0, P.treatment, TRAFFIC, START + h * HOUR, known) for h in (0.9, 1.1))
    assert (held.g_m2, held.until_s) == (20.0, START + HOUR)
    assert (ended.g_m2, ended.until_s) == (16.0, START + 6.5 * HOUR)


def test_no_part_of_a_stretch_has_more_than_the_forecast_has_on_it() -> None:
    half = [spread(-2.0, 20.0, low=0.0, high=0.5), spread(1.0, 10.0, low=0.5, high=1.0)]
    here = coat(half, 0.0, P.treatment, TRAFFIC, known=Known(START, 2.0, 0.0))
    assert here.left_g_m2(START + HOUR) <= 2.0


def test_what_was_spread_just_before_an_issue_counts_whether_it_knows_it_or_not() -> None:
    """The issue may not have it yet; the older ones have what it has beside it, so that nothing counts twice."""
    old, new = spread(-5.0, 20.0), spread(-0.01, 20.0)
    alone = coat([new], 0.0, P.treatment, TRAFFIC, START)
    for told_g_m2 in (0.0, 12.0, 20.0):
        found = coat([old, new], 0.0, P.treatment, TRAFFIC, START, Known(START, told_g_m2, 0.0))
        assert found.left_g_m2(START) == pytest.approx(alone.left_g_m2(START), abs=0.1)
    more = coat([old, new], 0.0, P.treatment, TRAFFIC, START, Known(START, 24.0, 0.0))
    assert more.left_g_m2(START) == pytest.approx(24.0, abs=0.1)
