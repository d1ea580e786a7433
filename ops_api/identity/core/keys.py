"""A program's key: ``cok_abcdefgh_…``. The first part names it, the second opens. Pure but for chance.

Of the key the server keeps its mark only: HMAC-SHA-256 under a secret that is not in the database, so that whoever reads the
database can neither use a key nor put in one of their own.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets

ID_BYTES, SECRET_BYTES = 5, 32
PATTERN = re.compile(r"cok_([a-z2-7]{8})_([A-Za-z0-9_-]{43})")
"""For those who look for secrets that slipped into files: GitHub's and others' scanners take it as it is."""


def new_key() -> tuple[str, str]:
    """Return a key's name and the key itself: 256 bits that nobody guesses."""
    key_id = base64.b32encode(secrets.token_bytes(ID_BYTES)).decode().lower()
    return key_id, f"cok_{key_id}_{secrets.token_urlsafe(SECRET_BYTES)}"


def key_id_of(key: str) -> str | None:
    """Return the name of a key; None for what is none."""
    found = PATTERN.fullmatch(key)
    return None if found is None else found[1]


def mark(secret: bytes, text: str) -> bytes:
    """Return what is kept of a key, or of anything else that must not be worked out from what is kept."""
    return hmac.new(secret, text.encode("utf-8", "surrogatepass"), hashlib.sha256).digest()


def same(one: bytes, other: bytes) -> bool:
    """Whether two marks are the same; takes as long whatever they are."""
    return hmac.compare_digest(one, other)
