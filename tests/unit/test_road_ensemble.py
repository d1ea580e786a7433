"""From members to chances, and vapour pressure in the precision of its argument."""

from __future__ import annotations

import csv
from dataclasses import replace

import numpy as np
import pytest

from rules.core import psychrometrics
from rules.core.road_surface import speed
from rules.core.road_surface.ensemble import Hazard, chance_below, members, summary
from rules.core.road_surface.forcing import Weather, forcing, rain_share, steps
from rules.core.road_surface.model import Outlook
from rules.core.road_surface.spread import Spread
from rules.core.road_surface.vapour import over_ice_pa, over_surface_pa, over_water_pa, water_activity
from tests.fakes.real_data import real_data


def outlook(surface_c, **stores) -> Outlook:
    surface = np.asarray(surface_c, dtype=float)[None, :, None]
    plain = (
        dict.fromkeys(("water_mm", "ice_mm", "snow_mm", "deposit_mm", "salt_g_m2", "freezing_c"), 0.0)
        | stores
    )
    return Outlook(surface_c=surface, **{n: surface * 0.0 + np.asarray(v) for n, v in plain.items()})


def weather(hours: int = 25) -> Weather:
    ones = np.ones((hours, 1, 1))
    return Weather(
        at_s=3600.0 * np.arange(hours), air_c=ones * -1.0, humidity_pct=ones * 97.0, wind_m_s=ones * 2.0,
        shortwave_w_m2=ones * 0.0, rain_mm_h=ones * 0.3, snow_mm_h=ones * 0.0, pressure_pa=ones * 1e5,
        longwave_w_m2=ones * np.nan, cloud=ones * 0.5,
    )  # fmt: skip


def test_the_first_member_is_the_forecast_and_the_seed_decides_the_rest() -> None:
    one, again, other = (members(weather(), 20, Spread(), np.random.default_rng(s)) for s in (1, 1, 2))
    for name, value in weather().fields().items():
        np.testing.assert_allclose(one.fields()[name][:, 0], value[:, 0], err_msg=name)
        np.testing.assert_array_equal(one.fields()[name], again.fields()[name])
    assert not np.array_equal(one.air_c, other.air_c)


def test_members_spread_with_the_lead_and_stay_possible() -> None:
    made = members(weather(), 400, Spread(), np.random.default_rng(3))
    spread = made.air_c.std(axis=1)[:, 0]
    assert spread[0] == 0.0
    assert spread[6] == pytest.approx(0.75, abs=0.15)
    assert spread[24] == pytest.approx(1.5, abs=0.2)
    assert made.humidity_pct.max() <= 100.0
    assert 0.0 <= made.cloud.min() <= made.cloud.max() <= 1.0
    assert made.wind_m_s.min() > 0.0
    assert made.rain_mm_h.min() >= 0.0


def test_a_chance_grows_with_cold_and_is_even_at_the_limit() -> None:
    t = np.linspace(-3.0, 3.0, 61)
    chances = chance_below(t, 0.0, 0.5)
    assert (np.diff(chances) < 0.0).all()
    assert chance_below(np.array(0.0), 0.0, 0.5) == 0.5
    assert (chance_below(t, 0.0, 0.5) <= chance_below(t, 1.0, 0.5)).all()


def test_the_chance_of_frost_is_the_members_share() -> None:
    found = summary(outlook([-3.0, -3.0, 3.0, 3.0]), Spread(surface_c=0.1), Hazard())
    assert found.below_zero[0, 0] == pytest.approx(0.5, abs=1e-6)
    assert found.middle_c[0, 0] == pytest.approx(0.0)
    assert found.low_c[0, 0] <= found.middle_c[0, 0] <= found.high_c[0, 0]


@pytest.mark.parametrize(
    ("stores", "chance"),
    [
        ({}, 0.0),  # dry and cold is no ice
        ({"deposit_mm": 0.019}, 0.0),
        ({"deposit_mm": 0.02}, 1.0),
        ({"ice_mm": 0.06}, 1.0),
        ({"snow_mm": 0.1}, 1.0),
        ({"water_mm": 0.1}, 1.0),  # will freeze
        ({"water_mm": 0.1, "freezing_c": -6.0}, 0.0),  # salted
    ],
)
def test_ice_is_what_lies_there_not_the_temperature(stores: dict[str, float], chance: float) -> None:
    found = summary(outlook([-3.0], **stores), Spread(surface_c=0.3), Hazard())
    assert found.ice[0, 0] == pytest.approx(chance, abs=1e-3)


