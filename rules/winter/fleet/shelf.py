"""Plans as pages read them: nothing changes a plan, so each is read and decoded once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from rules.core.cab.model import Plan
from rules.winter.fleet.last_used import LastUsed
from rules.winter.fleet.ports import PlanBook

MOST = 32


class Shelf:
    """The plans of a book that were last read."""

    def __init__(self, book: PlanBook) -> None:
        self._book = book
        self._kept: LastUsed[Plan] = LastUsed(MOST)

    async def plan(self, version: int) -> Plan:
        """Return a plan; NoSuchPlanError where there is none."""
        return await self._kept.get(version, partial(self._book.plan, version))

    async def newest(self, night: str) -> Plan | None:
        """Return the newest plan of a night."""
        numbers = await self._book.numbers(night)
        return await self.plan(numbers[-1]) if numbers else None

    async def versions(self, night: str) -> Sequence[Plan]:
        """Return the plans of a night, oldest first."""
        return [await self.plan(number) for number in await self._book.numbers(night)]
