"""What is missing, counted by the database: ledger, windows, outboxes, and `cityops gaps` on top."""

from __future__ import annotations

import asyncio
import json
import random
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from devices.contract.kind import discover
from ops_api.missing import Missing
from ops_api.queries import Db, OneConnection
from ops_api.queries.missing import find_missing, id_of, with_week
from tests.fakes.ledger_rows import NOW, Conn, held, register

HOUR = NOW.replace(minute=0, second=0, microsecond=0)
KINDS = discover()


async def measured(pg: Conn, device_id: int, start: datetime, count: int, step_s: int = 600) -> None:
    await pg.execute("select ensure_partitions(%s, %s)", (start, NOW))
    await pg.execute(
        "insert into frog_reading (ts, device_id, seq, boot, temperature_c, humidity_pct, received_at)"
        " select %s + n * %s * interval '1 second', %s, n, 1, 20, 50, %s + n * %s * interval '1 second'"
        " from generate_series(0, %s) n",
        (start, step_s, device_id, start, step_s, count - 1),
    )


async def began(pg: Conn, at: datetime) -> None:
    await pg.execute("insert into ingest_batch (received_at) values (%s)", (at,))


async def find(dsn: str, **arguments: Any) -> Missing:
    async with await psycopg.AsyncConnection.connect(dsn, options="-c timezone=UTC") as conn:
        db = Db(OneConnection(conn))
        found = await find_missing(db, KINDS, NOW, clock_at=NOW, **arguments)
        assert found is not None
        return await with_week(db, KINDS, found)


async def test_gaps_are_what_set_arithmetic_says(pg: Conn) -> None:
    rng = random.Random(7)
    wanted = {}
    for number in range(60):
        device_id = await register(pg, f"frog-{number}")
        for boot in range(rng.randrange(1, 4)):
            numbers = set(rng.sample(range(1000, 1200), rng.randrange(1, 200)))
            await held(pg, device_id, boot, "{" + ",".join(f"[{n},{n}]" for n in numbers) + "}")
            wanted[device_id, boot] = set(range(min(numbers), max(numbers) + 1)) - numbers, len(numbers)
        await held(pg, device_id, -5, "{[1,2],[90000,90001]}")  # numbered by the server
    found: dict[tuple[int, int], set[int]] = {key: set() for key in wanted}
    for device_id, boot, first, last, missing in await (
        await pg.execute("select * from health.gap")
    ).fetchall():
        assert missing == last - first + 1
        new = set(range(first, last + 1))
        assert not new & found[device_id, boot]
        found[device_id, boot] |= new
    assert found == {key: missing for key, (missing, _) in wanted.items()}
    rows = await (await pg.execute("select device_id, received, missing from health.ledger")).fetchall()
    for device_id, received, missing in rows:
        mine = [value for (d, _), value in wanted.items() if d == device_id]
        assert (received, missing) == (sum(n for _, n in mine), sum(len(m) for m, _ in mine))
    assert len(rows) == 60


async def test_nothing_is_missing_and_nothing_is_stored_yet(pg: Conn, db_dsn: str) -> None:
    assert (await find(db_dsn)).kinds == ()
    await register(pg, "frog-1")
    found = await find(db_dsn)
    assert (found.start, found.share, found.devices) == (found.end, None, ())


@pytest.mark.parametrize("refreshed", [False, True])
async def test_completeness_is_of_the_time_that_a_device_was_there(
    pg: Conn, db_dsn: str, refreshed: bool
) -> None:
    await began(pg, NOW - timedelta(days=20))
    whole = await register(pg, "frog-whole")
    await measured(pg, whole, HOUR - timedelta(days=9), 9 * 144 + 3)
    half = await register(pg, "frog-half")
    await measured(pg, half, HOUR - timedelta(hours=12), 72)
    new = await register(pg, "frog-new", installed_at=HOUR - timedelta(hours=6))
    await measured(pg, new, HOUR - timedelta(hours=6), 36)
    gone = await register(pg, "frog-gone", retired_at=HOUR - timedelta(hours=18))
    await measured(pg, gone, HOUR - timedelta(hours=24), 36)
    await register(pg, "frog-long-gone", retired_at=HOUR - timedelta(days=3))
    chatty = await register(pg, "frog-chatty")
    await measured(pg, chatty, HOUR - timedelta(hours=24), 1440, 60)
    await register(pg, "frog-never")
    await register(pg, "lorry", "gritter")
    if refreshed:
        await refresh(pg)
    found = await find(db_dsn)
    by_kind = {k.kind: k for k in found.kinds}
    assert by_kind["gritter"].share is None
    frogs = by_kind["frog"]
    assert (frogs.devices, frogs.expected, frogs.stored) == (6, 4 * 144 + 36 + 36, 144 + 72 + 36 + 36 + 144)
    assert [(d.name, d.stored, d.expected) for d in found.devices] == [
        ("frog-never", 0, 144),
        ("frog-half", 72, 144),
    ]
    assert frogs.short_devices == frogs.look_devices == 2
    assert frogs.week_stored == 7 * 144 + 72 + 36 + 36 + 1008 + 0
    assert found.devices[0].silent(NOW)
    assert found.devices[1].heard_at is not None


