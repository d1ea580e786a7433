"""Showers, cooking, windows and drying clothes in rooms whose water is known exactly."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest

from rules.core.moisture_events.clearing import clear_times
from rules.core.moisture_events.drying import find_drying, usual_g_h
from rules.core.moisture_events.find import Found, find
from rules.core.moisture_events.grid import Outdoor, grid_of
from rules.core.moisture_events.kinds import guess, hour_density
from rules.core.moisture_events.parameters import DryingParameters, MoistureParameters, RoomParameters
from rules.core.psychrometrics import Floats
from tests.fakes.moist_room import Release, humidity_pct, room_vapour_g_m3, series

P = MoistureParameters(room=RoomParameters(volume_m3=15.0))
SHOWER = Release(7 * 3600.0, 600.0, 60.0)


def found(vapour: Floats, at_s: Floats, p: MoistureParameters = P, outdoor: Outdoor | None = None) -> Found:
    warm = np.full(len(at_s), 20.0)
    return find(at_s, warm, humidity_pct(vapour, warm), p, outdoor)


def shower(hours: float = 14.0, per_hour: float = 1.0) -> tuple[Floats, Floats]:
    at_s = series(hours)
    return at_s, room_vapour_g_m3(at_s, [SHOWER], volume_m3=15.0, per_hour=per_hour, level_g_m3=8.0)


def steady(at_s: Floats, g_m3: float) -> Outdoor:
    """Return outdoor air that holds so much once it is at 20 °C."""
    return Outdoor(at_s, np.full(len(at_s), g_m3 * 461.5 * 293.15 / 1000.0))


def test_a_shower_is_found_with_its_times_grams_and_decay() -> None:
    at_s, vapour = shower()
    (e,) = found(vapour, at_s).events
    assert abs(e.start_s - SHOWER.start_s) <= 300.0
    assert abs(e.peak_s - (SHOWER.start_s + SHOWER.length_s)) <= 300.0
    assert e.baseline_g_m3 == pytest.approx(8.0, abs=0.01)
    assert e.half_min == pytest.approx(60.0 * math.log(2.0), rel=0.03)
    assert e.clear_min == pytest.approx(60.0 * math.log(10.0), rel=0.03)
    assert e.grams.middle == pytest.approx(SHOWER.grams, rel=0.1)
    assert e.grams.low < SHOWER.grams < e.grams.high
    assert (e.activity, e.outdoor_explains, e.rebound, e.aired) == ("shower", None, False, False)


def test_long_cooking_is_told_from_a_shower_by_its_length_and_hour() -> None:
    at_s = series(30.0)
    cooking = Release(18 * 3600.0, 2700.0, 200.0)
    vapour = room_vapour_g_m3(at_s, [cooking], volume_m3=15.0, per_hour=2.0, level_g_m3=8.0)
    (e,) = found(vapour, at_s).events
    assert (e.activity, e.confidence > 0.8) == ("cooking", True)
    # The peak is known to a bin, so the half-life is too.
    assert e.grams.middle == pytest.approx(200.0, rel=0.15)


def test_where_the_air_is_full_the_grams_are_the_least_there_was() -> None:
    at_s = series(14.0)
    much = Release(7 * 3600.0, 600.0, 600.0)
    vapour = room_vapour_g_m3(at_s, [much], volume_m3=15.0, per_hour=1.0, level_g_m3=8.0)
    (e,) = found(vapour, at_s).events
    assert e.full
    assert e.grams.middle < 600.0
    assert not found(*reversed(shower())).events[0].full


def test_what_could_be_either_is_unknown() -> None:
    activity, confidence = guess(26.0, 3.0, P.kind)
    assert activity == "unknown"
    assert confidence < P.kind.unsure


def test_the_hours_of_a_day_add_up_to_one_and_the_day_is_a_circle() -> None:
    hours = np.arange(0.0, 24.0, 0.1)
    total = sum(hour_density(h, P.kind.shower_hours, 0.25) for h in hours) * 0.1
    assert total == pytest.approx(1.0, abs=1e-3)
    assert hour_density(0.1, ((23.9, 1.0, 1.0),), 0.0) > hour_density(3.0, ((23.9, 1.0, 1.0),), 0.0)


def test_an_opened_window_is_no_event_though_relative_humidity_rises() -> None:
    """The sheet's Bristol bedroom: 19.6 → 17.3 °C, 5.76 → 5.16 g/m³, 34.2 → 35.0 %."""
    at_s = series(6.0)
    open_ = at_s > 3 * 3600.0
    air = np.where(open_, 17.3, 19.6)
    humidity = humidity_pct(np.where(open_, 5.16, 5.76), air)
    assert humidity[-1] > humidity[0]
    result = find(at_s, air, humidity, P, steady(at_s, 4.0))
    assert result.events == ()
    assert len(result.airings) == 1
    assert result.airings[0].toward_outdoor == pytest.approx(0.6 / 1.76, abs=0.03)


