"""Text that the report's fonts can print. What they can't is shown as a question mark; the files have it all."""

from __future__ import annotations

import re

_PRINTABLE = re.compile(
    r"[^\x20-\x7e\u00a0-\u00ac\u00ae-\u017f\u0192\u0218-\u021b\u0386-\u0389\u038c\u038e-\u03a1\u03a3-\u03ce"
    r"\u0401-\u040c\u040e-\u044f\u0451-\u045c\u045e\u045f\u2013\u2014\u2018-\u201a\u201c-\u201e\u2020-\u2022\u2026"
    r"\u20ac\u2212\u2264\u2265\u2192]"
)


def printable(text: str) -> str:
    """Return ``text`` on one line, with ``?`` for what no font of the report has (Arabic, Bengali, emoji)."""
    return _PRINTABLE.sub("?", " ".join(text.split()))


def lost(text: str) -> bool:
    """Whether something of ``text`` can't be printed."""
    return _PRINTABLE.search(" ".join(text.split())) is not None