async def refresh(pg: Conn) -> None:
    """On TimescaleDB: aggregate, as the policies do; plain PostgreSQL has nothing to do."""
    if await (await pg.execute("select 1 from pg_extension where extname = 'timescaledb'")).fetchone():
        for view, end in (("frog_hourly", "1 hour"), ("frog_daily", "1 day")):
            await pg.execute(
                "call refresh_continuous_aggregate(%s, null, now() - %s::interval)",  # one statement, no transaction
                (view, end),
            )


@pytest.mark.parametrize("refreshed", [False, True])
async def test_windows_of_any_length_count_what_the_readings_hold(pg: Conn, refreshed: bool) -> None:
    rng = random.Random(3)
    ids = [await register(pg, f"frog-{n}") for n in range(3)]
    for device_id in ids:
        for _ in range(6):
            start = HOUR - timedelta(hours=rng.randrange(12, 260), minutes=rng.randrange(60))
            await measured(pg, device_id, start, rng.randrange(1, 60))
    if refreshed:
        await refresh(pg)
    for _ in range(12):
        end = HOUR - timedelta(hours=rng.randrange(0, 60))
        start = end - timedelta(hours=rng.randrange(1, 200))
        arguments = (start, end)
        raw = await pg.execute(
            "select device_id, count(*) from frog_reading where ts >= %s and ts < %s group by 1", arguments
        )
        counted = await pg.execute("select * from health.stored('frog', %s, %s)", arguments)
        wanted = dict(await raw.fetchall())
        assert dict(await counted.fetchall()) == wanted, arguments
        one = await pg.execute("select n from health.stored('frog', %s, %s, %s)", (*arguments, ids[0]))
        assert await one.fetchall() == ([(wanted[ids[0]],)] if ids[0] in wanted else [])


async def test_what_waits_is_told_with_its_age_and_worst_comes_first(pg: Conn, db_dsn: str) -> None:
    said_at = NOW - timedelta(minutes=9)
    full = await register(pg, "frog-full")
    few = await register(pg, "frog-few")
    odd = await register(pg, "frog-odd")
    away = await register(pg, "frog-away")
    for device_id, status in (
        (full, '{"online":false,"outbox":40}'),
        (few, '{"outbox":2}'),
        (odd, '{"outbox":"x"}'),
        (away, '{"online":false}'),
    ):
        await pg.execute(
            "insert into device_status (device_id, status, status_at) values (%s, %s, %s)",
            (device_id, status, said_at),
        )
    for name, numbers in (("frog-1", "{[0,4],[9,9]}"), ("frog-2", "{[0,4],[100,100]}")):
        await held(pg, await register(pg, name), 3, numbers)
    found = await find(db_dsn)
    assert [(d.name, d.missing, d.waiting) for d in found.devices] == [
        ("frog-2", 95, None),
        ("frog-1", 4, None),
        ("frog-full", 0, 40),
    ]
    assert found.devices[2].status_at == said_at
    [frogs] = found.kinds
    assert (frogs.waiting, frogs.waiting_devices, frogs.oldest_status_at) == (42, 2, said_at)
    assert (found.missing, frogs.gap_devices, found.look_devices) == (99, 2, 3)
    assert [d.name for d in (await find(db_dsn, limit=1)).devices] == ["frog-2"]
    assert (await find(db_dsn, kind="road")).kinds == ()
    [one] = (await find(db_dsn, device_id=few)).devices
    assert one.name == "frog-few"


async def test_many_ranges_are_counted_and_the_newest_boots_named(pg: Conn, db_dsn: str) -> None:
    device_id = await register(pg, "frog-1")
    await held(pg, device_id, 1, "{[0,0],[10,10]}")
    await held(pg, device_id, 2, "{" + ",".join(f"[{2 * n},{2 * n}]" for n in range(31)) + "}")
    [found] = (await find(db_dsn)).devices
    assert (found.missing, found.gaps, len(found.ranges)) == (39, 31, 12)
    assert {r.boot for r in found.ranges} == {2}
    assert found.ranges[0].first == found.ranges[0].last == 1


