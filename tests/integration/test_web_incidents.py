"""Incidents over REST and as pages without JavaScript: who may act, who is told names, the handover."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from psycopg_pool import AsyncConnectionPool

from cityops.clock import SystemClock
from ops_api.routers import incident_content
from rules.catalogue.incidents import load_grouping
from rules.core.incidents.parameters import GroupingRule
from rules.incidents.service import IncidentService
from rules.incidents.store import PostgresIncidents
from tests.fakes.pdf_text import pdf_text
from tests.fakes.website import OPS_PASSWORD, PLAIN, Site

HEAD = {
    "Authorization": f"Bearer {OPS_PASSWORD}",
    "X-Cityops-Who": "Ada Zürich",
    "X-Cityops-Role": "duty manager",
}
API = "/api/v1/incidents"


async def looked(site: Site) -> None:
    """Have incidents proposed of what is up in the seeded town: a bin burns there."""

    async def rule() -> GroupingRule:
        return load_grouping()

    async with AsyncConnectionPool(site.dsn, min_size=1, max_size=1, open=False) as pool:
        assert await IncidentService(PostgresIncidents(pool), SystemClock(), rule).look()


async def burning(site: Site) -> str:
    """Return the name of the incident that the burning bin is."""
    await looked(site)
    found = await site.get(API)
    [mine] = [i for i in found if i["severity"] == "critical" and "on fire" in i["title"]]
    return str(mine["ref"])


async def post(site: Site, path: str, **body: Any) -> httpx.Response:
    headers = {k: v.encode() if isinstance(v, str) else v for k, v in HEAD.items()}
    return await site.http.post(f"{API}{path}", json=body, headers=headers)  # type: ignore[arg-type]


async def test_programs_act_with_the_password_and_others_read_without_names(site: Site) -> None:
    ref = await burning(site)
    first = await site.get(f"{API}/{ref}")
    assert (first["state"], first["says"]) == ("proposed", "nobody has looked yet")
    assert any(s["rule_id"] == "bins.fire" for s in first["made_of"])
    assert first["timeline"][-1]["text"].startswith("proposed by the rules") or len(first["timeline"]) > 1
    no = await site.http.post(f"{API}/{ref}/open", json={})
    assert (no.status_code, no.headers["www-authenticate"]) == (401, "Bearer")
    wrong = await site.http.get(API, headers={"Authorization": "Bearer wrong wrong wrong"})
    assert wrong.status_code == 401
    steps: list[tuple[str, dict[str, Any], int]] = [
        (f"/{ref}/claim", {}, 409),
        (f"/{ref}/open", {"reason": "Seen on camera by Bob"}, 200),
        (f"/{ref}/claim", {}, 409),
        (f"/{ref}/tasks", {"text": "Call the brigade", "who": "Bob Mull", "request_id": "t1"}, 201),
        (f"/{ref}/tasks", {"text": "Call the brigade", "who": "Bob Mull", "request_id": "t1"}, 201),
        (f"/{ref}/tasks", {"text": ""}, 422),
        (
            f"/{ref}/links",
            {"kind": "what_if", "ref": "w7", "title": "Street closed", "href": "/ops/what-if/7"},
            201,
        ),
        (f"/{ref}/links", {"kind": "what_if", "ref": "w7", "title": "x", "href": "javascript:x"}, 409),
        (f"/{ref}/log", {"text": "Brigade is there"}, 201),
        (f"/{ref}/hand-over", {"to": "Cy Twombly", "to_role": "night manager"}, 200),
        (f"/{ref}/close", {"reason": "out"}, 409),
        (f"/{ref}/contain", {"reason": "the bin stands alone"}, 200),
        (f"/{ref}/tasks/1/done", {"note": "called"}, 200),
        (f"/{ref}/tasks/9/done", {}, 409),
        ("/I999/claim", {}, 404),
        ("/nonsense/claim", {}, 404),
        (f"/{ref}/merge", {"into": ref, "reason": "x"}, 409),
    ]
    for path, body, status in steps:
        answer = await post(site, path, **body)
        assert answer.status_code == status, (path, body, answer.text)
    full = (await site.http.get(f"{API}/{ref}", headers={"Authorization": HEAD["Authorization"]})).json()
    assert (full["owner"], full["owner_role"], full["state"]) == ("Cy Twombly", "night manager", "contained")
    assert [(t["text"], t["who"], t["done_by"]) for t in full["tasks"]] == [
        ("Call the brigade", "Bob Mull", "Ada Zürich")
    ]
    assert any("Brigade is there" in x["text"] for x in full["timeline"])
    bare = json.dumps(await site.get(f"{API}/{ref}")) + json.dumps(await site.get(f"{API}/handover"))
    for secret in ("Cy", "Ada", "Bob", "brigade", "Brigade", "camera", "Street closed"):
        assert secret not in bare, secret
    assert "night manager has it" in bare
    own = await post(site, "", title="Flood at the ford", latitude_deg=51.45, longitude_deg=-2.58)
    assert (own.status_code, own.json()["state"], own.json()["owner"]) == (201, "open", "Ada Zürich")
    shift = (await site.http.get(f"{API}/handover", headers={"Authorization": HEAD["Authorization"]})).json()
    assert [h["owner"] for h in shift["held"] if h["owner"] != "Nobody"] == ["Ada Zürich", "Cy Twombly"]
    pdf = await site.http.get(f"{API}/handover.pdf", headers={"Authorization": HEAD["Authorization"]})
    assert pdf.headers["content-type"] == "application/pdf"
    assert "Flood at the ford" in pdf_text(pdf.content)


async def test_people_act_on_pages_without_a_script(site: Site) -> None:
    ref = await burning(site)
    page = (await site.http.get("/incidents")).text
    assert re.search(r'<h1 class="title">\d+ incidents? (is|are) going on', page)
    assert f'href="/incidents/{ref}"' in page
    assert "Work on incidents: say who you are" in page
    async with httpx.AsyncClient(base_url=site.url, timeout=60, verify=PLAIN) as ada:
        refused = await ada.post(f"/incidents/{ref}", data={"what": "open"})
        assert (refused.status_code, "Say who you are first." in refused.text) == (403, True)
        wrong = await ada.post("/incidents/who", data={"by": "Ada", "password": "no no no no no no"})
        assert wrong.status_code == 403
        let = await ada.post(
            "/incidents/who", data={"by": "Ada", "role": "manager", "password": OPS_PASSWORD, "back": ref}
        )
        assert (let.status_code, let.headers["location"]) == (303, f"/incidents/{ref}")
        assert "httponly" in let.headers["set-cookie"].lower()
        page = (await ada.get(f"/incidents/{ref}")).text
        assert "You act as Ada, manager" in page
        assert '<svg class="imap"' in page
        once = re.search(r'name="once" value="([^"]+)"', page)
        assert once is not None
        for data, status in (
            ({"what": "open", "reason": "Seen <b>it</b>"}, 303),
            ({"what": "task", "text": "Close the lane", "due": "2001-01-01T10:00"}, 409),
            ({"what": "task", "text": "Close the lane", "due": "never"}, 422),
            ({"what": "task", "text": "Close the lane", "who": "Highways", "once": once[1]}, 303),
            ({"what": "task", "text": "Close the lane", "who": "Highways", "once": once[1]}, 303),
            ({"what": "contain", "reason": ""}, 409),
            ({"what": "dance"}, 422),
            (
                {
                    "what": "link",
                    "kind": "order",
                    "link_ref": "O1",
                    "title": "15 g/m²",
                    "href": "/winter/r1/orders",
                },
                303,
            ),
        ):
            answer = await ada.post(f"/incidents/{ref}", data=data)
            assert answer.status_code == status, (data, answer.text[:2000])
        page = (await ada.get(f"/incidents/{ref}")).text
        assert "Seen &lt;b&gt;it&lt;/b&gt;" in page
        assert "Ada has it" in page
        assert page.count('<li class="itask') == 1, "sent twice it is one task"
        done = await ada.post(f"/incidents/{ref}", data={"what": "task_done", "number": "1", "text": "Cones"})
        assert done.status_code == 303
        made = await ada.post("/incidents", data={"title": "A crane leans", "place": "Quay Street"})
        assert made.status_code == 303
        other = made.headers["location"].split("/")[2]
        merged = await ada.post(
            f"/incidents/{other}", data={"what": "merge", "into": ref, "reason": "same yard"}
        )
        assert merged.headers["location"] == f"/incidents/{ref}"
        assert f"is a part of {ref} now" in (await ada.get(f"/incidents/{other}")).text
        live = (await ada.get(f"/incidents/{ref}/live")).json()
        assert set(live["fragments"]) == {"head", "story"}
        sheet = (await ada.get("/incidents/handover", params={"since_h": 8})).text
        assert "Handed over by" in sheet
        assert "Ada" in sheet
    for path in (
        f"/incidents/{ref}",
        "/incidents",
        "/incidents/handover",
        f"/incidents/{ref}/live",
        "/incidents/live",
    ):
        looked_at = (await site.http.get(path)).text
        for secret in ("Ada", "Cones", "Close the lane", "Highways", "15 g/m²", "Seen"):
            assert secret not in looked_at, (path, secret)
    for path in ("/incidents/I999", "/incidents/zzz", "/incidents/I999/live", "/incidents/I999/live/stream"):
        assert (await site.http.get(path)).status_code == 404, path


@asynccontextmanager
async def signed_in(site: Site, name: str) -> AsyncIterator[httpx.AsyncClient]:
    """Lend a browser of somebody of the operations centre."""
    async with httpx.AsyncClient(base_url=site.url, timeout=60, verify=PLAIN) as client:
        who = {"by": name, "role": "manager", "password": OPS_PASSWORD}
        assert (await client.post("/incidents/who", data=who)).status_code == 303
        yield client


async def test_two_operators_do_not_undo_each_other_and_lose_nothing_they_typed(site: Site) -> None:
    made = (await post(site, "", title="Flood", latitude_deg=51.45, longitude_deg=-2.58)).json()
    path = f"/incidents/{made['ref']}"
    async with signed_in(site, "Bob") as bob, signed_in(site, "Cy") as cy:
        page = (await bob.get(path)).text
        stale = {"once": re.findall(r'name="once" value="([^"]+)"', page)[0], "seen": str(made["version"])}
        assert f'form="form-close" value="{made["version"]}"' in page
        assert (await cy.post(path, data={"what": "claim", "seen": made["version"]})).status_code == 303
        late = await bob.post(path, data={"what": "close", "reason": "Dry, says the <b>warden</b>", **stale})
        assert late.status_code == 409
        assert "is not as you saw it: taken by Cy" in late.text
        assert 'value="Dry, says the &lt;b&gt;warden&lt;/b&gt;"' in late.text, "what was typed is still there"
        assert '<details class="govuk-details ido" id="do-close" open>' in late.text
        # Whoever goes back in the browser and writes something else has written something else.
        for text in ("The first", "The second", "The second"):
            assert (await bob.post(path, data={"what": "note", "text": text, **stale})).status_code == 303
    log = (
        await site.http.get(f"{API}/{made['ref']}/log", headers={"Authorization": HEAD["Authorization"]})
    ).json()
    assert [x["says"] for x in log if x["what"] == "note"] == [
        "note by Bob: The first", "note by Bob: The second"
    ]  # fmt: skip
    bare = await site.get(f"{API}/{made['ref']}/log", limit=2)
    assert [(x["says"], x["by"]) for x in bare] == [("note", ""), ("note", "")]
    assert await site.get(f"{API}/{made['ref']}/log", after=log[-1]["number"]) == []
    assert (await site.http.get(f"{API}/I999/log")).status_code == 404
    gone = await post(site, f"/{made['ref']}/claim", seen=made["version"])
    assert (gone.status_code, "not as you saw it" in gone.text) == (409, True)


async def test_a_place_is_found_by_what_people_call_it(site: Site) -> None:
    bin_ = site.town.bins[0]
    street = next(s for s in site.town.segments if s.street)
    async with signed_in(site, "Ada") as ada:
        for said, at, words in (
            (bin_.bin_id, (bin_.latitude_deg, bin_.longitude_deg), bin_.street),
            (street.street.upper(), None, street.street),
            ("51.4545, -2.5879", (51.4545, -2.5879), None),
        ):
            made = await ada.post("/incidents", data={"title": "Smoke", "place": said})
            ref = made.headers["location"].rpartition("/")[2]
            assert made.headers["location"] == f"/incidents/{ref}", said
            found = await site.get(f"{API}/{ref}")
            assert found["latitude_deg"] is not None
            if at is not None:
                assert (found["latitude_deg"], found["longitude_deg"]) == pytest.approx(at)
            if words is not None:
                assert found["place"] == words
        made = await ada.post("/incidents", data={"title": "Smoke", "place": "behind the kiosk"})
        asks = made.headers["location"]
        assert asks.endswith("/place")
        page = (await ada.get(asks)).text
        assert 'value="behind the kiosk"' in page
        path = asks.removesuffix("/place")
        no = await ada.post(path, data={"what": "place", "place": "nowhere at all"})
        assert (no.status_code, "nothing is known as" in no.text, "Where is it?" in no.text) == (
            422,
            True,
            True,
        )
        assert (await ada.post(path, data={"what": "place", "place": ""})).status_code == 422
        yes = await ada.post(path, data={"what": "place", "place": bin_.bin_id})
        assert yes.headers["location"] == path
        assert "said where it is" in (await ada.get(path)).text.lower()
    [[secret], *_] = await site.sql(
        "select name from device join home_device using (device_id) where latitude_deg is not null"
    )
    async with signed_in(site, "Ada") as ada:
        made = await ada.post("/incidents", data={"title": "Smoke", "place": secret})
        assert made.headers["location"].endswith("/place"), "no home is found by its device"
    no = await site.http.post(path, data={"what": "place", "place": bin_.bin_id})
    assert no.status_code == 403
    assert "Work on incidents: say who you are" in (await site.http.get(f"{path}/place")).text


async def test_why_a_proposal_is_none_is_for_officers(site: Site) -> None:
    ref = await burning(site)
    assert (await post(site, f"/{ref}/close", reason="Mrs Smith of no 12 grills")).status_code == 200
    bare = json.dumps(await site.get(f"{API}/{ref}")) + (await site.http.get(f"/incidents/{ref}")).text
    assert "Smith" not in bare
    assert "Smith" not in (await site.http.get("/incidents")).text


async def test_pages_follow_what_happens(site: Site) -> None:
    ref = await burning(site)
    async with site.http.stream("GET", f"/incidents/{ref}/live/stream") as events:
        states = (line async for line in events.aiter_lines() if line.startswith('data: {"fragments"'))
        assert "proposed" in await anext(states)
        assert (await post(site, f"/{ref}/open", reason="x")).status_code == 200
        assert "open, duty manager has it" in await anext(states)


async def test_the_list_has_cards_for_what_needs_somebody_and_lines_for_the_rest(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incident_content, "CARDS_MOST", 1)
    for title in ("Flood", "Crane", "Wall"):
        await post(site, "", title=title)
    page = (await site.http.get("/incidents")).text
    assert page.count('class="incident__title"') == 1
    assert "2 more" in page
    assert all(title in page for title in ("Flood", "Crane", "Wall"))


@pytest.mark.parametrize("path", ["/incidents", "/incidents/handover"])
async def test_nothing_goes_on(site: Site, path: str) -> None:
    page = (await site.http.get(path)).text
    assert "Nothing is going on" in page
