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
