"""Holding shards: for each lease one running source."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass

import structlog

from cityops.errors import TransientError
from cityops.runtime.stop import sleep_until_stop
from ingest.incident import Incident
from ingest.metrics import IngestMetrics
from ingest.ports import Chunk, MessageSource, ShardLeases, SourceFactory

log = structlog.get_logger(__name__)

LEASE_CHECK_S = 2.0
"""How often leases are asked for and checked."""


@dataclass(slots=True)
class _Running:
    task: asyncio.Task[None]
    stop: asyncio.Event


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
    ) -> None:
        self._shards = frozenset(shards)
        self._leases = leases
        self._make_source = make_source
        self._deliver = deliver
        self._trouble = Incident(log, "leases lost", "leases can be had again")
        self._running: dict[int, _Running] = {}
        self.sources: dict[int, MessageSource] = {}

    @property
    def all_connected(self) -> bool:
        """Whether at least one shard is held, and every held one's source is connected."""
        return bool(self._running) and all(self.sources[s].connected for s in self._running)

    async def run(self, stop: asyncio.Event) -> None:
        """Hold what can be had until ``stop``; then no source reads any more."""
        try:
            async with asyncio.TaskGroup() as group:
                while not stop.is_set():
                    await self._check(group)
                    await sleep_until_stop(stop, LEASE_CHECK_S)
                for running in self._running.values():
                    running.stop.set()
        finally:
            self._running.clear()

    async def close(self) -> None:
        """Disconnect every source, acknowledgements sent."""
        await asyncio.gather(*(source.close() for source in self.sources.values()))

    def note(self, metrics: IngestMetrics) -> None:
        """Put the sources' state into the gauges."""
        metrics.shards.set(len(self._running))
        counts = [getattr(source, "counts", None) for source in self.sources.values()]
        metrics.lost_sessions.set(sum(c.lost_sessions for c in counts if c is not None))
        metrics.stale.set(sum(c.stale_acknowledgements for c in counts if c is not None))

    async def _check(self, group: asyncio.TaskGroup) -> None:
        try:
            ours = await self._leases.acquire(self._shards)
        except TransientError as e:
            self._trouble.failed("leases", str(e))
            ours = set()
        else:
            self._trouble.works("leases")
        await asyncio.gather(*(self._give_up(shard) for shard in set(self._running) - ours))
        for shard in sorted(ours - set(self._running)):
            self._start(shard, group)

    def _start(self, shard: int, group: asyncio.TaskGroup) -> None:
        source = self.sources.get(shard)
        if source is None:
            source = self.sources[shard] = self._make_source(shard, self._deliver)
        stop = asyncio.Event()
        task = group.create_task(source.run(stop), name=f"ingest shard {shard:02x}")
        self._running[shard] = _Running(task, stop)
        log.info("shard taken", shard=shard)

    async def _give_up(self, shard: int) -> None:
        """Stop serving at once: from now on another worker may."""
        running = self._running.pop(shard)
        running.stop.set()
        await running.task
        await self.sources[shard].close()
        log.warning("shard given up", shard=shard)
