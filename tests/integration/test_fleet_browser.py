"""The device managers' pages in a browser: who needs somebody, a device, a change with its preview. Without JavaScript."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest_asyncio
from playwright.async_api import Browser, Page
from psycopg.types.json import Jsonb

from devices.contract.kind import discover
from ingest.fleet.keeping import Declared, hear, recompose
from ingest.fleet.store import PgFleet
from ops_api.access.principal import STAFF_PLAIN_COOKIE
from ops_api.queries import OneConnection
from tests.fakes import website
from tests.fakes.accessibility import faint, violations
from tests.fakes.browser import in_browser
from tests.fakes.website import Site
from tests.integration.conftest import Towns

pytestmark = in_browser()
DECLARED = Declared(discover())
SHOTS = os.environ.get("CITYOPS_TEST_SHOTS")


async def work(site: Site) -> None:
    """A look of the fleet service, but for the broker."""
    async with await psycopg.AsyncConnection.connect(site.dsn, autocommit=True) as conn:
        book = PgFleet(OneConnection(conn))
        await recompose(book, DECLARED)
        await hear(book, DECLARED)
        await book.sent(await book.outgoing(100_000))


async def say(site: Site, name: str, **document: object) -> None:
    async with await psycopg.AsyncConnection.connect(site.dsn, autocommit=True) as conn:
        await conn.execute(
            "insert into device_status (device_id, status, status_at, reported, reported_at)"
            " select device_id, %s, clock_timestamp(), %s, clock_timestamp() from device where name = %s"
            " on conflict (device_id) do update set status = excluded.status, reported = excluded.reported,"
            " reported_at = excluded.reported_at",
            (Jsonb({"online": True, "firmware": "1.4.2", "clk": 2, "boot": 7}), Jsonb(document), name),
        )


@pytest_asyncio.fixture(loop_scope="session")
async def site(pg_server: str, towns: Towns) -> AsyncIterator[Site]:
    async with website.copied(pg_server, *await towns.template()) as started:
        yield started


@pytest_asyncio.fixture(loop_scope="session")
async def page(site: Site, chromium: Browser) -> AsyncIterator[Page]:
    context = await chromium.new_context(java_script_enabled=False, viewport={"width": 1100, "height": 900})
    await context.add_cookies([{"name": STAFF_PLAIN_COOKIE, "value": "as-devices", "url": site.url}])
    yield await context.new_page()
    await context.close()


async def looks_well(site: Site, chromium: Browser, path: str, name: str) -> None:
    """axe has nothing to say by day, nor of the colours by night, and nothing is wider than a telephone."""
    context = await chromium.new_context(color_scheme="light", viewport={"width": 1100, "height": 900})
    await context.add_cookies([{"name": STAFF_PLAIN_COOKIE, "value": "as-devices", "url": site.url}])
    page = await context.new_page()
    await page.goto(f"{site.url}{path}")
    for scheme, found_by in (("light", violations), ("dark", faint)):
        await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        assert await found_by(page) == [], scheme
        if SHOTS:
            await page.screenshot(path=Path(SHOTS) / f"{name}-{scheme}.png", full_page=True)
    await page.set_viewport_size({"width": 360, "height": 740})
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360
    if SHOTS:
        await page.screenshot(path=Path(SHOTS) / f"{name}-phone.png", full_page=True)
    await context.close()


async def test_set_see_and_take_back(site: Site, page: Page, chromium: Browser) -> None:
    await page.goto(f"{site.url}/fleet")
    assert await page.inner_text("h1") == "No device needs anybody because of its settings."
    await page.click('summary:has-text("Set something")')
    await page.click("text=Kind bin")
    await page.fill('[name="s.cadence_s"]', "5")
    await page.click("text=Show what it would do")
    assert "whole number from 10 to 86400" in await page.inner_text("[role=alert]")
    await page.fill('[name="s.cadence_s"]', "900")
    await page.fill('[name="note"]', "market week")
    await page.click("text=Show what it would do")
    preview = await page.inner_text(".fleet__preview")
    assert "would be told something else" in preview
    assert "cadence_s: not set → 900" in preview
    assert "could cut a device off" in preview
    assert await site.sql("select count(*) from setting_change") == [(0,)], "a look changes nothing"
    await looks_well(site, chromium, "/fleet-settings?layer=kind:bin", "layer")
    await page.click("text=Set it")
    assert "It is set" in await page.inner_text(".saved")
    assert await site.sql("select scope, target, settings, note from setting_change") == [
        ("kind", "bin", {"cadence_s": 900}, "market week")
    ]
    await work(site)
    [(bin_1,), (bin_2,), (bin_3,)] = await site.sql(
        "select name from device where kind = 'bin' order by name limit 3"
    )
    await say(site, bin_1, version=1, state="applied", settings={"cadence_s": 900}, firmware="1.4.2")
    await say(
        site, bin_2, version=0, about=1, state="refused", reasons=["cadence_s 900: must be less"], settings={}
    )
    await say(site, bin_3, version=0, about=1, state="rolled_back", reasons=["not confirmed within 600 s"],
              settings={"cadence_s": 1800}, faults=["3 failed, last: no echo"])  # fmt: skip
    await work(site)

    await page.goto(f"{site.url}/fleet")
    assert (
        await page.inner_text("h1") == "2 devices need somebody: 1 refuses a version, 1 took a version back."
    )
    await page.click(f"text={bin_3}")
    text = await page.inner_text("main")
    for said in (
        "took a version back",
        "not confirmed within 600 s",
        "3 failed, last: no echo",
        "900 s",
        "1800 s",
        "differs",
    ):
        assert said in text
    assert "market week" in text
    await looks_well(site, chromium, f"/fleet/{bin_3}", "device")
    await looks_well(site, chromium, "/fleet", "fleet")

    await page.goto(f"{site.url}/fleet?state=refused&kind=bin")
    rows = page.locator("tbody tr")
    assert await rows.count() == 1
    assert bin_2 in await rows.inner_text()

    await page.goto(f"{site.url}/fleet-settings?layer=kind:bin")
    await page.fill('[name="s.cadence_s"]', "")
    await page.click("text=Show what it would do")
    await page.click("text=Set it")
    await page.click("text=set that again")
    assert await page.input_value('[name="s.cadence_s"]') == "900"


async def test_on_a_telephone_who_needs_somebody_is_first_and_each_device_is_a_line(
    site: Site, chromium: Browser
) -> None:
    set_ = {"scope": "kind", "target": "bin", "set": {"cadence_s": 900}}
    assert (await site.as_("devices").post("/api/v1/fleet/settings", json=set_)).status_code == 200
    await work(site)
    [(bin_1,), (bin_2,)] = await site.sql("select name from device where kind = 'bin' order by name limit 2")
    await say(site, bin_2, version=0, about=1, state="refused", reasons=["no"], settings={})
    await work(site)
    context = await chromium.new_context(viewport={"width": 390, "height": 844})
    await context.add_cookies([{"name": STAFF_PLAIN_COOKIE, "value": "as-devices", "url": site.url}])
    page = await context.new_page()
    await page.goto(f"{site.url}/fleet")
    rows = page.locator(".fleet__list tbody tr")
    texts = [" ".join(text.split()) for text in await rows.all_inner_texts()]
    first_calm = next(n for n, text in enumerate(texts) if "as installed" in text)
    assert texts[0].startswith(f"{bin_2} refuses a version today")
    assert texts[1].startswith(f"{bin_1} is to hear of it")
    assert all("as installed" in text for text in texts[first_calm:])
    assert texts[first_calm].count(" ") == 2, "its name and how it stands"
    heights = await rows.evaluate_all("all => all.map((row) => row.getBoundingClientRect().height)")
    assert max(heights[first_calm:]) < 50
    assert max(heights) < 90
    # What a screen reader is told of a cell is its column's name: those that are not shown have none.
    headers = page.locator("thead").get_by_role("columnheader")
    assert await headers.all_inner_texts() == ["Device", "Settings", "Since"]
    assert await rows.first.get_by_role("cell").count() == 2
    assert await violations(page) == []
    await page.locator("#q").focus()
    for _ in range(6):  # the rest of the form, its button, what is set
        await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.innerText") == bin_2, (
        "no link is on the way that nobody sees"
    )
    await context.close()


async def test_two_at_one_desk(site: Site, page: Page) -> None:
    """What was looked at is what is done: where somebody else was quicker, it is shown anew."""
    await page.goto(f"{site.url}/fleet-settings?layer=fleet")
    await page.select_option('[name="s.log.level"]', "debug")
    await page.click("text=Show what it would do")
    await site.sql(
        "insert into setting_change (scope, settings, made_by) values ('fleet', '{\"log.level\": \"error\"}', 'x') returning 1"
    )
    await page.click("text=Set it")
    assert "log.level: error → debug" in await page.inner_text(".fleet__preview")
    await page.click("text=Set it")
    assert await site.sql("select settings->>'log.level' from setting_change order by change_id") == [
        ("error",),
        ("debug",),
    ]


async def test_who_looks_sets_nothing(site: Site) -> None:
    operations, devices, waste = site.as_("operations"), site.as_("devices"), site.as_("waste")
    assert (await operations.get("/fleet")).status_code == 200
    shown = await operations.get("/fleet-settings?layer=fleet")
    assert "Show what it would do" not in shown.text
    assert (await operations.post("/fleet-settings", data={"layer": "fleet"})).status_code == 403
    assert (await waste.get("/fleet")).status_code == 403
    assert (await site.http.get("/fleet")).status_code == 303
    for path in (
        "/fleet/nobody",
        "/fleet-settings?layer=kind:toad",
        "/fleet-settings?layer=x",
        "/fleet-settings?layer=fleet&as_of=99",
    ):
        assert (await devices.get(path)).status_code == 404
    sent = {
        "layer": "fleet",
        "step": "do",
        "after": "0",
        "s.broker.host": "evil.example",
        "s.log.level": "info",
    }
    assert (await devices.post("/fleet-settings", data=sent)).status_code == 303
    assert await site.sql("select settings from setting_change") == [({"log.level": "info"},)], (
        "no broker by a browser"
    )
    [(detail, about)] = await site.sql(
        "select detail, object from audit_entry where action = 'POST /fleet-settings' and outcome = '303'"
    )
    assert (detail, about) == ('{"settings": ["log.level"]}', "setting:fleet")


async def test_groups_on_a_devices_page(site: Site, page: Page) -> None:
    assert (
        await site.as_("devices").put("/api/v1/fleet/groups/north", json={"label": "The north"})
    ).status_code == 204
    [(name,)] = await site.sql("select name from device where kind = 'road' order by name limit 1")
    await page.goto(f"{site.url}/fleet/{name}")
    await page.click("button:has-text('Put it in')")
    assert "Its groups are changed" in await page.inner_text(".saved")
    assert await site.sql("select group_id from device_group_member") == [("north",)]
    await page.click("text=Take it out of north")
    assert await site.sql("select group_id from device_group_member") == []


async def test_rest(site: Site) -> None:
    devices = site.as_("devices")
    base = "/api/v1/fleet"
    post = {"scope": "kind", "target": "road", "set": {"cadence_s": 120}, "note": "frost"}
    look = await devices.post(f"{base}/settings", json={**post, "dry_run": True})
    assert look.status_code == 200, look.text
    assert look.json()["change_id"] is None
    assert look.json()["edits"] == [{"name": "cadence_s", "before": None, "after": 120}]
    done = (await devices.post(f"{base}/settings", json={**post, "after": 0})).json()
    assert done["changed"] == done["devices"]["road"]
    assert (await devices.post(f"{base}/settings", json={**post, "after": 0})).status_code == 409
    assert (await devices.post(f"{base}/settings", json={**post, "set": {"cadence_s": 1}})).status_code == 422
    assert (
        await devices.post(f"{base}/settings", json={**post, "set": {"broker.host": "x"}})
    ).status_code == 422
    assert (await devices.post(f"{base}/settings", json={**post, "target": "toad"})).status_code == 404
    await work(site)
    [(name,)] = await site.sql("select name from device where kind = 'road' order by name limit 1")
    await say(site, name, version=1, state="applied", settings={"cadence_s": 120})
    await work(site)
    operations = site.as_("operations")
    one = (await operations.get(f"{base}/devices/{name}")).json()
    assert (one["drift"], one["desired"], one["reported"], one["firmware"]) == (
        "in_step", {"cadence_s": 120}, {"cadence_s": 120}, "1.4.2",
    )  # fmt: skip
    [version] = (await operations.get(f"{base}/devices/{name}/versions")).json()
    assert (version["version"], version["note"], version["scope"]) == (1, "frost", "kind")
    assert (await operations.get(f"{base}/summary")).json()["counts"]["in_step"] == 1
    listed = await operations.get(f"{base}/devices", params={"kind": "road", "limit": 1})
    assert [d["name"] for d in listed.json()] == [name]
    assert 'rel="next"' in listed.headers["link"]
    assert (await operations.get(f"{base}/declared/road")).json()["properties"]["settings"]["properties"][
        "cadence_s"
    ]["maximum"] == 86_400
    assert (await operations.get(f"{base}/settings", params={"scope": "kind", "target": "road"})).json()[
        "settings"
    ] == {"cadence_s": 120}
    [change] = (await operations.get(f"{base}/changes")).json()
    back = await devices.post(
        f"{base}/settings", json={"scope": "kind", "target": "road", "back_to": change["change_id"]}
    )
    assert back.status_code == 409, "nothing would change"
    road = {"scope": "kind", "target": "road", "set": {"cadence_s": 180}}
    for wrong, status in (
        (road | {"set": {"cadence_s": 10**400}}, 422), (road | {"note": "a\0b"}, 409), (road | {"scope": "fleet"}, 404),
        (road | {"back_to": change["change_id"]}, 422),
        ({"scope": "device", "target": name, "back_to": change["change_id"]}, 422),
    ):  # fmt: skip
        assert (await devices.post(f"{base}/settings", json=wrong)).status_code == status, wrong
    assert (await operations.get(f"{base}/devices/a%00b")).status_code == 422
    assert [c["change_id"] for c in (await operations.get(f"{base}/changes")).json()] == [change["change_id"]]
    assert (await devices.put(f"{base}/groups/x", json={"label": "X"})).status_code == 204
    assert (await devices.put(f"{base}/groups/x/devices/{name}")).status_code == 204
    assert (await devices.put(f"{base}/groups/x/devices/nobody")).status_code == 404
    assert (await operations.get(f"{base}/groups")).json() == [{"group_id": "x", "label": "X", "devices": 1}]
    assert (await devices.delete(f"{base}/groups/x/devices/{name}")).status_code == 204
    assert (await devices.delete(f"{base}/groups/x")).status_code == 204
    assert (await devices.delete(f"{base}/groups/x")).status_code == 404
    assert (await operations.put(f"{base}/groups/y", json={})).status_code == 403
    assert (await site.with_key("devices:write").put(f"{base}/groups/y", json={})).status_code == 204
    assert (await site.with_key("desk:read").put(f"{base}/groups/z", json={})).status_code == 403
