"""The audit's chain in the database, and what somebody with the whole database does to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool

from ops_api.audit.core.chain import FIRST, link_of
from ops_api.audit.core.model import Entry
from ops_api.audit.ports import AuditUnavailableError
from ops_api.audit.reading import checked, heads_in
from ops_api.audit.spool import FILE, Spool
from ops_api.audit.store import PostgresAudit
from ops_api.queries import Db

pytestmark = pytest.mark.storage
ENTRY = Entry(
    at_us=1_700_000_000_000_000, actor_kind="staff", actor_id="a-1", roles="admin", via="web", action="POST /x", object="home:12",
    reason="why", outcome="303", source="203.0.113.9", request_id="r1",
)  # fmt: skip
OFF = "alter table audit_entry disable trigger all; "


@pytest.fixture
async def pool(db_dsn: str) -> AsyncIterator[Any]:
    async with AsyncConnectionPool(db_dsn, open=False, min_size=1, max_size=6) as found:
        yield found


@pytest.fixture
def audit(pool: Any, tmp_path: Path) -> PostgresAudit:
    return PostgresAudit(Db(pool), Spool(tmp_path))


def run(dsn: str, statement: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        cursor = connection.execute(statement)  # type: ignore[call-overload]
        return cursor.fetchall() if cursor.description else []


async def some(audit: PostgresAudit, count: int = 6) -> None:
    for number in range(count):
        await audit.add(replace(ENTRY, object=f"alarm:{number}"))


async def faults(dsn: str, heads: dict[int, bytes] | None = None) -> list[tuple[int, str]]:
    _, _, found = await asyncio.to_thread(checked, dsn, heads or {})
    return [(f.number, f.what) for f in found]


async def test_what_is_added_follows_and_is_found_as_it_was(audit: PostgresAudit, db_dsn: str) -> None:
    assert await audit.head() == (0, FIRST.hex())
    await some(audit)
    assert await asyncio.to_thread(checked, db_dsn, {}) == (0, 6, [])
    number, link = await audit.head()
    assert await faults(db_dsn, heads_in(f"{number} {link}\n\n")) == []


async def test_no_address_is_kept_but_a_mark_that_is_the_same_for_a_month(
    audit: PostgresAudit, db_dsn: str
) -> None:
    await audit.add(ENTRY)
    await audit.add(ENTRY)
    await audit.add(replace(ENTRY, source="203.0.113.10"))
    await audit.add(replace(ENTRY, source=""))
    marks = [row[0] for row in run(db_dsn, "select source from audit_entry order by entry_id")]
    assert marks[0] == marks[1] != marks[2]
    assert marks[3] == ""
    assert "203.0.113" not in str(run(db_dsn, "select e::text from audit_entry e"))
    run(db_dsn, "update audit_source_key set month = month - interval '5 months'")
    await audit.add(ENTRY)
    [(newest,)] = run(db_dsn, "select source from audit_entry order by entry_id desc limit 1")
    assert newest not in marks
    assert run(db_dsn, "select count(*) from audit_source_key") == [(1,)]


async def test_many_at_once_make_one_chain(pool: Any, tmp_path: Path, db_dsn: str) -> None:
    audits = [PostgresAudit(Db(pool), Spool(tmp_path)) for _ in range(4)]
    await asyncio.gather(*(one.add(replace(ENTRY, actor_id=str(n))) for n in range(10) for one in audits))
    assert await asyncio.to_thread(checked, db_dsn, {}) == (0, 40, [])


CHANGED = {
    "delete from audit_entry where entry_id = 3": [(3, "is gone")],
    "delete from audit_entry where entry_id in (3, 4)": [(3, "to 4 are gone")],
    "delete from audit_entry where entry_id = 1": [(1, "is gone")],
    "update audit_entry set object = 'x' where entry_id = 3": [(3, "changed")],
    "update audit_entry set at_us = at_us + 1 where entry_id = 3": [(3, "changed")],
    "update audit_entry set link = sha256('x') where entry_id = 3": [(3, "changed"), (4, "changed")],
    "update audit_entry e set entry_id = 7 - e.entry_id where entry_id in (3, 4)": [
        (3, "changed"), (4, "changed"), (5, "changed"),
    ],
}  # fmt: skip


async def test_what_is_changed_by_who_owns_the_database_is_named(audit: PostgresAudit, db_dsn: str) -> None:
    await some(audit)
    run(db_dsn, "create table as_it_was as table audit_entry")
    run(db_dsn, "alter table audit_entry drop constraint audit_entry_pkey")  # two lines change places
    for done, told in CHANGED.items():
        run(db_dsn, OFF + done)
        found = await faults(db_dsn)
        assert [number for number, _ in found] == [number for number, _ in told], done
        assert all(part in what for (_, what), (_, part) in zip(found, told, strict=True)), done
        run(db_dsn, "truncate audit_entry; insert into audit_entry table as_it_was")
        assert await faults(db_dsn) == []


async def test_a_tail_that_is_cut_off_is_found_by_a_head_kept_elsewhere_alone(
    audit: PostgresAudit, db_dsn: str
) -> None:
    await some(audit)
    heads = heads_in("{} {}".format(*await audit.head()))
    run(db_dsn, OFF + "delete from audit_entry where entry_id > 4")
    assert await faults(db_dsn) == []
    assert await faults(db_dsn, heads) == [(6, "is gone: its head was kept, and the last line is 4")]
    run(db_dsn, OFF + "truncate audit_entry")
    assert [number for number, _ in await faults(db_dsn, heads)] == [6]
    await some(audit, 6)
    await audit.add(ENTRY)  # made anew, longer than it was
    run(db_dsn, OFF + "update audit_entry set object = 'other' where entry_id = 6")
    assert (6, "is not the one whose head was kept") not in await faults(db_dsn, heads)
    run(db_dsn, OFF + "truncate audit_entry")
    for number in range(7):
        await audit.add(replace(ENTRY, object=f"other:{number}"))
    assert await faults(db_dsn, heads) == [(6, "is not the one whose head was kept")]


async def test_nothing_is_changed_by_a_slip(audit: PostgresAudit, db_dsn: str) -> None:
    await some(audit, 2)
    for done in ("update audit_entry set object = ''", "delete from audit_entry", "truncate audit_entry"):
        with pytest.raises(psycopg.errors.IntegrityConstraintViolation):
            run(db_dsn, done)


async def test_the_websites_role_adds_and_reads_by_functions_only(audit: PostgresAudit, db_dsn: str) -> None:
    await some(audit, 2)
    as_api = "set role cityops_api; "
    for forbidden in (
        "select * from audit_entry", "select * from audit_base", "select * from audit_source_key", "select audit_cut(0)",
        "insert into audit_base values (1, 'x')", "select audit_mark('203.0.113.9')",
    ):  # fmt: skip
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            run(db_dsn, as_api + forbidden)
    read = (
        "select count(*) from audit_read(1, 'staff', 'a-9', 'admin', 'web', '', 'r', null, null, null, 100)"
    )
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        run(db_dsn, as_api + read)  # it answers everybody; who reads is on the accounts' own login
    with psycopg.connect(db_dsn, autocommit=True) as connection:
        connection.execute("set role cityops_identity")
        assert connection.execute(read.encode()).fetchone() == (3,)  # the two, and that they were read
        assert connection.execute(read.encode()).fetchone() == (4,)
    assert run(db_dsn, "select actor_id, action from audit_entry where entry_id = 3") == [
        ("a-9", "audit read")
    ]
    assert await faults(db_dsn) == []


async def test_what_would_blur_fields_is_refused(audit: PostgresAudit, db_dsn: str) -> None:
    for wrong in ("a\x1fb", "a\x00b", "\ud800"):
        with pytest.raises(AuditUnavailableError):
            await audit.add(replace(ENTRY, object=wrong))
    with pytest.raises(psycopg.errors.InvalidParameterValue):
        run(db_dsn, "select audit_add(1, 'a', 'b', 'c', 'd', 'e', E'f\\x1f', 'g', 'h', '', 'i', '{}')")
    assert await audit.head() == (0, FIRST.hex())


async def test_who_holds_the_lock_holds_up_nobody_for_long(
    audit: PostgresAudit, db_dsn: str, tmp_path: Path
) -> None:
    with psycopg.connect(db_dsn) as connection:
        connection.execute("select pg_advisory_xact_lock(hashtext('cityops audit'))")
        with pytest.raises(AuditUnavailableError):
            await audit.add(ENTRY)
        await audit.done(ENTRY)
        connection.rollback()
    assert await audit.tell() == 1
    assert await faults(db_dsn) == []


async def test_a_line_that_is_taken_back_leaves_no_gap(audit: PostgresAudit, db_dsn: str) -> None:
    await audit.add(ENTRY)
    with psycopg.connect(db_dsn) as connection:
        connection.execute("select audit_add(1, 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', '', 'i', '{}')")
        connection.rollback()
    await audit.add(ENTRY)
    assert await asyncio.to_thread(checked, db_dsn, {}) == (0, 2, [])


async def test_what_is_cut_off_in_its_time_leaves_a_chain_that_holds(
    audit: PostgresAudit, db_dsn: str
) -> None:
    await some(audit, 3)
    await audit.add(replace(ENTRY, at_us=4_000_000_000_000_000))
    before = await asyncio.to_thread(checked, db_dsn, {})
    assert run(db_dsn, "select audit_cut(30)") == [(3,)]
    assert before == (0, 4, [])
    assert await asyncio.to_thread(checked, db_dsn, {}) == (3, 5, [])
    assert run(db_dsn, "select action from audit_entry order by 1") == [("POST /x",), ("audit cut",)]
    assert run(db_dsn, "select audit_cut(30)") == [(0,)]
    await audit.add(ENTRY)
    assert await faults(db_dsn) == []
    run(db_dsn, OFF + "delete from audit_entry where entry_id = 4")
    assert await faults(db_dsn) == [(4, "is gone")]


async def test_all_may_be_cut_off_and_the_chain_goes_on(audit: PostgresAudit, db_dsn: str) -> None:
    await some(audit, 3)
    assert run(db_dsn, "select audit_cut(1)") == [(3,)]
    await audit.add(ENTRY)
    assert await asyncio.to_thread(checked, db_dsn, {}) == (3, 5, [])


async def test_a_beginning_that_was_not_cut_off_in_its_time_is_named(
    audit: PostgresAudit, db_dsn: str
) -> None:
    """Who owns the database may delete the oldest lines and write a base, as if their time had been over."""
    await some(audit)
    heads = heads_in("{} {}".format(*await audit.head()))
    take = "insert into audit_base select entry_id, link from audit_entry where entry_id = {0}; delete from audit_entry where entry_id <= {0}"
    run(db_dsn, OFF + take.format(4))
    [(number, what)] = await faults(db_dsn)
    assert (number, "no line says" in what) == (4, True)
    await audit.add(ENTRY)
    run(db_dsn, OFF + take.format(6))
    assert [n for n, _ in await faults(db_dsn, heads)] == [6]
    run(
        db_dsn,
        "alter table audit_base disable trigger all; update audit_base set link = 'x' where entry_id = 6",
    )
    assert (6, "is not the one whose head was kept") in await faults(db_dsn, heads)


async def test_a_line_after_one_that_a_crash_cut_short_is_not_lost(
    pool: Any, tmp_path: Path, db_dsn: str
) -> None:
    away = PostgresAudit(Gone(pool), Spool(tmp_path))
    (tmp_path / FILE).write_text('{"at_us": 1, "acto')
    await away.done(replace(ENTRY, object="alarm:1"))
    assert await PostgresAudit(Db(pool), Spool(tmp_path)).tell() == 1
    assert run(db_dsn, "select object from audit_entry") == [("alarm:1",)]


async def test_a_full_disk_takes_no_answer_back_and_the_log_has_the_line(
    pool: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class Full(Spool):
        def keep(self, entry: Entry) -> None:
            raise OSError(28, "No space left on device")

    await PostgresAudit(Gone(pool), Full(tmp_path)).done(replace(ENTRY, object="alarm:77"))
    said = capsys.readouterr()
    assert "alarm:77" in said.out + said.err
    assert "203.0.113" not in said.out + said.err


class Gone(Db):
    """A database that does not answer."""

    async def rows(self, query: str, /, **params: object) -> list[dict[str, Any]]:
        from ops_api.queries import DatabaseUnavailableError

        raise DatabaseUnavailableError("gone")


async def test_what_is_done_while_the_database_is_away_is_told_later(
    pool: Any, tmp_path: Path, db_dsn: str
) -> None:
    away = PostgresAudit(Gone(pool), Spool(tmp_path))
    with pytest.raises(AuditUnavailableError):
        await away.add(ENTRY)
    await away.done(replace(ENTRY, object="alarm:1"))
    await away.done(replace(ENTRY, object="alarm:2"))
    file = tmp_path / FILE
    assert file.stat().st_mode & 0o777 == 0o600
    assert "203.0.113" not in file.read_text()
    with pytest.raises(AuditUnavailableError):
        await away.tell()
    file.write_text("{broken\n" + file.read_text() + '{"at_us": 1, "acto')  # a crash while it was written
    back = PostgresAudit(Db(pool), Spool(tmp_path))
    assert await back.tell() == 2
    assert await back.tell() == 0
    assert not file.exists()
    told = run(db_dsn, "select object, at_us, source from audit_entry order by entry_id")
    assert told == [("alarm:1", ENTRY.at_us, ""), ("alarm:2", ENTRY.at_us, "")]


def test_the_link_is_as_it_is_written_down_here() -> None:
    """A fixed value: a change of the chain's form is a new chain."""
    assert link_of(FIRST, 1, replace(ENTRY, source="")).hex() == LINK


LINK = "b3f77e858496a2e1a9a515cd6f74c344c48cb34d4cd72f89abd5c6d6fe032bd1"
