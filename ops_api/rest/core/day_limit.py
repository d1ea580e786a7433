"""How many times a day somebody may have what costs much. Pure: the day is an argument."""

from __future__ import annotations

from datetime import date

MOST = 10_000
"""So many are kept in mind; the least recently heard are forgotten first."""


class DayLimit:
    """Counts by who asks. Of one process, and lost at its end."""

    def __init__(self) -> None:
        self._day = date.min
        self._of: dict[str, int] = {}

    def take(self, who: str, most: int, today: date) -> bool:
        """Count one; False, and nothing is counted, where it is one more than ``most`` today."""
        if today != self._day:
            self._day, self._of = today, {}
        taken = self._of.pop(who, 0)
        is_one_more = taken < most
        self._of[who] = taken + is_one_more
        while len(self._of) > MOST:
            del self._of[next(iter(self._of))]
        return is_one_more

    def back(self, who: str) -> None:
        """Take one back that came to nothing."""
        if self._of.get(who, 0) > 0:
            self._of[who] -= 1
