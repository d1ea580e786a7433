"""Silent stations: what is not measured any more is told by forecast or daily course, and is less sure the older it is."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TypeVar

import numpy as np
import pytest

from rules.catalogue.loader import load
from rules.core.road_now import coming
from rules.core.road_now import weather as wx
from rules.core.road_now.estimate import unmeasured_c
from rules.core.road_now.issue import issue
from rules.core.road_now.model import Observed, Passes, SensorReadings, Spreads, StationReadings
from rules.core.road_now.observed import bridged, silence_h, usual
from rules.core.road_now.parameters import SHIPPED
from rules.core.road_now.speed import county
from rules.core.road_now.table import QUANTITIES, RoadForecast
from rules.core.road_surface.ensemble import members
from rules.core.road_surface.spread import Spread
from rules.core.weather_forecast import Place, WeatherForecast

HOUR_S = 3600.0
ENDS = 1200.0 * np.arange(1.0, 145.0)
COUNTY = county(60, load().transfer.parameters)
NOW_S = COUNTY.at_s + 5.0 * HOUR_S
"""21:00."""
AT_S = np.arange(NOW_S - 48.0 * HOUR_S, NOW_S + 1.0, 600.0)
MIDDLE, BELOW, LOW, HIGH = (QUANTITIES.index(n) for n in ("middle_c", "below_zero", "low_c", "high_c"))
LEADS_H = np.array([1, 3, 6, 9])
NOBODY = np.empty(0, dtype=np.int64)
HERE = wx.Place(55.0, -3.0, 100.0)
RELAXING = coming.Relaxing(4.0, SHIPPED.air)
Readings = TypeVar("Readings", StationReadings, SensorReadings)


def hour_of(at_s: np.ndarray) -> np.ndarray:
    return ((at_s - COUNTY.at_s) / HOUR_S + 16.0) % 24.0


def air_c(at_s: np.ndarray) -> np.ndarray:
    """8 °C at 14:00, -4 °C at 02:00."""
    return 2.0 + 6.0 * np.cos(2.0 * np.pi * (hour_of(at_s) - 14.0) / 24.0)


def stations(windy: bool) -> StationReadings:
    hour, plain = hour_of(AT_S), 0.0 * AT_S
    by_day = (hour > 8.0) & (hour < 16.0)
    return StationReadings(
        at_s=AT_S, air_c=air_c(AT_S), humidity_pct=plain + 90.0,
        wind_m_s=np.where(windy & (hour > 9.0) & (hour < 16.0), 7.0, 1.5),
        shortwave_w_m2=np.where(by_day, 250.0 * np.sin(np.pi * (hour - 8.0) / 8.0), 0.0),
        longwave_w_m2=plain * np.nan, cloud=plain + 0.2, rain_mm_h=plain, snow_mm_h=plain, pressure_hpa=plain + 1000.0,
    )  # fmt: skip


def sensors() -> SensorReadings:
    m = len(COUNTY.town.sensors)
    who, at_s = np.repeat(np.arange(m), len(AT_S)), np.tile(AT_S, m)
    air = air_c(at_s)
    return SensorReadings(
        sensor=who,
        at_s=at_s,
        surface_c=air - 1.2,
        air_c=air,
        humidity_pct=0.0 * air + 90.0,
        film_mm=0.0 * air,
    )


def until(r: Readings, at_s: float) -> Readings:
    return type(r)(**{n: getattr(r, n)[r.at_s <= at_s] for n in type(r).__dataclass_fields__})


def said(from_h: float = -3.0, hours: int = 40, error_c: float = 0.0, **columns: float) -> WeatherForecast:
    at_s = NOW_S + HOUR_S * (from_h + np.arange(hours))
    air, plain = air_c(at_s) + error_c, np.zeros(hours)
    given = {
        "wind_m_s": 1.5, "cloud": 0.2, "precipitation_mm_h": 0.0, "snow_mm_h": 0.0, "pressure_hpa": 1000.0
    } | columns  # fmt: skip
    return WeatherForecast(
        place=Place("x", HERE.latitude_deg, HERE.longitude_deg), issued_s=NOW_S + HOUR_S * min(from_h, -1.0), source="town",
        at_s=at_s, air_c=air, dew_point_c=air - 1.5, **{n: plain + v for n, v in given.items()},
    )  # fmt: skip


@cache
def made(silent_h: float, by_forecast: bool, with_sensors: bool) -> RoadForecast:
    """An issue whose stations have been silent; with road sensors after windy afternoons, else after calm ones."""
    roads = sensors() if with_sensors else until(sensors(), 0.0)
    none = np.empty(0)
    observed = Observed(
        until(stations(windy=with_sensors), NOW_S - silent_h * HOUR_S), roads,
        Passes(segment=NOBODY, at_s=none, surface_c=none), Spreads(segment=NOBODY, at_s=none, salt_g_m2=none),
    )  # fmt: skip
    forecast = (1, said()) if by_forecast else None
    g = replace(COUNTY, at_s=NOW_S, observed=observed, forecast=forecast, learnt_s=NOW_S - 1800.0)
    return issue(g).forecast


@pytest.mark.parametrize("by_forecast", [True, False])
def test_the_wind_of_a_dead_station_does_not_blow_through_the_night(by_forecast: bool) -> None:
    whole, silent = (made(h, by_forecast, True).values()[:, MIDDLE, LEADS_H - 1] for h in (0.0, 7.0))
    assert np.abs((silent - whole).mean(axis=0)).max() < (0.15 if by_forecast else 0.7)
    assert np.abs(silent - whole).max() < (0.3 if by_forecast else 1.1)


@pytest.mark.parametrize("silent_h", [2.0, 7.0, 12.0, 30.0])
@pytest.mark.parametrize("by_forecast", [True, False])
def test_the_afternoon_s_warmth_does_not_stay_where_nobody_measures_the_air(
    by_forecast: bool, silent_h: float
) -> None:
    whole, silent = (made(h, by_forecast, False) for h in (0.0, silent_h))
    now = np.abs(silent.now.surface_c - whole.now.surface_c)
    later = np.abs((silent.values() - whole.values())[:, MIDDLE, LEADS_H - 1])
    assert now.mean() < (0.5 if by_forecast else 0.9)
    assert now.max() < (1.0 if by_forecast else 1.4)
    assert later.mean(axis=0).max() < (0.5 if by_forecast else 1.9), "one day is not as the other"
    assert later.max() < (0.8 if by_forecast else 2.4)
    assert silent.values()[:, BELOW, 2].mean() > (0.8 if by_forecast else 0.5)


@pytest.mark.parametrize("by_forecast", [True, False])
def test_the_longer_nobody_measures_the_less_sure_the_forecast_is(by_forecast: bool) -> None:
    by_age = [made(h, by_forecast, False) for h in (0.0, 2.0, 7.0, 12.0)]
    deviation = [float(f.now.deviation_c.mean()) for f in by_age]
    width = [float((f.values()[:, HIGH] - f.values()[:, LOW])[:, 2].mean()) for f in by_age]
    below = [float(f.values()[:, BELOW, 2].mean()) for f in by_age]
    assert deviation[0] == pytest.approx(made(1.0, by_forecast, False).now.deviation_c.mean()), "a usual gap"
    assert min(np.diff(deviation)) > 0.05
    assert deviation[2] > 1.25 * deviation[0]
    assert min(np.diff(width)) > 0.1
    assert max(below[1:]) < below[0] - (0.0 if by_forecast else 0.15)
    assert below[3] < below[1]


def test_a_road_whose_own_sensor_speaks_is_known_as_well_as_before() -> None:
    whole, silent = (made(h, True, True).now.deviation_c for h in (0.0, 7.0))
    own = np.isin(np.arange(len(whole)), COUNTY.town.sensor_at)
    np.testing.assert_array_equal(silent[own], whole[own])
    assert (silent[~own] > whole[~own]).all()


def test_each_quantity_is_silent_by_itself() -> None:
    found = wx.columns(
        ends := NOW_S - 48.0 * HOUR_S + ENDS, until(stations(False), NOW_S - 7.0 * HOUR_S), sensors(), HOUR_S
    )
    silent = wx.silences_h(ends, found, HOUR_S)
    assert silent == pytest.approx({"air_c": 0.0, "humidity_pct": 0.0, "wind_m_s": 6.0, "cloud": 6.0})
    spread = Spread()
    assert unmeasured_c(dict.fromkeys(silent, 0.0), spread) == 0.0
    assert 0.0 < unmeasured_c(silent, spread) < unmeasured_c({**silent, "air_c": 6.0}, spread)


@pytest.mark.parametrize("silent_h", [0.5, 0.9, 1.5])
def test_sensors_that_speak_count_at_once_where_stations_are_silent(silent_h: float) -> None:
    """A station's last 5 °C beat sensors that had -2 °C for up to an hour."""
    ends, roads = NOW_S - 48.0 * HOUR_S + ENDS, sensors()
    cold = replace(roads, air_c=0.0 * roads.at_s - 2.0, humidity_pct=0.0 * roads.at_s + 60.0)
    heard = until(stations(False), NOW_S - silent_h * HOUR_S)
    warm = replace(heard, air_c=0.0 * heard.at_s + 5.0)
    found = wx.columns(ends, warm, cold, HOUR_S)
    silent = ends > NOW_S - silent_h * HOUR_S
    spoke = ends <= NOW_S - silent_h * HOUR_S
    assert set(found["air_c"][spoke]) == {5.0}
    assert found["air_c"][silent][1:].tolist() == [-2.0] * (silent.sum() - 1), (
        "after the step of the last reading"
    )
    assert (found["air_c"][-1], found["humidity_pct"][-1]) == (-2.0, 60.0)
    silence = wx.silences_h(ends, found, HOUR_S)
    assert (silence["air_c"], silence["humidity_pct"]) == (0.0, 0.0)


