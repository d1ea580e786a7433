"""The pages of codecs in Chromium, without JavaScript: pasted, tried, kept, bound; what axe says; on a telephone; dark."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest_asyncio
from playwright.async_api import Browser, Page

from ops_api.access.principal import STAFF_PLAIN_COOKIE
from tests.fakes import lorawan as fake
from tests.fakes import website
from tests.fakes.accessibility import violations
from tests.fakes.browser import in_browser
from tests.fakes.website import Site
from tests.integration.test_lorawan_codecs import MAP, SOURCE, UPLINK, a_bin

pytestmark = in_browser()
PICTURES = os.environ.get("CITYOPS_TEST_PICTURES", "")
"""A folder for pictures of the pages; none are kept without."""


@pytest_asyncio.fixture(loop_scope="session")
async def site(pg_server: str, towns: Any) -> AsyncIterator[Site]:
    """A site in the browser's own loop."""
    async with website.copied(pg_server, *await towns.template()) as started:
        yield started


async def a_sensor_is_heard(site: Site) -> None:
    await site.sql(
        "insert into lorawan_source (name, protocol, transport, created_by) values ('s', 'ttn_v3', 'mqtt', 'x')"
    )
    await site.sql(
        "insert into lorawan_inbox (source_id, event_kind, idempotency_key, dev_eui, f_port, payload, body, state, reason_code, done_at)"
        " select source_id, 'uplink', 'k', %s, 85, %s, 'x', 'dead', 'unknown_sensor', now() from lorawan_source",
        fake.EUI, bytes.fromhex(UPLINK),
    )  # fmt: skip
    await site.sql(
        "insert into lorawan_device (dev_eui, source_id, label, first_seen_at, last_seen_at, uplinks)"
        " select %s, source_id, 'bin, Quay Street', %s, %s, 3 from lorawan_source", fake.EUI, site.now, site.now - timedelta(hours=1),
    )  # fmt: skip


async def checked(page: Page, name: str) -> None:
    for width, scheme in ((1280, "light"), (1280, "dark"), (320, "light")):
        await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        await page.set_viewport_size({"width": width, "height": 960})
        assert await violations(page) == [], (name, width, scheme)
        assert await page.evaluate("document.documentElement.scrollWidth") <= width, (name, width)
    await page.set_viewport_size({"width": 1280, "height": 960})
    if PICTURES:
        await page.screenshot(path=Path(PICTURES) / f"{name}.png")
        await page.screenshot(path=Path(PICTURES) / f"{name}-whole.png", full_page=True)


async def tried(page: Page) -> str:
    return await page.get_by_role("region", name=await page.locator("#tried").inner_text()).inner_text()


async def test_a_codec_is_pasted_tried_and_bound(site: Site, chromium: Browser) -> None:
    await a_sensor_is_heard(site)
    context = await chromium.new_context(java_script_enabled=True, viewport={"width": 1280, "height": 960})
    await context.add_cookies([{"name": STAFF_PLAIN_COOKIE, "value": "as-devices", "url": site.url}])
    page = await context.new_page()
    await page.goto(site.url + "/lorawan/codecs")
    await checked(page, "lorawan-codecs-empty")
    await page.get_by_role("link", name="Try a codec on its last uplink").click()
    assert await page.get_by_label("Uplink", exact=True).input_value() == UPLINK
    await page.get_by_label("Source", exact=True).fill(SOURCE)
    await page.get_by_label("Kind of the devices").select_option("bin")
    await page.get_by_role("button", name="Try it").click()
    assert await page.locator("#tried").inner_text() == "It was decoded, and no reading would be stored."
    names = page.get_by_label("Which of its names is which field")
    await names.fill(json.dumps(MAP) * 3)
    assert await names.evaluate("it => it.scrollWidth <= it.clientWidth"), "a map in one line is read whole"
    await names.fill(json.dumps(MAP, indent=2))
    await page.get_by_role("button", name="Try it").click()
    assert await page.locator("#tried").inner_text() == "It was decoded, and 1 reading would be stored."
    assert "The source in the box below was tried; it is not kept yet. Nothing was kept" in await tried(page)
    await checked(page, "lorawan-codecs-new")
    await page.get_by_label("Name", exact=True).fill("em400")
    await page.get_by_label("Note").fill("Its maker's, of November 2026")
    await page.get_by_role("button", name="Keep as a version").click()
    assert await page.get_by_role("status").first.inner_text() == "Kept as a new version."
    assert await page.get_by_label("DevEUI").input_value() == fake.EUI  # of the uplink that was tried
    await page.get_by_label("Device", exact=True).fill(a_bin(site))
    await page.get_by_role("button", name="Bind", exact=True).click()
    assert "1 uplink that waited for it is stored now" in await page.get_by_role("status").first.inner_text()
    await checked(page, "lorawan-codecs-name")
    await page.get_by_role("button", name="Try it, or write a new version").click()
    await page.get_by_label("Uplink", exact=True).fill(UPLINK)
    await page.get_by_role("button", name="Try it").click()
    assert "The source in the box below was tried; it is that of version 1. Nothing was kept" in await tried(
        page
    )
    await page.get_by_label("Source", exact=True).fill(SOURCE + "\n// mine")
    await page.get_by_role("button", name="Try it").click()
    assert "it is not kept yet" in await tried(page)
    await page.goto(site.url + "/lorawan/codecs")
    await checked(page, "lorawan-codecs")
    await context.close()


async def test_it_is_all_forms(site: Site, chromium: Browser) -> None:
    context = await chromium.new_context(java_script_enabled=False)
    await context.add_cookies([{"name": STAFF_PLAIN_COOKIE, "value": "as-devices", "url": site.url}])
    page = await context.new_page()
    await page.goto(site.url + "/lorawan/codecs/new")
    await page.get_by_label("Source", exact=True).fill("function decodeUplink() { while (true) {} }")
    await page.get_by_label("Uplink", exact=True).fill("00")
    await page.get_by_role("button", name="Try it").click()
    assert "stopped after 30 ms of processor time" in await page.locator("#tried").inner_text()
    assert (
        await page.get_by_label("Source", exact=True).input_value()
        == "function decodeUplink() { while (true) {} }"
    )
    await context.close()
