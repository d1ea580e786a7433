"""Sign-ins that failed are lines of the audit: bounded, chained, and nothing of what was typed is in them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from psycopg_pool import AsyncConnectionPool

from ops_api.access.model import Role
from ops_api.audit.core.model import Failure
from ops_api.audit.failures import MOST, Failures
from ops_api.audit.reading import checked
from ops_api.audit.spool import Spool
from ops_api.audit.store import PostgresAudit
from ops_api.queries import Db
from tests.fakes.staff import Person, add, at_desk
from tests.fakes.website import Site

ONE = Failure(
    at_us=1_700_000_000_000_000, via="web", action="POST /sign-in", outcome="403", source="203.0.113.9", request_id="r1",
    why="password", name="nobody.here", mark="abc",
)  # fmt: skip
LINES = (
    "select actor_kind, actor_id, action, object, reason, outcome, detail from audit_entry order by entry_id"
)


@pytest.fixture
async def pool(db_dsn: str) -> AsyncIterator[Any]:
    async with AsyncConnectionPool(db_dsn, open=False, min_size=1, max_size=6) as found:
        yield found


async def lines(pool: Any, query: str = LINES) -> list[tuple[Any, ...]]:
    async with pool.connection() as connection:
        found: list[tuple[Any, ...]] = await (await connection.execute(query)).fetchall()
    return found


async def told(pool: Any, failures: list[Failure]) -> None:
    book = Failures(Db(pool))
    for failure in failures:
        book.add(failure)
    await book.tell()


@pytest.mark.storage
async def test_an_attacker_makes_a_bounded_number_of_lines_and_the_rest_is_counted(
    pool: Any, db_dsn: str
) -> None:
    async with pool.connection() as connection:
        for number in range(30):
            await connection.execute(
                "insert into account (name, label, made_by) values (%s, 'x', 'test')", (f"someone{number}",)
            )
    await told(pool, [replace(ONE, mark=f"{n}") for n in range(120)])
    assert len(await lines(pool)) == 20, "of names that there are not"
    await told(pool, [replace(ONE, name=f"someone{n % 30}") for n in range(30 * 25)])
    assert len(await lines(pool)) == 300, "of all together"
    assert await Failures(Db(pool)).tell_more() == 0, "the hour is not over"
    # As if an hour had passed: counts are kept under the mark of their hour.
    await lines(
        pool,
        "update sign_in_try set source = audit_failed_mark((extract(epoch from date_trunc('hour', now())) - 3600)::bigint::text) returning 1",
    )
    more = await asyncio.gather(*(Failures(Db(pool)).tell_more() for _ in range(4)))
    assert sum(more) == 1, "told once, whoever tells"
    newest = (await lines(pool))[-1]
    assert newest[2] == "more sign-ins failed"
    assert f'"more": {120 + 750 - 300}' in newest[6]
    assert await lines(pool, "select 1 from sign_in_try") == []
    await told(pool, [ONE])
    assert len(await lines(pool)) == 302
    assert (await asyncio.to_thread(checked, db_dsn, {}))[2] == []


@pytest.mark.storage
async def test_two_at_once_keep_the_bound(pool: Any) -> None:
    await asyncio.gather(*(told(pool, [ONE] * 15) for _ in range(4)))
    assert len(await lines(pool)) == 20


async def test_what_comes_faster_than_it_is_written_takes_no_more_room(pool: Any) -> None:
    book = Failures(Db(pool))
    for _ in range(5 * MOST):
        book.add(ONE)
    await book.tell()
    assert len(await lines(pool)) == 20


async def test_what_waits_is_written_when_the_process_ends(pool: Any, tmp_path: Path) -> None:
    audit = PostgresAudit(Db(pool), Spool(tmp_path))
    task = asyncio.create_task(audit.failures.keep_telling())
    await asyncio.sleep(0)
    audit.failed(ONE)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert len(await lines(pool)) == 1


async def until(site: Site, count: int) -> list[tuple[Any, ...]]:
    async with asyncio.timeout(20):
        while len(rows := await site.sql(LINES.replace("order", "where actor_id = 'failed' order"))) < count:
            await asyncio.sleep(0.05)
    return rows


async def test_each_way_in_that_fails_is_a_line_without_what_was_typed(site: Site) -> None:
    number = await add(site, "wren", Role.ADMIN)
    wren = Person(site, "wren")
    await wren.signs_in()
    async with at_desk(site) as desk:
        who = await desk.accounts.named("wren")
        assert who is not None
        key = (await desk.keys.make(who, "mine", ["audit:read"], datetime.now(UTC))).key
    typed = "hunter2 is what I typed into the wrong field"
    await Person(site, "wren", "a wrong password").types()
    await Person(site, typed, "x").types()
    await Person(site, "nobody.here", "x").types()
    again = Person(site, "wren")
    await again.types()
    await again.http.post("/sign-in/code", data={"code": "000001"})
    wrong = key[:-4] + ("AAAA" if not key.endswith("AAAA") else "BBBB")
    for given in (wrong, "cok_abcdefgh_" + "x" * 43, "cok_rubbish"):
        assert (await site.http.get("/api/v1/audit", headers={"X-Api-Key": given})).status_code == 401
    assert (await site.http.post("/join", data={"code": "KNT-0000-XYZ"})).status_code == 303
    assert (
        await site.http.post("/housing/who", data={"password": "wrong", "by": "x", "purpose": "visits"})
    ).status_code == 403
    rows = await until(site, 9)
    account = f"account:{number}"
    assert [(action, about, why) for _, _, action, about, why, _, _ in rows] == [
        ("POST /sign-in", account, "password"),
        ("POST /sign-in", "", "password"),
        ("POST /sign-in", "", "password"),
        ("POST /sign-in/code", account, "code"),
        ("GET /api/v1/audit", f"key:{key[4:12]}", "key"),
        ("GET /api/v1/audit", "", "key"),
        ("GET /api/v1/audit", "", "key"),
        ("POST /join", "join", "code"),
        ("POST /housing/who", "team:housing", "password"),
    ]
    marks = [detail for *_, detail in rows]
    assert marks[1] != marks[2]
    assert marks[0] == marks[3] == "{}"
    everything = str(await site.sql("select e::text from audit_entry e"))
    for private in (
        "wren",
        "hunter2",
        "nobody.here",
        "a wrong",
        key[13:],
        "rubbish",
        "KNT-0000",
        "127.0.0.1",
    ):
        assert private not in everything, private
    shown = (await wren.http.get("/audit?actor=failed")).text
    assert "Sign-in failed" in shown
    assert "account:wren" in shown
    assert (await asyncio.to_thread(checked, site.dsn, {}))[2] == []
