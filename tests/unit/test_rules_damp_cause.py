"""Why a home is damp, in homes made for one cause each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rules.core.damp_cause.cause import attribute
from rules.core.damp_cause.counterfactual import as_is, heated, normal_excess_pa, sounder
from rules.core.damp_cause.finding import Finding, NotEnough
from rules.core.damp_cause.hours import HomeFacts, HomeHours, known_hours
from rules.core.damp_cause.parameters import CauseParameters
from rules.core.damp_cause.split import load_ratio, ventilation_share
from rules.core.damp_cause.words import sentence
from rules.core.psychrometrics import relative_humidity_pct, vapour_pressure_pa

P = CauseParameters()
SOUND = HomeFacts(factor=0.75)


def weeks(
    room_c: float = 19.0, excess_pa: float = 250.0, outdoor_c: float = 5.0, days: int = 21
) -> HomeHours:
    """Return weeks with a daily course in and out, at an excess over outdoor air of 85 %."""
    hour = np.arange(24.0 * days)
    outdoor = outdoor_c + 3.0 * np.sin(hour / 24.0 * 2 * np.pi)
    room = room_c + 1.0 * np.sin((hour - 6.0) / 24.0 * 2 * np.pi)
    around = vapour_pressure_pa(outdoor, np.full(len(hour), 85.0))
    humidity = np.minimum(relative_humidity_pct(room, around + excess_pa), 100.0)
    return HomeHours(room_c=room, humidity_pct=humidity, outdoor_c=outdoor, outdoor_vapour_pa=around)


def cause(hours: HomeHours, facts: HomeFacts) -> Finding:
    found = attribute(hours, facts, P)
    assert isinstance(found, Finding), found
    assert 0.0 < found.confidence <= 1.0
    return found


def test_a_cold_room_with_ordinary_water_lacks_heat() -> None:
    found = cause(weeks(room_c=12.0), SOUND)
    assert (found.cause, found.confidence) == ("heat", 1.0)
    assert found.evidence.removed["heat"][1] > 0.9
    assert found.evidence.hours_left["heat"][1] < found.evidence.damp_hours[1]


def test_a_cold_wall_in_a_warm_room_is_the_building() -> None:
    found = cause(weeks(room_c=19.5, excess_pa=300.0), HomeFacts(factor=0.45))
    assert (found.cause, found.confidence > 0.8) == ("fabric", True)
    assert "This is the building." in sentence(found)


WET = weeks(room_c=19.0, excess_pa=800.0)


def test_much_water_of_few_people_is_slow_ventilation() -> None:
    facts = replace(SOUND, occupants=2, water_g_day=600.0, volume_m3=160.0)
    found = cause(WET, facts)
    assert found.cause == "ventilation"
    assert found.evidence.ventilation_share == 1.0


def test_much_water_of_many_people_is_load() -> None:
    facts = replace(SOUND, occupants=6, water_g_day=6000.0, volume_m3=120.0)
    assert cause(WET, facts).cause == "load"


def test_with_nothing_known_of_the_household_moisture_is_not_split() -> None:
    found = cause(WET, SOUND)
    assert found.cause == "moisture"
    assert found.evidence.ventilation_share is None
    assert "cannot tell yet" in sentence(found)


def test_clear_times_split_where_the_water_is_not_known() -> None:
    assert ventilation_share(2.0, None, 2.0 * P.usual_clear_min, P) == pytest.approx(1.0)
    assert ventilation_share(2.0, None, P.usual_clear_min, P) == 0.0
    assert ventilation_share(4.0, 2.0, None, P) == pytest.approx(0.5)
    assert ventilation_share(0.9, 2.0, 100.0, P) is None
    assert ventilation_share(2.0, None, None, P) is None


def test_the_load_is_relative_to_what_an_ordinary_home_carries_off() -> None:
    facts = HomeFacts(factor=0.75, occupants=2, water_g_day=1000.0)
    one = load_ratio(facts, P, 300.0, 160.0)
    assert one is not None
    assert load_ratio(facts, P, 600.0, 160.0) == pytest.approx(one / 2.0)
    assert load_ratio(facts, P, 300.0, 80.0) == pytest.approx(one * 2.0)
    assert load_ratio(HomeFacts(factor=0.75, occupants=2), P, 300.0, 160.0) is None
    assert load_ratio(facts, P, 0.0, 160.0) is None


def test_a_dry_home_has_no_cause() -> None:
    found = cause(weeks(room_c=20.0, excess_pa=100.0), SOUND)
    assert (found.cause, found.also) == ("none", ())
    assert sentence(found) == "Your walls were dry nearly all the time."


def test_wet_air_from_outdoors_is_the_weather() -> None:
    hours = weeks(room_c=19.0, excess_pa=30.0, outdoor_c=14.0)
    humid = vapour_pressure_pa(hours.outdoor_c, np.full(len(hours.outdoor_c), 100.0)) + 200.0
    humidity = relative_humidity_pct(hours.room_c, humid + 30.0)
    wet = replace(hours, outdoor_vapour_pa=humid, humidity_pct=humidity)
    assert cause(wet, HomeFacts(factor=0.7)).cause == "outdoor"


def test_a_cold_room_is_not_the_weather_though_outdoor_air_alone_would_wet_its_walls() -> None:
    assert cause(weeks(room_c=9.1, excess_pa=10.0), HomeFacts(factor=0.6)).cause == "heat"


def test_more_than_one_cause_is_named_where_it_removes_nearly_as_much() -> None:
    found = cause(weeks(room_c=15.0, excess_pa=330.0), HomeFacts(factor=0.5))
    assert (found.cause, found.also) == ("fabric", ("heat",))
    assert found.confidence < 0.8
    assert "This may be the building." in sentence(found)
    assert "This may be the building." in sentence(replace(found, confidence=0.95)), (
        "something stands beside it"
    )
    assert "This is the building." in sentence(replace(found, confidence=0.95, also=()))


def test_too_few_hours_and_too_warm_outdoors_are_refused_with_the_reason() -> None:
    short = attribute(weeks(days=9), SOUND, P)
    summer = attribute(weeks(room_c=20.0, outdoor_c=18.0), SOUND, P)
    assert short == NotEnough(
        reason="Only 216 hours have all that is needed; it takes 240.", lacks="hours", have=216.0, need=240.0
    )
    assert isinstance(summer, NotEnough)
    assert "2.0 °C warmer" in summer.reason


def test_hours_that_lack_anything_do_not_count() -> None:
    hours = weeks()
    holes = hours.humidity_pct.copy()
    holes[::2] = np.nan
    known = known_hours(replace(hours, humidity_pct=holes), P.wall_lag_h)
    assert len(known.room_c) == len(holes) // 2
    with pytest.raises(ValueError, match="one length"):
        replace(hours, outdoor_c=np.zeros(3))


def test_a_wider_band_makes_less_sure_never_more() -> None:
    hours = weeks(room_c=16.0, excess_pa=330.0)
    narrow = cause(hours, HomeFacts(factor=0.65, factor_band=0.0)).confidence
    wide = cause(hours, HomeFacts(factor=0.65, factor_band=0.15)).confidence
    assert wide <= narrow


def test_remedies_never_make_it_worse_and_more_of_one_is_better() -> None:
    known = known_hours(weeks(room_c=15.0, excess_pa=500.0), P.wall_lag_h)
    before = as_is(known, 0.6, 80.0)
    warm = [heated(known, 0.6, 80.0, t).dose_pct_h for t in (10.0, 17.0, 19.0)]
    assert warm == sorted(warm, reverse=True)
    assert warm[0] == before.dose_pct_h
    assert sounder(known, 0.6, 80.0, 0.5) == before


def test_the_ordinary_excess_falls_to_nothing_at_20_degrees() -> None:
    excess = normal_excess_pa(np.array([-5.0, 0.0, 10.0, 20.0, 30.0]), 540.0)
    assert excess.tolist() == [540.0, 540.0, 270.0, 0.0, 0.0]


def test_words_blame_nobody() -> None:
    cases = [
        cause(weeks(room_c=12.0), SOUND),
        cause(WET, replace(SOUND, occupants=6, water_g_day=6000.0, volume_m3=120.0)),
        cause(WET, replace(SOUND, occupants=2, water_g_day=600.0, volume_m3=160.0)),
    ]
    for found in cases:
        said = sentence(found).lower()
        assert not any(word in said for word in ("fault", "should", "mould", "lifestyle", "too many people"))


@pytest.mark.parametrize(("occupants", "water_g_day"), [(0, 0.0), (0, 300.0), (1, 0.0)])
def test_an_empty_home_is_judged_and_nobody_s_water_is_not_divided_by(
    occupants: int, water_g_day: float
) -> None:
    facts = replace(SOUND, occupants=occupants, water_g_day=water_g_day)
    found = attribute(weeks(excess_pa=900.0), facts, P)
    assert isinstance(found, Finding)
    if occupants == 0 and water_g_day == 0.0:
        assert found == attribute(weeks(excess_pa=900.0), SOUND, P)


def test_a_rise_that_clears_at_once_tells_nothing_of_ventilation() -> None:
    assert ventilation_share(2.0, None, 0.0, P) is None
