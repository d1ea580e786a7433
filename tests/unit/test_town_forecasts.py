"""The simulated town's weather service: errors that grow with the lead, the same every time, imported as anybody's."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import jsonschema
import msgspec
import numpy as np
import pytest

from cityops.errors import TransientError
from firmware_sim.scenario import load_scenario
from firmware_sim.world.forecast import AHEAD_H, EVERY_S, TownForecaster, issues, widening
from firmware_sim.world.weather import WeatherModel
from ops_api.town_forecasts import BY, TownForecasts
from rules.core.weather_forecast import WeatherForecast
from rules.winter.weather.files import read
from rules.winter.weather.formats import own_json
from rules.winter.weather.formats.given import Given
from rules.winter.weather.memory import MemoryForecasts

START = datetime(2026, 1, 9, 15, tzinfo=UTC).timestamp()
HOUR_S = 3600.0


def town(seed: int = 1, scenario: str = "frost_night") -> TownForecaster:
    return TownForecaster(load_scenario(scenario), seed, START, "Ourtown", 85.0)


def issued(forecaster: TownForecaster, at_s: float = START) -> WeatherForecast:
    [made] = read(msgspec.json.encode(forecaster.document(at_s)), "town", Given(), "json")
    return made


def test_a_document_is_of_our_own_format_and_the_same_every_time() -> None:
    document = town().document(START)
    jsonschema.validate(document, own_json.schema())
    made = issued(town())
    assert (made.place.name, made.source, made.issued_s, len(made.at_s)) == (
        "Ourtown",
        "town",
        START,
        AHEAD_H + 1,
    )
    assert made.missing() == {}
    assert made.digest == issued(town()).digest
    assert made.digest != issued(town(seed=2)).digest
    later = issued(town(), START + EVERY_S)
    both = slice(3, 10)
    assert not np.array_equal(made.air_c[both], later.air_c[:7])


def test_errors_grow_with_the_lead() -> None:
    leads, errors = (0, 6, 36), []
    for seed in range(12):
        truth = WeatherModel(load_scenario("frost_night"), seed, START)
        made = issued(town(seed))
        errors.append([made.air_c[h] - truth.at(made.at_s[h]).air_temperature_c for h in leads])
    spread = np.sqrt(np.mean(np.square(errors), axis=0))
    assert spread[0] < 0.6 < spread[2]
    assert spread[0] < spread[1] < spread[2] < 4.0
    assert widening(24.0) == pytest.approx(1.0)
    assert widening(-1.0) == widening(0.0) < 0.2


def test_a_later_issue_goes_on_from_the_earlier_ones_and_ends_at_the_truth() -> None:
    """Of the same hour forecasts differ less from issue to issue than each from the truth far ahead."""
    steps, far = [], []
    for seed in range(8):
        forecaster, at_s = town(seed), START + 24 * HOUR_S
        first, second = (issued(forecaster, START + i * EVERY_S) for i in range(2))
        truth = WeatherModel(load_scenario("frost_night"), seed, START).at(at_s).air_temperature_c
        values = [float(f.air_c[int((at_s - f.issued_s) / HOUR_S)]) for f in (first, second)]
        steps.append(values[1] - values[0])
        far.append(values[0] - truth)
    assert np.std(steps) < np.std(far)


def test_what_falls_is_snow_where_it_is_cold_and_never_more_than_all() -> None:
    snowy = issued(town(scenario="snow"))
    assert snowy.snow_mm_h.max() > 0.0
    assert (snowy.snow_mm_h <= snowy.precipitation_mm_h).all()
    freezing = issued(town(scenario="hard_night"))
    fell = freezing.precipitation_mm_h > 0.0
    assert fell.any()


def test_issues_come_every_three_hours_on_the_hour() -> None:
    assert list(issues(START - 1.0, START)) == [START]
    assert list(issues(START, START)) == []
    assert list(issues(START, START + 2 * EVERY_S)) == [START + EVERY_S, START + 2 * EVERY_S]
    assert list(issues(START + 60.0, START + EVERY_S - 1.0)) == []


async def test_the_town_s_service_imports_each_issue_once_and_again_after_a_failure() -> None:
    store = MemoryForecasts()
    service = TownForecasts.from_start(town(), store, START)
    assert await service.up_to(START) == 1
    assert await service.up_to(START + 60.0) == 0
    assert await service.up_to(START + 2 * EVERY_S) == 2
    assert {x.by for x in await store.listed()} == {BY}
    [kept] = await store.newest(START + EVERY_S + 60.0)
    assert kept.forecast.issued_s == START + EVERY_S


class Flaky(MemoryForecasts):
    """A store whose database is away at first."""

    times = 1

    async def add(self, forecasts, by):  # type: ignore[no-untyped-def]
        if self.times > 0:
            self.times -= 1
            raise TransientError("database: away")
        return await super().add(forecasts, by)


async def test_it_follows_the_town_s_time_ahead_of_it_and_outlives_an_outage() -> None:
    store, stop = Flaky(), asyncio.Event()
    service = TownForecasts.from_start(town(), store, START)
    running = asyncio.create_task(service.run(lambda: (START - 60.0, 480.0), stop))
    async with asyncio.timeout(60):
        while len(await store.listed()) == 0:
            await asyncio.sleep(0.05)
    stop.set()
    await running
    assert {x.issued_s for x in await store.listed()} == {START}
