"""The wall in headless Chromium: read from 5 m, whole on each screen, plain when it is stale, three clicks to an answer."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from ops_api.access.principal import STAFF_PLAIN_COOKIE
from tests.fakes import website
from tests.fakes.accessibility import FAINT, RULES, faint, violations
from tests.fakes.browser import in_browser
from tests.fakes.desk_rows import ice_on_a_route
from tests.fakes.open_wall import OpenWall
from tests.fakes.watched import Watch
from tests.fakes.web_pages import new_page
from tests.fakes.website import OPS_PASSWORD, Site
from tests.integration.test_web_incidents import burning
from tests.integration.test_web_ops_closures import BEARER, CLOSURES
from tests.integration.test_web_ops_tools import close

pytestmark = in_browser()

SOON_MS = 60_000
FAR_PX, NEAR_PX = 38, 26
"""Letters at 1920 by 1080. On a screen of 75 inches, 1660 mm wide, capitals of 38 px are 23.7 mm high: 16 minutes of arc at 5 m,
the least that ISO 9241-303 and NUREG-0700 give for text; 26 px are 11 minutes, twice what normal sight tells apart."""
WALLS = ((1920, 1080), (3840, 2160), (1280, 720))
ALL_PANELS = "/ops?panels=map,alarms,changes,data,devices,flow"

SIZES = """() => {
  const seen = (e) => e.getClientRects().length && getComputedStyle(e).visibility === "visible" && !e.closest(".govuk-visually-hidden, .govuk-skip-link");
  const own = (e) => [...e.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.textContent.trim());
  const size = (e) => parseFloat(getComputedStyle(e).fontSize);
  const all = [...document.querySelectorAll("body *")].filter((e) => own(e) && seen(e) && !(e instanceof SVGElement));
  const far = all.filter((e) => e.closest("[data-far]") && !e.matches(".fleet__of"));
  return { far: Math.min(...far.map(size)), near: Math.min(...all.map(size)), texts: all.length, small: all.filter((e) => size(e) < 26).map((e) => e.outerHTML.slice(0, 120)) };
}"""
CUT = """() => [...document.querySelectorAll("main *")].filter((e) => {
  if (getComputedStyle(e).visibility !== "visible" || e.closest(".wallmap, .govuk-visually-hidden, #rate-chart") || !e.getClientRects().length) return false;
  const panel = e.closest(".panel, .tile, .check, .wall__head");
  if (!panel || panel === e) return false;
  const a = e.getBoundingClientRect(), b = panel.getBoundingClientRect();
  return a.bottom > b.bottom + 1.5 || a.right > b.right + 1.5;
}).map((e) => e.outerHTML.slice(0, 150))"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def busy(pg_server: str, towns: Any) -> AsyncIterator[Site]:
    """A town in which much happens, for tests that only look."""
    async with website.copied(pg_server, *await towns.template()) as started:
        await much_happens(started)
        yield started


@pytest_asyncio.fixture(loop_scope="session")
async def site(pg_server: str, towns: Any) -> AsyncIterator[Site]:
    """A town of the test's own."""
    async with website.copied(pg_server, *await towns.template()) as started:
        yield started


async def much_happens(site: Site) -> None:
    """Alarms of many kinds with long titles, and a full ticker."""
    await ice_on_a_route(site)
    for rule in ("bins.not_emptied", "bins.contaminated", "winter.order_unanswered", "platform.rota_empty"):
        await site.sql(
            "insert into alarm (rule_id, rule_version, subject_kind, subject, severity, raised_at, title, reason)"
            " select %s, 1, 'bin', bin_id, 'warning', now() - interval '9 minutes', 'Market place, Great Tilbrook Cross Road: not as it should be', 'x'"
            " from bin_site",
            rule,
        )
    await site.sql(
        "insert into alarm_log (alarm_id, at, actor, what) select alarm_id, now(), 'engine', 'raised' from alarm where alarm_id <= 12"
    )
    await site.sql(
        "insert into event (kind, subject_kind, subject, at) select 'bin_emptied', 'bin', bin_id, now() from bin_site limit 9"
    )


