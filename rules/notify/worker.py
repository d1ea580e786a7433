"""The worker of one channel: claim, send outside any transaction, record.

It has threads, a rate and a breaker of its own: whatever its channel does, others go on.
What it sends arrives at least once. A crash between sending and recording leaves an attempt
of which nobody knows how it ended; then

- a channel that can tell is asked before anything is sent again;
- one whose receiver knows repeats by their key gets it again;
- over any other a major or critical message is repeated and says so, others are not.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import msgspec
import structlog

from cityops.clock import Clock
from cityops.errors import TransientError
from rules.core.alarm_spec import rank
from rules.core.notify.model import Notification, Sent
from rules.core.notify.outdated import over_by_now
from rules.core.notify.retry import next_attempt_s
from rules.core.notify.route import WEBHOOK
from rules.core.notify.words import FIRST_LINE, shorten
from rules.notify.limits import Breaker, Rate
from rules.notify.metrics import NotifyMetrics
from rules.notify.ports import Channel, Claimed, Outbox
from rules.notify.threads import HungError, Threads

log = structlog.get_logger(__name__)

REPEAT = " (may be a repeat)"
ASK_LIMIT = 50


@dataclass(frozen=True, slots=True)
class Limits:
    """How a channel is used [s].

    Attributes:
        timeout_s: what a channel's own calls get; a thread is given up after twice this and 2 s.
        per_minute: calls at most.
        ask_every_s: between looks for the delivery of what was sent.
        deliver_within_s: after that its delivery counts as unknown.
        record_again_s: pauses before recording is tried again: what was sent and can't be recorded
            would be sent twice.
    """

    timeout_s: float = 10.0
    per_minute: float = 60.0
    ask_every_s: float = 30.0
    deliver_within_s: float = 900.0
    record_again_s: tuple[float, ...] = (0.2, 1.0, 3.0)

    @property
    def deadline_s(self) -> float:
        """When a thread is given up."""
        return 2 * self.timeout_s + 2.0

    @property
    def lease_s(self) -> float:
        """How long a message is one worker's: longer than asking and sending take together."""
        return 2 * self.deadline_s + 10.0


