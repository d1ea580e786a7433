"""What a page in a browser must not do."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Page

from tests.fakes.website import Site


class Watch:
    """Notes what a page must not do: log errors, throw, ask other hosts."""

    def __init__(self, page: Page, site: Site) -> None:
        self.wrong: list[str] = []
        self._page = page
        self._noting: dict[Any, Any] = {
            "pageerror": lambda e: self.wrong.append(f"exception: {e}"),
            "console": lambda m: self._console(m.type, m.text),
            "request": lambda r: self._request(r.url, site.url),
        }
        for event, note in self._noting.items():
            page.on(event, note)

    def end(self) -> None:
        """Note no more: the tab is used for another page."""
        for event, note in self._noting.items():
            self._page.remove_listener(event, note)

    def _console(self, kind: str, text: str) -> None:
        # The one page asked for that does not exist is reported by the browser itself.
        if kind in ("error", "warning") and "404 (Not Found)" not in text:
            self.wrong.append(f"console: {text}")

    def _request(self, url: str, own: str) -> None:
        if not url.startswith((own, "data:")):
            self.wrong.append(f"request: {url}")
