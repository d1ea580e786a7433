"""Reading tables on TimescaleDB: hypertables, columnstore, continuous aggregates.

Names of functions and options as in the TimescaleDB 2.19 to 2.29 documentation.
"""

# ruff: noqa: S608 - identifiers come from kinds, which check them

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from devices.contract.kind import Kind
from ingest.core import ddl_columns as columns
from ingest.core.chunk_width import DEFAULT_WIDTH

CHUNK_INTERVAL = f"{DEFAULT_WIDTH.days} days"
"""Width of a new table's chunks, until ``ingest.chunks`` fits it to the devices registered."""

COLUMNSTORE_AFTER = "8 days"
"""Age at which a chunk turns columnar: later than most late data arrives."""

REFRESH_EVERY = "10 minutes"

REFRESHED_AFTER: Mapping[str, str] = MappingProxyType({"hourly": "1 hour", "daily": "2 hours"})
"""How long after its end a bucket is worked out, by suffix. What is not yet is worked out from readings by whoever asks:
for days an hour or two after midnight, not a day later, since a day of a whole town is two million readings."""

# Chunks need no preparation; the functions exist so that callers need not ask which
# database they talk to.
ENSURE_ONE = """\
create or replace function ensure_partitions(reading_table text, first timestamptz, last timestamptz)
returns integer language sql immutable as 'select 0'"""
ENSURE_ALL = """\
create or replace function ensure_partitions(first timestamptz, last timestamptz)
returns integer language sql immutable as 'select 0'"""
EXPIRED = """\
create or replace function drop_expired_readings()
returns integer language sql immutable as 'select 0'"""


_ORDER_CAN_BE_SET = (
    "exists (select from pg_proc where proname = 'add_continuous_aggregate_policy'"
    " and 'refresh_newest_first' = any (proargnames))"
)


def statements(kinds: list[Kind], retention: dict[str, str]) -> list[str]:
    """Return the statements for TimescaleDB; see :func:`ingest.core.ddl.statements`."""
    result = [ENSURE_ONE, ENSURE_ALL, EXPIRED]
    for kind in kinds:
        result += [
            columns.create_table(kind),
            (
                f"select create_hypertable('{kind.table}', by_range('ts', interval '{CHUNK_INTERVAL}'),"
                " create_default_indexes => false, if_not_exists => true)"
            ),
            columns.add_columns(kind),
            *columns.indexes(kind),
            *_columnstore(kind),
            columns.latest_view(kind),
        ]
        for suffix, width in columns.PERIODS:
            result += _aggregate(kind, suffix, width, retention.get(kind.name))
        result += _retention(kind, retention.get(kind.name))
    return result


def _columnstore(kind: Kind) -> list[str]:
    enable = (
        f"alter table {kind.table} set (timescaledb.enable_columnstore,"
        " timescaledb.segmentby = 'device_id', timescaledb.orderby = 'ts desc')"
    )
    return [
        # Setting it again is refused by some versions once chunks are columnar.
        (
            f"do $ddl$ begin\nif not exists (select from timescaledb_information.hypertables"
            f" where hypertable_schema = current_schema() and hypertable_name = '{kind.table}'"
            f" and compression_enabled) then\n{enable};\nend if;\nend $ddl$"
        ),
        (
            f"call add_columnstore_policy('{kind.table}', after => interval '{COLUMNSTORE_AFTER}',"
            " if_not_exists => true)"
        ),
    ]


def _aggregate(kind: Kind, suffix: str, width: str, keep: str | None) -> list[str]:
    """Return the statements of one continuous aggregate.

    An aggregate can't gain columns: where the kind has gained a field it is dropped,
    made anew, and filled again from the readings by its policy.
    """
    name = f"{kind.name}_{suffix}"
    wanted = ", ".join(f"'{c}'" for c in columns.aggregate_columns(kind))
    drop_stale = (
        f"do $ddl$ begin\nif to_regclass('{name}') is not null and exists (\n"
        f"    select unnest(array[{wanted}]) except\n"
        f"    select column_name from information_schema.columns\n"
        f"    where table_schema = current_schema() and table_name = '{name}'\n"
        f") then {columns.DROP_OURS}; drop materialized view {name}; end if;\nend $ddl$"
    )
    # All that is kept may be refreshed: late readings change old buckets, and only those. But not
    # more: refreshing what retention has dropped would delete the aggregate of it too.
    start = "null" if keep is None else f"interval '{keep}'"
    return [
        drop_stale,
        _drop_other_policy(name, start, REFRESHED_AFTER[suffix]),
        f"create materialized view if not exists {name}\n"
        "with (timescaledb.continuous, timescaledb.materialized_only = false) as\n"
        + columns.aggregate_select(kind, f"time_bucket(interval '{width}', ts)")
        + "\nwith no data",
        _refresh_policy(name, start, REFRESHED_AFTER[suffix]),
    ]


def _refresh_policy(name: str, start: str, after: str) -> str:
    """Return the statement that makes an aggregate's refresh policy.

    It goes from old to new. A refresh comes in several transactions, by default the newest buckets
    first; what is older would then lie before the aggregate's end without being in it, so that
    charts and counts lack it until the last one is done. Before 2.20 the order can't be set, so
    there a refresh is one transaction.
    """
    add = (
        f"perform add_continuous_aggregate_policy('{name}', start_offset => {start},"
        f" end_offset => interval '{after}', schedule_interval => interval '{REFRESH_EVERY}',"
        " if_not_exists => true, "
    )
    return (
        "do $ddl$ begin\n"
        f"if {_ORDER_CAN_BE_SET} then\n    {add}refresh_newest_first => false);\n"
        f"else\n    {add}buckets_per_batch => 0);\nend if;\nend $ddl$"
    )


def _drop_other_policy(name: str, start: str, after: str) -> str:
    """Return the statement that removes a refresh policy which starts or ends elsewhere or goes from new to old."""
    return (
        "do $ddl$ begin\nif exists (\n"
        "    select from timescaledb_information.jobs j join timescaledb_information.continuous_aggregates a\n"
        "    on j.hypertable_name in (a.view_name, a.materialization_hypertable_name)\n"
        f"    where a.view_schema = current_schema() and a.view_name = '{name}'\n"
        "    and j.proc_name = 'policy_refresh_continuous_aggregate'\n"
        f"    and ((j.config ->> 'start_offset')::interval is distinct from {start}\n"
        f"        or (j.config ->> 'end_offset')::interval is distinct from interval '{after}'\n"
        f"        or {_ORDER_CAN_BE_SET} and (j.config ->> 'refresh_newest_first')::boolean is distinct from false)\n"
        f") then perform remove_continuous_aggregate_policy('{name}'); end if;\nend $ddl$"
    )


def _retention(kind: Kind, keep: str | None) -> list[str]:
    if keep is None:
        return [f"select remove_retention_policy('{kind.table}', if_exists => true)"]
    return [
        f"select add_retention_policy('{kind.table}', drop_after => interval '{keep}', if_not_exists => true)"
    ]
