"""Bin days in headless Chromium on a phone, without JavaScript: every page is for everybody and fits."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from ops_api.demo.bin_days import load_town
from tests.fakes import website
from tests.fakes.accessibility import violations
from tests.fakes.browser import in_browser
from tests.fakes.website import Site

SHOTS = os.environ.get("CITYOPS_TEST_SHOTS")
"""A folder for pictures of the pages; none are kept without it."""

pytestmark = in_browser()
HOME = "990000000001"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def site(pg_server: str, towns: Any) -> AsyncIterator[Site]:
    """One site for the file, with the demo town's premises and bank holidays."""
    async with website.copied(pg_server, *await towns.template()) as started:
        assert await load_town(started.dsn, started.town, started.now) > 100
        yield started


async def phone(chromium: Browser, *, javascript: bool = True) -> Page:
    made = await chromium.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=javascript)
    return await made.new_page()


async def shoot(page: Page, name: str) -> None:
    if SHOTS:
        await page.screenshot(path=str(Path(SHOTS) / f"bin-days-{name}.png"), full_page=True)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("find", "/bin-day"), ("street", "/bin-day?q=lane+road"), ("place", f"/bin-day/{HOME}"), ("look-up", "/bin-day/report?reference=BBBB-BBBB"),
        ("which-bin", "/bins/report?near=nowhere"), ("bin", "/bins/report?bin=1"), ("start", "/"),
    ],
)  # fmt: skip
async def test_pages_are_for_everybody_and_fit_a_phone(
    site: Site, chromium: Browser, name: str, path: str
) -> None:
    page = await phone(chromium)
    await page.goto(site.url + path)
    await shoot(page, name)
    assert await violations(page) == [], path
    for width in (320, 390, 1280):
        await page.set_viewport_size({"width": width, "height": 844})
        assert await page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
    await shoot(page, f"{name}-wide")
    small = await page.evaluate(
        "[...document.querySelectorAll('main button, main summary, main input, main select')].filter(e => e.offsetParent)"
        ".filter(e => { const b = e.getBoundingClientRect(); return b.height < 24 || b.width < 24 }).map(e => e.outerHTML)"
    )
    assert small == [], "a finger needs 24 px at least (WCAG 2.5.8)"


async def test_a_resident_goes_all_the_way_without_javascript(site: Site, chromium: Browser) -> None:
    address = (await site.get(f"/api/v1/premises/{HOME}"))["address"].partition(",")[0]
    page = await phone(chromium, javascript=False)
    await page.goto(site.url + "/bin-day")
    await page.get_by_label("Your address").fill(address)
    await page.get_by_role("button", name="Find my bin day").click()
    found = page.get_by_role("link", name=address)
    if await found.count():
        await found.first.click()
    assert page.url.endswith(HOME)
    title = await page.locator("h1").inner_text()
    assert title.startswith("Put out the")
    await page.locator('input[name="stream"]').first.check()
    await page.get_by_role("button", name="Report it").click()
    assert await page.locator(".refno").inner_text()
    await shoot(page, "answer")

    await page.get_by_role("link", name="Report a full public bin").click()
    await page.get_by_label("Number on the bin").fill("3")
    await page.get_by_role("button", name="Go on").click()
    await page.get_by_label("Full", exact=True).check()
    await page.get_by_role("button", name="Send the report").click()
    assert "is full" in await page.locator("h1").inner_text()
    await shoot(page, "reported")


async def test_a_bin_is_chosen_on_the_map(site: Site, chromium: Browser) -> None:
    page = await phone(chromium)
    await page.goto(site.url + "/bins/report")
    markers = page.locator("#map path.leaflet-interactive")
    await expect(markers).to_have_count(len(site.town.bins), timeout=30_000)
    assert await violations(page) == []
    await shoot(page, "map")
    # The last one lies on top: others may be under their neighbours.
    await markers.last.click()
    # Opened at the edge a bubble moves the map: what is pressed on it and let go elsewhere is no click.
    link = page.get_by_role("link", name="Report this bin")
    await link.wait_for()
    await expect(page.locator("#map .leaflet-pan-anim")).to_have_count(0)
    await link.click()
    await page.wait_for_url("**/bins/report?bin=*")
    await page.get_by_role("heading", name="What is wrong with this bin?").wait_for()
    assert f"number {site.town.bins[-1].bin_id}" in await page.locator(".sub").inner_text()


async def test_the_teams_list_is_for_everybody(site: Site, chromium: Browser) -> None:
    for uprn in (HOME, "990000000002"):
        await site.http.post(f"/bin-day/{uprn}/missed", data={"stream": "food"})
    page = await phone(chromium)
    await page.goto(site.url + "/bins/missed")
    assert await violations(page) == []
    await page.get_by_label("The team’s password").fill(website.WASTE_PASSWORD)
    await page.get_by_label("Your name").fill("Ada")
    await page.get_by_role("button", name="Go on").click()
    await page.get_by_role("heading", level=1).wait_for()
    await shoot(page, "missed")
    assert await violations(page) == []
    for width in (320, 390, 1280):
        await page.set_viewport_size({"width": width, "height": 844})
        assert await page.evaluate("document.documentElement.scrollWidth") <= width, width


async def test_the_demo_town_has_a_bank_holiday_ahead(site: Site) -> None:
    """Within the published 400 days there is one, whatever the day: every household's days follow it."""
    end = (site.now + timedelta(days=400)).date()
    found = await site.get(f"/api/v1/premises/{HOME}", to=str(end))
    moved = [c for c in found["collections"] if c["reason"]]
    assert moved
    assert {c["reason"] for c in moved} == {"the bank holiday"}
    assert {c["sequence"] for c in moved} == {1}
