"""The page, the catalogue and the feeds of open data, as a spreadsheet, a program and a catalogue harvester get them."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime
from typing import Any

from ops_api.opendata.core.csv_text import header
from ops_api.opendata.core.datasets import DATASETS
from tests.fakes.website import Site


def cells(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


async def test_each_dataset_is_the_same_as_csv_and_as_geojson(site: Site) -> None:
    for dataset in DATASETS.values():
        lines = await site.http.get(f"/open/{dataset.id}.csv")
        document = (await site.http.get(f"/open/{dataset.id}.geojson")).json()
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


async def test_feeds_have_what_the_town_has(site: Site) -> None:
    async def ids(name: str) -> set[str]:
        return {f["id"] for f in (await site.get(f"/open/{name}.geojson"))["features"]}

    assert await ids("roads") == {r[0] for r in await site.sql("select segment_id from road_segment")}
    assert await ids("bins") == {r[0] for r in await site.sql("select bin_id from bin_site")}
    assert await ids("gritting-routes") == {
        r[0] for r in await site.sql("select route_id from gritting_route")
    }
    assert await ids("weather") == {
        r[0] for r in await site.sql("select name from device where kind = 'weather'")
    }
    road = (await site.get("/open/road-temperatures.geojson"))["features"]
    assert {f["id"] for f in road} == {
        r[0] for r in await site.sql("select name from device where kind = 'road'")
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


async def test_what_a_program_has_costs_nothing_and_anybody_may_ask(site: Site) -> None:
    first = await site.http.get("/open/bins.csv")
    assert first.headers["access-control-allow-origin"] == "*"
    assert first.headers["cross-origin-resource-policy"] == "cross-origin"
    assert first.headers["x-robots-tag"] == "all"
    assert 'rel="license"' in first.headers["link"]
    assert first.headers["cache-control"] == "public, max-age=60"
    for known in (
        {"If-None-Match": first.headers["etag"]},
        {"If-Modified-Since": first.headers["last-modified"]},
    ):
        again = await site.http.get("/open/bins.csv", headers=known)
        assert (again.status_code, again.content) == (304, b"")
    assert (await site.http.get("/open/bins.csv", headers={"If-None-Match": '"other"'})).status_code == 200


async def test_what_there_is_not_is_a_problem(site: Site) -> None:
    for path in (
        "/open/frogs.csv",
        "/open/homes.geojson",
        "/open/..%2fbins.csv",
        "/open/bins.xml",
        "/open/%00.csv",
    ):
        answer = await site.http.get(path)
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


async def test_the_page_says_what_it_is_and_how_fresh(site: Site) -> None:
    page = (await site.http.get("/open")).text
    for dataset in DATASETS.values():
        assert dataset.title in page
        assert f'href="/open/{dataset.id}.csv"' in page
    assert "Newest measured" in page
    assert "Open Government Licence v3.0" in page