async def wall(
    browser: Browser, site: Site, path: str = "/ops", *, clock: bool = False, **context: Any
) -> tuple[Page, Watch]:
    """Open a wall and wait until its map is drawn and its stream is there.

    ``clock``: in a window of its own, whose clock can be put forward.
    """
    page = await new_page(browser, **({"color_scheme": "light"} if clock else {}), **context)
    if clock:
        await page.clock.install()
    watch = Watch(page, site)
    page.set_default_timeout(SOON_MS)
    await page.goto(site.url + path)
    if "panels" not in path or "map" in path:
        await page.wait_for_selector("#wall-map[data-drawn]", timeout=SOON_MS)
    await expect(page.locator("#live-status")).to_have_text("Live", timeout=SOON_MS)
    return page, watch


@pytest.mark.parametrize("scheme", ["dark", "light"])
async def test_it_is_accessible_and_whole_on_every_screen(chromium: Browser, busy: Site, scheme: str) -> None:
    page, watch = await wall(
        chromium, busy, ALL_PANELS, color_scheme=scheme, viewport={"width": 1920, "height": 1080}
    )
    rules = FAINT if scheme == "dark" else RULES  # in the dark it is the same in other colours
    assert await violations(page, rules) == []
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.wait_for_timeout(400)
    assert await violations(page, rules) == []
    for width in (390, 320):
        await page.set_viewport_size({"width": width, "height": 844})
        # The map and what is left out of lists follow a change of size a moment later.
        await page.wait_for_function(
            "w => document.documentElement.scrollWidth <= w", arg=width, timeout=10_000
        )
    assert watch.wrong == []
    await page.context.close()


async def test_it_fits_and_cuts_nothing_on_walls_of_three_sizes(chromium: Browser, busy: Site) -> None:
    page, watch = await wall(chromium, busy, viewport={"width": 1920, "height": 1080})
    for width, height in WALLS:
        await page.set_viewport_size({"width": width, "height": height})
        await page.wait_for_timeout(400)
        assert await page.evaluate(
            "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
        ) == [width, height]
        assert await page.evaluate(CUT) == [], (width, height)
        # So much of each list is there at least, where kinds of alarms have three lines and each title and change two.
        for part, least in (("alarms", 2), ("changes", 2)):
            assert await page.locator(f"#live-{part} li:not(.is-unfit)").count() >= least, (part, width)
        share = await page.evaluate(
            "document.getElementById('wall-map').clientHeight / document.documentElement.clientHeight"
        )
        assert share > 0.35
    assert watch.wrong == []
    await page.close()


@pytest.mark.parametrize("path", ["/ops", "/ops?panels=data,devices,flow,alarms"])
async def test_its_letters_are_read_at_five_metres(chromium: Browser, busy: Site, path: str) -> None:
    page, _ = await wall(chromium, busy, path, viewport={"width": 1920, "height": 1080})
    sizes = await page.evaluate(SIZES)
    assert sizes["texts"] > 40
    assert sizes["far"] >= FAR_PX
    assert sizes["near"] >= NEAR_PX, sizes["small"]
    await page.close()


async def test_the_colours_follow_the_browser_and_the_address_goes_before(
    chromium: Browser, busy: Site
) -> None:
    shade = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).reduce((a, b) => a + Number(b), 0)"
    page, _ = await wall(chromium, busy, color_scheme="dark")
    assert await page.evaluate(shade) < 200
    await page.emulate_media(color_scheme="light")
    assert await page.evaluate(shade) > 600
    await page.goto(busy.url + "/ops?dark")
    assert await page.evaluate(shade) < 200
    await page.goto(busy.url + "/ops")
    assert await page.evaluate(shade) < 200, "the choice is kept"
    await page.context.close()


