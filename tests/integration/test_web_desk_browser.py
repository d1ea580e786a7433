"""The live desk in headless Chromium: what is new comes, nothing moves under a hand, a lost connection is said."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.fakes import website
from tests.fakes.accessibility import violations
from tests.fakes.browser import in_browser
from tests.fakes.desk_rows import late_readings, raised
from tests.fakes.watched import Watch
from tests.fakes.web_pages import opened
from tests.fakes.website import Site

pytestmark = in_browser()
SOON_MS = 60_000


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def site(pg_server: str, towns: Any) -> AsyncIterator[Site]:
    """One site for all tests here."""
    async with website.copied(pg_server, *await towns.template()) as started:
        yield started


@pytest_asyncio.fixture(loop_scope="session")
async def desk(chromium: Browser, site: Site) -> AsyncIterator[tuple[Page, Watch]]:
    """The list of alarms, live."""
    site.sign_in("operations")
    page, watch = await opened(chromium, site, "/alarms", viewport={"width": 1280, "height": 800})
    await expect(page.locator("#live-status")).to_have_text("Live", timeout=SOON_MS)
    await page.mouse.move(640, 2)
    yield page, watch
    await page.close()
    await page.context.clear_cookies()


def alarm(page: Page, number: int) -> Any:
    return page.locator(f"#alarm-{number}")


async def waiting(page: Page) -> int:
    return int((await page.title()).partition(")")[0].removeprefix("("))


async def test_a_new_alarm_comes_into_the_list_the_title_and_the_ears(
    site: Site, desk: tuple[Page, Watch]
) -> None:
    page, watch = desk
    before = await waiting(page)
    await page.evaluate("window.sameDocument = true")
    number = await raised(site, "Ice on Elm Road", "critical")
    await expect(alarm(page, number)).to_be_visible(timeout=SOON_MS)
    await expect(page.locator("#live-news")).to_have_text("New alarm, critical: Ice on Elm Road")
    assert await waiting(page) == before + 1
    done = await site.with_key("desk:write").post(f"/api/v1/alarms/{number}/acknowledge", json={"by": "Ada"})
    assert done.status_code == 200
    await expect(alarm(page, number)).to_contain_text("Taken by Ada", timeout=SOON_MS)
    assert await waiting(page) == before
    assert await page.evaluate("window.sameDocument") is True
    assert watch.wrong == []


async def test_nothing_moves_under_a_pointer_or_a_hand_on_the_keyboard(
    site: Site, desk: tuple[Page, Watch]
) -> None:
    page, watch = desk
    row = page.locator(".alarm", has=page.get_by_role("button", name="Acknowledge")).first
    button, show = row.get_by_role("button", name="Acknowledge"), page.locator("#live-show")
    await button.hover()
    place = await button.bounding_box()
    first, second = [await raised(site, f"Ice on {street} Road", "critical") for street in ("Oak", "Fir")]
    await expect(show).to_have_text("Show 2 new alarms", timeout=SOON_MS)
    await page.wait_for_timeout(2000)
    assert await button.bounding_box() == place
    assert await alarm(page, second).count() == 0
    assert await violations(page) == []
    await page.mouse.move(640, 2)
    await expect(alarm(page, first)).to_be_visible(timeout=SOON_MS)
    await expect(show).to_be_hidden()

    await page.wait_for_timeout(600)  # a press right after things moved is not taken
    await page.locator(f"#assign-{first} summary").click()
    name = page.locator(f"#to-{first}")
    await name.fill("Ada")
    await page.mouse.move(640, 2)
    third = await raised(site, "Ice on Bay Road", "critical")
    await expect(show).to_have_text("Show 1 new alarm", timeout=SOON_MS)
    assert await alarm(page, third).count() == 0
    await show.click()
    await expect(alarm(page, third)).to_be_visible()
    await expect(name).to_have_value("Ada")
    assert watch.wrong == []


async def test_a_story_goes_on_while_somebody_writes_into_it(site: Site, chromium: Browser) -> None:
    number = await raised(site, "Ice on Ash Road")
    page, watch = await opened(chromium, site, f"/alarms/{number}")
    await page.get_by_text("Comment, assign, shelve or close").click()
    await page.get_by_label("Comment").fill("salted tw")
    done = await site.with_key("desk:write").post(
        f"/api/v1/alarms/{number}/comments", json={"by": "Bob", "text": "on my way"}
    )
    assert done.status_code == 200
    show = page.locator("#live-show")
    await expect(show).to_have_text("Show 1 new line", timeout=SOON_MS)
    await show.click()
    await expect(page.locator(".timeline__line").last).to_contain_text("Bob: “on my way”")
    await expect(page.get_by_label("Comment")).to_have_value("salted tw")
    assert watch.wrong == []
    await page.close()
    await page.context.clear_cookies()


async def test_late_readings_are_for_everybody(site: Site, chromium: Browser) -> None:
    decision, _ = await late_readings(site)
    page, watch = await opened(chromium, site, "/rules/late?show=all")
    assert await violations(page) == []
    assert watch.wrong == []
    for path in ("/rules/late?show=all", f"/rules/late?decision={decision}"):
        await page.set_viewport_size({"width": 320, "height": 800})
        await page.goto(site.url + path)
        assert await page.evaluate("document.documentElement.scrollWidth") <= 320, path
    await page.close()
    await page.context.clear_cookies()


async def test_a_lost_connection_is_said_and_the_page_is_right_again_afterwards(
    site: Site, chromium: Browser
) -> None:
    """The last one: it stops the site."""
    page = await (await chromium.new_context()).new_page()
    await page.clock.install()
    await page.goto(site.url + "/alarms")
    status = page.locator("#live-status")
    await expect(status).to_have_text("Live", timeout=SOON_MS)
    site.stop.set()
    await asyncio.wait_for(asyncio.shield(site.running), 60)
    await expect(status).to_have_text("Reconnecting", timeout=SOON_MS)
    for _ in range(8):
        await page.clock.run_for(5000)
    await expect(status).to_contain_text("Connection lost. This is how it was at ")
    await expect(page.locator("#live-age")).to_contain_text(" s ago)")
    number = await raised(site, "Ice on Yew Road")
    port = urlsplit(site.url).port
    assert port is not None
    async with website.running(site.dsn, site.town, site.now, port=port):
        for _ in range(40):
            await page.clock.run_for(5000)
            if await alarm(page, number).count():
                break
        await expect(alarm(page, number)).to_be_visible()
        await expect(status).to_have_text("Live", timeout=SOON_MS)
        await page.close()
    await page.context.clear_cookies()
