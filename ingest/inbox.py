"""Between sources that push and a writer that pulls: the chunks that wait for their batch.

It has no bound of its own: a source delivers no more than its window and gets room back
only as its chunks are settled.
"""

from __future__ import annotations

import asyncio

from cityops.clock import Clock
from ingest.core.batches import Gatherer, Limits
from ingest.ports import Chunk


class Inbox:
    """Gathers chunks and hands out batches by size or age."""

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self._gatherer: Gatherer[Chunk] = Gatherer(limits)
        self._clock = clock
        self._changed = asyncio.Event()
        self._closed = False

    def offer(self, chunk: Chunk) -> None:
        """Take a chunk in; never waits."""
        first = self._gatherer.messages == 0
        self._gatherer.add(chunk)
        if first or self._gatherer.full():
            self._changed.set()

    def close(self) -> None:
        """Nothing more will come: what waits is given out at once."""
        self._closed = True
        self._changed.set()

    @property
    def waiting(self) -> int:
        """Messages that wait."""
        return self._gatherer.messages

    async def next_batch(self) -> list[Chunk]:
        """Return the next batch; empty once closed and drained. For one reader only."""
        while not (self._gatherer.full() or self._closed):
            self._changed.clear()
            due_at = self._gatherer.due_at()
            if due_at is None:
                await self._changed.wait()
                continue
            left_s = due_at - self._clock.monotonic()
            if left_s <= 0:
                break
            try:
                async with asyncio.timeout(left_s):
                    await self._changed.wait()
            except TimeoutError:
                break
        return self._gatherer.take()
