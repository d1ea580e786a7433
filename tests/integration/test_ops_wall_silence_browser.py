"""The wall in headless Chromium when something is silent: the server, its data, its stream; and after an upgrade."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from playwright.async_api import Browser, Page, Route, expect

from tests.fakes.accessibility import violations
from tests.fakes.browser import in_browser
from tests.fakes.website import Site
from tests.integration.test_ops_wall_browser import FAR_PX, SOON_MS, site, wall

pytestmark = in_browser()
__all__ = ["site"]


async def until_lost(page: Page) -> None:
    """Let time pass until the banner is there."""
    for _ in range(40):
        if await page.locator("#wall-lost").is_visible():
            return
        await page.clock.run_for(5000)
    raise AssertionError("no banner came")


async def test_a_server_that_is_lost_is_said_over_the_whole_width(chromium: Browser, site: Site) -> None:
    context = await chromium.new_context(viewport={"width": 1920, "height": 1080})
    page = await context.new_page()
    await page.clock.install()
    await page.goto(site.url + "/ops")
    await expect(page.locator("#live-status")).to_have_text("Live", timeout=SOON_MS)
    await expect(page.locator("#wall-lost")).to_be_hidden()
    await context.route("**/live/**", lambda route: route.abort())
    site.stop.set()
    await asyncio.wait_for(asyncio.shield(site.running), 10)
    await until_lost(page)
    banner = page.locator("#wall-lost")
    await expect(banner).to_contain_text("NOT LIVE. The server does not answer. This is how it was at ")
    box = await banner.bounding_box()
    assert box is not None
    assert (box["x"], box["width"]) == (0, 1920)
    assert await banner.evaluate("e => parseFloat(getComputedStyle(e).fontSize)") >= FAR_PX
    assert await page.evaluate("document.documentElement.scrollHeight") <= 1080
    await page.clock.run_for(20 * 60_000)
    await expect(banner).to_contain_text("20 minutes ago")
    await context.close()


async def test_a_server_that_knows_nothing_new_is_said_too(chromium: Browser, site: Site) -> None:
    """As it is where its database does not answer: the stream is open and says how old it all is."""
    page = await (await chromium.new_context()).new_page()
    await page.clock.install()
    await page.add_init_script(
        "window.EventSource = class extends EventTarget { static OPEN = 1; static CLOSED = 2; readyState = 1;"
        " constructor() { super(); window.wallStream = this; } close() {} };"
    )
    await page.goto(site.url + "/ops")
    for age in range(0, 90, 15):
        await page.evaluate(
            "(age) => window.wallStream.dispatchEvent(new MessageEvent('alive', {data: JSON.stringify({age_s: age})}))", age
        )  # fmt: skip
        await page.clock.run_for(15_000)
    await expect(page.locator("#wall-lost")).to_contain_text("The server answers, but knows nothing new")
    await page.context.close()


async def test_a_wall_whose_stream_never_came_says_so_itself(chromium: Browser, site: Site) -> None:
    context = await chromium.new_context()
    page = await context.new_page()
    await context.route("**/static/live.js*", lambda route: route.abort())
    await page.clock.install()
    await page.goto(site.url + "/ops")
    await until_lost(page)
    await context.close()


async def test_a_clock_that_is_put_back_hides_no_silence(chromium: Browser, site: Site) -> None:
    """A Pi without a clock of its own is corrected while it is at work; its time zone is nobody's concern."""
    context = await chromium.new_context(timezone_id="America/New_York")
    page = await context.new_page()
    await page.clock.install()
    await page.goto(site.url + "/ops")
    await expect(page.locator("#live-status")).to_have_text("Live", timeout=SOON_MS)
    await context.route("**/live/**", lambda route: route.abort())
    site.stop.set()
    await asyncio.wait_for(asyncio.shield(site.running), 10)
    await page.clock.set_system_time(datetime.now(UTC) - timedelta(hours=3))
    await until_lost(page)
    towns_time = await page.inner_text(".wall__time")
    await expect(page.locator("#wall-lost")).to_contain_text(f"This is how it was at {towns_time}, ")
    await context.close()


async def test_a_stream_that_was_refused_for_long_is_asked_for_again(chromium: Browser, site: Site) -> None:
    page = await (await chromium.new_context()).new_page()
    await page.clock.install()
    await page.add_init_script(
        "window.asked = 0; window.EventSource = class extends EventTarget { static OPEN = 1; static CLOSED = 2; readyState = 0;"
        " constructor() { super(); window.asked++; setTimeout(() => { this.readyState = 2; this.dispatchEvent(new Event('error')); }, 100); }"
        " close() { this.readyState = 2; } };"
    )
    await page.goto(site.url + "/ops")
    await page.clock.run_for(10 * 60_000)
    assert await page.evaluate("window.asked") >= 8
    await page.context.close()


async def test_old_data_and_a_lost_server_are_two_banners(chromium: Browser, site: Site) -> None:
    page, _ = await wall(chromium, site, viewport={"width": 1920, "height": 1080})
    await site.sql("update ingest_batch set received_at = received_at - interval '20 minutes'")
    await site.sql("select pg_notify('cityops_batch', '{}')")
    old = page.locator(".wallbanner--old")
    await expect(old).to_contain_text("The town’s data are 20 minutes old", timeout=SOON_MS)
    box = await old.bounding_box()
    assert box is not None
    assert (box["x"], box["width"]) == (0, 1920)
    assert await violations(page) == []
    await page.close()


async def test_a_wall_that_is_open_for_weeks_loads_itself_anew_after_an_upgrade(
    chromium: Browser, site: Site
) -> None:
    page, _ = await wall(chromium, site, clock=True)
    old, refused = "before the upgrade", 0
    await page.evaluate("(old) => { document.body.dataset.build = old; }", old)
    await site.sql("update alarm set cleared_at = now()")
    await site.sql("select pg_notify('cityops_rules', '{}')")

    # A server that is not back yet would leave its error on the wall.
    async def bad_gateway(route: Route) -> None:
        nonlocal refused
        refused += 1
        await route.fulfill(status=502, body="Bad gateway")

    await page.context.route("**/ops", bad_gateway)
    for _ in range(120):
        if refused:
            break
        await page.clock.run_for(1000)
        await page.wait_for_timeout(100)
    assert refused, "it asks whether the server is there"
    await page.wait_for_timeout(400)
    await expect(page.locator("body")).to_have_attribute("data-build", old)
    await page.context.unroute("**/ops")
    await site.sql("update alarm set cleared_at = null")
    await site.sql("select pg_notify('cityops_rules', '{}')")
    await expect(page.locator("body")).not_to_have_attribute("data-build", old, timeout=SOON_MS)
    await expect(page.locator("#live-status")).to_have_text("Live", timeout=SOON_MS)
    await page.context.close()
