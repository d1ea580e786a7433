"""What a member of staff is given of herself: every column that can name her, looked for in the catalogue."""

from __future__ import annotations

import re
from typing import Any

import psycopg
from psycopg import sql

from ops_api.privacy.access import rows_of
from ops_api.privacy.core.reach import REACH
from tests.fakes.households import street
from tests.fakes.marked_home import MARK, SECRETS, marked

NAME = "Ada Lovelace"
NAMING = re.compile(
    r"(^|_)by$|^(who|person|assignee|author|recipient|owner|label|name|to|officer|told)$|(^|_)person$|detail|document|roster"
)
NOT_STAFF = {
    # Names of things.
    **dict.fromkeys(
        ("alarm_timer.name", "backup_run.name", "bin_model.label", "bin_round.label", "bin_site.label", "catalogue_version.label",
         "depot.label", "device.label", "device.name", "gritting_route.label", "home.label", "schema_history.name",
         "sta_datastream.name", "sta_feature.name", "sta_location.name", "sta_property.name", "sta_sensor.name", "sta_thing.name",
         "ward.label"),
        "what things are called",
    ),
    **dict.fromkeys(
        ("bundle.name", "bundle_key.label", "device_group.label", "lorawan_codec.name", "lorawan_device.label", "lorawan_source.name"),
        "what programs, keys, groups, decoders and servers are called",
    ),
    "device_act.detail": "what became of a device: states and marks",
    # What an account is found by is its number.
    "api_key.label": "found by the account",
    "passkey.label": "found by the account",
    # A household's.
    "resident.name": "a resident's",
    "household_member.joined_by": "label or invite",
    "consent.recipient": "housing",
    "contact_log.who": "the household's own words of its landlord",
    "notification.claimed_by": "a process",
    "audit_entry.detail": "roles and scopes that were given",
    "incident_signal.document": "what an incident rests on: rules and places",
}  # fmt: skip
"""Columns that look as if they named staff, and do not: why."""
COLUMNS = """
select c.relname, a.attname, format_type(a.atttypid, null)
  from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
 where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
   and format_type(a.atttypid, null) in ('text', 'jsonb', 'json', 'text[]') order by 1, a.attnum
"""
LOOSE = """
do $$ declare one record; begin
    for one in select conrelid::regclass as of, conname from pg_constraint
                where connamespace = 'public'::regnamespace and contype in ('c', 'f', 'p', 'u', 'x') and conparentid = 0 loop
        begin execute format('alter table %s drop constraint if exists %I cascade', one.of, one.conname);
        exception when others then null; end;
    end loop;
    for one in select c.oid::regclass as of, a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid
                where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
                  and a.attnotnull and a.attnum > 0 and not a.attisdropped and a.attidentity = '' loop
        begin execute format('alter table %s alter column %I drop not null', one.of, one.attname);
        exception when others then null; end;
    end loop;
end $$
"""


def value(kind: str) -> object:
    """Return the name as it stands in a column: as a word of a document it has another case."""
    as_json = psycopg.types.json.Jsonb({"x": [{"by": NAME.upper()}]})
    return {"text": NAME, "text[]": [f"person:{NAME}"]}.get(kind, as_json)


async def seeded(pg: psycopg.AsyncConnection[Any]) -> set[str]:
    """Put the name into each column by itself, in a database that lets anything in; return the columns."""
    columns = await (await pg.execute(COLUMNS)).fetchall()
    await pg.execute(LOOSE)
    await pg.execute("set session_replication_role = replica")
    done = set()
    for table, column, kind in columns:
        insert = sql.SQL("insert into public.{} ({}) values (%s)")
        try:
            await pg.execute(insert.format(sql.Identifier(table), sql.Identifier(column)), (value(kind),))
        except psycopg.errors.CheckViolation:
            continue  # of a partitioned table: readings
        done.add(f"{table}.{column}")
    return done


def holds(row: dict[str, Any], column: str) -> bool:
    return NAME.lower() in str(row.get(column) or "").lower()


async def test_each_column_that_can_name_staff_is_in_what_they_are_given(
    pg: psycopg.AsyncConnection[Any],
) -> None:
    await pg.set_autocommit(True)
    there = await seeded(pg)
    async with pg.transaction():
        found = {
            f"{table}.{column}"
            async for table, row in rows_of(pg, NAME.swapcase())
            for column in row
            if holds(row, column)
        }
    naming = {c for c in there if NAMING.search(c.partition(".")[2])}
    assert len(naming) > 60
    assert (sorted(naming - found - NOT_STAFF.keys()), sorted(NOT_STAFF.keys() - (naming - found))) == (
        [],
        [],
    )
    # Whatever stands in columns that the list declares is found, whatever they are called.
    declared = {f"{one.table}.{name}" for one in REACH for name in one.names}
    assert declared <= found


async def test_who_is_called_otherwise_in_logs_is_given_both(pg: psycopg.AsyncConnection[Any]) -> None:
    await pg.execute("insert into account (name, label, made_by) values ('ada.l', 'Ada Lovelace', 'kim')")
    await pg.execute("insert into account (name, label, made_by) values ('ben', 'Ben', 'Ada Lovelace')")
    await pg.execute(
        "insert into what_if (by, role, via, note, document, recorded_at, at) values ('Ada Lovelace', 'highways', 'web', 'n', '{}', now(), now())"
    )
    await pg.execute(
        "select audit_add(1, 'staff', account_id::text, '', 'web', 'POST /x', '', '', '303', '', 'r', '{}') from account where name = 'ada.l'"
    )
    await pg.execute(
        "select audit_add(1, 'cli', 'kim', '', 'cli', 'account roles', 'account:' || account_id, '', 'done', '', 'r', '{}') from account where name = 'ada.l'"
    )
    for called in ("ada.l", "ADA LOVELACE"):
        async with pg.transaction():
            rows = [table async for table, _ in rows_of(pg, called)]
        assert sorted(rows) == ["account", "account", "audit_entry", "audit_entry", "what_if"], called
    async with pg.transaction():
        assert [table async for table, _ in rows_of(pg, "Ada")] == [], "no part of a name is a name"


async def test_what_she_did_for_a_household_is_hers_and_the_rest_is_not(db_dsn: str) -> None:
    """Alarms, cases, letters, pictures of a home that she had to do with: that she did, and nothing of what is in them."""
    async with street(db_dsn, 4) as lane:
        await marked(lane)
        await lane.sql("update alarm set acknowledged_by = 'Ada'")
        await lane.sql("update work_item set done_by = 'Ada'")
        for table, column in (
            ("housing_case", "opened_by"),
            ("contact_log", "by"),
            ("evidence_photo", "by"),
            ("evidence_pack", "made_by"),
        ):
            await lane.sql(f"update {table} set {column} = 'Ada'")
        await lane.sql("update contact_log set said = %s, who = %s", MARK, MARK)
        await lane.sql(
            "update evidence_photo set caption = %s, room = %s, original = %s", MARK, MARK, b"\xfe\xed"
        )
        await lane.sql("update housing_case set landlord = %s", MARK)
        await lane.sql("update event set detail = '{\"by\": \"Ada\"}' where subject_kind = 'home'")
        async with lane.conn.transaction():
            found = [(table, row) async for table, row in rows_of(lane.conn, "Ada")]
        assert {table for table, _ in found} >= {
            "alarm",
            "event",
            "work_item",
            "housing_case",
            "contact_log",
            "evidence_photo",
        }
        for table, row in found:
            assert not [secret for secret in (*SECRETS, "feed") if secret in str(row)], (table, row)
