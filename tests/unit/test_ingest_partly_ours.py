"""A batch that stops being ours in the middle: what is stored counts and is told, what is not ours is not acknowledged."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.contract.kind import discover
from devices.contract.messages import Receipt
from ingest.core.batch import Batch
from ingest.core.batches import Limits
from ingest.core.decode import Decoder
from ingest.leases import SoleLeases
from ingest.memory_store import MemorySink
from ingest.metrics import IngestMetrics
from ingest.ports import Chunk, Stored
from ingest.service import IngestParts, IngestService
from tests.fakes.ingest_setup import clock, known_devices, reading, reading_topic

EACH = 4
POISON = b"poison"


@dataclass
class Source:
    """A source that remembers what became of its messages."""

    shard: int
    settled: list[int] = field(default_factory=list)
    discarded: list[int] = field(default_factory=list)
    told: list[tuple[int, int]] = field(default_factory=list)
    connected: bool = True
    held: int = 0

    async def run(self, stop: asyncio.Event, allowed: Callable[[], bool] = lambda: True) -> None:
        await stop.wait()

    def settle(self, chunk: Chunk) -> None:
        self.settled += chunk.packet_ids

    def discard(self, chunk: Chunk) -> None:
        self.discarded += chunk.packet_ids

    def publish_all(self, messages: Sequence[tuple[str, bytes]]) -> int:
        for _, payload in messages:
            for boot in msgspec.json.decode(payload, type=Receipt).received:
                self.told += boot.ranges
        return len(messages)

    async def close(self) -> None:
        pass

    def chunk(self, payloads: list[bytes]) -> Chunk:
        ids = [100 * (self.shard + 1) + n for n in range(len(payloads))]
        topics = [reading_topic(f"frog-{self.shard}")] * len(payloads)
        return Chunk(self, 1, topics, payloads, ids, sum(map(len, payloads)), 0.0)


class LosingSink(MemorySink):
    """Loses a shard once so many batches are stored."""

    def __init__(self, after: int, lose: Callable[[], None]) -> None:
        super().__init__(known_devices(), clock())
        self._after, self._lose = after, lose

    async def store(self, batch: Batch, shard: int | None) -> Stored:
        stored = await super().store(batch, shard)
        if len(self.batches) == self._after:
            self._lose()
        return stored


@pytest.fixture
def _poisonous(monkeypatch: pytest.MonkeyPatch) -> None:
    """The decoder fails on a message, so that its batch is stored by halves."""
    decode = Decoder.decode

    def failing(self: Decoder, topics: list[str], payloads: list[bytes], now_us: int) -> Batch:
        if POISON in payloads:
            raise OverflowError
        return decode(self, topics, payloads, now_us)

    monkeypatch.setattr(Decoder, "decode", failing)


async def play(
    monkeypatch: pytest.MonkeyPatch, lost_shard: int, after: int, for_good: bool = True
) -> tuple[IngestMetrics, list[Source]]:
    """Store four good messages of shard 0 and then two good, a bad and a good one of shard 1."""
    lost: set[int] = set()
    sink, metrics = LosingSink(after, lambda: lost.add(lost_shard)), IngestMetrics()
    sources = [Source(0), Source(1)]
    service = IngestService(
        IngestParts(
            shards=(0, 1),
            make_source=lambda shard, _deliver: sources[shard],
            sink=sink,
            devices=sink,
            leases=SoleLeases(),
            kinds=discover(),
            clock=clock(),
            limits=Limits(200, 1_000_000, 0.05),
            metrics=metrics,
        )
    )
    service._holder.sources.update(enumerate(sources))

    def serves(chunk: Chunk) -> bool:
        gone = chunk.source.shard in lost
        if gone and not for_good:
            lost.clear()
        return not gone

    monkeypatch.setattr(service._holder, "serves", serves)
    service._inbox.offer(sources[0].chunk([reading(n) for n in range(EACH)]))
    service._inbox.offer(sources[1].chunk([reading(0), reading(1), POISON, reading(3)]))
    service._inbox.close()
    await service._write()
    return metrics, sources


@pytest.mark.usefixtures("_poisonous")
async def test_what_is_stored_of_a_shard_that_is_lost_is_told_and_not_acknowledged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    metrics, (ours, lost) = await play(monkeypatch, lost_shard=1, after=2)
    assert (ours.settled, ours.discarded, ours.told) == ([100, 101, 102, 103], [], [(0, 3)])
    assert (lost.settled, lost.discarded, lost.told) == ([], [200, 201, 202, 203], [(0, 1)])
    assert counted(metrics) == {"messages_received": 6, "committed": 6, "letters": 0, "discarded": 4}


@pytest.mark.usefixtures("_poisonous")
async def test_what_is_left_of_ours_is_stored_when_another_shard_was_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    metrics, (lost, ours) = await play(monkeypatch, lost_shard=0, after=1)
    assert (lost.settled, lost.discarded, lost.told) == ([], [100, 101, 102, 103], [(0, 3)])
    assert (ours.settled, ours.discarded) == ([200, 201, 202, 203], [])
    assert ours.told[-1] == (3, 3)
    assert counted(metrics) == {"messages_received": 8, "committed": 7, "letters": 1, "discarded": 4}


@pytest.mark.usefixtures("_poisonous")
async def test_of_a_chunk_the_rest_of_which_is_ours_again_nothing_is_stored_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A lease that lapsed for a moment: the stored part is done with, the rest goes on from there."""
    metrics, (first, second) = await play(monkeypatch, lost_shard=1, after=2, for_good=False)
    assert first.settled + second.settled == [100, 101, 102, 103, 200, 201, 202, 203]
    assert first.discarded + second.discarded == []
    assert metrics.registry.get_sample_value("cityops_ingest_duplicates_total") == 0
    assert counted(metrics) == {"messages_received": 8, "committed": 7, "letters": 1, "discarded": 0}


def counted(metrics: IngestMetrics) -> dict[str, float]:
    value = metrics.registry.get_sample_value
    labels = {"kind": "frog"}, {"reason": "not_understood"}
    return {
        "messages_received": value("cityops_ingest_messages_received_total") or 0,
        "committed": value("cityops_ingest_readings_committed_total", labels[0]) or 0,
        "letters": value("cityops_ingest_dead_letters_total", labels[1]) or 0,
        "discarded": value("cityops_ingest_messages_discarded_total") or 0,
    }


@given(st.lists(st.binary(max_size=5), max_size=9), st.integers(0, 9))
def test_a_chunk_is_split_without_loss(payloads: list[bytes], at: int) -> None:
    whole = Source(0).chunk(payloads)
    head, tail = whole.split(at)
    assert head.payloads + tail.payloads == payloads
    assert head.packet_ids + tail.packet_ids == whole.packet_ids
    assert head.payload_bytes == sum(map(len, head.payloads))
    assert head.payload_bytes + tail.payload_bytes == whole.payload_bytes
    assert len(head) == min(at, len(payloads))
