"""The pages in headless Chromium: accessibility, reflow, no errors, no other host."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.fakes import bins_board, seed_web, website
from tests.fakes.accessibility import UNFOLD, violations
from tests.fakes.browser import emptied, in_browser
from tests.fakes.desk_rows import ice_on_a_route
from tests.fakes.seed_notifications import told
from tests.fakes.seed_work import decide, seed
from tests.fakes.web_pages import at_widths, loaded, opened
from tests.fakes.website import Site

pytestmark = in_browser()

HOME = f"/home/{seed_web.DAMP_HOME}"
PAGES = (
    "/",
    "/?unknown=x",
    HOME,
    f"/home/{seed_web.DRY_HOME}",
    f"{HOME}/days",
    f"{HOME}/evidence",
    f"{HOME}/sharing",
    f"{HOME}/people",
    f"{HOME}/looks",
    f"{HOME}/data",
    f"/join/{seed_web.DAMP_HOME}",
    "/home/nope",
    "/winter",
    "/winter/route-1",
    "/bins",
    "/bins?state=full",
    "/bins/all",
    "/bins/ledger",
    "/ops",
    "/health",
    "/alarms",
    "/alarms/1",
    "/dead-letters",
    "/rules",
    "/devices/road-001",
    "/api",
    "/open",
    "/work",
    "/notifications",
    "/rules/late",
)


@pytest_asyncio.fixture(loop_scope="session")
async def browser(chromium: Browser) -> AsyncIterator[Browser]:
    """The browser, without what another test left in it."""
    assert [len(context.pages) for context in chromium.contexts] == [1]
    yield chromium
    await emptied(chromium)


@pytest_asyncio.fixture(loop_scope="session")
async def site(pg_server: str, towns: Any) -> AsyncIterator[Site]:
    """The site of the other tests, in the browser's event loop."""
    async with website.copied(pg_server, *await towns.template()) as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def kept_site(pg_server: str, towns: Any) -> AsyncIterator[Site]:
    """A site for all tests that only look."""
    async with website.copied(pg_server, *await towns.template()) as started:
        yield started


@pytest_asyncio.fixture(loop_scope="session")
async def looked_at(kept_site: Site) -> Site:
    """The site that nobody changes, whose devices are heard as of now."""
    await seed_web.keep_flowing(kept_site.dsn)
    return kept_site


@pytest.mark.parametrize("path", PAGES)
async def test_no_page_has_an_accessibility_violation_an_error_or_a_foreign_request(
    looked_at: Site, browser: Browser, path: str
) -> None:
    """As wide as 1280 px are at 400 %, where nothing may be wider than the screen, on a phone, and at a desk.

    All in the tab that is there, which is loaded once: one of its own costs each a process.
    """
    tab = browser.contexts[0].pages[0]
    await tab.set_viewport_size({"width": 320, "height": 640})
    page, watch = await loaded(tab, looked_at, path)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320, path
    await page.evaluate(UNFOLD)
    await page.set_viewport_size({"width": 390, "height": 844})
    assert await violations(page) == [], (path, "phone")
    await page.set_viewport_size({"width": 1280, "height": 800})
    assert await violations(page) == [], path
    assert watch.wrong == [], path
    watch.end()


async def test_explanations_and_work_items_are_accessible_and_fit(site: Site, browser: Browser) -> None:
    number = await decide(site)
    await seed(site.dsn)
    [(item,)] = await site.sql("select min(work_item_id) from work_item")
    for path in (f"/decisions/{number}", f"/work/{item}", "/work"):
        await at_widths(browser, site, path, 1280, 320)


async def test_notifications_in_trouble_are_accessible_and_fit(site: Site, browser: Browser) -> None:
    await told(site)
    await at_widths(browser, site, "/notifications", 1280, 320)


async def test_the_rules_would_find_something(browser: Browser) -> None:
    page = await browser.new_page()
    await page.set_content(
        "<html lang=en><title>t</title><main><h1>x</h1><img src=x><button></button></main>"
    )
    assert {v.partition(":")[0] for v in await violations(page)} >= {"image-alt", "button-name"}


