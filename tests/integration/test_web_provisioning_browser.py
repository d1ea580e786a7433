"""Pages of devices' identities in Chromium: what axe says, whether they fit a telephone, and the code behind the #."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio
from playwright.async_api import Browser, Page

from ops_api.access.principal import STAFF_PLAIN_COOKIE
from tests.fakes import website
from tests.fakes.accessibility import violations
from tests.fakes.browser import in_browser
from tests.fakes.website import Site

pytestmark = in_browser()


@pytest_asyncio.fixture(loop_scope="session")
async def site(pg_server: str, towns: Any) -> AsyncIterator[Site]:
    """A site in the browser's own loop."""
    async with website.copied(pg_server, *await towns.template()) as started:
        yield started


async def fits(page: Page, name: str) -> None:
    for width in (1280, 320):
        await page.set_viewport_size({"width": width, "height": 900})
        assert await violations(page) == [], (name, width)
        assert await page.evaluate("document.documentElement.scrollWidth") <= width, (name, width)
        if folder := os.environ.get("CITYOPS_TEST_PICTURES"):
            await page.screenshot(path=Path(folder) / f"{name}-{width}.png")


async def test_pages_are_accessible_and_fit_a_phone(site: Site, chromium: Browser) -> None:
    context = await chromium.new_context(viewport={"width": 1280, "height": 900})
    await context.add_cookies([{"name": STAFF_PLAIN_COOKIE, "value": "as-devices", "url": site.url}])
    page = await context.new_page()
    await page.goto(site.url + "/devices")
    await page.click("text=Add a device")
    await page.fill("#name", "frog-new")
    await page.select_option("#kind", "frog")
    await page.click("text=Add it")
    assert await page.inner_text("h1") == "frog-new: waits to be claimed"
    await page.click("text=Make a new label")
    title = await page.inner_text("#code-title")
    assert title.startswith("The code is ")
    await fits(page, "identity")
    await page.goto(site.url + "/devices?q=frog")
    await fits(page, "devices")
    boxes = page.locator("input[name=name][type=checkbox]")
    for at in range(3):
        await boxes.nth(at).check(force=True)
    await page.click("text=Print labels for those ticked")
    assert await page.locator(".label").count() == 3
    await fits(page, "labels")
    await context.close()

    context = await chromium.new_context()
    page = await context.new_page()
    code = title.removeprefix("The code is ")
    await page.goto(f"{site.url}/claim#{code}")
    assert await page.input_value("#code") == code
    assert "#" not in page.url
    await fits(page, "claim")
    await page.goto(site.url + "/security")
    await fits(page, "security")
    await context.close()
