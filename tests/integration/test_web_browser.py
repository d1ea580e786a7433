"""The pages in headless Chromium: accessibility, reflow, live values, no JavaScript, no other host."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from ops_api import app, cached
from ops_api.cached import Cached
from tests.fakes import bins_board, seed_web, website
from tests.fakes.accessibility import UNFOLD, violations
from tests.fakes.browser import emptied, in_browser
from tests.fakes.desk_rows import ice_on_a_route
from tests.fakes.seed_notifications import told
from tests.fakes.seed_work import decide, seed
from tests.fakes.watched import Watch
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
    """Look at a page on screens of ``widths`` [px]: nothing violates, complains or is wider than the screen."""
    page, watch = await opened(browser, site, path, viewport={"width": widths[0], "height": 900})
    if unfold:
        await page.evaluate(UNFOLD)
    for width in widths:
        await page.set_viewport_size({"width": width, "height": 900})
        assert await violations(page) == [], (path, width)
        assert await page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
    assert watch.wrong == [], path
    await page.close()


@pytest.mark.parametrize("path", PAGES)
async def test_no_page_has_an_accessibility_violation_an_error_or_a_foreign_request(
    looked_at: Site, browser: Browser, path: str
) -> None:
    """At a desk, on a phone, and as wide as 1280 px are at 400 %, where nothing may be wider than the screen.

    All in the tab that is there: one of its own costs each a process.
    """
    tab = browser.contexts[0].pages[0]
    await tab.set_viewport_size({"width": 1280, "height": 800})
    page, watch = await loaded(tab, looked_at, path)
    await page.evaluate(UNFOLD)
    assert await violations(page) == [], path
    await page.set_viewport_size({"width": 390, "height": 844})
    assert await violations(page) == [], (path, "phone")
    await page.set_viewport_size({"width": 320, "height": 640})
    await page.reload()
    await page.wait_for_timeout(400)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320, path
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
    await page.set_content(frame.format(many + text.format(" style='text-decoration: none; color: #004'") + many))
    (found,) = await violations(page)
    assert found.startswith("link-in-text-block: ")


async def test_the_wall_fits_one_screen(looked_at: Site, browser: Browser) -> None:
    page, _ = await opened(browser, looked_at, "/ops", viewport={"width": 1920, "height": 1080})
    assert await page.evaluate("document.documentElement.scrollHeight") <= 1080
    smallest = await page.evaluate(
        "Math.min(...[...document.querySelectorAll('main p, main li, main dd, main dt, main h2')]"
        ".map(e => parseFloat(getComputedStyle(e).fontSize)))"
    )
    assert smallest >= 22, "letters of 22 px on a wall screen are readable at 3 m"


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
    for path in (HOME, "/bins", "/alarms", "/devices/road-001", "/winter", "/winter/route-1", "/ops"):
        page, _ = await opened(browser, site, path, viewport={"width": 320, "height": 640})
        assert await page.evaluate("document.documentElement.scrollWidth") <= 320, path
        await page.close()


async def test_the_wall_cuts_no_alarm_in_half(site: Site, browser: Browser) -> None:
    await site.sql("update alarm set cleared_at = now()")
    await site.sql(
        "insert into alarm (rule_id, rule_version, subject_kind, subject, severity, raised_at, title, reason)"
        " select 'bins.full', 1, 'bin', 'bin-' || n, 'warning', now(),"
        " 'Market place, Great Tilbrook Cross Road: full', 'full' from generate_series(1, 12) n"
    )
    page, _ = await opened(browser, site, "/ops", viewport={"width": 1920, "height": 1080})
    # In one step: the live state may replace the elements between two.
    last, panel = await page.evaluate(
        "[[...document.querySelectorAll('.urgent__item')].at(-1), document.querySelector('.wall__alarms')]"
        ".map(e => e.getBoundingClientRect().bottom)"
    )
    assert last <= panel


async def test_a_live_value_changes_without_loading_again(site: Site, browser: Browser) -> None:
    page, watch = await opened(browser, site, HOME)
    headline = page.locator("h1")
    assert (await headline.inner_text()).startswith("Your home is at high risk of damp: ")
    await page.evaluate("window.sameDocument = true")
    await page.locator("#chart-table summary").click()
    await site.sql(
        'update subject_state set state = state || \'{"risk": "low"}\' where subject = %s',
        seed_web.DAMP_HOME,
    )
    await site.sql("select pg_notify('cityops_rules', '{}')")
    await expect(headline).to_have_text(
        "Your home is at low risk of damp: its walls are dry now.", timeout=8000
    )
    assert await page.evaluate("window.sameDocument") is True
    assert await page.locator("#live-status").inner_text() == "Live"
    assert watch.wrong == []


@pytest.fixture
def short_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counts are kept for half a minute, as counting a city costs something: here not at all.

    What a page asks for at a hint is then as of the hint; else it comes half a minute later.
    """
    monkeypatch.setattr(app, "Cached", partial(Cached, keep_s=0.0))
    monkeypatch.setattr(cached, "SHARE", 0)  # however long counting took


async def batches(site: Site) -> None:
    """Hint as the ingester does, with each batch: a count may have been on its way at the first."""
    while True:
        await site.sql("select pg_notify('cityops_batch', '{}')")
        await asyncio.sleep(1.0)