async def test_the_map_is_drawn_from_our_own_data_by_layers(chromium: Browser, busy: Site) -> None:
    page, watch = await wall(chromium, busy)
    key = page.locator("#wall-key")
    for words in ("Ice", "Bins", "Full", "Critical"):
        await expect(key).to_contain_text(words)
    painted = (
        "[...document.querySelectorAll('#wall-map canvas')].map((c) => { const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;"
        " let n = 0; for (let i = 3; i < d.length; i += 4) n += d[i] > 0; return n; })"
    )
    still, moving = await page.evaluate(painted)
    assert still > 2000
    assert moving > 100
    await page.goto(busy.url + "/ops?layers=roads")
    await page.wait_for_selector("#wall-map[data-drawn]")
    await expect(key).to_contain_text("Ice")
    await expect(key).not_to_contain_text("Bins")
    assert len(await page.evaluate(painted)) == 1, "nothing moves where no moving layer is asked for"
    assert watch.wrong == []
    await page.close()


async def test_a_state_that_changes_is_drawn_anew(chromium: Browser, site: Site) -> None:
    page, watch = await wall(chromium, site)
    await expect(page.locator("#wall-key")).not_to_contain_text("Snow")
    await site.sql(
        "update subject_state set state = state || '{\"state\": \"snow\"}' where subject_kind = 'segment'"
    )
    await site.sql("select pg_notify('cityops_rules', '{}')")
    await expect(page.locator("#wall-key")).to_contain_text(f"Snow{len(site.town.segments)}", timeout=SOON_MS)
    assert watch.wrong == []
    await page.close()


async def test_three_clicks_from_a_red_tile_to_the_cause_to_the_answer(chromium: Browser, site: Site) -> None:
    alarm_id = await ice_on_a_route(site)
    page, watch = await wall(chromium, site, viewport={"width": 1920, "height": 1080})
    await page.get_by_role("link", name="Routes with ice").click()
    await page.wait_for_url("**/alarms?rule=winter.ice")
    await page.get_by_role("link", name="Ice on route 1").first.click()
    await page.wait_for_url(f"**/alarms/{alarm_id}")
    await expect(page.get_by_role("heading", name="What it is, and why")).to_be_visible()
    await expect(page.locator("#live-story")).to_contain_text("The surface is below 0 °C and wet")
    await page.get_by_role("link", name="Order treatment of this route").click()
    await page.wait_for_url("**/winter/route-1/orders")
    assert (await page.title()).startswith("Orders") or await page.locator("h1").count() == 1
    # The other answer: somebody who is signed in has it in hand, and the wall says so.
    staff = {"name": STAFF_PLAIN_COOKIE, "value": "as-operations", "url": site.url}
    await page.context.add_cookies([staff])  # type: ignore[list-item]
    await page.go_back()
    await page.reload()
    await page.get_by_role("button", name="Acknowledge: I have it in hand").click()
    await expect(page.locator(".timeline__line").last).to_contain_text("Ada of operations acknowledged it.")
    await page.goto(site.url + "/ops")
    await expect(page.locator("#live-changes")).to_contain_text("Taken")
    await expect(page.locator("#live-changes")).to_contain_text("Ice on route 1")
    assert watch.wrong == []
    await page.close()


async def test_three_clicks_from_an_incident_to_the_alarm_behind_it_to_the_answer(
    chromium: Browser, site: Site
) -> None:
    ref = await burning(site)
    page, watch = await wall(chromium, site, viewport={"width": 1920, "height": 1080})
    await page.locator(".wall__tiles").get_by_role("link", name="Incident").click()
    await page.wait_for_url(f"**/incidents/{ref}")
    await expect(page.get_by_role("heading", name="What to do")).to_be_visible()
    await page.locator(".itable").get_by_role("link", name="Fire in a bin").first.click()
    await page.wait_for_url("**/alarms/*")
    await page.get_by_role("link", name="This bin and its round").click()
    await page.wait_for_url("**/bins/bin-0003")
    assert await violations(page) == []
    assert watch.wrong == []
    await page.close()


@pytest.mark.parametrize("path", ["/ops/what-if", "/ops/way", "/ops/way?to=nowhere"])
async def test_the_tools_beside_the_wall_are_accessible(chromium: Browser, busy: Site, path: str) -> None:
    page = await new_page(chromium, color_scheme="light", viewport={"width": 1280, "height": 900})
    await page.goto(busy.url + path)
    await page.wait_for_timeout(400)
    assert await violations(page) == [], path
    await page.set_viewport_size({"width": 320, "height": 640})
    await page.wait_for_timeout(200)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320, path
    await page.emulate_media(color_scheme="dark")
    await page.set_viewport_size({"width": 1280, "height": 900})
    await page.reload()  # its map takes the colours there are when it is loaded
    await page.wait_for_timeout(400)
    assert await faint(page) == [], (path, "dark")
    await page.context.close()


