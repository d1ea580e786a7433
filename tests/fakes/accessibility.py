"""What axe-core has to say against a page: WCAG 2.2 AA and its own best practice.

Contrast took three quarters of axe's time: it asks of each element with words what lies behind each line of it, and of
each link in a text what lies behind both. Words of one colour and size on the same backgrounds have one contrast, so
that of those that are alike three are asked, apart from what is positioned, which may lie upon anything: each of that
is asked. All in one run, as each makes its own picture of the page first.
"""

from __future__ import annotations

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Page

RULES = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
FAINT = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}

_RUN = """async (rules) => (await axe.run({ resultTypes: ["violations"], runOnly: rules })).violations"""

_ALIKE = """
{
  const clear = "rgba(0, 0, 0, 0)";
  let known = new Map(), own = 0;
  const behind = (e) => {
    if (e === null) return "";
    if (!known.has(e)) {
      const s = getComputedStyle(e);
      const paints = s.backgroundColor !== clear || s.backgroundImage !== "none" || s.opacity !== "1" || s.filter !== "none";
      const stays = s.position === "static" || (s.position === "relative" && [s.top, s.left].every((v) => v === "0px" || v === "auto"));
      const moved = !stays || s.transform !== "none" || s.float !== "none";
      known.set(e, behind(e.parentElement) + (moved ? `#${own++}` : "")
        + (paints ? `[${s.backgroundColor} ${s.backgroundImage} ${s.opacity} ${s.filter} ${s.mixBlendMode}]` : ""));
    }
    return known.get(e);
  };
  const hasWords = (e) => (e.matches("input, select, textarea") || [...e.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.textContent.trim()))
    && e.getClientRects().length > 0;
  const words = (e) => {
    const s = getComputedStyle(e);
    return [e.tagName, s.color, s.fontSize, s.fontWeight, s.textShadow, s.display, e.matches(":disabled, :disabled *"), behind(e)].join("|");
  };
  const link = (e) => {
    const s = getComputedStyle(e);
    let block = e.parentElement;
    while (block.parentElement && getComputedStyle(block).display.startsWith("inline")) block = block.parentElement;
    return [words(e), s.textDecoration, s.fontFamily, s.fontStyle, s.border, s.outline, words(block), getComputedStyle(block).fontFamily].join("|");
  };
  const ask = (id, gathers, alike) => {
    const rule = axe._audit.rules.find((r) => r.id === id), usual = rule[gathers];
    rule[gathers] = (...context) => {
      known = new Map();
      const kinds = new Map();
      for (const found of usual.apply(rule, context)) {
        const kind = alike(found.actualNode);
        if (kind === null) continue;
        if (!kinds.has(kind)) kinds.set(kind, []);
        kinds.get(kind).push(found);
      }
      return [...kinds.values()].flatMap((all) => [...new Set([all[0], all[all.length >> 1], all[all.length - 1]])]);
    };
  };
  ask("color-contrast", "gather", (e) => hasWords(e) ? words(e) : null);
  ask("link-in-text-block", "gatherAndMatchNodes", link);
}"""


UNFOLD = "document.querySelectorAll('summary').forEach((summary) => summary.click())"
"""In one step, since the live state may replace some between two; by the mouse a page of two hundred took five seconds."""


async def faint(page: Page) -> list[str]:
    """Return what is hard to read in the colours there are."""
    return await violations(page, FAINT)


async def violations(page: Page, rules: dict[str, Any] = RULES) -> list[str]:
    """Return each element that breaks a rule, as ``rule: HTML summary``.

    The script is put into a document once, and only what is wrong comes back: half a megabyte either way, for each
    of more than a hundred looks.
    """
    if await page.evaluate("typeof axe === 'undefined'"):
        await page.evaluate(f"{AXE_SCRIPT};{_ALIKE}")
    found: list[dict[str, Any]] = await page.evaluate(_RUN, rules)
    return [
        f"{v['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:200]}"
        for v in found
        for node in v["nodes"]
    ]
