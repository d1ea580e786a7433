"""Road state now: readings on steps, sensors judged by their neighbours, thermal mapping, weather without a forecast."""

from __future__ import annotations

import numpy as np
import pytest

from rules.core.road_now import coming
from rules.core.road_now import weather as wx
from rules.core.road_now.model import SensorReadings, StationReadings
from rules.core.road_now.observed import gridded
from rules.core.road_now.parameters import SHIPPED
from rules.core.road_now.table import HOURS, QUANTITIES, UNKNOWN, packed, unpacked
from rules.core.road_now.thermal_map import learnt, unknown
from rules.core.road_now.trust import judged
from rules.core.road_now.weather_type import BY_DAY, DAMPED, EXTREME, INTERMEDIATE, prevailing, weather_type
from rules.core.weather_forecast import Place, WeatherForecast

ENDS = 1200.0 * np.arange(1.0, 10.0)
ONE = np.zeros(3, dtype=np.int64)
AT_S = 1_768_147_200.0
PLACE = wx.Place(55.0, -3.0, 100.0)
RELAXING = coming.Relaxing(4.0, SHIPPED.air)


def test_a_step_has_the_last_reading_of_a_sensor_and_the_mean_of_a_town() -> None:
    at_s, values = np.array([1300.0, 2300.0, 2400.0]), np.array([1.0, 2.0, 6.0])
    assert gridded(ENDS, ONE, at_s, values, 1, 600.0)[1, 0] == 6.0
    assert gridded(ENDS, ONE, at_s, values, 1, 600.0, means=True)[1, 0] == 3.0


def test_short_gaps_are_bridged_and_long_ones_are_not() -> None:
    at_s, values = np.array([1200.0, 3600.0, 10_800.0]), np.array([1.0, 3.0, 9.0])
    found = gridded(ENDS, ONE, at_s, values, 1, 1200.0)[:, 0]
    np.testing.assert_allclose(found[:3], [1.0, 2.0, 3.0])
    assert found[3] == pytest.approx(4.0)  # within the gap of a step that has a value
    assert np.isnan(found[4:7]).all()
    assert np.isnan(gridded(ENDS, ONE, at_s, values * np.nan, 1, 1200.0)).all()


def test_what_is_outside_of_the_steps_is_left_out() -> None:
    found = gridded(ENDS, ONE, np.array([-1.0, 0.0, 20_000.0]), np.ones(3), 1, 600.0)
    assert np.isnan(found).all()


def beyond(*offsets: float, steps: int = 20) -> np.ndarray:
    rng = np.random.default_rng(5)
    return np.array(offsets)[None, :] + rng.normal(0.0, 0.1, (steps, len(offsets)))


def alike(n: int) -> np.ndarray:
    return np.ones((n, n))


@pytest.mark.parametrize("error", [2.0, -2.0])
def test_a_sensor_two_degrees_wrong_is_found(error: float) -> None:
    found = judged(beyond(0.2, -0.1, error, 0.0, 0.3, -0.3), alike(6), SHIPPED.trust, 5)
    assert found.wrong.tolist() == [False, False, True, False, False, False]
    assert found.error_c[2] == pytest.approx(error, abs=0.4)


def test_what_is_wrong_with_all_of_them_is_the_weather() -> None:
    assert not judged(beyond(3.0, 3.1, 2.9, 3.0, 3.2), alike(5), SHIPPED.trust, 5).wrong.any()


def test_the_neighbour_of_a_wrong_one_is_not_blamed() -> None:
    weight = alike(6) + 400.0 * (np.eye(6)[[1, 0, 2, 3, 4, 5]] * np.array([1, 1, 0, 0, 0, 0])[:, None])
    found = judged(beyond(0.0, 2.0, 0.1, -0.1, 0.2, 0.0), weight, SHIPPED.trust, 5)
    assert found.wrong.tolist() == [False, True, False, False, False, False]


def test_too_few_to_judge_by_is_said() -> None:
    found = judged(beyond(0.0, 2.0, 0.0), alike(3), SHIPPED.trust, 5)
    assert np.isnan(found.error_c).all()
    assert not found.wrong.any()
    short = judged(beyond(0.0, 2.0, 0.0, 0.1, 0.2, steps=3), alike(5), SHIPPED.trust, 5)
    assert not short.wrong.any()


