"""What a database holds, as names and values that must be the same after a restore.

Counts of every table, hashes of its rows (of all, of every 64th, or of some hours, by its size), the ledger's
total, migrations, definitions, rights, sequences, partitions; on TimescaleDB hypertables, aggregates and jobs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg import sql

from cityops.db.queries import load_queries
from ops_api.backup.manifest import Role
from ops_api.backup.samples import Sample, samples_in

SQL = load_queries("ops_api.backup", "facts.sql")
SMALL_BYTES = 32 << 20
"""Tables up to this size are hashed whole."""
HOURS = 8
"""Hours of a reading table that are hashed."""
SEQUENCE, NONE = "sequence ", "none"
"""Start of a sequence's name among facts, and what one says that was never drawn from."""
DEFINITIONS = ("columns", "constraints", "indexes", "triggers", "view", "function", "row security", "rights")
"""What servers of two major versions may write in other words."""

Connection = psycopg.Connection[Any]
Facts = dict[str, str]


def facts(conn: Connection, samples: Iterable[Sample] | None = None) -> Facts:
    """Return what the database holds, in this connection's snapshot.

    Args:
        conn: as the owner or a superuser; its session settings are changed.
        samples: the rows to hash; None chooses them by the tables' sizes now.
    """
    with conn.transaction():
        for setting in (
            "search_path = ''",
            "timezone = 'UTC'",
            "datestyle = iso",
            "intervalstyle = postgres",
        ):
            conn.execute(f"set local {setting}")
        found = _fixed(conn)
        found["rights database"] = ", ".join(f"{role} {right}" for role, right in entry(conn))
        tables = conn.execute(SQL["tables"]).fetchall()
        for schema, name, *_ in tables:
            found[f"rows {schema}.{name}"] = _count(conn, schema, name)
        if any(name.startswith("extension timescaledb") for name in found):
            found |= _of_timescaledb(conn)
        chosen = list(_chosen(conn, tables)) if samples is None else samples
        known = {(schema, name): key for schema, name, _, key, _ in tables}
        return found | {s.text: _hash(conn, s, known.get((s.schema, s.table))) for s in chosen}


def roles(conn: Connection) -> tuple[Role, ...]:
    """Return the roles that must be there before this database can be restored."""
    rows = conn.execute(SQL["roles"])
    return tuple(Role(name, login, tuple(of), inherits) for name, login, of, inherits in rows)


def entry(conn: Connection) -> tuple[tuple[str, str], ...]:
    """Return who beside the owner may do what with the database as such: (role or ``public``, right)."""
    return tuple((str(role), str(right)) for role, right in conn.execute(SQL["entry"]))


def differences(before: Mapping[str, str], after: Mapping[str, str], *, same_major: bool = True) -> list[str]:
    """Return in words what is not as it was, by name. Pure."""
    names = sorted(before.keys() | after.keys())
    if not same_major:
        names = [name for name in names if not name.startswith(DEFINITIONS)]
    return [
        f"{name}: was {before.get(name, 'not there')}, is {after.get(name, 'not there')}"
        for name in names
        if not _same(name, before.get(name), after.get(name))
    ]


def _same(name: str, before: str | None, after: str | None) -> bool:
    """Whether a fact is as it was. A sequence may be further on: it is of no snapshot, and services draw from it meanwhile."""
    if name.startswith(SEQUENCE) and before is not None and after is not None:
        return before in (after, NONE) or (after != NONE and int(after) >= int(before))
    return before == after


def counters(conn: Connection) -> Facts:
    """Return where sequences stand now, whatever the snapshot: to be asked before a dump reads them."""
    return _pairs(conn, "counters")


def samples_of(found: Mapping[str, str]) -> list[Sample]:
    """Return the samples among facts, to be taken again."""
    return samples_in(found)


def _fixed(conn: Connection) -> Facts:
    found: Facts = {}
    for query in ("definitions", "rights", "counters", "partitions", "extensions"):
        found |= _pairs(conn, query)
    for table, query in (("schema_history", "history"), ("device_sequence", "ledger")):
        row = conn.execute("select to_regclass(%s) is not null", (f"public.{table}",)).fetchone()
        if row is not None and row[0]:
            found |= _pairs(conn, query)
    return found


def _of_timescaledb(conn: Connection) -> Facts:
    found = _pairs(conn, "hypertables")
    for view, schema, name in conn.execute(SQL["aggregates"]).fetchall():
        found[f"rows of aggregate {view}"] = _count(conn, schema, name)
    return found


def _pairs(conn: Connection, query: str) -> Facts:
    return {str(name): str(value) for name, value in conn.execute(SQL[query]).fetchall()}


def _count(conn: Connection, schema: str, name: str) -> str:
    row = conn.execute(sql.SQL("select count(*) from {}").format(sql.Identifier(schema, name))).fetchone()
    assert row is not None
    return str(row[0])


def _chosen(conn: Connection, tables: list[tuple[Any, ...]]) -> Iterable[Sample]:
    for schema, name, size, key, is_measured in tables:
        if is_measured:
            yield from _hours(conn, schema, name)
        else:
            yield Sample(schema, name, "part" if key and size > SMALL_BYTES else "all")


def _hours(conn: Connection, schema: str, name: str) -> Iterable[Sample]:
    """Yield hours spread evenly from the first reading to the last."""
    query = sql.SQL("select min(ts), max(ts) from {}").format(sql.Identifier(schema, name))
    row = conn.execute(query).fetchone()
    if row is None or row[0] is None:
        return
    first, last = (at.replace(minute=0, second=0, microsecond=0) for at in row)
    step = max((last - first) / (HOURS - 1), timedelta(hours=1))
    for at in sorted({_whole(first + n * step) for n in range(HOURS) if first + n * step <= last} | {last}):
        yield Sample(schema, name, at.isoformat())


def _whole(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def _hash(conn: Connection, sample: Sample, key: list[str] | None) -> str:
    """Return how many rows a sample has, and the sum of hashes of their text: their order does not matter."""
    if key is None:
        return "no such table"
    where: sql.Composable = sql.SQL("true")
    if sample.at is not None:
        where = sql.SQL("ts >= {0} and ts < {0} + interval '1 hour'").format(sql.Literal(sample.at))
    elif sample.which == "part":
        text = sql.SQL(" || ',' || ").join(sql.SQL("{}::text").format(sql.Identifier(k)) for k in key)
        where = sql.SQL("left(md5({}), 2) < '04'").format(text)
    query = sql.SQL(
        "select count(*) || ' rows, ' || coalesce(sum(('x' || left(md5(whole_row::text), 16))::bit(64)::bigint), 0)"
        " from {} as whole_row where {}"
    ).format(sql.Identifier(sample.schema, sample.table), where)
    row = conn.execute(query).fetchone()
    assert row is not None
    return str(row[0])
