"""A home's pages in headless Chromium, most of it without JavaScript: a year of damp, the sharing switch, an event, a pack, paper."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pikepdf
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.fakes import seed_damp, seed_web, website
from tests.fakes.accessibility import violations
from tests.fakes.browser import in_browser
from tests.fakes.website import Site

pytestmark = in_browser()

HOME = f"/home/{seed_web.DAMP_HOME}"
A4_POINTS = (595, 842)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def site(pg_server: str, towns: Any, server_dir: Path) -> AsyncIterator[Site]:
    """One site for the file, with a resident, a year of damp, a case and a call."""
    async with website.copied(pg_server, *await towns.template(), data_dir=server_dir / "keys") as started:
        await seed_damp.fill(started.dsn, seed_web.DAMP_HOME, started.now)
        await started.join(seed_web.DAMP_HOME, name="Ada")
        await started.http.post(f"{HOME}/evidence/cases", data={"landlord": "Northgate Homes"})
        call = {"method": "phone", "who": "Repairs line", "said": "The wall is wet."}
        await started.http.post(f"{HOME}/evidence/contacts", data=call)
        yield started


async def opened(chromium: Browser, site: Site, path: str, **context: Any) -> Page:
    made = await chromium.new_context(**context)
    await made.add_cookies([{"name": "cityops", "value": site.http.cookies["cityops"], "url": site.url}])
    page = await made.new_page()
    await page.goto(site.url + path)
    return page


@pytest.mark.parametrize("path", ["", "/days", "/evidence"])
async def test_a_full_page_is_for_everybody_and_fits_a_narrow_screen(
    site: Site, chromium: Browser, path: str
) -> None:
    page = await opened(chromium, site, HOME + path, viewport={"width": 320, "height": 800})
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320
    for summary in await page.locator("summary").all():
        await summary.click()
    assert await violations(page) == [], path
    small = await page.evaluate(
        "[...document.querySelectorAll('main button, main summary, main .tab')].filter(e => e.offsetParent)"
        ".filter(e => { const b = e.getBoundingClientRect(); return b.height < 24 || b.width < 24 }).map(e => e.outerHTML)"
    )
    assert small == [], "a finger needs 24 px at least (WCAG 2.5.8)"
    for width in (320, 390, 1280):
        await page.set_viewport_size({"width": width, "height": 800})
        assert await page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
    await page.context.close()


async def test_the_answer_is_on_the_first_screen_of_a_phone(site: Site, chromium: Browser) -> None:
    page = await opened(chromium, site, HOME, viewport={"width": 390, "height": 664})
    for text in ("Why", "What to do next"):
        box = await page.get_by_role("heading", name=text).bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 664, text
    await page.context.close()


async def test_what_the_frog_noticed_is_named_in_one_tap_without_javascript(
    site: Site, chromium: Browser
) -> None:
    page = await opened(chromium, site, HOME, java_script_enabled=False)
    questions = page.locator(".found__question")
    before = await questions.count()
    await page.get_by_role("button", name="Yes, cooking").first.click()
    await page.wait_for_url("**saved=cooking**")
    await expect(questions).to_have_count(before - 1)
    await expect(page.locator(".found").first).to_contain_text(
        re.compile(r"Cooking (Today|Yesterday) \d\d:\d\d")  # soon after midnight it was yesterday
    )
    await page.context.close()


async def test_the_switch_for_the_council_works_without_javascript(site: Site, chromium: Browser) -> None:
    page = await opened(chromium, site, f"{HOME}/sharing", java_script_enabled=False)
    await page.get_by_role("button", name="Yes, the council may see it").click()
    await expect(page.locator("h1")).to_contain_text("The council sees some of your home.")
    await page.get_by_role("button", name="Stop: the council sees nothing").click()
    await expect(page.locator("h1")).to_contain_text("The council does not see your home.")
    await page.context.close()


async def test_a_pack_comes_in_two_taps_without_javascript(site: Site, chromium: Browser) -> None:
    page = await opened(chromium, site, HOME, java_script_enabled=False, accept_downloads=True)
    await page.get_by_role("link", name="Evidence", exact=True).first.click()
    async with page.expect_download(timeout=120_000) as download:
        await page.get_by_role("button", name="The last month").click()
    file = await (await download.value).path()
    assert Path(file).read_bytes()[:2] == b"PK"
    await page.context.close()


@pytest.mark.parametrize("path", ["", "/days", "/evidence"])
async def test_it_prints_well(site: Site, chromium: Browser, tmp_path: Path, path: str) -> None:
    page = await opened(chromium, site, HOME + path)
    await page.emulate_media(media="print")
    for gone in (".tabs", ".bar", ".foot", "form", ".doors", "main button"):
        for element in await page.locator(gone).all():
            assert not await element.is_visible(), gone
    await expect(page.locator(".onpaper")).to_be_visible()
    await expect(page.locator("h1")).to_be_visible()
    file = tmp_path / "page.pdf"
    await page.pdf(path=file, format="A4", prefer_css_page_size=True)
    with pikepdf.open(file) as pdf:
        assert len(pdf.pages) <= 4
        for sheet in pdf.pages:
            assert [round(float(x)) for x in sheet.mediabox[2:]] == list(A4_POINTS)
    # As wide as the paper between its margins: nothing is cut off.
    await page.set_viewport_size({"width": 688, "height": 1000})
    assert await page.evaluate("document.documentElement.scrollWidth") <= 688
    await page.context.close()
