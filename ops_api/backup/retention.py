"""Which back-ups stay: the newest of each of the last days, weeks and months. Pure."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from ops_api.backup.names import begun_at


@dataclass(frozen=True, slots=True)
class Keep:
    """How many stay: of that many days, ISO weeks and months that have one, the newest each."""

    daily: int = 7
    weekly: int = 5
    monthly: int = 0

    @property
    def longest(self) -> timedelta:
        """Nothing is kept for longer, seen from the newest: weeks without a back-up make no older one stay."""
        return timedelta(days=max(self.daily, 7 * self.weekly, 31 * self.monthly))


def to_remove(names: Iterable[str], keep: Keep) -> list[str]:
    """Return the names of the back-ups that go, the oldest first.

    The newest always stays; what is no back-up's name is never among them. Days are of UTC, as the names are.
    """
    known = {name: at for name in names if (at := begun_at(name)) is not None}
    newest_first = sorted(known, key=known.__getitem__, reverse=True)
    recent = [name for name in newest_first if known[name] >= known[newest_first[0]] - keep.longest]
    kept = set(recent[:1])
    for many, period in ((keep.daily, _day), (keep.weekly, _week), (keep.monthly, _month)):
        kept |= _newest_of_each(recent, known, many, period)
    return [name for name in reversed(newest_first) if name not in kept]


def _newest_of_each(
    newest_first: list[str], known: dict[str, datetime], many: int, period: Callable[[datetime], Hashable]
) -> set[str]:
    found: dict[Hashable, str] = {}
    for name in newest_first:
        if len(found) == many:
            break
        found.setdefault(period(known[name]), name)
    return set(found.values())


def _day(at: datetime) -> Hashable:
    return at.date()


def _week(at: datetime) -> Hashable:
    return at.isocalendar()[:2]


def _month(at: datetime) -> Hashable:
    return (at.year, at.month)
