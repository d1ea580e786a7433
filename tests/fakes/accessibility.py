"""What axe-core has to say against a page: WCAG 2.2 AA and its own best practice."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Page

RULES = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
_RUN = "rules => axe.run({runOnly: rules, resultTypes: ['violations']}).then(found => found.violations)"


FAINT = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}


async def faint(page: Page) -> list[str]:
    """Return what is hard to read in the colours there are: a fifth of the time of all rules."""
    return await violations(page, FAINT)


async def violations(page: Page, rules: dict[str, Any] = RULES) -> list[str]:
    """Return each element that breaks a rule, as ``rule: HTML summary``.

    The script is put into a document once, and only what is wrong comes back: half a megabyte either way, for each
    of more than a hundred looks.
    """
    if await page.evaluate("typeof axe === 'undefined'"):
        await page.evaluate(AXE_SCRIPT)
    found: list[dict[str, Any]] = await page.evaluate(_RUN, rules)
    return [
        f"{v['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:200]}"
        for v in found
        for node in v["nodes"]
    ]