def test_what_sensors_last_said_is_not_held_either() -> None:
    ends = NOW_S - 48.0 * HOUR_S + ENDS
    old, older = until(sensors(), NOW_S - 0.5 * HOUR_S), until(stations(False), NOW_S - 0.9 * HOUR_S)
    found = wx.columns(ends, older, old, HOUR_S)
    assert np.isnan(found["air_c"][-1])
    assert not np.isnan(found["air_c"][-2])


def past(silent_h: float, forecast: WeatherForecast | None) -> wx.Weather:
    ends = NOW_S - 48.0 * HOUR_S + ENDS
    heard = until(stations(False), NOW_S - silent_h * HOUR_S)
    told = {} if forecast is None else coming.said_before(forecast, ends, HERE, RELAXING)
    found = wx.columns(ends, heard, until(sensors(), 0.0), HOUR_S)
    return wx.measured(ends, found, HERE, told, RELAXING.hours)


def test_a_forecast_of_the_past_fills_silent_hours_and_what_it_missed_dies_out() -> None:
    filled = past(7.0, said(-12.0, 48, error_c=2.0, wind_m_s=4.0, cloud=0.9, precipitation_mm_h=0.6))
    lag_h = (filled.at_s - (NOW_S - 7.0 * HOUR_S)) / HOUR_S
    whole = past(0.0, None)
    beyond = (filled.air_c - whole.air_c)[:, 0, 0]
    np.testing.assert_array_equal(beyond[lag_h <= 0.0], 0.0)
    silent = lag_h > 0.0
    np.testing.assert_allclose(
        beyond[silent], 2.0 * (1.0 - np.exp(-lag_h[silent] / RELAXING.hours)), atol=0.25
    )
    assert filled.wind_m_s[-1, 0, 0] == pytest.approx(4.0 - 2.5 * np.exp(-7.0 / 4.0), abs=0.05)
    assert filled.cloud[-1, 0, 0] > 0.7
    assert filled.rain_mm_h[lag_h > 1.5].min() == 0.6, "rain that was forecast while nobody measured"
    assert filled.rain_mm_h[lag_h <= 0.0].max() == 0.0


