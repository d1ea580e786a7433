"""Batches while shards come and go, messages fail and commits get no answer: nothing is acknowledged or told unstored."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from cityops.errors import TransientError
from devices.contract.kind import discover
from ingest.core.batch import Batch
from ingest.core.batches import Limits
from ingest.core.decode import Decoder
from ingest.leases import SoleLeases
from ingest.memory_store import MemorySink
from ingest.metrics import IngestMetrics
from ingest.ports import Chunk, Stored
from ingest.service import IngestParts, IngestService
from ingest.writer import BatchWriter
from tests.fakes.ingest_setup import clock, known_devices, reading, reading_topic
from tests.unit.test_ingest_partly_ours import POISON, Source

KINDS = discover()
TOPICS = [reading_topic("frog-0"), reading_topic("frog-1")]


class UnsteadySink(MemorySink):
    """Fails before or after what would be its COMMIT, and remembers which messages it stored."""

    def __init__(self, rng: random.Random, flip: Callable[[], None]) -> None:
        super().__init__(known_devices(), clock())
        self._rng, self._flip = rng, flip
        self.stored: set[tuple[str, bytes]] = set()

    async def store(self, batch: Batch, shard: int | None) -> Stored:
        if self._rng.random() < 0.15:
            raise TransientError("not stored")
        stored = await super().store(batch, shard)
        self.stored.update(zip(batch.topics, batch.payloads, strict=True))
        if self._rng.random() < 0.3:
            self._flip()
        if self._rng.random() < 0.1:
            raise TransientError("stored, and no answer")
        return stored


@pytest.mark.parametrize("seed", range(40))
async def test_what_is_acknowledged_or_told_is_stored(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    rng = random.Random(seed)
    held = {0, 1}

    def flip() -> None:
        held.symmetric_difference_update({rng.randrange(2)})

    def serves(chunk: Chunk) -> bool:
        if rng.random() < 0.05:
            flip()
        return chunk.source.shard in held

    sink, sources = UnsteadySink(rng, flip), [Source(0), Source(1)]
    service = _service(monkeypatch, sink, sources)
    monkeypatch.setattr(service._holder, "serves", serves)
    sent = _offer(service, sources, rng)
    await service._write()

    settled = sources[0].settled + sources[1].settled
    assert sorted(settled + sources[0].discarded + sources[1].discarded) == sorted(sent)
    assert all(source.settled == sorted(source.settled) for source in sources), "in the order delivered"
    assert all(sent[packet_id] in sink.stored for packet_id in settled)
    for source, topic in zip(sources, TOPICS, strict=True):
        told = [seq for first, last in source.told for seq in range(first, last + 1)]
        assert all((topic, reading(seq)) in sink.stored for seq in told)
    numbers = [row["seq"] for row in sink.readings["frog"]]
    assert len(numbers) == len(set(numbers))


def _service(monkeypatch: pytest.MonkeyPatch, sink: MemorySink, sources: list[Source]) -> IngestService:
    """A service that never waits and whose decoder fails on a message."""
    decode = Decoder.decode

    def failing(self: Decoder, topics: list[str], payloads: list[bytes], now_us: int) -> Batch:
        if POISON in payloads:
            raise OverflowError
        return decode(self, topics, payloads, now_us)

    async def at_once(_self: BatchWriter, _error: TransientError, _attempt: int) -> None:
        pass

    monkeypatch.setattr(Decoder, "decode", failing)
    monkeypatch.setattr(BatchWriter, "_back_off", at_once)
    service = IngestService(
        IngestParts(
            shards=(0, 1),
            make_source=lambda shard, _deliver: sources[shard],
            sink=sink,
            devices=sink,
            leases=SoleLeases(),
            kinds=KINDS,
            clock=clock(),
            limits=Limits(200, 1_000_000, 0.0),
            metrics=IngestMetrics(),
        )
    )
    service._holder.sources.update(enumerate(sources))
    return service


def _offer(service: IngestService, sources: list[Source], rng: random.Random) -> dict[int, tuple[str, bytes]]:
    """Put chunks into the inbox; return the messages by packet id."""
    sent: dict[int, tuple[str, bytes]] = {}
    for _ in range(rng.randrange(1, 7)):
        shard = rng.randrange(2)
        ids = list(range(len(sent) + 1, len(sent) + 1 + rng.randrange(1, 6)))
        payloads = [POISON if rng.random() < 0.15 else reading(packet_id) for packet_id in ids]
        topics = [TOPICS[shard]] * len(ids)
        sent.update(zip(ids, zip(topics, payloads, strict=True), strict=True))
        size = sum(map(len, payloads))
        service._inbox.offer(Chunk(sources[shard], 1, topics, payloads, ids, size, 0.0))
    service._inbox.close()
    return sent
