"""A wall that is open for days, in minutes: its stream, its map's states and its clock are the test's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from playwright.async_api import CDPSession, Page

from tests.fakes.website import Site

FAKE = """
window.EventSource = class extends EventTarget {
  static OPEN = 1; static CLOSED = 2; readyState = 1;
  constructor() { super(); window.wallStream = this; }
  close() { this.readyState = 2; }
};
// What a live town does to each part: other numbers, lists that grow and shrink, states that go round.
window.wallTick = 0;
window.varied = (html, n) => {
  const box = document.createElement("template");
  box.innerHTML = html.replace(/>([^<]*)</g, (all) => all.replace(/\\d+/g, (d) => String((Number(d) + n) % 89)));
  for (const list of box.content.querySelectorAll("ul")) for (let k = 0; k < n % 4 && list.children.length > 1; k++) list.firstElementChild.remove();
  return box.innerHTML;
};
const turned = (text, n) => { const k = n % Math.max(1, text.length); return text.slice(k) + text.slice(0, k); };
const realFetch = window.fetch.bind(window);
window.fetch = async (url, options) => {
  if (!String(url).includes("/ops/now.json")) return realFetch(url, options);
  window.wallNow ??= await (await realFetch(url)).json();
  const n = window.wallTick, now = structuredClone(window.wallNow);
  now.roads = turned(now.roads, n);
  now.bins = turned(now.bins, n);
  now.alarms = now.alarms.filter((a, i) => (i + n) % 3).map((a) => ({ ...a, id: a.id + (n % 50) * 1000 }));
  now.lorries = [...Array(6)].map((_, i) => ({ id: "g" + ((i + n) % 9), kind: "gritter", works: n % 2 === 0, at: [now.alarms[0].at[0] + i / 500 + (n % 20) / 1000, now.alarms[0].at[1]] }));
  return new Response(JSON.stringify(now));
};
window.wallUpdate = (state) => {
  const n = ++window.wallTick;
  const fragments = Object.fromEntries(Object.entries(state.fragments).map(([k, html]) => [k, window.varied(html, n)]));
  window.wallStream.dispatchEvent(new MessageEvent("state", { data: JSON.stringify({ ...state, fragments }) }));
};
"""
EVERY_MS = 10_000
"""How often a busy town changes what the wall shows."""


@dataclass(frozen=True, slots=True)
class Weight:
    """What a page holds after its garbage is collected: JavaScript heap [bytes], DOM nodes, listeners."""

    heap_bytes: int
    nodes: int
    listeners: int


class OpenWall:
    """Drives a page's wall update by update."""

    def __init__(self, page: Page, site: Site) -> None:
        self._page, self._site = page, site
        self._devtools: CDPSession | None = None

    async def open(self, path: str = "/ops?panels=map,alarms,changes,data,devices,flow") -> None:
        """Open it and keep a state to vary."""
        await self._page.clock.install()
        await self._page.add_init_script(FAKE)
        await self._page.goto(self._site.url + path)
        await self._page.wait_for_selector("#wall-map[data-drawn]")
        await self._page.evaluate(
            "async () => { window.wallState = await (await fetch('/live/ops')).json(); }"
        )
        self._devtools = await self._page.context.new_cdp_session(self._page)
        await self._devtools.send("Performance.enable")

    async def update(self, times: int, every_ms: int = EVERY_MS) -> None:
        """Have so many updates come after each other."""
        for _ in range(times):
            await self._page.evaluate("window.wallUpdate(window.wallState)")
            await self._page.clock.run_for(every_ms)

    async def drawn(self) -> int:
        """How often the map was drawn."""
        return int(await self._page.get_attribute("#wall-map", "data-drawn") or 0)

    async def weight(self) -> Weight:
        """Collect the garbage and weigh what is left."""
        assert self._devtools is not None
        for _ in range(3):
            await self._devtools.send("HeapProfiler.collectGarbage")
        metrics: dict[str, Any] = {
            m["name"]: m["value"] for m in (await self._devtools.send("Performance.getMetrics"))["metrics"]
        }
        return Weight(int(metrics["JSHeapUsedSize"]), int(metrics["Nodes"]), int(metrics["JSEventListeners"]))