def test_a_forecast_is_moved_only_by_what_is_left_of_old_values() -> None:
    forecast = said(-3.0, error_c=2.0)
    moved = [
        coming.expected(past(h, forecast), 6, forecast, HERE, RELAXING).air_c[0, 0, 0] for h in (0.0, 7.0)
    ]
    now = float(air_c(np.array(NOW_S)))
    assert moved == pytest.approx([now, now + 2.0], abs=0.2), "it did not cover what was last measured"


def test_a_forecast_for_a_hill_fills_a_valley_s_hours_by_the_usual_lapse() -> None:
    high = replace(said(-12.0, 48), place=Place("hill", 55.0, -3.0, 300.0))
    told = coming.said_before(high, NOW_S - 48.0 * HOUR_S + ENDS, HERE, RELAXING)
    assert np.isnan(told["air_c"][ENDS <= 35.0 * HOUR_S]).all()
    assert told["air_c"][-1] == pytest.approx(float(air_c(np.array(NOW_S))) + 1.3, abs=0.01)


def test_a_forecast_that_begins_after_now_says_nothing_of_the_past() -> None:
    ahead = replace(said(1.0), place=Place("hill", 55.0, -3.0, 300.0))
    assert coming.covers(ahead, NOW_S)
    assert coming.said_before(ahead, NOW_S - 48.0 * HOUR_S + ENDS, HERE, RELAXING) == {}


