"""The page, the catalogue and the feeds of open data, as a spreadsheet, a program and a catalogue harvester get them."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime
from typing import Any

import pytest

from ops_api.opendata.core.csv_text import header
from ops_api.opendata.core.datasets import DATASETS
from tests.fakes import seed_web, website
from tests.fakes.databases import drop, with_database
from tests.fakes.housing_rows import ward_homes
from tests.fakes.website import OPS_PASSWORD, STILL, Site


def cells(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


@STILL
async def test_each_dataset_is_the_same_as_csv_and_as_geojson(still: Site) -> None:
    for dataset in DATASETS.values():
        lines = await still.http.get(f"/open/{dataset.id}.csv")
        document = (await still.http.get(f"/open/{dataset.id}.geojson")).json()
        rows = cells(lines.text)
        assert lines.headers["content-type"] == "text/csv; charset=utf-8; header=present"
        assert [r["id"] for r in rows] == [f["id"] for f in document["features"]]
        assert tuple(csv.reader([lines.text.splitlines()[0]]).__next__()) == header(dataset)
        for row, feature in zip(rows, document["features"], strict=True):
            assert set(feature["properties"]) == {c.name for c in dataset.columns}
            for name, value in feature["properties"].items():
                assert row[name] == (
                    "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
                )


@STILL
async def test_feeds_have_what_the_town_has(still: Site) -> None:
    async def ids(name: str) -> set[str]:
        return {f["id"] for f in (await still.get(f"/open/{name}.geojson"))["features"]}

    assert await ids("roads") == {r[0] for r in await still.sql("select segment_id from road_segment")}
    assert await ids("bins") == {r[0] for r in await still.sql("select bin_id from bin_site")}
    assert await ids("gritting-routes") == {
        r[0] for r in await still.sql("select route_id from gritting_route")
    }
    assert await ids("weather") == {
        r[0] for r in await still.sql("select name from device where kind = 'weather'")
    }
    road = (await still.get("/open/road-temperatures.geojson"))["features"]
    assert {f["id"] for f in road} == {
        r[0] for r in await still.sql("select name from device where kind = 'road'")
    }
    assert all(isinstance(f["properties"]["surface_temperature_c"], float) for f in road)
    assert all(datetime.fromisoformat(f["properties"]["measured_at"]).tzinfo is not None for f in road)
    assert all(
        f["properties"]["surface_state"] in (None, "dry", "damp", "wet", "hoar", "ice", "snow") for f in road
    )


async def test_a_sensor_that_stood_in_a_home_is_in_no_feed(site: Site) -> None:
    await site.sql(
        "insert into home_device (device_id, home_id) select (select device_id from device where kind = 'weather' limit 1), (select min(home_id) from home)"
    )
    assert (await site.get("/open/weather.geojson"))["features"] == []


async def test_a_bin_whose_sensor_stood_in_a_home_is_there_and_nothing_is_known_of_it(site: Site) -> None:
    [(bin_id, device)] = await site.sql(
        "select b.bin_id, d.name from bin_site b join device d using (device_id) join subject_state s on s.subject = b.bin_id"
        " where s.subject_kind = 'bin' and s.state ->> 'fill_pct' is not null limit 1"
    )
    await site.sql(
        "insert into home_device (device_id, home_id) select (select device_id from device where name = %s), (select min(home_id) from home)",
        device,
    )
    [told] = [f for f in (await site.get("/open/bins.geojson"))["features"] if f["id"] == bin_id]
    assert (told["properties"]["filling_level"], told["properties"]["measured_at"]) == (None, None)
    [listed] = [f for f in (await site.get("/api/v1/bins"))["features"] if f["id"] == bin_id]
    assert (listed["properties"]["fill_pct"], listed["properties"]["at"]) == (None, None)
    one = await site.get(f"/api/v1/bins/{bin_id}")
    assert (one["state"], one["at"], one["events"]) == (None, None, [])
    found = await site.get(f"/api/v1/bins/{bin_id}/levels")
    assert (found["levels"], found["emptyings"]) == ([], [])
    [entity] = [e for e in await site.get("/api/v1/bins/open.fiware.json") if e["id"].endswith(bin_id)]
    assert "fillingLevel" not in entity
    page = await site.http.get(f"/bins/{bin_id}")
    assert page.status_code == 200
    assert (listed["properties"]["device"], one["device"]) == ("", "")


@STILL
async def test_who_asks_for_the_head_of_a_feed_gets_its_headers(still: Site) -> None:
    for path in (
        "/open/bins.csv", "/open/roads.geojson", "/open/catalogue.jsonld", "/ogc/collections/bins/items", "/api/v1/devices",
        "/api/v1/bins/open.csv", "/api/v1/openapi.json", "/ngsi-ld/v1/entities?type=WasteContainer", "/open", "/healthz",
    ):  # fmt: skip
        whole, head = await still.http.get(path), await still.http.head(path)
        assert (head.status_code, head.content) == (200, b""), path
        for name in ("content-type", "etag", "access-control-allow-origin"):
            assert head.headers.get(name) == whole.headers.get(name), (path, name)
    tag = (await still.http.head("/open/bins.csv")).headers["etag"]
    assert (await still.http.head("/open/bins.csv", headers={"If-None-Match": tag})).status_code == 304
    assert (await still.http.head("/open/none.csv")).status_code == 404
    assert (await still.http.head("/accounts", follow_redirects=False)).status_code == 303
    for path in ("/api/v1/readings/stream?kind=road", "/api/v1/readings/export?kind=road"):
        assert (await still.http.head(path)).status_code == 405, path


@STILL
async def test_what_a_program_has_costs_nothing_and_anybody_may_ask(still: Site) -> None:
    first = await still.http.get("/open/bins.csv")
    assert first.headers["access-control-allow-origin"] == "*"
    assert first.headers["cross-origin-resource-policy"] == "cross-origin"
    assert first.headers["x-robots-tag"] == "all"
    assert 'rel="license"' in first.headers["link"]
    assert first.headers["cache-control"] == "public, max-age=60"
    for known in (
        {"If-None-Match": first.headers["etag"]},
        {"If-Modified-Since": first.headers["last-modified"]},
    ):
        again = await still.http.get("/open/bins.csv", headers=known)
        assert (again.status_code, again.content) == (304, b"")
    assert (await still.http.get("/open/bins.csv", headers={"If-None-Match": '"other"'})).status_code == 200


async def test_links_to_the_host_that_somebody_asked_for_are_kept_for_nobody_else(
    site: Site, pg_server: str, towns: Any
) -> None:
    linked = (
        "/ogc",
        "/ogc/collections/bins/items",
        "/open/catalogue.jsonld",
        "/ngsi-ld/v1/entities?type=WasteContainer",
    )
    for path in linked:
        answer = await site.http.get(path, headers={"Host": "evil.example"})
        assert answer.headers["cache-control"] == "private, max-age=60", path
    for path in ("/open/bins.csv", "/open/bins.geojson", "/api/v1/bins/open", "/open/datex/sites.xml"):
        answer = await site.http.get(
            path, headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
        )
        assert answer.headers["cache-control"] == "public, max-age=60", path
        assert "evil" not in answer.text + str(answer.headers), path
    template, town, now = await towns.template()
    name = website.clone(pg_server, template)
    async with website.running(
        with_database(pg_server, name), town, now, public_url="https://open.example.gov.uk"
    ) as named:
        for path in linked:
            answer = await named.http.get(path, headers={"Host": "evil.example"})
            assert answer.headers["cache-control"] == "public, max-age=60", path
            assert "evil" not in answer.text + str(answer.headers), path
    drop(pg_server, name)


@STILL
async def test_what_there_is_not_is_a_problem(still: Site) -> None:
    for path in (
        "/open/frogs.csv",
        "/open/homes.geojson",
        "/open/..%2fbins.csv",
        "/open/bins.xml",
        "/open/%00.csv",
    ):
        answer = await still.http.get(path)
        assert answer.status_code == 404, path
        assert answer.headers["content-type"] == "application/problem+json"


async def test_an_empty_town_has_empty_feeds(site: Site) -> None:
    for table in ("subject_state", "road_reading", "weather_reading", "decision"):
        await site.sql(f"delete from {table}")
    for dataset in DATASETS.values():
        document: dict[str, Any] = (await site.http.get(f"/open/{dataset.id}.geojson")).json()
        assert json.dumps(document)
    assert (await site.get("/open/weather.geojson"))["features"] == []
    page = await site.http.get("/open")
    assert page.status_code == 200
    assert "Nothing in it now" in page.text


async def test_nobodys_names_are_in_any_feed(site: Site) -> None:
    await site.sql(
        "insert into treatment_act (act_id, ref, route_id, decision_id, what, at, by, role, via, reason, seen, link, thread)"
        " select 1, 'P' || decision_id, subject, decision_id, 'cancelled', now(), 'Ada Frost', 'officer', 'web', 'Ada says no', '{}', 'x', 1"
        " from decision where rule_id = 'winter.gritting' order by decision_id desc limit 1"
    )
    text = (await site.http.get("/open/gritting-decisions.geojson")).text
    assert '"answer":"cancelled"' in text
    assert "Ada" not in text


async def test_homes_are_told_of_as_the_map_of_wards_tells(site: Site) -> None:
    await site.sql("delete from damp_finding")
    wards = [r[0] for r in await site.sql("select ward_id from ward order by label")]
    for ward, homes, at_risk in ((wards[0], 30, 12), (wards[1], 40, 2), (wards[2], 20, 9), (wards[3], 3, 3)):
        await ward_homes(site, ward, homes, at_risk)
    told = await site.get("/api/v1/housing/wards")
    rows = {
        r["id"]: (r["homes"], r["at_risk"])
        for r in cells((await site.http.get("/open/homes-by-ward.csv")).text)
    }
    together = rows.pop("other-wards-together")
    assert together == (str(told["others"]["homes"]), str(told["others"]["at_risk"]))
    known = {
        w["ward_id"]: (
            "" if w["homes"] is None else str(w["homes"]),
            "" if w["at_risk"] is None else str(w["at_risk"]),
        )
        for w in told["wards"]
    }
    assert rows == known
    assert rows[wards[0]] == ("30", "12")
    assert rows[wards[3]] == ("", "")


async def test_no_household_is_in_any_answer(site: Site) -> None:
    await site.join(seed_web.DAMP_HOME, name="Ada Zürich")
    site.http.cookies.clear()
    never = {
        r[0]
        for r in await site.sql(
            "select code from home union select label from home union select name from device where kind = 'frog'"
        )
    }
    never |= {
        r[0] for r in await site.sql("select label from device where kind = 'frog' and label <> ''")
    } | {"Ada Zürich"}
    paths = [f"/open/{d}.{e}" for d in DATASETS for e in ("csv", "geojson")] + [
        f"/ogc/collections/{d}/items?limit=10000" for d in DATASETS
    ]
    paths += [
        "/open",
        "/open/catalogue.jsonld",
        "/ogc",
        "/ogc/collections",
        "/ogc/api",
        "/open/datex/road-weather.xml",
        "/open/datex/sites.xml",
    ]
    paths += [f"/ngsi-ld/v1/entities?type={t}&limit=1000" for t in ("WasteContainer", "WeatherObserved")]
    for path in paths:
        answer = await site.http.get(path)
        assert answer.status_code == 200, path
        assert [n for n in never if n in answer.text] == [], path


async def test_incidents_say_nothing_that_a_person_wrote(site: Site) -> None:
    headers = {
        "Authorization": f"Bearer {OPS_PASSWORD}",
        "X-Cityops-Who": "Ada Frost",
        "X-Cityops-Role": "manager",
    }
    said = {
        "title": "Mrs Smith fell",
        "place": "12 Mill Lane",
        "latitude_deg": 51.454321,
        "longitude_deg": -2.587654,
    }
    made = await site.http.post("/api/v1/incidents", json=said, headers=headers)
    assert made.status_code == 201, made.text
    text = (await site.http.get("/open/incidents.geojson")).text
    (feature,) = json.loads(text)["features"]
    assert feature["geometry"]["coordinates"] == [-2.588, 51.454]
    assert feature["properties"]["state"] == "open"
    assert not any(word in text for word in ("Smith", "Mill", "Frost"))


async def test_what_was_taken_back_was_not_treated(site: Site) -> None:
    await site.sql(
        "insert into treatment_pass (what, segment_id, lorry, at, g_m2, low, high, from_at, to_at, rain_mm)"
        " select what, segment_id, 'gritter-1', at, 10, 0.25, 1, at, at, 0 from (select min(segment_id) as segment_id from road_segment) s,"
        " (values ('driven', now() - interval '1 hour'), ('driven', now() - interval '2 hours'), ('taken_back', now() - interval '2 hours'),"
        " ('driven', now() - interval '9 days')) as x(what, at)"
    )
    text = (await site.http.get("/open/treatments.csv")).text
    (row,) = cells(text)
    assert (row["spread_rate_g_m2"], row["from_share"], row["to_share"]) == ("10.0", "0.25", "1.0")
    assert row["wkt"].startswith("LINESTRING (")
    assert "gritter" not in text


@STILL
async def test_a_host_that_is_none_stands_in_no_link(still: Site) -> None:
    for host in ('x>; rel="other"', "[", "a b", "é", "a:b"):
        found = await still.http.get("/ogc", headers={"Host": host.encode("latin-1")})
        assert {link["href"] for link in found.json()["links"] if link["rel"] == "self"} == {"/ogc"}, host


@STILL
async def test_the_page_says_what_it_is_and_how_fresh(still: Site) -> None:
    page = (await still.http.get("/open")).text
    for dataset in DATASETS.values():
        assert dataset.title in page
        assert f'href="/open/{dataset.id}.csv"' in page
    assert "Newest measured" in page
    assert "Open Government Licence v3.0" in page


async def test_an_installations_own_licence_contact_and_address_are_in_all_of_it(
    pg_server: str, towns: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CITYOPS_OPEN__LICENCE", "https://licence.example/own")
    monkeypatch.setenv("CITYOPS_OPEN__CONTACT", "mailto:data@council.example")
    template, town, now = await towns.template()
    name = website.clone(pg_server, template)
    try:
        async with website.running(
            with_database(pg_server, name), town, now, public_url="https://open.example"
        ) as site:
            for path in (
                "/open",
                "/open/catalogue.jsonld",
                "/ogc",
                "/open/bins.geojson",
                "/ngsi-ld/v1/entities?type=WasteContainer",
            ):
                answer = await site.http.get(path, headers={"Host": "other.example"})
                assert "https://licence.example/own" in answer.text, path
                assert "other.example" not in answer.text + answer.headers.get("link", ""), path
            assert "mailto:data@council.example" in (await site.http.get("/open/catalogue.jsonld")).text
            assert (await site.get("/ogc"))["links"][0]["href"] == "https://open.example/ogc"
    finally:
        drop(pg_server, name)