async def test_the_reading_tables_and_policies_are_described(pg: Conn) -> None:
    await measured(pg, await register(pg, "frog-1"), HOUR - timedelta(days=20), 20 * 144)
    await pg.execute("analyze")
    cursor = await pg.execute("select * from health.reading_tables(%s)", (["frog", "nothing", "bin"],))
    frog, bins = await cursor.fetchall()
    names = [c.name for c in cursor.description or ()]
    frogs = dict(zip(names, frog, strict=True))
    assert (frogs["kind"], bins[0]) == ("frog", "bin")
    assert frogs["rows_estimate"] == pytest.approx(2880, rel=0.1)
    assert frogs["bytes"] > 100_000
    assert 1 <= frogs["parts"] <= 5
    policies = await (await pg.execute("select policy, target from health.policies()")).fetchall()
    if frogs["columnar"] is None:
        assert policies == []
        return
    assert {("refresh", "frog_hourly"), ("refresh", "frog_daily"), ("columnstore", "frog_reading")} <= set(
        policies
    )
    await pg.execute("select compress_chunk(show_chunks('frog_reading', older_than => interval '8 days'))")
    cursor = await pg.execute("select * from health.reading_tables(array['frog'])")
    frogs = dict(zip(names, await cursor.fetchone() or (), strict=True))
    assert frogs["columnar"] >= 1
    assert frogs["before_bytes"] > frogs["after_bytes"] > 0


async def test_rows_are_unknown_until_they_are_counted(pg: Conn) -> None:
    async def rows() -> int | None:
        cursor = await pg.execute("select rows_estimate from health.reading_tables('{frog}')")
        [(estimate,)] = await cursor.fetchall()
        return estimate

    assert await rows() == 0
    device_id = await register(pg, "frog-1")
    async with pg.transaction():  # autovacuum can't count what is not committed
        await measured(pg, device_id, HOUR - timedelta(hours=1), 3)
        assert await rows() is None
    await pg.execute("analyze frog_reading")
    assert await rows() == 3


async def test_the_number_of_a_device(pg: Conn, db_dsn: str) -> None:
    wanted = await register(pg, "frog-1")
    async with await psycopg.AsyncConnection.connect(db_dsn) as conn:
        assert await id_of(Db(OneConnection(conn)), "frog-1", "frog") == wanted


async def test_absurd_numbers_of_one_device_hide_nobody_else(pg: Conn, db_dsn: str) -> None:
    """Within what the contract allows, and beyond: old rows may hold anything."""
    absurd, other = await register(pg, "absurd"), await register(pg, "other")
    for boot in (1, 2, 3):
        await held(pg, absurd, boot, f"{{[0,1),[{2**62},{2**62 + 1})}}")
    await held(pg, other, 1, "{[0,5),[6,9)}")
    await pg.execute(
        "insert into device_status (device_id, status, status_at) values (%s, %s, now())",
        (absurd, json.dumps({"online": True, "outbox": 10**20})),
    )
    found = await find(db_dsn)
    assert {d.name: d.missing for d in found.devices}["other"] == 1
    async with await psycopg.AsyncConnection.connect(db_dsn) as conn:
        rows = await (
            await conn.execute("select * from board.completeness('{frog}', now() - interval '1 day', now())")
        ).fetchall()
    assert rows


async def test_counts_are_right_while_the_policies_are_at_work(pg: Conn, db_dsn: str) -> None:
    """Aggregated from new to old, in several transactions, the older hours would be missing meanwhile."""
    device_id = await register(pg, "frog-1")
    hours = 1200
    start = HOUR - timedelta(hours=hours)
    await measured(pg, device_id, start, 6 * hours)
    policies = asyncio.create_task(_run_policies(db_dsn))
    counted = 0
    while not policies.done() or counted == 0:
        for counts in (
            "select n from health.stored('frog', %s, %s)",
            "select sum(n) from frog_hourly where bucket >= %s and bucket < %s",
            "select sum(n) from frog_daily where bucket >= %s - interval '1 day' and bucket < %s",
        ):
            cursor = await pg.execute(counts, (start, HOUR))  # type: ignore[arg-type]
            assert await cursor.fetchall() == [(6 * hours,)], f"{counts}, asked {counted + 1} times"
        counted += 1
    await policies


async def _run_policies(dsn: str) -> None:
    """On TimescaleDB: convert and aggregate, as the policies of frogs do when their time has come."""
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as other:
        if not await (
            await other.execute("select 1 from pg_extension where extname = 'timescaledb'")
        ).fetchone():
            return
        jobs = await other.execute(
            "select j.job_id from timescaledb_information.jobs j"
            " left join timescaledb_information.continuous_aggregates a"
            " on j.hypertable_name in (a.view_name, a.materialization_hypertable_name)"
            " where coalesce(a.view_name, j.hypertable_name) in ('frog_reading', 'frog_hourly', 'frog_daily')"
            " and j.proc_name in ('policy_compression', 'policy_refresh_continuous_aggregate') order by 1"
        )
        found = [job for (job,) in await jobs.fetchall()]
        assert len(found) == 3
        for job in found:
            await other.execute("call run_job(%s)", (job,))
