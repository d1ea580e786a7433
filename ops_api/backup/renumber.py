"""The order of batches, told in the transaction ids of another cluster than they came from.

Rules and analyst read batches in the order of transaction ids (docs/adr/004-commit-order-cursor.md). After a
logical restore ids have begun anew: batches and cursors would lie in the future, and wait for ever.
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

Connection = psycopg.Connection[Any]
_CURSORS = (
    ("public", "rule_cursor", ("xid", "waiting_from", "settle_xid")),
    ("public", "damp_cursor", ("xid",)),
    ("shadow", "rule_cursor", ("xid", "waiting_from", "settle_xid")),
)
# The first id that nobody has had. Not xmin, the oldest that is open: beside one long transaction every new batch is above it.
_NEWEST = "select coalesce((select max(xid) from public.ingest_batch), '0'), pg_snapshot_xmax(pg_current_snapshot())"
_WAITING = "select count(distinct xid) from public.ingest_batch where xid > %s::text::xid8"
_MOVE = """
create temp table place (old_xid xid8 primary key, new_xid xid8 not null) on commit drop;
insert into place select xid, row_number() over (order by xid)::text::xid8
  from (select distinct xid from public.ingest_batch where xid > %(floor)s::text::xid8) b;
update public.ingest_batch set xid = '0' where xid <= %(floor)s::text::xid8;
update public.ingest_batch b set xid = place.new_xid from place
 where place.old_xid = b.xid and b.xid > %(floor)s::text::xid8;
"""


def renumber(conn: Connection) -> int | None:
    """Give batches and cursors ids of this cluster, in the same order; return how many batches wait to be read.

    Nothing is read twice or left out. None where nothing had to be done: the ids are of this cluster. Services
    must be stopped.

    Args:
        conn: of the owner, in autocommit mode.
    """
    row = conn.execute(
        "select to_regclass('public.ingest_batch') is not null and to_regclass('public.rule_cursor') is not null"
    ).fetchone()
    if row is None or not row[0] or not _ahead(conn):
        return None
    floor = _floor(conn)
    waiting = _number(conn, _WAITING, (floor,))
    _use_up(conn, waiting)
    with conn.transaction():
        for statement in _MOVE.strip().split(";\n"):
            if statement.strip():
                conn.execute(statement, {"floor": floor} if "floor" in statement else None)
        for schema, table, columns in _cursors(conn):
            for column in columns:
                conn.execute(_moved(schema, table, column), {"floor": floor})
    return waiting


def _ahead(conn: Connection) -> bool:
    """Whether a batch or a cursor has an id that no transaction of this cluster has had."""
    row = conn.execute(_NEWEST).fetchone()
    assert row is not None
    newest = max([int(row[0]), *(value for value in _values(conn) if value is not None)])
    return newest >= int(row[1])


def _floor(conn: Connection) -> str:
    """Return the id up to which every reader has seen all: nobody asks for those batches again."""
    return str(min((value for value in _values(conn) if value is not None), default=0))


def _values(conn: Connection) -> list[int | None]:
    found: list[int | None] = []
    for schema, table, columns in _cursors(conn):
        for column in columns[:2]:  # what is asked to be settled lies ahead
            query = sql.SQL("select min({})::text::bigint from {}")
            row = conn.execute(query.format(sql.Identifier(column), sql.Identifier(schema, table))).fetchone()
            found.append(None if row is None else row[0])
    return found


def _cursors(conn: Connection) -> list[tuple[str, str, tuple[str, ...]]]:
    return [
        cursor
        for cursor in _CURSORS
        if _number(conn, "select (to_regclass(%s) is not null)::int", (f"{cursor[0]}.{cursor[1]}",)) == 1
    ]


def _moved(schema: str, table: str, column: str) -> sql.Composed:
    """Return the statement that sets a cursor to the last batch that it had reached."""
    return sql.SQL(
        "update {table} set {column} = case when {column} <= %(floor)s::text::xid8 then '0'::xid8"
        " else coalesce((select max(p.new_xid) from place p where p.old_xid <= {column}), '0') end where {column} is not null"
    ).format(table=sql.Identifier(schema, table), column=sql.Identifier(column))


def _use_up(conn: Connection, ids: int) -> None:
    """Have this cluster reach an id beyond ``ids``: a batch is read when all before its id are done."""
    have = _number(conn, "select pg_snapshot_xmax(pg_current_snapshot())::text::bigint", ())
    for _ in range(max(0, ids + 1 - have)):
        conn.execute("select pg_current_xact_id()")


def _number(conn: Connection, query: str, values: tuple[str, ...]) -> int:
    row = conn.execute(query, values).fetchone()
    assert row is not None
    return int(row[0])
