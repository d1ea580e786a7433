"""Every table is in the list of what tells of people, or in the list of what does not; the list names no other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest

from ops_api.privacy.core.model import Personal
from ops_api.privacy.core.reach import NOBODY, REACH, by_table
from ops_api.privacy.record import put_into

PAGE = Path(__file__).parents[2] / "docs" / "privacy.md"


async def tables(pg: psycopg.AsyncConnection[Any]) -> dict[str, set[str]]:
    rows = await (
        await pg.execute(
            "select case n.nspname when 'public' then '' else n.nspname || '.' end || c.relname,"
            " array_agg(a.attname::text) from pg_class c join pg_namespace n on n.oid = c.relnamespace"
            " join pg_attribute a on a.attrelid = c.oid and a.attnum > 0"
            " where c.relkind in ('r', 'p') and not c.relispartition and n.nspname !~ '^(pg_|_?timescaledb|information_schema)'"
            " group by 1"
        )
    ).fetchall()
    return {name: set(columns) for name, columns in rows}


async def test_a_table_that_is_in_no_list_fails(pg: psycopg.AsyncConnection[Any]) -> None:
    known = by_table().keys() | NOBODY
    assert len(REACH) == len(by_table())
    assert by_table().keys() & NOBODY == set()
    await pg.execute("create table forgotten (x integer)")
    there = await tables(pg)
    assert there.keys() - known == {"forgotten"}
    assert known == there.keys() - {"forgotten"}


async def test_names_are_of_columns_that_are_there(pg: psycopg.AsyncConnection[Any]) -> None:
    there = await tables(pg)
    for one in REACH:
        if one.table in there:
            assert set(one.names) <= there[one.table], one.table


async def test_what_has_a_column_of_a_home_a_resident_or_an_address_is_listed(
    pg: psycopg.AsyncConnection[Any],
) -> None:
    telling = {"home_id", "resident_id", "account_id", "by", "person", "address", "made_by", "author"}
    listed = by_table()
    for name, columns in (await tables(pg)).items():
        if columns & telling and name != "premises":
            assert name in listed, name


def test_what_stays_says_why() -> None:
    with pytest.raises(ValueError, match="says why"):
        Personal(table="t", of="household", what="w", purpose="p", keep="k", how="stays")


def test_the_record_of_processing_is_what_the_list_says() -> None:
    said = PAGE.read_text(encoding="utf-8")
    assert said == put_into(said), "write it again: python -m ops_api.privacy.record docs/privacy.md"
    with pytest.raises(ValueError, match="lacks"):
        put_into("no marks")
