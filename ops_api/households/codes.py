"""Codes for labels and invitations, and tokens of sessions. Only their hashes are stored."""

from __future__ import annotations

import hashlib
import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O or U, which people take for other characters."""
GROUPS = (4, 4, 5)
"""13 characters of 5 bits: 65 bits, more than can be guessed at any rate a server answers."""
HINT = 3
TOKEN_BYTES = 32


def new_code() -> str:
    """Return a code for people to type, e.g. ``7K2M-X0QA-9WZTH``."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(size)) for size in GROUPS)


def hint(code: str) -> str:
    """Return the end of a code, which tells two labels apart and opens nothing."""
    return code[-HINT:]


def new_token() -> str:
    """Return a session's token: 256 bits, for a cookie."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def token_hash(token: str) -> bytes:
    """Return what is stored of a token; the database's ``resident_id()`` computes the same."""
    return hashlib.sha256(token.encode()).digest()


def source_hash(address: str) -> bytes:
    """Return a network's mark for counting wrong codes: IPv4 by address, IPv6 by its first 64 bits."""
    import ipaddress

    try:
        at = ipaddress.ip_address(address)
    except ValueError:
        return hashlib.sha256(address.encode()).digest()
    network = str(at) if at.version == 4 else str(ipaddress.ip_network((at, 64), strict=False))
    return hashlib.sha256(network.encode()).digest()
