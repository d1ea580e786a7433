"""Whose time a pack may show: never beyond a stay, and said in the pack with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

import msgspec

from rules.core.evidence.rows import start_of


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """From when to when, the end not included; None: no limit on that side."""

    from_at: datetime | None = None
    to_at: datetime | None = None

    def within(self, start: datetime, end: datetime) -> tuple[datetime, datetime]:
        """Return what of a time lies in it; the second is not after the first where nothing does."""
        return (
            start if self.from_at is None else max(start, self.from_at),
            end if self.to_at is None else min(end, self.to_at),
        )

    def holds(self, at: datetime) -> bool:
        """Whether a moment lies in it."""
        return (self.from_at is None or at >= self.from_at) and (self.to_at is None or at < self.to_at)


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """What a pack may show.

    Attributes:
        why: who may have it and for what reason, in words for whoever reads the pack.
        stay: of the household whose time it is.
        rooms: by box, what is shown of each; None: all of the stay of every room.
        written: whether what the household wrote down is shown: cases, contacts, photos and, where asked for, the diary.
    """

    why: str
    stay: Span = Span()
    rooms: Mapping[str, Span] | None = None
    written: bool = True

    def of_room(self, device: str) -> Span | None:
        """Return what is shown of a room's box; None: nothing."""
        if self.rooms is None:
            return self.stay
        return self.rooms.get(device)


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """Which pack is to be made.

    Attributes:
        from_day, to_day: as asked for, both included (UTC).
        made_at: the time that is written into it.
        diary: whether the household's diary goes in: it is private, and can be turned against its author.
        by: who asks.
        scope: what it may show.
    """

    code: str
    from_day: date
    to_day: date
    made_at: datetime
    by: str
    scope: Scope
    diary: bool = False


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """What of an order is covered: from ``start`` to ``end``, which lie on ``from_day`` and ``to_day`` (UTC)."""

    start: datetime
    end: datetime
    from_day: date
    to_day: date


def covered(order: Order) -> Period | None:
    """Return what of the days asked for lies in the order's scope; None: nothing."""
    asked = start_of(order.from_day), start_of(order.to_day + timedelta(days=1))
    scope = order.scope
    spans = [scope.stay] if scope.rooms is None else list(scope.rooms.values())
    found = [s.within(*scope.stay.within(*asked)) for s in spans]
    found = [(start, end) for start, end in found if start < end]
    if not found:
        return None
    start, end = min(a for a, _ in found), max(b for _, b in found)
    last = (end - timedelta(microseconds=1)).astimezone(UTC)
    return Period(start=start, end=end, from_day=start.astimezone(UTC).date(), to_day=last.date())


def cut_words(order: Order, period: Period) -> str:
    """Return in words where less is covered than was asked for; empty where all is."""
    asked = start_of(order.from_day), start_of(order.to_day + timedelta(days=1))
    if (period.start, period.end) == asked:
        return ""
    return (
        f"Asked for were {order.from_day} to {order.to_day}; shown is the time from {_moment(period.start)} to "
        f"{_moment(period.end)}. The rest is not theirs to show."
    )


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
