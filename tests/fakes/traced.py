"""One batch through the ingester's writer and one step through the rules, in memory."""

from __future__ import annotations

import random

from devices.contract.kind import discover
from ingest.devices_cache import DevicesCache
from ingest.memory_store import MemorySink
from ingest.metrics import IngestMetrics
from ingest.writer import BatchWriter, Messages
from tests.fakes.ingest_setup import clock, known_devices, reading, reading_topic
from tests.fakes.rules_bench import frosty, opened, service


async def one_batch() -> None:
    """Store one reading of shard 3's batch."""
    sink = MemorySink(known_devices(), clock())
    writer = BatchWriter(
        DevicesCache(sink, discover(), clock()), sink, IngestMetrics(), clock(), random.Random(1)
    )
    await writer.write(Messages([reading_topic("frog-0")], [reading(1)], 3))


async def one_step() -> None:
    """Have the rules take one batch."""
    async with opened(None) as bench:
        await bench.add(frosty(0.0))
        worker = service(bench.store)
        while not await worker.turn():
            pass
