"""A statement is injected, at each of the website's pools: what it reads of a home, and what it may become.

Home 3 is written into every table that can tell of it (tests/fakes/marked_home.py). Then all that a login may become reads all
that there is, by the catalogue and not by a list, so that a new table, view or function is attacked too.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
import pytest_asyncio
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from ops_api.households.codes import token_hash
from ops_api.web_login import APART, ROLES, WEB_ROLES, login_beside, make_web_login
from tests.fakes.databases import own_database
from tests.fakes.households import Street, street
from tests.fakes.marked_home import SECRETS, marked

pytestmark = [pytest.mark.storage, pytest.mark.asyncio(loop_scope="module")]

LOGINS = {"web": WEB_ROLES, **APART}
RELATIONS = (
    "select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace"
    " where relkind in ('r', 'p', 'v', 'm') and nspname !~ '^pg_' and nspname <> 'information_schema' and not relispartition"
    " and has_schema_privilege(n.oid, 'usage') and has_any_column_privilege(c.oid, 'select')"
    " and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')"
)
COLUMNS = (
    "select string_agg(quote_ident(attname) || '::text', ', ') from pg_attribute where attrelid = %s::regclass and attnum > 0"
    " and not attisdropped and has_column_privilege(attrelid, attnum, 'select')"
)


@dataclass(frozen=True)
class Site:
    """A street with a marked home, and the connection string of the website's login; the others' follow from it."""

    lane: Street
    web: str

    @asynccontextmanager
    async def at(self, pool: str, role: str | None = None) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
        """Lend a connection as a pool begins it."""
        dsn = self.web if pool == "web" else login_beside(self.web, pool)
        options = f"-c role={role or LOGINS[pool][0]} -c timezone=UTC"
        async with await psycopg.AsyncConnection.connect(dsn, autocommit=True, options=options) as conn:
            yield conn


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(pg_server: str, db_template: str) -> AsyncIterator[Site]:
    with own_database(pg_server, "inject", db_template) as dsn:
        async with street(dsn, 6) as lane:
            await marked(lane)
            name = f"inject_{secrets.token_hex(4)}"
            web = make_conninfo(dsn, user=name, password="p" * 20)
            assert len(await make_web_login(lane.conn, web)) == 4
            try:
                yield Site(lane, web)
            finally:
                for one in (web, *(login_beside(web, key) for key in APART)):
                    user = conninfo_to_dict(one)["user"]
                    await lane.sql(f"drop owned by {user}")
                    await lane.sql(f"drop role {user}")


async def dump(conn: psycopg.AsyncConnection[Any]) -> dict[str, str]:
    """Return all that can be read, by relation."""
    read = {}
    for (relation,) in await (await conn.execute(RELATIONS)).fetchall():
        [(columns,)] = await (await conn.execute(COLUMNS, [relation])).fetchall()
        try:
            rows = await (await conn.execute(f"select {columns} from {relation}")).fetchall()
        except errors.InsufficientPrivilege:  # a view of the asker's rights on what it may not read
            continue
        read[relation] = str(rows)
    return read


async def become(conn: psycopg.AsyncConnection[Any], role: str) -> bool:
    try:
        await conn.execute(f"set role {role}")
    except errors.InsufficientPrivilege:
        return False
    return True


@pytest.mark.parametrize("pool", LOGINS)
async def test_a_login_becomes_its_own_roles_and_no_other(site: Site, pool: str) -> None:
    [(owner,)] = await site.lane.sql("select current_user")
    async with site.at(pool) as conn:
        became = {role for role in (*ROLES, "cityops_reader", owner) if await become(conn, role)}
        assert became == set(LOGINS[pool])
        for way in (
            "set session authorization " + owner,
            f"select set_config('role', '{owner}', true)",
            f"grant {owner} to current_user",
            "alter role current_user superuser",
            "alter table alarm disable row level security",
            "create policy mine on alarm using (true)",
            "copy (select 1) to program 'id'",
            # What stays with a connection is there for whoever is lent it next: a view that hides the one of its name.
            "create temporary table alarm_shown (x text)",
            "create temporary view household as select 1",
            "create function pg_temp.steal() returns text language sql as 'select current_setting(''cityops.session'')'",
            "select pg_read_file('/etc/passwd')",
        ):
            with pytest.raises((errors.InsufficientPrivilege, errors.InvalidGrantOperation)):
                await conn.execute(way)


@pytest.mark.parametrize("role", ["none", *WEB_ROLES])
async def test_nothing_of_a_home_is_read_where_requests_are_answered(site: Site, role: str) -> None:
    """Whoever's request it is: nobody's, an officer's, a neighbour's with her own token."""
    async with site.at("web") as conn:
        await conn.execute("select set_config('cityops.session', 'token-4', false)")
        assert await become(conn, role)
        read = await dump(conn)
        assert len(read) > 80 or role != "cityops_api"
        for relation, rows in read.items():
            assert not [secret for secret in SECRETS if secret in rows], relation
        # What she may see of her own is hers.
        assert ("Frog Lane" in "".join(read.values())) is (role == "cityops_resident")


async def test_the_views_show_that_there_is_something_and_not_of_whom(site: Site) -> None:
    """They are not empty, which would hide nothing."""
    async with site.at("web") as conn:
        read = await dump(conn)
    for view, shown in {
        "alarm_shown": "A home",
        "alarm_member_shown": "a home",
        "alarm_log_shown": "a home",
        "late_window_shown": "A home",
        "notification_shown": "of a household",
        "work_item_shown": "frog-3: stuck",
        "rule_override_shown": "a home",
        "dead_letter_shown": "out of range",
    }.items():
        assert shown in read[view], view
    for table in (
        "alarm",
        "alarm_member",
        "alarm_log",
        "late_window",
        "work_item",
        "rule_override",
        "home_named",
    ):
        assert read[table] == "[]", table


async def test_a_function_of_the_askers_own_is_given_nothing_that_is_hidden(site: Site) -> None:
    """Cheaper than any condition, so asked first: what a view masks it is given masked."""
    # The website itself may make none: it is let here for once.
    database = conninfo_to_dict(site.web)["dbname"]
    await site.lane.sql(f"grant temporary on database {database} to cityops_api")
    async with site.at("web") as conn:
        told: list[str] = []
        conn.add_notice_handler(lambda notice: told.append(notice.message_primary or ""))
        await conn.execute(
            "create function pg_temp.tell(x text) returns boolean language plpgsql cost 0.0001 as"
            " $$ begin raise notice '%', x; return true; end $$"
        )
        for relation in await dump(conn):
            try:
                await conn.execute(f"select 1 from {relation} x where pg_temp.tell(x::text)")
            except errors.InsufficientPrivilege:
                continue
        assert len(told) > 20
        assert not [line for line in told if any(secret in line for secret in SECRETS)]
    await site.lane.sql(f"revoke temporary on database {database} from cityops_api")


async def test_nobody_is_somebody_by_saying_so(site: Site) -> None:
    """Who asks is found by the token itself, of which the database has a digest alone: set_config makes nobody another."""
    victim = site.lane.residents[3]
    async with site.at("web", "cityops_resident") as conn:
        await conn.execute("set search_path to my, public")
        for setting, value in (
            ("cityops.session", victim),
            ("cityops.session", token_hash("token-3").hex()),
            ("cityops.session", ""),
            ("cityops.resident", victim),
            ("request.jwt.claims", victim),
        ):
            await conn.execute("select set_config(%s, %s, false)", [setting, value])
            for relation, rows in (await dump(conn)).items():
                assert not [secret for secret in SECRETS if secret in rows], (setting, relation)
        for forged in (
            "insert into resident_session (resident_id, token_hash, expires_at) values (%s, '\\x00', now() + interval '1 day')",
            "update resident_session set token_hash = '\\x00' where resident_id = %s",
            "insert into household_member (home_id, resident_id, from_at, joined_by) select 4, %s, '-infinity', 'label'",
        ):
            for role in WEB_ROLES:
                await conn.execute(f"set role {role}")
                with pytest.raises(errors.InsufficientPrivilege):
                    await conn.execute(forged, [victim])


@pytest.mark.parametrize("pool", APART)
async def test_the_other_logins_read_nothing_that_was_measured(site: Site, pool: str) -> None:
    """What people, accounts and housing reach is in docs/threat-model.md; readings, diary and damp are in none."""
    async with site.at(pool) as conn:
        for role in APART[pool]:
            await conn.execute(f"set role {role}")
            read = await dump(conn)
            said = "".join(read.values())
            assert "81 pc" not in said, role
            for relation in read:
                assert not relation.startswith(
                    ("frog_", "damp_", "diary", "moisture", "evidence", "my.", "alarm", "shadow")
                ), relation


async def test_an_act_on_an_alarm_of_a_hidden_home_is_written_and_not_read_back(site: Site) -> None:
    [(alarm,)] = await site.lane.sql("select alarm_id from alarm where subject_kind = 'home'")
    async with site.at("web") as conn:
        for statement in (
            "update alarm set title = 'x'",
            "delete from alarm",
            "insert into alarm (rule_id, rule_version, subject_kind, subject, severity, raised_at, title, reason) values ('x', 1, 'bin', 'x', 'info', now(), 'x', 'x')",
            "update alarm_log set detail = '{}'",
            "delete from notification",
            "delete from alarm_desk",
        ):
            with pytest.raises(errors.InsufficientPrivilege):
                await conn.execute(statement)
        done = await conn.execute(
            "update alarm_desk set assignee = 'Jo' where alarm_id = %s returning to_jsonb(alarm_desk)::text",
            [alarm],
        )
        assert SECRETS[0] not in str(await done.fetchall())
        await conn.execute(
            "insert into alarm_log (alarm_id, at, actor, what) values (%s, now(), 'person', 'comment')",
            [alarm],
        )
        await conn.execute("select alarm_acknowledged(%s, now(), 'Jo', 'seen')", [alarm])
    assert await site.lane.sql("select assignee from alarm where alarm_id = %s", alarm) == [("Jo",)]
    assert await site.lane.sql("select subject from event where kind = 'alarm_acknowledged'") == [
        ("home-code-3",)
    ]
