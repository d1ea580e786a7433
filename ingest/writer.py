"""Messages into the sink, whatever is in them: until it is done, and by halves where one can't be.

A message that nothing foresaw must cost only itself. Left to fail, it would come again after
every restart and nothing behind it would ever be stored.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from cityops import tracing
from cityops.clock import Clock
from cityops.errors import TransientError
from cityops.runtime.backoff import Backoff
from ingest.core.batch import Batch, set_aside
from ingest.core.reasons import Reason
from ingest.devices_cache import DevicesCache
from ingest.incident import Incident
from ingest.metrics import IngestMetrics
from ingest.ports import ReadingSink, StaleDevicesError, Stored, UnstorableError

log = structlog.get_logger(__name__)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
RETRY = Backoff(first_s=0.1, cap_s=2.0)
"""Between attempts to store a batch: a database that is back is noticed within seconds."""


@dataclass(frozen=True, slots=True)
class Messages:
    """Messages in the order received; ``shard`` is None where they are of several."""

    topics: Sequence[str]
    payloads: Sequence[bytes]
    shard: int | None

    def halves(self) -> tuple[Messages, Messages]:
        """Return both halves, the earlier first."""
        at = len(self.topics) // 2
        return (
            Messages(self.topics[:at], self.payloads[:at], self.shard),
            Messages(self.topics[at:], self.payloads[at:], self.shard),
        )


class _NotOursError(Exception):
    """Another worker may store these messages by now."""


class _FailedError(Exception):
    """These messages can't be stored, for a reason of the closed set."""

    def __init__(self, reason: Reason, why: str) -> None:
        super().__init__(why)
        self.reason = reason


class BatchWriter:
    """Decodes and stores; see the module.

    Attributes:
        database_ok: whether the last attempt found the database in order.
    """

    def __init__(
        self,
        cache: DevicesCache,
        sink: ReadingSink,
        metrics: IngestMetrics,
        clock: Clock,
        rng: random.Random,
    ) -> None:
        self._cache = cache
        self._sink = sink
        self._metrics = metrics
        self._clock = clock
        self._rng = rng
        self._trouble = Incident(log, "batch not stored yet", "batches are stored again")
        self.database_ok = False

    async def write(
        self, messages: Messages, ours: Callable[[], bool] = lambda: True
    ) -> list[tuple[Batch, Stored]]:
        """Store ``messages``, trying until it is done or they are not ours any more.

        Args:
            messages: what to store.
            ours: asked before each attempt: whether all of them are still ours to store.

        Returns:
            The batches that it took, as a rule one. Each has its messages in ``topics``; together they
            are the first so many of ``messages``, and all of them unless ``ours`` said no.
        """
        done: list[tuple[Batch, Stored]] = []
        waiting = [messages]
        try:
            while waiting:
                await self._next(waiting, done, ours)
        except _NotOursError:
            log.warning("messages are no longer ours to store", messages=sum(len(m.topics) for m in waiting))
        return done

    async def _next(
        self, waiting: list[Messages], done: list[tuple[Batch, Stored]], ours: Callable[[], bool]
    ) -> None:
        """Store the last of ``waiting``, or put its halves there."""
        part = waiting[-1]
        try:
            done.append(await self._persist(part, ours))
        except _FailedError as e:
            if len(part.topics) > 1:
                waiting[-1:] = reversed(part.halves())
                return
            log.error("message set aside", topic=part.topics[0], reason=str(e.reason), why=str(e))
            done.append(await self._persist(part, ours, e))
        waiting.pop()

    async def _persist(
        self, part: Messages, ours: Callable[[], bool], failed: _FailedError | None = None
    ) -> tuple[Batch, Stored]:
        """Store ``part``, or only that it ``failed``, however long the database is away."""
        with tracing.span(
            "ingest.batch", messages=len(part.topics), shard=-1 if part.shard is None else part.shard
        ) as span:
            batch, stored = await self._until_stored(part, ours, failed, span)
            span.set_attribute("readings", sum(stored.readings.values()))
        return batch, stored

    async def _until_stored(
        self, part: Messages, ours: Callable[[], bool], failed: _FailedError | None, span: tracing.Span
    ) -> tuple[Batch, Stored]:
        attempt = 0
        while True:
            span.set_attribute("attempts", attempt + 1)
            try:
                batch = await self._decode(part) if failed is None else _letter(part, failed)
                if not ours():
                    raise _NotOursError
                stored = await self._sink.store(batch, part.shard)
            except TransientError as e:
                await self._back_off(e, attempt)
                attempt += 1
            except UnstorableError as e:
                raise _FailedError(Reason.REFUSED, str(e)) from e
            else:
                self.database_ok = True
                self._cache.decoder.clocks_saved(batch.clocks)
                self._trouble.works("batch")
                return batch, stored

    async def _back_off(self, error: TransientError, attempt: int) -> None:
        if isinstance(error, StaleDevicesError):
            self._cache.expire()
        self.database_ok = False
        self._metrics.retries.inc()
        delay_s = RETRY.delay(attempt, self._rng)
        self._trouble.failed("batch", str(error))
        await asyncio.sleep(delay_s)

    async def _decode(self, part: Messages) -> Batch:
        if not self._cache.loaded:
            await self._cache.load()
        batch = self._read(part)
        if batch.unknown_devices and await self._cache.refresh(unknown=True):
            batch = self._read(part)
        return batch

    def _read(self, part: Messages) -> Batch:
        now_us = (self._clock.now() - _EPOCH) // timedelta(microseconds=1)
        try:
            return self._cache.decoder.decode(list(part.topics), list(part.payloads), now_us)
        except Exception as e:  # the decoder promises to raise nothing; a promise is not enough here
            log.exception("decoder failed", messages=len(part.topics))
            raise _FailedError(Reason.NOT_UNDERSTOOD, f"{type(e).__name__}: {e}") from e


def _letter(part: Messages, failed: _FailedError) -> Batch:
    return set_aside(part.topics[0], part.payloads[0], failed.reason, str(failed))
