"""The manners of /api/v1 on a real site: pages, tags, fields, parameters, problems."""

from __future__ import annotations

import asyncio
import html
from datetime import timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio

from ops_api.rest.core.problem_types import TYPES
from tests.fakes import website
from tests.fakes.databases import drop, with_database
from tests.fakes.seed_web import DAMP_HOME
from tests.fakes.website import Site

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(pg_server: str, towns: Any) -> Any:
    """One site for all tests here: each looks at what it has written itself."""
    template, town, now = await towns.template()
    name = website.clone(pg_server, template)
    async with website.running(
        with_database(pg_server, name), town, now, sample_home=DAMP_HOME, keep_s=1.0
    ) as started:
        yield started
    drop(pg_server, name)


async def pages(site: Site, address: str) -> Any:
    """Yield the answers of a collection, following Link headers as they are."""
    following: str | None = address
    while following is not None:
        answer = await site.http.get(following)
        assert answer.status_code == 200, answer.text
        yield answer.json()
        following = answer.links["next"]["url"] if "next" in answer.links else None


async def test_pages_follow_each_other_whatever_is_added_meanwhile(site: Site) -> None:
    names: list[str] = []
    async for page in pages(site, "/api/v1/devices?limit=7&kind=bin"):
        names += [d["name"] for d in page["devices"]]
        if len(names) == 7:  # before and after where the next page begins
            await site.sql(
                "insert into device (name, kind, shard, installed_at) values ('aaa-bin', 'bin', 0, now()), ('zzz-bin', 'bin', 0, now())"
            )
    outside = sorted(d.name for d in site.town.devices if d.kind == "bin")
    assert names == [*outside, "zzz-bin"]
    await site.sql("delete from device where name in ('aaa-bin', 'zzz-bin')")


async def test_series_and_numbered_collections_have_pages_too(site: Site) -> None:
    span = f"from={(site.now - timedelta(hours=6)).isoformat()}&to={site.now.isoformat()}".replace("+", "%2B")
    for bucket, limit in (("raw", 11), ("hour", 2)):
        address = f"/api/v1/devices/road-001/series?bucket={bucket}&{span}"
        whole = (await site.get(f"{address}&limit=10000"))["rows"]
        parts = [p["rows"] async for p in pages(site, f"{address}&limit={limit}")]
        assert [row for part in parts for row in part] == whole
        assert len(whole) > limit
        assert {len(part) for part in parts[:-1]} == {limit}
    whole = [a["alarm_id"] for a in await site.get("/api/v1/alarms", state="all", limit=1000)]
    found = [a["alarm_id"] async for p in pages(site, "/api/v1/alarms?state=all&limit=2") for a in p]
    assert found == whole
    assert len(whole) > 2


async def test_a_cursor_of_another_question_is_refused(site: Site) -> None:
    following = (await site.http.get("/api/v1/devices?limit=3")).links["next"]["url"]
    assert (await site.http.get(following + "&kind=bin")).json()["type"] == "/problems/wrong-cursor"
    for wrong in ("", "x", "é", "a" * 5000, following.rpartition("=")[2][:-2]):
        answer = await site.http.get("/api/v1/devices", params={"limit": 3, "cursor": wrong})
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/wrong-cursor"), wrong
    other = await site.http.get("/api/v1/alarms", params={"cursor": following.rpartition("=")[2]})
    assert other.status_code == 422


async def test_an_answer_that_a_client_has_is_not_sent_again(site: Site) -> None:
    latest = await site.http.get("/api/v1/readings/latest?kind=road")
    again = await site.http.get(
        "/api/v1/readings/latest?kind=road", headers={"If-None-Match": latest.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["content-security-policy"]
    await site.sql(
        "update road_reading set humidity_pct = 41.5 where ts = (select max(ts) from road_reading)"
    )
    changed = latest
    for _ in range(30):
        changed = await site.http.get(
            "/api/v1/readings/latest?kind=road", headers={"If-None-Match": latest.headers["etag"]}
        )
        if changed.status_code == 200:
            break
        await asyncio.sleep(0.1)
    assert 41.5 in [r["humidity_pct"] for r in changed.json()]
    await site.join("demo-damp-home")
    own = await site.http.get("/api/v1/homes/demo-damp-home")
    assert (own.status_code, own.headers["cache-control"]) == (200, "no-store")
    assert "etag" not in own.headers


async def test_fields_are_chosen_by_name(site: Site) -> None:
    page = await site.get("/api/v1/devices", limit=2, fields="name,kind")
    assert [set(d) for d in page["devices"]] == [{"name", "kind"}] * 2
    assert page["next"]
    assert await site.get("/api/v1/devices/road-001", fields="label") == {
        "label": (await site.get("/api/v1/devices/road-001"))["label"]
    }
    rows = await site.get("/api/v1/readings/latest", kind="road", fields="device,surface_temperature_c")
    assert {frozenset(r) for r in rows} == {frozenset({"device", "surface_temperature_c"})}
    assert [set(k) for k in await site.get("/api/v1/kinds", fields="name")] == [{"name"}] * len(
        await site.get("/api/v1/kinds")
    )
    assert {frozenset(r) for r in await site.get("/api/v1/alarms", state="all", fields="alarm_id,title")} == {
        frozenset({"alarm_id", "title"})
    }
    following = (await site.http.get("/api/v1/devices?limit=3&fields=name")).links["next"]["url"]
    assert "fields=name" in following
    for path, named in (
        ("/api/v1/devices?fields=nme", "'nme' (did you mean 'name'?)"), ("/api/v1/devices?fields=", "names of fields"),
        ("/api/v1/readings/latest?kind=road&fields=surface", "surface"), ("/api/v1/kinds/road?fields=name,%00", "there is no"),
    ):  # fmt: skip
        answer = await site.http.get(path)
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/unknown-field"), path
        assert named in answer.json()["detail"]


async def test_a_parameter_that_is_none_is_refused_and_not_passed_over(site: Site) -> None:
    for path in (
        "/api/v1/devices?knid=road",
        "/api/v1/kinds?limit=3",
        "/api/v1/alarms?state=all&statte=active",
    ):
        answer = await site.http.get(path)
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/unknown-parameter"), path
    assert "did you mean 'kind'?" in (await site.http.get("/api/v1/devices?knid=road")).json()["detail"]
    assert (await site.http.get("/ops?utm_source=mail")).status_code == 200


async def test_every_kind_of_problem_has_a_page(site: Site) -> None:
    overview = await site.http.get("/problems")
    for slug, kind in TYPES.items():
        page = await site.http.get(f"/problems/{slug}")
        assert page.status_code == 200
        assert kind.title in html.unescape(page.text)
        assert f'href="/problems/{slug}"' in overview.text
    assert (await site.http.get("/problems/none")).status_code == 404


async def test_a_problem_names_each_wrong_value(site: Site) -> None:
    answer = await site.http.get("/api/v1/devices/road-001/series?limit=0&bucket=week")
    problem = answer.json()
    assert (problem["type"], problem["title"], problem["status"]) == ("/problems/invalid", "Not valid", 422)
    assert {e["parameter"] for e in problem["errors"]} == {"limit", "bucket"}
    await site.join("demo-damp-home")
    wrong: httpx.Response = await site.http.post(
        "/api/v1/homes/demo-damp-home/diary", json={"activity": "flying"}
    )
    assert "#/activity" in {e["pointer"] for e in wrong.json()["errors"]}
