"""Counts by area of which nobody can work out a small one. Pure.

An area is shown with its number only where both the homes at risk and those not at risk are at least
``least``. Areas that are not shown could be found by subtraction from a total of all: so they are told, and
may be subtracted, together only, and are as many as it takes for their sum to pass the same test and for none
of them to be bounded more closely than by ``least``. Complementary suppression after Willenborg and de Waal,
Elements of Statistical Disclosure Control (2001), chapter 4, for a table with one margin.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Count:
    """Of ``total`` homes of an area ``part`` are at risk, 0 <= part <= total."""

    area: str
    total: int
    part: int


@dataclass(frozen=True, slots=True)
class Published:
    """What may be told.

    Attributes:
        shown: areas with both numbers, in the order given.
        totals: areas of which the total may be told; those shown and others.
        rest: all other areas together; None where there are none, or too few to tell.
    """

    shown: tuple[Count, ...]
    totals: tuple[tuple[str, int], ...]
    rest: Count | None


def published(counts: Sequence[Count], least: int) -> Published:
    """Return what may be told of areas.

    Args:
        counts: disjoint areas; the sum of all is taken as known to everybody.
        least: smallest number of homes that any number, sum or difference may be about, at least 1.

    Raises:
        ValueError: ``least`` below 1, or a part that is no part.
    """
    if least < 1 or any(not 0 <= c.part <= c.total for c in counts):
        raise ValueError(
            f"counts {counts!r} with least {least!r}: 0 <= part <= total and least >= 1 are needed"
        )
    held = {c.area for c in counts if not _passes(c.total, c.part, least)}
    by_size = sorted((c for c in counts if c.area not in held), key=lambda c: (c.total, c.area))
    while held and by_size and not _is_safe([c for c in counts if c.area in held], least):
        held.add(by_size.pop(0).area)
    hidden = [c for c in counts if c.area in held]
    safe = bool(hidden) and _is_safe(hidden, least)
    return Published(
        shown=tuple(c for c in counts if c.area not in held),
        totals=_totals(counts, held, least),
        rest=_sum(hidden) if safe else None,
    )


def _passes(total: int, part: int, least: int) -> bool:
    return part >= least and total - part >= least


def _sum(counts: Sequence[Count]) -> Count:
    return Count("", sum(c.total for c in counts), sum(c.part for c in counts))


def _is_safe(hidden: Sequence[Count], least: int) -> bool:
    """Whether the sum of areas may be known, and leaves at least ``least`` + 1 values for each of them."""
    both = _sum(hidden)
    if not _passes(both.total, both.part, least):
        return False
    for c in hidden:
        most = min(c.total, both.part)
        fewest = max(0, both.part - (both.total - c.total))
        if c.total >= least and most - fewest < least:
            return False
    return True


def _totals(counts: Sequence[Count], held: set[str], least: int) -> tuple[tuple[str, int], ...]:
    """Return totals that may be told: those of at least ``least``, where the others add up to as many or none."""
    small = {c.area for c in counts if c.total < least}
    others = sorted(
        (c for c in counts if c.area in held and c.area not in small), key=lambda c: (c.total, c.area)
    )
    while small and others and not _hides([c for c in counts if c.area in small], least):
        small.add(others.pop(0).area)
    return tuple((c.area, c.total) for c in counts if c.area not in small)


def _hides(small: Sequence[Count], least: int) -> bool:
    return len(small) > 1 and sum(c.total for c in small) >= least
