"""The running road forecast by REST and command line, on one database."""

from __future__ import annotations

import json

import numpy as np
import psycopg

from ops_api.queries import OneConnection
from rules.core.road_now.table import HOURS, QUANTITIES, NowRows, RoadForecast, WeatherUsed, packed
from rules.core.road_now.thermal_map import unknown
from rules.winter.forecaster.store import PostgresRoadForecasts
from tests.fakes.command_line import cityops
from tests.fakes.website import Site

ROAD, ROUTE = "/api/v1/segments/{}/forecast", "/api/v1/routes/{}/forecast"


def forecast(ids: tuple[str, ...], issued_s: float) -> RoadForecast:
    """Return a forecast in which each stretch is a degree colder than the one before it, at all hours."""
    n = len(ids)
    values = np.zeros((len(QUANTITIES), HOURS, n))
    middle = 2.0 - np.arange(n)[None, :] - 0.1 * np.arange(HOURS)[:, None]
    values[0], values[1], values[2] = middle - 1.0, middle, middle + 1.0
    values[3] = np.where(middle < 0.0, 0.9, 0.1)
    values[:, 23, 0] = np.nan
    now = NowRows(middle[0], np.full(n, 0.5), ("model",) * n, ("dry",) * n, np.full(n, 0.04), np.full(n, 3.0))
    used = WeatherUsed("forecast", 7, "met-desk", issued_s - 3600.0)
    return RoadForecast(issued_s, ids, packed(values), now, used, (), 1.2, 20)


async def publish(dsn: str, made: RoadForecast) -> None:
    async with await psycopg.AsyncConnection.connect(dsn) as conn:
        store = PostgresRoadForecasts(OneConnection(conn))
        assert await store.publish(made, unknown(len(made.ids))) == 1


async def test_before_the_first_it_says_so(site: Site) -> None:
    segment = site.town.segments[0].segment_id
    for path in ("/api/v1/road-forecast", ROAD.format(segment)):
        answer = await site.http.get(path)
        assert answer.status_code == 404
        assert "There is no road forecast yet" in answer.json()["detail"]
    none = cityops("winter", "forecast", segment, CITYOPS_DB__DSN=site.dsn)
    assert (none.returncode, none.stdout.startswith("There is no road forecast yet")) == (1, True)


async def test_a_segment_a_route_and_the_town_have_their_hours(site: Site) -> None:
    route = site.town.routes[0].route_id
    on = tuple(sorted(s.segment_id for s in site.town.segments if s.route_id == route))
    off = next(s.segment_id for s in site.town.segments if s.route_id != route)
    issued_s = site.now.timestamp() // 1800.0 * 1800.0 - 1800.0
    await publish(site.dsn, forecast((*on, off), issued_s))

    one = await site.get(ROAD.format(on[0]))
    assert (one["weather"], one["weather_source"], len(one["hours"])) == ("forecast", "met-desk", HOURS)
    soon = await site.get(f"{ROAD.format(on[0])}?hours=6")
    assert soon["hours"] == one["hours"][:6]
    assert (await site.http.get("/api/v1/road-forecast?hours=25")).status_code == 422
    first, last = one["hours"][0], one["hours"][-1]
    assert (first["low_c"], first["middle_c"], first["high_c"], first["below_zero"]) == (1.0, 2.0, 3.0, 0.1)
    assert last["middle_c"] is None
    assert [n["segment_id"] for n in one["now"]] == [on[0]]
    assert one["now"][0]["salt_g_m2"] == 3.0
    assert 0.0 <= one["age_s"] < 7200.0

    many = await site.get(ROUTE.format(route))
    assert (many["hours"][0]["coldest"], many["hours"][0]["middle_c"]) == (on[-1], 3.0 - len(on))
    assert len(many["now"]) == len(on)
    assert (await site.get("/api/v1/road-forecast"))["hours"][0]["coldest"] == off
    assert (await site.http.get(ROAD.format("nowhere"))).status_code == 404

    table = cityops("winter", "forecast", on[0], CITYOPS_DB__DSN=site.dsn)
    assert table.returncode == 0, table.stderr
    lines = table.stdout.splitlines()
    assert f"Road forecast 1, {on[0]}, issued" in lines[0]
    assert "by the weather of met-desk" in lines[0]
    assert lines[3].split()[2:6] == ["2.0", "1.0", "3.0", "10%"]
    told = cityops("winter", "forecast", route, "--json", CITYOPS_DB__DSN=site.dsn)
    assert json.loads(told.stdout)["hours"][0]["coldest"] == on[-1]
    wrong = cityops("winter", "forecast", "nowhere", CITYOPS_DB__DSN=site.dsn)
    assert wrong.returncode != 0
    assert "'nowhere' is no segment and no route with roads" in wrong.stderr
