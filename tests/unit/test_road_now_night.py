"""The road forecast of a simulated frost night: how good, and what a sensor that is 2 °C wrong does to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from rules.core.effects import Decision, Effect
from rules.core.engine import step
from rules.core.memory import EngineState
from rules.core.road_now.issue import Issue, issue, seed_of
from rules.core.road_now.looked import Given
from rules.core.road_now.model import Observed, Passes, Spreads
from rules.core.road_now.table import QUANTITIES
from rules.core.road_now.thermal_map import unknown
from rules.core.road_now.weather_type import EXTREME
from rules.core.weather_forecast import WeatherForecast
from rules.forecast_query import readings_of
from tests.fakes.road_night import FIVE_PM_S, START_S, forecast_of, frost_night
from tests.fakes.rules_town import context

MIDDLE, BELOW = QUANTITIES.index("middle_c"), QUANTITIES.index("below_zero")
WRONG = 3
NIGHT_H = 14


def made(wrong_c: float = 0.0, by_forecast: bool = True, at_s: float = FIVE_PM_S) -> Issue:
    """Return an issue, made once however it is asked for: it takes half a second."""
    return _made(wrong_c, by_forecast, at_s)


@cache
def _made(wrong_c: float, by_forecast: bool, at_s: float) -> Issue:
    night = frost_night()
    wrong: Mapping[str, float] = {night.town.sensors[WRONG]: wrong_c}
    said = (7, forecast_of(night, FIVE_PM_S - 3600.0)) if by_forecast else None
    return issue(given(night.until(at_s, wrong), at_s, said))


def given(observed: Observed, at_s: float, said: tuple[int, WeatherForecast] | None) -> Given:
    town = frost_night().town
    return Given(
        at_s=at_s, town=town, observed=observed, mapped=unknown(len(town)), learnt_s=at_s - 3600.0,
        forecast=said, seed=seed_of(at_s),
    )  # fmt: skip


def of_age(age_h: float) -> Issue:
    """An issue by the same weather forecast, said to have been made so many hours ago."""
    night = frost_night()
    said = replace(forecast_of(night, FIVE_PM_S - 3600.0), issued_s=FIVE_PM_S - 3600.0 * age_h)
    return issue(given(night.until(FIVE_PM_S, {}), FIVE_PM_S, (7, said)))


def test_an_old_weather_forecast_is_less_sure_and_one_beyond_its_freshness_is_told_apart() -> None:
    young, old, gone = (of_age(h).forecast for h in (0.0, 9.0, 20.0))
    low, high = QUANTITIES.index("low_c"), QUANTITIES.index("high_c")
    width = [float(np.mean((f.values()[:, high] - f.values()[:, low])[:, 3:9])) for f in (young, old, gone)]
    assert width[0] * 1.1 < width[1] < width[2]
    assert [f.by_forecast for f in (young, old, gone)] == [True, True, False]
    assert [f.weather.kind for f in (young, old, gone)] == ["forecast"] * 3, "it is named all the same"
    rows = [readings_of(f, f.issued_s).column("by_forecast") for f in (young, old, gone)]
    assert [set(r.tolist()) for r in rows] == [{1.0}, {1.0}, {0.0}]


def rmse(lead_h: int, middle: np.ndarray) -> float:
    truth = frost_night().truth_c(FIVE_PM_S + 3600.0 * lead_h)
    return float(np.sqrt(np.mean((middle - truth) ** 2)))


def test_all_roads_are_known_now_with_their_uncertainty() -> None:
    now, truth = made().forecast.now, frost_night().truth_c(FIVE_PM_S)
    assert np.sqrt(np.mean((now.surface_c - truth) ** 2)) < 0.3
    own = np.isin(np.arange(len(truth)), frost_night().town.sensor_at)
    assert {now.source[i] for i in np.flatnonzero(own)} == {"sensor"}
    assert now.deviation_c[own].max() < 0.3
    assert now.deviation_c[own].max() < now.deviation_c[~own].min()
    assert set(now.condition) <= {"dry", "damp", "wet"}


@pytest.mark.parametrize("by_forecast", [True, False])
def test_the_night_is_forecast_better_than_by_standing_still(by_forecast: bool) -> None:
    f, night = made(by_forecast=by_forecast).forecast, frost_night()
    values = f.values()
    assert f.weather.kind == ("forecast" if by_forecast else "stations")
    for lead_h in (6, 9, 12):
        persistence = rmse(lead_h, night.truth_c(FIVE_PM_S))
        assert rmse(lead_h, values[:, MIDDLE, lead_h - 1]) < 0.6 * persistence
    lowest = np.min([night.truth_c(FIVE_PM_S + 3600.0 * k) for k in range(1, NIGHT_H + 1)], axis=0)
    chance = values[:, BELOW, :NIGHT_H].max(axis=1)
    # Stations alone do not know what the first still night does to hollows.
    assert np.mean((chance - (lowest < 0.0)) ** 2) < (0.1 if by_forecast else 0.2)


@pytest.mark.parametrize("error", [2.0, -2.0])
def test_a_sensor_two_degrees_wrong_is_found_and_changes_nobody_elses_forecast(error: float) -> None:
    good, bad = made().forecast, made(error).forecast
    town = frost_night().town
    assert [s.device for s in good.wrong] == []
    assert [s.device for s in bad.wrong] == [town.sensors[WRONG]]
    judged = bad.sensors[WRONG]
    assert judged.error_c == pytest.approx(error, abs=0.6)
    night = [f.values()[:, MIDDLE, :NIGHT_H].min(axis=1) for f in (good, bad)]
    apart = np.abs(night[0] - night[1])
    assert apart.max() < 0.3, "its own stretch by its neighbours too"
    assert np.delete(apart, town.sensor_at[WRONG]).max() < 0.2


def test_the_same_readings_give_the_same_table() -> None:
    o = frost_night().until(FIVE_PM_S)  # in whatever order they came
    order = np.random.default_rng(1).permutation(len(o.sensors.at_s))
    shuffled = type(o.sensors)(
        **{n: getattr(o.sensors, n)[order] for n in type(o.sensors).__dataclass_fields__}
    )
    mixed, first = (
        issue(given(Observed(o.stations, shuffled, o.passes, o.spreads), FIVE_PM_S, None)),
        made(by_forecast=False),
    )
    np.testing.assert_array_equal(first.forecast.whole, mixed.forecast.whole)
    np.testing.assert_array_equal(first.mapped.sum_c, mixed.mapped.sum_c)


def test_gritters_tell_of_roads_without_a_sensor_and_are_remembered() -> None:
    night, at_s = frost_night(), START_S + 33.0 * 3600.0
    town = night.town
    without = np.setdiff1d(np.arange(len(town)), town.sensor_at)
    here, with_sensor = without[:5], town.sensor_at[:5]
    segment = np.concatenate([here, with_sensor])
    # Thermometers that read 1 °C too warm; here it is 3 °C colder than anywhere near.
    surface = np.concatenate([night.truth_c(at_s)[here] - 3.0, night.truth_c(at_s)[with_sensor]]) + 1.0
    passes = Passes(segment=segment, at_s=np.full(10, at_s - 600.0), surface_c=surface)
    o = night.until(at_s)
    plain = issue(given(o, at_s, None))
    told = issue(given(Observed(o.stations, o.sensors, passes, o.spreads), at_s, None))
    colder = plain.forecast.now.surface_c - told.forecast.now.surface_c
    assert 1.0 < colder[here].min() < colder[here].max() < 3.5
    assert np.abs(np.delete(colder, here)).max() < 1e-4
    assert np.all(told.forecast.now.deviation_c[here] < plain.forecast.now.deviation_c[here])
    assert set(np.array(told.forecast.now.source)[here]) == {"gritter"}
    assert (told.forecast.values()[here, MIDDLE, 0] < plain.forecast.values()[here, MIDDLE, 0]).all()
    assert told.mapped.sum_c[EXTREME, here].max() < -0.5
    assert told.mapped.nights[EXTREME, here].min() > 0.0


def test_salt_lies_there_and_keeps_the_road_open() -> None:
    night, at_s = frost_night(), FIVE_PM_S
    o = night.until(at_s)
    salted = np.arange(0, len(night.town), 2)
    spreads = Spreads(
        segment=salted, at_s=np.full(len(salted), at_s - 3600.0), salt_g_m2=np.full(len(salted), 20.0)
    )
    told = issue(given(Observed(o.stations, o.sensors, o.passes, spreads), at_s, None)).forecast
    salt = told.now.salt_g_m2
    assert salt[salted].min() > 5.0
    assert salt[1::2].max() == 0.0
    ice = told.values()[:, QUANTITIES.index("ice")].max(axis=1)
    bare = made(by_forecast=False).forecast.values()[:, QUANTITIES.index("ice")].max(axis=1)
    assert ice[salted].mean() <= bare[salted].mean()


def test_a_town_without_sensors_and_a_forecast_still_has_a_table() -> None:
    night = frost_night()
    o = night.until(FIVE_PM_S)
    nobody = type(o.sensors)(**{n: getattr(o.sensors, n)[:0] for n in type(o.sensors).__dataclass_fields__})
    f = issue(given(Observed(o.stations, nobody, o.passes, o.spreads), FIVE_PM_S, None)).forecast
    assert not np.isnan(f.values()).any()
    assert set(f.now.source) == {"model"}
    assert f.now.deviation_c.min() > 0.8


@cache
def standing(wrong_c: float) -> dict[str, Decision]:
    """Return the last decision of each route by 20:00; a forecast comes at 14:00 and at 17:00, among the readings."""
    night = frost_night()
    ctx = context(night.registry)
    state, found = EngineState(), list[Effect]()
    device = night.town.sensors[WRONG]
    for hour in range(20, 29):
        at_s = START_S + 3600.0 * hour
        if hour in (23, 26):
            rows = readings_of(made(wrong_c, by_forecast=hour == 26, at_s=at_s).forecast, at_s)
            state, effects = step(state, {"forecast": rows}, at_s, ctx)
            found += effects
        state, effects = step(state, night.between(hour, hour + 1, {device: wrong_c}), at_s + 3600.0, ctx)
        found += effects
    return {e.subject: e for e in found if isinstance(e, Decision) and e.rule_id == "winter.gritting"}


def test_rain_that_froze_is_still_told_as_what_salt_has_to_keep_liquid() -> None:
    """With the liquid alone, roads that were icy in all cases had no film: a dry road's cell for ice."""
    night = frost_night()
    dry = forecast_of(night, FIVE_PM_S - 3600.0)
    lead_h = (dry.at_s - FIVE_PM_S) / 3600.0
    wet = replace(dry, precipitation_mm_h=np.where((lead_h > 1.0) & (lead_h <= 4.0), 1.0, 0.0))
    made_of = issue(given(night.until(FIVE_PM_S), FIVE_PM_S, (7, wet))).forecast
    film, ice = (made_of.values()[:, QUANTITIES.index(name), NIGHT_H - 1] for name in ("film_mm", "ice"))
    icy = ice > 0.75
    assert icy.mean() > 0.5
    assert film[icy].min() > 0.075, "wet when it freezes, as the dose has it"
    plain = made().forecast.values()[:, QUANTITIES.index("film_mm"), NIGHT_H - 1]
    assert plain.max() < 0.03


@pytest.mark.parametrize("error", [2.0, -2.0])
def test_a_sensor_two_degrees_wrong_leaves_the_decisions_as_they_are(error: float) -> None:
    good, bad = standing(0.0), standing(error)
    assert any(d.outcome == "treat" for d in good.values())
    assert bad.keys() == good.keys()
    for route, one in good.items():
        assert bad[route].outcome == one.outcome
        assert bad[route].result["spread_rate_g_m2"] == one.result["spread_rate_g_m2"]
        assert abs(bad[route].result["segments_to_treat"] - one.result["segments_to_treat"]) <= 1
