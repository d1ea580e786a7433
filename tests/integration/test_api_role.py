"""Every table is named in the list of rights, and nobody has more than the list says."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from devices.contract.kind import discover
from ops_api.queries.readings import OF_HOMES

pytestmark = pytest.mark.storage

WEB_ROLES = ("cityops_api", "cityops_registrar", "cityops_identity", "cityops_officer")
KIND_SUFFIXES = ("reading", "hourly", "daily", "latest")
RELATIONS = (
    "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm')"
    " and not relispartition order by 1"
)
WRITES = ("insert", "update", "delete", "truncate")
OF_MAY = {
    "none": (),
    "read": (),
    "add": ("insert",),
    "change": ("update",),
    "write": ("insert", "update", "delete"),
}


async def fetch(pg: psycopg.AsyncConnection[Any], query: str, *values: object) -> list[tuple[Any, ...]]:
    return await (await pg.execute(query, values)).fetchall()


async def listed(pg: psycopg.AsyncConnection[Any], role: str) -> dict[str, str]:
    rows = await fetch(pg, "select relation, may from role_rights() where role_name = %s", role)
    assert len(rows) == len(dict(rows)), "a table is in the list twice"
    kinds = {f"{k}_{s}": "read" for k in discover() if k not in OF_HOMES for s in KIND_SUFFIXES}
    return dict(rows) | kinds if role == "cityops_api" else dict(rows)


async def test_every_table_and_view_is_in_the_list(pg: psycopg.AsyncConnection[Any]) -> None:
    known = await listed(pg, "cityops_api")
    await pg.execute("create table forgotten (x integer)")
    there = {name for (name,) in await fetch(pg, RELATIONS)}
    assert there - known.keys() == {"forgotten"}


async def test_the_websites_role_has_what_the_list_says_and_no_more(
    pg: psycopg.AsyncConnection[Any],
) -> None:
    known = await listed(pg, "cityops_api")
    for (name,) in await fetch(pg, RELATIONS):
        [(read, by_column, *writes)] = await fetch(
            pg,
            "select has_table_privilege(r, c, 'select'), has_any_column_privilege(r, c, 'select, insert, update, references'),"
            " has_table_privilege(r, c, 'insert'), has_table_privilege(r, c, 'update'), has_table_privilege(r, c, 'delete'),"
            " has_table_privilege(r, c, 'truncate') from (select 'cityops_api'::text, %s::text) x(r, c)",
            f"public.{name}",
        )
        may = known[name]
        assert read is (may != "none"), name
        assert by_column is (may != "none"), name
        assert writes == [w in OF_MAY[may] for w in WRITES], name


async def test_roles_have_no_login_no_power_and_own_nothing(pg: psycopg.AsyncConnection[Any]) -> None:
    for role in (*WEB_ROLES, "cityops_open", "cityops_resident", "cityops_housing"):
        [row] = await fetch(
            pg,
            "select rolcanlogin, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb from pg_roles where rolname = %s",
            role,
        )
        assert row == (False,) * 5, role
        assert await fetch(pg, "select 1 from pg_class where relowner = %s::regrole", role) == []
        assert await fetch(pg, "select 1 from pg_auth_members where member = %s::regrole", role) == [], role


async def test_the_other_roles_reach_their_own_tables_only(pg: psycopg.AsyncConnection[Any]) -> None:
    allowed = {
        "cityops_registrar": {
            "access_log", "bin_reminder", "consent", "home_contact", "home_named", "household_member", "join_code", "join_try",
            "notification", "resident", "resident_session",
        },
        "cityops_officer": {"case_event", "housing_case"},
        "cityops_identity": set(await listed(pg, "cityops_identity")),
        "cityops_open": set(),
        "cityops_housing": set(),
    }  # fmt: skip
    for role, tables in allowed.items():
        rows = await fetch(
            pg,
            "select relname from pg_class c where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm')"
            " and has_any_column_privilege(%s, oid, 'select, insert, update')",
            role,
        )
        reached = {name for (name,) in rows}
        assert reached <= tables, role
        if role != "cityops_identity":  # whose tables may not be there yet
            assert reached == tables, role


async def test_every_function_with_its_owners_rights_has_a_path_of_its_own(
    pg: psycopg.AsyncConnection[Any],
) -> None:
    ours = (
        "select p.oid::regprocedure::text, has_function_privilege('public', p.oid, 'execute') and prorettype <> 'trigger'::regtype"
        " from pg_proc p join pg_namespace n on n.oid = pronamespace"
        " where prosecdef and nspname !~ '^(pg_|_?timescaledb)' and nspname <> 'information_schema' and not exists ("
        "     select from pg_depend d where d.objid = p.oid and d.deptype = 'e')"
    )
    functions = dict(await fetch(pg, ours))
    assert len(functions) > 40
    assert [name for name, anybody in functions.items() if anybody] == []
    bad = await fetch(
        pg,
        ours
        + " and not coalesce(array_to_string(proconfig, ';') ~ '^search_path=(public|sta|pg_catalog), pg_temp$', false)",
    )
    assert bad == []


async def test_kinds_of_homes_are_the_same_in_the_code(pg: psycopg.AsyncConnection[Any]) -> None:
    assert await fetch(pg, "select kinds_of_homes()") == [(sorted(OF_HOMES),)]


async def test_chunks_and_partitions_are_not_a_way_round(pg: psycopg.AsyncConnection[Any]) -> None:
    """A table's parts have rights of their own: nobody has any on those of homes."""
    await pg.execute("select ensure_partitions(now() - interval '1 day', now())")
    await pg.execute(
        "with d as (insert into device (name, kind, shard, cadence_s, installed_at) values ('f', 'frog', 0, 60, now())"
        " returning device_id) insert into frog_reading (ts, device_id, boot, seq, temperature_c, humidity_pct, received_at)"
        " select now(), device_id, 1, 1, 18, 60, now() from d"
    )
    parts = await fetch(
        pg,
        "select c.oid::regclass::text from pg_class c join pg_inherits i on i.inhrelid = c.oid"
        " where i.inhparent = 'frog_reading'::regclass",
    )
    assert parts
    for role in (*WEB_ROLES, "cityops_open", "cityops_housing", "cityops_resident"):
        for (part,) in parts:
            assert await fetch(
                pg, "select has_any_column_privilege(%s, %s::regclass, 'select')", role, part
            ) == [(False,)]
    internals = await fetch(
        pg,
        "select r, c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " cross join unnest(%s::text[]) r where nspname = '_timescaledb_internal' and relkind in ('r', 'v')"
        " and relname ~ '^(_hyper|_materialized|_direct|_partial|compress_hyper)'"
        " and has_any_column_privilege(r, c.oid, 'select') and exists ("
        "     select from pg_depend d where d.objid = c.oid and d.refobjid = 'frog_reading'::regclass)",
        list(WEB_ROLES),
    )
    assert internals == []
