"""What the pages of bin days say. Pure: days and words in, rows of a page out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from rules.core.bin_days import words
from rules.core.bin_days.model import Collection

SHOWN = timedelta(days=56)
MISSED_BACK = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Bin:
    """What is put out: its name, what goes in, its colour."""

    container: str
    label: str
    colour: str
    stream: str


@dataclass(frozen=True, slots=True)
class DayRow:
    """One day with collections. ``said``: why it is not the usual one."""

    when: str
    iso: str
    bins: tuple[Bin, ...]
    said: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlaceView:
    """The page of premises.

    Attributes:
        gone: what is not collected in the next weeks, and why.
        services: what is collected here, for the form of missed ones.
    """

    headline: str
    next: DayRow | None
    days: tuple[DayRow, ...]
    gone: tuple[str, ...]
    services: tuple[Bin, ...]


def view(found: Sequence[Collection], today: date) -> PlaceView:
    """Return the page; ``found``: all that is published."""
    ahead = [c for c in found if c.day is not None and today <= c.day <= today + SHOWN]
    days = [
        _row(d, [c for c in ahead if c.day == d], today)
        for d in sorted({c.day for c in ahead if c.day is not None})
    ]
    coming = words.next_day(found, today)
    soon = [c for c in found if today <= (c.day or c.original) <= today + SHOWN]
    past = [c for c in found if c.day is not None and today - MISSED_BACK <= c.day <= today + SHOWN]
    return PlaceView(
        headline=words.headline(found, today),
        next=None if coming is None else _row(coming[0], coming[1], today),
        days=tuple(days),
        gone=tuple(_gone(soon)),
        services=tuple(dict.fromkeys(_bin(c) for c in past)),
    )


def _gone(soon: Sequence[Collection]) -> list[str]:
    said = [f"{c.service.label}: {words.why(c).replace('No c', 'no c', 1)}." for c in soon if c.day is None]
    return list(dict.fromkeys(said))


def _row(day: date, mine: Sequence[Collection], today: date) -> DayRow:
    return DayRow(
        when=_when(day, today),
        iso=day.isoformat(),
        bins=tuple(_bin(c) for c in mine),
        said=tuple(words.changes(mine)),
    )


def _when(day: date, today: date) -> str:
    ahead = (day - today).days
    name = words.day_words(day, day.year != today.year)
    return f"Today, {name}" if ahead == 0 else f"Tomorrow, {name}" if ahead == 1 else name


def _bin(c: Collection) -> Bin:
    s = c.service
    return Bin(container=s.container, label=s.label, colour=s.colour, stream=s.stream)
