"""The pages of updates in headless Chromium: axe, reflow, the halt button by keyboard."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
from playwright.async_api import Browser, expect

from ops_api.access.principal import STAFF_PLAIN_COOKIE
from tests.fakes import website
from tests.fakes.accessibility import violations
from tests.fakes.browser import in_browser
from tests.fakes.update_rows import bundle_in
from tests.fakes.website import Site

pytestmark = in_browser()
SHOTS = os.environ.get("CITYOPS_TEST_SHOTS")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def site(pg_server: str, towns: Any) -> AsyncIterator[Site]:
    async with website.copied(pg_server, *await towns.template()) as started:
        yield started


async def rolled(site: Site) -> int:
    await bundle_in(site.dsn)
    start = {"bundle": "1.2", "stages": "4,50%,100%", "kinds": ["frog"]}
    number: int = (await site.as_("devices").post("/api/v1/fleet/updates", json=start)).json()["rollout_id"]
    ids = [
        row[0]
        for row in await site.sql("select device_id from device where kind = 'frog' order by 1 limit 4")
    ]
    reasons = ["", "", "sensors: within 900 s no humidity_pct, which there was before", ""]
    for device_id, state, reason in zip(
        ids, ("confirmed", "trying", "failed", "offered"), reasons, strict=True
    ):
        await site.sql(
            "insert into rollout_device (rollout_id, device_id, state, stage, reason, offered_at, changed_at)"
            " values (%s, %s, %s, 0, %s, now(), now())",
            number, device_id, state, reason,
        )  # fmt: skip
        await site.sql(
            "insert into device_update (device_id, serial, version, said_at) values (%s, %s, %s, now())",
            device_id, 2 if state == "confirmed" else 1, "1.2" if state == "confirmed" else "1.1",
        )  # fmt: skip
    await site.sql(
        "insert into update_pin (device_id, reason, pinned_by) values (%s, 'on the test bench', 'gus')",
        ids[3],
    )
    return number


async def test_the_device_manager_sees_how_it_goes_and_halts_it(site: Site, chromium: Browser) -> None:
    number = await rolled(site)
    page = await chromium.new_page(viewport={"width": 1280, "height": 900})
    await page.context.add_cookies([{"name": STAFF_PLAIN_COOKIE, "value": "as-devices", "url": site.url}])
    for n, path in enumerate(("/fleet/updates", f"/fleet/updates/{number}")):
        await page.goto(site.url + path)
        for width in (1280, 390, 320):
            await page.set_viewport_size({"width": width, "height": 900})
            assert await violations(page) == [], (path, width)
            assert await page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
            if SHOTS and width != 320:
                await page.screenshot(path=f"{SHOTS}/updates-{n}-{width}.png", full_page=True)
    await expect(page.locator("h1")).to_contain_text("agent 1.2: 1 of 4 devices run it, 1 failed")
    await page.get_by_label("Why").fill("calls about silent frogs")
    await page.get_by_label("Why").press("Enter")
    await expect(page.get_by_text("calls about silent frogs").first).to_be_visible()
    await expect(page.get_by_role("button", name="Let it go on")).to_be_visible()
    await page.locator("summary").press("Enter")
    assert await violations(page) == []
    await page.get_by_role("button", name="Cancel it").press("Enter")
    await expect(page.locator(".badge").first).to_have_text("cancelled")
    assert await page.get_by_role("button", name="Cancel it").count() == 0
    await page.context.close()