def test_one_that_was_wrong_must_come_clearly_back() -> None:
    readings = beyond(0.0, 1.0, 0.0, 0.1, -0.1, 0.0)
    assert not judged(readings, alike(6), SHIPPED.trust, 5).wrong.any()
    assert judged(readings, alike(6), SHIPPED.trust, 5, {1}).wrong.tolist()[1]
    back = judged(beyond(0.0, 0.4, 0.0, 0.1, -0.1, 0.0), alike(6), SHIPPED.trust, 5, {1})
    assert not back.wrong.any()


def test_weather_types() -> None:
    p = SHIPPED.mapping
    cloud, wind = np.array([0.0, 0.5, 1.0, 0.0, np.nan]), np.array([1.0, 1.0, 1.0, 9.0, 1.0])
    nothing = np.zeros(5)
    found = weather_type(cloud, wind, nothing, nothing, p)
    assert found.tolist() == [EXTREME, INTERMEDIATE, DAMPED, DAMPED, INTERMEDIATE]
    assert weather_type(cloud, wind, nothing + 0.2, nothing, p).tolist() == [DAMPED] * 5
    assert weather_type(cloud, wind, nothing, nothing + 99.0, p).tolist() == [BY_DAY] * 5
    assert prevailing(np.array([EXTREME, EXTREME, DAMPED, BY_DAY, BY_DAY, BY_DAY])) == EXTREME
    assert prevailing(np.array([EXTREME, DAMPED])) == DAMPED
    assert prevailing(np.array([BY_DAY])) == DAMPED


def test_thermal_mapping_believes_more_nights_more_and_forgets() -> None:
    p, flat = SHIPPED.mapping, np.zeros((2, 3))
    kinds, where = np.array([EXTREME]), np.array([0])
    offsets, deviations, mapped = [], [], unknown(2)
    for _ in range(40):
        mapped = learnt(mapped, kinds, where, np.array([-2.0]), 1.0, p)
        offsets.append(mapped.offset_c(flat, p)[EXTREME, 0])
        deviations.append(mapped.deviation_c(p)[EXTREME, 0])
    assert offsets[0] == pytest.approx(-1.0)  # a night weighs as much as knowing nothing
    assert np.diff(offsets).max() < 1e-9
    assert offsets[-1] == pytest.approx(-2.0, abs=0.11)
    assert deviations[0] > deviations[10] > 0.0
    assert mapped.nights[EXTREME, 0] == pytest.approx(p.most_nights)
    assert mapped.offset_c(flat, p)[DAMPED].tolist() == [0.0, 0.0]
    for _ in range(40):
        mapped = learnt(mapped, kinds, where, np.array([1.0]), 1.0, p)
    assert mapped.offset_c(flat, p)[EXTREME, 0] > 0.4


def test_what_measured_hills_have_in_common_goes_on_to_others() -> None:
    p, height = SHIPPED.mapping, np.array([-4.0, -2.0, 2.0, 4.0, 4.0])
    features = np.stack([height, 0.0 * height, 0.0 * height], axis=1)
    mapped = unknown(5)
    for _ in range(8):
        where = np.arange(4)
        mapped = learnt(mapped, np.full(4, EXTREME), where, 0.3 * height[:4], 1.0, p)
    offset = mapped.offset_c(features, p)[EXTREME]
    assert offset[4] == pytest.approx(0.3 * 4.0, abs=0.5)
    assert mapped.offset_c(features * 0.0, p)[EXTREME, 4] == 0.0


def test_measurements_by_day_and_unknown_ones_teach_nothing() -> None:
    kinds = np.array([BY_DAY, EXTREME])
    mapped = learnt(unknown(2), kinds, np.array([0, 1]), np.array([5.0, np.nan]), 1.0, SHIPPED.mapping)
    assert mapped.nights.sum() == 0.0


def test_tables_keep_hundredths_and_what_is_unknown() -> None:
    rng = np.random.default_rng(1)
    values = rng.uniform(-1.0, 1.0, (len(QUANTITIES), HOURS, 7))
    values[0, 0, 0], values[1, 1, 1] = np.nan, 1e9
    whole = packed(values)
    assert whole[0, 0, 0] == UNKNOWN
    back = unpacked(whole)
    assert np.isnan(back[0, 0, 0])
    assert back[1, 1, 1] == pytest.approx(327.67)
    told = np.moveaxis(values, 2, 0).copy()
    told[1, 1, 1] = back[1, 1, 1]
    np.testing.assert_allclose(back, told, atol=0.0051)
    np.testing.assert_array_equal(packed(np.moveaxis(back, 0, 2)), whole)


