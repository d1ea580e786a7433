"""The crew's page on a telephone in headless Chromium: tapped, without reception, on a list that is old; large enough for gloves."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from PIL import Image
from playwright.async_api import Browser, BrowserContext, Page, Route, expect

from rules.core.rounds.model import Lock
from rules.rounds.ports import Rounds
from tests.fakes import crew_town, website
from tests.fakes.accessibility import violations
from tests.fakes.browser import in_browser
from tests.fakes.crew_town import LORRIES, clock, plan_again
from tests.fakes.evidence_home import photo_bytes
from tests.fakes.website import CREW_PASSWORD, Site

SHOTS = os.environ.get("CITYOPS_TEST_SHOTS")
"""A folder for pictures of the pages; none are kept without it."""
pytestmark = in_browser()
OURS, OTHER = LORRIES
PATH = "/crew/Lorry%201"
FINGER_PX = 48
TOO_SMALL = f"""() => [...document.querySelectorAll('main button, main summary, main a, main label.crew__camera, main .crew__field')]
  .filter(e => e.offsetParent && e.getBoundingClientRect().height < {FINGER_PX}).map(e => e.outerHTML.slice(0, 80))"""
CUT = """() => [...document.querySelectorAll('main *')].filter(e => e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0
  && getComputedStyle(e).display !== 'inline').map(e => e.outerHTML.slice(0, 80))"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def site(pg_server: str, towns: Any) -> AsyncIterator[Site]:
    """One site for the file."""
    async with website.copied(pg_server, *await towns.template()) as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def plan(site: Site) -> Rounds:
    """The day's first plan; it is six in the morning."""
    made = await crew_town.plan_day(site)
    await clock(site, 6.05)
    return made


async def phone(chromium: Browser, site: Site, *, scheme: Any = "light", javascript: bool = True) -> Page:
    """Return the lorry's page on the telephone of a crew that was let in."""
    size: Any = {"width": 390, "height": 844}
    made = await chromium.new_context(viewport=size, color_scheme=scheme, java_script_enabled=javascript)
    page = await made.new_page()
    await page.goto(f"{site.url}{PATH}")
    await page.get_by_label("Your name").fill("Cleo")
    await page.get_by_label("The crews’ password").fill(CREW_PASSWORD)
    await page.get_by_role("button", name="Go on").click()
    await expect(page.locator(".stop.is-next")).to_be_visible()
    return page


def bins_of(plan: Rounds) -> tuple[str, ...]:
    return next(r.bins for r in plan.plan.rounds if r.lorry_id == OURS)


async def said(site: Site, bin_id: str) -> list[int]:
    """Return what is written down of a bin, as numbers."""
    rows = await site.sql("select what from collection_act where ref = %s order by act_id", f"bin:{bin_id}")
    return [what for (what,) in rows]


async def becomes(site: Site, page: Page, bin_id: str, what: list[int]) -> None:
    """Wait until that is written down of a bin."""
    for _ in range(150):
        if (found := await said(site, bin_id)) == what:
            return
        await page.wait_for_timeout(100)
    raise AssertionError(f"{bin_id}: {found}, not {what}")


async def shoot(page: Page, name: str) -> None:
    if SHOTS:
        await page.screenshot(path=str(Path(SHOTS) / f"crew-{name}.png"))


def context_of(page: Page) -> BrowserContext:
    return page.context


async def bins_ahead(page: Page) -> list[str]:
    """Return the bins that the page has still to do, in its order."""
    stops = await page.locator("[data-open]").all()
    return [b for s in stops if (b := await s.get_attribute("data-bin"))]


async def next_bin(page: Page, bin_id: str) -> None:
    """Wait until the large stop is this one."""
    await expect(page.locator(".stop.is-next")).to_have_attribute("data-bin", bin_id, timeout=20_000)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_gloves_hit_everything_and_nothing_is_cut(
    chromium: Browser, site: Site, plan: Rounds, scheme: str
) -> None:
    page = await phone(chromium, site, scheme=scheme)
    await page.locator(".is-next .stop__cant > summary").click()
    assert await page.evaluate(TOO_SMALL) == []
    assert await page.evaluate(CUT) == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    assert await violations(page) == []
    await shoot(page, f"cant-{scheme}")
    await page.goto(f"{site.url}/crew")
    assert await page.evaluate(TOO_SMALL) == []
    assert await violations(page) == []
    await shoot(page, f"board-{scheme}")
    await context_of(page).close()