def test_frozen_water_is_film_too() -> None:
    """Salt has to keep it liquid: with the film's water alone a road that is icy in all cases was a dry one."""
    frozen, half = (
        summary(outlook([-3.0] * 4, water_mm=water, ice_mm=ice), Spread(), Hazard())
        for water, ice in ((0.0, 0.12), (0.05, 0.07))
    )
    assert frozen.film_mm[0, 0] == pytest.approx(0.12)
    assert half.film_mm[0, 0] == pytest.approx(0.12)


def test_a_shower_in_one_member_of_twenty_makes_no_road_wet() -> None:
    one = np.zeros((1, 20, 1))
    one[0, 7] = 0.9
    plain = outlook(np.full(20, -1.0))
    found = summary(replace(plain, water_mm=one), Spread(surface_c=0.1), Hazard())
    assert found.film_mm[0, 0] == 0.0
    assert found.ice[0, 0] == pytest.approx(0.05, abs=0.01)


def at_hours(rain: dict[int, float], **other: float) -> Weather:
    """Return weather with rain in the hours that end then."""
    given = weather()
    falls = np.zeros(25)
    falls[list(rain)] = list(rain.values())
    plain = {name: np.full((25, 1, 1), value) for name, value in other.items()}
    return replace(given, rain_mm_h=falls[:, None, None], **{"air_c": np.full((25, 1, 1), 4.0)} | plain)


def test_rain_comes_early_in_some_members_and_late_in_others() -> None:
    """The same sum, in other hours; what falls in the next minutes is not moved by hours."""
    timed = Spread(precipitation=0.0, dry=0.0, shower=0.0, timing_h=1.5)
    made = members(at_hours({10: 1.0, 11: 1.0}), 20, timed, np.random.default_rng(4)).rain_mm_h[:, :, 0]
    np.testing.assert_allclose(made.sum(axis=0), 2.0)
    hours = (np.arange(25)[:, None] * made).sum(axis=0) / 2.0
    assert hours.min() < 9.0 < 12.0 < hours.max()
    assert hours.mean() == pytest.approx(10.5, abs=0.1)
    now = members(at_hours({1: 1.0}), 20, timed, np.random.default_rng(4)).rain_mm_h[:, :, 0]
    assert now[3:].max() == 0.0


def test_forecast_rain_stays_away_in_some_members() -> None:
    given, spread = at_hours({23: 1.0, 24: 2.0}), Spread(dry=0.2, timing_h=0.0, shower=0.0)
    made = members(given, 20, spread, np.random.default_rng(5)).rain_mm_h[:, :, 0]
    assert int((made.sum(axis=0) == 0.0).sum()) == 4
    assert made[:, 0].sum() == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("cloud", "air_c", "rains", "snows"),
    [(0.9, 4.0, 2, 0), (0.9, -6.0, 0, 2), (np.nan, 4.0, 2, 0), (0.0, 4.0, 0, 0)],
)
def test_a_dry_forecast_has_a_shower_in_few_members_but_out_of_a_clear_sky(
    cloud: float, air_c: float, rains: int, snows: int
) -> None:
    given = at_hours({}, cloud=cloud, air_c=air_c)
    made = members(given, 20, Spread(cloud=0.1, air_c=0.5), np.random.default_rng(6))
    falls = [int((a[:, :, 0].sum(axis=0) > 0.0).sum()) for a in (made.rain_mm_h, made.snow_mm_h)]
    assert falls == [rains, snows]
    assert made.rain_mm_h[:, 0].sum() == made.snow_mm_h[:, 0].sum() == 0.0


def test_what_falls_leaves_the_other_errors_as_they_are() -> None:
    wide, narrow = (members(weather(), 20, s, np.random.default_rng(7)) for s in (Spread(), Spread(dry=0.5)))
    np.testing.assert_array_equal(wide.air_c, narrow.air_c)
    np.testing.assert_array_equal(wide.cloud, narrow.cloud)


def test_a_town_s_night_freezes_by_morning_and_salt_helps() -> None:
    found = speed.run(speed.town(60, 10, 1200.0, 1, np.float64))
    assert found.below_zero.shape == (24, 60)
    assert found.below_zero[14].mean() > 0.8 > 0.05 > found.below_zero[1].mean()
    # Every second road was salted (speed.town); without it they would be icier, the others as they are.
    town = speed.town(60, 10, 1200.0, 1, np.float64)
    bare = dict.fromkeys(("salt_fast_g_m2", "salt_slow_g_m2"), town.state.zeta * 0.0)
    unsalted = speed.run(replace(town, state=replace(town.state, **bare)))
    assert found.ice[8:, 1::2].mean() < unsalted.ice[8:, 1::2].mean() - 0.005
    np.testing.assert_allclose(found.ice[:, 0::2], unsalted.ice[:, 0::2], atol=1e-12)
    assert ((found.ice >= 0.0) & (found.ice <= 1.0)).all()