def stations(hours: float = 48.0, air_c: float = 3.0, **more: float) -> StationReadings:
    at_s = np.arange(AT_S - hours * 3600.0, AT_S + 1.0, 600.0)
    given = {
        "air_c": air_c + 2.0 * np.sin(2.0 * np.pi * (at_s - AT_S) / 86_400.0), "humidity_pct": 90.0 + 0.0 * at_s,
        "wind_m_s": 2.0 + 0.0 * at_s, "shortwave_w_m2": at_s * np.nan, "longwave_w_m2": at_s * np.nan,
        "cloud": 0.4 + 0.0 * at_s, "rain_mm_h": 0.0 * at_s, "snow_mm_h": 0.0 * at_s, "pressure_hpa": 1000.0 + 0.0 * at_s,
    }  # fmt: skip
    return StationReadings(at_s=at_s, **{**given, **{n: v + 0.0 * at_s for n, v in more.items()}})


EMPTY = np.empty(0)
NO_SENSORS = SensorReadings(
    sensor=np.empty(0, dtype=np.int64), at_s=EMPTY, surface_c=EMPTY, air_c=EMPTY, humidity_pct=EMPTY, film_mm=EMPTY
)  # fmt: skip
NO_STATIONS = StationReadings(**dict.fromkeys(StationReadings.__dataclass_fields__, EMPTY))
PAST_ENDS = AT_S - 48.0 * 3600.0 + 1200.0 * np.arange(1.0, 145.0)


def past(found: StationReadings) -> wx.Weather:
    return wx.measured(PAST_ENDS, wx.columns(PAST_ENDS, found, NO_SENSORS, 3600.0), PLACE, {}, 4.0)


def test_without_a_forecast_the_air_takes_much_of_the_last_days_course_under_cloud() -> None:
    later = coming.expected(past(stations(cloud=1.0)), 24, None, PLACE, RELAXING)
    air = later.air_c[:, 0, 0]
    assert air[0] == pytest.approx(3.0, abs=0.1)
    assert air[6] == pytest.approx(3.0 + wx.ALIKE * 2.0, abs=0.3)
    assert air[18] == pytest.approx(3.0 - wx.ALIKE * 2.0, abs=0.3)
    assert not np.isnan(later.shortwave_w_m2).any()


def test_without_a_forecast_a_clear_calm_night_cools_with_the_root_of_time() -> None:
    later = coming.expected(past(stations(cloud=0.0, wind_m_s=0.5)), 12, None, PLACE, RELAXING)
    air = later.air_c[:, 0, 0]  # from sunset on
    assert -6.0 < air[12] - air[1] < -3.0
    assert air[2] - air[6] > air[6] - air[10] > 0.0


def test_rain_dies_out_without_a_forecast() -> None:
    later = coming.expected(past(stations(rain_mm_h=2.0)), 24, None, PLACE, RELAXING)
    rain = later.rain_mm_h[:, 0, 0]
    assert 0.5 < rain[1] < 1.0
    assert rain[6:].max() == 0.0


def said(hours: int = 30, **columns: object) -> WeatherForecast:
    at_s = AT_S - 3600.0 + 3600.0 * np.arange(hours)
    plain = np.zeros(hours)
    given = {
        "air_c": plain - 2.0, "dew_point_c": plain - 3.0, "wind_m_s": plain + 3.0, "cloud": plain + 0.1,
        "precipitation_mm_h": plain, "snow_mm_h": plain * np.nan, "pressure_hpa": plain + 1010.0,
    }  # fmt: skip
    return WeatherForecast(
        place=Place("town", 55.0, -3.0),
        issued_s=AT_S - 7200.0,
        source="town",
        at_s=at_s,
        **{**given, **columns},
    )


def test_a_forecast_is_moved_to_what_is_measured_now_and_the_move_dies_out() -> None:
    later = coming.expected(past(stations()), 24, said(), PLACE, RELAXING)
    air = later.air_c[:, 0, 0]
    assert air[0] == pytest.approx(3.0, abs=0.1)
    assert air[4] == pytest.approx(-2.0 + 5.0 * np.exp(-1.0), abs=0.1)
    assert air[20] == pytest.approx(-2.0, abs=0.1)


