from __future__ import annotations

import pytest

from firmware_sim.world import sky, weather
from firmware_sim.world.script import Climate, Front, Point, Scenario, Weather
from firmware_sim.world.weather import (
    FREEZING_RAIN,
    NONE,
    RAIN,
    SNOW,
    WeatherModel,
    daily_course,
    precipitation_type,
)

START = 1_767_000_000.0


def scenario(**changes: object) -> Scenario:
    values: dict[str, object] = {
        "name": "test", "title": "A test", "description": "weather of a test", "start_local": "15:00", "duration_h": 12.0,
    }  # fmt: skip
    return Scenario(**{**values, **changes})  # type: ignore[arg-type]


def test_scripted_points_are_met_exactly_without_noise() -> None:
    points = (
        Point(hour=0, air_temperature_c=6.0, dew_point_c=2.0),
        Point(hour=8, air_temperature_c=-3.0, cloud_oktas=1),
    )
    model = WeatherModel(scenario(weather=Weather(points=points, noise=0.0)), 1, START)
    assert model.at(START).air_temperature_c == pytest.approx(6.0)
    assert model.at(START).dew_point_c == pytest.approx(2.0)
    assert model.at(START + 8 * 3600).air_temperature_c == pytest.approx(-3.0)
    assert model.at(START + 8 * 3600).cloud_oktas == pytest.approx(1.0)


def test_after_the_script_the_weather_returns_to_its_climate() -> None:
    climate = Climate(air_temperature_c=5.0, diurnal_range_c=4.0)
    script = Weather(climate=climate, points=(Point(hour=0, air_temperature_c=-10.0),), noise=0.0)
    model = WeatherModel(scenario(weather=script), 1, START)
    later = model.at(START + 100 * 3600)
    assert later.air_temperature_c == pytest.approx(5.0 + 4.0 * daily_course(later.hour_local), abs=0.01)


def test_the_day_is_warmest_after_noon_and_coldest_before_sunrise() -> None:
    hours = [h / 4.0 for h in range(96)]
    assert max(hours, key=daily_course) == pytest.approx(14.5, abs=0.3)
    assert min(hours, key=daily_course) == pytest.approx(6.5, abs=0.3)
    assert daily_course(14.5) - daily_course(6.5) == pytest.approx(1.0)


def test_a_front_brings_rain_cloud_and_other_air() -> None:
    script = Weather(
        climate=Climate(diurnal_range_c=0.0), fronts=(Front(hour=2, duration_h=4, precipitation_mm_h=3, air_change_c=-5),), noise=0.0
    )  # fmt: skip
    model = WeatherModel(scenario(weather=script), 1, START)
    during, after = model.at(START + 4 * 3600), model.at(START + 7 * 3600)
    assert during.precipitation_mm_h == pytest.approx(3.0)
    assert during.cloud_oktas >= 7.0
    assert after.precipitation_mm_h == 0.0
    assert after.precipitation_type == NONE
    assert after.air_temperature_c == pytest.approx(0.0, abs=0.01)


@pytest.mark.parametrize(
    ("air", "warm_aloft", "expected"),
    [(5.0, False, RAIN), (-4.0, False, SNOW), (-2.0, True, FREEZING_RAIN), (2.0, True, RAIN)],
)
def test_what_falls(air: float, warm_aloft: bool, expected: int) -> None:
    assert precipitation_type(1.0, air, 90.0, warm_aloft=warm_aloft) == expected
    assert precipitation_type(0.0, air, 90.0, warm_aloft=warm_aloft) == NONE


def test_radiation_is_physical() -> None:
    noon, midnight = (sky.sun_height_sine(15, hour, 52.1) for hour in (12.0, 0.0))
    assert 0.25 < noon < 0.33
    assert sky.shortwave_w_m2(midnight, 0.0) == 0.0
    assert 150.0 < sky.shortwave_w_m2(noon, 0.0) < 300.0
    assert sky.shortwave_w_m2(noon, 8.0) < 0.3 * sky.shortwave_w_m2(noon, 0.0)
    clear, overcast = sky.longwave_w_m2(0.0, 500.0, 0.0), sky.longwave_w_m2(0.0, 500.0, 8.0)
    assert 210.0 < clear < 245.0
    assert overcast == pytest.approx(0.97 * 5.670374e-8 * 273.15**4, rel=1e-6)


def test_weather_is_a_function_of_seed_and_time() -> None:
    a, b, c = (WeatherModel(scenario(), seed, START) for seed in (1, 1, 2))
    later = [START + 977.0 * i for i in range(50)]
    assert [a.at(t) for t in reversed(later)][::-1] == [b.at(t) for t in later]
    assert [a.at(t) for t in later] != [c.at(t) for t in later]
    assert all(0.0 <= a.at(t).humidity_pct <= 100.0 and a.at(t).wind_speed_m_s >= 0.2 for t in later)
    assert weather.NOISE["air"] < 0.5