async def test_a_tap_is_written_down_and_the_next_stop_is_shown(
    chromium: Browser, site: Site, plan: Rounds
) -> None:
    first, second, third = bins_of(plan)[:3]
    page = await phone(chromium, site)
    refused: list[str] = []
    page.on("console", lambda m: refused.append(m.text) if "Content Security Policy" in m.text else None)
    await next_bin(page, first)
    await shoot(page, "next")
    await page.locator(".is-next").get_by_role("button", name="Emptied").click()
    await next_bin(page, second)
    await becomes(site, page, first, [1])
    await expect(page.locator(".crew__past summary")).to_be_visible(timeout=20_000)
    # Blocked, with a photo: it is made smaller on the telephone, and encoded anew by the server.
    await page.locator(".is-next .stop__cant > summary").click()
    await page.locator(".is-next textarea").fill("a van before it")
    await page.locator(".is-next input[type=file]").set_input_files(
        {"name": "p.jpg", "mimeType": "image/jpeg", "buffer": photo_bytes()}
    )
    await page.locator(".is-next").get_by_role("button", name="Blocked").click()
    await next_bin(page, third)
    await becomes(site, page, second, [2])
    [(sha256, reason)] = await site.sql(
        "select p.sha256, a.reason from crew_photo p join collection_act a using (act_id)"
    )
    assert (reason, len(sha256)) == ("a van before it", 64)
    # Taken back.
    await page.locator(".crew__past summary").click()
    await page.locator(".crew__past li", has_text="Emptied").get_by_role("button", name="Undo").click()
    await becomes(site, page, first, [1, 8])
    assert refused == []
    await context_of(page).close()


async def test_taps_without_reception_are_kept_on_the_telephone_and_sent_with_their_time(
    chromium: Browser, site: Site, plan: Rounds
) -> None:
    page = await phone(chromium, site)
    ahead = await bins_ahead(page)
    one, two, three = ahead[:3]
    before = await said(site, two)
    # A second visit: the page is kept by then, and opens without reception too.
    await page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
    await page.reload()
    await next_bin(page, one)
    await context_of(page).set_offline(True)
    for tapped, then in ((one, two), (two, three)):
        await page.locator(".is-next").get_by_role("button", name="Emptied").click()
        await next_bin(page, then)
        await expect(page.locator(f"[data-bin='{tapped}'] .stop__wait")).to_contain_text("waiting to be sent")
    await expect(page.locator("#crew-said")).to_contain_text("No reception. 2 taps are kept on this phone")
    await shoot(page, "offline")
    # What waits can be taken back before anybody has seen it.
    await page.locator(f"[data-bin='{two}'] .stop__forget").click()
    await next_bin(page, two)
    await page.locator(".is-next").get_by_role("button", name="Emptied").click()
    await next_bin(page, three)
    await page.reload()
    await next_bin(page, three)
    assert await said(site, two) == before
    tapped_s = (await site.sql("select extract(epoch from event_time)::float8 from rule_cursor"))[0][0]
    await page.wait_for_timeout(1500)
    await context_of(page).set_offline(False)
    await becomes(site, page, two, [*before, 1])
    await expect(page.locator("#crew-said")).not_to_contain_text("No reception", timeout=20_000)
    rows = await site.sql(
        "select extract(epoch from at)::float8 from collection_act where ref = any(%s) and what = 1 and lorry = %s order by act_id",
        [f"bin:{one}", f"bin:{two}"], OURS,
    )  # fmt: skip
    times = [at for (at,) in rows[-2:]]
    # The town stands still in this test: what was tapped before came before, by more than it waited.
    assert tapped_s - 60.0 < times[0] < times[1] < tapped_s - 1.0
    await context_of(page).close()


