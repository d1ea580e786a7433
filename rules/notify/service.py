"""The sender: one worker for each channel, side by side, until asked to stop.

It reads the outbox and writes what became of its messages; whoever plans them writes them
there in a transaction of theirs and waits for nothing here.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Iterable

import structlog

from cityops.clock import Clock
from cityops.errors import TransientError
from cityops.runtime.backoff import Backoff
from cityops.runtime.stop import sleep_until_stop
from rules.core.notify.model import Sent
from rules.notify.metrics import NotifyMetrics
from rules.notify.ports import Channel, Outbox
from rules.notify.worker import ChannelWorker, Limits
from rules.pause import hint
from rules.waker import HintWaker

log = structlog.get_logger(__name__)

RETRY = Backoff(first_s=0.2, cap_s=15.0)
STRANGERS_EVERY_S = 15.0
STRANGERS_LIMIT = 20


class NotifyService:
    """Sends until asked to stop.

    Args:
        outbox: what waits.
        channels: the configured ones.
        clock: wall clock.
        worker: this process's name, in the leases.
        limits: how each channel is used.
        poll_s: seconds between looks without a hint.
        metrics: counters to use.
    """

    def __init__(
        self,
        outbox: Outbox,
        channels: Iterable[Channel],
        clock: Clock,
        worker: str,
        *,
        limits: Limits | None = None,
        poll_s: float = 1.0,
        metrics: NotifyMetrics | None = None,
    ) -> None:
        self._outbox, self._clock, self._worker, self._poll_s = outbox, clock, worker, poll_s
        self.metrics = NotifyMetrics() if metrics is None else metrics
        used = Limits() if limits is None else limits
        self.workers = {c.name: ChannelWorker(c, outbox, clock, worker, used, self.metrics) for c in channels}
        self._wakers = {name: HintWaker() for name in self.workers}
        self._answered = False

    def ready(self) -> dict[str, bool]:
        """Whether the database answers, and for each channel whether it works: a stuck one is named."""
        return {"outbox": self._answered} | {f"channel {n}": w.healthy for n, w in self.workers.items()}

    async def feed(self, hints: AsyncIterator[str]) -> None:
        """Take each as a hint that something is in the outbox, for as long as they come."""
        async for _ in hints:
            self.wake()

    def wake(self) -> None:
        """Give a hint to every channel."""
        for waker in self._wakers.values():
            waker()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop``; what is being sent is finished and recorded first."""
        async with asyncio.TaskGroup() as group:
            for name, worker in self.workers.items():
                group.create_task(self._serve(worker, self._wakers[name], stop), name=f"notify-{name}")
            group.create_task(self._refuse_strangers(stop), name="notify-strangers")

    async def _serve(self, worker: ChannelWorker, waker: HintWaker, stop: asyncio.Event) -> None:
        failures, rng = 0, random.Random()
        worker.wake = waker
        while not stop.is_set():
            try:
                took = await worker.turn()
                wait_s = 0.0 if took else await worker.pause_s(self._poll_s)
                failures, self._answered = 0, True
            except TransientError as error:
                self._answered = False
                self.metrics.retries.inc()
                log.warning("notify: trying again", channel=worker.name, error=str(error))
                await sleep_until_stop(stop, RETRY.delay(failures, rng))
                failures += 1
                continue
            if wait_s > 0:
                await hint(stop, waker, wait_s)
        with contextlib.suppress(TransientError):
            await worker.settle()

    async def _refuse_strangers(self, stop: asyncio.Event) -> None:
        """Refuse what waits for a channel that nobody configured: it goes to the next one."""
        while not stop.is_set():
            with contextlib.suppress(TransientError):
                await self.refuse_strangers()
                self._answered = True
            await sleep_until_stop(stop, STRANGERS_EVERY_S)

    def _note(self, code: str) -> None:
        self.metrics.suppressed.labels("(none)", code).inc()

    async def refuse_strangers(self) -> int:
        """Do so once; return how many."""
        now_s, refused = self._clock.now().timestamp(), 0
        for channel in await self._outbox.waiting_channels(now_s):
            if channel in self.workers:
                continue
            log.error("notify: messages wait for a channel that is not configured", channel=channel)
            note = self._note
            await self._outbox.bundle(channel, now_s, note)
            for each in await self._outbox.claim(channel, self._worker, 60.0, STRANGERS_LIMIT, now_s, note):
                sent = Sent(verdict="refused", error=f"no channel {channel!r} is configured")
                self.metrics.attempts.labels("(none)", "refused").inc()
                await self._outbox.record(each, sent, now_s, None)
                refused += 1
        return refused
