"""Makes the statement of each month when it is over, and keeps it: who asks years later gets that one."""

from __future__ import annotations

import asyncio
import calendar as months
import hashlib
from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from prometheus_client import CollectorRegistry, Counter

from cityops.clock import Clock
from cityops.runtime.backoff import Backoff
from cityops.runtime.looking import Looker
from rules.bin_ledger.gathering import LedgerRoom, packed, state
from rules.bin_ledger.ports import Month, NewStatement, StatementBook
from rules.core.bin_ledger.calendar import midnight_s
from rules.core.bin_ledger.codec import encode

log = structlog.get_logger(__name__)

RETRY = Backoff(first_s=5.0, cap_s=600.0)
LOOK_EVERY_S = 600.0
SETTLED_S = 6 * 3600.0
"""A month is over so long after its end [s]: what was measured in it may come a little later."""
WAIT_S = 48 * 3600.0
"""Where readings up to its end have not counted, it is waited for them so long [s]: perhaps there are none."""
MONTHS = 3
"""So many months back are made up for."""
NAME = "cityops"

TownNow = Callable[[], Awaitable[float]]
"""Returns the town's time [s since 1970]."""


class LedgerMetrics:
    """What is counted of the statements; beside the rules' where they share a registry."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = CollectorRegistry() if registry is None else registry
        self.made = Counter(
            "cityops_bin_statements", "Statements of months made and kept", registry=self.registry
        )
        self.retries = Counter(
            "cityops_bin_statements_retries",
            "Looks for months given up and tried again",
            registry=self.registry,
        )


class StatementKeeper(Looker):
    """Looks every ten minutes until asked to stop, in the town's time.

    Args:
        book: where statements are kept.
        room_of: returns what they are made from; the catalogue may have changed.
        town_now: see ``TownNow``.
        clock: the wall's.
        every_s: seconds between looks.
        metrics: counters to use.
    """

    name = "bin statements"
    retry = RETRY

    def __init__(
        self,
        book: StatementBook,
        room_of: Callable[[], Awaitable[LedgerRoom]],
        town_now: TownNow,
        clock: Clock,
        *,
        every_s: float = LOOK_EVERY_S,
        metrics: LedgerMetrics | None = None,
    ) -> None:
        self._book, self._room_of, self._town_now = book, room_of, town_now
        self._clock = clock
        self.metrics = LedgerMetrics() if metrics is None else metrics
        super().__init__(every_s, self.metrics)

    async def look(self) -> tuple[date, ...]:
        """Make and keep the statements that are due; return their months. Without a schedule none is.

        Raises:
            TransientError: the database does not answer; what was kept stays, try again.
        """
        room = await self._room_of()
        if await room.settings.compared() is None:
            return ()
        listed = over(await self._town_now(), await self._book.counted_s(), ZoneInfo(room.zone))
        due = set(await self._book.due(listed))
        return tuple([m.first for m in listed if m.first in due and await self._make(room, m)])

    async def _make(self, room: LedgerRoom, month: Month) -> bool:
        made, data = await state(room, month.first, month.last, over=True, made_at=self._clock.now(), by=NAME)
        answer, pack = made.statement.answer, await asyncio.to_thread(packed, data)
        told = encode(made.statement).decode()
        new = NewStatement(month.first, made.digest, hashlib.sha256(data).hexdigest(), answer, told, pack)
        if not await self._book.put(new):
            return False
        self.metrics.made.inc()
        log.info(
            "bin statements: a month's statement is kept",
            month=f"{month.first:%Y-%m}",
            answer=answer,
            bytes=len(pack),
        )
        if not made.statement.check.held:
            log.warning(
                "bin statements: the method does not give back what was measured",
                month=f"{month.first:%Y-%m}",
            )
        return True


def month_of(day: date, zone: ZoneInfo) -> Month:
    """Return the month that a day is in."""
    first = day.replace(day=1)
    last = first.replace(day=months.monthrange(first.year, first.month)[1])
    return Month(first, last, midnight_s(first, zone), midnight_s(last + timedelta(days=1), zone))


def over(now_s: float, counted_s: float | None, zone: ZoneInfo) -> list[Month]:
    """Return the last months that are over, oldest first.

    Args:
        now_s: the town's time [s since 1970].
        counted_s: up to when readings have counted [s since 1970]; None: the rules never ran.
        zone: of the town.
    """
    found, day = list[Month](), datetime.fromtimestamp(now_s, zone).date()
    for _ in range(MONTHS):
        day = day.replace(day=1) - timedelta(days=1)
        found.insert(0, month_of(day, zone))
    heard_s = 0.0 if counted_s is None else counted_s
    return [m for m in found if now_s >= m.to_s + (SETTLED_S if heard_s >= m.to_s else WAIT_S)]
