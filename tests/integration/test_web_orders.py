"""The officer's desk over REST, on the route's page and on the command line: one night, one site."""

from __future__ import annotations

import asyncio
import html
import json
import re
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Route, expect
from playwright.async_api import Error as PlaywrightError
from psycopg.types.json import Jsonb
from typer.testing import CliRunner

from tests.fakes import website
from tests.fakes.browser import LOOP, browser_test
from tests.fakes.website import OFFICERS_PASSWORD, TEAM_PASSWORD, Site
from tests.fakes.winter_orders import SAID, row

pytestmark = LOOP
BASE = "/api/v1/winter/orders"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def site(pg_server: str, towns: Any) -> AsyncIterator[Site]:
    """One site for the file."""
    async with website.copied(pg_server, *await towns.template()) as started:
        yield started


@pytest_asyncio.fixture(loop_scope="session")
async def ada(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    """A program of the winter service."""
    headers = {"Authorization": f"Bearer {OFFICERS_PASSWORD}", "X-Cityops-Who": "Ada"}
    async with httpx.AsyncClient(base_url=site.url, headers=headers, timeout=60) as client:
        yield client


async def proposed(site: Site, route_id: str) -> str:
    """Return a new proposal on a route."""
    segments = [
        r[0]
        for r in await site.sql("select segment_id from road_segment where route_id = %s limit 3", route_id)
    ]
    found = row(0, segments=tuple(segments), route_id=route_id)
    [(number,)] = await site.sql(
        "insert into decision (rule_id, rule_version, subject_kind, subject, decided_at, outcome, reason, inputs, result)"
        " select 'winter.gritting', 2, 'route', %s, event_time, 'treat', %s, %s, %s from rule_cursor"
        " where service = 'rules' returning decision_id",
        route_id, found["reason"], Jsonb(found["inputs"]),
        Jsonb({**found["result"], "call_out_by": None, "leave_by": None, "treat_by": None}),
    )  # fmt: skip
    return f"P{number}"


async def test_programs_answer_with_the_password_and_a_name(site: Site, ada: httpx.AsyncClient) -> None:
    route = site.town.routes[0].route_id
    ref = await proposed(site, route)
    for headers, status in (
        ({}, 401),
        ({"Authorization": f"Bearer {TEAM_PASSWORD}"}, 401),
        ({"Authorization": f"Bearer {OFFICERS_PASSWORD}"}, 422),
    ):
        answer = await site.http.post(f"{BASE}/{ref}/confirm", json={}, headers=headers)
        assert answer.status_code == status, headers
    assert (await ada.get(f"{BASE}/P999999999")).status_code == 404
    assert (
        await ada.get(BASE, params={"from": "2026-01-01T00:00:00Z", "to": "2020-01-01T00:00:00Z"})
    ).status_code == 422
    [case] = [c for c in (await ada.get(BASE, params={"route_id": route})).json() if c["ref"] == ref]
    assert (case["state"], case["waits"], case["proposal"]["forecast"]) == ("open", True, SAID)

    done = await ada.post(f"{BASE}/{ref}/confirm", json={"note": "as the model says", "request_id": "c-1"})
    assert (done.status_code, done.json()["state"]) == (200, "confirmed")
    said = done.json()["acts"][0]
    assert (said["by"], said["role"], said["via"]) == ("Ada", "duty officer", "api")
    assert len(said["seen"]["roads"]) == sum(s.route_id == route for s in site.town.segments)
    twice = await ada.post(f"{BASE}/{ref}/confirm", json={"request_id": "c-2"})
    assert twice.status_code == 409
    assert "Ada has confirmed" in twice.json()["detail"]
    assert (
        await ada.post(f"{BASE}/{ref}/change", json={"reason": "x", "spread_rate_g_m2": 99})
    ).status_code == 422
    changed = await ada.post(f"{BASE}/{ref}/change", json={"reason": "Bridge", "spread_rate_g_m2": 15.0})
    assert changed.json()["treatment"]["spread_rate_g_m2"] == 15.0
    assert changed.json()["treatment"]["plough"] is False
    ploughs = await ada.post(f"{BASE}/{ref}/change", json={"reason": "5 cm lying", "plough": True})
    assert ploughs.json()["treatment"]["plough"] is True
    asked = {"route_id": route, "reason": "Burst main", "spread_rate_g_m2": 8.0, "plough": True}
    own = await ada.post(BASE, json=asked)
    assert (own.status_code, own.json()["treatment"]["plough"]) == (201, True)
    gone = await ada.post(f"{BASE}/{own.json()['ref']}/cancel", json={"reason": "Mended"})
    assert (gone.json()["state"], gone.json()["treatment"]) == ("cancelled", None)
    batches = await site.sql("select count(*)::int from ingest_batch where kinds ? 'order'")
    assert batches == [(5,)]


async def test_an_officer_answers_on_the_routes_page_and_others_only_look(site: Site) -> None:
    route = site.town.routes[1].route_id
    ref = await proposed(site, route)
    page = f"/winter/{route}/orders"
    assert page in (await site.http.get(f"/winter/{route}")).text
    async with httpx.AsyncClient(base_url=site.url, timeout=60) as browser:
        seen = (await browser.get(page)).text
        assert "waits for an answer" in seen
        assert "Confirm" not in seen
        assert (await browser.post(page, data={"what": "confirm", "ref": ref})).status_code == 403
        who = {"by": "Bob <b>", "role": "duty officer", "password": "no"}
        assert (await browser.post(f"/winter/{route}/officer", data=who)).status_code == 403
        let_in = await browser.post(f"/winter/{route}/officer", data={**who, "password": OFFICERS_PASSWORD})
        assert (let_in.status_code, let_in.headers["location"]) == (303, page)
        cookie = let_in.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "path=/winter" in cookie
        assert f"Confirm {ref} as proposed" in (await browser.get(page)).text
        refused = await browser.post(page, data={"what": "cancel", "ref": ref, "reason": " "})
        assert (refused.status_code, "why is missing" in refused.text) == (409, True)
        unread = await browser.post(page, data={"what": "change", "ref": ref, "rate": "ten", "reason": "x"})
        assert (unread.status_code, "write a number" in unread.text) == (422, True)
        other = await proposed(site, site.town.routes[2].route_id)
        assert (await browser.post(page, data={"what": "confirm", "ref": other})).status_code == 404
        assert (await browser.post(page, data={"what": "confirm", "ref": ref})).status_code == 303
        [one, two, *_] = [
            r[0]
            for r in await site.sql(
                "select segment_id from road_segment where route_id = %s order by 1", route
            )
        ]
        change = {
            "what": "change",
            "ref": ref,
            "rate": "11.5",
            "segment": [one, two],
            "reason": "only the hill",
        }
        assert (await browser.post(page, data=change)).status_code == 303
        ploughs = {**change, "plough": ["no", "yes"]}
        assert (await browser.post(page, data=ploughs)).status_code == 303
        assert "Plough first" in (await browser.get(page)).text
        assert "plough, then 11.5 g/m² on 2 stretches" in (await browser.get(page)).text
        assert (await browser.post(page, data={**ploughs, "plough": ["no"]})).status_code == 303
        assert "Changed: 11.5 g/m² on 2 stretches" in (await browser.get(page)).text
        none_left = await browser.post(page, data={**change, "segment": [""]})
        assert (none_left.status_code, "no stretch is named" in none_left.text) == (409, True)
        endless = await browser.post(page, data={**change, "passes": "inf"})
        assert (endless.status_code, "write a whole number" in endless.text) == (422, True)
        own = {"what": "order", "rate": "8", "passes": "2", "start": "", "reason": "school"}
        assert (await browser.post(page, data=own)).status_code == 303
        after = (await browser.get(page)).text
        assert "11.5 g/m² on 2 stretches" in after
        assert "2 × 8 g/m²" in after
        assert "Bob &lt;b&gt; (duty officer) confirmed it" in after
    assert "Bob" not in (await site.http.get(page)).text
    assert (await site.http.get("/winter/no-such/orders")).status_code == 404


def hidden(page: str, of: str, ref: str = "") -> dict[str, str]:
    """Return the hidden fields of the form that has a field or button of this name and value, as a browser sends them."""
    [form] = [
        f
        for f in re.findall(r"<form.*?</form>", page, re.S)
        if of in f and f'value="{ref}"' in f + 'value=""'
    ]
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form)
    return {name: html.unescape(value) for name, value in fields}


