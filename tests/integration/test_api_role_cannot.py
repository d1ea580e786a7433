"""Who has the website's role and SQL of his own gets nothing of a household: asked of every table and every function."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
import pytest
import pytest_asyncio
from psycopg import errors, sql
from psycopg.conninfo import make_conninfo
from psycopg_pool import AsyncConnectionPool

from ops_api.queries import Db
from ops_api.queries.as_role import RoleDb, RolePool
from ops_api.queries.resident import ResidentDb
from ops_api.web_login import WEB_ROLES
from rules.shadow.tables import PostgresShadowTables
from tests.fakes.databases import own_database
from tests.fakes.households import NOW, Street, case_of, damp_of, street

pytestmark = [pytest.mark.storage, pytest.mark.asyncio(loop_scope="module")]

HOSTILE = {
    "integer": (1, -1, 2**31 - 1),
    "bigint": (1, 2**62),
    "smallint": (1,),
    "text": ("home-code-3", "frog-3", "frog", "' or true --", "council:housing", ""),
    "uuid": ("00000000-0000-0000-0000-000000000000",),
    "timestamp with time zone": (NOW, "-infinity", "infinity"),
    "text[]": (["frog"], ["frog", "road"]),
    "integer[]": ([1, 2, 3],),
    "boolean": (True,),
    "bytea": (b"x",),
    "interval": ("1 hour",),
    "double precision": (0.1, float("nan")),
    "jsonb": ("{}",),
    "inet": ("127.0.0.1",),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lane(pg_server: str, db_template: str) -> AsyncIterator[Street]:
    """A street where every household table has a row of home 3."""
    with own_database(pg_server, "cannot", db_template) as dsn:
        async with street(dsn, 6) as built:
            await case_of(built, 3, NOW, built.residents[3])
            await damp_of(built, 3, NOW, 10)
            yield built


@asynccontextmanager
async def api(lane: Street, role: str = "cityops_api") -> AsyncIterator[AsyncConnectionPool[Any]]:
    """Lend a pool of one connection that begins in a role, as the website's does."""
    async with AsyncConnectionPool(
        lane.dsn, kwargs={"options": f"-c role={role} -c timezone=UTC"}, min_size=1, max_size=1, open=False
    ) as pool:
        yield pool


async def refused(conn: psycopg.AsyncConnection[Any], query: str, *values: object) -> str:
    """Return ``refused`` or the number of rows that a statement gave."""
    try:
        async with conn.transaction():
            return str(len(await (await conn.execute(query, values)).fetchall()))
    except errors.InsufficientPrivilege:
        return "refused"


async def test_every_household_table_refuses(lane: Street) -> None:
    tables = [
        name
        for (name,) in await lane.sql(
            "select relation from role_rights() where role_name = 'cityops_api' and may = 'none'"
            " and to_regclass('public.' || relation) is not null order by 1"
        )
    ]
    assert {"frog_reading", "household_member", "evidence_photo", "resident_session"} <= set(tables)
    views = {name for (name,) in await lane.sql("select relname from pg_class where relkind = 'v'")}
    async with api(lane) as pool, pool.connection() as conn:
        for table in tables:
            for said in ("", "set_config('cityops.session', 'token-3', true), "):
                query = f"select {said}x.* from public.{table} x"
                assert await refused(conn, query) == "refused", query
            if table not in views:
                assert await refused(conn, f"delete from public.{table} returning 1") == "refused", table
        for view in (
            "my.frog_reading",
            "my.household",
            "board.device",
            "sta_open.road_reading",
            "summary.home_climate",
        ):
            assert await refused(conn, f"select * from {view}") == "refused", view


async def test_frogs_are_not_seen_whatever_is_asked(lane: Street) -> None:
    await lane.sql(
        "insert into device (name, kind, shard, cadence_s, installed_at) values ('kerb', 'road', 0, 60, now())"
    )
    async with api(lane) as pool:
        async with pool.connection() as conn:
            assert await refused(conn, "select name from device") == "1"
            assert await refused(conn, "select name from device where kind = 'frog' or true") == "1"
            # A barrier of its own: a function of the asker's is not given what the policy hides.
            await conn.execute(
                "create function pg_temp.tell(text) returns boolean language plpgsql cost 0.0001 as"
                " $$ begin raise notice 'seen %', $1; return true; end $$"
            )
            told: list[str] = []
            conn.add_notice_handler(lambda notice: told.append(notice.message_primary or ""))
            await conn.execute("select name from device where pg_temp.tell(name)")
            assert told == ["seen kerb"]
        # All names of devices, for counts: none of the columns that say where or whose.
        rows = await Db(pool).fetch(sql.SQL("select * from device_named limit 1"), {})
        assert set(rows[0]) == {
            "device_id", "name", "kind", "shard", "cadence_s", "installed_at", "retired_at",
        }  # fmt: skip


