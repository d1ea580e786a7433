"""Both sinks with a device that babbles: what is kept is bounded, what is not is counted to the letter."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from cityops.errors import TransientError
from devices.contract.messages import Status, encode
from ingest import store
from ingest.core.letter_limit import LetterLimits
from ingest.memory_store import MemorySink
from ingest.pg_letters import was_committed
from ingest.ports import KeyReceipt
from tests.fakes.ingest_setup import FROG, NOW_MS, channel_topic, reading, reading_topic
from tests.fakes.sink_bench import Bench, open_bench

TOPIC, OTHER = reading_topic("frog-0"), reading_topic("frog-1")
LIMITS = LetterLimits(letters_per_hour=60, letters_burst=5, bytes_per_hour=1e6, bytes_burst=1e6, strangers=2)
BAD = {**FROG, "temperature_c": -127.0}


@pytest.fixture(params=["memory", "postgresql"])
def bench_dsn(request: pytest.FixtureRequest) -> str | None:
    return None if request.param == "memory" else str(request.getfixturevalue("db_dsn"))


@pytest.fixture
async def bench(bench_dsn: str | None) -> AsyncIterator[Bench]:
    async with open_bench(bench_dsn, LIMITS) as opened:
        yield opened


async def test_what_is_over_the_limit_is_counted_and_not_kept(bench: Bench) -> None:
    bad = [(TOPIC, reading(seq, BAD)) for seq in range(20)]
    stored = await bench.store(*bad, (OTHER, reading(0)), (OTHER, b"hello"))
    assert stored.readings == {"frog": 1}
    assert stored.dead_letters == {"sentinel": 20, "not_json": 1}
    assert sum(o.letters for o in stored.overflow) == 15
    assert sorted(await bench.letters(), key=str) == [
        ("not_json", None),
        *(("sentinel", seq) for seq in range(5)),
    ]
    assert await bench.overflow() == {("frog-0", None, "sentinel"): 15}


async def test_the_device_is_told_to_forget_what_is_only_counted(bench: Bench) -> None:
    bad = [(TOPIC, reading(seq, BAD)) for seq in range(20)]
    stored = await bench.store(*bad)
    assert stored.receipts == [KeyReceipt(bench.devices[0].device_id, 7, ((0, 19),))]
    again = await bench.store(*bad)
    assert (again.duplicates, again.dead_letters, again.overflow) == (20, {}, [])
    assert await bench.overflow() == {("frog-0", None, "sentinel"): 15}


async def test_the_allowance_comes_back_with_time(bench: Bench) -> None:
    await bench.store(*[(TOPIC, b"x")] * 7)
    bench.clock.advance(120)  # two letters at 60 an hour
    await bench.store(*[(TOPIC, b"x")] * 7)
    bench.clock.advance(86_400)
    await bench.store(*[(TOPIC, b"x")] * 7)
    assert await bench.letter_count() == 5 + 2 + 5
    assert await bench.overflow() == {("frog-0", None, "not_json"): 2 + 5 + 2}


async def test_invented_names_share_one_allowance_per_shard(bench: Bench) -> None:
    def strange(shard: int, number: int) -> str:
        return f"cityops/v1/{shard:02x}/frog/stranger-{number}/reading"

    await bench.store(*[(strange(3, n), b"x") for n in range(30)], *[(strange(4, n), b"x") for n in range(3)])
    await bench.store(*[(f"cityops/v1/03/frog/Ω{n}/reading", b"x") for n in range(5)])
    await bench.store(*[(f"elsewhere/{n}", b"x") for n in range(12)])
    assert await bench.letter_count() == 10 + 3 + 10
    assert await bench.overflow() == {
        (None, 3, "unknown_device"): 20,
        (None, 3, "wrong_topic"): 5,
        (None, None, "wrong_topic"): 2,
    }


async def test_large_letters_use_the_allowance_up_in_bytes(bench: Bench) -> None:
    async with open_bench(None, LetterLimits(bytes_burst=100_000)) as small:
        await small.store(*[(TOPIC, b"x" * 30_000)] * 5, (TOPIC, b"small"))
        assert await small.letter_count() == 4
        assert await small.overflow() == {("frog-0", None, "not_json"): 2}


async def test_refused_rows_count_too(bench: Bench) -> None:
    await bench.refuse(33.0)
    stored = await bench.store(
        *((TOPIC, reading(s, {**FROG, "temperature_c": 33.0})) for s in range(8)), (TOPIC, reading(8))
    )
    assert (stored.readings, stored.dead_letters) == ({"frog": 1}, {"refused_by_database": 8})
    assert await bench.letter_count() == 5
    assert await bench.overflow() == {("frog-0", None, "refused_by_database"): 3}


async def test_an_attempt_that_failed_costs_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is it counted: after it the same batch is judged as if it were the first time."""
    bad = [(TOPIC, b"x")] * 7
    if isinstance(bench.sink, MemorySink):
        bench.sink.down = True
    else:
        monkeypatch.setattr(store, "write_letters", _writes_and_fails(store.write_letters))
    for _ in range(3):
        with pytest.raises(TransientError):
            await bench.store(*bad)
    monkeypatch.undo()
    if isinstance(bench.sink, MemorySink):
        bench.sink.down = False
    await bench.store(*bad)
    assert await bench.letter_count() == 5
    assert await bench.overflow() == {("frog-0", None, "not_json"): 2}


