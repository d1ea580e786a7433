"""Holding shards: for each lease one running source.

A shard leaves in one of two ways. *Handed over*, because another worker should have it:
read no more, store and acknowledge what is held, disconnect, and only then release the
lease, so that whoever takes it finds nothing on its way. *Lost*, because the lease may be
another's already: nothing that is held for it may be stored any more (see :meth:`serves`),
it comes again to whoever holds the lease.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Collection
from dataclasses import dataclass

import structlog

from cityops.clock import Clock
from cityops.errors import TransientError
from cityops.runtime.stop import sleep_until_stop
from ingest.incident import Incident
from ingest.metrics import IngestMetrics
from ingest.ports import Chunk, Holding, MessageSource, ShardLeases, SourceFactory

log = structlog.get_logger(__name__)

HAND_OVER_S = 10.0
"""How long a hand-over waits for what is held to be stored; what isn't goes to the next worker."""

_POLL_S = 0.02
_HURRY = 4
"""While shares are uneven leases are looked at so many times as often."""


@dataclass(slots=True)
class _Running:
    task: asyncio.Task[None]
    stop: asyncio.Event
    began_s: float
    """What came before is not to be stored; infinite: nothing is."""
    leaving: bool = False


class ShardHolder:
    """Runs the sources of the shards that this worker holds the lease of.

    Attributes:
        sources: by shard. A source is made once and kept over lost leases, so that what
            it holds unsettled stays counted.
    """

    def __init__(
        self,
        shards: Collection[int],
        leases: ShardLeases,
        make_source: SourceFactory,
        deliver: Callable[[Chunk], None],
        clock: Clock,
        metrics: IngestMetrics,
    ) -> None:
        self._shards = frozenset(shards)
        self._leases = leases
        self._make_source = make_source
        self._deliver = deliver
        self._clock = clock
        self._metrics = metrics
        self._trouble = Incident(log, "leases lost", "leases can be had again")
        self._running: dict[int, _Running] = {}
        self._holding: Holding | None = None
        self.sources: dict[int, MessageSource] = {}

    @property
    def leases_ok(self) -> bool:
        """Whether the last look at the leases succeeded."""
        return self._holding is not None

    @property
    def all_connected(self) -> bool:
        """Whether each shard held has its connection. Holding none is in order where others hold all."""
        if not self._running and (self._holding is None or not self._holding.all_served):
            return False
        return all(self.sources[s].connected for s in self._running)

    def serves(self, chunk: Chunk) -> bool:
        """Whether a chunk is ours to store: its shard has been held ever since it came."""
        running = self._running.get(chunk.source.shard)
        return running is not None and chunk.arrived_s >= running.began_s and self._leases.valid

    async def run(self, stop: asyncio.Event) -> None:
        """Hold our share until ``stop``; then no source reads any more. ``close`` ends it."""
        async with asyncio.TaskGroup() as group:
            while not stop.is_set():
                await self._check(group, stop)
                hurry = self._holding is not None and not self._holding.settled
                await sleep_until_stop(stop, self._leases.check_s / (_HURRY if hurry else 1))
            for running in self._running.values():
                running.stop.set()

    async def close(self) -> None:
        """Disconnect every source, acknowledgements sent."""
        await asyncio.gather(*(source.close() for source in self.sources.values()))
        self._running.clear()

    def note(self) -> None:
        """Put what is held into the gauges."""
        metrics = self._metrics
        metrics.shards.set(len(self._running))
        metrics.workers.set(0 if self._holding is None else self._holding.workers)

    async def _check(self, group: asyncio.TaskGroup, stop: asyncio.Event) -> None:
        try:
            self._holding = await self._leases.hold(self._shards)
        except TransientError as e:
            self._trouble.failed("leases", str(e))
            self._holding = None
        else:
            self._trouble.works("leases")
        held = frozenset[int]() if self._holding is None else self._holding.held
        give_up = frozenset[int]() if self._holding is None else self._holding.give_up
        staying = {shard for shard, running in self._running.items() if not running.leaving}
        for shard in set(self._running) - staying - held:
            self._running[shard].began_s = math.inf
        await asyncio.gather(*(self._lose(shard) for shard in staying - held))
        for shard in sorted(staying & give_up):
            self._running[shard].leaving = True
            group.create_task(self._hand_over(shard, stop), name=f"hand over shard {shard:02x}")
        for shard in sorted(held - give_up - set(self._running)):
            self._start(shard, group)

    def _start(self, shard: int, group: asyncio.TaskGroup) -> None:
        source = self.sources.get(shard)
        if source is None:
            source = self.sources[shard] = self._make_source(shard, self._deliver)
        stop, began_s = asyncio.Event(), self._clock.monotonic()
        task = group.create_task(
            source.run(stop, lambda: self._leases.valid), name=f"ingest shard {shard:02x}"
        )
        self._running[shard] = _Running(task, stop, began_s)
        self._metrics.moves.labels("taken").inc()
        log.info("shard taken", shard=shard)

    async def _lose(self, shard: int) -> None:
        """Stop serving at once: another worker may."""
        running = self._running.pop(shard)
        await self._stop(shard, running)
        self._metrics.moves.labels("lost").inc()
        log.warning("shard lost", shard=shard, held=self.sources[shard].held)

    async def _hand_over(self, shard: int, stop: asyncio.Event) -> None:
        """Settle what is held, disconnect, and only then let another worker have the shard."""
        running, source = self._running[shard], self.sources[shard]
        running.stop.set()
        await running.task
        deadline_s = self._clock.monotonic() + HAND_OVER_S
        while source.held != 0 and self._leases.valid and self._clock.monotonic() < deadline_s:
            if stop.is_set():
                return  # stopping drains and releases everything
            await asyncio.sleep(_POLL_S)
        running.began_s = math.inf
        await source.close()
        try:
            await self._leases.release({shard})
        except TransientError as e:
            log.warning("shard lost while it was handed over", shard=shard, reason=str(e))
        # Not before: while it is here, no look at the leases starts it again.
        del self._running[shard]
        self._metrics.moves.labels("handed_over").inc()
        log.info("shard handed over", shard=shard, unsettled=source.held)

    async def _stop(self, shard: int, running: _Running) -> None:
        running.stop.set()
        await running.task
        await self.sources[shard].close()