async def test_a_form_that_is_sent_twice_is_done_once(site: Site) -> None:
    """A double click, at once and one after the other: one order, one act, and no officer is told that he was second."""
    route = site.town.routes[2].route_id
    ref = await proposed(site, route)
    page = f"/winter/{route}/orders"
    stretch = next(s.segment_id for s in site.town.segments if s.route_id == route)
    count = "select count(*)::int from treatment_act where route_id = %s"
    async with (
        httpx.AsyncClient(base_url=site.url, timeout=60) as browser,
        httpx.AsyncClient(base_url=site.url, timeout=60) as other,
    ):
        for b, name in ((browser, "Ada"), (other, "Bob")):
            who = {"by": name, "role": "duty officer", "password": OFFICERS_PASSWORD}
            assert (await b.post(f"/winter/{route}/officer", data=who)).status_code == 303

        async def twice(of: str, **typed: Any) -> None:
            sent = {**hidden((await browser.get(page)).text, of), **typed}
            before = (await site.sql(count, route))[0][0]
            both = await asyncio.gather(*(browser.post(page, data=sent) for _ in range(2)))
            again = await browser.post(page, data=sent)
            assert [a.status_code for a in (*both, again)] == [303, 303, 303], of
            assert await site.sql(count, route) == [(before + 1,)], of

        theirs = hidden((await other.get(page)).text, 'value="confirm"')
        await twice('value="confirm"')
        # Another officer's click on the same page is another request: he is told who was first.
        late = await other.post(page, data=theirs)
        assert (late.status_code, f"Ada has confirmed {ref}" in late.text) == (409, True)
        await twice('value="change"', what="change", rate="12", reason="Bridge", segment=["", stretch])
        await twice('value="change"', what="change", rate="15", reason="Colder", segment=["", stretch])
        await twice('value="cancel"', what="cancel", reason="Cloud")
        await twice('value="order"', rate="8", passes="1", start="", reason="School")
        # The form comes anew with the page: a second order of one's own is a second one.
        await twice('value="order"', rate="8", passes="1", start="", reason="School")