async def test_a_shift_that_is_over_a_server_in_trouble_and_a_strange_network_lose_nothing(
    chromium: Browser, site: Site, plan: Rounds, tmp_path: Path
) -> None:
    page = await phone(chromium, site)
    one, two = (await bins_ahead(page))[:2]
    before, then = await said(site, one), await said(site, two)
    asked: list[str] = []

    async def strange(route: Route) -> None:
        """Answer as a network that wants somebody to log in does, and stumble over what is said of the first bin."""
        body = (route.request.post_data_buffer or b"").decode(errors="replace")
        asked.append(one if one in body else two)
        if asked.count(two) > 1 and one not in body:
            await route.continue_()
        elif one in body:
            await route.fulfill(status=500, body="oops")
        else:
            await route.fulfill(status=200, content_type="text/html", body="<h1>Welcome to Free WiFi</h1>")

    await page.route("**/acts", strange)
    big = tmp_path / "big.jpg"
    Image.effect_noise((1600, 1600), 90).convert("RGB").save(big, quality=95)
    await page.locator(".is-next .stop__cant > summary").click()
    await page.locator(".is-next input[type=file]").set_input_files(big)
    await page.locator(".is-next").get_by_role("button", name="Blocked").click()
    await next_bin(page, two)
    await page.locator(".is-next").get_by_role("button", name="Emptied").click()
    await becomes(site, page, two, [*then, 1])
    assert await said(site, one) == before
    await expect(page.locator("#crew-said")).to_contain_text("The server has trouble. 1 tap is kept")
    # The server is well again, but the crew's shift is over: the photo is kept, and not sent again and again.
    await page.unroute("**/acts")
    passed = [c for c in await context_of(page).cookies() if c["name"] == "cityops_crew"]
    await context_of(page).clear_cookies(name="cityops_crew")
    sent: list[str] = []
    page.on("request", lambda r: sent.append(r.url) if r.url.endswith("/acts") else None)
    await expect(page.locator("#crew-said")).to_contain_text(
        "Your shift on this phone is over", timeout=20_000
    )
    tries = len(sent)
    await page.wait_for_timeout(12_000)
    assert (len(sent), await said(site, one)) == (tries, before)
    again: list[Any] = [{k: dict(c)[k] for k in ("name", "value", "domain", "path")} for c in passed]
    await context_of(page).add_cookies(again)
    await page.reload()
    await becomes(site, page, one, [*before, 2])
    await expect(page.locator("#crew-said")).to_be_empty(timeout=20_000)  # the photo comes after the act
    [(photos,)] = await site.sql(
        "select count(*) from crew_photo p join collection_act a using (act_id) where a.ref = %s and a.what = 2",
        f"bin:{one}",
    )
    assert photos == 1
    await context_of(page).close()


async def test_what_the_server_does_not_take_can_be_sent_without_its_photo(
    chromium: Browser, site: Site, plan: Rounds, tmp_path: Path
) -> None:
    page = await phone(chromium, site)
    one = (await bins_ahead(page))[0]
    before = await said(site, one)
    heic = tmp_path / "photo.heic"
    heic.write_bytes(b"\0\0\0\x18ftypheic" + bytes(200))
    await page.locator(".is-next .stop__cant > summary").click()
    await page.locator(".is-next input[type=file]").set_input_files(heic)
    await page.locator(".is-next").get_by_role("button", name="Not there").click()
    words = page.locator("#crew-said")
    await expect(words).to_contain_text("can't be read", timeout=20_000)
    assert await said(site, one) == before
    await words.get_by_role("button", name="Send it without the photo").click()
    await becomes(site, page, one, [*before, 4])
    await context_of(page).close()


async def test_a_tap_on_an_old_list_is_asked_where_another_lorry_has_the_bin(
    chromium: Browser, site: Site, plan: Rounds
) -> None:
    page = await phone(chromium, site)
    ahead = await bins_ahead(page)
    given = ahead[0]
    # The list stays as it is: no live refresh reaches this telephone.
    await page.route("**/live/**", lambda route: route.abort())
    await page.reload()
    await next_bin(page, given)
    at_s = await clock(site, 6.2)
    again = await plan_again(
        site, at_s, locks=(Lock(kind="lorry", bins=(given,), lorry_id=OTHER, reason="nearer", by="Ada"),)
    )
    assert again.plan.lorry_of.get(given) != OURS
    await clock(site, 6.3)
    await page.locator(".is-next").get_by_role("button", name="Emptied").click()
    words = page.locator("#crew-said")
    await expect(words).to_contain_text("The plan changed at 06:12: look again.", timeout=20_000)
    await shoot(page, "asks")
    assert await said(site, given) == []
    await words.get_by_role("button", name="Yes: write it down").click()
    await becomes(site, page, given, [1])
    await context_of(page).close()


async def test_without_javascript_the_same_is_written_down(
    chromium: Browser, site: Site, plan: Rounds
) -> None:
    page = await phone(chromium, site, javascript=False)
    bin_id = await page.locator(".stop.is-next").get_attribute("data-bin")
    assert bin_id
    before = await said(site, bin_id)
    await page.locator(".is-next").get_by_role("button", name="Emptied").click()
    await page.wait_for_load_state()
    assert await said(site, bin_id) == [*before, 1]
    assert await page.locator(".stop.is-next").get_attribute("data-bin") != bin_id
    await context_of(page).close()
