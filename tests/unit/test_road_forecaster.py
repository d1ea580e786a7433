"""The road forecaster's service: which weather it takes, and what it does where it can't go on."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from msgspec.structs import replace as with_

from cityops.errors import TransientError
from cityops.settings import RulesSettings
from devices.registry import Registry
from ops_api.wiring_forecaster import choice_of
from rules.core.road_now.model import Observed
from rules.core.weather_forecast import Place, WeatherForecast
from rules.winter.forecaster.gathering import WeatherChoice, chosen, observed, town_of
from rules.winter.forecaster.memory import MemoryRoadForecasts
from rules.winter.forecaster.ports import Installed, Progress
from rules.winter.weather.ports import Kept
from tests.fakes.road_forecaster import RoadBench, road_bench
from tests.fakes.rules_bench import frosty
from tests.fakes.rules_town import START, Reading, context, hamlet

TOWN = town_of(Installed(hamlet(), context()))
SEVEN_PM_S = START + 4 * 3600.0


def said(
    issued_s: float, hours: int = 30, latitude_deg: float = 52.0, air_c: float = -6.0
) -> WeatherForecast:
    at_s, plain = issued_s + 3600.0 * np.arange(hours), np.zeros(hours)
    return WeatherForecast(
        place=Place(f"at {latitude_deg:g}", latitude_deg, 0.1), issued_s=issued_s, source="town", at_s=at_s,
        air_c=plain + air_c, dew_point_c=plain + air_c - 1.0, wind_m_s=plain + 1.0, cloud=plain,
        precipitation_mm_h=plain, snow_mm_h=plain, pressure_hpa=plain + 1000.0,
    )  # fmt: skip


def kept(*forecasts: WeatherForecast) -> list[Kept]:
    return [Kept(i + 1, f, f.issued_s, "test") for i, f in enumerate(forecasts)]


def evening(until_min: float = 245.0) -> list[Reading]:
    return [r for m in np.arange(0.0, until_min, 10.0).tolist() for r in frosty(m)]


def number_of(found: tuple[int, WeatherForecast] | None) -> int | None:
    return None if found is None else found[0]


def test_the_weather_forecast_issued_last_counts_of_equals_the_nearest() -> None:
    at_s = SEVEN_PM_S
    old, new = said(at_s - 7200.0), said(at_s - 3600.0)
    far = said(at_s - 3600.0, latitude_deg=53.0)
    assert number_of(chosen(kept(old, new), TOWN, at_s)) == 2
    assert number_of(chosen(kept(far, new, old), TOWN, at_s)) == 2
    assert number_of(chosen(kept(new, new), TOWN, at_s)) == 2  # a correction that came later


def test_a_weather_forecast_for_another_town_is_none_however_new() -> None:
    at_s = SEVEN_PM_S
    madrid, here = said(at_s - 60.0, latitude_deg=40.4), said(at_s - 3600.0)
    assert number_of(chosen(kept(madrid, here), TOWN, at_s)) == 2
    assert chosen(kept(madrid), TOWN, at_s) is None
    assert number_of(chosen(kept(madrid), TOWN, at_s, WeatherChoice(most_km=2000.0))) == 1


def test_sources_count_in_their_order_and_not_by_who_was_fetched_last() -> None:
    at_s = SEVEN_PM_S
    datahub = replace(said(at_s - 5400.0), source="datahub")
    fetched = replace(said(at_s - 60.0), source="open-meteo")
    assert number_of(chosen(kept(fetched, datahub), TOWN, at_s)) == 2
    ours = WeatherChoice(sources=("open-meteo", "*"))
    assert number_of(chosen(kept(fetched, datahub), TOWN, at_s, ours)) == 1
    named = WeatherChoice(sources=("datahub",))
    assert number_of(chosen(kept(fetched, datahub), TOWN, at_s, named)) == 2
    # One that was not renewed for long comes after what is fresh.
    old = replace(said(at_s - 10 * 3600.0, hours=40), source="datahub")
    assert number_of(chosen(kept(old, fetched), TOWN, at_s)) == 2
    assert choice_of(RulesSettings(weather_sources="met-desk, *")).sources == ("met-desk", "*")


def test_a_weather_forecast_that_is_old_short_or_from_the_future_is_none() -> None:
    at_s = SEVEN_PM_S
    assert chosen([], TOWN, at_s) is None
    assert chosen(kept(said(at_s - 25 * 3600.0, hours=60)), TOWN, at_s) is None
    assert chosen(kept(said(at_s - 3600.0, hours=4)), TOWN, at_s) is None
    assert chosen(kept(said(at_s + 60.0)), TOWN, at_s) is None


async def test_an_issue_says_which_weather_it_was_made_by() -> None:
    async with road_bench(None) as bench:
        await bench.add(evening())
        await bench.weather.add([said(SEVEN_PM_S - 3600.0)], "test")
        assert await bench.forecaster().turn() == 1
        stored = await bench.store.newest()
    assert stored is not None
    used = stored.forecast.weather
    assert (used.kind, used.forecast_id, used.source, used.issued_s) == (
        "forecast",
        1,
        "town",
        SEVEN_PM_S - 3600.0,
    )
    assert stored.forecast.values()[:, 1, 12].max() < -4.0


async def test_without_a_road_or_station_reading_nothing_is_issued() -> None:
    async with road_bench(None) as bench:
        forecaster = bench.forecaster()
        assert await forecaster.turn() is None
        await bench.add([("frog", "frog-0", 0.0, {"temperature_c": 20.0, "humidity_pct": 50.0})])
        assert await forecaster.turn() is None
        old = evening(15.0)
        await bench.add([r for r in old if r[0] in ("road", "weather")])
        _forget_the_air(bench)
        assert await forecaster.turn() is None, "nobody has told of the air"
        assert await bench.store.newest() is None


def _forget_the_air(bench: RoadBench) -> None:
    assert isinstance(bench.store, MemoryRoadForecasts)
    for kind, r in bench.store.readings.items():
        fields = {n: v * np.nan if n == "air_temperature_c" else v for n, v in r.fields.items()}
        bench.store.readings[kind] = replace(r, fields=fields)


async def test_it_goes_on_after_whatever_goes_wrong() -> None:
    async with road_bench(None) as bench:
        forecaster, stop = bench.forecaster(), asyncio.Event()
        troubles: list[Exception] = [TransientError("away"), ValueError("odd")]

        async def progress() -> Progress:
            if troubles:
                raise troubles.pop(0)
            stop.set()
            return Progress(None)

        bench.store.progress = progress  # type: ignore[method-assign]
        async with asyncio.timeout(60):
            await forecaster.run(stop)
    assert forecaster.metrics.failed._value.get() == 1.0


@pytest.mark.parametrize("devices", [("road-0", "nobody"), ()])
async def test_readings_of_sensors_on_no_road_are_left_out(devices: Sequence[str]) -> None:
    async with road_bench(None) as bench:
        await bench.add(evening(60.0))
        rows = await bench.store.measured(START, START + 3600.0)
    n = len(devices)
    roads = replace(
        rows.roads, device=list(devices),
        **{f: getattr(rows.roads, f)[:n] for f in ("at_s", "surface_c", "air_c", "humidity_pct", "film_mm")},
    )  # fmt: skip
    found: Observed = observed(replace(rows, roads=roads), TOWN, context())
    assert found.sensors.sensor.tolist() == [TOWN.sensors.index(d) for d in devices if d in TOWN.sensors]


def with_another_town() -> Registry:
    """The hamlet, and its like five degrees north of it where nothing measures."""
    town = hamlet()
    nodes = [with_(n, node_id=900 + n.node_id, latitude_deg=n.latitude_deg + 5.0) for n in town.nodes]
    segments = [
        with_(
            s, segment_id=f"n-{s.segment_id}", from_node=900 + s.from_node, to_node=900 + s.to_node, device=None, route_id=None
        )
        for s in town.segments
    ]  # fmt: skip
    return with_(town, nodes=(*nodes, *town.nodes), segments=(*segments, *town.segments))


def test_roads_far_from_all_that_measures_are_in_no_forecast_and_change_none() -> None:
    registry = with_another_town()
    ctx = context(registry)
    town = town_of(Installed(registry, ctx))
    assert (town.ids, town.sensors) == (TOWN.ids, TOWN.sensors)
    assert (town.latitude_deg, town.longitude_deg) == (TOWN.latitude_deg, TOWN.longitude_deg)
    assert np.array_equal(town.weight, TOWN.weight)
    assert town.sensor_at.tolist() == TOWN.sensor_at.tolist()


async def test_a_station_at_the_other_end_of_the_world_is_said_to_be_so_and_stops_nothing() -> None:
    """Its latitude has lost its sign, and there is no road sensor: no road is near anything that measures."""
    async with road_bench(None) as bench:
        await bench.add(evening())
        forecaster = bench.forecaster()
        known = await forecaster._surroundings()
        devices = [
            with_(d, latitude_deg=-52.0, longitude_deg=0.1) if d.kind == "weather" else d
            for d in known.registry.devices
            if d.kind != "road"
        ]
        registry = with_(known.registry, devices=tuple(devices))

        async def misplaced() -> Installed:
            return Installed(registry, context(registry))

        forecaster._surroundings = misplaced
        assert await forecaster.turn() is None
    assert forecaster.metrics.failed._value.get() == 0.0


async def test_what_a_gritter_measures_is_put_on_the_right_road_where_some_are_left_out() -> None:
    registry = with_another_town()
    ctx = context(registry)
    town = town_of(Installed(registry, ctx))
    async with road_bench(None) as bench:
        rows = await bench.store.measured(START, START + 3600.0)
    gritters = replace(
        rows.gritters, at_s=np.array([START, START]), latitude_deg=np.array([52.003, 57.003]),
        longitude_deg=np.array([0.1, 0.1]), surface_c=np.array([-1.0, -2.0]),
    )  # fmt: skip
    passes = observed(replace(rows, gritters=gritters), town, ctx).passes
    assert [town.ids[i] for i in passes.segment.tolist()] == ["s1"]
    assert passes.surface_c.tolist() == [-1.0]
