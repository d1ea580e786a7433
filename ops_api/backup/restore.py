"""Restoring a back-up, and comparing what came of it with what was there. Nothing is restored over anything."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from cityops.errors import CityopsError, ConfigurationError, TransientError
from ops_api.backup import target
from ops_api.backup.dump import DATABASE
from ops_api.backup.facts import differences, facts, samples_of
from ops_api.backup.loading import load
from ops_api.backup.manifest import FILE, Manifest, damage, decode
from ops_api.backup.outside import Outside, put_back
from ops_api.backup.programs import find_programs
from ops_api.backup.renumber import renumber
from ops_api.backup.sealing import unseal
from ops_api.backup.session import open_session


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """How a back-up is restored.

    Attributes:
        source: folder of the back-up.
        jobs: tables at the same time.
        programs: folder of pg_restore, or None to look for it.
        decrypt: command that opens a sealed file.
        into_new: name of a database to make; None restores into the connection string's own, which is empty.
        outside: the folders beside the database, to put back what is missing there; None leaves them.
    """

    source: Path
    jobs: int
    programs: Path | None
    decrypt: str
    into_new: str | None = None
    outside: Outside | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of it.

    Attributes:
        manifest: of the back-up.
        database: name of the database now.
        compared: facts that were compared.
        different: in words, what is not as it was; empty after a good restore.
        told: what else an operator should know.
        load_s, check_s: time that loading and comparing took [s].
        waiting: batches that the rules have still to read; None where their order was left as it is.
    """

    manifest: Manifest
    database: str
    compared: int
    different: tuple[str, ...]
    told: tuple[str, ...]
    load_s: float
    check_s: float
    waiting: int | None


def read_manifest(source: Path) -> Manifest:
    """Return the manifest of a back-up.

    Raises:
        ConfigurationError: there is none, or none that can be read.
    """
    try:
        return decode((source / FILE).read_bytes())
    except OSError as error:
        raise ConfigurationError(f"{source}: no back-up ({FILE}: {error.strerror})") from error
    except ValueError as error:
        raise ConfigurationError(f"{source / FILE}: {error}") from error


def restore(dsn: str, order: Order) -> Outcome:
    """Restore a back-up and compare.

    Raises:
        ConfigurationError: it is damaged, the database is not empty, rights or programs are missing.
        TransientError: the database does not answer, or pg_restore fails.
    """
    manifest = read_manifest(order.source)
    damaged = damage(order.source, manifest)
    if damaged:
        raise ConfigurationError(f"{order.source} is damaged: {'; '.join(damaged[:5])}")
    with open_session(dsn) as conn:
        target.refuse_rights(conn, manifest)
        if order.into_new is None:
            target.refuse_company(conn)
            target.refuse_foreign_extension(conn, manifest)
            target.refuse_contents(conn)
        told = target.make_roles(conn, manifest.roles)
    with _plain(order, manifest) as plain:
        database = (
            nullcontext(dsn)
            if order.into_new is None
            else target.made_database(dsn, order.into_new, manifest.owner)
        )
        with _half_loaded(order, dsn), database as place:
            outcome = _restored(place, plain / DATABASE, manifest, order, told)
            back = [] if order.outside is None else put_back(order.outside, plain)
            return replace(outcome, told=(*outcome.told, *back))


@contextmanager
def _half_loaded(order: Order, dsn: str) -> Iterator[None]:
    """Say of a failure what it leaves behind: a database that was made for it is dropped, one that was there is not."""
    try:
        yield
    except (CityopsError, psycopg.Error) as error:
        kind = type(error) if isinstance(error, CityopsError) else TransientError
        left = f". The database {conninfo_to_dict(dsn).get('dbname')} is left half loaded: drop it and make it anew"
        raise kind(" ".join(str(error).split()) + ("" if order.into_new else left)) from error


@contextmanager
def _plain(order: Order, manifest: Manifest) -> Iterator[Path]:
    """Give the back-up's folder; where it was sealed one with the opened files, which goes again."""
    if not manifest.sealed:
        yield order.source
        return
    try:
        opened = Path(tempfile.mkdtemp(prefix=".opened-", dir=order.source.parent))
    except OSError as error:
        raise ConfigurationError(
            f"{order.source.parent}: {error.strerror}; an encrypted back-up is opened beside itself"
        ) from error
    try:
        unseal(order.source, opened, order.decrypt, order.jobs)
        yield opened
    finally:
        shutil.rmtree(opened, ignore_errors=True)


def _restored(dsn: str, dump: Path, manifest: Manifest, order: Order, told: list[str]) -> Outcome:
    has_timescaledb = manifest.timescaledb is not None
    started = time.monotonic()
    with open_session(dsn) as conn:
        programs = find_programs(conn.info.server_version, order.programs)
        target.set_entry(conn, manifest.entry)
        if manifest.timescaledb is not None:
            target.begin_timescaledb(conn, manifest.timescaledb)
    load(dsn, dump, programs, order.jobs, timescaledb=has_timescaledb)
    with open_session(dsn) as conn:
        conn.execute("analyze")
    loaded = time.monotonic()
    different = _compared(dsn, manifest)
    checked = time.monotonic()
    with open_session(dsn) as conn:
        waiting = renumber(conn)
        if has_timescaledb:
            target.end_timescaledb(conn)
        database = conn.info.dbname
    return Outcome(
        manifest=manifest, database=database, compared=len(manifest.facts), different=tuple(different),
        told=tuple(told), load_s=loaded - started, check_s=checked - loaded, waiting=waiting,
    )  # fmt: skip


def _compared(dsn: str, manifest: Manifest) -> list[str]:
    """Return what is not as it was.

    On TimescaleDB before its jobs run again: they would convert, refresh and drop what is compared. This session
    alone sees the database as in use.
    """
    options = "" if manifest.timescaledb is None else "-c timescaledb.restoring=off"
    with open_session(dsn, options, autocommit=False) as conn:
        same = conn.info.server_version // 10_000 == int(manifest.server.split(".")[0])
        return differences(manifest.facts, facts(conn, samples_of(manifest.facts)), same_major=same)
