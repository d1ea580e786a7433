"""OGC API – Features as owslib reads it, and as its standard asks."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from owslib.ogcapi.features import Features

from ops_api.opendata.core.datasets import DATASETS
from ops_api.opendata.core.ogc import CONFORMS_TO
from tests.fakes.website import Site


async def test_owslib_finds_its_way(site: Site) -> None:
    def read() -> tuple[Features, dict[str, Any], dict[str, Any], dict[str, Any]]:
        service = Features(f"{site.url}/ogc")
        assert set(service.feature_collections()) == set(DATASETS)
        assert service.api()["openapi"].startswith("3.0")
        assert service.conformance()["conformsTo"] == list(CONFORMS_TO)
        bins = service.collection_items("bins", limit=7)
        one = service.collection_item("bins", bins["features"][0]["id"])
        box = service.collection("bins")["extent"]["spatial"]["bbox"][0]
        return service, bins, one, service.collection_items("bins", bbox=box, limit=1000)

    _, bins, one, inside = await asyncio.to_thread(read)
    assert bins["numberReturned"] == 7
    assert one["properties"] == bins["features"][0]["properties"]
    assert inside["numberMatched"] == inside["numberReturned"] == bins["numberMatched"] == 24


async def paged(site: Site, address: str) -> list[dict[str, Any]]:
    """Follow next links to the end."""
    found: list[dict[str, Any]] = []
    for _ in range(100):
        page = await site.get(urlsplit(address).path, **dict(parse_qsl(urlsplit(address).query)))
        found += page["features"]
        following = [x["href"] for x in page["links"] if x["rel"] == "next"]
        if not following:
            return found
        address = following[0]
    raise AssertionError("pages without end")


async def test_pages_have_each_feature_once(site: Site) -> None:
    for limit in (1, 7, 59, 60, 61):
        features = await paged(site, f"{site.url}/ogc/collections/roads/items?limit={limit}")
        ids = [f["id"] for f in features]
        assert len(ids) == len(set(ids)) == 60
        assert set(ids) == {r[0] for r in await site.sql("select segment_id from road_segment")}


async def test_filters_narrow_and_next_keeps_them(site: Site) -> None:
    everything = (await site.get("/ogc/collections/roads/items", limit=1000))["features"]
    street = everything[0]["properties"]["street"]
    mine = {f["id"] for f in everything if f["properties"]["street"] == street}
    found = await paged(
        site, f"{site.url}/ogc/collections/roads/items?street={street.replace(' ', '%20')}&limit=1"
    )
    assert {f["id"] for f in found} == mine
    hazards = await site.get("/ogc/collections/roads/items", hazard="true", limit=1000)
    assert 0 < hazards["numberMatched"] < 60
    assert all(f["properties"]["hazard"] is True for f in hazards["features"])


async def test_times_and_boxes(site: Site) -> None:
    at = site.now.isoformat().replace("+00:00", "Z")

    async def matched(name: str, **asked: str) -> int:
        return int((await site.get(f"/ogc/collections/{name}/items", **asked))["numberMatched"])

    assert await matched("roads", datetime=at) == 60
    assert await matched("roads", datetime=f"{at}/..") == 60
    assert await matched("roads", datetime="../2020-01-01T00:00:00Z") == 0
    assert await matched("roads", datetime=f"/{at}") == 60
    assert await matched("roads", datetime="2020-01-01T00:00:00+01:00/2020-01-02T00:00:00Z") == 0
    assert await matched("bins", bbox="0,0,1,1") == 0
    assert await matched("bins", bbox="-180,-90,0,180,90,0") == 24
    assert await matched("bins", bbox="170,-90,-170,90") == 0  # across the antimeridian
    # What has no place is in each box.
    assert await matched("gritting-decisions", bbox="0,0,1,1") == await matched("gritting-decisions") > 0


async def test_a_box_cuts_a_line_and_not_only_its_box(site: Site) -> None:
    """An L whose box covers the town, and a box in the L's open corner."""
    segment = (await site.sql("select min(segment_id) from road_segment"))[0][0]
    await site.sql(
        "update road_segment set geometry = '[[10,10],[10,20],[20,20]]' where segment_id = %s", segment
    )
    assert (await site.get("/ogc/collections/roads/items", bbox="15,11,19,15"))["numberMatched"] == 0
    assert (await site.get("/ogc/collections/roads/items", bbox="9,11,11,12"))["features"][0]["id"] == segment


UNUSABLE = (
    "limit=0", "limit=-1", "limit=abc", "limit=1.5", "limit=", "bbox=1,2,3", "bbox=a,b,c,d", "bbox=0,10,1,5", "bbox=nan,0,1,1",
    "bbox=0,0,500,1", "bbox=0,0,1,inf", "datetime=yesterday", "datetime=2026-01-01", "datetime=../..", "datetime=/",
    "datetime=2026-02-01T00:00:00Z/2026-01-01T00:00:00Z", "datetime=2026-13-01T00:00:00Z", "cursor=%00%00", "cursor=ÿ", "nothing=1",
    "f=html", "limit=1&limit=2", "capacity_l=many", "capacity_l=nan", "limit=99999999999999999999", "datetime=0001-01-01T00:00:00%2B14:00",
)  # fmt: skip


async def test_what_cannot_be_used_is_said(site: Site) -> None:
    for asked in UNUSABLE:
        answer = await site.http.get(f"/ogc/collections/bins/items?{asked}")
        assert answer.status_code == 400, (asked, answer.text[:200])
        assert answer.headers["content-type"] == "application/problem+json"
    for path in ("", "/", "/conformance", "/collections", "/collections/bins", "/api"):
        assert (await site.http.get(f"/ogc{path}?nothing=1")).status_code == 400, path
        assert (await site.http.get(f"/ogc{path}?f=json")).status_code == 200, path


async def test_zero_is_a_value(site: Site) -> None:
    segment = (await site.sql("select min(segment_id) from road_segment"))[0][0]
    await site.sql(
        "update subject_state set state = state || '{\"surface_temperature_c\": 0.0}' where subject_kind = 'segment' and subject = %s",
        segment,
    )
    found = await site.get("/ogc/collections/roads/items", surface_temperature_c="0", limit=1000)
    assert segment in {f["id"] for f in found["features"]}
    one = await site.get(f"/ogc/collections/roads/items/{segment}")
    assert one["properties"]["surface_temperature_c"] == 0.0
    assert (await site.http.get("/ogc/collections/roads/items/none/such")).status_code == 404