def test_single_precision_costs_less_than_two_hundredths() -> None:
    single, double = (speed.run(speed.town(60, 10, 1200.0, 5, d)) for d in (np.float32, np.float64))
    assert single.middle_c.dtype == np.float32
    assert np.abs(single.middle_c - double.middle_c).max() < 0.02


def test_vapour_is_that_of_the_rules() -> None:
    t = np.linspace(-30.0, 20.0, 51)
    np.testing.assert_allclose(over_water_pa(t), psychrometrics.saturation_pressure_water_pa(t), rtol=1e-12)
    np.testing.assert_allclose(over_ice_pa(t), psychrometrics.saturation_pressure_ice_pa(t), rtol=1e-12)
    pressure, slope = over_surface_pa(t, t < 0.0)
    np.testing.assert_allclose(pressure, np.where(t < 0.0, over_ice_pa(t), over_water_pa(t)), rtol=1e-12)
    number = (over_water_pa(t + 1e-4) - over_water_pa(t - 1e-4)) / 2e-4
    np.testing.assert_allclose(slope[t > 0.0], number[t > 0.0], rtol=1e-5)
    assert over_water_pa(t.astype(np.float32)).dtype == np.float32


def test_brine_is_drier_than_water() -> None:
    assert float(water_activity(np.array(0.0))) == pytest.approx(1.0)
    assert float(water_activity(np.array(-21.6))) == pytest.approx(0.81, abs=0.02)


@pytest.mark.real_data
def test_dew_and_frost_points_of_the_reference_table() -> None:
    """A road at its dew or frost point neither gains nor loses vapour: so the pressures must meet there."""
    with real_data("road/dewpoint_cases.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) > 10
    for row in rows:
        t, rh = float(row["t_air_C"]), float(row["rh_pct"])
        e = rh / 100.0 * float(over_water_pa(np.array(t)))
        for column, over in (("dew_ref", over_water_pa), ("frost_ref", over_ice_pa)):
            if row[column]:
                at = np.array(float(row[column]))
                assert abs(e - float(over(at))) / float(over(at + 0.5) - over(at - 0.5)) < 0.04, row


def test_rain_or_snow_where_nobody_says() -> None:
    share = rain_share(np.array([6.0, 1.5, -5.0]), np.array([90.0, 85.0, 90.0]))
    assert share[0] == 1.0
    assert share[2] == 0.0
    assert share[1] in (0.0, 0.5, 1.0)


def test_weather_with_holes_is_refused_by_name() -> None:
    """NaN would spread through a column unseen."""
    ends = steps(0.0, 6.0, 1200.0)
    assert forcing(weather(), ends, 52.0, 0.0).steps == 18  # longwave is unknown: that may be
    air = weather().air_c.copy()
    air[3] = np.nan
    with pytest.raises(ValueError, match="air_c is missing 1 times"):
        forcing(replace(weather(), air_c=air), ends, 52.0, 0.0)


def test_beyond_its_times_the_weather_holds_and_rain_is_that_of_its_hour() -> None:
    given = weather(3)
    air, rain = given.air_c.copy(), given.rain_mm_h.copy()
    air[:, 0, 0], rain[:, 0, 0] = [0.0, 3.0, 6.0], [9.0, 1.0, 2.0]
    made = forcing(replace(given, air_c=air, rain_mm_h=rain), steps(0.0, 4.0, 1800.0), 52.0, 0.0)
    assert made.air_c[:, 0, 0].tolist() == pytest.approx([1.5, 3.0, 4.5, 6.0, 6.0, 6.0, 6.0, 6.0])
    assert made.rain_mm_h[:, 0, 0].tolist() == pytest.approx([1.0, 1.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0])


def test_errors_of_an_old_forecast_have_grown_but_not_those_of_what_is_measured_now() -> None:
    lead_h = np.array([0.0, 1.0, 4.0, 20.0])
    young, old = Spread(), Spread(age_h=8.0)
    np.testing.assert_array_equal(young.grown(lead_h), np.sqrt(lead_h / 24.0))
    found = old.grown(lead_h)
    assert found[0] == 0.0, "the forecast is moved to what is measured now"
    assert np.all(found[1:] > young.grown(lead_h)[1:])
    assert found[2] == pytest.approx(np.sqrt((4.0 + 8.0 * (1.0 - np.exp(-1.0))) / 24.0))
    assert found[3] == 1.0
