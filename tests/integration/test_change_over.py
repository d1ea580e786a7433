"""A website of the release before goes on while the database is upgraded under it, and loses what it had at the next upgrade."""

from __future__ import annotations

import asyncio

import psycopg
import pytest

from cityops.settings import DbSettings, Settings
from ops_api.cli_db import upgrade_database

pytestmark = pytest.mark.storage

HELD = """
select has_table_privilege('cityops_api', 'alarm', 'update'), has_table_privilege('cityops_api', 'work_item', 'update'),
       has_table_privilege('cityops_api', 'bin_reminder', 'select'),
       has_function_privilege('cityops_api', 'ward_counts()', 'execute'),
       has_function_privilege('cityops_api',
           'audit_read(bigint, text, text, text, text, text, text, text, text, bigint, integer)', 'execute')
"""


async def connected(dsn: str, name: str) -> psycopg.AsyncConnection[tuple[bool, ...]]:
    return await psycopg.AsyncConnection.connect(dsn, application_name=name, autocommit=True)


async def test_what_the_release_before_writes_with_is_its_own_until_it_ended(db_dsn: str) -> None:
    settings = Settings(db=DbSettings(dsn=db_dsn))
    async with await connected(db_dsn, "a test") as conn:

        async def held() -> set[bool]:
            await upgrade_database(settings)
            row = await (await conn.execute(HELD)).fetchone()
            assert row is not None
            return set(row)

        assert await held() == {False}
        async with await connected(db_dsn, "cityops-api"):
            assert await held() == {True}
            # Of homes it sees nothing all the same.
            await conn.execute(
                "insert into alarm (rule_id, rule_version, subject_kind, subject, severity, raised_at, title, reason)"
                " values ('home.damp', 1, 'home', 'x', 'major', now(), 'x', 'x'), ('bin.full', 1, 'bin', 'x', 'major', now(), 'x', 'x')"
            )
            await conn.execute("set role cityops_api")
            done = await conn.execute("update alarm set acknowledged_by = 'Jo' returning subject_kind")
            assert await done.fetchall() == [("bin",)]
            await conn.execute("reset role")
            async with await connected(db_dsn, "cityops-people"):
                assert await held() == {False}


async def test_upgrades_at_once_give_and_take_rights_one_after_the_other(db_dsn: str) -> None:
    settings = Settings(db=DbSettings(dsn=db_dsn))
    for _ in range(3):
        assert await asyncio.gather(*(upgrade_database(settings) for _ in range(4))) == [[]] * 4
