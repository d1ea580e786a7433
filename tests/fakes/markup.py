"""What a page has that our content policy forbids: found by a parser, as a browser would."""

from __future__ import annotations

from html.parser import HTMLParser

URLS = frozenset({"href", "src", "action", "formaction", "poster", "data"})


class Inline(HTMLParser):
    """Collects inline scripts, styles, handlers and addresses of scripts; of other hosts what a page loads."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._script = tag == "script" and "src" not in given and "json" not in given.get("type", "")
        if self._script or tag in ("style", "base", "iframe", "object", "embed", "frame"):
            self.found.append(f"<{tag}> at {self.getpos()}")
        for name, value in given.items():
            if name == "style" or name.startswith("on"):
                self.found.append(f"{tag} {name}={value[:40]!r} at {self.getpos()}")
            if name in URLS and value.strip().lower().startswith(("javascript:", "vbscript:")):
                self.found.append(f"{tag} {name}={value[:40]!r} at {self.getpos()}")
            if name == "src" and value.startswith(("http:", "https:", "//")):
                self.found.append(f"{tag} {name}={value[:40]!r} at {self.getpos()}")


def inline_of(html: str) -> list[str]:
    """Return what of a page, or of its template, the policy would stop."""
    parser = Inline()
    parser.feed(html)
    parser.close()
    return parser.found
