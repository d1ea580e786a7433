"""The fleet service: tells devices their settings, hears what came of it, and answers what they ask.

One process works, under the lock it is given; others wait to take over. The broker is left and entered again as it comes and
goes; what was not sent is found again in the database, so nothing is kept in memory that matters.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from cityops.clock import Clock
from cityops.errors import TransientError
from cityops.runtime.stop import sleep_until_stop
from devices.contract.kind import Kind
from devices.contract.messages import encode
from devices.contract.settings.messages import CONFIRM_WITHIN_S, Desired
from devices.contract.topics import ASK, parse
from ingest.fleet.ask_queue import AskQueue
from ingest.fleet.asks import Answer, Asking, Asks, BadAskError, Job, read_ask
from ingest.fleet.core.drift import counted, judge
from ingest.fleet.keeping import Declared, hear, recompose
from ingest.fleet.metrics import FleetMetrics
from ingest.fleet.ports import FleetKeeping, Outgoing

log = structlog.get_logger(__name__)

AGAIN_S = 3.0
COUNT_EVERY_S = 15.0
COMPOSE_EVERY_S = 60.0
BATCH = 100
ASKS_WAITING = 1000
ASKS_OF_ONE = 8
"""Of these, of one device: one that asks without end holds up nobody else."""


class Broker(Protocol):
    """A connection to the broker, made by an adapter."""

    async def publish(self, topic: str, payload: bytes, *, retain: bool) -> None:
        """Send at QoS 1; returns when the broker took it. TransientError: the connection is lost."""
        ...

    def asks(self) -> AsyncIterator[tuple[str, bytes]]:
        """Yield topic and payload of what devices ask."""
        ...


Connect = Callable[[], AbstractAsyncContextManager[Broker]]
"""Makes a connection that hears asks; TransientError where the broker does not answer."""
Turn = Callable[[], AbstractAsyncContextManager[bool]]
"""Whether it is this process's turn, for as long as the context lasts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetParts:
    """What the service is made of.

    Attributes:
        book: where settings are kept.
        connect, turn: see there.
        kinds: by name.
        clock: the time by which devices are judged.
        asks: who answers what devices ask; updates join here.
        jobs: done at every look.
        hints: makes an iterator that yields when something changed (NOTIFY); polling goes on without it.
        per_s: messages a second that it sends at most.
        poll_s: between looks [s].
        confirm_within_s: how long devices wait for the confirmation of what could cut them off [s].
    """

    book: FleetKeeping
    connect: Connect
    turn: Turn
    kinds: Mapping[str, Kind]
    clock: Clock
    asks: Asks = field(default_factory=Asks)
    jobs: Sequence[Job] = ()
    hints: Callable[[], AsyncIterator[str]] | None = None
    metrics: FleetMetrics = field(default_factory=FleetMetrics)
    per_s: float = 50.0
    poll_s: float = 2.0
    confirm_within_s: int = CONFIRM_WITHIN_S


