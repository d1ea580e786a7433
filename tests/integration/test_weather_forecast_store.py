"""One behaviour for weather forecasts on PostgreSQL and in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest
from psycopg_pool import AsyncConnectionPool

from cityops.errors import TransientError
from rules.core.weather_forecast import Place
from rules.winter.weather.memory import MemoryForecasts
from rules.winter.weather.ports import WeatherForecasts
from rules.winter.weather.store import PostgresForecasts
from tests.fakes.weather_forecasts import HOURS, T, forecast

pytestmark = pytest.mark.storage

HOUR_S = 3600.0
HILL = Place("Hill", 52.13, -1.04, 140.0)


@pytest.fixture(params=["memory", "postgresql"])
def database(request: pytest.FixtureRequest) -> str | None:
    """A database's connection string, or None for the twin in memory."""
    return request.getfixturevalue("db_dsn") if request.param == "postgresql" else None


@pytest.fixture
async def store(database: str | None) -> AsyncIterator[WeatherForecasts]:
    if database is None:
        yield MemoryForecasts()
        return
    async with AsyncConnectionPool(database, min_size=1, max_size=2, open=False) as pool:
        yield PostgresForecasts(pool)


async def test_they_are_kept_as_they_were_given_and_found_by_place_source_and_issue(
    store: WeatherForecasts,
) -> None:
    assert await store.newest(T) == []
    assert await store.listed() == []
    assert await store.by_id(1) is None
    gaps = np.array([0.1, np.nan, 0.3, np.nan, 0.0, 1.0])
    first = forecast(
        cloud=gaps, shortwave_w_m2=np.linspace(0.1, 60.7, HOURS), place=Place("Ourtown", 52.1, -1.0)
    )
    later = forecast(issued_s=T + 2 * HOUR_S, longwave_w_m2=np.full(HOURS, 251.3))
    other, hill = forecast(source="other", issued_s=T + HOUR_S), forecast(place=HILL)
    added = await store.add([first, later, other, hill], by="kim")
    assert [a.is_new for a in added] == [True] * 4
    numbers = [a.forecast_id for a in added]
    assert numbers == sorted(numbers)

    kept = await store.by_id(numbers[0])
    assert kept is not None
    assert (kept.forecast.digest, kept.by, kept.forecast_id) == (first.digest, "kim", numbers[0])
    assert kept.forecast.place == first.place
    assert kept.forecast.longwave_w_m2 is None
    assert np.array_equal(kept.forecast.cloud, gaps, equal_nan=True)

    async def names(at_s: float, place: str | None = None) -> list[int]:
        return [k.forecast_id for k in await store.newest(at_s, place)]

    one, two, three, four = numbers
    assert await names(T - 1.0) == []
    assert await names(T) == [four, one]
    assert await names(T + HOUR_S) == [four, three, one]
    assert await names(T + 9 * HOUR_S) == [four, two, three]
    assert await names(T + 9 * HOUR_S, "Ourtown") == [two, three]
    assert await names(T + 9 * HOUR_S, "Nowhere") == []
    assert [k.forecast.digest for k in await store.newest(T, "Hill")] == [hill.digest]


async def test_the_same_is_kept_once_and_a_correction_beside_it_counts(store: WeatherForecasts) -> None:
    [first] = await store.add([forecast()], by="a")
    warmer = forecast(air_c=forecast().air_c + 1.0)
    again, corrected, twice = await store.add([forecast(), warmer, warmer], by="b")
    assert (again.is_new, again.forecast_id) == (False, first.forecast_id)
    assert (corrected.is_new, twice.is_new) == (True, False)
    assert corrected.forecast_id == twice.forecast_id > first.forecast_id
    assert [k.forecast.digest for k in await store.newest(T)] == [warmer.digest]
    assert [x.by for x in await store.listed()] == ["b", "a"]


async def test_lists_go_backwards_page_by_page(store: WeatherForecasts) -> None:
    given = [forecast(issued_s=T + 60.0 * i, place=HILL if i == 3 else forecast().place) for i in range(5)]
    await store.add(given, by="x")
    page = await store.listed(limit=2)
    assert [(x.issued_s, x.from_s, x.to_s) for x in page] == [
        (T + 240.0, T, T + 5 * HOUR_S),
        (T + 180.0, T, T + 5 * HOUR_S),
    ]
    rest = await store.listed(limit=9, before_id=page[-1].forecast_id)
    assert [x.issued_s for x in rest] == [T + 120.0, T + 60.0, T]
    assert [x.place for x in await store.listed("Hill")] == ["Hill"]


async def test_who_brings_the_same_at_once_keeps_it_once(
    database: str | None, store: WeatherForecasts
) -> None:
    both = await asyncio.gather(*(store.add([forecast()], by=str(i)) for i in range(2)))
    assert sorted(a.is_new for [a] in both) == [False, True]
    assert len({a.forecast_id for [a] in both}) == 1
    if database is None:
        return
    assert len(await store.listed()) == 1


async def test_without_a_database_it_says_so() -> None:
    async with AsyncConnectionPool(
        "postgresql://nobody@127.0.0.1:1/none", min_size=0, max_size=1, timeout=0.2, open=False
    ) as pool:
        with pytest.raises(TransientError, match="database"):
            await PostgresForecasts(pool).listed()
