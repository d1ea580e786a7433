"""Advice in situations that people know: what is said, and what is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rules.core.damp_advice.advise import advise
from rules.core.damp_advice.parameters import AdviceParameters
from rules.core.damp_advice.recent import facts_of, recent_of
from rules.core.damp_advice.state import Advice, Present, Recent
from rules.core.damp_advice.windows import spoken
from rules.core.damp_cause.hours import HomeFacts
from rules.core.damp_cause.parameters import CauseParameters
from rules.core.moisture_events.clearing import ClearTimes
from rules.core.moisture_events.model import Band, Event
from rules.core.psychrometrics import vapour_pressure_pa

P = AdviceParameters()
COOL = Present(
    room="the bathroom", room_c=16.0, humidity_pct=68.0, outdoor_c=4.0, outdoor_vapour_pa=vapour_pressure_pa(4.0, 90.0),
    wind_m_s=3.0, factor=0.70,
)  # fmt: skip
SLOW = ClearTimes(shut_min=190.0, shut_events=9, open_min=35.0, open_events=4)


def by_kind(now: Present, recent: Recent | None = None) -> dict[str, Advice]:
    return {a.kind: a for a in advise(now, Recent() if recent is None else recent, P)}


def test_the_warmth_that_is_enough_is_computed() -> None:
    a = by_kind(COOL)["heat"]
    assert a.sentence == "At the water in your air now, 18 °C in this room keeps the wall below 80 %."
    assert (a.band.low, a.band.middle, a.band.high) == (17.0, 18.0, 19.0)
    assert a.numbers["wall_after_pct"] < 80.0 < a.numbers["wall_before_pct"]


def test_the_humidity_to_stay_below_is_the_sheets() -> None:
    """fRsi .65, 20 °C in, 0 °C out: 51.3 %."""
    frost = replace(COOL, room_c=20.0, humidity_pct=55.0, outdoor_c=0.0, factor=0.65)
    assert by_kind(frost)["stay_below"].sentence == "Keep this room below 51 % while it is 0 °C outside."
    deeper = replace(frost, outdoor_c=-5.0)
    assert (
        by_kind(deeper)["stay_below"].sentence == "Keep this room below 45 % while it is minus 5 °C outside."
    )


def test_a_warm_room_is_not_told_to_heat_and_nobody_to_heat_beyond_reason() -> None:
    wet = replace(COOL, room_c=20.0, humidity_pct=80.0)
    assert "heat" not in by_kind(wet)
    cold = replace(COOL, humidity_pct=90.0)
    assert (
        by_kind(cold)["heat"].sentence == "Warming this room to 18 °C helps, but it is not enough by itself."
    )
    assert "heat" not in by_kind(replace(cold, room_c=18.5))


def test_a_window_is_opened_where_outside_is_drier() -> None:
    a = by_kind(COOL)["airing"]
    assert "Open a window wide for 5 minutes now." in a.sentence
    assert a.band.low < a.band.middle < a.band.high < a.numbers["wall_before_pct"]
    mild = replace(COOL, outdoor_c=6.0, humidity_pct=72.0)
    assert "for 10 minutes" in by_kind(mild)["airing"].sentence


def test_no_window_in_a_gale_nor_where_outside_is_wetter() -> None:
    gale = by_kind(replace(COOL, wind_m_s=15.0))
    assert "too windy" in gale["no_airing"].sentence
    wet = by_kind(
        replace(COOL, humidity_pct=85.0, outdoor_c=15.0, outdoor_vapour_pa=vapour_pressure_pa(15.0, 95.0))
    )
    assert wet["no_airing"].sentence.startswith("The air outside is wetter now")
    same = by_kind(replace(COOL, outdoor_vapour_pa=COOL.vapour_pa - 10.0))
    assert same["no_airing"].sentence.startswith("The air outside is just as wet now")
    unknown = by_kind(replace(COOL, outdoor_vapour_pa=None))
    assert not {"airing", "no_airing"} & unknown.keys()


def test_how_long_the_room_takes_to_clear() -> None:
    recent = Recent(clear_times=SLOW, usual_rise_g_m3=3.0, events_per_day=2.0)
    a = by_kind(COOL, recent)["clearing"]
    assert a.sentence == "The bathroom takes 3 h 10 to clear. With the window open it took 35 minutes."
    assert a.effect_pct > 0.0
    untried = Recent(clear_times=replace(SLOW, open_min=None, open_events=0))
    assert "open the window or use the fan" in by_kind(COOL, untried)["clearing"].sentence
    assert "window" not in by_kind(replace(COOL, wind_m_s=20.0), untried)["clearing"].sentence


@pytest.mark.parametrize(
    "times", [replace(SLOW, shut_min=20.0), replace(SLOW, shut_events=2), replace(SLOW, shut_min=None)]
)
def test_a_room_that_is_quick_or_hardly_known_is_not_told(times: ClearTimes) -> None:
    assert "clearing" not in by_kind(COOL, Recent(clear_times=times))


def test_drying_clothes_elsewhere_is_weighed_by_its_share_of_the_water() -> None:
    a = by_kind(COOL, Recent(drying_g_day=1500.0, water_g_day=6000.0))["less_water"]
    assert "about 1.5 litres of water a day" in a.sentence
    assert a.numbers["wall_after_pct"] < a.numbers["wall_before_pct"]
    assert "less_water" not in by_kind(COOL, Recent(drying_g_day=1500.0))


def test_a_wall_that_is_too_cold_by_itself_is_the_building() -> None:
    bad = replace(
        COOL,
        room_c=19.0,
        humidity_pct=62.0,
        factor=0.40,
        outdoor_c=3.0,
        outdoor_vapour_pa=vapour_pressure_pa(3.0, 90.0),
    )
    assert "It is the building" in by_kind(bad)["building"].sentence
    assert "building" not in by_kind(replace(bad, factor=0.72))


def test_a_dry_home_has_nothing_to_do_but_a_cold_one_is_told_so() -> None:
    dry = replace(COOL, room_c=20.0, humidity_pct=40.0)
    first = advise(dry, Recent(), P)[0]
    assert first.sentence == "Your walls are dry. You do not need to do anything about damp."
    cold = advise(replace(dry, room_c=15.0), Recent(), P)[0]
    assert cold.sentence.endswith("But it is cold here: 18 °C is better for your health.")


def test_lengths_of_time_as_people_say_them() -> None:
    said = [spoken(m) for m in (1.0, 34.6, 59.4, 59.8, 60.0, 62.0, 190.0)]
    assert said == ["1 minute", "35 minutes", "59 minutes", "1 h", "1 h", "1 h", "3 h 10"]


def test_a_factor_that_no_wall_has_is_refused() -> None:
    with pytest.raises(ValueError, match=r"factor 0\.04"):
        replace(COOL, factor=0.04)


def event(activity: str, grams: float) -> Event:
    return Event(
        start_s=0.0, peak_s=600.0, end_s=4200.0, baseline_g_m3=8.0, peak_g_m3=10.0,
        grams=Band(low=0.5 * grams, middle=grams, high=2 * grams), full=False, half_min=20.0, clear_min=60.0, aired=False,
        outdoor_explains=False, rebound=False, activity=activity, confidence=0.8,  # type: ignore[arg-type]
    )  # fmt: skip


def test_what_events_tell_the_cause_and_the_advice() -> None:
    quick = [event("shower", 200.0), event("cooking", 300.0), replace(event("unknown", 900.0), rebound=True)]
    drying = [event("washing", 1800.0)]
    facts = facts_of(HomeFacts(factor=0.7, occupants=2), quick, drying, days=2.0, drying_days=1.0)
    assert facts.water_g_day == 250.0 + 1800.0
    assert facts.drying_g_day == 1800.0
    assert facts.shut_clear_min == 60.0
    p = CauseParameters()
    recent = recent_of(facts, quick, drying, 2.0, 1.0, p)
    assert (recent.events_per_day, recent.usual_rise_g_m3, recent.drying_g_day) == (1.0, 2.0, 1800.0)
    assert recent.water_g_day == pytest.approx(2 * p.person_g_h * p.at_home_h + 2050.0 / p.found_share)
    assert recent_of(facts, [], [], 2.0, 1.0, p).drying_g_day is None
