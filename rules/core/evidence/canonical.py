"""One way to write a document as bytes: RFC 8785 for what a manifest holds.

Numbers are whole and within what every reader of JSON keeps exactly; there are no fractions, whose
canonical form is the hard part of that standard.
"""

from __future__ import annotations

import json
from typing import Any

MOST = 2**53 - 1


def canonical(document: Any) -> bytes:
    """Return ``document`` as canonical JSON in UTF-8.

    Raises:
        ValueError: it holds something else than objects with names in ASCII, arrays, strings, whole numbers
            within ±(2^53 - 1), true, false and null.
    """
    _check(document)
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode()


def _check(value: Any) -> None:
    match value:
        case None | bool() | str():
            return
        case int() if abs(value) <= MOST:
            return
        case list() | tuple():
            for item in value:
                _check(item)
        case dict():
            for name, item in value.items():
                if not (isinstance(name, str) and name.isascii()):
                    raise ValueError(f"name {name!r} in a canonical document must be ASCII")
                _check(item)
        case _:
            raise ValueError(f"{value!r} can't be in a canonical document")
