"""A message that nobody foresaw costs only itself."""

from __future__ import annotations

import random
from typing import Any

import psycopg
import pytest

from devices.contract.kind import discover
from ingest.core.batch import Batch
from ingest.core.decode import Decoder
from ingest.devices_cache import DevicesCache
from ingest.memory_store import MemorySink
from ingest.metrics import IngestMetrics
from ingest.ports import ReadingSink, Stored
from ingest.store import PostgresSink
from ingest.writer import BatchWriter, Messages
from tests.fakes.ingest_setup import (
    NOW_MS,
    channel_topic,
    clock,
    known_devices,
    reading,
    reading_topic,
    registered,
)

TOPIC, DIARY = reading_topic("frog-0"), channel_topic("frog-0", "diary")
GOOD = [(TOPIC, reading(seq)) for seq in range(20)]


def entry(seq: int, note: str) -> tuple[str, bytes]:
    text = f'{{"ts":{NOW_MS - 1000},"boot":7,"seq":{seq},"activity":"shower","note":"{note}"}}'
    return DIARY, text.encode()


def writer(sink: Any) -> BatchWriter:
    cache = DevicesCache(sink, discover(), clock())
    return BatchWriter(cache, sink, IngestMetrics(), clock(), random.Random(1))


async def write(sink: ReadingSink, *messages: tuple[str, bytes]) -> list[tuple[Batch, Stored]]:
    return await writer(sink).write(Messages([t for t, _ in messages], [p for _, p in messages], 0))


@pytest.mark.parametrize("place", [0, 7, 20])
async def test_what_the_decoder_fails_on_is_set_aside(place: int, monkeypatch: pytest.MonkeyPatch) -> None:
    decode = Decoder.decode

    def failing(self: Decoder, topics: list[str], payloads: list[bytes], now_us: int) -> Batch:
        if b"poison" in payloads:
            raise OverflowError("Python int too large to convert to C long")
        return decode(self, topics, payloads, now_us)

    monkeypatch.setattr(Decoder, "decode", failing)
    sink = MemorySink(known_devices(), clock())
    done = await write(sink, *GOOD[:place], (TOPIC, b"poison"), *GOOD[place:])
    assert sorted(r["seq"] for r in sink.readings["frog"]) == list(range(20))
    assert sum(len(batch.topics) for batch, _ in done) == 21
    (letter,) = sink.dead_letters
    assert (str(letter.reason), letter.device, letter.payload) == ("not_understood", "frog-0", b"poison")
    assert letter.sentence.startswith("The server failed to read it (OverflowError: Python int too large")


async def test_a_diary_entry_that_the_database_refuses_does_not_hold_up_the_others(db_dsn: str) -> None:
    async with await psycopg.AsyncConnection.connect(db_dsn, autocommit=True) as conn:
        await registered(conn)
        await conn.execute("alter table diary_entry add check (note <> 'poison')")
        sink = PostgresSink(db_dsn, discover(), clock())
        messages = [*GOOD[:9], entry(100, "fine"), entry(101, "poison"), entry(102, "too"), *GOOD[9:]]
        done = await write(sink, *messages)
        await sink.close()
        cursor = await conn.execute("select seq from frog_reading order by seq")
        assert [row[0] for row in await cursor.fetchall()] == list(range(20))
        cursor = await conn.execute("select note from diary_entry order by note")
        assert [row[0] for row in await cursor.fetchall()] == ["fine", "too"]
        cursor = await conn.execute("select reason_code, reason, device, payload from dead_letter")
        ((code, sentence, device, payload),) = await cursor.fetchall()
    assert (code, device, bytes(payload)) == ("refused_by_database", "frog-0", messages[10][1])
    assert "violates check constraint" in sentence
    assert sum(stored.readings.get("frog", 0) for _, stored in done) == 20