class ChannelWorker:
    """Serves one channel; all of it on the event loop, but for the channel's own calls.

    Attributes:
        wake: called when a call has ended and there is room for the next.
    """

    def __init__(
        self,
        channel: Channel,
        outbox: Outbox,
        clock: Clock,
        worker: str,
        limits: Limits,
        metrics: NotifyMetrics,
        rng: random.Random | None = None,
    ) -> None:
        self._channel, self._outbox, self._clock, self._worker = channel, outbox, clock, worker
        self._limits, self._metrics = limits, metrics
        self._rng = random.Random() if rng is None else rng
        self._rate, self._breaker = Rate(limits.per_minute), Breaker()
        self._asked_at_s: float | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._failure: BaseException | None = None
        self.wake: Callable[[], None] = lambda: None
        self.threads = Threads(channel.name)

    @property
    def name(self) -> str:
        """The channel's."""
        return self._channel.name

    @property
    def healthy(self) -> bool:
        """Whether a thread is left and no pause is on."""
        return not (self.threads.stuck or self._breaker.paused(self._clock.monotonic()))

    async def turn(self) -> bool:
        """Begin what is due, as far as threads and rate allow; return whether there was anything.

        Raises:
            TransientError: the database does not answer. What was sent and not recorded is
                taken up again when its lease ends.
        """
        self._show()
        self._raise_failure()
        # Also before handing over: a storm must not come one by one over another channel.
        await self._outbox.bundle(self.name, self._now_s(), self._note)
        if not self.healthy:
            why = "does not answer" if self.threads.stuck else "is paused after failures"
            await self._outbox.hand_over(self.name, f"{self.name} {why}", self._now_s(), self._note)
            return False
        self._ask_now_and_then()
        room = self._room()
        if room < 1:
            return False
        limits = self._limits
        now_s = self._now_s()
        claimed = await self._outbox.claim(self.name, self._worker, limits.lease_s, room, now_s, self._note)
        self._rate.take(len(claimed))
        for each in claimed:
            self._begin(self._one(each))
        return bool(claimed)

    async def settle(self) -> None:
        """Wait until what has begun is recorded.

        Raises:
            TransientError: as in :meth:`turn`.
        """
        while self._tasks:
            await asyncio.wait(self._tasks)
        self._raise_failure()

    async def pause_s(self, poll_s: float) -> float:
        """Return how long to wait before the next turn, without a hint [s]."""
        if not self.healthy or self._free() < 1:
            return poll_s
        if self._rate.available(self._clock.monotonic()) < 1:
            return self._rate.wait_s()
        due_s = await self._outbox.next_due_s(self.name)
        return poll_s if due_s is None else min(poll_s, max(0.05, due_s - self._now_s()))

    def _free(self) -> int:
        return self.threads.most - self.threads.hung - len(self._tasks)

    def _room(self) -> int:
        return min(self._free(), self._rate.available(self._clock.monotonic()))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name=f"notify-{self.name}-call")
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._failure = task.exception()
        self.wake()

    def _raise_failure(self) -> None:
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    async def _one(self, claimed: Claimed) -> None:
        sent = await self._attempt(claimed)
        now_s = self._now_s()
        self._judge(sent, claimed, now_s)
        await self._record(claimed, sent, now_s, self._next_s(claimed, sent, now_s))

    async def _record(self, claimed: Claimed, sent: Sent, now_s: float, next_s: float | None) -> None:
        for pause_s in self._limits.record_again_s:
            try:
                return await self._outbox.record(claimed, sent, now_s, next_s)
            except TransientError as error:
                log.warning("notify: recording again", channel=self.name, error=str(error))
                await asyncio.sleep(pause_s)
        return await self._outbox.record(claimed, sent, now_s, next_s)

    def _note(self, code: str) -> None:
        self._metrics.suppressed.labels(self.name, code).inc()

    async def _attempt(self, claimed: Claimed) -> Sent:
        n = over_by_now(claimed.notification) if claimed.over else claimed.notification
        if not claimed.maybe_sent or self._channel.knows_repeats:
            return await self._send(n)
        if self._channel.tells:
            known = await self._state_of(claimed)
            return await self._send(n) if known is None or known.verdict == "retry" else known
        if rank(n.severity) < rank("major"):
            return Sent(verdict="unknown", error="an attempt was cut short; it may have arrived")
        return await self._send(
            msgspec.structs.replace(n, title=shorten(n.title, FIRST_LINE - len(REPEAT)) + REPEAT)
        )

    async def _send(self, n: Notification) -> Sent:
        timeout_s = self._limits.timeout_s
        try:
            return await self.threads.run(lambda: self._channel.send(n, timeout_s), self._limits.deadline_s)
        except HungError as error:
            self._metrics.given_up.labels(self.name).inc()
            log.warning("notify: a channel's thread is given up", channel=self.name, hung=self.threads.hung)
            return Sent(verdict="unknown", error=str(error))
        except Exception as error:  # a bug of a channel's must not stop it
            # Never its text: libraries quote addresses and tokens.
            log.error("notify: a channel failed", channel=self.name, error=type(error).__name__)
            return Sent(verdict="unknown", error=f"{type(error).__name__} in the channel")

    async def _state_of(self, claimed: Claimed) -> Sent | None:
        reference = claimed.reference or claimed.notification.key
        timeout_s = self._limits.timeout_s
        try:
            return await self.threads.run(
                lambda: self._channel.state_of(reference, timeout_s), self._limits.deadline_s
            )
        except Exception as error:  # asked again later
            log.warning("notify: a channel can't be asked", channel=self.name, error=type(error).__name__)
            return Sent(verdict="unknown", error="the channel can't be asked what became of it")

    def _judge(self, sent: Sent, claimed: Claimed, now_s: float) -> None:
        self._metrics.attempts.labels(self.name, sent.verdict).inc()
        if sent.verdict in ("sent", "delivered"):
            self._breaker.succeeded()
            waited_s = max(0.0, now_s - claimed.notification.not_before_s)
            self._metrics.wait_s.labels(self.name).observe(waited_s)
        elif claimed.notification.recipient.startswith(f"{WEBHOOK}:"):
            pass  # each goes to a receiver of its own: one that is out of order says nothing of the others
        elif sent.verdict in ("retry", "unknown") and self._breaker.failed(self._clock.monotonic()):
            log.error(
                "notify: a channel fails again and again and is paused", channel=self.name, error=sent.error
            )
        self._show()

    def _next_s(self, claimed: Claimed, sent: Sent, now_s: float) -> float | None:
        n = claimed.notification
        again = sent.verdict == "retry" or (sent.verdict == "unknown" and self._may_repeat(n))
        if not again:
            return None
        return next_attempt_s(
            n.severity,
            claimed.attempt,
            now_s,
            n.expires_s,
            draw=self._rng.random(),
            retry_after_s=sent.retry_after_s,
            has_fallback=bool(n.fallback),
        )

    def _may_repeat(self, n: Notification) -> bool:
        return self._channel.tells or self._channel.knows_repeats or rank(n.severity) >= rank("major")

    def _ask_now_and_then(self) -> None:
        now = self._clock.monotonic()
        if not self._channel.tells or self._free() < 1:
            return
        if self._asked_at_s is None or now - self._asked_at_s >= self._limits.ask_every_s:
            self._asked_at_s = now
            self._begin(self._ask())

    async def _ask(self) -> None:
        """Look after what was sent and whose delivery is not known."""
        for claimed in await self._outbox.outstanding(self.name, ASK_LIMIT):
            if not self.healthy:
                return
            await self._follow(claimed)

    async def _follow(self, claimed: Claimed) -> None:
        said = await self._state_of(claimed)
        now_s = self._now_s()
        if said is None or said.verdict in ("sent", "unknown"):
            if claimed.sent_s is None or now_s - claimed.sent_s < self._limits.deliver_within_s:
                return
            said = Sent(verdict="unknown", error=f"not delivered within {self._limits.deliver_within_s:g} s")
            next_s = None
        else:
            next_s = self._next_s(claimed, said, now_s)
        self._metrics.deliveries.labels(self.name, said.verdict).inc()
        await self._record(claimed, said, now_s, next_s)

    def _show(self) -> None:
        self._metrics.hung.labels(self.name).set(self.threads.hung)
        self._metrics.paused.labels(self.name).set(self._breaker.paused(self._clock.monotonic()))

    def _now_s(self) -> float:
        return self._clock.now().timestamp()
