"""Finding an address as people type it. Free text: no postcode is paired with anything."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable

from rules.core.bin_days.model import UPRN_MOST

SHOWN_MOST = 20
"""So many addresses are listed at most: with more the house's number is asked for."""
TYPED_MOST = 120
NEAR = 0.8
"""Least likeness of a misspelt word (difflib's ratio)."""
AFTER = 10**9
"""No house has such a number: what is no number is sorted after all that are."""
_WORD = re.compile(r"[a-z0-9]+")
_SHORT = {
    "road": "rd", "street": "st", "saint": "st", "avenue": "ave", "av": "ave", "lane": "ln", "drive": "dr",
    "close": "cl", "court": "ct", "crescent": "cres", "cr": "cres", "gardens": "gdns", "gdn": "gdns", "garden": "gdns",
    "place": "pl", "square": "sq", "terrace": "ter", "terr": "ter", "grove": "gr", "park": "pk", "apartment": "flat",
    "apt": "flat", "unit": "flat", "maisonette": "flat", "north": "n", "south": "s", "mount": "mt", "and": "",
    "the": "", "no": "", "number": "", "house": "hse",
}  # fmt: skip


def words_of(text: str) -> tuple[str, ...]:
    """Return the words of an address or a query, in one spelling each.

    Case, accents, apostrophes and the usual abbreviations do not matter; ``12 A`` is ``12a``.
    """
    plain = unicodedata.normalize("NFKD", text[:TYPED_MOST].casefold().replace("&", " "))
    plain = "".join(c for c in plain if not unicodedata.combining(c) and c not in "'’`.")
    found: list[str] = []
    for word in _WORD.findall(plain):
        short = _SHORT.get(word, word)
        if found and found[-1].isdecimal() and len(word) == 1 and word.isalpha() and word not in "ns":
            found[-1] += word
        elif short:
            found.append(short)
    return tuple(dict.fromkeys(found))


def enough(words: Iterable[str]) -> bool:
    """Whether a query can be looked for at all: a word of a street, not only a number or a letter."""
    return any(len(w) >= 3 and not w[0].isdecimal() for w in words)


def names_a_house(words: Iterable[str]) -> bool:
    """Whether a query has a number: one without may be answered only where a single address is meant."""
    return any(w[0].isdecimal() for w in words)


def mended(words: Iterable[str], known: Iterable[str]) -> tuple[str, ...]:
    """Return a query whose words are those of addresses, the nearest where there is a near one.

    Args:
        words: as typed; numbers stay as they are.
        known: the words of all addresses.
    """
    vocabulary = sorted(w for w in set(known) if len(w) >= 3 and not w[0].isdecimal())
    there = set(vocabulary)
    found = []
    for word in words:
        near = [word]
        if len(word) >= 4 and not word[0].isdecimal() and word not in there:
            near = difflib.get_close_matches(word, vocabulary, n=1, cutoff=NEAR) or [word]
        found.append(near[0])
    return tuple(dict.fromkeys(found))


def uprn_of(text: str) -> int | None:
    """Return a UPRN as typed: 1 to 12 digits, blanks between them allowed; None where it is none."""
    digits = "".join(text.split())
    if not (digits.isascii() and digits.isdecimal() and 1 <= len(digits) <= 12):
        return None
    return int(digits) if 0 < int(digits) <= UPRN_MOST else None


def by_house(address: str) -> tuple[tuple[int, str], ...]:
    """Return a key that sorts addresses as people do: 2 before 10, and both before names."""
    parts = re.findall(r"\d+|\D+", address.casefold())
    return tuple((int(p), "") if p.isdecimal() else (AFTER, p) for p in parts)
