"""One behaviour for both stores of road forecasts, and the way of an issue into the rules."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import numpy as np
import pytest

from rules.core.memory import EngineState
from rules.core.road_now.table import HOURS, QUANTITIES, WeatherUsed
from rules.core.road_now.thermal_map import StillAir
from rules.ports import CursorMovedError
from rules.replay.reader import PostgresReadings
from rules.replay.runner import run
from tests.fakes.road_forecaster import RoadBench, road_bench
from tests.fakes.rules_bench import frosty, service
from tests.fakes.rules_town import START, Reading, context, gritter_fix, hamlet

pytestmark = pytest.mark.storage

SEVEN_PM_S = START + 4 * 3600.0


@pytest.fixture(params=["postgres", "memory"])
def database(request: pytest.FixtureRequest) -> str | None:
    """A database's connection string, or None for the stores in memory."""
    return request.getfixturevalue("db_dsn") if request.param == "postgres" else None


@pytest.fixture
async def bench(database: str | None) -> AsyncIterator[RoadBench]:
    async with road_bench(database) as found:
        yield found


def evening(until_min: float, from_min: float = 0.0) -> list[Reading]:
    return [r for m in np.arange(from_min, until_min, 10.0).tolist() for r in frosty(m)]


async def test_an_issue_is_kept_and_comes_back(bench: RoadBench) -> None:
    assert await bench.store.newest() is None
    assert (await bench.store.progress()).event_s is None
    await bench.add(evening(245.0))
    forecaster = bench.forecaster()
    number = await forecaster.turn()
    assert number is not None
    stored = await bench.store.newest()
    assert stored is not None
    assert stored.forecast_id == number
    f = stored.forecast
    assert f.issued_s == SEVEN_PM_S
    assert sorted(f.ids) == [s.segment_id for s in hamlet().segments]
    assert f.whole.shape == (5, len(QUANTITIES), HOURS)
    assert f.weather.kind == "stations"
    assert [s.device for s in f.sensors] == ["road-0", "road-1"]
    middle = f.values()[:, QUANTITIES.index("middle_c")]
    assert np.all(middle[:, 0] < 0.0)
    own = f.now.surface_c[list(f.ids).index("s0")]
    assert own == pytest.approx(2.5 - 230 / 40.0, abs=0.05)
    assert f.now.source[list(f.ids).index("s0")] == "sensor"
    assert f.now.deviation_c[list(f.ids).index("s0")] < f.now.deviation_c[list(f.ids).index("s1")]


async def test_one_issue_each_half_hour_of_event_time(bench: RoadBench) -> None:
    await bench.add(evening(245.0))
    first, second = bench.forecaster(), bench.forecaster()
    assert await first.turn() is not None
    assert await first.turn() is None
    assert await second.turn() is None, "of two processes one writes"
    await bench.add(evening(275.0, 250.0))
    assert await second.turn() is not None
    progress = await bench.store.progress()
    assert progress.issued_s == SEVEN_PM_S + 1800.0
    stored = await bench.store.newest(SEVEN_PM_S + 1799.0)
    assert stored is not None
    assert stored.forecast.issued_s == SEVEN_PM_S
    assert await bench.store.forget(SEVEN_PM_S + 1e6) == 1, "the newest stays"
    assert await bench.store.by_id(stored.forecast_id) is None


async def test_the_same_time_twice_writes_nothing(bench: RoadBench) -> None:
    await bench.add(evening(245.0))
    await bench.forecaster().turn()
    stored = await bench.store.newest()
    assert stored is not None
    mapped = await bench.store.mapped(stored.forecast.ids)
    assert await bench.store.publish(stored.forecast, mapped) is None


async def test_what_is_known_of_still_air_is_kept_beside_the_map(bench: RoadBench) -> None:
    await bench.add(evening(245.0))
    await bench.forecaster().turn()
    stored = await bench.store.newest()
    assert stored is not None
    ids = stored.forecast.ids
    mapped, n = await bench.store.mapped(ids), len(ids)
    assert mapped.air is not None, "the first issue has learnt of its evening"
    air = StillAir(np.full(n, 12.5), -0.5 * np.arange(n))
    later = replace(stored.forecast, issued_s=stored.forecast.issued_s + 1800.0)
    assert await bench.store.publish(later, replace(mapped, air=air)) is not None
    back = await bench.store.mapped(ids[::-1])
    assert back.air is not None
    np.testing.assert_array_equal(back.air.weight, air.weight)
    np.testing.assert_array_equal(back.air.sum_c, air.sum_c[::-1])
    np.testing.assert_array_equal(back.sum_c, mapped.sum_c[:, ::-1])


