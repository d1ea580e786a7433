"""What is played as a quarter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from devices.registry import Registry
from rules.core.rounds.fleet import RoundFleet


@dataclass(frozen=True)
class Quarter:
    """What is played.

    Attributes:
        registry: bins, streets and lorries; installed before the first day.
        fleet: lorries, depots and tips.
        first: day, by the zone's clock; ``days``: how many.
        seed: of everything random.
        zone: of service days.
        iterations: of the search for each day's rounds; 0: insertion.
        weekdays: the fixed days that the ledger compares with, 0 Monday: those on which lorries go out with sensors, too.
    """

    registry: Registry
    fleet: RoundFleet
    first: date
    days: int
    seed: int
    zone: ZoneInfo
    iterations: int = 0
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4, 5)

    @property
    def dates(self) -> list[date]:
        """Return all days."""
        return [self.first + timedelta(days=k) for k in range(self.days)]
