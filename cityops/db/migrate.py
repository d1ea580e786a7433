"""Bringing a database up to date: forward only, once each, under an advisory lock.

Order: migrations not applied yet; the statements that the caller derives (reading
tables of the kinds); routines, which are replaced whenever anything changed.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
from psycopg import pq

from cityops.db import migration_files
from cityops.db.flavour import MINIMUM_SERVER, Flavour, detect, install_timescaledb
from cityops.db.migration_files import SqlFile
from cityops.errors import ConfigurationError, InvariantError

Connection = psycopg.AsyncConnection[Any]
Derived = Callable[[Flavour], Iterable[str]]
"""Idempotent statements for a flavour, e.g. the reading tables of the kinds."""

LOCK_KEY = 0x6369_7479_6F70_7301
"""Advisory lock held while upgrading ("cityops", 1)."""

_LOCK_POLL_S = 0.05

_HISTORY: LiteralString = """
create table if not exists schema_history (
    kind       text not null check (kind in ('migration', 'derived', 'routine')),
    name       text not null,
    checksum   text not null,
    applied_at timestamptz not null default now(),
    primary key (kind, name)
)"""

_RECORD: LiteralString = """
insert into schema_history (kind, name, checksum) values (%s, %s, %s)
on conflict (kind, name) do update set checksum = excluded.checksum, applied_at = now()"""


@dataclass(frozen=True, slots=True)
class Status:
    """Where a database stands.

    Attributes:
        flavour: of the database.
        applied, pending: names of migrations.
        edited: applied migrations whose file has changed since, or is gone.
    """

    flavour: Flavour
    applied: tuple[str, ...]
    pending: tuple[str, ...]
    edited: tuple[str, ...]

    @property
    def current(self) -> bool:
        """Whether there is nothing to do and nothing wrong."""
        return not self.pending and not self.edited


async def upgrade(
    conn: Connection,
    derived: Derived | None = None,
    *,
    migrations: Sequence[SqlFile] | None = None,
    routines: Sequence[SqlFile] | None = None,
) -> list[str]:
    """Bring the database up to date and return the names of what was applied.

    Safe to run from several processes at once: the others wait and then find nothing to do.

    Args:
        conn: an idle connection; it is in autocommit mode during the upgrade.
        derived: gives the statements to run after the migrations; always all of them, in one
            transaction, so they must be idempotent.
        migrations: instead of the packaged files.
        routines: instead of the packaged files.

    Raises:
        ConfigurationError: where PostgreSQL is too old, or the history was edited.
        InvariantError: where a migration fails, with the statement's own words.
    """
    files = migration_files.migrations() if migrations is None else migrations
    programs = migration_files.routines() if routines is None else routines
    async with _autocommit(conn), one_at_a_time(conn):
        _refuse_old(conn)
        await install_timescaledb(conn)
        await conn.execute(_HISTORY)
        state = await _compare(conn, files)
        _refuse_edited(state)
        pending = [file for file in files if file.name in state.pending]
        for file in pending:
            await _apply(conn, "migration", file)
        done = [file.name for file in pending]
        if derived is not None:
            done += await _apply_derived(conn, list(derived(state.flavour)))
        return done + await _apply_routines(conn, programs, force=bool(done))


async def status(conn: Connection, *, migrations: Sequence[SqlFile] | None = None) -> Status:
    """Return where the database stands, changing nothing."""
    files = migration_files.migrations() if migrations is None else migrations
    return await _compare(conn, files)


async def _compare(conn: Connection, files: Sequence[SqlFile]) -> Status:
    applied = await _checksums(conn, "migration")
    known = {file.name: file.checksum for file in files}
    return Status(
        flavour=await detect(conn),
        applied=tuple(sorted(applied)),
        pending=tuple(file.name for file in files if file.name not in applied),
        edited=tuple(sorted(name for name, checksum in applied.items() if known.get(name) != checksum)),
    )


async def _checksums(conn: Connection, kind: str) -> dict[str, str]:
    cursor = await conn.execute("select to_regclass('schema_history') is not null")
    row = await cursor.fetchone()
    if row is None or not row[0]:
        return {}
    cursor = await conn.execute("select name, checksum from schema_history where kind = %s", (kind,))
    return {str(name): str(checksum) for name, checksum in await cursor.fetchall()}


def _refuse_old(conn: Connection) -> None:
    version = conn.info.server_version
    if version < MINIMUM_SERVER:
        raise ConfigurationError(
            f"PostgreSQL {version // 10000} is too old; cityops needs {MINIMUM_SERVER // 10000} or newer"
        )


def _refuse_edited(state: Status) -> None:
    if state.edited:
        raise ConfigurationError(
            f"migration {', '.join(state.edited)} was applied to this database and its file has been changed "
            "or removed since; history is never edited: restore the file and write a new migration"
        )


async def _apply(conn: Connection, kind: str, file: SqlFile) -> None:
    record = (kind, file.name, file.checksum)
    try:
        if file.transactional:
            async with conn.transaction():
                await conn.execute(_trusted(file.text))
                await conn.execute(_RECORD, record)
        else:
            for statement in split_statements(file.text):
                await conn.execute(_trusted(statement))
            await conn.execute(_RECORD, record)
    except psycopg.Error as error:
        raise InvariantError(f"{kind} {file.name} failed: {str(error).strip()}") from error


async def _apply_derived(conn: Connection, statements: list[str]) -> list[str]:
    """Run the derived statements; return ``["kinds"]`` where they differ from last time's."""
    checksum = hashlib.sha256("\0".join(statements).encode()).hexdigest()
    before = await _checksums(conn, "derived")
    async with conn.transaction():
        for statement in statements:
            try:
                await conn.execute(_trusted(statement))
            except psycopg.Error as error:
                raise InvariantError(f"{str(error).strip()}\nin: {statement}") from error
        await conn.execute(_RECORD, ("derived", "kinds", checksum))
    return [] if before.get("kinds") == checksum else ["kinds"]


