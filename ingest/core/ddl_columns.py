"""Columns of a kind's reading table and of its hourly and daily aggregates."""

# ruff: noqa: S608 - identifiers come from kinds, which check them

from __future__ import annotations

from devices.contract.kind import Field, Kind

KEY_COLUMNS = (
    ("ts", "timestamptz not null"),
    ("device_id", "integer not null"),
    ("seq", "bigint not null"),
    ("boot", "bigint not null"),
)
TAIL_COLUMNS = (
    ("quality", "smallint not null default 0"),
    ("received_at", "timestamptz not null"),
)
PERIODS = (("hourly", "1 hour"), ("daily", "1 day"))
"""Aggregates: name suffix and width. Days are UTC days."""
DROP_OURS = (
    "drop schema if exists my cascade; drop schema if exists sta_open cascade; "
    "drop view if exists housing_daily cascade"
)
"""Drops our views on the kinds' views. An upgrade that finds the kinds changed makes them again
(``cityops/db/routines/households.sql``)."""


def quoted(name: str) -> str:
    """Return an identifier in double quotes (names are checked by the kind already)."""
    return f'"{name}"'


def reading_columns(kind: Kind) -> tuple[str, ...]:
    """Return the names of all columns of the reading table in creation order."""
    keys, tail = ([name for name, _ in part] for part in (KEY_COLUMNS, TAIL_COLUMNS))
    return (*keys, *(f.name for f in kind.fields), *tail)


def create_table(kind: Kind, suffix: str = "") -> str:
    """Return the idempotent ``create table`` of a kind, with ``suffix`` after its columns."""
    fields = [(f.name, f.storage) for f in kind.fields]
    lines = [f"    {quoted(name)} {kind_} " for name, kind_ in (*KEY_COLUMNS, *fields, *TAIL_COLUMNS)]
    body = ",\n".join(line.rstrip() for line in lines)
    return f"create table if not exists {kind.table} (\n{body}\n){suffix}"


def add_columns(kind: Kind) -> str:
    """Return one statement that adds the fields which the table doesn't have yet."""
    parts = [f"add column if not exists {quoted(f.name)} {f.storage}" for f in kind.fields]
    return f"alter table {kind.table}\n    " + ",\n    ".join(parts)


def averaged_fields(kind: Kind) -> tuple[Field, ...]:
    """Return the fields that have an average: all but the coded ones."""
    return tuple(f for f in kind.fields if not f.codes)


def aggregate_columns(kind: Kind) -> tuple[str, ...]:
    """Return the column names of ``<kind>_hourly`` and ``<kind>_daily``."""
    values = [f"{f.name}_{how}" for f in averaged_fields(kind) for how in ("avg", "min", "max")]
    return ("device_id", "bucket", "n", *values)


def aggregate_select(kind: Kind, bucket: str) -> str:
    """Return the query of an aggregate; ``bucket`` is the SQL that rounds ``ts`` down."""
    values = [
        f"    {how}({quoted(f.name)}) as {quoted(f'{f.name}_{how}')}"
        for f in averaged_fields(kind)
        for how in ("avg", "min", "max")
    ]
    head = ["    device_id", f"    {bucket} as bucket", "    count(*) as n"]
    return "select\n" + ",\n".join([*head, *values]) + f"\nfrom {kind.table}\ngroup by device_id, bucket"


def replace_view(name: str, select: str) -> str:
    """Return a statement that makes ``name`` the view ``select``.

    ``create or replace`` refuses other columns than before; the view is then made anew.
    That fails, loudly, where another view was built upon it that is none of :data:`DROP_OURS`.
    """
    create = f"create or replace view {name} as\n{select};"
    return (
        f"do $ddl$ begin\n{create}\nexception when invalid_table_definition then\n"
        f"{DROP_OURS};\ndrop view {name};\n{create}\nend $ddl$"
    )


def latest_view(kind: Kind) -> str:
    """Return the view ``<kind>_latest``: the newest reading of each device of the kind.

    A lateral join from ``device`` reads one index entry per device; ``distinct on``
    over the readings would read them all.
    """
    names = [*(n for n, _ in KEY_COLUMNS), *(n for n, _ in TAIL_COLUMNS), *(f.name for f in kind.fields)]
    columns = ", ".join(f"r.{quoted(n)}" for n in names)
    select = (
        f"select d.name as device, {columns}\nfrom device d\n"
        f"cross join lateral (\n    select * from {kind.table} x\n"
        f"    where x.device_id = d.device_id\n    order by x.ts desc limit 1\n) r\n"
        f"where d.kind = '{kind.name}'"
    )
    return replace_view(f"{kind.name}_latest", select)


def indexes(kind: Kind) -> list[str]:
    """Return the statements that make the indexes of a reading table.

    ``(device_id, ts desc)`` answers every chart and the latest reading. The BRIN on
    ``received_at`` finds the rows of a batch; rows arrive in its order, so it costs
    next to nothing. Nearly so that on ``ts``: by it the newest hours of all devices are found, which
    an aggregate that is not refreshed yet would else read the whole newest chunk for.
    """
    return [
        f"create index if not exists {kind.table}_device_ts on {kind.table} (device_id, ts desc)",
        (
            f"create index if not exists {kind.table}_received on {kind.table} using brin (received_at)"
            " with (pages_per_range = 32, autosummarize = on)"
        ),
        (
            f"create index if not exists {kind.table}_measured on {kind.table} using brin (ts)"
            " with (pages_per_range = 32, autosummarize = on)"
        ),
    ]
