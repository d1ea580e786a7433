"""What is seen of a quarantine and of a roll-out that reaches nobody, in headless Chromium: axe, reflow, the way from the wall."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from ops_api.access.principal import STAFF_PLAIN_COOKIE
from tests.fakes import website
from tests.fakes.accessibility import violations
from tests.fakes.browser import in_browser
from tests.fakes.update_rows import bundle_in
from tests.fakes.website import Site
from tests.integration.test_kept_out_shown import road_of, watched

pytestmark = in_browser()
SHOTS = os.environ.get("CITYOPS_TEST_SHOTS")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def site(pg_server: str, towns: Any) -> AsyncIterator[Site]:
    async with website.copied(pg_server, *await towns.template()) as started:
        yield started


async def looked_at(page: Page, path: str, name: str) -> None:
    for width in (1280, 320):
        await page.set_viewport_size({"width": width, "height": 900})
        await page.goto(path)
        assert await violations(page) == [], (path, width)
        assert await page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
        if SHOTS:
            await page.screenshot(path=f"{SHOTS}/{name}-{width}.png", full_page=True)


async def test_from_the_wall_to_the_end_of_a_quarantine(site: Site, chromium: Browser) -> None:
    name = await road_of(site)
    await site.as_("devices").post(f"/api/v1/identities/{name}/quarantine", json={"reason": "seen twice"})
    await watched(site, site.now)
    page = await chromium.new_page()
    await page.context.add_cookies([{"name": STAFF_PLAIN_COOKIE, "value": "as-devices", "url": site.url}])
    for path in (f"/devices/{name}", "/fleet", f"/fleet/{name}"):
        await looked_at(page, site.url + path, f"quarantined{path.replace('/', '-')}")
    await page.set_viewport_size({"width": 1920, "height": 1080})
    await page.goto(f"{site.url}/ops")
    if SHOTS:
        await page.screenshot(path=f"{SHOTS}/quarantined-ops.png")
    await page.get_by_role("link", name="Devices in quarantine").click()
    await page.get_by_role("link", name=f"{name} is quarantined").first.click()
    if SHOTS:
        await page.screenshot(path=f"{SHOTS}/quarantined-alarm.png", full_page=True)
    assert await violations(page) == []
    await page.get_by_role("link", name="Its identity: look, and end the quarantine").click()
    await expect(page.locator("h1")).to_have_text(f"{name}: quarantined")
    await page.get_by_role("button", name="End it", exact=True).click()
    await expect(page.get_by_text("Its quarantine is over.")).to_be_visible()
    await page.context.close()


async def test_a_roll_out_that_reaches_nobody(site: Site, chromium: Browser) -> None:
    await bundle_in(site.dsn)
    start = {"bundle": "1.2", "stages": "100%", "kinds": ["frog"]}
    begun = await site.as_("devices").post("/api/v1/fleet/updates", json=start)
    page = await chromium.new_page()
    await page.context.add_cookies([{"name": STAFF_PLAIN_COOKIE, "value": "as-operations", "url": site.url}])
    await looked_at(page, f"{site.url}/fleet/updates", "nobody")
    await expect(page.locator("h1")).to_have_text("Nobody was offered the update to agent 1.2")
    await looked_at(page, f"{site.url}/fleet/updates/{begun.json()['rollout_id']}", "nobody-one")
    await expect(page.locator("h1")).to_have_text("agent 1.2: nobody was offered it")
    await page.context.close()