async def _apply_routines(conn: Connection, programs: Sequence[SqlFile], *, force: bool) -> list[str]:
    """Run all routines again where one has changed or ``force``: they may build on each other."""
    before = await _checksums(conn, "routine")
    if not force and all(before.get(file.name) == file.checksum for file in programs):
        return []
    for file in programs:
        await _apply(conn, "routine", file)
    return [file.name for file in programs]


@contextlib.asynccontextmanager
async def _autocommit(conn: Connection) -> AsyncIterator[None]:
    if conn.info.transaction_status != pq.TransactionStatus.IDLE:
        raise InvariantError("upgrade needs a connection that is not in a transaction")
    before = conn.autocommit
    await conn.set_autocommit(True)
    try:
        yield
    finally:
        if not conn.closed:
            await conn.set_autocommit(before)


@contextlib.asynccontextmanager
async def one_at_a_time(conn: Connection) -> AsyncIterator[None]:
    """Have no other upgrade of the database go on during the block; ``conn``: in autocommit mode."""
    # Tried again and again rather than waited for: a waiting statement holds a snapshot, which
    # CREATE INDEX CONCURRENTLY of the one at work would wait for in turn.
    while not await _try_lock(conn):  # noqa: ASYNC110  the event is in the database
        await asyncio.sleep(_LOCK_POLL_S)
    try:
        yield
    finally:
        if not conn.closed:
            await conn.execute("select pg_advisory_unlock(%s)", (LOCK_KEY,))


async def _try_lock(conn: Connection) -> bool:
    cursor = await conn.execute("select pg_try_advisory_lock(%s)", (LOCK_KEY,))
    row = await cursor.fetchone()
    return row is not None and bool(row[0])


def split_statements(text: str) -> list[str]:
    """Return the statements of a ``-- no-transaction`` file: blocks ended by ``;`` at a line's end.

    PostgreSQL runs several statements sent together in one transaction, hence one by one.
    """
    blocks: list[str] = []
    current: list[str] = []
    for line in text.splitlines():
        if not current and (not line.strip() or line.lstrip().startswith("--")):
            continue
        current.append(line)
        if line.rstrip().endswith(";"):
            blocks.append("\n".join(current))
            current = []
    return blocks + (["\n".join(current)] if current else [])


def _trusted(text: str) -> LiteralString:
    """Mark SQL of our own files and declarations as what it is: code."""
    return text
