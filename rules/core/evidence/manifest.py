"""The manifest: every file of a pack with its hash, and each series of daily files as a chain."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

FORMAT = "cityops-evidence-1"
MANIFEST, SIGNATURE = "manifest.json", "signature.json"
"""The two files that the manifest itself does not list."""


class Listed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file: its path in the pack, size and SHA-256 (hexadecimal)."""

    path: str
    bytes: int
    sha256: str
    what: str


class Day(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file of one day (UTC) of a series.

    Attributes:
        day: ``2026-01-09``.
        rows: readings in it; a day without any has a file too.
        link: hash of the link before, the day, and the file's hash: what was before can't be changed, taken
            out or moved without changing every link that follows.
    """

    day: str
    path: str
    bytes: int
    sha256: str
    rows: int
    link: str


class Series(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The readings of a room's box, or of a weather station."""

    name: str
    kind: Literal["room", "outdoor"]
    label: str
    days: tuple[Day, ...]


class Shown(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose time is shown, and why.

    Attributes:
        asked_from, asked_to: days that were asked for.
        start, end: of what is shown (RFC 3339, UTC), within the days of the pack.
        cut: in words where that is less; empty where it is all.
        written: whether what the household wrote down is in it: cases, contacts, photos.
    """

    why: str
    asked_from: str
    asked_to: str
    start: str
    end: str
    cut: str
    written: bool


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a pack is made of.

    Attributes:
        from_day, to_day: the period, both days included (UTC).
        made_at: RFC 3339, UTC.
        shown: of which stay, why, and whether that is less than was asked for.
        diary: whether the household's diary is in it; it is private unless asked for.
        key_id: of the key that signs.
    """

    format: str
    pack_id: str
    made_at: str
    home: str
    from_day: str
    to_day: str
    shown: Shown
    diary: bool
    key_id: str
    files: tuple[Listed, ...]
    series: tuple[Series, ...]


def first_link(series: str) -> str:
    """Return the link before a series' first day."""
    return _hash(f"{FORMAT}\n{series}\n".encode())


def next_link(before: str, day: str, sha256: str) -> str:
    """Return the link of a day's file after the link ``before``."""
    return _hash(f"{before}\n{day}\n{sha256}\n".encode())


def broken_links(series: Series) -> Iterator[Day]:
    """Yield the days whose link does not follow from what is before them."""
    before = first_link(series.name)
    for day in series.days:
        if next_link(before, day.day, day.sha256) != day.link:
            yield day
        before = day.link


def paths(manifest: Manifest) -> Iterator[tuple[str, int, str]]:
    """Yield path, size and hash of every listed file, in the pack's order."""
    for series in manifest.series:
        for day in series.days:
            yield day.path, day.bytes, day.sha256
    for file in manifest.files:
        yield file.path, file.bytes, file.sha256


def pack_id(home: str, from_day: str, to_day: str, made_at: str, links: Iterable[str]) -> str:
    """Return a pack's number: it says which pack, and is the same for the same contents."""
    return _hash("\n".join([FORMAT, home, from_day, to_day, made_at, *links]).encode())[:20]


def fingerprint(public_key: bytes) -> str:
    """Return the short name of a public key (32 bytes) that people compare: five groups of four digits."""
    digits = hashlib.sha256(public_key).hexdigest()[:20]
    return " ".join(digits[i : i + 4] for i in range(0, 20, 4))


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
