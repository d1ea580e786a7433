"""The page of what is kept in Chromium: what axe says, and whether it fits a telephone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
from playwright.async_api import Browser

from ingest.retention import Retention
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


async def test_it_is_accessible_and_fits_a_phone(site: Site, chromium: Browser) -> None:
    await Retention(site.dsn, 90).drop()
    context = await chromium.new_context(viewport={"width": 1280, "height": 800})
    await context.add_cookies([{"name": STAFF_PLAIN_COOKIE, "value": "as-operations", "url": site.url}])
    page = await context.new_page()
    await page.goto(site.url + "/privacy/retention")
    assert (await page.locator("h1").inner_text()).startswith("What is too old went")
    for width in (1280, 320):
        await page.set_viewport_size({"width": width, "height": 800})
        assert await violations(page) == [], width
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
