"""The wall stays open for a week: what it holds does not grow. In headless Chromium, with its clock put forward."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.fakes import website
from tests.fakes.browser import in_browser, started
from tests.fakes.open_wall import EVERY_MS, OpenWall
from tests.fakes.website import Site

pytestmark = in_browser(300)

A_DAY, A_DAY_EVERY_MS = 1920, 45_000
"""Updates of a day in which the wall draws something new every 45 s: ten minutes of a busy machine."""
WARM_UP, SOME, LEAKING = 40, 60, 20
"""Updates of a short run, before it is weighed first and between that and the last time, and of one that leaks.

After sixty the fake's lists and states are as long as before: what differs then has stayed.
"""
WEIGHED_EVERY = 160
"""Updates between two looks of a long run: two hours of that day."""
NODES, LISTENERS, HEAP_BYTES = 150, 30, 600_000
"""What lists and signs of this update and of that differ by, and no more, however many updates lie between."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """A browser of its own: in the others' one, nodes of theirs that are not collected yet are weighed too."""
    async with started() as own:
        yield own


@pytest_asyncio.fixture(loop_scope="session")
async def site(pg_server: str, towns: Any) -> AsyncIterator[Site]:
    """A site of its own."""
    async with website.copied(pg_server, *await towns.template()) as running:
        yield running


async def grown(
    chromium: Browser, site: Site, warm_up: int, updates: int, every_ms: int = EVERY_MS
) -> tuple[int, int, int]:
    """Return by how much a wall's heap [bytes], nodes and listeners grew over so many updates."""
    page = await (await chromium.new_context(viewport={"width": 1280, "height": 720})).new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda e: wrong.append(str(e)))
    wall = OpenWall(page, site)
    await wall.open()
    await wall.update(warm_up)
    before, drawn = await wall.weight(), await wall.drawn()
    after, began_s = before, time.monotonic()
    for done in range(0, updates, WEIGHED_EVERY):
        await wall.update(min(WEIGHED_EVERY, updates - done), every_ms)
        after = await wall.weight()
        print(
            f"{(done + WEIGHED_EVERY) * every_ms / 3.6e6:5.1f} h  {after.heap_bytes / 1e6:.2f} MB  {after.nodes} nodes"
            f"  {after.listeners} listeners  ({time.monotonic() - began_s:.0f} s)",
            flush=True,
        )
    assert wrong == []
    # It was at work: each update was on the page, and the map followed.
    assert await wall.drawn() - drawn >= updates * 0.8
    assert await page.evaluate("window.wallTick") == warm_up + updates
    await page.context.close()
    print(f"wall after {updates} updates: {before} -> {after}")
    return (
        after.heap_bytes - before.heap_bytes,
        after.nodes - before.nodes,
        after.listeners - before.listeners,
    )


async def test_sixty_updates_leave_nothing_behind(chromium: Browser, site: Site) -> None:
    heap, nodes, listeners = await grown(chromium, site, WARM_UP, SOME)
    assert nodes <= NODES
    assert listeners <= LISTENERS
    assert heap <= HEAP_BYTES


async def test_a_leak_would_be_found(chromium: Browser, site: Site) -> None:
    """Nodes that are kept, as a page does that forgets to take old parts away."""
    page = await (await chromium.new_context(viewport={"width": 1280, "height": 720})).new_page()
    wall = OpenWall(page, site)
    await wall.open()
    await page.evaluate(
        "document.addEventListener('cityops:state', (e) => { (window.kept ??= []).push(e.detail, document.getElementById('live-alarms').cloneNode(true)); })"
    )
    await wall.update(10)
    before = await wall.weight()
    await wall.update(LEAKING)
    after = await wall.weight()
    await page.context.close()
    print(f"leaking wall after {LEAKING} updates: {before} -> {after}")
    assert after.nodes - before.nodes > NODES
    assert after.heap_bytes - before.heap_bytes > HEAP_BYTES * LEAKING / SOME


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_a_day_leaves_nothing_behind(chromium: Browser, site: Site) -> None:
    heap, nodes, listeners = await grown(chromium, site, 80, A_DAY, A_DAY_EVERY_MS)
    assert nodes <= NODES
    assert listeners <= LISTENERS
    assert heap <= 2 * HEAP_BYTES
