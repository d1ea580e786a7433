"""The text of a PDF, from its fonts' own tables: what a screen reader or a copy gets."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import pikepdf

_CHAR = re.compile(r"<([0-9a-fA-F]+)>\s*<([0-9a-fA-F]+)>")
_RANGE = re.compile(r"<([0-9a-fA-F]+)>\s*<([0-9a-fA-F]+)>\s*<([0-9a-fA-F]+)>")


def pdf_text(data: bytes) -> str:
    """Return the words of all pages, with single spaces."""
    with pikepdf.open(io.BytesIO(data)) as pdf:
        return " ".join("".join("".join(_page(page)) for page in pdf.pages).split())


def _page(page: pikepdf.Page) -> Iterator[str]:
    tables = {name: _table(font) for name, font in page.Resources.get("/Font", {}).items()}
    table: dict[int, str] = {}
    for operands, operator in pikepdf.parse_content_stream(page):
        if str(operator) == "Tf":
            table = tables[str(operands[0])]
        elif str(operator) in ("Tj", "TJ"):
            parts = operands[0] if str(operator) == "TJ" else operands
            for part in parts:
                if isinstance(part, pikepdf.String):
                    raw = bytes(part)
                    yield "".join(
                        table.get(int.from_bytes(raw[i : i + 2], "big"), "") for i in range(0, len(raw), 2)
                    )
        elif str(operator) == "EMC":
            yield " "


def _table(font: pikepdf.Object) -> dict[int, str]:
    """Return the characters of a font's glyphs."""
    cmap = bytes(font.ToUnicode.read_bytes()).decode("latin-1")
    found: dict[int, str] = {}
    for block in re.findall(r"beginbfchar(.*?)endbfchar", cmap, re.S):
        for code, text in _CHAR.findall(block):
            found[int(code, 16)] = bytes.fromhex(text).decode("utf-16-be")
    for block in re.findall(r"beginbfrange(.*?)endbfrange", cmap, re.S):
        for first, last, text in _RANGE.findall(block):
            start = int.from_bytes(bytes.fromhex(text), "big")
            for n in range(int(first, 16), int(last, 16) + 1):
                found[n] = chr(start + n - int(first, 16))
    return found
