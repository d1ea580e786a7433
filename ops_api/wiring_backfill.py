"""Messages straight into the database, past the broker: decoded, checked and stored as the ingester does."""

from __future__ import annotations

from collections.abc import Iterable

from cityops.clock import Clock
from devices.contract.kind import discover
from ingest.core.decode import Decoder
from ingest.core.directory import Directory
from ingest.store import PostgresSink


async def store_messages(
    dsn: str, batches: Iterable[tuple[list[str], list[bytes]]], clock: Clock
) -> tuple[int, int]:
    """Store batches of topics and payloads; return how many readings, and how many were set aside.

    Args:
        dsn: an upgraded database that knows the devices.
        batches: topics and payloads, each batch a transaction.
        clock: the server's: readings from its future are refused.

    Raises:
        TransientError: the database does not answer.
    """
    kinds = discover()
    sink = PostgresSink(dsn, kinds, clock)
    try:
        decoder, readings, refused = Decoder(Directory(kinds, await sink.load())), 0, 0
        for topics, payloads in batches:
            now_us = round(clock.now().timestamp() * 1e6)
            stored = await sink.store(decoder.decode(topics, payloads, now_us), None)
            readings += sum(stored.readings.values())
            refused += sum(stored.dead_letters.values())
        return readings, refused
    finally:
        await sink.close()
