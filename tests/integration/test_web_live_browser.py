"""Pages in headless Chromium at work: live values, lost streams, maps, the wall's size, no JavaScript, the keyboard."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest
from playwright.async_api import Browser, expect

from ops_api import app, cached
from ops_api.cached import Cached
from tests.fakes import seed_web
from tests.fakes.browser import in_browser
from tests.fakes.web_pages import opened
from tests.fakes.website import Site
from tests.integration.test_web_browser import HOME, browser, kept_site, looked_at, site

pytestmark = in_browser()
__all__ = ["browser", "kept_site", "looked_at", "site"]


async def test_the_wall_fits_one_screen(looked_at: Site, browser: Browser) -> None:
    page, _ = await opened(browser, looked_at, "/ops", viewport={"width": 1920, "height": 1080})
    assert await page.evaluate("document.documentElement.scrollHeight") <= 1080
    smallest = await page.evaluate(
        "Math.min(...[...document.querySelectorAll('main p, main li, main dd, main dt, main h2')]"
        ".map(e => parseFloat(getComputedStyle(e).fontSize)))"
    )
    assert smallest >= 22, "letters of 22 px on a wall screen are readable at 3 m"


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
