"""Accounts, sessions, keys and lines of the audit go at their age, and what went is kept as a report."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from cityops.settings_retention import RetentionSettings
from ingest.retention import Retention

pytestmark = pytest.mark.storage

ACCOUNT = (
    "insert into account (name, label, roles, made_by, made_at, seen_on) values (%s, %s, %s, 'x', now() - interval '900 days',"
    " (now() - make_interval(days => %s))::date) returning account_id"
)
SESSION = (
    "insert into staff_session (account_id, account_epoch, token_hash, made_at, rotated_at, seen_at, strong_at, expires_at, revoked_at,"
    " how, mfa) values (%s, 0, %s, now(), now(), now(), now(), now() + make_interval(days => %s),"
    " now() + make_interval(days => %s), 'password', false)"
)
KEY = (
    "insert into api_key (key_id, mark, label, owner_account, scopes, expires_at) values (%s, 'x', 'k', %s, '{open:read}',"
    " now() + make_interval(days => %s))"
)


async def one(pg: psycopg.AsyncConnection[Any], query: str, *values: object) -> Any:
    row = await (await pg.execute(query, values)).fetchone()  # type: ignore[call-overload]
    return None if row is None else row[0]


async def names(pg: psycopg.AsyncConnection[Any], table: str, column: str) -> list[Any]:
    rows = await (await pg.execute(f"select {column} from {table} order by 1")).fetchall()
    return [value for (value,) in rows]


async def account(pg: psycopg.AsyncConnection[Any], name: str, days: int, *roles: str) -> Any:
    return await one(pg, ACCOUNT, name, name.title(), list(roles), days)


async def test_a_programs_account_stays_while_its_key_is_used(
    pg: psycopg.AsyncConnection[Any], db_dsn: str
) -> None:
    """It signs in nowhere: else a feed would end a year after it began, with its key."""
    for key, name, used in (("aaaaaaaa", "feed", 1), ("bbbbbbbb", "old.feed", 366)):
        owner = await account(pg, name, 900, "service")
        await pg.execute(KEY, (key, owner, 300))
        await pg.execute(
            "update api_key set made_at = now() - interval '900 days', used_on = (now() - make_interval(days => %s))::date"
            " where key_id = %s",
            (used, key),
        )
    assert (await Retention(db_dsn, 90).drop()).others["account"] == 1
    assert await names(pg, "account", "name") == ["feed"]
    assert await names(pg, "api_key", "key_id") == ["aaaaaaaa"]


async def test_accounts_sessions_and_keys_go_at_their_age(
    pg: psycopg.AsyncConnection[Any], db_dsn: str
) -> None:
    await account(pg, "old.officer", 366, "highways")
    young = await account(pg, "young.officer", 364, "highways")
    await account(pg, "old.admin", 800, "admin")
    for mark, expires, revoked in (
        ("a", -31, None),
        ("b", -29, None),
        ("c", 9, -31),
        ("d", 9, -29),
        ("e", 9, None),
    ):
        await pg.execute(SESSION, (young, mark.encode(), expires, revoked))
    for key, expires in (("aaaaaaaa", -31), ("bbbbbbbb", -29), ("cccccccc", 9)):
        await pg.execute(KEY, (key, young, expires))
    for n, hours in enumerate((25, 23)):
        await pg.execute(
            "insert into sign_in_step (step_hash, what, expires_at) values (%s, 'factor', now() - make_interval(hours => %s))",
            (bytes([n]), hours),
        )
        await pg.execute(
            "insert into sign_in_try values (%s, 'x', 1, now() - make_interval(hours => %s), now() - interval '9 days')",
            (bytes([n]), 2 * hours),
        )
    dropped = (await Retention(db_dsn, 90).drop()).others
    assert {k: dropped[k] for k in ("account", "session", "key", "step", "try")} == {
        "account": 1, "session": 2, "key": 1, "step": 1, "try": 1,
    }  # fmt: skip
    # The only administrator stays, however long ago they came.
    assert await names(pg, "account", "name") == ["old.admin", "young.officer"]
    assert await names(pg, "staff_session", "token_hash") == [b"b", b"d", b"e"]
    assert await names(pg, "api_key", "key_id") == ["bbbbbbbb", "cccccccc"]
    await account(pg, "new.admin", 1, "admin")
    assert (await Retention(db_dsn, 90).drop()).others["account"] == 1
    assert await names(pg, "account", "name") == ["new.admin", "young.officer"]


async def test_an_account_stays_whose_key_a_program_still_uses(
    pg: psycopg.AsyncConnection[Any], db_dsn: str
) -> None:
    add = (
        "insert into api_key (key_id, mark, label, owner_account, scopes, made_at, expires_at, revoked_at, used_on)"
        " values (%s, 'x', 'k', %s, '{open:read}', now() - interval '800 days', now() + interval '9 years', %s, (now() - make_interval(days => %s))::date)"
    )
    for key, name, revoked, used_days in (
        ("aaaaaaaa", "used.service", None, 1),
        ("bbbbbbbb", "idle.service", None, 366),
        ("cccccccc", "ended.service", "now", 1),
    ):
        await pg.execute(add, (key, await account(pg, name, 800, "service"), revoked, used_days))
    await Retention(db_dsn, 90).drop()
    assert await names(pg, "account", "name") == ["used.service"]
    assert await names(pg, "api_key", "key_id") == ["aaaaaaaa"]


async def test_two_administrators_who_never_come_are_not_both_forgotten(
    pg: psycopg.AsyncConnection[Any], db_dsn: str
) -> None:
    for name in ("a.admin", "b.admin"):
        await account(pg, name, 900, "admin")
    await Retention(db_dsn, 90).drop()
    assert await names(pg, "account", "name") == ["a.admin", "b.admin"]


async def test_the_audit_is_cut_and_goes_on_to_verify(pg: psycopg.AsyncConnection[Any], db_dsn: str) -> None:
    for days in (3000, 2600, 1):
        await pg.execute(
            "select audit_add((extract(epoch from now() - make_interval(days => %s)) * 1e6)::bigint, 'cli', 'x', '', 'cli', 'a',"
            " 'o', '', 'done', '', '', '{}')",
            (days,),
        )
    dropped = await Retention(db_dsn, 90, kept=RetentionSettings(audit_days=2557)).drop()
    assert dropped.others["audit"] == 2
    assert await names(pg, "audit_entry", "action") == ["a", "audit cut"]


async def test_what_went_is_kept_as_a_report_that_the_website_may_read(
    pg: psycopg.AsyncConnection[Any], db_dsn: str
) -> None:
    await account(pg, "old.officer", 366, "highways")
    await Retention(db_dsn, 90).drop()
    await Retention(db_dsn, 90).drop()
    await pg.execute("set role cityops_api")
    rows = await (await pg.execute("select dropped from retention_run order by run_id")).fetchall()
    assert [row["account"] for (row,) in rows] == [1, 0]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await pg.execute("delete from retention_run")