@pytest.mark.parametrize(("colours", "width"), [("light", 320), ("dark", 1280)])
async def test_everybody_can_use_the_form_of_closures_by_day_and_by_night(
    chromium: Browser, site: Site, colours: Any, width: int
) -> None:
    names = [s.segment_id for s in site.town.segments[:3]]
    await site.http.post(CLOSURES, json={"segments": names, "reason": "burst main"}, headers=BEARER)
    page = await new_page(chromium, color_scheme=colours, viewport={"width": width, "height": 900})
    await page.goto(f"{site.url}/ops/what-if")
    await page.fill("#password", OPS_PASSWORD)
    await page.fill("#by", "Ada")
    await page.click("text=Go on")
    await page.fill("#segments", names[0])
    await page.fill("#reason", "gas leak")
    await page.click("text=Close it…")
    await page.wait_for_selector("#confirm-title")
    await page.locator("summary:has-text('Open it')").first.click()
    assert await violations(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    await page.context.close()


async def test_the_most_urgent_alarm_is_one_click_from_its_cause(chromium: Browser, busy: Site) -> None:
    page, _ = await wall(chromium, busy, viewport={"width": 1920, "height": 1080})
    first = page.locator(".urgent__title").first
    await expect(first).to_contain_text("Fire in a bin")
    await first.click()
    await page.wait_for_url("**/alarms/*")
    await page.get_by_role("link", name="This bin and its round").click()
    await page.wait_for_url("**/bins/bin-0003")
    await page.close()


async def test_a_link_left_in_focus_keeps_no_part_as_it_was(chromium: Browser, busy: Site) -> None:
    page = await (await chromium.new_context(viewport={"width": 1920, "height": 1080})).new_page()
    open_wall = OpenWall(page, busy)
    await open_wall.open("/ops")
    first = page.locator("#live-tiles a").first
    await first.focus()
    await page.keyboard.press("Shift")
    before = await first.inner_text()
    await open_wall.update(1)
    assert await first.inner_text() == before, "not under somebody's hand"
    await open_wall.update(6)
    assert await first.inner_text() != before
    assert await page.evaluate("document.getElementById('live-tiles').contains(document.activeElement)")
    await page.context.close()


async def test_words_on_the_map_stand_beside_what_they_would_cover(chromium: Browser, busy: Site) -> None:
    page, _ = await wall(chromium, busy)
    places = [{"x": 100, "y": 100, "wide": 60, "high": 30}, {"x": 110, "y": 100, "wide": 60, "high": 30}]
    taken = [[80, 80, 120, 120], [280, 280, 320, 320]]
    moved = await page.evaluate("([places, taken]) => WallSigns.apart(places, taken)", [places, taken])
    boxes = [
        (p["x"] + dx - 30, p["y"] + dy - 15, p["x"] + dx + 30, p["y"] + dy + 15)
        for p, (dx, dy) in zip(places, moved, strict=True)
    ] + taken
    for a, b in itertools.combinations(boxes, 2):
        assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1], (a, b)
    alone = [{"x": 0, "y": 0, "wide": 60, "high": 30}]
    assert await page.evaluate("(places) => WallSigns.apart(places, [])", alone) == [[0, 0]]
    await page.close()


async def test_a_closed_road_is_drawn_and_counted(chromium: Browser, site: Site) -> None:
    page, watch = await wall(chromium, site, viewport={"width": 1920, "height": 1080})
    await close(site, site.town.segments[3].segment_id)
    await expect(page.locator("#wall-key")).to_contain_text("Closed1", timeout=SOON_MS)
    await expect(page.locator("#live-closed")).to_contain_text(": burst main", timeout=SOON_MS)
    assert await page.evaluate(CUT) == []
    assert watch.wrong == []
    await page.close()
