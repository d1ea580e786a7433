"""What ``$skiptoken`` says: datastream and time of the last observation of a page, and what else ordered it. Pure.

A token is no secret and is trusted in nothing: whoever makes one up asks for observations that they may ask for anyway, and its
values are parameters of the query.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence

import msgspec

from ops_api.sensorthings.core.errors import FilterError

LONGEST = 4_000
"""Characters: half of a query."""


def place(stream: int, at_us: int) -> str:
    """Return the token of an observation of a datastream at a time, microseconds since the epoch."""
    return f"{stream}.{at_us}"


def written(place: str, values: Sequence[str | None]) -> str:
    """Return the token of an observation that other values ordered, in words (None: null); empty where they are too long for an address."""
    token = f"{place}.{urlsafe_b64encode(msgspec.json.encode(values)).decode().rstrip('=')}"
    return token if len(token) <= LONGEST else ""


def read(token: str) -> tuple[int, int, list[str | None]]:
    """Return what a token says.

    Raises:
        FilterError: it is none.
    """
    stream, _, rest = token.partition(".")
    at_us, dot, packed = rest.partition(".")
    if _is_number(stream, 10) and _is_number(at_us, 16) and len(token) <= LONGEST:
        number, us = int(stream), int(at_us)
        values = _values(packed) if dot else []
        if number < 2**31 and us < 2**53 and values is not None:
            return number, us, values
    raise FilterError("it is none of ours: follow @iot.nextLink as it is", 0, "$skiptoken")


def _is_number(text: str, digits: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= digits


def _values(packed: str) -> list[str | None] | None:
    """Return values that were packed; None where they were not."""
    try:
        text = urlsafe_b64decode(packed + "=" * (-len(packed) % 4))
        values = msgspec.json.decode(text, type=list[str | None])
    except (ValueError, msgspec.MsgspecError):
        return None
    # NUL is no character of a text in PostgreSQL, and half a pair none of UTF-8.
    return values if values and all(v is None or "\x00" not in v for v in values) else None
