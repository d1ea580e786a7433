"""A website whose login may delete nothing: it asks, the ingester's process deletes, the receipt says so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import psycopg
import pytest
import pytest_asyncio
from psycopg_pool import AsyncConnectionPool

from devices.contract.kind import discover
from ingest.erasure import Erasure
from ingest.erasure_queue import ErasureQueue
from ops_api.households.queued import QueuedEraser, receipt_of
from ops_api.queries import Db
from ops_api.queries.as_role import RoleDb
from tests.fakes.databases import own_database
from tests.fakes.households import MINUTES, Street, street

pytestmark = [pytest.mark.storage, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lane(pg_server: str, db_template: str) -> AsyncIterator[Street]:
    """One street for all; each test has homes of its own."""
    with own_database(pg_server, "queue", db_template) as dsn:
        async with street(dsn, 6) as built:
            yield built


@asynccontextmanager
async def registrar(lane: Street) -> AsyncIterator[RoleDb]:
    async with AsyncConnectionPool(
        lane.dsn, kwargs={"options": "-c role=cityops_api -c timezone=UTC"}, min_size=1, open=False
    ) as pool:
        yield RoleDb(Db(pool), "cityops_registrar")


@asynccontextmanager
async def working(lane: Street, erasure: Erasure | None = None) -> AsyncIterator[ErasureQueue]:
    stop = asyncio.Event()
    queue = ErasureQueue(lane.dsn, erasure or Erasure(lane.dsn, discover()))
    task = asyncio.create_task(queue.run(stop))
    try:
        yield queue
    finally:
        stop.set()
        await asyncio.wait_for(task, 5)


async def left(lane: Street, n: int) -> tuple[Any, ...]:
    return (
        await lane.sql(
            "select (select count(*) from frog_reading where device_id = %s),"
            " (select count(*) from resident where resident_id = %s),"
            " (select count(*) from erasure where home_id = %s), (select count(*) from erasure where resident_id is not null)",
            await lane.device(n), lane.residents[n], await lane.home(n),
        )
    )[0]  # fmt: skip


async def test_it_is_done_by_who_may_and_the_receipt_names_nobody(lane: Street) -> None:
    async with registrar(lane) as db, working(lane):
        receipt = await QueuedEraser(db).erase(await lane.home(1), lane.residents[1], forget=True)
    assert receipt["done_at"] is not None
    assert receipt["deleted"]["readings"] == MINUTES
    assert receipt["deleted"]["resident"] == 1
    assert receipt["kept"] == []
    assert await left(lane, 1) == (0, 0, 1, 0)
    assert await left(lane, 2) == (MINUTES, 1, 0, 0)


async def test_nobody_at_work_is_said_and_done_later_and_once(lane: Street) -> None:
    home = await lane.home(2)
    async with registrar(lane) as db:
        eraser = QueuedEraser(db, wait_s=0.0)
        receipts = await asyncio.gather(
            *(eraser.erase(home, lane.residents[2], forget=False) for _ in range(3))
        )
        assert {r["erasure_id"] for r in receipts} == {receipts[0]["erasure_id"]}
        assert receipts[0]["done_at"] is None
        assert await left(lane, 2) == (MINUTES, 1, 1, 1)
        async with working(lane), working(lane):  # two ingesters
            receipt = await QueuedEraser(db).erase(home, lane.residents[2], forget=False)
        assert receipt["erasure_id"] == receipts[0]["erasure_id"]
        assert await receipt_of(db, receipt["erasure_id"]) == receipt
        assert await receipt_of(db, "00000000-0000-0000-0000-000000000000") is None
    assert await left(lane, 2) == (0, 1, 1, 0)


async def test_what_somebody_else_lived_through_is_told_as_kept(lane: Street) -> None:
    await lane.moves_in(3, "Ben", "token-ben")
    async with registrar(lane) as db, working(lane):
        receipt = await QueuedEraser(db).erase(await lane.home(3), lane.residents[3], forget=True)
    [(first, last)] = receipt["kept"]
    assert first is None
    assert last.tzinfo is not None
    assert (await left(lane, 3))[:2] == (MINUTES, 0)


async def test_a_strangers_number_asks_for_nothing(lane: Street) -> None:
    async with registrar(lane) as db:
        with pytest.raises(ValueError, match="no"):
            await QueuedEraser(db).erase(await lane.home(4), lane.residents[5], forget=True)
    assert await left(lane, 4) == (MINUTES, 1, 0, 0)


class Broken(Erasure):
    """Fails for one home, as a database might."""

    async def erase(self, home_id: int, resident_id: str, **rest: Any) -> Any:
        if home_id == self.fails_at:
            raise psycopg.OperationalError("disk full")
        return await super().erase(home_id, resident_id, **rest)

    fails_at = 0


async def test_one_that_fails_holds_up_no_other_and_is_tried_again(lane: Street) -> None:
    broken = Broken(lane.dsn, discover())
    broken.fails_at = await lane.home(4)
    async with registrar(lane) as db:
        with suppress(TimeoutError):
            await QueuedEraser(db, wait_s=0.0).erase(broken.fails_at, lane.residents[4], forget=True)
        async with working(lane, broken):
            done = await QueuedEraser(db).erase(await lane.home(5), lane.residents[5], forget=True)
            assert done["done_at"] is not None
        assert (await left(lane, 4))[3] == 1
        await lane.sql(
            "update erasure set tried_at = tried_at - interval '2 minutes' where tried_at is not null"
        )
        async with working(lane):
            receipt = await QueuedEraser(db).erase(broken.fails_at, lane.residents[4], forget=True)
    assert receipt["done_at"] is not None
    assert await left(lane, 4) == (0, 0, 1, 0)


async def test_the_websites_role_itself_asks_for_no_deletion(lane: Street) -> None:
    async with registrar(lane) as db, db._pool.connection() as conn:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await conn.execute("select erasure_ask(1, gen_random_uuid(), true)")


async def test_a_home_that_is_taken_out_meanwhile_ends_no_ingester(lane: Street) -> None:
    """Somebody else forgot her stay first; the question is still answered, and so are the next ones."""
    home = await lane.home(6)
    async with registrar(lane) as db:
        asked = await QueuedEraser(db, wait_s=0.0).erase(home, lane.residents[6], forget=True)
        for table in ("diary_entry", "household_member", "home_device", "home"):
            await lane.sql(f"delete from {table} where home_id = %s", home)
        async with working(lane):
            for _ in range(80):
                if (receipt := await receipt_of(db, asked["erasure_id"])) and receipt["done_at"] is not None:
                    break
                await asyncio.sleep(0.1)
    assert receipt is not None
    assert receipt["done_at"] is not None
    assert await lane.sql("select count(*) from resident where resident_id = %s", lane.residents[6]) == [(0,)]


class Odd(Erasure):
    """Fails as nothing of the database's does."""

    async def erase(self, *given: Any, **rest: Any) -> Any:
        raise KeyError("of a programmer")


async def test_whatever_fails_the_queue_goes_on(lane: Street) -> None:
    home = await lane.home(3)
    [(resident,)] = await lane.sql("select resident_id::text from household_member where home_id = %s", home)
    async with registrar(lane) as db:
        await QueuedEraser(db, wait_s=0.0).erase(home, resident, forget=False)
    async with await psycopg.AsyncConnection.connect(lane.dsn, autocommit=True) as conn:
        await ErasureQueue(lane.dsn, Odd(lane.dsn, discover())).work(conn)
    assert await lane.sql("select count(*) from erasure where tried_at is not null") == [(1,)]
    await lane.sql("update erasure set tried_at = null")
    async with registrar(lane) as db, working(lane):
        assert (await QueuedEraser(db).erase(home, resident, forget=False))["done_at"] is not None