async def test_the_rules_take_an_issue_as_their_next_input(bench: RoadBench) -> None:
    rules = service(bench.rules.store)
    await bench.add(evening(245.0))
    await bench.forecaster().turn()
    await bench.add(evening(275.0, 250.0))
    await _all(bench, rules)
    stored = await bench.store.newest()
    assert stored is not None
    resumed = await bench.rules.store.resume()
    _same_as(resumed.state, stored.forecast.whole, stored.forecast.ids)
    found = await bench.rules.rows("decisions")
    assert {row[1] for row in found if row[0] == "winter.gritting"} == {"r1", "r2"}


async def test_an_issue_by_an_old_weather_forecast_is_none_by_forecast_for_the_rules(
    bench: RoadBench,
) -> None:
    await bench.add(evening(245.0))
    await bench.forecaster().turn()
    stored = await bench.store.newest()
    assert stored is not None
    seen = []
    for k, age_h in enumerate((None, 9.0, 9.1), start=1):
        issued_s = stored.forecast.issued_s + 1800.0 * k
        weather_s = None if age_h is None else issued_s - 3600.0 * age_h
        later = replace(
            stored.forecast, issued_s=issued_s, weather=WeatherUsed("forecast", 1, "Met", weather_s)
        )
        mapped = await bench.store.mapped(later.ids)
        assert await bench.store.publish(later, mapped) is not None
        await _all(bench, service(bench.rules.store))
        memory = (await bench.rules.store.resume()).state.forecast
        seen.append({m.by_forecast for m in memory.values() if m.issued_s == issued_s})
    assert seen == [{True}, {True}, {False}]


async def _all(bench: RoadBench, rules: object) -> None:
    """Let the rules take all there is."""
    from rules.service import RulesService

    assert isinstance(rules, RulesService)
    for _ in range(60):
        try:
            if not await rules.turn() and not await bench.rules.store.pending(
                (await bench.rules.store.resume()).cursor
            ):
                return
        except CursorMovedError:
            continue
    raise AssertionError("the rules do not come to an end")


def _same_as(state: EngineState, whole: np.ndarray, ids: tuple[str, ...]) -> None:
    assert set(state.forecast) == set(ids)
    for i, segment_id in enumerate(ids):
        assert state.forecast[segment_id].issued_s == SEVEN_PM_S
        assert state.forecast[segment_id].table == whole[i].astype("<i2").tobytes()


async def test_a_replay_reads_an_issue_where_it_became_known_and_decides_the_same(db_dsn: str) -> None:
    async with road_bench(db_dsn) as bench:
        rules = service(bench.rules.store)
        await bench.add(evening(245.0))
        await bench.forecaster().turn()
        await bench.add(evening(305.0, 250.0))
        await _all(bench, rules)
        await bench.rules.want_settled()
        await _all(bench, rules)
        live = {row[1:] for row in await bench.rules.rows("decisions") if row[0] == "winter.gritting"}
        stored = await bench.store.newest()
    source = PostgresReadings(db_dsn, ("frog", "road", "weather", "gritter", "bin"))
    spans = await asyncio.to_thread(lambda: list(source.spans(START, START + 6 * 3600.0)))
    issues = [span["forecast"] for span in spans if "forecast" in span]
    assert [set(i.ts_s.tolist()) for i in issues] == [{START + 240 * 60.0 + 2.0}]
    assert stored is not None
    order = [f"segment:{i}" for i in stored.forecast.ids]
    assert list(issues[0].device) == order
    np.testing.assert_array_equal(issues[0].fields["table"], stored.forecast.whole.reshape(5, -1))
    again = await asyncio.to_thread(lambda: run(source, context(), START, START + 6 * 3600.0))
    replayed = {(d.subject, d.outcome, d.at_s) for d in again.decisions if d.rule_id == "winter.gritting"}
    assert live == replayed


async def test_what_gritters_spread_and_measure_is_found_again(db_dsn: str) -> None:
    async with road_bench(db_dsn) as bench:
        await bench.add([*evening(245.0), *_driven()])
        await _all(bench, service(bench.rules.store))
        found = await bench.store.measured(START, SEVEN_PM_S)
        number = await bench.forecaster().turn()
        stored = await bench.store.newest()
    assert len(found.gritters.at_s) > 0
    assert found.gritters.surface_c.tolist() == [-1.0] * len(found.gritters.at_s)
    assert set(found.salt.segment_id) <= {s.segment_id for s in hamlet().segments}
    assert len(found.salt.at_s) > 0
    assert number is not None
    assert stored is not None
    assert stored.forecast.now.salt_g_m2.max() > 1.0
    assert "gritter" in stored.forecast.now.source


def _driven() -> list[Reading]:
    """A gritter drives along the roads for ten minutes and spreads 10 g/m²; its thermometer reads -1 °C."""
    fields = {"surface_temperature_c": -1.0}
    minutes = [220.0 + 0.5 * k for k in range(20)]
    return [("gritter", "gritter-0", 60.0 * m, {**gritter_fix(m / 60.0), **fields}) for m in minutes]
