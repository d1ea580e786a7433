"""The wall in headless Chromium for ``bench wall``: when it is painted, and what it costs to be open."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from statistics import median
from typing import Any

import psutil
from playwright.sync_api import Browser, Page, sync_playwright

from bench.cpu import process_cpu_s

SIZE = {"width": 1920, "height": 1080}
DRAWN = """
window.mapDrawn = null;
new MutationObserver((_, watch) => {
  if (document.querySelector("#wall-map[data-drawn]")) { window.mapDrawn = performance.now(); watch.disconnect(); }
}).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-drawn"] });
"""
TIMEOUT_MS = 60_000


@contextmanager
def chromium() -> Iterator[Browser]:
    """Give a headless Chromium without a graphics card, as a Pi's kiosk without one has it."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        raise SystemExit("no Chromium found: install it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        try:
            yield browser
        finally:
            browser.close()


def paints(browser: Browser, url: str, times: int) -> dict[str, Any]:
    """Load the wall so often, each time with an empty cache; return when words and map were there [s since the request]."""
    words, maps = [], []
    for _ in range(times):
        page = browser.new_context(viewport=SIZE).new_page()  # type: ignore[arg-type]
        page.add_init_script(DRAWN)
        page.goto(url)
        page.wait_for_selector("#wall-map[data-drawn]", timeout=TIMEOUT_MS)
        words.append(
            page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime") / 1000
        )
        maps.append(page.evaluate("window.mapDrawn") / 1000)
        page.context.close()
    return {"first_paint_s": _figures(words), "map_drawn_s": _figures(maps), "loads": times}


def _figures(values: Sequence[float]) -> dict[str, float]:
    return {"median": round(median(values), 2), "min": round(min(values), 2), "max": round(max(values), 2)}


def opened(browser: Browser, url: str) -> Page:
    """Open a wall and leave it open."""
    page = browser.new_context(viewport=SIZE).new_page()  # type: ignore[arg-type]
    page.goto(url)
    if url != "about:blank":
        page.wait_for_selector("#wall-map[data-drawn]", timeout=TIMEOUT_MS)
    page.wait_for_timeout(3000)
    return page


def drawn(page: Page) -> int:
    """Return how often its map was drawn."""
    return int(page.get_attribute("#wall-map", "data-drawn") or 0)


def browser_cpu_s() -> float:
    """Return the CPU time of all of Chromium's processes that we started [s]."""
    used = 0.0
    for process in psutil.Process().children(recursive=True):
        try:
            if "chrom" in process.name():
                used += process_cpu_s(process)
        except psutil.NoSuchProcess:
            continue
    return used


def idle(page: Page, seconds: float) -> float:
    """Return the share of a core that the browser takes while a page is open [%]."""
    began_s, before = time.monotonic(), browser_cpu_s()
    page.wait_for_timeout(seconds * 1000)
    return round(100 * (browser_cpu_s() - before) / (time.monotonic() - began_s), 2)
