"""Leases on a real server: shared evenly, lost by whoever is gone, frozen or cut off."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from cityops.embedded.postgres import EmbeddedPostgres
from cityops.embedded.process import free_port
from cityops.errors import TransientError
from ingest.leases import AdvisoryLeases, SoleLeases
from ingest.ports import Holding, ShardLeases

ALL = range(16)


@pytest.fixture
def server(server_dir: Path) -> Iterator[EmbeddedPostgres]:
    """A server of this test's own, to be stopped."""
    folder = Path(tempfile.mkdtemp(prefix="own", dir=server_dir))
    folder.chmod(0o711)
    port = free_port("127.0.0.1")  # the same after a restart
    with EmbeddedPostgres(folder, port, auth="trust", durable=False) as started:
        yield started


async def settle(*workers: AdvisoryLeases, shards: range = ALL) -> list[frozenset[int]]:
    """Let the workers look, in turns, until all have their share; what is to be given up is released."""
    async with asyncio.timeout(60):
        while True:
            looks = []
            for worker in workers:
                looks.append(await worker.hold(shards))
                if looks[-1].give_up:
                    await worker.release(looks[-1].give_up)
            if all(look.settled and look.all_served for look in looks):
                return [look.held for look in looks]


async def backend(dsn: str) -> int:
    """Process id of the server's side of the only lease connection."""
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as conn:
        cursor = await conn.execute(
            "select pid from pg_stat_activity where application_name like 'cityops-ingest-leases/%'"
        )
        (pid,) = await cursor.fetchone() or (0,)
    return int(pid)


@pytest.mark.parametrize("kind", ["advisory", "sole"])
async def test_whoever_is_alone_has_all(db_dsn: str, kind: str) -> None:
    leases: ShardLeases = AdvisoryLeases(db_dsn) if kind == "advisory" else SoleLeases()
    for _ in range(2):
        assert await leases.hold(ALL) == Holding(frozenset(ALL))
        assert leases.valid
    await leases.release({3})
    assert (await leases.hold(ALL)).held == frozenset(ALL)
    await leases.close()


async def test_workers_that_come_and_go_share_evenly(db_dsn: str) -> None:
    first, second, third = (AdvisoryLeases(db_dsn) for _ in range(3))
    assert await settle(first) == [frozenset(ALL)]
    look = await second.hold(ALL)
    assert (look.held, look.workers, look.all_served, look.settled) == (frozenset(), 2, True, False)
    look = await first.hold(ALL)
    assert (len(look.held), look.give_up, look.settled) == (16, frozenset(range(8, 16)), False)
    assert await settle(first, second) == [frozenset(range(8)), frozenset(range(8, 16))]
    shares = await settle(first, second, third)
    assert sorted(map(len, shares)) == [5, 5, 6]
    assert frozenset().union(*shares) == frozenset(ALL)
    await first.close()
    again = await settle(second, third)
    assert sorted(map(len, again)) == [8, 8]
    assert all(old <= new for old, new in zip(shares[1:], again, strict=True))
    await second.close()
    await third.close()


async def test_workers_with_another_list_are_no_sharers(db_dsn: str) -> None:
    low, high, other = (AdvisoryLeases(db_dsn) for _ in range(3))
    assert await settle(low, shards=range(8)) == [frozenset(range(8))]
    assert await settle(high, shards=range(8, 16)) == [frozenset(range(8, 16))]
    look = await other.hold(range(6, 10))  # an overlap: first come, first served
    assert (look.held, look.workers, look.all_served, look.settled) == (frozenset(), 1, True, True)
    await low.close()
    assert (await other.hold(range(6, 10))).held == {6, 7}
    for leases in (high, other):
        await leases.close()


async def test_silence_loses_the_leases_and_our_own_clock_knows_it_first(db_dsn: str) -> None:
    """As a frozen worker: its connection stays, and the server ends it."""
    quiet, other = AdvisoryLeases(db_dsn, lease_s=4.0), AdvisoryLeases(db_dsn)
    assert await settle(quiet) == [frozenset(ALL)]
    async with asyncio.timeout(60):
        while (await other.hold(ALL)).held != frozenset(ALL):
            assert not quiet.valid or not (await other.hold(ALL)).held
            await asyncio.sleep(0.02)
    assert not quiet.valid
    with pytest.raises(TransientError, match="idle"):
        await quiet.hold(ALL)
    assert (await quiet.hold(ALL)).held == frozenset()  # it is back, and gets its share like any other
    await quiet.close()
    await other.close()


async def test_looking_keeps_them(db_dsn: str) -> None:
    leases = AdvisoryLeases(db_dsn, lease_s=5.0)
    first = await leases.hold(ALL)
    connection = leases._connection
    for _ in range(6):
        await asyncio.sleep(leases.check_s)
        assert await leases.hold(ALL) == first
    assert leases._connection is connection
    await leases.close()


