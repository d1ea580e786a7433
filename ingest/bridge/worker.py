"""The inbox into the reading tables: a page at a time, in the order in which events came.

Each page is one transaction of the same sink that the broker's messages go through: ledger, readings, NOTIFY,
and what became of each event. One process of several does it, under an advisory lock; events are locked as well,
so that two that both believe to lead store nothing twice.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import structlog

from cityops.clock import Clock
from cityops.errors import TransientError
from cityops.runtime.backoff import Backoff
from cityops.runtime.stop import sleep_until_stop
from devices.contract.kind import Kind
from ingest.bridge.decoding import Decoding
from ingest.bridge.judging import Judging, batch_of, only_dead
from ingest.bridge.metrics import BridgeMetrics
from ingest.bridge.ports import Inbox, Sandbox, Waiting
from ingest.core.batch import Batch
from ingest.devices_cache import DevicesCache
from ingest.incident import Incident
from ingest.ports import (
    DeviceSource,
    EventsTakenError,
    ReadingSink,
    StaleDevicesError,
    Stored,
    UnstorableError,
)

log = structlog.get_logger(__name__)

PAGE = 200
IDLE_S, FOLLOW_S = 1.0, 5.0
"""Between looks into the inbox; between asking whether to lead."""
AGAIN = Backoff(first_s=0.2, cap_s=10.0)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Worker:
    """See the module.

    Args:
        inbox: where events wait.
        sandbox: runs makers' codecs.
        sink: where readings go.
        devices: where the registered devices come from.
        kinds: declared kinds.
        clock: the server's.
        metrics: counters.
        news: set where an event has come in this process.
    """

    def __init__(
        self,
        inbox: Inbox,
        sandbox: Sandbox,
        sink: ReadingSink,
        devices: DeviceSource,
        kinds: Mapping[str, Kind],
        clock: Clock,
        metrics: BridgeMetrics,
        news: asyncio.Event,
    ) -> None:
        self._inbox, self._sink, self._clock, self._metrics, self._news = inbox, sink, clock, metrics, news
        self._cache = DevicesCache(devices, kinds, clock)
        self._judging = Judging(inbox, Decoding(kinds, sandbox), kinds)
        self._asked_s, self._led = -math.inf, False
        self._trouble = Incident(log, "LoRaWAN events are not stored yet", "LoRaWAN events are stored again")

    async def run(self, stop: asyncio.Event) -> None:
        """Store what waits, until ``stop``."""
        failures, rng = 0, random.Random()
        while not stop.is_set():
            try:
                leads = await self._leads()
                full = leads and await self.step() == PAGE
            except TransientError as e:
                self._trouble.failed("inbox", str(e))
                self._asked_s = -math.inf
                await sleep_until_stop(stop, AGAIN.delay(failures, rng))
                failures += 1
                continue
            self._trouble.works("inbox")
            failures = 0
            if not leads:
                await sleep_until_stop(stop, FOLLOW_S)
            elif not full:
                await self._idle(stop)

    async def _leads(self) -> bool:
        """Whether it is this process that stores; asked now and then, since events are locked as well."""
        if self._clock.monotonic() - self._asked_s >= FOLLOW_S:
            self._led = await self._inbox.lead()
            self._asked_s = self._clock.monotonic()
        return self._led

    async def step(self) -> int:
        """Store the oldest page; return how many events that was.

        Raises:
            TransientError: they wait: the database can't be asked, or does not take them now.
        """
        rows = await self._inbox.waiting(PAGE)
        if rows:
            await self._store(rows)
        return len(rows)

    async def _store(self, rows: Sequence[Waiting]) -> None:
        parts = [list(rows)]
        while parts:
            part = parts.pop()
            if not part:
                continue
            try:
                batch = await self._batch(part)
                self._count(batch, await self._sink.store(batch, None))
            except EventsTakenError as e:
                parts.append([row for row in part if row.event_id not in e.event_ids])
            except StaleDevicesError:
                self._cache.expire()
                raise
            except UnstorableError as e:
                if len(part) == 1:
                    batch = only_dead(part[0], str(e))
                    self._count(batch, await self._sink.store(batch, None))
                else:
                    half = len(part) // 2
                    parts += [part[half:], part[:half]]

    async def _batch(self, rows: Sequence[Waiting]) -> Batch:
        await self._cache.refresh()
        now = self._clock.now()
        now_us = (now - _EPOCH) // timedelta(microseconds=1)
        page = await self._judging.page(rows, now)
        batch = batch_of(page, self._cache.decoder, now_us)
        if batch.unknown_devices:  # registered since
            await self._cache.load()
            page = await self._judging.page(rows, now)
            batch = batch_of(page, self._cache.decoder, now_us)
        return batch

    def _count(self, batch: Batch, stored: Stored) -> None:
        assert batch.inbox is not None
        for outcome in batch.inbox.outcomes:
            if outcome.state == "stored":
                self._metrics.stored.inc()
            else:
                self._metrics.dead.labels(str(outcome.reason_code)).inc()
        for kind, rows in stored.readings.items():
            self._metrics.readings.labels(kind).inc(rows)
        self._metrics.again.inc(stored.duplicates)

    async def _idle(self, stop: asyncio.Event) -> None:
        """Wait for the next look, or until an event comes in this process."""
        self._news.clear()
        waiters = [asyncio.create_task(self._news.wait()), asyncio.create_task(stop.wait())]
        await asyncio.wait(waiters, timeout=IDLE_S, return_when=asyncio.FIRST_COMPLETED)
        for waiter in waiters:
            waiter.cancel()