def test_a_gap_takes_the_likely_course_between_what_was_measured() -> None:
    likely = np.sin(ENDS / 9000.0)
    column = likely + 1.0
    column[30:60] = np.nan
    column[60:] += 1.0
    found = bridged(ENDS, column, likely, HOUR_S) - likely
    np.testing.assert_allclose(found[29:61], np.linspace(1.0, 2.0, 32))
    column[100:] = np.nan
    after = bridged(ENDS, column, likely, HOUR_S) - likely
    np.testing.assert_allclose(after[100:], 2.0 * np.exp(-(ENDS[100:] - ENDS[99]) / HOUR_S))
    unknown = np.full(len(ENDS), np.nan)
    np.testing.assert_array_equal(bridged(ENDS, unknown, likely, HOUR_S), likely)
    np.testing.assert_array_equal(bridged(ENDS, column, unknown, HOUR_S), column)


def test_the_usual_is_the_day_before_and_does_not_leap_where_measuring_ended() -> None:
    day = 2.0 * np.pi * ENDS / 86_400.0
    column = np.sin(day) + np.where(ENDS > 86_400.0, -4.0, 0.0)
    column[110:] = np.nan
    np.testing.assert_allclose(usual(ENDS, column, 9.0, 1.0), np.sin(day), atol=1e-9)
    np.testing.assert_allclose(usual(ENDS, column, 9.0, 0.6), 0.6 * np.sin(day), atol=1e-9)
    assert (
        np.abs(np.diff(bridged(ENDS, column, usual(ENDS, column, 9.0, 1.0), 12.0 * HOUR_S))[108:]).max() < 0.3
    )
    np.testing.assert_array_equal(usual(ENDS, column * np.nan, 9.0, 1.0), 9.0)
    short = np.where(ENDS > 60_000.0, np.nan, column)  # evenings were never seen: between what was
    assert np.abs(usual(ENDS, short, 9.0, 1.0)).max() <= 1.0
    assert not np.isnan(usual(ENDS, short, 9.0, 1.0)).any()


def test_silence_counts_from_the_last_value() -> None:
    column = np.ones(144)
    assert silence_h(ENDS, column) == 0.0
    column[141:] = np.nan
    assert silence_h(ENDS, column) == pytest.approx(1.0)
    assert silence_h(ENDS, column * np.nan) == pytest.approx(48.0)


def test_members_of_what_is_not_measured_differ_from_the_beginning() -> None:
    later = coming.expected(past(0.0, None), 6, said(), HERE, RELAXING)
    made_of = [
        members(later, 200, Spread(), np.random.default_rng(1), {"air_c": h}) for h in (0.0, 6.0, 12.0)
    ]
    begin = [float(m.air_c[0].std()) for m in made_of]
    assert begin[0] == 0.0
    assert begin[1] == pytest.approx(1.5 * 0.5, rel=0.15)
    assert begin[2] > 1.3 * begin[1]
    np.testing.assert_array_equal(made_of[0].wind_m_s, made_of[2].wind_m_s)


def test_the_age_of_a_forecast_and_of_silence_are_not_counted_twice() -> None:
    now = np.zeros(1)
    assert Spread(age_h=12.0).grown(now)[0] == 0.0
    young, old = (Spread(age_h=h).grown(now, 6.0)[0] for h in (0.0, 18.0))
    assert young == pytest.approx(0.5)
    assert young < old < Spread(age_h=18.0).grown(np.array([1e3]))[0]
