"""The chain over the audit: each line carries a hash over the one before it and itself. Pure.

The database works out the same (``cityops/db/routines/audit.sql``), so that no program can write a line that does not follow.
It shows whether a line was changed, taken out, or put in between; that the newest were cut off is shown only by a head that
was kept elsewhere, and so is a chain that somebody with the whole database made anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ops_api.audit.core.model import Entry

FIRST = hashlib.sha256(b"cityops-audit-1\n").digest()
"""The link before the first line."""
BETWEEN = "\x1f"
"""Stands between fields, and in none of them."""
CUT = "audit cut"
"""Action of the line that says up to which line those whose time was over were cut off."""
OTHER = "is not the one whose head was kept"


@dataclass(frozen=True, slots=True)
class Line:
    """An entry as it is kept: its number and its link."""

    number: int
    entry: Entry
    link: bytes


@dataclass(frozen=True, slots=True)
class Fault:
    """Where the chain does not hold: the number of a line, and what is wrong there."""

    number: int
    what: str


def link_of(before: bytes, number: int, entry: Entry) -> bytes:
    """Return the link of a line after the link ``before``."""
    e = entry
    fields = (
        str(number), str(e.at_us), e.actor_kind, e.actor_id, e.roles, e.via, e.action, e.object, e.reason, e.outcome, e.source,
        e.request_id, e.detail,
    )  # fmt: skip
    return hashlib.sha256(before + BETWEEN.join(fields).encode()).digest()


def faults(
    lines: Iterable[Line], heads: Mapping[int, bytes], base: int = 0, before: bytes = FIRST
) -> Iterator[Fault]:
    """Find where the chain does not hold.

    Args:
        lines: by number, as they are kept.
        heads: links by number, as they were kept elsewhere.
        base: the number after which what is kept begins; older lines were cut off in their time.
        before: the link of that one.

    Yields:
        Each line that was changed, or put in the wrong place; gaps; kept heads that are gone or were others; a beginning that
        was cut off without a line that says so.
    """
    last, cut = base, base == 0
    if heads.get(base, before) != before:
        yield Fault(base, OTHER)
    told = _cut(base, before)
    for line in lines:
        cut = cut or _cut_of(line.entry) == told
        if line.number != last + 1:
            yield Fault(last + 1, _gone(last + 1, line.number - 1))
        elif link_of(before, line.number, line.entry) != line.link:
            yield Fault(line.number, "was changed, or is not the one that followed")
        if line.number in heads and heads[line.number] != line.link:
            yield Fault(line.number, OTHER)
        last, before = line.number, line.link
    if not cut:
        yield Fault(
            base, "and those before it are gone, and no line says that they were cut off in their time"
        )
    for number in sorted(n for n in heads if n > last):
        yield Fault(number, f"is gone: its head was kept, and the last line is {last}")


def _cut(base: int, link: bytes) -> tuple[str, str, str]:
    return CUT, f"to:{base}", link.hex()


def _cut_of(entry: Entry) -> tuple[str, str, str] | None:
    """Return what a line says was cut off in its time, as ``audit_cut`` writes it; None: it is no such line."""
    if entry.action != CUT:
        return None
    try:
        return CUT, entry.object, str(json.loads(entry.detail)["link"])
    except (ValueError, KeyError, TypeError):
        return None


def _gone(first: int, last: int) -> str:
    return "is gone" if first == last else f"to {last} are gone"
