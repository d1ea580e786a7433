"""The ingest service: sources → inbox → batch → sink → acknowledgement → receipt.

One worker serves several shards. Its one writer stores a batch at a time, which keeps
acknowledgements in order without any further thought; while the database works on a
batch the next one gathers. Stopping is a phase: stop reading, store what is held,
acknowledge it, disconnect.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import chain

import structlog

from cityops.clock import Clock
from cityops.errors import TransientError
from cityops.runtime.stop import sleep_until_stop
from devices.contract.kind import Kind
from ingest.core.batch import Batch
from ingest.core.batches import Limits
from ingest.devices_cache import DevicesCache
from ingest.gauges import watch
from ingest.inbox import Inbox
from ingest.incident import Incident
from ingest.metrics import IngestMetrics
from ingest.overflow_log import OverflowLog
from ingest.ports import (
    Chunk,
    DeviceSource,
    ReadingSink,
    ShardLeases,
    SourceFactory,
    Stored,
)
from ingest.receipts import MqttReceipts
from ingest.shards import ShardHolder
from ingest.summary import Summary
from ingest.writer import RETRY, BatchWriter, Messages

log = structlog.get_logger(__name__)

DRAIN_S = 4.0
"""How long stopping waits for what is held to be stored; what isn't comes again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestParts:
    """What an :class:`IngestService` is made of.

    Attributes:
        shards: shards this worker may serve.
        make_source: makes the source of a shard.
        sink: where batches go.
        devices: where the registered devices come from.
        leases: who serves which shard.
        kinds: declared kinds.
        clock: the server's clock.
        limits: when a batch is due.
        metrics: counters; one set per service.
    """

    shards: Collection[int]
    make_source: SourceFactory
    sink: ReadingSink
    devices: DeviceSource
    leases: ShardLeases
    kinds: Mapping[str, Kind]
    clock: Clock
    limits: Limits
    metrics: IngestMetrics


