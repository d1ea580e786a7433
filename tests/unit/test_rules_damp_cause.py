"""Why a home is damp, in homes made for one cause each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rules.core.damp_cause.cause import attribute
from rules.core.damp_cause.counterfactual import as_is, drier, heated, normal_excess_pa, sounder
from rules.core.damp_cause.drier import driers
from rules.core.damp_cause.finding import Finding, NotEnough
from rules.core.damp_cause.hours import HomeFacts, HomeHours, known_hours
from rules.core.damp_cause.parameters import CauseParameters
from rules.core.damp_cause.split import (
    left_by_airing,
    left_by_less_drying,
    share_by_clearing,
    share_by_what_is_left,
)
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


FEW = replace(SOUND, occupants=2, water_g_day=600.0, drying_g_day=0.0, volume_m3=160.0)
DRYING = replace(SOUND, occupants=5, water_g_day=4000.0, drying_g_day=2600.0, volume_m3=120.0)


def test_much_water_of_few_people_is_slow_ventilation() -> None:
    found = cause(WET, FEW)
    assert found.cause == "ventilation"
    assert found.evidence.ventilation_share == 1.0
    assert found.evidence.removed["ventilation"] == found.evidence.removed["moisture"]
    assert found.evidence.removed["load"][2] == 0.0


def test_many_clothes_dried_in_a_home_that_is_aired_are_load() -> None:
    found = cause(WET, DRYING)
    assert found.cause == "load"
    low, _, high = found.evidence.removed["load"]
    assert 0.0 < low <= high


def test_the_water_of_a_crowd_is_no_load_that_could_be_removed() -> None:
    """Breath and showers stay whoever mends what: in a crowded home without clothes to dry it is the airing."""
    crowd = replace(SOUND, occupants=6, water_g_day=1500.0, drying_g_day=0.0, volume_m3=160.0)
    assert cause(weeks(room_c=19.0, excess_pa=700.0), crowd).cause == "ventilation"


def test_of_several_things_wrong_each_is_asked_what_it_would_remove() -> None:
    """A cold wall, four people, no fan: to air it as ordinary homes are removes more than a wall that is sound."""
    facts = HomeFacts(factor=0.6, occupants=4, water_g_day=1500.0, drying_g_day=300.0)
    found = cause(weeks(room_c=18.5, excess_pa=750.0), facts)
    assert found.cause == "ventilation"
    assert found.evidence.removed["ventilation"][1] > found.evidence.removed["fabric"][1]


def test_with_nothing_known_of_the_household_moisture_is_not_split() -> None:
    found = cause(WET, SOUND)
    assert found.cause == "moisture"
    assert found.evidence.ventilation_share is None
    assert set(found.evidence.removed) == {"heat", "fabric", "moisture"}
    assert "cannot tell yet" in sentence(found)


def test_clear_times_split_where_the_water_is_not_known() -> None:
    assert share_by_clearing(2.0, 2.0 * P.usual_clear_min, P) == pytest.approx(1.0)
    assert share_by_clearing(2.0, P.usual_clear_min, P) == 0.0
    assert share_by_clearing(4.0, 2.0 * P.usual_clear_min, P) == pytest.approx(0.5)
    assert share_by_clearing(0.9, 100.0, P) is None
    assert share_by_clearing(2.0, None, P) is None


def test_airing_leaves_what_it_does_not_carry_off_and_nothing_worse() -> None:
    one = left_by_airing(4000.0, 800.0, 160.0, 0.65)
    assert 0.0 < one < 1.0
    assert left_by_airing(4000.0, 800.0, 320.0, 0.65) == pytest.approx(0.5 * one)
    assert left_by_airing(4000.0, 800.0, 160.0, 1.3) == pytest.approx(0.5 * one)
    assert left_by_airing(20_000.0, 800.0, 160.0, 0.65) == 1.0
    assert left_by_airing(4000.0, -50.0, 160.0, 0.65) == 1.0


def test_only_clothes_beyond_the_ordinary_can_be_dried_elsewhere() -> None:
    some = replace(SOUND, drying_g_day=800.0)
    left = left_by_less_drying(some, 6000.0, 600.0, P)
    assert 0.0 < left < 1.0
    assert left_by_less_drying(replace(some, drying_g_day=1200.0), 6000.0, 600.0, P) < left
    assert left_by_less_drying(replace(some, drying_g_day=20.0), 6000.0, 600.0, P) == 1.0
    assert left_by_less_drying(SOUND, 6000.0, 600.0, P) == 1.0
    assert left_by_less_drying(some, 6000.0, 0.0, P) == 1.0


def test_the_share_of_drying_hangs_not_on_the_air_that_was_assumed() -> None:
    some = replace(SOUND, drying_g_day=800.0)
    twice = replace(SOUND, drying_g_day=1600.0, drying_carried_m3_h=2.0 * some.drying_carried_m3_h)
    assert left_by_less_drying(twice, 6000.0, 600.0, P) == left_by_less_drying(some, 6000.0, 600.0, P)


def test_what_both_remedies_remove_is_shared() -> None:
    assert share_by_what_is_left(0.6, 0.8) == pytest.approx(2.0 / 3.0)
    assert (share_by_what_is_left(1.0, 1.0), share_by_what_is_left(1.0, 0.7)) == (0.5, 0.0)


def test_the_middle_of_what_is_assumed_is_that_of_all_middles() -> None:
    known = known_hours(WET, P.wall_lag_h)
    home = replace(FEW, volume_m3=None)
    air = driers(known, home, P)
    narrow = replace(home, volume_m3=P.volume_m3[1])
    assert air[len(air) // 2] == driers(known, narrow, P)[1]
    assert all(a.moisture <= 1.0 for a in (*air, *driers(known, SOUND, P)))


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
    assert drier(known, 0.6, 80.0, 1.0) == before
    assert drier(known, 0.6, 80.0, 0.5).dose_pct_h < before.dose_pct_h


def test_the_ordinary_excess_falls_to_nothing_at_20_degrees() -> None:
    excess = normal_excess_pa(np.array([-5.0, 0.0, 10.0, 20.0, 30.0]), 540.0)
    assert excess.tolist() == [540.0, 540.0, 270.0, 0.0, 0.0]


def test_words_blame_nobody() -> None:
    cases = [
        cause(weeks(room_c=12.0), SOUND),
        cause(WET, DRYING),
        cause(WET, FEW),
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
    assert share_by_clearing(2.0, 0.0, P) is None