@pytest.mark.parametrize(
    "odd",
    [
        '<p style="color: #aaa">odd</p>',
        '<div style="background: #333"><p>odd</p></div>',
        '<div style="position: relative; background: #333"><p>odd</p></div>',
        '<p style="position: absolute; top: 60px; background: #fff; color: #999">odd</p>',
        '<p style="opacity: 0.4">odd</p>',
    ],
)
async def test_one_faint_word_among_many_that_are_alike_is_found(browser: Browser, odd: str) -> None:
    """Three are asked of those that are alike; what is not alike is asked itself."""
    page, fine = await browser.new_page(), "<p>fine</p>" * 40
    frame = "<html lang=en><title>t</title><main style='background: #fff; color: #000'><h1>x</h1>{}</main>"
    await page.set_content(frame.format(fine + fine))
    assert await violations(page) == []
    await page.set_content(frame.format(fine + odd + fine))
    (found,) = await violations(page)
    assert found.startswith("color-contrast: ")
    assert "odd" in found


async def test_one_link_that_only_its_colour_tells_among_many_is_found(browser: Browser) -> None:
    page = await browser.new_page()
    text = "<p>Some words and then <a href=/x{}>a link</a> and on.</p>"
    frame = "<html lang=en><title>t</title><main style='background: #fff; color: #000'><h1>x</h1>{}</main>"
    many = text.format("") * 40
    await page.set_content(frame.format(many + many))
    assert await violations(page) == []
    await page.set_content(
        frame.format(many + text.format(" style='text-decoration: none; color: #004'") + many)
    )
    (found,) = await violations(page)
    assert found.startswith("link-in-text-block: ")


async def test_an_alarm_with_members_and_a_story_is_for_everybody(site: Site, browser: Browser) -> None:
    alarm_id = await ice_on_a_route(site)
    for path in (f"/alarms/{alarm_id}", "/alarms?rule=winter.ice"):
        await at_widths(browser, site, path, 1920, 390, 320, unfold=True)
    page, watch = await opened(browser, site, f"/alarms/{alarm_id}", java_script_enabled=False)
    await page.get_by_role("button", name="Acknowledge: I have it in hand").click()
    await expect(page.locator(".timeline__line").last).to_contain_text("Ada of operations acknowledged it.")
    await page.get_by_text("Comment, assign, shelve or close").click()
    await page.get_by_label("Comment").fill("salted twice")
    await page.get_by_role("button", name="Add comment").click()
    await expect(page.locator(".timeline__line").last).to_contain_text("Ada of operations: “salted twice”")
    assert watch.wrong == []


LONG = "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogoch-Upper-Road, Great Tilbrook"


async def test_long_names_break_and_do_not_widen_the_page(site: Site, browser: Browser) -> None:
    await site.sql("update home set label = %s", LONG)
    await site.sql("update home_device set room = %s", LONG)
    await site.sql("update bin_site set label = %s", LONG)
    await site.sql("update alarm set title = %s where subject_kind <> 'home'", LONG)
    await site.sql("update device set label = %s where name = 'road-001'", LONG)
    await site.sql("update gritting_route set label = %s", LONG)
    tab = browser.contexts[0].pages[0]
    await tab.set_viewport_size({"width": 320, "height": 640})
    for path in (HOME, "/bins", "/alarms", "/devices/road-001", "/winter", "/winter/route-1", "/ops"):
        page, watch = await loaded(tab, site, path)
        assert await page.evaluate("document.documentElement.scrollWidth") <= 320, path
        watch.end()


async def test_the_board_of_bins_with_its_lorries_is_accessible_fits_and_draws_their_ways(
    site: Site, browser: Browser
) -> None:
    await bins_board.told(site.dsn, site.now)
    rounds = await bins_board.planned(site.dsn, site.town, site.now)
    bins = [b for r in rounds.plan.rounds for b in r.bins]
    await bins_board.measured(site.dsn, site.town, bins[0], site.now)
    for path in ("/bins", "/bins/all", f"/bins/{bins[0]}"):
        await at_widths(browser, site, path, 1920, 1280, 390, 320, unfold=True)
    page, watch = await opened(browser, site, "/bins", viewport={"width": 1280, "height": 900})
    await expect(page.locator("#map .pin", has_text=re.compile(r"^[AB]\d+$"))).to_have_count(len(bins))
    await expect(page.locator("#map .depot")).to_have_count(2)
    await expect(page.locator("#legend [data-lorry]")).to_have_count(
        sum(bool(r.bins) for r in rounds.plan.rounds)
    )
    await page.get_by_label("State", exact=True).select_option("overflowing")
    await page.get_by_role("button", name="Show").click()
    await page.wait_for_url("**/bins?**state=overflowing")
    assert await page.get_by_text("the first lines speak of all").is_visible()
    assert watch.wrong == []
