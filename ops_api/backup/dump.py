"""Making a back-up: facts and dump of one snapshot, then hashes, then its name.

Until it is complete it is called ``….partial``, so that a cut never looks like a back-up.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from cityops.errors import ConfigurationError, TransientError
from ops_api.backup import outside
from ops_api.backup.facts import SQL, counters, entry, facts, roles
from ops_api.backup.manifest import FILE, Manifest, encode, entries
from ops_api.backup.names import PARTIAL, name_at
from ops_api.backup.outside import Outside
from ops_api.backup.programs import Programs, find_programs
from ops_api.backup.sealing import seal
from ops_api.backup.session import environment, open_session, said

DATABASE = "database"
ATTEMPTS = 3
_LOCK_S = 60
_ABOUT = """select current_database(), pg_database_size(current_database()),
    case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end::text,
    (select extversion from pg_extension where extname = 'timescaledb'),
    current_setting('server_version'),
    (select pg_get_userbyid(datdba)::text from pg_database where datname = current_database())"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """How back-ups are made here.

    Attributes:
        folder: in which they are.
        jobs: tables at the same time.
        programs: folder of pg_dump, or None to look for it.
        encrypt: command that encrypts a file; empty for none.
        outside: what is to be kept beside the database.
    """

    folder: Path
    jobs: int
    programs: Path | None
    encrypt: str
    outside: Outside


class _ChangedError(Exception):
    """A table went between our look and the dump's: a chunk that was dropped. Again."""


def create(dsn: str, order: Order, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Manifest:
    """Make a back-up and return its manifest.

    Raises:
        ConfigurationError: no fitting pg_dump, a folder that can't be written, tables of another version.
        TransientError: the database does not answer, or the dump fails.
    """
    started_at = now()
    name = name_at(started_at)
    place, partial = order.folder / name, order.folder / (name + PARTIAL)
    if place.exists() or partial.exists():
        raise ConfigurationError(f"{place} is there already: one back-up a second")
    with _folder(order.folder, partial):
        found = _dumped(dsn, order, partial)
        included = outside.copy_out(order.outside, partial)
        if order.encrypt:
            seal(partial, order.encrypt, order.jobs)
        manifest = Manifest(
            name=name, cityops=_version(), started_at=started_at, ended_at=now(), sealed=bool(order.encrypt),
            files=entries(partial), included=included, named=outside.NAMED, **found,
        )  # fmt: skip
        (partial / FILE).write_bytes(encode(manifest))
        outside.close(partial)
        _flush(partial)
        partial.rename(place)
        _flush_one(order.folder)
    return manifest


@contextmanager
def _folder(folder: Path, partial: Path) -> Iterator[None]:
    """Make both closed to others; what was begun and failed is removed."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial.mkdir(mode=0o700)
    except OSError as error:
        raise ConfigurationError(f"{error.filename}: {error.strerror}; set CITYOPS_BACKUP__FOLDER") from error
    try:
        yield
    except OSError as error:
        raise TransientError(f"{error.filename or partial}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _dumped(dsn: str, order: Order, partial: Path) -> dict[str, Any]:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with open_session(dsn) as looking, open_session(dsn, autocommit=False) as conn:
                programs = find_programs(conn.info.server_version, order.programs)
                return _one_snapshot(dsn, order, partial, programs, looking, conn)
        except (_ChangedError, psycopg.errors.UndefinedTable) as error:
            shutil.rmtree(partial / DATABASE, ignore_errors=True)
            if attempt == ATTEMPTS:
                raise TransientError(
                    f"tables went while they were read, {ATTEMPTS} times: {error}"
                ) from error
        except psycopg.errors.LockNotAvailable as error:
            raise TransientError(f"a table was locked for {_LOCK_S} s (an upgrade?): {error}") from error
        except psycopg.OperationalError as error:
            raise TransientError(f"the database was lost: {' '.join(str(error).split())}") from error
    raise AssertionError("the last attempt returns or raises")


def _one_snapshot(
    dsn: str, order: Order, partial: Path, programs: Programs,
    looking: psycopg.Connection[Any], conn: psycopg.Connection[Any],
) -> dict[str, Any]:  # fmt: skip
    """Dump what one snapshot sees, and count meanwhile what the same one sees."""
    _hold(looking, conn)
    row = conn.execute("select pg_export_snapshot()").fetchone()
    assert row is not None
    compression, drawn = programs.compression(), counters(conn)
    words = [
        *(
            programs.path("pg_dump"),
            "--format=directory",
            f"--jobs={order.jobs}",
            f"--compress={compression}",
        ),
        *(f"--snapshot={row[0]}", f"--lock-wait-timeout={_LOCK_S}s", "--no-password"),
        f"--file={partial / DATABASE}",
    ]
    with subprocess.Popen(
        words,
        env=environment(dsn) | programs.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        umask=0o077,
    ) as dump:
        try:
            found = _described(conn)
        except BaseException:
            dump.kill()
            raise
        _, errors = dump.communicate()
    if dump.returncode != 0:
        _refuse(errors, subprocess.CompletedProcess(words, dump.returncode, "", errors))
    return found | {
        "facts": found["facts"] | drawn, "dump": programs.version, "compression": compression,
    }  # fmt: skip


def _hold(looking: psycopg.Connection[Any], conn: psycopg.Connection[Any]) -> None:
    """Lock every table against removal and truncation, and only then let ``conn`` take its snapshot."""
    conn.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    tables = [sql.Identifier(*row) for row in looking.execute(SQL["lockable"]).fetchall()]
    if not tables:
        raise ConfigurationError("there is nothing in this database; run `cityops db upgrade`")
    conn.execute(sql.SQL("set local lock_timeout = {}").format(sql.Literal(f"{_LOCK_S}s")))
    conn.execute(sql.SQL("lock table only {} in access share mode").format(sql.SQL(", only ").join(tables)))


def _described(conn: psycopg.Connection[Any]) -> dict[str, Any]:
    row = conn.execute(_ABOUT).fetchone()
    assert row is not None
    database, size, wal_lsn, timescaledb, server, owner = row
    found = facts(conn)
    return {
        "database": database, "owner": owner, "database_bytes": size, "wal_lsn": wal_lsn, "timescaledb": timescaledb,
        "server": str(server).split(" ")[0], "roles": roles(conn), "entry": entry(conn), "facts": found,
        "schema": max((n.removeprefix("migration ") for n in found if n.startswith("migration ")), default="none"),
    }  # fmt: skip


def _refuse(errors: str, done: subprocess.CompletedProcess[str]) -> None:
    if "does not exist" in errors and "relation" in errors:
        raise _ChangedError(said(done))
    raise TransientError(f"pg_dump failed: {said(done)}")


def _flush(folder: Path) -> None:
    for path in [*folder.rglob("*"), folder]:
        _flush_one(path)


def _flush_one(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _version() -> str:
    try:
        return version("cityops")
    except PackageNotFoundError:
        return "unknown"
