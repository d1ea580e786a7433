"""Cutting option texts at their separators, which mean nothing within quotes or brackets. One pass, no recursion."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from ops_api.sensorthings.core.errors import FilterError


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of an option's text, and the characters before it."""

    text: str
    at: int


def pieces(text: str, separator: str, at: int = 0, option: str = "$select") -> list[Piece]:
    """Return what stands between separators, without blanks around it.

    Raises:
        FilterError: a piece is empty, or quotes or brackets are not closed.
    """
    cuts = [-1, *(i for i, c, depth in _outer(text, at, option) if c == separator and depth == 0), len(text)]
    found = []
    for begin, end in pairwise(cuts):
        inner = text[begin + 1 : end]
        lead = len(inner) - len(inner.lstrip())
        if not inner.strip():
            raise FilterError("a name is missing here", at + begin + 1, option)
        found.append(Piece(inner.strip(), at + begin + 1 + lead))
    return found


def halves(item: Piece, option: str) -> tuple[str, Piece | None]:
    """Return a name and what stands in brackets behind it; None: nothing does.

    Raises:
        FilterError: something stands behind the brackets, or nothing in them.
    """
    begin = item.text.find("(")
    if begin < 0:
        return item.text.strip(), None
    if not item.text.endswith(")"):
        raise FilterError("something stands behind the bracket", item.at + begin, option)
    inner = item.text[begin + 1 : -1]
    if not inner.strip():
        raise FilterError("nothing stands in the brackets", item.at + begin, option)
    # Only the first bracket and the last: in "a(b)(c)" the first closes before the end.
    closes = next(i for i, c, depth in _outer(item.text, item.at, option) if c == ")" and depth == 0)
    if closes != len(item.text) - 1:
        raise FilterError("something stands behind the bracket", item.at + closes + 1, option)
    return item.text[:begin].strip(), Piece(inner, item.at + begin + 1)


def _outer(text: str, at: int, option: str) -> list[tuple[int, str, int]]:
    """Return separators and brackets outside quotes with how deep in brackets they stand; a closing one after itself."""
    found, depth, quoted = [], 0, False
    for i, c in enumerate(text):
        if c == "'":
            quoted = not quoted
        elif not quoted and c in ",;()":
            depth += (c == "(") - (c == ")")
            if depth < 0:
                raise FilterError("a bracket that closes nothing", at + i, option)
            found.append((i, c, depth))
    if quoted or depth:
        raise FilterError("a quote or a bracket is not closed", at + len(text), option)
    return found
