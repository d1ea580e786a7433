"""Reading tables on TimescaleDB: hypertables, columnstore, continuous aggregates.

Names of functions and options as in the TimescaleDB 2.19 to 2.29 documentation.
"""

# ruff: noqa: S608 - identifiers come from kinds, which check them

from __future__ import annotations

from devices.contract.kind import Kind
from ingest.core import ddl_columns as columns

CHUNK_INTERVAL = "7 days"
"""Width of a chunk. A week of 10,000 devices at 5 minutes is 20 million rows, of
which the newest chunk's indexes still fit into 1 GB of memory."""

COLUMNSTORE_AFTER = "8 days"
"""Age at which a chunk turns columnar: later than most late data arrives."""

REFRESH_EVERY = "10 minutes"

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
        f") then drop materialized view {name}; end if;\nend $ddl$"
    )
    # Refreshing what retention has dropped would delete the aggregate of it too.
    start = "null" if keep is None else f"interval '{keep}' - interval '1 month'"
    return [
        drop_stale,
        f"create materialized view if not exists {name}\n"
        "with (timescaledb.continuous, timescaledb.materialized_only = false) as\n"
        + columns.aggregate_select(kind, f"time_bucket(interval '{width}', ts)")
        + "\nwith no data",
        (
            f"select add_continuous_aggregate_policy('{name}', start_offset => {start},"
            f" end_offset => interval '{width}', schedule_interval => interval '{REFRESH_EVERY}',"
            " if_not_exists => true)"
        ),
    ]


def _retention(kind: Kind, keep: str | None) -> list[str]:
    if keep is None:
        return [f"select remove_retention_policy('{kind.table}', if_exists => true)"]
    return [
        f"select add_retention_policy('{kind.table}', drop_after => interval '{keep}', if_not_exists => true)"
    ]
