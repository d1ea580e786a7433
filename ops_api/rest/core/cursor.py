"""Where the next page of a collection begins, as an opaque text that is good for the same question only. Pure.

A cursor holds the key of the last row that was given (keyset paging): rows that come or go meanwhile shift nothing, and
the thousandth page costs what the first does. It is signed, so that no other key than a row's own is ever looked for.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Sequence

import msgspec

Key = Sequence[str | int]

MARK_BYTES = 8
"""64 bits: guessing one would gain a look at a page that anybody may ask for."""
LENGTH_MOST = 1000
LEFT_OUT = frozenset({"cursor", "limit", "fields"})
"""Parameters that may differ from page to page."""


class WrongCursorError(ValueError):
    """It is none of ours, or of another question."""


def question(path: str, params: Iterable[tuple[str, str]]) -> bytes:
    """Return what a cursor is good for: the path and its parameters, in whatever order they are written."""
    asked = sorted((name, value) for name, value in params if name not in LEFT_OUT)
    return msgspec.json.encode([path, asked])


def encode(key: Key, asked: bytes, secret: bytes) -> str:
    """Return the cursor of a row's key under a question; ``secret``: of any length but 0."""
    packed = msgspec.json.encode(list(key))
    return urlsafe_b64encode(_mark(packed, asked, secret) + packed).rstrip(b"=").decode()


def decode(text: str, asked: bytes, secret: bytes) -> list[str | int]:
    """Return the key.

    Raises:
        WrongCursorError: it was changed, or given for another question.
    """
    if len(text) > LENGTH_MOST:
        raise WrongCursorError("too long")
    try:
        raw = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except ValueError as error:
        raise WrongCursorError("not readable") from error
    mark, packed = raw[:MARK_BYTES], raw[MARK_BYTES:]
    if not hmac.compare_digest(mark, _mark(packed, asked, secret)):
        raise WrongCursorError("of another question")
    return msgspec.json.decode(packed, type=list[str | int])


def _mark(packed: bytes, asked: bytes, secret: bytes) -> bytes:
    said = len(asked).to_bytes(4, "big") + asked + packed
    return hmac.digest(secret, b"cursor" + said, hashlib.sha256)[:MARK_BYTES]
