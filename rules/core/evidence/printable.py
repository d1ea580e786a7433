"""Text that the report's fonts can print. What they can't is shown as a question mark; the files have it all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_PRINTABLE = re.compile(
    r"[^\x20-\x7e\u00a0-\u00ac\u00ae-\u017f\u0192\u0218-\u021b\u0386-\u0389\u038c\u038e-\u03a1\u03a3-\u03ce"
    r"\u0401-\u040c\u040e-\u044f\u0451-\u045c\u045e\u045f\u2013\u2014\u2018-\u201a\u201c-\u201e\u2020-\u2022\u2026"
    r"\u20ac\u2212\u2264\u2265\u2192]"
)

_NOT_IN_LINES = re.compile(_PRINTABLE.pattern.replace("[^", r"[^\t\n", 1))


def printable(text: str) -> str:
    """Return ``text`` on one line, with ``?`` for what no font of the report has (Arabic, Bengali, emoji)."""
    return _PRINTABLE.sub("?", " ".join(text.split()))


def lost(text: str) -> bool:
    """Whether something of ``text`` can't be printed."""
    return _PRINTABLE.search(" ".join(text.split())) is not None


def printable_lines(text: str) -> str:
    """Return ``text`` with ``?`` for what no font of the report has, its lines and spaces as they are."""
    return _NOT_IN_LINES.sub("?", text)


def printable_whole(document: Any) -> Any:
    """Return a document of mappings, lists and plain values with every text in it as :func:`printable_lines`.

    A template that is given a character which no font of it has is refused as a whole (PDF/UA-1), and text that runs both ways
    in a narrow cell ends the typesetter itself.
    """
    if isinstance(document, str):
        return printable_lines(document)
    if isinstance(document, Mapping):
        return {name: printable_whole(value) for name, value in document.items()}
    if isinstance(document, list | tuple):
        return [printable_whole(value) for value in document]
    return document