def test_the_settling_of_a_shower_is_no_opened_window() -> None:
    at_s, vapour = shower()
    assert found(vapour, at_s, outdoor=steady(at_s, 5.0)).airings == ()


def test_a_fall_where_outdoors_is_wetter_is_no_opened_window() -> None:
    at_s = series(6.0)
    vapour = np.where(at_s > 3 * 3600.0, 7.0, 8.0)
    assert found(vapour, at_s, outdoor=steady(at_s, 9.0)).airings == ()


def test_a_window_shortens_the_time_to_clear() -> None:
    at_s, vapour = shower()
    opened = np.where(at_s > SHOWER.start_s + 1800.0, 8.0, vapour)
    shut, aired = found(vapour, at_s).events[0], found(opened, at_s, outdoor=steady(at_s, 5.0)).events[0]
    assert (shut.aired, aired.aired) == (False, True)
    times = clear_times([shut, aired])
    assert times.open_min is not None
    assert times.shut_min is not None
    assert times.open_min < 0.3 * times.shut_min
    assert (times.shut_events, times.open_events) == (1, 1)


def test_what_outdoor_air_can_do_is_not_the_households() -> None:
    at_s = series(8.0)
    vapour = np.where(at_s > 4 * 3600.0, 9.5, 8.0)
    (wet,) = found(vapour, at_s, outdoor=steady(at_s, 11.0)).events
    (dry,) = found(vapour, at_s, outdoor=steady(at_s, 6.0)).events
    assert (wet.outdoor_explains, wet.of_the_household) == (True, False)
    assert (dry.outdoor_explains, dry.of_the_household) == (False, True)


def test_furnishings_giving_water_back_are_a_rebound() -> None:
    at_s = series(8.0)
    vapour = np.full(len(at_s), 8.0)
    vapour[(at_s > 4 * 3600.0) & (at_s < 4 * 3600.0 + 1200.0)] = 6.5
    result = found(vapour, at_s, outdoor=steady(at_s, 5.0))
    assert [e.rebound for e in result.events] == [True]
    assert len(result.airings) == 1


def test_nothing_is_said_across_a_gap() -> None:
    at_s = series(8.0)
    vapour = np.where(at_s > 4 * 3600.0, 10.0, 8.0)
    kept = (at_s < 3.5 * 3600.0) | (at_s > 4.5 * 3600.0)
    assert found(vapour[kept], at_s[kept]).events == ()
    assert len(found(vapour, at_s).events) == 1


def test_a_clear_time_hidden_by_a_gap_is_not_known() -> None:
    at_s, vapour = shower()
    hidden = (at_s > SHOWER.start_s + 900.0) & (at_s < SHOWER.start_s + 3 * 3600.0)
    (e,) = found(vapour[~hidden], at_s[~hidden]).events
    assert (e.half_min, e.clear_min) == (None, None)
    assert e.end_s == e.peak_s


def test_a_second_shower_ends_the_watch_on_the_first() -> None:
    at_s = series(14.0)
    two = [SHOWER, Release(8 * 3600.0, 600.0, 60.0)]
    vapour = room_vapour_g_m3(at_s, two, volume_m3=15.0, per_hour=1.0, level_g_m3=8.0)
    first, second = found(vapour, at_s).events
    assert (first.clear_min, second.clear_min is not None) == (None, True)


