"""Incidents in headless Chromium: on a telephone and a wall, dark and light; what is on the screen is what is decided on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Literal

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.fakes import website
from tests.fakes.accessibility import FAINT, RULES, violations
from tests.fakes.browser import in_browser
from tests.fakes.watched import Watch
from tests.fakes.web_pages import new_page
from tests.fakes.website import OPS_PASSWORD, Site
from tests.integration.test_web_incidents import burning, post

pytestmark = in_browser()
SOON_MS = 60_000
WIDTHS = (390, 1920)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def site(pg_server: str, towns: Any) -> AsyncIterator[Site]:
    """One site for all tests here."""
    async with website.copied(pg_server, *await towns.template()) as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def ref(site: Site) -> str:
    """The burning bin's incident."""
    return await burning(site)


async def strangers(chromium: Browser, site: Site, path: str, **context: Any) -> tuple[Page, Watch]:
    """Return a page of somebody who has not said who they are."""
    page = await new_page(chromium, **context)
    watch = Watch(page, site)
    await page.goto(f"{site.url}{path}")
    await page.wait_for_timeout(400)
    return page, watch


async def let_in(page: Page) -> None:
    """Say who one is, with the operations centre's password."""
    await page.get_by_text("Work on incidents: say who you are").click()
    await page.get_by_label("The operations centre’s password").fill(OPS_PASSWORD)
    await page.get_by_label("Your name").fill("Ada")
    await page.get_by_role("button", name="Go on").click()
    await expect(page.get_by_text("You act as Ada")).to_be_visible()


async def looked_over(page: Page, what: str, scheme: str) -> list[tuple[str, int, str]]:
    """Return what is wrong with a page at each width: rules of accessibility, and what is wider than the screen.

    In the dark it is the same page in other colours: they alone are asked.
    """
    rules = RULES if scheme == "light" else FAINT
    bad = []
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 900})
        bad += [(what, width, v) for v in await violations(page, rules)]
        if await page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            bad.append((what, width, "is wider than the screen"))
    return bad


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_state_is_accessible_and_fits(
    chromium: Browser, site: Site, ref: str, scheme: Literal["light", "dark"]
) -> None:
    page, watch = await strangers(chromium, site, f"/incidents/{ref}", color_scheme=scheme)
    bad = await looked_over(page, "looked at", scheme)
    await let_in(page)
    bad += await looked_over(page, "before it is opened", scheme)
    await page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    bad += await looked_over(page, "with every form open", scheme)
    made = await post(site, "", title="A crane leans over the quay", place="Quay")
    other = made.json()["ref"]
    await post(site, f"/{other}/tasks", text="Keep people away", who="Police")
    for path in (f"/incidents/{other}", f"/incidents/{other}/place", "/incidents", "/incidents/handover"):
        await page.goto(f"{site.url}{path}")
        bad += await looked_over(page, path, scheme)
    refused = await post(site, f"/{other}/close", reason="stands again", even_so=True)
    assert refused.status_code == 200
    await page.goto(f"{site.url}/incidents/{other}")
    bad += await looked_over(page, "closed", scheme)
    assert bad == []
    assert watch.wrong == []
    await page.close()
    await page.context.clear_cookies()


async def test_what_is_on_the_screen_is_what_is_decided_on(chromium: Browser, site: Site) -> None:
    made = (await post(site, "", title="A wall fell")).json()
    page, watch = await strangers(chromium, site, f"/incidents/{made['ref']}")
    await let_in(page)
    await expect(page.locator("#live-status")).to_have_text("Live", timeout=SOON_MS)
    seen = page.locator('input[name="seen"][form="form-hand_over"]')
    await expect(seen).to_have_value(str(made["version"]))
    await page.mouse.move(640, 2)
    after = (await post(site, f"/{made['ref']}/hand-over", to="Cy")).json()
    await expect(page.locator(".iline").get_by_text("handed over to Cy")).to_be_visible(timeout=SOON_MS)
    await expect(seen).to_have_value(str(after["version"]))
    await page.get_by_role("button", name="Claim it").click()
    await expect(page.locator("h1")).to_contain_text("Ada has it")
    assert watch.wrong == []
    await page.close()
    await page.context.clear_cookies()


async def test_a_click_on_the_map_says_where_it_is(chromium: Browser, site: Site) -> None:
    page, watch = await strangers(chromium, site, "/incidents")
    await let_in(page)
    await page.get_by_text("Open one that nobody proposed").click()
    await page.get_by_label("What it is; everybody reads it").fill("Water on the road")
    await page.get_by_label("Where: a street").fill("by the old mill")
    await page.get_by_role("button", name="Open it").click()
    await expect(page.locator("h1")).to_have_text("Where is it?")
    await expect(page.locator("#where")).to_have_value("by the old mill")
    await page.get_by_role("button", name="It is there").click()
    await expect(page.get_by_role("alert")).to_contain_text("nothing is known as 'by the old mill'")
    await page.locator("#map canvas").first.wait_for(state="attached")
    await page.locator("#map").click(position={"x": 180, "y": 150})
    await expect(page.locator("h1")).to_contain_text("Water on the road")
    await expect(page.locator(".imap__mark--pin")).to_have_count(1)
    assert [w for w in watch.wrong if "422 (Unprocessable" not in w] == [], "but for the place that is none"
    await page.close()
    await page.context.clear_cookies()
