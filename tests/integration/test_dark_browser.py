"""All pages on a dark screen in Chromium: what axe says of their contrast, and that each is dark."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser

from ops_api.access.principal import STAFF_PLAIN_COOKIE
from tests.fakes import seed_web, website
from tests.fakes.accessibility import faint
from tests.fakes.browser import in_browser
from tests.fakes.website import Site
from tests.integration.conftest import Towns

pytestmark = in_browser()
HOME = f"/home/{seed_web.DAMP_HOME}"
PAGES = (
    "/",
    HOME,
    f"{HOME}/days",
    f"{HOME}/evidence",
    "/winter",
    "/winter/route-1",
    "/winter/cab",
    "/bins",
    "/bins/all",
    "/alarms/1",
    "/health",
    "/devices/road-001",
    "/open",
    "/sign-in?left=1",
    "/accounts",
    "/audit",
    "/privacy/retention",
    "/housing",
    "/bin-day",
    "/bins/report",
    "/incidents",
    "/nothing/here",
)
"""One of each kind of page: names of colours are held to by tests/unit/test_dark_colours.py."""
LUMINANCE = """() => { const of = (e) => getComputedStyle(e).backgroundColor.match(/[\\d.]+/g).map(Number);
  const [r, g, b, a] = of(document.body); const [R, G, B] = a === 0 ? of(document.documentElement) : [r, g, b]; return (R + G + B) / 3; }"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def site(pg_server: str, towns: Towns) -> AsyncIterator[Site]:
    async with website.copied(pg_server, *await towns.template()) as started:
        yield started


async def test_on_a_dark_screen_every_page_is_dark_and_every_word_is_read(
    site: Site, chromium: Browser
) -> None:
    await site.join(seed_web.DAMP_HOME, seed_web.DRY_HOME, name="Ada")
    context = await chromium.new_context(color_scheme="dark", viewport={"width": 1280, "height": 900})
    held = [
        {"name": n, "value": v, "url": site.url}
        for n, v in site.http.cookies.items()
        if n != STAFF_PLAIN_COOKIE
    ]
    await context.add_cookies([*held, {"name": STAFF_PLAIN_COOKIE, "value": "as-admin", "url": site.url}])  # type: ignore[list-item]
    page = await context.new_page()
    bad: dict[str, object] = {}
    for path in PAGES:
        await page.goto(site.url + path)
        await page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
        found: list[str] = await faint(page)
        if await page.evaluate(LUMINANCE) > 60:
            found.append("is not dark")
        if found:
            bad[path] = found
    assert bad == {}
    await context.close()


async def test_on_paper_it_is_black_on_white(site: Site, chromium: Browser) -> None:
    context = await chromium.new_context(color_scheme="dark")
    page = await context.new_page()
    await page.goto(f"{site.url}/open")
    await page.emulate_media(media="print", color_scheme="dark")
    assert await page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert (
        await page.evaluate("getComputedStyle(document.querySelector('.card')).backgroundColor")
        == "rgb(255, 255, 255)"
    )
    await context.close()
