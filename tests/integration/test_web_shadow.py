"""The shadow as a page, over REST and in a browser: none, one that waits, runs, differs, is paused."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
from playwright.async_api import Browser

from tests.fakes import seed_shadow, website
from tests.fakes.accessibility import violations
from tests.fakes.browser import LOOP, browser_test, emptied
from tests.fakes.seed_web import DRY_HOME
from tests.fakes.watched import Watch
from tests.fakes.website import Site

pytestmark = LOOP
PAGE = "/rules/shadow"


@pytest_asyncio.fixture(loop_scope="session")
async def site(pg_server: str, towns: Any) -> AsyncIterator[Site]:
    """The site of the other tests, in the browser's event loop."""
    async with website.copied(pg_server, *await towns.template()) as started:
        yield started


async def test_none_one_that_waits_runs_and_is_paused(site: Site) -> None:
    assert "No catalogue runs in shadow</h1>" in (await site.http.get(PAGE)).text
    assert "No catalogue runs in shadow</a>" in (await site.http.get("/rules")).text
    for path in ("", "/alarms", "/diff"):
        assert (await site.http.get(f"/api/v1/shadow{path}")).status_code == 404
    start_id = await seed_shadow.chosen(site)
    assert (await site.get("/api/v1/shadow"))["state"] == "waiting"
    assert await site.get("/api/v1/shadow/alarms") == []
    assert "waits for the rules service" in (await site.http.get(PAGE)).text
    live = (await site.get("/api/v1/alarms"), (await site.http.get("/metrics")).text.count("alarm"))
    await seed_shadow.begun(site, start_id)
    assert (await site.get("/api/v1/shadow"))["state"] == "running"
    would_be = await site.get("/api/v1/shadow/alarms")
    [fire] = [a for a in would_be if a["title"] == seed_shadow.TITLE]
    [damp] = [
        a
        for a in would_be
        if a["rule_id"] == "damp.surface_humidity"
        and a["subject"] in str(await site.get("/api/v1/shadow/diff"))
    ]
    assert (fire["title"], fire["severity"]) == (seed_shadow.TITLE, "critical")
    assert re.fullmatch(r"a home \(\d of \d\)", damp["subject"])
    assert (damp["title"], damp["reason"]) == ("A home: damp wall", "Its readings are the household's.")
    diff = await site.get("/api/v1/shadow/diff")
    changes = [(d["rule_id"], d["change"]) for d in diff["differences"]]
    assert set(changes) >= {
        ("bins.fire", "only_after"), ("damp.surface_humidity", "only_after"), ("winter.gritting", "only_after"),
    }  # fmt: skip
    assert {"rule_id": "bins.fire", "what": "alarm, critical", "live": 1, "shadow": 2} in diff["counts"]
    page = (await site.http.get(PAGE)).text
    assert "Would-be fire, &lt;b&gt;Market&lt;/b&gt; place" in page
    assert "things differ from the live rules</h1>" in page
    assert page.count("Would be critical") == 1, "what is up live, too, is only counted"
    for text in (page, str(diff), str(would_be)):
        assert DRY_HOME not in text
        assert seed_shadow.SECRET not in text
    assert (await site.get("/api/v1/alarms"), (await site.http.get("/metrics")).text.count("alarm")) == live
    await site.sql("update shadow.run set paused_at = now(), error = 'ValueError in x.py, line 1'")
    assert (await site.get("/api/v1/shadow"))["error"] == "ValueError in x.py, line 1"
    assert "The shadow is paused</h1>" in (await site.http.get(PAGE)).text


@browser_test
async def test_the_page_is_accessible_and_fits_a_phone_without_javascript(
    site: Site, chromium: Browser
) -> None:
    page = await (await chromium.new_context(viewport={"width": 1280, "height": 800})).new_page()
    watch = Watch(page, site)
    await page.goto(site.url + "/rules")
    await page.get_by_role("link", name="No catalogue runs in shadow").click()
    await seed_shadow.begun(site, await seed_shadow.chosen(site))
    await page.reload()
    for width in (1280, 320):
        await page.set_viewport_size({"width": width, "height": 800})
        assert await violations(page) == [], width
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
    assert watch.wrong == []
    bare = await (await chromium.new_context(java_script_enabled=False)).new_page()
    await bare.goto(site.url + PAGE)
    assert await bare.get_by_text("Would-be fire").count() == 2, "it differs, and it would be up"
    await emptied(chromium)