async def test_a_page_from_before_takes_back_nothing_that_another_officer_has_said(site: Site) -> None:
    """A change sends all that its page shows; and a page brought back sends again what has been cancelled since."""
    route = site.town.routes[1].route_id
    ref = await proposed(site, route)
    page = f"/winter/{route}/orders"
    stretch = next(s.segment_id for s in site.town.segments if s.route_id == route)
    change: dict[str, Any] = {"what": "change", "passes": "1", "segment": ["", stretch]}
    async with (
        httpx.AsyncClient(base_url=site.url, timeout=60) as ann,
        httpx.AsyncClient(base_url=site.url, timeout=60) as bob,
    ):
        for b, name in ((ann, "Ann"), (bob, "Bob")):
            who = {"by": name, "role": "duty officer", "password": OFFICERS_PASSWORD}
            assert (await b.post(f"/winter/{route}/officer", data=who)).status_code == 303
        seen = {**hidden((await bob.get(page)).text, 'value="change"', ref), **change}
        first = {**hidden((await ann.get(page)).text, 'value="change"', ref), **change}
        assert (await ann.post(page, data={**first, "rate": "20", "reason": "Colder"})).status_code == 303
        late = await bob.post(page, data={**seen, "rate": "10", "reason": "Earlier"})
        assert late.status_code == 409
        assert f"Since you opened the page something was said about {ref}: " in late.text
        assert "Ann (duty officer) changed it: 20 g/m²" in html.unescape(late.text)
        new = {**hidden(late.text, 'value="change"', ref), **change}
        assert (await bob.post(page, data={**new, "rate": "15", "reason": "Enough"})).status_code == 303
        back = await ann.post(page, data={**first, "rate": "20", "reason": "Colder"})
        assert back.status_code == 409, "her own change is not what stands any more"

        own = {
            **hidden((await ann.get(page)).text, 'value="order"'),
            "rate": "8",
            "passes": "1",
            "reason": "School",
        }
        assert (await ann.post(page, data=own)).status_code == 303
        theirs = (
            await site.sql(
                "select max(ref) from treatment_act where route_id = %s and what = 'ordered'", route
            )
        )[0][0]
        cancel = {"what": "cancel", "ref": theirs, "reason": "Holiday"}
        assert (await bob.post(page, data=cancel)).status_code == 303
        again = await ann.post(page, data=own)
        assert again.status_code == 409
        assert f"That order is {theirs}, and it is over" in again.text
        none = {
            **hidden((await ann.get(page)).text, 'value="order"'),
            "rate": "8",
            "passes": "0",
            "reason": "School",
        }
        assert (await ann.post(page, data=none)).status_code == 409


