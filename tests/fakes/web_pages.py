"""Pages of a site as somebody sees them who has joined the demo homes and works for the operations centre."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Browser, Page

from tests.fakes import seed_web
from tests.fakes.accessibility import UNFOLD, violations
from tests.fakes.watched import Watch
from tests.fakes.website import Site

PHONE_PX = 390


async def sign_in(page: Page, site: Site) -> None:
    """Join both demo homes in a page's browser, as somebody who works for the operations centre."""
    site.sign_in("operations")
    if "cityops" not in site.http.cookies:
        await site.join(seed_web.DAMP_HOME, seed_web.DRY_HOME, name="Ada")
    await page.context.add_cookies(
        [{"name": name, "value": value, "url": site.url} for name, value in site.http.cookies.items()]
    )


async def new_page(browser: Browser, viewport: Any = None, **context: Any) -> Page:
    """A page in the browser's window, or in one of its own where it is to be another kind: that costs a second."""
    if context:
        return await (await browser.new_context(viewport=viewport, **context)).new_page()
    page = await browser.contexts[0].new_page()
    if viewport is not None:
        await page.set_viewport_size(viewport)
    return page


async def opened(browser: Browser, site: Site, path: str, **context: Any) -> tuple[Page, Watch]:
    return await loaded(await new_page(browser, **context), site, path)


async def loaded(page: Page, site: Site, path: str) -> tuple[Page, Watch]:
    await sign_in(page, site)
    watch = Watch(page, site)
    await page.goto(site.url + path)
    await page.wait_for_timeout(400)
    return page, watch


async def at_widths(browser: Browser, site: Site, path: str, *widths: int, unfold: bool = False) -> None:
    """Look at a page on screens of ``widths`` [px], the widest first: nothing complains or is wider than the screen.

    On the widest and on the first that is a phone nothing violates: there are no more layouts than these two.
    In the tab that is there: one of its own costs a process.
    """
    tab = browser.contexts[0].pages[0]
    await tab.set_viewport_size({"width": widths[0], "height": 900})
    page, watch = await loaded(tab, site, path)
    if unfold:
        await page.evaluate(UNFOLD)
    layouts = (widths[0], next(width for width in widths if width <= PHONE_PX))
    for width in widths:
        await page.set_viewport_size({"width": width, "height": 900})
        if width in layouts:
            assert await violations(page) == [], (path, width)
        assert await page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
    assert watch.wrong == [], path
    watch.end()
