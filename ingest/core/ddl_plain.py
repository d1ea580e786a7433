"""Reading tables on plain PostgreSQL: partitions by month, aggregates as views."""

# ruff: noqa: S608 - identifiers come from kinds, which check them

from __future__ import annotations

from devices.contract.kind import Kind
from ingest.core import ddl_columns as columns

# Attaching a finished table takes a lock that neither readers nor writers notice;
# `create table ... partition of` would stop both. The advisory lock lets several
# ingesters ask at once.
ENSURE_ONE = """\
create or replace function ensure_partitions(reading_table text, first timestamptz, last timestamptz)
returns integer language plpgsql as $body$
declare
    month timestamp := date_trunc('month', first at time zone 'UTC');
    made integer := 0;
    part text;
begin
    while month <= last at time zone 'UTC' loop
        part := reading_table || to_char(month, '"_"YYYY"_"MM');
        if to_regclass(quote_ident(part)) is null then
            perform pg_advisory_xact_lock(hashtext('cityops.partition'));
            if to_regclass(quote_ident(part)) is null then
                execute format('create table %I (like %I including all)', part, reading_table);
                execute format('alter table %I attach partition %I for values from (%L) to (%L)',
                    reading_table, part,
                    month at time zone 'UTC', (month + interval '1 month') at time zone 'UTC');
                made := made + 1;
            end if;
        end if;
        month := month + interval '1 month';
    end loop;
    return made;
end $body$"""

ENSURE_ALL = """\
create or replace function ensure_partitions(first timestamptz, last timestamptz)
returns integer language sql as $body$
    select coalesce(sum(ensure_partitions(c.relname::text, first, last)), 0)::integer
    from pg_partitioned_table p join pg_class c on c.oid = p.partrelid
    where c.relname like '%\\_reading' and pg_table_is_visible(c.oid)
$body$"""


def statements(kinds: list[Kind], retention: dict[str, str]) -> list[str]:
    """Return the statements for plain PostgreSQL; see :func:`ingest.core.ddl.statements`."""
    result = [ENSURE_ONE, ENSURE_ALL, _retention(kinds, retention)]
    for kind in kinds:
        result += [
            columns.create_table(kind, " partition by range (ts)"),
            columns.add_columns(kind),
            *columns.indexes(kind),
            f"select ensure_partitions('{kind.table}', now() - interval '1 month', now() + interval '1 month')",
            columns.latest_view(kind),
        ]
        result += [_view(kind, suffix, width) for suffix, width in columns.PERIODS]
    return result


def _view(kind: Kind, suffix: str, width: str) -> str:
    # date_bin and not date_trunc: immutable, the same buckets as time_bucket.
    bucket = f"date_bin('{width}', ts, timestamptz '2000-01-01 00:00+00')"
    return columns.replace_view(f"{kind.name}_{suffix}", columns.aggregate_select(kind, bucket))


def _retention(kinds: list[Kind], retention: dict[str, str]) -> str:
    """Return the function that drops the partitions older than each kind's retention."""
    keeps = [(k.table, retention[k.name]) for k in kinds if k.name in retention]
    rows = ", ".join(f"('{table}', interval '{keep}')" for table, keep in keeps)
    source = f"(values {rows}) k(tab, keep)" if rows else "(select '', interval '0' where false) k(tab, keep)"
    return f"""\
create or replace function drop_expired_readings() returns integer language plpgsql as $body$
declare
    part record;
    dropped integer := 0;
begin
    for part in
        select c.relname from {source}
        join pg_inherits i on i.inhparent = to_regclass(quote_ident(k.tab))
        join pg_class c on c.oid = i.inhrelid
        where c.relname < k.tab || to_char((now() - k.keep) at time zone 'UTC', '"_"YYYY"_"MM')
    loop
        execute format('drop table %I', part.relname);
        dropped := dropped + 1;
    end loop;
    return dropped;
end $body$"""