async def test_no_answer_loses_them_before_the_lease_is_over(server: EmbeddedPostgres) -> None:
    """Else a worker that is cut off from the database serves on beside the one that took over."""
    first = AdvisoryLeases(server.dsn, lease_s=3.0)
    assert (await first.hold({0, 1})).held == {0, 1}
    pid = await backend(server.dsn)
    os.kill(pid, signal.SIGSTOP)
    try:
        with pytest.raises(TransientError, match=r"no answer within 1\.5 s"):
            async with asyncio.timeout(20):
                await first.hold({0, 1})
        assert not first.valid
    finally:
        os.kill(pid, signal.SIGCONT)
    async with asyncio.timeout(60):
        while (await first.hold({0, 1})).held != {0, 1}:  # the old connection's locks end with it
            await asyncio.sleep(0.1)
    await first.close()
    second = AdvisoryLeases(server.dsn)
    assert (await second.hold({0, 1})).held == {0, 1}  # given back before close returned
    await second.close()


async def test_they_end_with_the_connection(server: EmbeddedPostgres) -> None:
    first, second = AdvisoryLeases(server.dsn), AdvisoryLeases(server.dsn)
    assert (await first.hold({0, 1, 2})).held == {0, 1, 2}
    assert (await second.hold({1, 3})).held == {3}
    server.kill()
    with pytest.raises(TransientError):
        await first.hold({0, 1, 2})
    with pytest.raises(TransientError, match="lost before they were given back"):
        await first.release({0})
    server.start()
    await second.close()
    assert (await second.hold({1, 3})).held == {1, 3}
    assert (await first.hold({0, 1, 2})).held == {0, 2}
    await first.close()
    assert (await second.hold({1, 3})).held == {1, 3}
    await second.close()


async def test_a_pooler_that_swaps_sessions_is_named(db_dsn: str, pg: psycopg.AsyncConnection[Any]) -> None:
    leases = AdvisoryLeases(db_dsn)
    await leases.hold(ALL)
    assert leases._connection is not None
    await leases._connection.execute("select pg_advisory_unlock_all()")  # what is left of a swapped session
    with pytest.raises(TransientError, match="without a pooler"):
        await leases.hold(ALL)
    await leases.close()


@pytest.mark.parametrize("frozen_in", ["transaction", "copy"])
async def test_what_a_frozen_worker_left_locked_is_freed_and_a_slow_one_goes_on(
    db_dsn: str, pg: psycopg.AsyncConnection[Any], frozen_in: str
) -> None:
    """Else whoever takes its shards waits for its rows of the ledger without end."""
    await pg.execute("create table locked (id int primary key)")
    leases = AdvisoryLeases(db_dsn, lease_s=2.0, worker="slow")
    names = ["cityops-ingest/slow", "cityops-ingest/frozen", "cityops-ingest", "somebody-else"]
    slow, frozen, nameless, other = [await session(db_dsn, name) for name in names]
    for conn in (slow, frozen, nameless, other):  # the slow one has waited the longest
        await conn.execute("insert into locked values (%s)", [conn.info.backend_pid])
        if frozen_in == "copy":  # sent without waiting for more than its beginning
            conn.pgconn.send_query(b"copy locked from stdin")
    await ended(pg, leases, frozen, nameless)
    assert await alive(pg, slow)
    assert await alive(pg, other)
    for closing in (leases, slow, frozen, nameless, other):
        await closing.close()


async def test_a_frozen_worker_is_one_whose_leases_are_gone(
    db_dsn: str, pg: psycopg.AsyncConnection[Any]
) -> None:
    mine, its = AdvisoryLeases(db_dsn, lease_s=2.0), AdvisoryLeases(db_dsn, lease_s=4.0, worker="w")
    await its.hold({1})
    frozen = await session(db_dsn, "cityops-ingest/w")
    await frozen.execute("select")
    await ended(pg, mine, frozen)
    with pytest.raises(TransientError):  # silent for too long itself
        await its.hold({1})
    for closing in (mine, its, frozen):
        await closing.close()


async def test_what_a_worker_has_given_up_by_itself_is_freed(
    db_dsn: str, pg: psycopg.AsyncConnection[Any]
) -> None:
    """As where only the connection that it stores through is cut: its next attempt would wait for this one."""
    leases = AdvisoryLeases(db_dsn, lease_s=2.0, worker="w", store_s=4.0)
    cut = await session(db_dsn, "cityops-ingest/w")
    await cut.execute("select")
    await ended(pg, leases, cut)
    for closing in (leases, cut):
        await closing.close()


async def ended(
    pg: psycopg.AsyncConnection[Any], leases: AdvisoryLeases, *sessions: psycopg.AsyncConnection[Any]
) -> None:
    """Look at the leases until the sessions have been ended."""
    async with asyncio.timeout(60):
        while any([await alive(pg, conn) for conn in sessions]):
            with contextlib.suppress(TransientError):  # where the machine is busy an answer may come too late
                await leases.hold(ALL)
            await asyncio.sleep(0.1)


async def session(dsn: str, name: str) -> psycopg.AsyncConnection[Any]:
    return await psycopg.AsyncConnection.connect(dsn, application_name=name)


async def alive(pg: psycopg.AsyncConnection[Any], conn: psycopg.AsyncConnection[Any]) -> bool:
    cursor = await pg.execute("select from pg_stat_activity where pid = %s", [conn.info.backend_pid])
    return await cursor.fetchone() is not None
