"""Entity tags (RFC 9110, section 8.8.3): which answer a client has already. Pure."""

from __future__ import annotations

import hashlib
import re

_NUMBER = re.compile(r"[0-9]{1,9}")


def tag_of(body: bytes) -> str:
    """Return the tag of an answer. Weak: packed or not, it is the same answer."""
    return f'W/"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'


def strong_tag_of(body: bytes) -> str:
    """Return the tag of the state of what can be changed: byte for byte, as If-Match asks."""
    return tag_of(body).removeprefix("W/")


def is_seen(tag: str, if_match: str) -> bool:
    """Whether a client that sends this ``If-Match`` saw the state as it is, by strong comparison."""
    given = {one.strip() for one in if_match.split(",")}
    return "*" in given or tag in given


def is_known(tag: str, if_none_match: str | None) -> bool:
    """Whether a client that sends this ``If-None-Match`` has the answer, by weak comparison."""
    if if_none_match is None:
        return False
    given = {one.strip().removeprefix("W/") for one in if_none_match.split(",")}
    return "*" in given or tag.removeprefix("W/") in given


def numbers_of(if_match: str) -> list[int] | None:
    """Return the versions that a client says it saw, of tags that are numbers (RFC 9110, section 13.1.1); None: any will do."""
    given = [one.strip() for one in if_match.split(",")]
    if "*" in given:
        return None
    return [int(one) for one in (tag.strip('"') for tag in given) if _NUMBER.fullmatch(one)]
