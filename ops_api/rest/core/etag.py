"""Entity tags (RFC 9110, section 8.8.3): which answer a client has already. Pure."""

from __future__ import annotations

import hashlib


def tag_of(body: bytes) -> str:
    """Return the tag of an answer. Weak: packed or not, it is the same answer."""
    return f'W/"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'


def is_known(tag: str, if_none_match: str | None) -> bool:
    """Whether a client that sends this ``If-None-Match`` has the answer, by weak comparison."""
    if if_none_match is None:
        return False
    given = {one.strip().removeprefix("W/") for one in if_none_match.split(",")}
    return "*" in given or tag.removeprefix("W/") in given
