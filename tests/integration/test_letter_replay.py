"""Dead letters played again, for both adapters: what is acceptable now is stored once, the rest stays."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any

import msgspec
import psycopg
import pytest

from devices.contract.kind import Kind, discover
from devices.registry import Device
from ingest import replay_letters, store
from ingest.core.letter_limit import LetterLimits
from ingest.core.letters import LetterFilter
from ingest.memory_store import MemorySink
from ingest.pg_letter_store import open_letters
from ingest.replay_letters import LetterReplay, Report
from ingest.store import PostgresSink
from tests.fakes.ingest_setup import (
    FROG,
    INSTALLED,
    NOW_MS,
    channel_topic,
    clock,
    decoder,
    reading,
    reading_topic,
)
from tests.fakes.sink_bench import Bench, open_bench

TOPIC = reading_topic("frog-0")
NEW = Device(name="frog-new", kind="frog", shard=2, installed_at=INSTALLED)
NEW_TOPIC = "cityops/v1/02/frog/frog-new/reading"
HOT = {**FROG, "temperature_c": 33.0}


@pytest.fixture(params=["memory", "postgresql"])
def bench_dsn(request: pytest.FixtureRequest) -> str | None:
    return None if request.param == "memory" else str(request.getfixturevalue("db_dsn"))


@pytest.fixture
async def bench(bench_dsn: str | None) -> AsyncIterator[Bench]:
    async with open_bench(bench_dsn) as opened:
        yield opened


def failing(report: Report) -> dict[str, int]:
    return {code: len(failure.letter_ids) for code, failure in report.failures.items()}


async def waiting(bench: Bench) -> list[str]:
    return [letter.reason_code for letter in await bench.all_letters() if letter.replayed_at is None]


def wide(kinds: Mapping[str, Kind]) -> Mapping[str, Kind]:
    """The kinds with a frog that may be as hot as an oven."""
    frog = kinds["frog"]
    fields = tuple(replace(f, maximum=300.0) if f.name == "temperature_c" else f for f in frog.fields)
    return {**kinds, "frog": replace(frog, fields=fields)}


async def test_a_device_that_was_registered_since(bench: Bench) -> None:
    """The device sends again what it has no receipt for: the ledger keeps letter and reading apart."""
    await bench.store(*((NEW_TOPIC, reading(seq)) for seq in range(3)))
    assert failing(await bench.replay()) == {"unknown_device": 3}
    await bench.install(NEW)
    bench.decode = decoder(await bench.sink.load()).decode
    await bench.store((NEW_TOPIC, reading(1)))
    report = await bench.replay()
    assert (report.letters, report.replayed, report.readings, report.duplicates) == (3, 3, {"frog": 2}, 1)
    again = await bench.store(*((NEW_TOPIC, reading(seq)) for seq in range(3)))
    assert again.duplicates == 3
    assert len(await bench.rows()) == 3
    assert await waiting(bench) == []
    assert (await bench.replay()).letters == 0


async def test_a_numbered_letter_is_stored_though_the_ledger_has_it(bench: Bench) -> None:
    await bench.refuse(33.0)
    messages = [(TOPIC, reading(seq, HOT if seq % 2 else FROG)) for seq in range(6)]
    await bench.store(*messages)
    assert failing(await bench.replay()) == {"refused_by_database": 3}
    assert await waiting(bench) == ["refused_by_database"] * 3
    await bench.refuse_no_more()
    report = await bench.replay()
    assert (report.replayed, report.readings, report.duplicates, failing(report)) == (3, {"frog": 3}, 0, {})
    assert (await bench.replay()).letters == 0
    assert (await bench.store(*messages)).duplicates == 6
    device = bench.devices[0].device_id
    assert await bench.rows() == [(device, 7, seq) for seq in range(6)]


async def test_one_that_is_refused_again_costs_only_itself(bench: Bench) -> None:
    bad = [{**FROG, "temperature_c": t} for t in (200.0, 250.0, 210.0, 220.0, 230.0, 200.5, 201.0)]
    await bench.store(*((TOPIC, reading(seq, fields)) for seq, fields in enumerate(bad)))
    await bench.refuse(250.0)
    report = await bench.replay(kinds=wide(discover()))
    assert (report.replayed, failing(report)) == (6, {"refused_by_database": 1})
    assert [seq for _, _, seq in await bench.rows()] == [0, 2, 3, 4, 5, 6]
    assert [d.seq for d in await bench.all_letters() if d.replayed_at is None] == [1]


async def test_what_still_fails_stays_as_it_is_and_says_why(bench: Bench) -> None:
    long = b'{"ts":0' + b" " * 70_000
    await bench.store(
        (TOPIC, reading(1, {**FROG, "temperature_c": -127.0})),
        (TOPIC, b"hello"),
        (TOPIC, long),
        (channel_topic("frog-0", "status"), b'{"online":"perhaps"}'),
        (TOPIC, reading(2, age_s=-3600)),
    )
    before = await bench.all_letters()
    bench.clock.advance(7200)  # the future has come; the clock was wrong all the same
    report = await bench.replay()
    assert failing(report) == {
        "sentinel": 1,
        "not_json": 1,
        "truncated": 1,
        "out_of_date": 1,
        "in_future": 1,
    }
    assert report.failures["truncated"].example == "Only 65,536 of its 70,007 bytes were kept."
    assert (report.replayed, sum(report.readings.values())) == (0, 0)
    assert await bench.all_letters() == before


async def test_a_limit_that_was_widened(bench: Bench) -> None:
    hot = {**FROG, "temperature_c": 200.0}
    await bench.store((TOPIC, reading(1, hot)), (TOPIC, reading(2, hot)))
    report = await bench.replay(kinds=wide(discover()))
    assert (report.replayed, report.readings) == (2, {"frog": 2})


def untimed(seq: int, boot: int = 7, ts_ms: int = 1000, clk: int = 0) -> dict[str, float]:
    clock_of = {"mono_ms": 60_000 + seq * 1000, "clk": clk}
    return {"ts": ts_ms, "boot": boot, "seq": seq, **clock_of, **FROG}


@pytest.mark.parametrize("array", [False, True])
async def test_a_boot_whose_clock_became_known_later(bench: Bench, array: bool) -> None:
    lost = [untimed(seq) for seq in range(3)]
    other = [untimed(seq, boot=6) for seq in range(2)]
    encode = msgspec.json.encode
    messages = [encode(lost + other)] if array else [encode(one) for one in lost + other]
    await bench.store(*((TOPIC, message) for message in messages))
    assert failing(await bench.replay()) == {"too_early": 5}
    await bench.store((TOPIC, encode(untimed(10, ts_ms=NOW_MS - 5000, clk=2))))
    report = await bench.replay()
    assert (report.replayed, failing(report)) == (3, {"too_early": 2})
    started_ms = NOW_MS - 5000 - 70_000
    stored = await readings_of(bench)
    assert [(seq, ts_ms) for seq, ts_ms, quality in stored if quality == 1] == [
        (seq, started_ms + 60_000 + seq * 1000) for seq in range(3)
    ]


async def readings_of(bench: Bench) -> list[tuple[int, int, int]]:
    if isinstance(bench.sink, MemorySink):
        rows = [(r["seq"], r["ts_us"] // 1000, r["quality"]) for r in bench.sink.readings["frog"]]
        return sorted(rows)
    query = "select seq, (extract(epoch from ts) * 1000)::bigint, quality from frog_reading order by 1"
    return [(int(a), int(b), int(c)) for a, b, c in await bench._all(query)]


async def test_an_array_without_numbers_is_played_in_parts(bench: Bench) -> None:
    """It is one letter for all its bad readings, and closed only when none is left."""

    def part(ts_ms: int, temperature_c: float) -> dict[str, float]:
        return {"ts": ts_ms, **FROG, "temperature_c": temperature_c}

    parts = [part(NOW_MS - 3000, 20.0), part(NOW_MS - 2000, 200.0), part(NOW_MS - 1000, 900.0)]
    await bench.store((TOPIC, msgspec.json.encode(parts)))
    letters = len(await bench.all_letters())
    for _ in range(2):
        report = await bench.replay(kinds=wide(discover()))
        assert failing(report) == {"out_of_range": 1}
    assert len(await bench.rows()) == 2
    assert letters == len(await bench.all_letters()) == 2


async def test_a_diary_entry_of_a_frog_that_had_no_home(bench: Bench) -> None:
    entry = (channel_topic("frog-5", "diary"), b'{"ts":%d,"activity":"shower","boot":7,"seq":3}' % NOW_MS)
    await bench.store(entry)
    if isinstance(bench.sink, MemorySink):
        bench.sink.devices[5] = replace(bench.sink.devices[5], home_id=1)
    else:
        await bench._run(
            "insert into home_device (device_id, home_id) select device_id, home_id from device, home"
            " where name = 'frog-5'"
        )
    report = await bench.replay()
    assert (report.replayed, report.diary, failing(report)) == (1, 1, {})
    assert (await bench.replay()).letters == 0


async def test_a_dry_run_changes_nothing(bench: Bench) -> None:
    hot = {**FROG, "temperature_c": 200.0}
    await bench.store((TOPIC, reading(1, hot)), (TOPIC, b"hello"))
    before = await bench.all_letters()
    report = await bench.replay(kinds=wide(discover()), dry_run=True)
    assert (report.letters, report.replayed, report.readings) == (2, 1, {"frog": 1})
    assert failing(report) == {"not_json": 1}
    assert (await bench.all_letters(), await bench.rows()) == (before, [])


async def test_only_the_letters_asked_for(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay_letters, "PAGE", 2)
    hot = {**FROG, "temperature_c": 200.0}
    await bench.store(*((reading_topic(f"frog-{i}"), reading(s, hot)) for i in range(2) for s in range(5)))
    await bench.store((TOPIC, b"hello"))
    kinds = wide(discover())
    numbers = tuple(d.letter_id for d in await bench.all_letters() if d.device == "frog-1")[:2]
    assert (await bench.replay(LetterFilter(letter_ids=numbers), kinds=kinds)).replayed == 2
    assert (await bench.replay(LetterFilter(device="frog-1"), kinds=kinds)).replayed == 3
    assert failing(await bench.replay(LetterFilter(reason_code="not_json"), kinds=kinds)) == {"not_json": 1}
    assert (await bench.replay(LetterFilter(kind="road"), kinds=kinds)).letters == 0
    assert (await bench.replay(LetterFilter(since=bench.clock.now()), kinds=kinds)).replayed == 5
    assert len(await bench.rows()) == 10


async def test_the_summary_counts_what_is_kept_replayed_and_not_kept(bench_dsn: str | None) -> None:
    async with open_bench(bench_dsn, LetterLimits(letters_burst=4)) as bench:
        hot = {**FROG, "temperature_c": 200.0}
        await bench.store(*((TOPIC, reading(s, hot)) for s in range(10)), (reading_topic("frog-1"), b"x"))
        await bench.store(*[(NEW_TOPIC, b"x")] * 50)
        await bench.replay(LetterFilter(device="frog-0"), kinds=wide(discover()))
        async with bench.letter_store() as letters:
            every = await letters.summary(LetterFilter())
            assert [(s.reason_code, s.letters, s.replayed, s.not_kept, s.devices) for s in every] == [
                ("unknown_device", 40, 0, 10, 1),
                ("out_of_range", 4, 4, 6, 1),
                ("not_json", 1, 0, 0, 1),
            ]
            assert (every[1].example or "").startswith("temperature_c is 200")
            only = await letters.summary(LetterFilter(device="frog-0"))
            assert [(s.reason_code, s.letters, s.not_kept) for s in only] == [("out_of_range", 4, 6)]
            of_kind = await letters.summary(LetterFilter(kind="frog", reason_code="out_of_range"))
            assert [(s.letters, s.not_kept) for s in of_kind] == [(4, 6)]
            newest = await letters.newest(LetterFilter(waiting=True), 2)
            assert [letter.reason_code for letter in newest] == ["unknown_device", "unknown_device"]
            assert newest[0].letter_id > newest[1].letter_id


async def test_the_rules_see_what_was_replayed(db_dsn: str) -> None:
    async with open_bench(db_dsn) as bench:
        await bench.store((TOPIC, reading(1, {**FROG, "temperature_c": 200.0})))
        await bench.replay(kinds=wide(discover()))
        ((readings, letters, rows, marked),) = await bench._all(
            "select b.readings, b.dead_letters, (b.kinds -> 'frog' ->> 'rows')::int, l.replayed_at = b.received_at"
            " from ingest_batch b join frog_reading r on r.received_at = b.received_at cross join dead_letter l"
        )
        assert (readings, letters, rows, marked) == (1, 0, 1, True)


async def test_two_replays_at_once_store_each_letter_once(db_dsn: str) -> None:
    hot = {**FROG, "temperature_c": 200.0}
    async with open_bench(db_dsn, LetterLimits(letters_burst=10_000)) as bench:
        names = [f"frog-{i}" for i in range(4)]
        await bench.store(*((reading_topic(n), reading(s, hot)) for n in names for s in range(500)))
        reports = await asyncio.gather(*(_replay_apart(db_dsn, seed) for seed in range(3)))
        assert sum(r.replayed for r in reports) == 2000
        assert sum(r.readings["frog"] for r in reports) == 2000
        rows = await bench.rows()
        assert len(rows) == len(set(rows)) == 2000
        assert await waiting(bench) == []


async def _replay_apart(dsn: str, seed: int) -> Report:
    sink = PostgresSink(dsn, discover(), clock())
    async with open_letters(dsn) as letters:
        report = await LetterReplay(letters, sink, sink, wide(discover()), random.Random(seed)).run(
            LetterFilter()
        )
    await sink.close()
    return report


async def test_a_replay_that_is_cut_before_commit_leaves_everything_as_it_was(
    db_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*arguments: Any) -> None:
        raise psycopg.OperationalError("the line was cut")

    monkeypatch.setattr(replay_letters, "ATTEMPTS", 1)
    async with open_bench(db_dsn) as bench:
        await bench.store((TOPIC, reading(1, {**FROG, "temperature_c": 200.0})))
        with monkeypatch.context() as patch:
            patch.setattr(store, "mark_replayed", broken)
            with pytest.raises(Exception, match="the line was cut"):
                await bench.replay(kinds=wide(discover()))
        assert (await bench.rows(), await waiting(bench)) == ([], ["out_of_range"])
        assert (await bench.replay(kinds=wide(discover()))).replayed == 1
