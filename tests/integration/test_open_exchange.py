"""NGSI-LD and DATEX II as other systems read them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from lxml import etree

from tests.fakes.website import Site

NS = {
    "d2": "http://datex2.eu/schema/3/d2Payload", "com": "http://datex2.eu/schema/3/common",
    "roa": "http://datex2.eu/schema/3/roadTrafficData", "loc": "http://datex2.eu/schema/3/locationReferencing",
}  # fmt: skip
SCHEMAS = Path(os.environ.get("CITYOPS_REAL_DATA", "/nowhere")) / "datex" / "DATEXII_3_D2Payload.xsd"


async def documents(site: Site) -> tuple[bytes, bytes]:
    found = [await site.http.get(f"/open/datex/{n}.xml") for n in ("road-weather", "sites")]
    assert [f.status_code for f in found] == [200, 200]
    return found[0].content, found[1].content


async def test_datex_has_each_sensor_and_refers_to_its_site(site: Site) -> None:
    await site.sql(
        "update road_reading set surface_temperature_c = 0.0, water_film_mm = 0.25, surface_state = 3"
    )
    measured, sites = (ET.fromstring(d) for d in await documents(site))
    names = {r[0] for r in await site.sql("select name from device where kind in ('road', 'weather')")}
    assert {x.get("id") for x in measured.iterfind(".//roa:measurementSiteReference", NS)} == names
    assert {x.get("id") for x in sites.iterfind(".//roa:measurementSite", NS)} == names
    surface = [x.text for x in measured.iterfind(".//com:roadSurfaceTemperature/com:temperature", NS)]
    assert surface == ["0"] * 6
    assert {x.text for x in measured.iterfind(".//com:waterFilmThickness/com:distance", NS)} == {"0.00025"}
    assert {x.text for x in measured.iterfind(".//roa:weatherRelatedRoadConditionType", NS)} == {"rime"}
    assert len(measured.findall(".//com:windSpeed/com:windSpeed", NS)) == 1


@pytest.mark.skipif(not SCHEMAS.exists(), reason="DATEX II schemas 3.5 are not in CITYOPS_REAL_DATA/datex")
async def test_datex_is_as_its_schema_says(site: Site) -> None:
    await site.sql("update road_reading set surface_state = 4, water_film_mm = 0.1")
    await site.sql("update weather_reading set wind_direction_deg = 360")
    await site.sql("update device set label = 'A & B <' || chr(1) where kind = 'road'")
    schema = etree.XMLSchema(etree.parse(SCHEMAS))
    for document in await documents(site):
        schema.assertValid(etree.fromstring(document))


async def test_datex_of_an_empty_town_is_no_publication(site: Site) -> None:
    for table in ("road_reading", "weather_reading"):
        await site.sql(f"delete from {table}")
    assert (await site.http.get("/open/datex/road-weather.xml")).status_code == 404


async def entities(site: Site, **asked: Any) -> Any:
    return await site.get("/ngsi-ld/v1/entities", **asked)


async def test_bins_and_weather_are_entities(site: Site) -> None:
    all_of_them = await entities(site, type="WasteContainer", limit=1000)
    assert len(all_of_them) == 24
    assert {e["type"] for e in all_of_them} == {"WasteContainer"}
    simple = {
        e["id"]: e for e in await entities(site, type="WasteContainer", limit=1000, options="keyValues")
    }
    fiware = {e["id"]: e for e in await site.get("/api/v1/bins/open.fiware.json")}
    assert simple.keys() == fiware.keys()
    for name, e in simple.items():
        for field in ("fillingLevel", "status", "storedWasteKind", "location", "temperature"):
            assert e.get(field) == fiware[name].get(field)
    level = next(e["fillingLevel"] for e in all_of_them if "fillingLevel" in e)
    assert level["type"] == "Property"
    assert level["observedAt"].endswith("Z")
    station = (await entities(site, type="WeatherObserved"))[0]
    assert station["temperature"]["unitCode"] == "CEL"
    assert 0.0 <= station["relativeHumidity"]["value"] <= 1.0
    assert await site.get(f"/ngsi-ld/v1/entities/{station['id']}") == station


async def test_pages_attributes_and_context(site: Site) -> None:
    first = await site.http.get(
        "/ngsi-ld/v1/entities", params={"type": "WasteContainer", "limit": "5", "count": "true"}
    )
    assert first.headers["ngsild-results-count"] == "24"
    assert 'rel="http://www.w3.org/ns/json-ld#context"' in first.headers["link"]
    second = await entities(site, type="WasteContainer", limit=5, offset=5)
    assert not {e["id"] for e in first.json()} & {e["id"] for e in second}
    linked = await site.http.get(
        "/ngsi-ld/v1/entities",
        params={"type": "WasteContainer", "attrs": "status"},
        headers={"Accept": "application/ld+json"},
    )
    assert linked.headers["content-type"] == "application/ld+json"
    assert all(set(e) == {"@context", "id", "type", "status"} for e in linked.json())
    context = (await site.get(linked.json()[0]["@context"].removeprefix(site.url)))["@context"][0]
    used = {
        n
        for t in ("WasteContainer", "WeatherObserved")
        for e in await entities(site, type=t, limit=1000)
        for n in e
    }
    assert used - set(context) == {"id", "type", "location", "description"}  # these are the core context's


async def test_what_cannot_be_used_is_said(site: Site) -> None:
    for asked in (
        "",
        "type=Frog",
        "type=WasteContainer&limit=-1",
        "type=WasteContainer&limit=5000",
        "type=WasteContainer&q=x",
        "type=WasteContainer&options=x",
    ):
        answer = await site.http.get(f"/ngsi-ld/v1/entities?{asked}")
        assert (answer.status_code, answer.json()["type"]) == (
            400,
            "https://uri.etsi.org/ngsi-ld/errors/BadRequestData",
        ), asked
    for urn in (
        "urn:ngsi-ld:WasteContainer:none",
        "urn:ngsi-ld:Frog:1",
        "x",
        "urn:ngsi-ld:WeatherObserved:frog-0001",
    ):
        assert (await site.http.get(f"/ngsi-ld/v1/entities/{urn}")).status_code == 404, urn
