"""The one Chromium of a process of tests: started once, since that takes seconds, and emptied between files.

It lives in the session's event loop, and so do the tests that use it with their sites: ``pytestmark = in_browser()``.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import pytest
from playwright.async_api import Browser, async_playwright

NAMES = ("chromium-headless-shell", "chromium", "google-chrome")
"""The first that there is: the one without a window's parts takes a third less of the CPU for the same pages."""
CHROMIUM = os.environ.get("CITYOPS_TEST_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
Test = TypeVar("Test", bound=Callable[..., Any])
LOOP = pytest.mark.asyncio(loop_scope="session")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")
ONE_PROCESS = "--renderer-process-limit=1"
"""For all windows and tabs, whose cookies and storage stay apart: a process of its own costs each a tenth of a second."""


def browser_test(test: Test) -> Test:
    """Mark one test in a browser, in a file of others."""
    for mark in in_browser():
        test = mark(test)
    return test


def in_browser(timeout_s: int = 240) -> list[pytest.MarkDecorator]:
    """Return the marks of tests in a browser; the machine may be busy."""
    return [
        pytest.mark.browser,
        pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install it or set CITYOPS_TEST_CHROMIUM"),
        pytest.mark.timeout(timeout_s),
        LOOP,
    ]


@asynccontextmanager
async def started(*more: str) -> AsyncIterator[Browser]:
    """Run a browser that asks nobody for anything, with one window that stays; ``more``: flags of it."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *more])
        await (await browser.new_context()).new_page()  # keeps the window of the pages to come
        yield browser
        await browser.close()


async def emptied(browser: Browser) -> None:
    """Take away what tests left in it."""
    usual, *others = browser.contexts
    for context in others:
        await context.close()
    first, *more = usual.pages
    for page in more:
        await page.close()
    await first.goto("about:blank")
    await usual.clear_cookies()
