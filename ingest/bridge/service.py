"""The bridge: a connection for each network server, the worker, the queue of downlinks. Runs beside the ingester."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from cityops.errors import TransientError
from cityops.runtime.stop import sleep_until_stop
from ingest.bridge.metrics import BridgeMetrics
from ingest.bridge.ports import Connection, Inbox, Say, Source, Take
from ingest.bridge.receiver import Receiver
from ingest.bridge.sending import Sending
from ingest.bridge.spool import Spool
from ingest.bridge.worker import Worker

log = structlog.get_logger(__name__)

LOOK_S, AGAIN_S = 5.0, 5.0
"""How soon a source that was added, changed or switched off is noticed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeParts:
    """What a :class:`Bridge` is made of.

    Attributes:
        inbox: for its connections and for sources.
        receiver: takes events.
        worker: stores them.
        make_sending: makes what sends downlinks, given the connections.
        spool: the disk.
        metrics: counters.
        subscribing: whether this process, of several on the machine, is the one to connect.
        release: closes what the parts hold.
    """

    inbox: Inbox
    receiver: Receiver
    worker: Worker
    make_sending: Callable[[Callable[[int], Connection | None]], Sending]
    spool: Spool
    metrics: BridgeMetrics
    subscribing: Callable[[], bool]
    release: Callable[[], Awaitable[None]]


class Bridge:
    """See the module. A ``cityops.runtime.supervisor.Service``."""

    def __init__(self, parts: BridgeParts, make_source: Callable[[Source, Take, Say], Connection]) -> None:
        self._parts, self._make_source = parts, make_source
        self._running: dict[int, tuple[Connection, asyncio.Event, asyncio.Task[None]]] = {}
        self._sending = parts.make_sending(self.connection)

    def connection(self, source_id: int) -> Connection | None:
        """Return a source's connection; None where there is none."""
        found = self._running.get(source_id)
        return None if found is None else found[0]

    @property
    def connected(self) -> int:
        """How many servers are connected."""
        return sum(source.connected for source, _, _ in self._running.values())

    @property
    def spooled(self) -> int:
        """How many events wait on the disk."""
        return self._parts.spool.waiting

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until ``stop``, then disconnect; what came is in the inbox, or on the disk."""
        try:
            async with asyncio.TaskGroup() as group:
                for name, work in (
                    ("sources", self._sources),
                    ("spool", self._parts.receiver.drain),
                    ("worker", self._parts.worker.run),
                    ("downlinks", self._sending.run),
                ):
                    group.create_task(_lasting(name, work, stop), name=f"lorawan {name}")
        finally:
            await self._parts.inbox.close()
            await self._parts.release()

    async def _sources(self, stop: asyncio.Event) -> None:
        try:
            while True:
                await self._look()
                if await sleep_until_stop(stop, LOOK_S):
                    return
        finally:
            await self._end(list(self._running))

    async def _look(self) -> None:
        """Run the sources that there are now, and no other."""
        if not self._parts.subscribing():
            return
        wanted = {s.source_id: s for s in await self._wanted() if s.transport == "mqtt"}
        changed = [
            number for number, (one, _, _) in self._running.items() if wanted.get(number) != one.source
        ]
        await self._end(changed)
        for number, source in wanted.items():
            if number not in self._running:
                self._begin(source)
        for one, _, _ in self._running.values():
            self._parts.metrics.connected.labels(one.source.name).set(one.connected)

    async def _wanted(self) -> list[Source]:
        try:
            sources = await self._parts.inbox.sources()
        except TransientError:
            running = [one.source for one, _, _ in self._running.values()]
            return running or await asyncio.to_thread(self._parts.spool.kept_sources)
        await asyncio.to_thread(self._parts.spool.keep_sources, sources)
        return sources

    def _begin(self, source: Source) -> None:
        one, ending = self._make_source(source, self._parts.receiver.take, self._say), asyncio.Event()
        task = asyncio.create_task(one.run(ending), name=f"lorawan {source.name}")
        self._running[source.source_id] = (one, ending, task)

    async def _end(self, numbers: list[int]) -> None:
        ending = [self._running.pop(number) for number in numbers]
        for _, stop, _ in ending:
            stop.set()
        for one, _, task in ending:
            result = (await asyncio.gather(task, return_exceptions=True))[0]
            if isinstance(result, Exception):
                log.error("LoRaWAN source failed", source=one.source.name, error=repr(result))

    async def _say(self, source_id: int, said: str) -> None:
        try:
            await self._parts.inbox.connection(source_id, said)
        except TransientError as e:
            log.debug("state of a LoRaWAN source not noted", error=str(e))


async def _lasting(name: str, work: Callable[[asyncio.Event], Awaitable[None]], stop: asyncio.Event) -> None:
    """Run a part until ``stop``; one that fails for what nobody foresaw begins again, and costs the broker's devices nothing."""
    while not stop.is_set():
        try:
            await work(stop)
        except Exception:
            log.exception("a part of LoRaWAN failed and begins again", part=name, again_s=AGAIN_S)
            await sleep_until_stop(stop, AGAIN_S)