async def test_what_rules_say_of_homes_is_not_seen_nor_written(lane: Street) -> None:
    for table, more in (
        ("event", "kind, "),
        ("decision", "rule_id, rule_version, outcome, reason, inputs, result, "),
    ):
        values = "'x', " if table == "event" else "'x', 1, 'o', 'r', '{}', '{}', "
        at = "at" if table == "event" else "decided_at"
        for kind in ("home", "segment"):
            await lane.sql(
                f"insert into {table} ({more}subject_kind, subject, {at}) values ({values}'{kind}', 'home-code-3', now())"
            )
    await lane.sql("insert into subject_state values ('segment', 'x', now(), '{}')")
    async with api(lane) as pool, pool.connection() as conn:
        for table in ("subject_state", "event", "decision"):
            assert await refused(conn, f"select * from {table} where subject_kind = 'home' or true") == "1", (
                table
            )
        write = "insert into event (kind, subject_kind, subject, at) values ('x', %s, 's', now()) returning 1"
        assert await refused(conn, write, "segment") == "1"
        assert await refused(conn, write, "home") == "refused"


async def test_what_a_shadow_decides_of_homes_is_not_seen(lane: Street) -> None:
    """A table that is made like another has none of its policies."""
    async with AsyncConnectionPool(lane.dsn, min_size=1, open=False) as owner:
        tables = PostgresShadowTables(owner)
        await tables.begin(1)
        for kind in ("home", "segment"):
            await lane.sql(
                "insert into shadow.decision (rule_id, rule_version, subject_kind, subject, decided_at, outcome, reason, inputs, result)"
                f" values ('x', 1, '{kind}', 'home-code-3', now(), 'o', 'r', '{{}}', '{{}}')"
            )
        async with api(lane) as pool, pool.connection() as conn:
            assert await refused(conn, "select * from shadow.decision") == "1"
        assert await lane.sql("select count(*) from shadow.decision") == [(2,)]
        await lane.sql("drop schema shadow cascade")


async def test_the_token_of_another_shows_no_more_than_to_the_resident(lane: Street) -> None:
    """Who has both the role and a stolen token sees that home's boxes by name, as its resident does; no other's."""
    async with api(lane) as pool, pool.connection() as conn:
        await conn.execute("select set_config('cityops.session', 'token-3', true)")
        names = await (await conn.execute("select name from device where kind = 'frog'")).fetchall()
        assert names == [("frog-3",)]


async def test_functions_with_their_owners_rights_give_nothing_of_a_home(lane: Street) -> None:
    """Each one that the website may call, with hostile arguments: no value of a home comes out."""
    functions = await lane.sql(
        "select p.oid::regprocedure::text, n.nspname || '.' || quote_ident(p.proname),"
        " array(select format_type(t, null) from unnest(p.proargtypes) t) from pg_proc p join pg_namespace n on n.oid = pronamespace"
        " where prosecdef and has_schema_privilege('cityops_api', n.oid, 'usage')"
        " and has_function_privilege('cityops_api', p.oid, 'execute') and prorettype <> 'trigger'::regtype"
        " and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')"
    )
    assert {
        "health.began()",
        "my_devices()",
        "alarm_acknowledged(bigint,timestamp with time zone,text,text)",
    } <= {name for name, *_ in functions}
    secrets = ("home-code-3", "3 Frog Lane", "Resident 3", "a@b.example", lane.residents[3])
    async with api(lane) as pool, pool.connection() as conn:
        for signature, name, types in functions:
            assert set(types) <= set(HOSTILE), (signature, "say what hostile arguments of its types are")
            for values in itertools.islice(itertools.product(*(HOSTILE[t] for t in types)), 60):
                marks = ", ".join(f"%s::{t}" for t in types)
                said = await outcome(conn, f"select to_jsonb(x)::text from {name}({marks}) x", values)
                for value in values:
                    said = said.replace(str(value), "")  # told back
                assert not any(secret in said for secret in secrets), (signature, values, said)
                # Temperatures and humidities of the street are 18 and 60: times and counts only.
                assert "temperature" not in said, (signature, values, said)
                assert "humidity" not in said, (signature, values, said)


async def outcome(conn: psycopg.AsyncConnection[Any], query: str, values: tuple[object, ...]) -> str:
    try:
        async with conn.transaction():
            return str(await (await conn.execute(query, values)).fetchall())
    except psycopg.Error as error:
        return str(error)


ROLES = (
    "cityops_api",
    "cityops_registrar",
    "cityops_identity",
    "cityops_officer",
    "cityops_open",
    "cityops_housing",
)