@browser_test
async def test_a_second_click_before_the_answer_comes_is_no_second_order(
    site: Site, chromium: Browser
) -> None:
    route = site.town.routes[2].route_id
    count = "select count(*)::int from treatment_act where route_id = %s and reason = 'Drifts'"
    sent: list[int] = []

    async def slow(way: Route) -> None:
        if way.request.method != "POST":
            await way.continue_()
            return
        answer = await way.fetch(max_redirects=0)
        sent.append(answer.status)
        await asyncio.sleep(1.0)
        with suppress(PlaywrightError):  # the browser has left it for the second click's
            await way.fulfill(response=answer)

    page = await chromium.new_page()
    await page.goto(f"{site.url}/winter/{route}/orders")
    await page.get_by_label("The winter service’s password").fill(OFFICERS_PASSWORD)
    await page.get_by_label("Your name").fill("Ada")
    await page.get_by_role("button", name="Go on").click()
    own = page.locator("form", has=page.get_by_role("button", name="Order it"))
    await own.get_by_label("Salt of a pass").fill("9")
    await own.get_by_label("Why").fill("Drifts")
    await page.route("**/orders", slow)
    button = page.get_by_role("button", name="Order it")
    await button.evaluate("b => { b.click(); setTimeout(() => b.click(), 300) }")
    await expect(own.get_by_label("Why")).to_have_value("", timeout=30_000)
    assert (sent, await site.sql(count, route)) == ([303, 303], [(1,)])