class IngestService:
    """See the module. A ``cityops.runtime.supervisor.Service``."""

    def __init__(self, parts: IngestParts) -> None:
        self._parts = parts
        self._clock = parts.clock
        self._metrics = parts.metrics
        self._inbox = Inbox(parts.limits, parts.clock)
        self._cache = DevicesCache(parts.devices, parts.kinds, parts.clock)
        self._holder = ShardHolder(
            parts.shards, parts.leases, parts.make_source, self._inbox.offer, parts.clock, parts.metrics
        )
        self._receipts = MqttReceipts(self._holder.sources, self._cache.device)
        self._rng = random.Random()
        self._overflow = OverflowLog(parts.metrics)
        self._writer = BatchWriter(self._cache, parts.sink, parts.metrics, parts.clock, self._rng)
        self._no_devices = Incident(log, "devices can't be loaded", "devices are loaded again")
        self._summary = Summary(parts.clock.monotonic())
        watch(
            parts.metrics,
            self._holder.sources,
            lambda: self._inbox.waiting,
            lambda: self._writer.database_ok,
        )

    def ready(self) -> Mapping[str, bool]:
        """Return whether each part works now; for /readyz."""
        return {
            "database": self._writer.database_ok,
            "devices": self._cache.loaded,
            "leases": self._holder.leases_ok,
            "broker": self._holder.all_connected,
        }

    def devices_changed(self) -> None:
        """Have the devices loaded again within a second: one was revoked, let in, put into a home."""
        self._cache.look_again()

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until ``stop``, then store and acknowledge what is held and disconnect."""
        try:
            async with asyncio.TaskGroup() as group:
                counting = group.create_task(self._tell(stop), name="ingest gauges")
                refresher = group.create_task(self._refresh(stop), name="ingest devices")
                writer = group.create_task(self._write(), name="ingest writer")
                # Without devices every message would be from an unknown one.
                if await self._load_devices(stop):
                    await self._holder.run(stop)
                await stop.wait()
                self._inbox.close()
                await counting
                await refresher
                await self._drain(writer)
                await self._holder.close()
        finally:
            await self._parts.leases.close()
            await self._parts.sink.close()

    async def _drain(self, writer: asyncio.Task[None]) -> None:
        _, late = await asyncio.wait([writer], timeout=DRAIN_S)
        if late:
            log.warning(
                "stopped before everything was stored; it will come again", waiting=self._inbox.waiting
            )
            writer.cancel()

    async def _load_devices(self, stop: asyncio.Event) -> bool:
        """Load the devices, however long that takes; False where stopped meanwhile."""
        attempt = 0
        while not stop.is_set():
            try:
                await self._cache.load()
            except TransientError as e:
                self._no_devices.failed("devices", str(e))
                await sleep_until_stop(stop, RETRY.delay(attempt, self._rng))
                attempt += 1
            else:
                self._no_devices.works("devices")
                self._writer.database_ok = True
                return True
        return False

    async def _refresh(self, stop: asyncio.Event) -> None:
        """Load the devices again from time to time."""
        while not await sleep_until_stop(stop, 1.0):
            if self._cache.loaded:
                try:
                    await self._cache.refresh()
                except TransientError as e:
                    self._no_devices.failed("devices", str(e))
                else:
                    self._no_devices.works("devices")

    async def _tell(self, stop: asyncio.Event) -> None:
        """Keep the gauges and log what was stored, once a minute; waits for nothing else."""
        while not await sleep_until_stop(stop, 1.0):
            self._holder.note()
            if line := self._summary.due(self._clock.monotonic()):
                log.info("stored", **line, waiting=self._inbox.waiting)

    async def _write(self) -> None:
        while chunks := await self._inbox.next_batch():
            while chunks := self._only_ours(chunks):
                chunks = await self._store(chunks)

    async def _store(self, chunks: list[Chunk]) -> list[Chunk]:
        """Store the chunks, acknowledge and tell what is stored; return the rest, where not all are ours any more."""
        began_s = self._clock.monotonic()
        done = await self._writer.write(_messages(chunks), lambda: all(map(self._holder.serves, chunks)))
        stored, rest = _split(chunks, sum(len(batch.topics) for batch, _ in done))
        # What is not ours is not acknowledged either: it comes again, as duplicates.
        for chunk in self._only_ours(stored) if rest else stored:
            chunk.source.settle(chunk)
        if done:
            self._told(stored, done, began_s)
        return rest

    def _told(self, chunks: list[Chunk], done: list[tuple[Batch, Stored]], began_s: float) -> None:
        """Send the receipts of batches that are stored, and count and log them."""
        now_s = self._clock.monotonic()
        shards = sorted({chunk.source.shard for chunk in chunks})
        for batch, stored in done:
            told = self._receipts.send(stored.receipts)
            self._metrics.receipts.inc(told)
            self._count(batch, stored)
            self._summary.totals.add(batch, stored, now_s - began_s)
            _log_batch(batch, stored, shards, told, now_s - began_s)
        self._metrics.commit_seconds.observe(now_s - began_s)
        self._metrics.age_seconds.observe(now_s - chunks[0].arrived_s)

    def _only_ours(self, chunks: list[Chunk]) -> list[Chunk]:
        """Return the chunks that are ours to store; the others come again to whoever holds their shard."""
        ours: list[Chunk] = []
        for chunk in chunks:
            if self._holder.serves(chunk):
                ours.append(chunk)
            else:
                chunk.source.discard(chunk)
                self._metrics.discarded.inc(len(chunk))
        return ours

    def _count(self, batch: Batch, stored: Stored) -> None:
        metrics = self._metrics
        metrics.received.inc(len(batch.topics))
        for kind, rows in stored.readings.items():
            metrics.committed.labels(kind).inc(rows)
        for reason, letters in stored.dead_letters.items():
            metrics.dead_letters.labels(reason).inc(letters)
        self._overflow.note(stored.overflow, self._clock.monotonic())
        metrics.duplicates.inc(stored.duplicates)
        metrics.unknown_fields.inc(batch.unknown_fields.total())
        metrics.batch_messages.observe(len(batch.topics))
        now_us = self._clock.now().timestamp() * 1e6
        for readings in batch.readings:
            metrics.lag_seconds.observe(readings.kind.name, (now_us - readings.ts_us) / 1e6)


def _log_batch(batch: Batch, stored: Stored, shards: list[int], told: int, took_s: float) -> None:
    log.debug(
        "batch stored",
        batch_id=stored.batch_id,
        shards=shards,
        messages=len(batch.topics),
        readings=sum(stored.readings.values()),
        duplicates=stored.duplicates,
        dead_letters=sum(stored.dead_letters.values()),
        receipts=told,
        took_ms=round(1000 * took_s, 1),
    )


def _split(chunks: list[Chunk], messages: int) -> tuple[list[Chunk], list[Chunk]]:
    """Return the chunks of the first so many messages, and those of the others."""
    for place, chunk in enumerate(chunks):
        if messages < len(chunk):
            head, tail = chunk.split(messages)
            return [*chunks[:place], *([head] if len(head) != 0 else [])], [tail, *chunks[place + 1 :]]
        messages -= len(chunk)
    return chunks, []


def _messages(chunks: list[Chunk]) -> Messages:
    shards = {chunk.source.shard for chunk in chunks}
    return Messages(
        list(chain.from_iterable(c.topics for c in chunks)),
        list(chain.from_iterable(c.payloads for c in chunks)),
        shards.pop() if len(shards) == 1 else None,
    )
