"""One suite for both sinks: what PostgreSQL stores, the in-memory one stores too."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import psycopg
import pytest

from cityops.errors import TransientError
from devices.contract.kind import discover
from ingest import pg_ledger
from ingest.core.known_devices import KnownDevice
from ingest.memory_store import MemorySink
from ingest.ports import KeyReceipt
from ingest.store import PostgresSink
from tests.fakes.databases import Servers, own_database, server_names
from tests.fakes.ingest_setup import (
    BIN,
    FROG,
    NOW_MS,
    NOW_US,
    ROAD,
    channel_topic,
    clock,
    decoder,
    reading,
    reading_topic,
    registered,
)
from tests.fakes.sink_bench import Bench, open_bench

TOPIC = reading_topic("frog-0")


SINKS = ["memory", *(f"{server}{version}" for server in server_names() for version in ("", " before 18"))]


@pytest.fixture(params=SINKS)
def bench_dsn(
    request: pytest.FixtureRequest, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str | None]:
    """The database of this run's sink, None for the one in memory."""
    if request.param == "memory":
        yield None
        return
    name, _, version = request.param.partition(" ")
    if version:
        monkeypatch.setattr(pg_ledger, "MERGE_SINCE", 10**9)
    server = servers.dsn(name)
    servers.note(server, request.node.nodeid)
    with own_database(server, "sink", servers.template(server)) as dsn:
        yield dsn


@pytest.fixture
async def bench(bench_dsn: str | None) -> AsyncIterator[Bench]:
    async with open_bench(bench_dsn) as opened:
        yield opened


async def test_readings_of_several_kinds_are_stored_once(bench: Bench) -> None:
    messages = [
        *((TOPIC, reading(seq)) for seq in range(5)),
        (reading_topic("road-0"), reading(0, ROAD)),
        (reading_topic("bin-0"), reading(0, BIN)),
    ]
    first = await bench.store(*messages)
    assert first.readings == {"frog": 5, "road": 1, "bin": 1}
    assert (first.duplicates, first.dead_letters) == (0, {})
    again = await bench.store(*messages, (TOPIC, reading(5)))
    assert (again.readings, again.duplicates) == ({"frog": 1}, 7)
    device = bench.devices[0].device_id
    assert await bench.rows() == [(device, 7, seq) for seq in range(6)]
    assert len(await bench.rows("road")) == 1


async def test_duplicates_within_a_batch_are_one(bench: Bench) -> None:
    stored = await bench.store(*[(TOPIC, reading(1))] * 3, (TOPIC, reading(2)))
    assert (stored.readings, stored.duplicates) == ({"frog": 2}, 2)
    assert len(await bench.rows()) == 2


async def test_receipts_name_what_is_stored_around_the_batch(bench: Bench) -> None:
    device = bench.devices[0].device_id
    assert (await bench.store((TOPIC, reading(4)), (TOPIC, reading(5)))).receipts == [
        KeyReceipt(device, 7, ((4, 5),))
    ]
    gap = await bench.store((TOPIC, reading(0)), (TOPIC, reading(9)), (TOPIC, reading(0, boot=8)))
    assert sorted(gap.receipts, key=lambda r: r.boot) == [
        KeyReceipt(device, 7, ((0, 0), (4, 5), (9, 9))),
        KeyReceipt(device, 8, ((0, 0),)),
    ]
    filled = await bench.store(*((TOPIC, reading(s)) for s in range(10)))
    assert filled.receipts == [KeyReceipt(device, 7, ((0, 9),))]
    assert filled.duplicates == 4


async def test_a_receipt_names_all_of_the_batch_and_little_else(bench: Bench) -> None:
    """A device that thinned its backlog sends every second number; what no receipt names it sends for ever."""
    stored = await bench.store(*((TOPIC, reading(s)) for s in range(0, 100, 2)))
    (receipt,) = stored.receipts
    assert receipt.ranges == tuple((s, s) for s in range(0, 100, 2))
    again = await bench.store(*((TOPIC, reading(s)) for s in (0, 2, 96, 98)))
    ranges = again.receipts[0].ranges
    assert len(ranges) == 16
    assert {(0, 0), (2, 2), (96, 96), (98, 98)} <= set(ranges)


async def test_random_redeliveries_store_each_reading_once(bench: Bench) -> None:
    rng = random.Random(4)
    names = [f"frog-{i}" for i in range(4)]
    every = [(name, boot, seq) for name in names for boot in (1, 2) for seq in range(60)]
    sent = every + rng.choices(every, k=300)
    rng.shuffle(sent)
    total = duplicates = 0
    for part in _parts(sent, 97):
        stored = await bench.store(*((reading_topic(n), reading(s, boot=b)) for n, b, s in part))
        total += sum(stored.readings.values())
        duplicates += stored.duplicates
    rows = await bench.rows()
    assert (total, duplicates) == (len(every), 300)
    assert len(rows) == len(set(rows)) == len(every)


def _parts(items: list[Any], size: int) -> list[list[Any]]:
    return [items[i : i + size] for i in range(0, len(items), size)]


