"""The parts that a report is made of, as plain values for the typesetter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rules.core.evidence.printable import printable

Block = dict[str, Any]


def para(text: str) -> Block:
    """Return a paragraph."""
    return {"kind": "para", "text": printable(text)}


def strong(text: str) -> Block:
    """Return a paragraph that is the answer."""
    return {"kind": "strong", "text": printable(text)}


def bullets(items: Iterable[str]) -> Block:
    """Return a list."""
    return {"kind": "list", "items": [printable(i) for i in items]}


def table(caption: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> Block:
    """Return a table whose first row is a header."""
    return {
        "kind": "table",
        "caption": printable(caption),
        "header": [printable(h) for h in header],
        "rows": [[printable(cell) for cell in row] for row in rows],
    }


def image(file: str, alt: str, caption: str, width_pct: int = 100) -> Block:
    """Return a picture with its text alternative."""
    return {
        "kind": "image",
        "file": file,
        "alt": printable(alt),
        "caption": printable(caption),
        "width": width_pct,
    }


def section(heading: str, blocks: Sequence[Block]) -> dict[str, Any]:
    """Return a section."""
    return {"heading": printable(heading), "blocks": list(blocks)}
