"""Claim codes: what stands on a device's label and is typed, or scanned, once.

18 characters of Crockford's base 32 (digits and capitals without I, L, O and U): 17 of chance, which
are 85 bits, and one to check. The word of all 18 is one of a Reed-Solomon code over GF(32) with one
check symbol: the sum of dᵢ·αⁱ is 0, with α a primitive element of x⁵ + x² + 1. Any single wrong
character and any two that changed places make a sum that is not 0, since the αⁱ are different for up to
31 places. So a slip is found on the device, and costs the server nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O or U, which people take for other characters."""
DATA = 17
LENGTH = DATA + 1
BITS = 5 * DATA
GROUP = 6
RANDOM_BYTES = 11
"""Bytes of chance that :func:`make_code` is given: at least ``BITS`` bits."""

_POLYNOMIAL = 0b100101
_ORDER = 31
_CROCKFORD = str.maketrans({"I": "1", "L": "1", "O": "0"})


def _powers() -> tuple[int, ...]:
    found, at = [], 1
    for _ in range(_ORDER):
        found.append(at)
        at <<= 1
        if at & 0b100000:
            at ^= _POLYNOMIAL
    return tuple(found)


_EXP = _powers()
_LOG = {value: power for power, value in enumerate(_EXP)}


def make_code(chance: bytes) -> str:
    """Return the code of ``chance``, which are ``RANDOM_BYTES`` random bytes, e.g. ``7K2MX0-QA9WZT-H3F5QC``.

    Raises:
        ValueError: fewer bytes.
    """
    if len(chance) < RANDOM_BYTES:
        raise ValueError(f"a code needs {RANDOM_BYTES} random bytes, not {len(chance)}")
    number = int.from_bytes(chance[:RANDOM_BYTES]) >> (8 * RANDOM_BYTES - BITS)
    symbols = [(number >> (5 * place)) & 31 for place in range(DATA)]
    plain = "".join(ALPHABET[symbol] for symbol in [*symbols, _check(symbols)])
    return "-".join(plain[at : at + GROUP] for at in range(0, LENGTH, GROUP))


def plain_code(typed: str) -> str | None:
    """Return what is meant by what was typed, without hyphens and blanks; None where it is no code.

    Case does not matter, and I, L and O are taken for the digits that they look like.
    """
    if len(typed) > 4 * LENGTH:
        return None
    plain = "".join(c for c in typed.upper().translate(_CROCKFORD) if c not in "- \t\r\n")
    if len(plain) != LENGTH or any(c not in ALPHABET for c in plain):
        return None
    return plain if _sum([ALPHABET.index(c) for c in plain]) == 0 else None


def code_hash(plain: str) -> bytes:
    """Return what the server keeps of a code: SHA-256, which is enough for 85 bits of chance."""
    return hashlib.sha256(b"cityops claim\n" + plain.encode()).digest()


def _times(symbol: int, power: int) -> int:
    return 0 if symbol == 0 else _EXP[(_LOG[symbol] + power) % _ORDER]


def _sum(symbols: Sequence[int]) -> int:
    total = 0
    for place, symbol in enumerate(symbols):
        total ^= _times(symbol, place)
    return total


def _check(symbols: Sequence[int]) -> int:
    """Return the symbol at the last place that makes the sum 0: −sum·α⁻¹⁷, and − is + here."""
    return _times(_sum(symbols), _ORDER - len(symbols))
