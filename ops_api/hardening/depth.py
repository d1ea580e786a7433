"""How deep a JSON document nests, told from its bytes before anything parses it; pure."""

from __future__ import annotations

import re

DEEPEST = 32
"""Levels that are taken: the deepest documents of ours (GeoJSON of an area of areas) have nine."""
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
"""A string, or the rest of a document in which one does not end. It gives nothing back: no document costs it its square."""
_ONE_SORT = bytes.maketrans(b"{}", b"[]")
_OTHERS = bytes(set(range(256)) - set(b"[]{}"))


def is_too_deep(document: bytes, deepest: int = DEEPEST) -> bool:
    """Whether brackets nest deeper than ``deepest``.

    Text in strings does not count. Of what is no JSON the answer may be either; the parser refuses it. Innermost pairs are
    taken away level by level, so that it costs some milliseconds a megabyte and no recursion.
    """
    if document.count(b"[") + document.count(b"{") <= deepest:
        return False
    left = _STRING.sub(b"", document).translate(_ONE_SORT, _OTHERS)
    for _ in range(deepest):
        before = len(left)
        left = left.replace(b"[]", b"")
        if not left:
            return False
        if len(left) == before:  # no pair: what opens here never closes
            break
    return b"[" in left
