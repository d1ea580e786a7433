"""Who sees what over SensorThings: everybody what is no home's, a resident her own frogs and nobody else's."""

from __future__ import annotations

from tests.fakes import seed_web
from tests.fakes.website import Site


async def frogs(site: Site, code: str) -> list[str]:
    rows = await site.sql(
        "select d.name from device d join home_device using (device_id) join home h using (home_id)"
        " where h.code = %s and d.kind = 'frog' order by 1",
        code,
    )
    return [row[0] for row in rows]


async def test_a_resident_sees_her_own_frogs_and_nobody_else_s(site: Site) -> None:
    await site.get("/sta/v1.1/Things?$top=1")
    mine = await frogs(site, seed_web.DAMP_HOME)
    [[foreign]] = await site.sql(
        "select t.thing_id from sta_thing t where t.private and t.name <> all(%s) limit 1", mine
    )
    await site.join(seed_web.DAMP_HOME)
    things = await site.get("/sta/v1.1/Things?$expand=Datastreams,Locations&$count=true")
    assert sorted(thing["name"] for thing in things["value"]) == mine
    assert things["@iot.count"] == len(mine) > 0
    streams = [stream["name"] for thing in things["value"] for stream in thing["Datastreams"]]
    assert f"{mine[0]}: Relative humidity" in streams
    newest = await site.get(
        "/sta/v1.1/Observations?$orderby=phenomenonTime desc&$top=3&$expand=Datastream/Thing"
    )
    assert {o["Datastream"]["Thing"]["name"] for o in newest["value"]} <= set(mine)
    counted = await site.get("/sta/v1.1/Datastreams?$expand=Observations($count=true;$top=1)")
    assert all(stream["Observations@iot.count"] > 100 for stream in counted["value"])
    assert (await site.http.get(f"/sta/v1.1/Things({foreign})")).status_code == 404
    assert await site.get("/sta/v1.1/Things?$filter=name eq 'road-001'") == {"value": []}


async def test_nobody_finds_a_frog_by_any_way(site: Site) -> None:
    await site.get("/sta/v1.1/Things?$top=1")
    [[thing, stream, place]] = await site.sql(
        "select t.thing_id, min(s.datastream_id), min(l.location_id) from sta_thing t join sta_datastream s using (thing_id)"
        " join sta_location l on l.device_id = t.device_id where t.private group by 1 limit 1"
    )
    for address in (
        f"Things({thing})", f"Things({thing})/Datastreams", f"Datastreams({stream})", f"Datastreams({stream})/Observations",
        f"Locations({place})", f"Locations({place})/Things", f"FeaturesOfInterest({place})/Observations",
        f"Datastreams({stream})/Observations/$count",
    ):  # fmt: skip
        assert (await site.http.get(f"/sta/v1.1/{address}")).status_code == 404, address
    for query in (
        "Things?$filter=startswith(name,'frog')", f"Observations?$filter=Datastream/id eq {stream}",
        f"Observations?$filter=Datastream/Thing/id eq {thing}", "Datastreams?$filter=startswith(Thing/name,'frog')",
        "Observations?$filter=startswith(Datastream/Thing/name,'frog')", "Locations?$filter=startswith(Things/name,'frog')",
        "Sensors?$filter=name eq 'Frog' and Datastreams/id gt 0", f"HistoricalLocations?$filter=Thing/id eq {thing}",
    ):  # fmt: skip
        assert (await site.get(f"/sta/v1.1/{query}"))["value"] == [], query
    sensors = await site.get("/sta/v1.1/Sensors?$expand=Datastreams($top=1000)")
    assert not any("frog" in s["name"] for sensor in sensors["value"] for s in sensor["Datastreams"])


async def test_what_comes_into_a_home_is_gone_at_once(site: Site) -> None:
    station = (await site.get("/sta/v1.1/Things?$filter=properties/kind eq 'weather'&$expand=Datastreams"))[
        "value"
    ][0]
    stream = station["Datastreams"][0]["@iot.id"]
    observation = (await site.get(f"/sta/v1.1/Datastreams({stream})/Observations?$top=1"))["value"][0][
        "@iot.id"
    ]
    await site.sql(
        "insert into home_device (device_id, home_id) select d.device_id, h.home_id from device d, home h"
        " where d.name = %s and h.code = %s",
        station["name"],
        seed_web.DRY_HOME,
    )
    for address in (
        f"Things({station['@iot.id']})",
        f"Datastreams({stream})",
        f"Observations({observation})",
    ):
        assert (await site.http.get(f"/sta/v1.1/{address}")).status_code == 404


async def test_what_people_made_of_it_is_gone_with_it(site: Site) -> None:
    """A note's datastream and a place that people gave a thing; and what was listed while its device came into a home."""
    await site.get("/sta/v1.1/Things?$top=1")
    [(device, thing)] = await site.sql(
        "select device_id, thing_id from sta_thing t join device d using (device_id) where d.kind = 'bin' limit 1"
    )
    [(stream,)] = await site.sql(
        "insert into sta_datastream (thing_id, sensor_id, property_id, kind, field, name, description, unit, observation_type)"
        " select %s, (select min(sensor_id) from sta_sensor), (select min(property_id) from sta_property), 'other', 'value', 'n', 'd', '{}', 'o'"
        " returning datastream_id",
        thing,
    )
    [(place,)] = await site.sql(
        "with l as (insert into sta_location (name, description, location) values ('flat 3', 'd', '{}') returning location_id)"
        " insert into sta_thing_location select %s, location_id from l returning location_id",
        thing,
    )
    addresses = [f"Things({thing})", f"Datastreams({stream})", f"Locations({place})"]
    for address in addresses:
        assert (await site.http.get(f"/sta/v1.1/{address}")).status_code == 200, address
    await site.sql(
        "insert into home_device (device_id, home_id) select %s, home_id from home where code = %s",
        device,
        seed_web.DRY_HOME,
    )
    for address in addresses:
        assert (await site.http.get(f"/sta/v1.1/{address}")).status_code == 404, address
    # As a listing leaves it that read the device before it came into the home.
    await site.sql("update sta_thing set private = false where thing_id = %s", thing)
    await site.sql("select sta_sync('[]')")
    assert (await site.http.get(f"/sta/v1.1/{addresses[0]}")).status_code == 404