def test_a_quiet_noisy_room_has_no_events() -> None:
    rng = np.random.default_rng(5)
    at_s = series(24.0 * 14)
    air = np.round(19.0 + 2.0 * np.sin(at_s / 86_400.0 * 2 * np.pi) + rng.normal(0, 0.05, len(at_s)), 2)
    humidity = np.round(55.0 + rng.normal(0, 0.35, len(at_s)), 1)
    assert find(at_s, air, humidity, P) == Found(events=(), airings=())


def test_no_readings_no_events() -> None:
    nothing = np.empty(0)
    assert find(nothing, nothing, nothing, P).events == ()
    unknown = np.full(3, np.nan)
    assert find(np.arange(3.0), unknown, unknown, P).events == ()
    assert find_drying(nothing, nothing, nothing, P, Outdoor(nothing, nothing)) == ()


def test_the_grid_takes_means_and_leaves_empty_bins_unknown() -> None:
    at_s = np.array([10.0, 20.0, 950.0, 960.0])
    grid = grid_of(at_s, np.full(4, 20.0), np.array([40.0, 60.0, 50.0, np.nan]), 300.0)
    assert len(grid) == 4
    assert grid.vapour_g_m3[[0, 3]] == pytest.approx(8.64, abs=0.03)
    assert np.isnan(grid.vapour_g_m3[1:3]).all()
    assert np.isnan(grid.outdoor_g_m3).all()


def test_outdoor_air_is_not_believed_far_from_an_observation() -> None:
    outdoor = Outdoor(np.array([0.0, 3600.0, 90_000.0]), np.array([5.0, 6.0, 9.0]))
    at = outdoor.at(np.array([1800.0, 40_000.0, 90_000.0]))
    assert at[0] == 5.5
    assert np.isnan(at[1])
    assert at[2] == 9.0


def washing_days(extra_g: float) -> tuple[Floats, Floats]:
    at_s = series(24.0 * 9)
    loads = [Release(8 * 86_400.0 + 10 * 3600.0, 10 * 3600.0, extra_g)] if extra_g > 0 else []
    return at_s, room_vapour_g_m3(at_s, loads, volume_m3=160.0, per_hour=0.5, level_g_m3=8.0)


def test_drying_clothes_are_found_beside_the_days_before() -> None:
    p, warm = MoistureParameters(), np.full(9 * 288, 20.0)
    at_s, vapour = washing_days(2000.0)
    (e,) = find_drying(at_s, warm, humidity_pct(vapour, warm), p, steady(at_s, 6.0))
    assert abs(e.start_s - (8 * 86_400.0 + 10 * 3600.0)) <= 2 * 3600.0
    assert e.activity == "washing"
    assert e.grams.low < 2000.0 < e.grams.high
    at_s, quiet = washing_days(0.0)
    assert find_drying(at_s, warm, humidity_pct(quiet, warm), p, steady(at_s, 6.0)) == ()


def test_drying_is_not_looked_for_without_outdoors_nor_in_the_first_days() -> None:
    p, warm = MoistureParameters(), np.full(9 * 288, 20.0)
    at_s, vapour = washing_days(2000.0)
    humidity = humidity_pct(vapour, warm)
    assert find_drying(at_s, warm, humidity, p, Outdoor(np.empty(0), np.empty(0))) == ()
    late = at_s > 6 * 86_400.0
    assert find_drying(at_s[late], warm[late], humidity[late], p, steady(at_s, 6.0)) == ()


def test_the_usual_is_of_the_same_hour_of_the_days_before_only() -> None:
    p = DryingParameters(usual_days=5, least_days=4, usual_share=0.5)
    released = np.tile(np.arange(24.0), 6)
    usual = usual_g_h(released, p)
    assert np.isnan(usual[:96]).all()
    assert usual[96:] == pytest.approx(released[96:])


def test_settings_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(ValueError, match="smooth_h 4 must be odd"):
        DryingParameters(smooth_h=4)
    with pytest.raises(ValueError, match="least_days 11"):
        DryingParameters(least_days=11)
    assert msgspec.convert(msgspec.to_builtins(P), MoistureParameters) == P
