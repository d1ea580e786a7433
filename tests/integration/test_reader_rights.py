"""The dashboards' role seen as an attacker: all that it can read, call or make in the database, written down."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import psycopg
import pytest

pytestmark = pytest.mark.storage
SEES = "has_schema_privilege('cityops_reader', n.oid, 'usage')"
OURS = (
    "left join pg_depend x on x.objid = o.oid and x.deptype = 'e'"
    " where n.nspname not in ('pg_catalog', 'information_schema') and x.objid is null"
)
KINDS = ("road", "road_surface", "weather", "gritter", "lorry", "bin")
TABLES = {
    "road_node", "depot", "gritting_route", "road_segment", "bin_site", "ingest_batch", "rule_cursor", "treatment_pass",
    *(f"{kind}_{part}" for kind in KINDS for part in ("reading", "hourly", "daily", "latest")),
}  # fmt: skip
"""Readable outside the schema ``board``, whose views are made for it: what tells of no home and nobody's name."""
PRIVATE = ("frog", "home", "household", "diary", "resident", "notification", "person", "contact")


def rows(dsn: str, query: str) -> list[tuple[Any, ...]]:
    """Return what the owner of the database is told."""
    with psycopg.connect(dsn) as conn:
        return conn.execute(query).fetchall()  # type: ignore[call-overload,no-any-return]


def test_it_reads_views_made_for_it_and_tables_that_are_named(db_dsn: str) -> None:
    relations = (
        "select n.nspname, o.relname, o.oid, case when o.relkind = 'v' then pg_get_viewdef(o.oid) else '' end"
        f" from pg_class o join pg_namespace n on n.oid = o.relnamespace {OURS} and o.relkind in ('r', 'v', 'm', 'p', 'f')"
        f" and {SEES}"
        " and (has_table_privilege('cityops_reader', o.oid, 'select') or has_any_column_privilege('cityops_reader', o.oid, 'select'))"
    )
    found = rows(db_dsn, relations)
    parent = dict(
        rows(db_dsn, "select i.inhrelid, p.relname from pg_inherits i join pg_class p on p.oid = i.inhparent")
    )
    parts = {
        schema: {parent.get(oid, name) for s, name, oid, _ in found if s == schema} for schema, *_ in found
    }
    assert parts["public"] - TABLES == set()
    told = {name for name in set().union(*parts.values()) if name.startswith(PRIVATE)}
    assert told == {"home_risk", "homes_reporting"}
    # What the aggregates of homes are made of is not readable either.
    assert [name for s, name, _, text in found if s.startswith("_timescaledb") and "frog" in text] == []


def test_what_it_may_call_with_others_rights_has_a_path_of_its_own(db_dsn: str) -> None:
    functions = (
        "select n.nspname, o.proname, o.proconfig, o.prorettype::regtype::text, has_function_privilege('cityops_reader', o.oid, 'execute')"
        f" from pg_proc o join pg_namespace n on n.oid = o.pronamespace {OURS} and o.prosecdef"
    )
    found = rows(db_dsn, functions)
    assert found
    assert {tuple(config or ()) for _, _, config, _, _ in found} == {("search_path=public, pg_temp",)}
    callable_ = {
        name for schema, name, _, kind, may in found if may and schema != "board" and kind != "trigger"
    }
    assert callable_ == {"is_private"}


def test_it_may_make_and_number_nothing(db_dsn: str) -> None:
    schemas = "select nspname from pg_namespace where has_schema_privilege('cityops_reader', oid, 'create')"
    assert rows(db_dsn, schemas) == []
    sequences = (
        f"select o.relname from pg_class o join pg_namespace n on n.oid = o.relnamespace {OURS} and case when o.relkind = 'S'"
        " then has_sequence_privilege('cityops_reader', o.oid, 'usage, select, update') end"
    )
    assert rows(db_dsn, sequences) == []
    written = (
        f"select o.relname from pg_class o join pg_namespace n on n.oid = o.relnamespace {OURS} and o.relkind in ('r', 'p', 'v')"
        " and has_table_privilege('cityops_reader', o.oid, 'insert, update, delete, truncate, trigger, references')"
    )
    assert rows(db_dsn, written) == []


@pytest.mark.parametrize(
    "statement",
    [
        "select * from home_hourly",
        "select * from frog_hourly",
        "select masked_title('home', 'x', 1, 'a', 'b', now())",
        "select * from pg_stats where tablename = 'frog_reading'",
        "copy (select 1) to '/tmp/cityops_reader'",
        "copy road_segment from program 'id'",
        "select pg_read_file('/etc/passwd')",
        "select lo_import('/etc/passwd')",
        "alter role cityops_reader superuser",
        "set role postgres",
    ],
)
def test_what_an_attacker_tries_first_gives_nothing(db_dsn: str, statement: str) -> None:
    with psycopg.connect(db_dsn, autocommit=True) as conn:
        conn.execute("set session authorization cityops_reader")
        with suppress(psycopg.Error):
            assert conn.execute(statement).fetchall() in ([], [("",)])  # type: ignore[call-overload]