class FleetService:
    """A ``cityops.runtime.supervisor.Service``."""

    def __init__(self, parts: FleetParts) -> None:
        self._p = parts
        self._declared = Declared(parts.kinds)
        self._broker: Broker | None = None
        self._active = False
        self._looked = False
        self._mark: object = None
        self._composed_s = self._counted_s = float("-inf")
        self._next_s = 0.0
        self._hint = asyncio.Event()

    @property
    def metrics(self) -> FleetMetrics:
        """What Prometheus sees of it."""
        return self._p.metrics

    def ready(self) -> dict[str, bool]:
        """Whether it works, or waits for the one that does; and whether broker and database answer that one."""
        waits = not self._active
        return {"broker": waits or self._broker is not None, "database": waits or self._looked}

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop``; a broker or database that is away is tried again."""
        hints = asyncio.create_task(self._listen(), name="fleet-hints")
        try:
            while not stop.is_set():
                try:
                    async with self._p.turn() as mine:
                        self._p.metrics.active.set(mine)
                        self._active = mine
                        if mine:
                            await self._work(stop)
                except (TransientError, OSError) as error:
                    self._p.metrics.failures.labels("connection").inc()
                    log.warning("fleet: waits", error=" ".join(str(error).split())[:200])
                self._active = self._looked = False
                self._p.metrics.active.set(0)
                await sleep_until_stop(stop, AGAIN_S)
        finally:
            hints.cancel()
            with suppress(asyncio.CancelledError):
                await hints

    # -- working -------------------------------------------------------------------

    async def _work(self, stop: asyncio.Event) -> None:
        async with self._p.connect() as broker:
            self._broker = broker
            self._p.metrics.connected.set(1)
            log.info("fleet: at work")
            answering = asyncio.create_task(self._answer(broker), name="fleet-asks")
            try:
                while not stop.is_set() and not answering.done():
                    more = await self.look()
                    if not more:
                        await self._wait(stop)
                if answering.done():
                    await answering  # the connection's end, in its own words
            finally:
                self._broker = None
                self._p.metrics.connected.set(0)
                answering.cancel()
                with suppress(asyncio.CancelledError, TransientError):
                    await answering

    async def _wait(self, stop: asyncio.Event) -> None:
        stopped = asyncio.create_task(stop.wait())
        hinted = asyncio.create_task(self._hint.wait())
        try:
            await asyncio.wait({stopped, hinted}, timeout=self._p.poll_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (stopped, hinted):
                task.cancel()
        self._hint.clear()

    async def look(self) -> bool:
        """Do what is to be done now; return whether there is more of it."""
        book, metrics = self._p.book, self._p.metrics
        await self._compose()
        for report in await hear(book, self._declared):
            metrics.reports.labels(report.state or "not understood").inc()
        outgoing = await book.outgoing(BATCH)
        await self._send(outgoing)
        await book.follow_cadence()
        for job in self._p.jobs:
            await self._do(job)
        await self._count()
        self._looked = True
        return len(outgoing) == BATCH

    async def _compose(self) -> None:
        now_s = time.monotonic()
        mark = await self._p.book.mark()
        if mark == self._mark and now_s - self._composed_s < COMPOSE_EVERY_S:
            return
        made = await recompose(self._p.book, self._declared, self._p.confirm_within_s)
        self._p.metrics.versions.inc(made)
        self._mark, self._composed_s = mark, now_s

    async def _send(self, outgoing: Sequence[Outgoing]) -> None:
        taken: list[Outgoing] = []
        try:
            for one in outgoing:
                document = Desired(
                    version=one.version,
                    settings=dict(one.settings),
                    confirm_within_s=one.confirm_within_s,
                    confirmed=one.confirmed,
                )
                device = Asking(name=one.name, kind=one.kind, shard=one.shard)
                await self._publish(device, Answer("desired", encode(document), retain=True))
                self._p.metrics.published.labels("confirmed" if one.confirmed else "desired").inc()
                taken.append(one)
        finally:
            await self._p.book.sent(taken)

    async def _do(self, job: Job) -> None:
        try:
            await job(self)
        except TransientError:
            raise
        except Exception:  # whatever it is of: settings go on
            self._p.metrics.failures.labels("job").inc()
            log.exception("fleet: a job failed, and is done again")

    async def _count(self) -> None:
        now_s = time.monotonic()
        if now_s - self._counted_s >= COUNT_EVERY_S:
            self._counted_s = now_s
            now = self._p.clock.now()
            self._p.metrics.count(counted(judge(s.facts, now) for s in await self._p.book.standings()))

    # -- saying and answering --------------------------------------------------------

    async def tell(self, device: Asking, answer: Answer) -> bool:
        """Send to a device that has not asked; see :class:`ingest.fleet.asks.Teller`."""
        if self._broker is None:
            return False
        await self._publish(device, answer)
        self._p.metrics.published.labels(answer.channel).inc()
        return True

    async def _publish(self, device: Asking, answer: Answer) -> None:
        broker = self._broker
        if broker is None:
            raise TransientError("not connected to the broker")
        await self._paced()
        await broker.publish(device.topic(answer.channel), answer.payload, retain=answer.retain)

    async def _paced(self) -> None:
        """Wait for the next of ``per_s`` places a second."""
        now_s = time.monotonic()
        at_s = max(now_s, self._next_s)
        self._next_s = at_s + 1.0 / self._p.per_s
        if at_s > now_s:
            await asyncio.sleep(at_s - now_s)

    async def _answer(self, broker: Broker) -> None:
        """Answer what is asked, one after the other; what comes faster than that is dropped: it is asked again."""
        waiting = AskQueue(ASKS_WAITING, ASKS_OF_ONE)
        working = asyncio.create_task(self._answer_all(waiting), name="fleet-answers")
        try:
            async for topic, payload in broker.asks():
                if not waiting.put(topic, payload):
                    self._p.metrics.dropped.inc()
        finally:
            working.cancel()
            with suppress(asyncio.CancelledError):
                await working

    async def _answer_all(self, waiting: AskQueue) -> None:
        while True:
            topic, payload = await waiting.get()
            await self.answer(topic, payload)

    async def answer(self, topic: str, payload: bytes) -> None:
        """Answer one ask; whatever is wrong with it is counted, and the next one comes."""
        found = parse(topic)
        if found is None or found.channel != ASK:
            return
        device, what = Asking(name=found.device, kind=found.kind, shard=found.shard), "?"
        try:
            what, document = read_ask(payload)
            answers = await self._p.asks.reply(device, what, document)
            for answer in answers:
                await self._publish(device, answer)
            outcome = "answered" if answers else "not answered"
        except BadAskError as error:
            outcome = "bad"
            log.info("fleet: a bad ask", device=found.device, error=str(error))
        except TransientError:
            outcome = "failed"  # the connection's end is seen by whoever reads from it
        except Exception:
            outcome = "failed"
            log.exception("fleet: an ask failed", device=found.device)
        known = what if what in self._p.asks.known else "unknown"
        self._p.metrics.asks.labels(known, outcome).inc()

    async def _listen(self) -> None:
        if self._p.hints is not None:
            async for _ in self._p.hints():
                self._hint.set()
