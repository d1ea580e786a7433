"""Shards handed over and lost, with leases and sources that do what a test says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from cityops.clock import SystemClock
from cityops.errors import TransientError
from ingest.metrics import IngestMetrics
from ingest.ports import Chunk, Holding
from ingest.shards import ShardHolder

CLOCK = SystemClock()


@dataclass
class Leases:
    """What the next looks find; what was done is noted in ``story``."""

    story: list[str]
    holding: Holding | None = None
    valid: bool = True
    check_s: float = 0.01
    looks: int = 0

    async def hold(self, shards: Collection[int]) -> Holding:
        self.looks += 1
        if self.holding is None:
            raise TransientError("cut off")
        return self.holding

    async def release(self, shards: Collection[int]) -> None:
        self.story.append(f"released {sorted(shards)}")
        assert self.holding is not None
        self.holding = Holding(self.holding.held - set(shards), all_served=True)

    async def close(self) -> None:
        self.story.append("closed")


@dataclass
class Source:
    """A source that does nothing by itself."""

    shard: int
    story: list[str]
    held: int = 0
    connected: bool = True
    discarded: list[Chunk] = field(default_factory=list)

    async def run(self, stop: asyncio.Event, allowed: Callable[[], bool] = lambda: True) -> None:
        self.story.append(f"{self.shard} reads")
        await stop.wait()
        self.story.append(f"{self.shard} reads no more")

    def settle(self, chunk: Chunk) -> None:
        self.held -= len(chunk)

    def discard(self, chunk: Chunk) -> None:
        self.discarded.append(chunk)

    def publish_all(self, messages: Sequence[tuple[str, bytes]]) -> int:
        return len(messages)

    async def close(self) -> None:
        self.story.append(f"{self.shard} disconnects")


@dataclass
class Running:
    holder: ShardHolder
    leases: Leases
    sources: dict[int, Source]
    metrics: IngestMetrics
    story: list[str]

    def chunk(self, shard: int, arrived_s: float | None = None) -> Chunk:
        at_s = CLOCK.monotonic() if arrived_s is None else arrived_s
        return Chunk(self.sources[shard], 1, ["t"], [b""], [1], 0, at_s)

    async def look(self) -> None:
        """Return when a look that began after this call is over."""
        wanted = self.leases.looks + 2
        await until(lambda: self.leases.looks >= wanted)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.001)


@asynccontextmanager
async def running(*shards: int) -> AsyncIterator[Running]:
    story: list[str] = []
    leases, metrics = Leases(story, Holding(frozenset(shards))), IngestMetrics()
    sources = {shard: Source(shard, story) for shard in range(4)}
    holder = ShardHolder(
        range(4), leases, lambda shard, _deliver: sources[shard], lambda _: None, CLOCK, metrics
    )
    stop = asyncio.Event()
    task = asyncio.create_task(holder.run(stop))
    it = Running(holder, leases, sources, metrics, story)
    await it.look()
    yield it
    stop.set()
    await task


def moves(it: Running, how: str) -> float:
    return it.metrics.registry.get_sample_value("cityops_ingest_shard_moves_total", {"how": how}) or 0.0


async def test_a_hand_over_settles_disconnects_and_only_then_releases() -> None:
    async with running(0, 1) as it:
        late = it.chunk(1)
        it.sources[1].held = 1
        it.leases.holding = Holding(frozenset({0, 1}), give_up=frozenset({1}), settled=False)
        await until(lambda: "1 reads no more" in it.story)
        await it.look()
        assert it.story[-1] == "1 reads no more"  # it waits for what is held
        assert it.holder.serves(late)  # which is stored meanwhile
        it.sources[1].settle(late)
        await until(lambda: moves(it, "handed_over") == 1)
        assert it.story[2:] == ["1 reads no more", "1 disconnects", "released [1]"]
        assert not it.holder.serves(late)
        await it.look()
        assert "1 reads" not in it.story[2:]
        it.leases.holding = Holding(frozenset({0, 1}))
        await until(lambda: it.story.count("1 reads") == 2)
        assert not it.holder.serves(late)
        assert it.holder.serves(it.chunk(1))


async def test_a_hand_over_that_a_stop_meets_leaves_the_rest_to_it() -> None:
    async with running(0, 1) as it:
        it.sources[1].held = 1
        it.leases.holding = Holding(frozenset({0, 1}), give_up=frozenset({1}), settled=False)
        await until(lambda: "1 reads no more" in it.story)
    assert it.holder.serves(it.chunk(1))  # the last batch stores it
    assert "released [1]" not in it.story
    await it.holder.close()
    assert sorted(it.story[-2:]) == ["0 disconnects", "1 disconnects"]
    assert not it.holder.serves(it.chunk(0))


async def test_what_was_held_for_a_lost_shard_is_not_ours_even_after_it_came_back() -> None:
    async with running(0, 1) as it:
        old = it.chunk(0)
        assert it.holder.serves(old)
        it.leases.holding = None
        await until(lambda: "0 disconnects" in it.story and "1 disconnects" in it.story)
        assert not it.holder.leases_ok
        assert not it.holder.all_connected
        assert not it.holder.serves(old)
        it.leases.holding = Holding(frozenset({0}))
        await until(lambda: it.story.count("0 reads") == 2)
        assert not it.holder.serves(old)
        assert moves(it, "lost") == 2


async def test_a_lease_that_may_have_run_out_stores_nothing_before_the_next_look() -> None:
    """A worker that was frozen wakes: its clock is the first thing it can know."""
    async with running(0) as it:
        chunk = it.chunk(0)
        it.leases.valid = False
        assert not it.holder.serves(chunk)
        it.leases.valid = True
        assert it.holder.serves(chunk)


async def test_no_shard_is_in_order_where_others_hold_all() -> None:
    async with running() as it:
        it.leases.holding = Holding(frozenset(), all_served=True)
        await it.look()
        assert it.holder.all_connected
        it.leases.holding = Holding(frozenset(), all_served=False)
        await it.look()
        assert not it.holder.all_connected
        it.leases.holding = Holding(frozenset({2}))
        await until(lambda: "2 reads" in it.story)
        assert it.holder.all_connected
        it.sources[2].connected = False
        assert not it.holder.all_connected
