"""A room over some weeks: what a finding looks at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from rules.core.analyst.days import begins_s, ends_s
from rules.core.analyst.model import Day, EventRow, RoomInput
from rules.core.analyst.rules import DampRules


@dataclass(frozen=True, slots=True)
class RoomWeeks:
    """A room's days that are worked out or kept, in order, and its events of that time."""

    room: RoomInput
    days: tuple[Day, ...]
    events: tuple[EventRow, ...]

    def of(self, first: date, last: date, rules: DampRules) -> RoomWeeks:
        """Return the part from ``first`` to ``last``, both in it."""
        from_s, to_s = begins_s(first, rules.zone), ends_s(last, rules.zone)
        return RoomWeeks(
            self.room,
            tuple(d for d in self.days if first <= d.day <= last),
            tuple(e for e in self.events if from_s <= e.started_s < to_s),
        )

    def until(self, last: date) -> tuple[Day, ...]:
        """Return all its days up to ``last``."""
        return tuple(d for d in self.days if d.day <= last)
