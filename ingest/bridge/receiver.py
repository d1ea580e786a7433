"""Events into the inbox; onto this machine's disk while the database is away, and from there in their order."""

from __future__ import annotations

import asyncio
import random
import sqlite3

import structlog

from cityops.errors import TransientError
from cityops.runtime.backoff import Backoff
from cityops.runtime.stop import sleep_until_stop
from ingest.bridge.metrics import BridgeMetrics
from ingest.bridge.ports import Inbox, Source
from ingest.bridge.receiving import arrival
from ingest.bridge.spool import Spool, Spooled
from ingest.incident import Incident
from ingest.ports import UnstorableError

log = structlog.get_logger(__name__)

AGAIN = Backoff(first_s=0.2, cap_s=5.0)
PART = 100


class Receiver:
    """Takes what sources deliver.

    Args:
        inbox: where to.
        spool: what is used instead.
        metrics: counters.
        news: set after each event that was kept.
    """

    def __init__(self, inbox: Inbox, spool: Spool, metrics: BridgeMetrics, news: asyncio.Event) -> None:
        self._inbox, self._spool, self._metrics, self._news = inbox, spool, metrics, news
        self._trouble = Incident(
            log, "LoRaWAN events wait on the disk", "LoRaWAN events are kept in the database again"
        )
        self._names: dict[int, str] = {}

    async def take(self, source: Source, topic: str, body: bytes) -> None:
        """Keep an event: on return it is in the database or on the disk, or counted as lost."""
        self._names[source.source_id] = source.name
        if self._spool.waiting == 0:
            try:
                await self._receive(source.source_id, source.protocol, topic, body)
            except TransientError as e:
                self._trouble.failed("inbox", str(e))
            else:
                return
        await self._to_disk(source, topic, body)

    async def drain(self, stop: asyncio.Event) -> None:
        """Carry what waits on the disk into the inbox, until ``stop``."""
        failures, rng = 0, random.Random()
        while True:
            try:
                moved = await self._carry() if self._spool.waiting else 0
                failures = 0
            except (TransientError, sqlite3.Error) as e:
                self._trouble.failed("inbox", str(e))
                moved, failures = 0, failures + 1
            self._metrics.waiting.set(self._spool.waiting)
            wait_s = 0.0 if moved == PART else AGAIN.delay(failures, rng) if failures else 0.5
            if await sleep_until_stop(stop, wait_s):
                return

    async def _carry(self) -> int:
        part = await asyncio.to_thread(self._spool.oldest, PART)
        done: list[int] = []
        try:
            for event in part:
                await self._receive(event.source_id, event.protocol, event.topic, event.body)
                done.append(event.event_id)
        finally:
            if done:
                await asyncio.to_thread(self._spool.remove, done)
        if self._spool.waiting == 0:
            self._trouble.works("inbox")
        return len(done)

    async def _receive(self, source_id: int, protocol: str, topic: str, body: bytes) -> None:
        found = arrival(source_id, protocol, topic, body)  # type: ignore[arg-type]
        name = self._names.get(source_id, str(source_id))
        try:
            new = await self._inbox.receive(found)
        except UnstorableError as e:  # those behind it are not to wait for what never comes to be
            self._metrics.lost.inc()
            log.error("LoRaWAN event lost: the database refuses it", source=name, error=str(e))
            return
        if new:
            self._metrics.received.labels(name, found.kind).inc()
            if found.reason_code is not None:
                self._metrics.dead.labels(found.reason_code).inc()
            self._news.set()
        else:
            self._metrics.duplicates.labels(name).inc()

    async def _to_disk(self, source: Source, topic: str, body: bytes) -> None:
        lost = self._spool.lost
        try:
            await asyncio.to_thread(self._spool.append, source.source_id, source.protocol, topic, body)
        except sqlite3.Error as e:
            self._metrics.lost.inc()
            log.error(
                "LoRaWAN event lost: neither database nor disk takes it", source=source.name, error=str(e)
            )
            return
        self._metrics.spooled.inc()
        self._metrics.waiting.set(self._spool.waiting)
        if self._spool.lost > lost:
            self._metrics.lost.inc(self._spool.lost - lost)
            log.error("LoRaWAN events lost: no room is left for them on the disk", lost=self._spool.lost)


__all__ = ["Receiver", "Spooled"]