async def test_dead_letters_are_stored_and_numbered_ones_receipted(bench: Bench) -> None:
    bad = reading(1, {**FROG, "temperature_c": -127.0})
    stored = await bench.store((TOPIC, reading(0)), (TOPIC, bad), (TOPIC, b"hello"), ("x/y", b"\x00\xff"))
    assert stored.dead_letters == {"sentinel": 1, "not_json": 1, "wrong_topic": 1}
    assert stored.receipts == [KeyReceipt(bench.devices[0].device_id, 7, ((0, 1),))]
    again = await bench.store((TOPIC, bad))
    assert (again.dead_letters, again.duplicates) == ({}, 1)
    assert sorted(await bench.letters(), key=str) == [
        ("not_json", None),
        ("sentinel", 1),
        ("wrong_topic", None),
    ]


@pytest.mark.parametrize("places", [[7], [0, 1, 1999], []])
async def test_a_refused_row_costs_only_itself(bench: Bench, places: list[int]) -> None:
    await bench.refuse(33.0)
    values = [33.0 if seq in places else 20.0 for seq in range(2000)]
    messages = [(TOPIC, reading(s, {**FROG, "temperature_c": v})) for s, v in enumerate(values)]
    stored = await bench.store(*messages, (reading_topic("road-0"), reading(0, ROAD)))
    assert stored.readings == {"frog": 2000 - len(places), "road": 1}
    assert sorted(await bench.letters()) == [("refused_by_database", seq) for seq in places]
    assert (await bench.store(*messages)).duplicates == 2000


async def test_a_batch_of_only_refused_rows(bench: Bench) -> None:
    await bench.refuse(33.0)
    stored = await bench.store((TOPIC, reading(0, {**FROG, "temperature_c": 33.0})))
    assert (stored.readings, stored.dead_letters) == ({}, {"refused_by_database": 1})


async def test_the_device_that_counts_nothing_is_stored_once_and_gets_no_receipt(bench: Bench) -> None:
    payload = b'{"ts":%d,"temperature_c":1,"humidity_pct":2}' % NOW_MS
    assert (await bench.store((TOPIC, payload))).receipts == []
    assert (await bench.store((TOPIC, payload))).duplicates == 1
    assert len(await bench.rows()) == 1


async def test_a_diary_entry_is_stored_once(bench: Bench) -> None:
    entry = (channel_topic("frog-0", "diary"), b'{"ts":%d,"activity":"shower","boot":7,"seq":3}' % NOW_MS)
    first = await bench.store(entry, (TOPIC, reading(2)))
    assert first.receipts == [KeyReceipt(bench.devices[0].device_id, 7, ((2, 3),))]
    assert (await bench.store(entry)).duplicates == 1
    if isinstance(bench.sink, MemorySink):
        assert [d.activity for d in bench.sink.diary] == ["shower"]
    else:
        assert await bench._all("select activity, source from diary_entry") == [("shower", "device")]


async def test_a_diary_entry_says_what_was_pressed(bench: Bench) -> None:
    payload = b'{"ts":%d,"activity":"cooking","boot":7,"seq":4,"source":"button"}' % NOW_MS
    await bench.store((channel_topic("frog-0", "diary"), payload))
    if isinstance(bench.sink, MemorySink):
        assert [d.source for d in bench.sink.diary] == ["button"]
    else:
        assert await bench._all("select activity, source from diary_entry") == [("cooking", "button")]


async def test_the_last_status_and_report_stay(bench: Bench) -> None:
    topic = channel_topic("frog-0", "status")
    await bench.store((topic, b'{"online":true,"boot":7}'), (channel_topic("frog-0", "reported"), b'{"v":1}'))
    await bench.store((topic, b'{"online":false,"firmware":"a\\u0000b"}'))
    if isinstance(bench.sink, MemorySink):
        assert bench.sink.status.keys() == bench.sink.reported.keys()
        return
    (row,) = await bench._all(
        "select status->>'online', status->>'firmware', reported->>'v' from device_status"
    )
    assert row == ("false", "ab", "1")


async def test_an_empty_batch_is_fine(bench: Bench) -> None:
    stored = await bench.store((TOPIC, b"[]"))
    assert (stored.readings, stored.receipts, stored.dead_letters) == ({}, [], {})


async def test_two_ingesters_at_once_store_each_reading_once(
    db_dsn: str, pg: psycopg.AsyncConnection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    devices = await registered(pg)
    for merge_since in (pg_ledger.MERGE_SINCE, 10**9):
        monkeypatch.setattr(pg_ledger, "MERGE_SINCE", merge_since)
        await pg.execute("truncate device_sequence, frog_reading")
        await asyncio.gather(*(_fight(db_dsn, devices, seed) for seed in range(3)))
        cursor = await pg.execute("select count(*), count(distinct (device_id, boot, seq)) from frog_reading")
        assert await cursor.fetchone() == (2000, 2000)


async def _fight(dsn: str, devices: list[KnownDevice], seed: int) -> None:
    """Store the same 2,000 readings in another order and other batches."""
    rng = random.Random(seed)
    sink, it = PostgresSink(dsn, discover(), clock()), decoder(devices)
    every = [(f"frog-{i}", seq) for i in range(10) for seq in range(200)]
    rng.shuffle(every)
    try:
        for part in _parts(every, 100 + seed):
            topics = [reading_topic(name) for name, _ in part]
            batch = it.decode(topics, [reading(seq) for _, seq in part], NOW_US)
            await _until_stored(lambda batch=batch: sink.store(batch, None))  # type: ignore[misc]
    finally:
        await sink.close()


async def _until_stored(store: Callable[[], Any]) -> None:
    for _ in range(50):
        try:
            await store()
        except TransientError:
            await asyncio.sleep(0.01)
        else:
            return
    raise AssertionError("never stored")
