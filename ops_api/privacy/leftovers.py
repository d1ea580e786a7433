"""Looks for what is left of somebody: a word, a name, an address, in every column of every table and in files.

Run as the owner, who sees all rows. Bytes are looked at as they are, so that a picture's metadata is found too.
"""

from __future__ import annotations

import json
import mmap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg import AsyncConnection, sql
from psycopg.rows import dict_row

TELLING = ("text", "character varying", "character", "json", "jsonb", "bytea", "uuid", "name")
_COLUMNS = sql.SQL(
    "select n.nspname as schema, c.relname as name, a.attname as column, format_type(a.atttypid, null) as type"
    "  from pg_class c join pg_namespace n on n.oid = c.relnamespace"
    "  join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped"
    " where c.relkind in ('r', 'p', 'm') and not c.relispartition"
    "   and n.nspname !~ '^(pg_|_?timescaledb)' and n.nspname <> 'information_schema'"
    " order by 1, 2, a.attnum"
)
_LOOK = sql.SQL(
    "select count(*) from {table} where exists ("
    "select from unnest(%(marks)s::text[]) m where position(lower({mark}) in lower({value})) > 0)"
)
_AS_BYTES, _AS_TEXT = sql.SQL("encode({}, 'escape')"), sql.SQL("{}::text")
_MARK_AS_BYTES, _MARK_AS_TEXT = sql.SQL("encode(convert_to(m, 'UTF8'), 'escape')"), sql.SQL("m")


@dataclass(frozen=True, slots=True)
class Left:
    """Where something is: a table's column or a file; ``rows``: how often, 1 for a file."""

    where: str
    column: str
    rows: int


async def in_tables(conn: AsyncConnection[Any], mark: str) -> list[Left]:
    """Return the columns in which ``mark`` is, whatever the case of its letters.

    Raises:
        ValueError: fewer than three characters, which are everywhere.
    """
    if len(mark.strip()) < 3:
        raise ValueError("give at least three characters to look for")
    cursor = conn.cursor(row_factory=dict_row)
    columns = await (await cursor.execute(_COLUMNS)).fetchall()
    found = []
    for one in columns:
        if one["type"].removesuffix("[]") in TELLING:
            rows = await _count(conn, one, mark)
            if rows > 0:
                found.append(Left(_named(one["schema"], one["name"]), one["column"], rows))
    return found


async def _count(conn: AsyncConnection[Any], one: dict[str, Any], mark: str) -> int:
    of_bytes = one["type"] == "bytea"
    query = _LOOK.format(
        table=sql.Identifier(one["schema"], one["name"]),
        value=(_AS_BYTES if of_bytes else _AS_TEXT).format(sql.Identifier(one["column"])),
        mark=_MARK_AS_BYTES if of_bytes else _MARK_AS_TEXT,
    )
    row = await (await conn.execute(query, {"marks": spellings(mark)})).fetchone()
    return 0 if row is None else int(row[0])


def spellings(mark: str) -> list[str]:
    """Return how a text may be written: with small or capital letters beyond ASCII, and as JSON escapes them."""
    cases = dict.fromkeys((mark, mark.lower(), mark.upper(), mark.title()))
    return list(dict.fromkeys([*cases, *(json.dumps(case)[1:-1] for case in cases)]))


def _named(schema: str, name: str) -> str:
    return name if schema == "public" else f"{schema}.{name}"


def in_files(folder: Path, mark: str, leave_out: Sequence[str] = ()) -> list[Left]:
    """Return the files below ``folder`` that hold ``mark``, as UTF-8, UTF-16 or in JSON, with its letters as they are.

    Args:
        folder: looked through with all below it; links are not followed.
        mark: what to look for.
        leave_out: names of folders that are passed over, such as the database's own.
    """
    wanted = (mark.encode(), mark.encode("utf-16-le"), json.dumps(mark)[1:-1].encode())
    return [
        Left(str(file.relative_to(folder)), "", 1)
        for file in _files(folder, leave_out)
        if any(_holds(file, w) for w in wanted)
    ]


def _files(folder: Path, leave_out: Sequence[str]) -> Iterator[Path]:
    for entry in sorted(folder.iterdir()):
        if entry.is_symlink():
            continue
        if entry.is_dir():
            if entry.name not in leave_out:
                yield from _files(entry, leave_out)
        elif entry.is_file():
            yield entry


def _holds(file: Path, wanted: bytes) -> bool:
    try:
        with file.open("rb") as opened:
            if file.stat().st_size == 0:
                return False
            with mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
                return mapped.find(wanted) >= 0
    except (PermissionError, FileNotFoundError):
        return False
