"""The housing officer's pages in headless Chromium: axe, reflow, keyboard, paper."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.fakes import website
from tests.fakes.accessibility import violations
from tests.fakes.browser import in_browser
from tests.fakes.housing_rows import OFFICER, PURPOSE, case, finding, shares, ward_homes
from tests.fakes.watched import Watch
from tests.fakes.website import TEAM_PASSWORD, Site

pytestmark = in_browser()
SHOTS = os.environ.get("CITYOPS_TEST_SHOTS")
"""Where to leave screenshots for people to look at."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def site(pg_server: str, towns: Any) -> AsyncIterator[Site]:
    async with website.copied(pg_server, *await towns.template()) as started:
        yield started


async def test_an_officer_sees_homes_clocks_and_wards_with_the_keyboard_and_on_paper(
    site: Site, chromium: Browser
) -> None:
    numbers = [await shares(site, site.town.homes[n].code) for n in (0, 5, 6)]
    for number, risk, weeks in zip(numbers, ("high", "raised", "low"), (4, 2, 1), strict=True):
        for ago in range(weeks):
            await finding(site, number, ago, risk, "fabric" if risk == "high" else "ventilation")
    await case(site, numbers[0], aware_days_ago=40)
    await case(site, numbers[1], aware_days_ago=3)
    page = await chromium.new_page(viewport={"width": 1280, "height": 900})
    watch = Watch(page, site)
    await page.goto(f"{site.url}/housing")
    assert await violations(page) == []
    await page.get_by_label("The team’s password").fill(TEAM_PASSWORD)
    await page.get_by_label("Your name").fill(OFFICER)
    await page.get_by_label("Why you look").fill(PURPOSE)
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_contain_text("1 case is overdue and 1 home is at high risk")
    wards = [w.ward_id for w in site.town.wards]
    told = {wards[0]: (30, 12), wards[1]: (40, 2), wards[2]: (20, 5), wards[3]: (30, 16), wards[4]: (40, 13)}
    for ward, (homes, at_risk) in told.items():
        await ward_homes(site, ward, homes, at_risk)
    for path in ("/housing", f"/housing/{numbers[0]}", "/housing/wards"):
        await page.goto(site.url + path)
        for summary in await page.locator("summary").all():
            await summary.press("Enter")
        for width in (1280, 390, 320):
            await page.set_viewport_size({"width": width, "height": 900})
            assert await violations(page) == [], (path, width)
            assert await page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
            if SHOTS and width != 320:
                name = path.strip("/").replace("/", "-")
                await page.screenshot(path=f"{SHOTS}/{name}-{width}.png", full_page=True)
    await page.set_viewport_size({"width": 390, "height": 900})
    await page.goto(f"{site.url}/housing/{numbers[0]}")
    await page.locator("summary").press("Enter")
    await page.get_by_label("What happened").select_option("investigated")
    await page.get_by_label("Note").fill("Cold bridge at the lintel")
    await page.get_by_role("button", name="Write it down").press("Enter")
    await expect(page.locator(".timeline").first).to_contain_text("Cold bridge at the lintel")
    await page.emulate_media(media="print")
    await page.goto(f"{site.url}/housing/wards")
    assert await page.locator(".wards__map svg").first.is_visible()
    assert not await page.locator(".bar").is_visible()
    assert watch.wrong == []
    await page.close()


async def test_where_the_outlines_are_not_known_the_wards_are_tiles(site: Site, chromium: Browser) -> None:
    await site.sql("update ward set boundary = '[]' where ward_id = (select min(ward_id) from ward)")
    page = await chromium.new_page(viewport={"width": 390, "height": 844})
    await page.goto(f"{site.url}/housing/wards")
    assert await violations(page) == []
    assert await page.locator("polygon").count() == len(site.town.wards)
    assert "Tiles, not places" in str(await page.locator("desc").text_content())
    if SHOTS:
        await page.screenshot(path=f"{SHOTS}/tiles-390.png", full_page=True)
    await page.close()
