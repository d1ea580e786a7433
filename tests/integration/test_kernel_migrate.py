"""Migrations: once, in order, one process at a time, and never an edited history."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import psycopg
import pytest

from cityops.db.flavour import Flavour
from cityops.db.migrate import split_statements, status, upgrade
from cityops.db.migration_files import SqlFile, migrations, sql_file
from cityops.errors import ConfigurationError, InvariantError

pytestmark = pytest.mark.storage

FIRST = sql_file("0001_first", "create table first (n int);")
SECOND = sql_file("0002_second", "alter table first add column m int; insert into first values (1, 2);")
ROUTINE = sql_file("total", "create or replace view total as select sum(n) as n from first;")


async def connect(dsn: str) -> psycopg.AsyncConnection[Any]:
    return await psycopg.AsyncConnection.connect(dsn)


async def run(dsn: str, files: Sequence[SqlFile], routines: Sequence[SqlFile] = ()) -> list[str]:
    async with await connect(dsn) as conn:
        return await upgrade(conn, migrations=files, routines=routines)


async def value(dsn: str, query: str) -> Any:
    async with await connect(dsn) as conn:
        row = await (await conn.execute(query)).fetchone()  # type: ignore[arg-type]
        assert row is not None
        return row[0]


async def test_the_packaged_migrations_apply_and_a_second_time_do_nothing(empty_dsn: str) -> None:
    async with await connect(empty_dsn) as conn:
        assert (await status(conn)).pending == tuple(file.name for file in migrations())
        await conn.rollback()
        done = await upgrade(conn)
        assert done[: len(migrations())] == [file.name for file in migrations()]
        assert await upgrade(conn) == []
        state = await status(conn)
    assert state.current
    assert state.flavour.server_version >= 150000


async def test_a_later_migration_and_a_changed_routine_are_applied(empty_dsn: str) -> None:
    assert await run(empty_dsn, [FIRST], [ROUTINE]) == ["0001_first", "total"]
    assert await run(empty_dsn, [FIRST], [ROUTINE]) == []
    assert await run(empty_dsn, [FIRST, SECOND], [ROUTINE]) == ["0002_second", "total"]
    assert await value(empty_dsn, "select n from total") == 1
    changed = sql_file("total", "create or replace view total as select 7::bigint as n;")
    assert await run(empty_dsn, [FIRST, SECOND], [changed]) == ["total"]
    assert await value(empty_dsn, "select n from total") == 7


async def test_an_edited_history_is_refused_by_name_and_nothing_is_done(empty_dsn: str) -> None:
    await run(empty_dsn, [FIRST])
    edited = sql_file("0001_first", "create table first (n bigint);")
    with pytest.raises(ConfigurationError, match=r"0001_first was applied .* never edited"):
        await run(empty_dsn, [edited, SECOND])
    assert (
        await value(empty_dsn, "select count(*) from information_schema.columns where table_name = 'first'")
        == 1
    )


async def test_a_removed_migration_is_refused(empty_dsn: str) -> None:
    await run(empty_dsn, [FIRST, SECOND])
    with pytest.raises(ConfigurationError, match="0002_second"):
        await run(empty_dsn, [FIRST])


async def test_line_ends_do_not_count_as_an_edit(empty_dsn: str) -> None:
    await run(empty_dsn, [sql_file("0001_first", "create table first\n(n int);\n")])
    assert await run(empty_dsn, [sql_file("0001_first", "create table first\r\n(n int);\r\n")]) == []


async def test_a_failing_migration_leaves_nothing_and_can_be_repeated(empty_dsn: str) -> None:
    broken = sql_file("0002_second", "alter table first add column m int; select 1/0;")
    with pytest.raises(InvariantError, match="0002_second failed: division by zero"):
        await run(empty_dsn, [FIRST, broken])
    assert await run(empty_dsn, [FIRST, SECOND]) == ["0002_second"]


async def test_upgrades_at_the_same_time_apply_each_migration_once(empty_dsn: str) -> None:
    slow = sql_file("0002_slow", "select pg_sleep(0.2); create table second (n int);")
    index = sql_file("0003_index", "-- no-transaction\ncreate index concurrently a on first (n);")
    results = await asyncio.gather(*(run(empty_dsn, [FIRST, slow, index], [ROUTINE]) for _ in range(4)))
    assert sorted(results, key=len) == [[], [], [], ["0001_first", "0002_slow", "0003_index", "total"]]


async def test_statements_that_refuse_a_transaction_run_outside_one(empty_dsn: str) -> None:
    text = "-- no-transaction\n-- why\ncreate index concurrently a on first (n);\nvacuum first;\n"
    assert await run(empty_dsn, [FIRST, sql_file("0002_index", text)]) == ["0001_first", "0002_index"]


async def test_derived_statements_run_each_time_with_the_flavour(empty_dsn: str) -> None:
    seen: list[Flavour] = []

    def derived(flavour: Flavour) -> list[str]:
        seen.append(flavour)
        return ["create table if not exists derived (n int)", "insert into derived values (1)"]

    async with await connect(empty_dsn) as conn:
        first = await upgrade(conn, derived, migrations=[FIRST], routines=[ROUTINE])
        second = await upgrade(conn, derived, migrations=[FIRST], routines=[ROUTINE])
    assert first == ["0001_first", "kinds", "total"]
    assert second == []
    assert await value(empty_dsn, "select count(*) from derived") == 2
    assert seen[0].server_version >= 150000


async def test_a_failing_derived_statement_is_quoted_and_undone(empty_dsn: str) -> None:
    def derived(_: Flavour) -> list[str]:
        return ["create table derived (n int)", "create table broken (n nonsense)"]

    async with await connect(empty_dsn) as conn:
        with pytest.raises(InvariantError, match=r"(?s)nonsense.*in: create table broken"):
            await upgrade(conn, derived, migrations=[FIRST])
    assert await value(empty_dsn, "select to_regclass('derived') is null")


async def test_upgrade_in_a_transaction_is_refused(empty_dsn: str) -> None:
    async with await connect(empty_dsn) as conn:
        await conn.execute("select 1")
        with pytest.raises(InvariantError, match="transaction"):
            await upgrade(conn, migrations=[FIRST])


def test_split_statements_keeps_multi_line_statements_whole() -> None:
    assert split_statements("-- a\nselect\n  1;\n\nselect 2;") == ["select\n  1;", "select 2;"]