async def test_a_request_id_that_names_nothing_is_refused(
    site: Site, ada: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ops_api.cli import app

    monkeypatch.setenv("CITYOPS_DB__DSN", site.dsn)
    ref = await proposed(site, site.town.routes[2].route_id)
    order = {"route_id": site.town.routes[2].route_id, "reason": "x", "spread_rate_g_m2": 10.0}
    asked: list[tuple[str, dict[str, Any]]] = [
        (BASE, order), (f"{BASE}/{ref}/confirm", {}), (f"{BASE}/{ref}/change", {"reason": "x", "passes": 2}),
        (f"{BASE}/{ref}/cancel", {"reason": "x"}), ("/api/v1/winter/plan", {}),
        ("/api/v1/winter/plan/lorries/x/breakdown", {"reason": "x"}), ("/api/v1/winter/plan/lorries/x/return", {}),
        ("/api/v1/alarms/1/comments", {"by": "Ada", "text": "x"}),
    ]  # fmt: skip
    for path, body in asked:
        for bad in ("", "  ", "x" * 101):
            who = site.with_key("desk:write") if "/alarms/" in path else ada
            answer = await who.post(path, json={**body, "request_id": bad})
            said = answer.json()["detail"]
            assert (answer.status_code, said.startswith("request_id: ")) == (422, True), (path, said)
            assert repr(bad[:20]) in said
            assert "write 1 to 100 characters that are not all blank, or leave it out" in said
    commands = (
        ("confirm", ref), ("change", ref, "--passes", "2", "--reason", "x"), ("cancel", ref, "--reason", "x"),
        ("order", order["route_id"], "--rate", "10", "--reason", "x"), ("plan", "--tonight"), ("return", "x"),
        ("breakdown", "x", "--reason", "x"),
    )  # fmt: skip
    for words in commands:
        done = await asyncio.to_thread(
            CliRunner().invoke, app, ["winter", *words, "--by", "Cleo", "--request-id", " "]
        )
        assert (done.exit_code, "not all blank" in " ".join(done.output.split())) == (2, True), words
    assert await site.sql("select count(*)::int from treatment_act where ref = %s", ref) == [(0,)]


async def test_the_same_on_the_command_line(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    from ops_api.cli import app

    monkeypatch.setenv("CITYOPS_DB__DSN", site.dsn)
    ref = await proposed(site, site.town.routes[2].route_id)

    async def run(*words: str) -> tuple[int, str]:
        done = await asyncio.to_thread(CliRunner().invoke, app, ["winter", *words])
        return done.exit_code, done.output

    status, text = await run("list")
    assert (status, ref in text, "wait" in text.splitlines()[0]) == (0, True, True)
    status, text = await run(
        "change", ref, "--rate", "12", "--reason", "wet bridge", "--by", "Cleo", "--json"
    )
    assert (status, json.loads(text)["treatment"]["spread_rate_g_m2"]) == (0, 12.0)
    status, text = await run("confirm", ref, "--by", "Cleo")
    assert (status, "Cleo has changed" in text) == (1, True)
    status, text = await run("cancel", ref, "--reason", "rain", "--by", "Cleo")
    assert (status, "nothing is to be driven" in text) == (0, True)
    status, text = await run("show", ref.lower())
    assert (status, "SHA-256" in text, "Cleo (duty officer) cancelled it" in text) == (0, True, True)


async def test_a_request_id_is_for_one_order(
    site: Site, ada: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ops_api.cli import app

    one, other = (r.route_id for r in site.town.routes[:2])
    body = {"route_id": one, "reason": "x", "spread_rate_g_m2": 10.0, "request_id": "once"}
    first = await ada.post(BASE, json=body)
    assert first.status_code == 201
    assert (await ada.post(BASE, json=body)).json()["ref"] == first.json()["ref"]
    refused = await ada.post(BASE, json={**body, "route_id": other})
    said = f"request_id 'once' was used for something else: {first.json()['ref']} on {one}"
    assert (refused.status_code, said in refused.json()["detail"]) == (409, True)

    monkeypatch.setenv("CITYOPS_DB__DSN", site.dsn)

    async def run(*words: str) -> tuple[int, str]:
        done = await asyncio.to_thread(CliRunner().invoke, app, ["winter", *words])
        return done.exit_code, done.output

    asked = ("order", other, "--reason", "x", "--by", "Cleo", "--request-id", "again", "--rate")
    assert (await run(*asked, "10"))[0] == 0
    assert (await run(*asked, "10"))[0] == 0
    status, text = await run(*asked, "12")
    assert (status, "not done: request_id 'again' was used for something else" in text) == (1, True)


async def test_times_that_no_order_can_have_are_refused_with_what_is_allowed(
    site: Site, ada: httpx.AsyncClient
) -> None:
    base, route = "/api/v1/winter/orders", site.town.routes[0].route_id
    for field, value in (("to", "0001-01-01T00:00:00Z"), ("from", "9999-12-31T23:59:59-14:00")):
        found = await ada.get(base, params={field: value})
        said = found.json()["detail"]
        assert (found.status_code, said) == (
            422,
            f"{field} is {value.replace('Z', '+00:00')}: allowed is from 1970-01-01 to 3000-01-01.",
        )
    backwards = await ada.get(base, params={"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"})
    assert (backwards.status_code, "from is 2026-01-02T00:00:00+00:00" in backwards.json()["detail"]) == (
        422,
        True,
    )
    body = {"route_id": route, "reason": "x", "spread_rate_g_m2": 9.0}
    for start in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"):
        refused = await ada.post(base, json={**body, "start_at": start})
        assert (refused.status_code, "it must lie between now" in refused.json()["detail"]) == (409, True)


async def test_anybody_reads_how_nights_did(site: Site) -> None:
    absent = await site.http.get("/api/v1/winter/scores/2026-01-09")
    assert (absent.status_code, "cityops winter verify 2026-01-09" in absent.json()["detail"]) == (404, True)
    empty = await site.get("/api/v1/winter/scores/season", **{"from": "2026-01-01", "to": "2026-01-31"})
    assert (empty["nights"], empty["measures"]["pod"]) == (0, None)
    backwards = {"from": "2026-01-31", "to": "2026-01-01"}
    assert (await site.http.get("/api/v1/winter/scores/season", params=backwards)).status_code == 422
    assert (await site.http.get("/api/v1/winter/scores/x")).status_code == 422