@pytest.mark.parametrize("role", ROLES)
async def test_the_table_of_leaks_for_each_role(lane: Street, role: str) -> None:
    """The reliability sheet's rows: no session, other home, pool's next borrower, what is left in it, owner's views, injection."""
    readings = "select * from public.frog_reading"
    async with api(lane) as pool:
        acting = RolePool(pool, role) if role != "cityops_api" else pool  # type: ignore[arg-type]
        async with acting.connection() as conn:  # no session
            for table in (
                "frog_reading",
                "frog_hourly",
                "frog_daily",
                "diary_entry",
                "evidence_photo",
                "damp_day",
            ):
                assert await refused(conn, f"select * from public.{table}") == "refused", table
        async with acting.connection() as conn:  # another one's token
            await conn.execute("select set_config('cityops.session', 'token-3', true)")
            assert await refused(conn, readings) == "refused"
            assert await refused(conn, "select * from my.frog_reading") == "refused"
        async with pool.connection() as conn:  # the next borrower is the website again, without a session
            [row] = await (
                await conn.execute(
                    "select current_user, coalesce(current_setting('cityops.session', true), '')"
                )
            ).fetchall()
            assert row == ("cityops_api", "")
        async with pool.connection() as conn:  # what somebody left in the session
            await conn.execute("select set_config('cityops.session', 'token-3', false)")
        async with acting.connection() as conn:
            assert await refused(conn, readings) == "refused"
            # Views with their owner's rights and joins from the membership, by hand.
            for query in (
                "select * from housing_share",
                "select * from consent_now",
                "select r.* from household_member m join home_device d using (home_id) join frog_reading r using (device_id)",
                "select 1 from device d where exists (select from frog_reading r where r.device_id = d.device_id)",
            ):
                assert await refused(conn, query) == "refused", query
        async with acting.connection() as conn:  # injected: back to the website's role and no further
            await conn.execute("reset role")
            assert await refused(conn, readings) == "refused"


async def test_a_login_of_its_own_can_not_become_the_owner(lane: Street) -> None:
    """``api.dsn``: a login that inherits nothing. What is injected may take its roles, none of which reads a table of homes."""
    login, owner, roles = "cannot_web", (await lane.sql("select current_user"))[0][0], WEB_ROLES
    await lane.sql(f"drop role if exists {login}")
    await lane.sql(f"create role {login} login noinherit in role {', '.join(roles)}")
    try:
        dsn = make_conninfo(lane.dsn, user=login, password="", options="-c role=cityops_api")
        async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as conn:
            assert await refused(conn, f"set role {owner}") == "refused"
            for role in ("none", *roles):
                await conn.execute(f"set role {role}")
                for table in ("frog_reading", "damp_day", "evidence_photo", "diary_entry"):
                    said = await refused(conn, f"select * from public.{table}")
                    # A resident's tables are there for her role, and hold nothing for who has no token.
                    assert said == "refused" or (role == "cityops_resident" and said == "0"), (
                        role,
                        table,
                        said,
                    )
            await conn.execute("reset role")
        async with AsyncConnectionPool(dsn, min_size=1, max_size=1, open=False) as pool:
            with pytest.raises(errors.InsufficientPrivilege):
                await RoleDb(Db(pool), "cityops_registrar").fetch(sql.SQL("select 1 from resident"), {})
            mine = ResidentDb(Db(pool), pool, "token-3")
            assert await mine.fetch(sql.SQL("select name from device"), {}) == [{"name": "frog-3"}]
    finally:
        await lane.sql(f"drop role {login}")


async def test_an_officer_writes_into_the_councils_cases_and_sees_no_other(lane: Street) -> None:
    home = await lane.home(4)
    [(own,)] = await lane.sql(
        "insert into housing_case (home_id, kind, opened_at, opened_by, council_owned)"
        " values (%s, 'significant', now(), 'kim', true) returning case_id",
        home,
    )
    [(theirs,)] = await lane.sql("select case_id from housing_case where not council_owned")
    write = (
        "insert into case_event (case_id, kind, at, by, role, recorded_at) values (%s, 'aware', now(), 'kim', %s, now())"
        " returning 1"
    )
    async with api(lane) as pool, RolePool(pool, "cityops_officer").connection() as conn:
        assert await refused(conn, "select * from housing_case") == "1"
        assert await refused(conn, "select * from case_event where case_id = %s", theirs) == "0"
        assert await refused(conn, write, own, "officer") == "1"
        assert await refused(conn, write, theirs, "officer") == "refused"
        assert await refused(conn, write, own, "resident") == "refused"
        assert await refused(conn, "update housing_case set hazard = 'x' returning 1") == "refused"


async def test_the_registrar_writes_no_look_for_anybody_but_residents(lane: Street) -> None:
    home = await lane.home(1)
    line = "insert into access_log (home_id, who, role, what, purpose) values (%s, 'x', %s, 'y', 'z') returning 1"
    async with api(lane) as pool, RolePool(pool, "cityops_registrar").connection() as conn:
        assert await refused(conn, line.replace(" returning 1", ""), home, "housing") == "refused"
        await conn.execute(line.replace(" returning 1", ""), (home, "resident"))
        assert await refused(conn, "select * from access_log") == "refused"
        assert await refused(conn, "select address from home_contact") == "refused"
        assert await refused(conn, "select body from notification") == "refused"
        assert await refused(conn, "delete from household_member") == "refused"