def test_the_altitude_of_a_forecast_counts() -> None:
    high = said()
    at_place = Place("hill", 55.0, -3.0, altitude_m=300.0)
    moved = WeatherForecast(
        place=at_place, issued_s=high.issued_s, source="town", at_s=high.at_s, **high.columns()
    )
    later = coming.expected(past(stations()), 24, moved, PLACE, RELAXING)
    assert later.air_c[-1, 0, 0] == pytest.approx(-2.0 + 1.3, abs=0.1)


def test_snow_is_told_from_rain_where_the_forecast_does_not_say() -> None:
    wet = said(precipitation_mm_h=np.full(30, 1.0))
    later = coming.expected(past(stations(air_c=-2.0)), 24, wet, PLACE, RELAXING)
    assert later.snow_mm_h[12, 0, 0] == 1.0
    assert later.rain_mm_h[12, 0, 0] == 0.0


def test_a_forecast_s_sun_is_the_mean_of_the_hour_before() -> None:
    """Taken for the sun of the hour's end it would rise, and set, half an hour late."""
    at_s, quarter = AT_S + 3600.0 * np.arange(-1.0, 29.0), 60.0 * (np.arange(60.0) + 0.5)
    mean = 0.6 * wx.clear_sky_w_m2((at_s[:, None] - quarter).ravel(), PLACE).reshape(30, 60).mean(axis=1)
    later = coming.expected(past(stations()), 24, said(shortwave_w_m2=mean), PLACE, RELAXING)
    true = 0.6 * wx.clear_sky_w_m2(later.at_s, PLACE)
    assert true.max() > 60.0
    np.testing.assert_allclose(later.shortwave_w_m2[:, 0, 0], true, atol=2.0)
    assert np.abs(np.interp(later.at_s, at_s, mean) - true).max() > 20.0, (
        "so much was wrong at the hour's end"
    )


def test_a_forecast_s_sun_that_is_not_given_follows_from_its_cloud() -> None:
    partly = np.full(30, np.nan)
    partly[20:] = 40.0
    later = coming.expected(past(stations()), 24, said(shortwave_w_m2=partly), PLACE, RELAXING)
    assert not np.isnan(later.shortwave_w_m2).any()
    plain = coming.expected(past(stations()), 24, said(), PLACE, RELAXING)
    np.testing.assert_array_equal(later.shortwave_w_m2[:18], plain.shortwave_w_m2[:18])


def test_radiation_of_the_sky_is_a_mean_of_its_hour_too() -> None:
    rising = 250.0 + 10.0 * np.arange(30.0)
    later = coming.expected(past(stations()), 24, said(longwave_w_m2=rising), PLACE, RELAXING)
    np.testing.assert_allclose(later.longwave_w_m2[:20, 0, 0], 265.0 + 10.0 * np.arange(20.0))


def test_beyond_a_forecast_the_air_goes_on_from_its_end() -> None:
    later = coming.expected(past(stations()), 24, said(12), PLACE, RELAXING)
    air = later.air_c[:, 0, 0]
    assert len(air) >= 25
    assert np.abs(np.diff(air)).max() < 1.5


def test_a_forecast_that_says_too_little_of_the_hours_to_come_is_none() -> None:
    assert coming.covers(said(30), AT_S)
    assert not coming.covers(said(6), AT_S)
    assert not coming.covers(None, AT_S)
    assert not coming.covers(said(30), AT_S + 86_400.0 * 3)


def test_where_nobody_measured_the_air_nothing_is_made_up() -> None:
    with pytest.raises(wx.NothingKnownError, match="measured the air"):
        past(NO_STATIONS)
    at_s = np.array([AT_S - 600.0])
    one = SensorReadings(
        sensor=np.zeros(1, dtype=np.int64), at_s=at_s, surface_c=at_s * 0.0, air_c=at_s * 0.0 + 4.0,
        humidity_pct=at_s * 0.0 + 80.0, film_mm=at_s * np.nan,
    )  # fmt: skip
    found = wx.measured(PAST_ENDS, wx.columns(PAST_ENDS, NO_STATIONS, one, 3600.0), PLACE, {}, 4.0)
    assert found.air_c[-1, 0, 0] == 4.0
    assert not np.isnan(found.shortwave_w_m2).any()


def test_what_the_sky_sends_beyond_cloud_goes_on() -> None:
    plain = past(stations())
    measured = past(stations(longwave_w_m2=290.0))
    assert wx.longwave_beyond_w_m2(plain) == 0.0
    assert 5.0 < wx.longwave_beyond_w_m2(measured) < 50.0