async def test_what_is_missing_shows_and_changes_without_loading_again(
    short_memory: None, site: Site, browser: Browser
) -> None:
    page, watch = await opened(browser, site, "/ops")
    await page.get_by_role("link", name="Health").click()
    headline = page.locator("h1")
    await expect(headline).to_have_text("17 readings are missing from 1 device", timeout=30_000)
    await expect(page.get_by_role("row", name="road-001")).to_contain_text("boot 3829: 17 missing: 1201-1207")
    await expect(page.get_by_role("row", name="frog-0004")).to_contain_text("never heard")
    await page.evaluate("window.sameDocument = true")
    await site.sql("update device_sequence set received = '{[1,1400]}' where boot = 3829")
    hints = asyncio.create_task(batches(site))
    await expect(headline).to_have_text("1 device is silent or behind", timeout=90_000)
    hints.cancel()
    assert await page.evaluate("window.sameDocument") is True
    assert watch.wrong == []


async def test_polling_takes_over_where_streams_are_blocked(site: Site, browser: Browser) -> None:
    context = await browser.new_context()
    await context.route("**/stream*", lambda route: route.abort())
    page = await context.new_page()
    await page.goto(site.url + "/ops")
    await expect(page.locator("h1")).to_have_text("1 critical alarm: bins on fire")
    await site.sql("update alarm set cleared_at = now()")
    await seed_web.keep_flowing(site.dsn)
    await expect(page.locator("h1")).to_have_text("Nothing is wrong now", timeout=45_000)


async def test_the_wall_says_when_it_is_stale(site: Site, browser: Browser) -> None:
    context = await browser.new_context()
    page = await context.new_page()
    await page.clock.install()
    await page.goto(site.url + "/ops")
    await expect(page.locator("#live-status")).to_have_text("Live")
    await context.route("**/live/**", lambda route: route.abort())
    site.stop.set()
    await asyncio.wait_for(asyncio.shield(site.running), 10)
    await expect(page.locator("#live-status")).to_have_text("Reconnecting")
    for _ in range(40):
        await page.clock.run_for(5000)
        if "stale" in (await page.locator("html").get_attribute("class") or ""):
            break
    assert "Not live: last update" in await page.locator("#live-status").inner_text()


async def test_a_stream_that_falls_silent_is_asked_anew(site: Site, browser: Browser) -> None:
    page = await browser.new_page()
    await page.clock.install()
    asked: list[str] = []
    page.on("request", lambda r: asked.append(r.url) if "/stream" in r.url else None)
    # What a far end that vanished without a word looks like: open, and nothing comes.
    await page.add_init_script(
        "const Real = EventSource; window.EventSource = class extends Real {"
        " addEventListener(name, f) { if (name !== 'alive') super.addEventListener(name, f); } };"
        " Object.assign(window.EventSource, {OPEN: 1, CLOSED: 2});"
    )
    await page.goto(site.url + "/ops")
    await expect(page.locator("#live-status")).to_have_text("Live")
    assert len(asked) == 1
    await page.clock.run_for(60_000)
    assert len(asked) == 2


async def test_the_diary_works_without_javascript(site: Site, browser: Browser) -> None:
    page, _ = await opened(browser, site, f"/home/{seed_web.DRY_HOME}", java_script_enabled=False)
    await page.get_by_role("button", name="Drying clothes").click()
    await page.wait_for_url("**saved=washing**")
    assert await page.get_by_text("Saved: Drying clothes. Thank you.").is_visible()
    await page.get_by_role("button", name="Remove Drying clothes").click()
    assert await page.get_by_text("Nothing yet today.").is_visible()
    [(count,)] = await site.sql("select count(*) from diary_entry where source = 'web'")
    assert count == 0


async def test_maps_draw_roads_and_numbered_bins_from_our_own_data(looked_at: Site, browser: Browser) -> None:
    page, watch = await opened(browser, looked_at, "/winter")
    await page.wait_for_selector("#map canvas")
    painted = await page.evaluate(
        "(() => { const c = document.querySelector('#map canvas');"
        " const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;"
        " let n = 0; for (let i = 3; i < d.length; i += 4) n += d[i] > 0; return n; })()"
    )
    assert painted > 2000
    assert watch.wrong == []
    page, watch = await opened(browser, looked_at, "/bins")
    full = [
        b for b in (await looked_at.get("/bins/map.json"))["bins"] if b["state"][0] in ("full", "overflowing")
    ]
    # Nobody has planned a lorry: what is full is marked, in no order.
    await expect(page.locator("#map .pin", has_text="!")).to_have_count(len(full))
    assert watch.wrong == []


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


async def test_the_boards_filter_works_without_javascript(looked_at: Site, browser: Browser) -> None:
    page, _ = await opened(browser, looked_at, "/bins", java_script_enabled=False)
    await page.get_by_label("State", exact=True).select_option("full")
    await page.get_by_role("button", name="Show").click()
    await page.wait_for_url("**/bins?**state=full")
    assert await page.get_by_label("State", exact=True).input_value() == "full"
    assert await page.locator(".must").count() > 0
    assert await page.locator(".must .pin--overflowing").count() == 0


async def test_the_keyboard_reaches_the_content_first(looked_at: Site, browser: Browser) -> None:
    page, _ = await opened(browser, looked_at, "/winter")
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.className") == "govuk-skip-link"
    await page.keyboard.press("Enter")
    assert await page.evaluate("document.activeElement.id") == "main"