def _writes_and_fails(write: Any) -> Any:
    async def failing(*arguments: Any) -> None:
        await write(*arguments)
        raise TransientError("the line was cut before COMMIT")

    return failing


@pytest.mark.parametrize("committed", [True, False])
async def test_a_commit_without_an_answer_is_looked_up(
    db_dsn: str, monkeypatch: pytest.MonkeyPatch, committed: bool
) -> None:
    """Else letters without a number would be kept and counted twice."""
    bad = [(TOPIC, b"x")] * 7
    async with open_bench(db_dsn, LIMITS) as bench:
        with monkeypatch.context() as patch:
            patch.setattr(psycopg.AsyncConnection, "transaction", _cut(committed))
            with pytest.raises(TransientError, match="the line was cut"):
                await bench.store(*bad, (OTHER, reading(1)))
        stored = await bench.store(*bad, (OTHER, reading(1)))
        assert (stored.readings, stored.dead_letters) == ({"frog": 1}, {"not_json": 7})
        await bench.store(*bad, (OTHER, reading(2)))  # the same once more is another batch
        assert await bench.letter_count() == 5
        assert await bench.overflow() == {("frog-0", None, "not_json"): 2 + 7}
        assert await bench._all("select count(*), sum(dead_letters) from ingest_batch") == [(2, 14)]


def _cut(committed: bool) -> Any:
    transaction = psycopg.AsyncConnection.transaction

    @asynccontextmanager
    async def cut(self: Any, *arguments: Any, **options: Any) -> AsyncIterator[Any]:
        async with transaction(self, *arguments, **options) as lent:
            yield lent
            if not committed:
                raise psycopg.OperationalError("the line was cut at COMMIT")
        raise psycopg.OperationalError("the line was cut after COMMIT")

    return cut


async def test_an_attempt_that_is_still_open_is_waited_for(db_dsn: str) -> None:
    at = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
    for committed in (True, False):
        at += timedelta(seconds=1)
        async with (
            await psycopg.AsyncConnection.connect(db_dsn) as first,
            await psycopg.AsyncConnection.connect(db_dsn, autocommit=True) as second,
        ):
            cursor = await first.execute(
                "insert into ingest_batch (received_at) values (%s) returning batch_id", (at,)
            )
            (number,) = await cursor.fetchone() or (0,)
            asked = asyncio.create_task(was_committed(second, number, at))
            await _until_it_waits(db_dsn)
            assert not asked.done()
            await (first.commit() if committed else first.rollback())
            assert await asyncio.wait_for(asked, 60) is committed


async def _until_it_waits(dsn: str) -> None:
    query = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as conn, asyncio.timeout(60):
        while await (await conn.execute(query)).fetchone() == (0,):
            await asyncio.sleep(0.01)


async def test_the_first_right_time_of_a_boot_is_kept(bench: Bench) -> None:
    """It dates readings that were set aside before the clock was known."""

    def timed(seq: int, ts_ms: int, mono_ms: int, boot: int = 7) -> bytes:
        return b'{"ts":%d,"boot":%d,"seq":%d,"mono_ms":%d,"clk":2,"temperature_c":20,"humidity_pct":50}' % (
            ts_ms,
            boot,
            seq,
            mono_ms,
        )

    await bench.store((TOPIC, timed(0, NOW_MS, 5000)), (OTHER, reading(0)))
    await bench.store((TOPIC, timed(1, NOW_MS + 10, 6000)), (TOPIC, timed(0, NOW_MS, 1000, boot=8)))
    device = bench.devices[0].device_id
    assert await bench.clocks() == {
        (device, 7): (NOW_MS - 5000) * 1000,
        (device, 8): (NOW_MS - 1000) * 1000,
    }


async def test_a_bound_gives_way_to_an_observation_and_never_the_other_way(bench: Bench) -> None:
    """A start whose clock was not set is dated by its birth's arrival; once it was set, for good by that."""

    def born(mono_ms: int, clk: int, wall_ms: int) -> bytes:
        return encode(Status(online=True, boot=7, clk=clk, wall_ms=wall_ms, mono_ms=mono_ms))

    def timed(seq: int, ts_ms: int, mono_ms: int, clk: int) -> bytes:
        return b'{"ts":%d,"boot":7,"seq":%d,"mono_ms":%d,"clk":%d,"temperature_c":20,"humidity_pct":50}' % (
            ts_ms,
            seq,
            mono_ms,
            clk,
        )

    status, device = channel_topic("frog-0", "status"), bench.devices[0].device_id
    await bench.store((status, born(60_000, 0, 60_000)), (TOPIC, timed(0, 50_000, 50_000, 0)))
    assert await bench.clocks() == {(device, 7): (NOW_MS - 60_000) * 1000}
    await bench.store((status, born(70_000, 2, NOW_MS - 5_000)))
    observed = {(device, 7): (NOW_MS - 75_000) * 1000}
    assert await bench.clocks() == observed
    await bench.store((status, born(600_000, 0, 600_000)), (TOPIC, timed(1, NOW_MS, 80_000, 2)))
    assert await bench.clocks() == observed, "the first that was observed stays"
    assert len(await bench.rows()) == 2
