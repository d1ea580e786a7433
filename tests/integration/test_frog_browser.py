"""The frog's own page in headless Chromium on a phone: axe, reflow, no script, no other host, print."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from devices.page.ring import Ring
from devices.page.samples import Note
from devices.page.server import PageServer
from devices.page.standing import Desk
from tests.fakes.accessibility import violations
from tests.fakes.browser import in_browser
from tests.fakes.frog_page import NOW_S, answered, app_of, filled, standing

pytestmark = in_browser()
PHONE = {"width": 390, "height": 844}


@dataclass(frozen=True)
class Home:
    """A browser in a home with a frog, and one with a PIN."""

    browser: Browser
    ring: Ring
    desk: Desk
    url: str
    locked: str


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def home(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Home]:
    ring, desk = filled(tmp_path_factory.mktemp("frog"), 366), Desk(lambda: 0.0, patience_s=30.0)
    ring.note(Note(3829, 4_001, NOW_S - 3600, "cooking", "button"))
    desk.standing = standing(waiting_diary=frozenset({(3829, 4_001)}))
    servers = [PageServer(app_of(ring, desk, pin), "127.0.0.1", 0) for pin in (None, "4711")]
    for server in servers:
        server.start()
    yield Home(chromium, ring, desk, *(f"http://127.0.0.1:{s.port}" for s in servers))
    for server in servers:
        server.stop()
    ring.close()


async def opened(home: Home, path: str, *, script: bool = True) -> tuple[Page, list[str]]:
    """Return a page on a phone, and what it asked for and complained of, other than its own."""
    context = await home.browser.new_context(viewport=PHONE, java_script_enabled=script)
    page, wrong = await context.new_page(), []
    page.on(
        "request", lambda r: None if r.url.startswith(("http://127.0.0.1:", "data:")) else wrong.append(r.url)
    )
    page.on("console", lambda m: wrong.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda e: wrong.append(str(e)))
    await page.goto(path if path.startswith("http") else home.url + path)
    return page, wrong


async def test_every_page_is_accessible_and_fits_a_phone(home: Home) -> None:
    bad = []
    for path in ("/?saved=shower", "/year", "/forget"):
        page, wrong = await opened(home, path)
        bad += [(path, "is not accessible", v) for v in await violations(page)]
        width = await page.evaluate("document.documentElement.scrollWidth")
        bad += [(path, "wider than the phone", width)] if width > PHONE["width"] else []
        bad += [(path, "asked or complained", w) for w in wrong]
        await page.context.close()
    assert bad == []


async def test_other_moods_are_accessible(home: Home) -> None:
    before = home.desk.standing
    assert before is not None
    assert before.opinion is not None
    try:
        for mood in ("calm", None):
            opinion = None if mood is None else replace(before.opinion, mood=mood)  # type: ignore[arg-type]
            home.desk.standing = replace(before, opinion=opinion, card_trouble="x")
            page, _ = await opened(home, "/")
            assert await violations(page) == [], mood
            await page.context.close()
    finally:
        home.desk.standing = before


async def test_a_diary_entry_in_one_tap_without_javascript(home: Home) -> None:
    page, wrong = await opened(home, "/", script=False)
    with answered(home.desk, home.ring) as clerk:
        await page.get_by_role("button", name="Drying clothes").click()
        await page.wait_for_url("**saved=washing**")
        assert clerk.written == ["washing"]
        await page.reload()
        await page.go_back()
        assert clerk.written == ["washing"]
        await page.get_by_text("Something else").first.click()
        await page.get_by_role("button", name="Heating on").click()
        await page.wait_for_url("**saved=heating**")
        assert await page.get_by_text("Saved: Heating on. Thank you.").is_visible()
    assert wrong == []
    await page.context.close()


async def test_the_words_of_the_box_stand_beside_it(home: Home) -> None:
    page, _ = await opened(home, "/forget", script=False)
    for width in (PHONE["width"], 1280, 320):
        await page.set_viewport_size({"width": width, "height": 844})
        box = await page.get_by_role("checkbox").bounding_box()
        words = await page.locator("label[for=sure]").bounding_box()
        assert box is not None
        assert words is not None
        assert words["x"] >= box["x"] + box["width"], width  # the second line, too, and not below the box
    await page.context.close()


async def test_the_lengths_are_links(home: Home) -> None:
    page, _ = await opened(home, "/", script=False)
    await page.get_by_role("link", name="Year").click()
    await page.wait_for_url("**/year#charts")
    assert await page.get_by_role("heading", name="In the last year").is_visible()
    await page.get_by_text("Show the numbers").click()
    assert await page.get_by_role("rowheader", name="December 2025").is_visible()
    await page.context.close()


async def test_a_pin_lets_in(home: Home) -> None:
    page, _ = await opened(home, home.locked)
    assert await violations(page) == []
    await page.get_by_label("PIN").fill("4711")
    await page.get_by_role("button", name="Show my frog").click()
    await page.get_by_role("heading", name="In this room now").wait_for()
    await page.context.close()


async def test_it_prints_on_two_sheets_without_its_buttons(home: Home) -> None:
    page, _ = await opened(home, "/month")
    await page.emulate_media(media="print")
    assert not await page.get_by_role("button", name="Cooking").is_visible()
    assert await page.get_by_role("heading", level=1).is_visible()
    sheets = (await page.pdf(format="A4")).count(b"/Type /Page\n")
    assert 1 <= sheets <= 3
    await page.context.close()
