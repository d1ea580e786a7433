"""SensorThings over HTTP, with the client that others use: frost_sta_client."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import frost_sta_client as fsc
import pytest

from tests.fakes.website import Site

# The client uses what one of its libraries gives up.
pytestmark = pytest.mark.filterwarnings("ignore:furl.pathstr")


def service(site: Site) -> fsc.SensorThingsService:
    return fsc.SensorThingsService(f"{site.url}/sta/v1.1")


async def blocking(call: Callable[[], Any]) -> Any:
    """Run what the client does beside the site, which runs in this loop."""
    return await asyncio.to_thread(call)


async def test_the_client_pages_through_all_things_and_finds_no_home_s(site: Site) -> None:
    def names() -> list[str]:
        return [thing.name for thing in service(site).things().query().top(7).list()]

    found = await blocking(names)
    rows = await site.sql("select name from device where not private order by device_id")
    assert found == [row[0] for row in rows]
    assert len(found) > 30
    assert not any(name.startswith("frog") for name in found)


async def test_the_client_follows_a_thing_to_its_observations(site: Site) -> None:
    def results() -> tuple[str, list[float], str]:
        thing = service(site).things().query().filter("name eq 'road-001'").list().entities[0]
        streams = (
            thing.get_datastreams().query().filter("ObservedProperty/name eq 'Road surface temperature'")
        )
        stream = streams.list().entities[0]
        newest = stream.get_observations().query().orderby("phenomenonTime", "desc").top(10).list()
        return (
            stream.unit_of_measurement.symbol,
            [o.result for o, _ in zip(newest, range(25), strict=False)],
            stream.name,
        )

    symbol, found, name = await blocking(results)
    rows = await site.sql(
        "select surface_temperature_c::float8 from road_reading join device using (device_id) where name = 'road-001'"
        " order by ts desc limit 25"
    )
    assert symbol == "°C"
    assert name == "road-001: Road surface temperature"
    assert found == pytest.approx([row[0] for row in rows], abs=0.006)


async def test_pages_of_observations_leave_none_out_and_give_none_twice(site: Site) -> None:
    def ids() -> list[int]:
        return [
            o.id
            for o in service(site)
            .observations()
            .query()
            .filter("Datastream/Thing/name eq 'road-002'")
            .top(40)
            .list()
        ]

    found = await blocking(ids)
    [[count]] = await site.sql(
        "select count(*) from road_reading join device using (device_id) where name = 'road-002'"
    )
    assert found == sorted(set(found))
    assert len(found) == 4 * count  # surface, air, humidity, battery


async def test_a_mistake_is_told_with_its_place_and_the_client_shows_it(site: Site) -> None:
    answer = await site.http.get("/sta/v1.1/Things", params={"$filter": "name eq and"})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    said = answer.json()
    assert (said["option"], said["position"]) == ("$filter", 8)
    assert said["message"] == said["detail"]
    for address in ("/sta/v1.1/Nothing", "/sta/v1.1/Things(99999)", "/sta/v1.1/Things(99999)/Datastreams"):
        missing = await site.http.get(address)
        assert (missing.status_code, missing.json()["status"]) == (404, 404)


async def test_strange_addresses_and_queries_are_refused_and_harm_nothing(site: Site) -> None:
    strange = (
        "/sta/v1.1/Things%00", "/sta/v1.1/Things(1)/name%00", "/sta/v1.1/%ff", "/sta/v1.1/..%2f..%2fetc", "/sta/v1.1/Things('1')",
        "/sta/v1.1/Things(99999999999999999999)", f"/sta/v1.1/{'Things/' * 200}", "/sta/v1.1/Things(-1)", "/sta/v1.1/Things(1)/Things",
        "/sta/v1.1/Observations(9007199254740991)", "/sta/v1.1/Datastreams(2147483648)/Observations",
    )  # fmt: skip
    for address in strange:
        assert (await site.http.get(address)).status_code == 404, address
    queries = (
        "$filter=%00", "$filter=name%20eq%20'%00'", "$filter=%ff", "$filter=" + "(" * 4000, "$filter=name eq '" + "x" * 5000 + "'", "$top=1&" * 30,
        "$filter=name eq 'a' or 1 eq 1;drop table device", "$orderby=name;select pg_sleep(9)", "$expand=" + "Datastreams($expand=Thing(" * 9,
        "$skiptoken=1.1'", "$filter=id eq 1e999",
    )  # fmt: skip
    for query in queries:
        assert (await site.http.get(f"/sta/v1.1/Things?{query}")).status_code == 400, query
    quoted = await site.get("/sta/v1.1/Things?$filter=name eq '''; drop table device; --'")
    assert quoted == {"value": []}
    assert (await site.sql("select count(*) > 30 from device")) == [(True,)]


async def test_other_sites_may_read_but_only_without_anybody_s_cookies(site: Site) -> None:
    answer = await site.http.get("/sta/v1.1/Things?$top=1", headers={"Origin": "https://map.example"})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers
    asked = await site.http.options("/sta/v1.1/Things", headers={"Origin": "https://map.example"})
    assert (asked.status_code, asked.headers["access-control-allow-methods"]) == (204, "GET, OPTIONS")
