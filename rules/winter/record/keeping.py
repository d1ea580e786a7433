"""Makes the record of each night when it is over, with its score, and keeps both: who asks years later gets that one."""

from __future__ import annotations

import asyncio
import hashlib
import io
from collections.abc import Awaitable, Callable
from datetime import date, timedelta, tzinfo

import structlog
from prometheus_client import CollectorRegistry, Counter

from cityops.clock import Clock
from cityops.runtime.backoff import Backoff
from cityops.runtime.looking import Looker
from rules.core.winter_nights import night_of, span_s
from rules.core.winter_scores.facts import ScoreParameters
from rules.core.winter_scores.night import score
from rules.winter.record.packing import RecordRoom, make_record
from rules.winter.record.ports import NewRecord, Night, RecordBook

log = structlog.get_logger(__name__)

RETRY = Backoff(first_s=5.0, cap_s=600.0)
LOOK_EVERY_S = 60.0
SETTLED_S = 600.0
"""A night is over so long after its end [s]: what was measured in it may come a little later."""
WAIT_S = 6 * 3600.0
"""Where readings up to its end have not counted, it is waited for them so long [s]: perhaps there are none."""
NIGHTS = 30
"""So many nights back are made up for: as long as road forecasts are kept by the hour."""
NAME = "cityops"

RoomOf = Callable[[], Awaitable[RecordRoom]]
"""Returns where records are made; the key may not be readable yet."""
TownNow = Callable[[], Awaitable[float]]
"""Returns the town's time [s since 1970]."""


class RecordMetrics:
    """What is counted of the records; beside the rules' where they share a registry."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = CollectorRegistry() if registry is None else registry
        self.made = Counter(
            "cityops_winter_records", "Records of nights made and kept", registry=self.registry
        )
        self.retries = Counter(
            "cityops_winter_records_retries",
            "Looks for nights given up and tried again",
            registry=self.registry,
        )


class RecordKeeper(Looker):
    """Looks every minute until asked to stop, in the town's time.

    Args:
        book: where records are kept.
        room_of: see ``RoomOf``.
        town_now: see ``TownNow``.
        zone: of the town.
        clock: the wall's.
        every_s: seconds between looks.
        metrics: counters to use.
    """

    name = "records"
    retry = RETRY

    def __init__(
        self,
        book: RecordBook,
        room_of: RoomOf,
        town_now: TownNow,
        zone: tzinfo,
        clock: Clock,
        *,
        every_s: float = LOOK_EVERY_S,
        metrics: RecordMetrics | None = None,
    ) -> None:
        self._book, self._room_of, self._town_now, self._zone = book, room_of, town_now, zone
        self._clock = clock
        self.metrics = RecordMetrics() if metrics is None else metrics
        super().__init__(every_s, self.metrics)

    async def look(self) -> tuple[date, ...]:
        """Make and keep the records that are due; return their nights.

        Raises:
            TransientError: the database does not answer; what was kept stays, try again.
            ConfigurationError: the key is not usable.
        """
        nights = over(await self._town_now(), await self._book.counted_s(), self._zone)
        due = await self._book.due(nights)
        if not due:
            return ()
        room = await self._room_of()
        return tuple([night for night in due if await self._make(room, night)])

    async def _make(self, room: RecordRoom, night: date) -> bool:
        await _score(room, night)
        out = io.BytesIO()
        made = await make_record(
            room, night, made_at=self._clock.now(), by=NAME, why="", out=out, by_itself=True
        )
        pack = out.getvalue()
        new = NewRecord(night, made.pack_id, made.key_id, hashlib.sha256(pack).hexdigest(), pack)
        if not await self._book.put(new):
            return False
        self.metrics.made.inc()
        log.info("records: a night's record is kept", night=str(night), pack=made.pack_id, bytes=len(pack))
        if made.broken:
            log.error("records: the chain over the officers' acts does not hold", acts=made.broken)
        return True


def over(now_s: float, counted_s: float | None, zone: tzinfo) -> list[Night]:
    """Return the last nights that are over, oldest first.

    Args:
        now_s: the town's time [s since 1970].
        counted_s: up to when readings have counted [s since 1970]; None: the rules never ran.
        zone: of the town.
    """
    today = night_of(now_s, zone)
    nights = [today - timedelta(days=k) for k in range(NIGHTS, 0, -1)]
    spans = [Night(night, *span_s(night, zone)) for night in nights]
    heard_s = counted_s or 0.0
    return [n for n in spans if now_s >= n.to_s + (SETTLED_S if heard_s >= n.to_s else WAIT_S)]


async def _score(room: RecordRoom, night: date) -> None:
    """Keep the night's score, unless somebody has, or nobody measured anything."""
    if await room.scores.kept(night) is None:
        facts = await room.scores.facts(night, *span_s(night, room.zone))
        found = await asyncio.to_thread(score, facts, room.zone, ScoreParameters())
        if found.counts.judged:
            await room.scores.put(found, NAME)
