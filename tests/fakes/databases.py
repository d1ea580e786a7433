"""Database servers for the tests, and which tests run on which.

A test runs on the first server of :func:`server_names`; a test marked ``storage`` runs on
all of them. They are: the server that ``CITYOPS_TEST_DSN`` names, if one is named; the
embedded PostgreSQL, unless a plain PostgreSQL is named; and, if none is named, a private server
from the ``pg_config`` on PATH where that offers TimescaleDB.
"""

from __future__ import annotations

import asyncio
import functools
import importlib
import importlib.util
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from cityops.db.flavour import detect
from cityops.db.migrate import Derived, upgrade
from cityops.embedded.postgres import EmbeddedPostgres
from cityops.embedded.timescaledb import SETTINGS, find_timescaledb

DSN_VARIABLE = "CITYOPS_TEST_DSN"
NAMED, PLAIN, TIMESCALEDB = "named", "postgresql", "timescaledb"
EMPTY = "template0"
"""Not ``template1``: TimescaleDB's launcher looks into it now and then, and then it can't be copied."""
MEMORY = Path("/dev/shm")
ENOUGH = 4 << 30
"""Bytes free in memory: each process of a run has a server or two there, of some 300 MB."""
MORE = 6 << 30
"""Bytes free in memory where servers that tests start themselves go there too: they have logs of the usual size."""
_kept: dict[str, psycopg.Connection[Any] | None] = {}
"""By the server of this run, the connection on which databases are made and dropped: one for each took a quarter of that."""
SMALL_LOG = {"max_wal_size": "128MB"}
"""What was written goes to the tables early: nothing is flushed to a disk, and the log takes memory."""
COPIED_BY_KERNEL = {"file_copy_method": "clone"}
"""PostgreSQL 18: the files of a template need not come through the server, a tenth of the cost of a copy."""


def quick_place(enough: int = ENOUGH) -> Path:
    """Return the folder for servers: a database of seven hundred files is copied in memory at a tenth of the cost.

    Their programs are copied too, and must be allowed to run there: in some containers nothing is.

    Args:
        enough: memory that must be free, else it is a folder on the disk [bytes].
    """
    if not os.access(MEMORY, os.W_OK) or shutil.disk_usage(MEMORY).free < enough:
        return Path("/tmp")
    if os.statvfs(MEMORY).f_flag & os.ST_NOEXEC:
        return Path("/tmp")
    said = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
    return MEMORY if int(said["MemAvailable"].split()[0]) << 10 > enough else Path("/tmp")


@functools.cache
def server_names() -> tuple[str, ...]:
    """Return the servers of this run, the one that every test runs on first."""
    given = os.environ.get(DSN_VARIABLE)
    if given:
        return (NAMED, PLAIN) if "TimescaleDB" in server_label(given) else (NAMED,)
    return (PLAIN, TIMESCALEDB) if find_timescaledb() is not None else (PLAIN,)


@functools.cache
def server_label(dsn: str) -> str:
    """Return what a server is: PostgreSQL's version and, where databases get it, TimescaleDB's."""
    with psycopg.connect(dsn, autocommit=True) as conn:
        version = conn.info.server_version
        row = conn.execute(
            "select default_version from pg_available_extensions where name = 'timescaledb'"
            " and current_setting('shared_preload_libraries') like '%timescaledb%'"
        ).fetchone()
    server = f"PostgreSQL {version // 10000}.{version % 10000}"
    return server if row is None else f"{server} with TimescaleDB {row[0]}"


class Servers:
    """The servers, each started when first asked for, with an upgraded database to clone on each.

    Attributes:
        used: names of the tests that ran on a server, by its label.
    """

    used: dict[str, set[str]] = {}  # noqa: RUF012  one count per process

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = ExitStack()
        self._dsn: dict[str, str] = {}
        self._templates: dict[str, str] = {}

    def dsn(self, name: str) -> str:
        """Return the connection string of a server on which databases may be made."""
        if name not in self._dsn:
            self._dsn[name] = os.environ[DSN_VARIABLE] if name == NAMED else self._start(name)
            _kept[self._dsn[name]] = None
            self._stack.callback(_let_go, self._dsn[name])
        return self._dsn[name]

    def template(self, server: str) -> str:
        """Return the name of an upgraded database of ``server`` that can be cloned."""
        if server not in self._templates:
            name = f"cityops_template_{uuid.uuid4().hex[:12]}"
            create(server, name)
            self._stack.callback(drop, server, name)
            asyncio.run(_upgrade(with_database(server, name)))
            seal(server, name)
            self._templates[server] = name
        return self._templates[server]

    def note(self, server: str, test: str) -> None:
        """Remember that ``test`` ran on ``server``."""
        self.used.setdefault(server_label(server), set()).add(test)

    def close(self) -> None:
        """Drop what was made and stop what was started."""
        self._stack.close()

    def _start(self, name: str) -> str:
        if name == TIMESCALEDB:
            server = EmbeddedPostgres(
                self._folder / "ts",
                auth="trust",
                durable=False,
                binaries=find_timescaledb(),
                settings={**SETTINGS, **SMALL_LOG},
            )
        else:
            server = EmbeddedPostgres(
                self._folder / "pg", auth="trust", durable=False, settings=SMALL_LOG | COPIED_BY_KERNEL
            )
        return self._stack.enter_context(server).dsn


def with_database(dsn: str, database: str) -> str:
    """Return ``dsn`` with another database name."""
    parts = conninfo_to_dict(dsn)
    if "://" not in dsn:
        return make_conninfo(dsn, dbname=database)
    user = str(parts.get("user", ""))
    secret = f":{parts['password']}" if parts.get("password") else ""
    return f"postgresql://{user}{secret}@{parts.get('host', '')}:{parts.get('port', 5432)}/{database}"


@contextmanager
def own_database(server: str, prefix: str, template: str = EMPTY) -> Iterator[str]:
    """Give a database of one's own, a copy of ``template``."""
    name = f"cityops_{prefix}_{uuid.uuid4().hex[:12]}"
    create(server, name, template)
    try:
        yield with_database(server, name)
    finally:
        drop(server, name)


def create(server: str, name: str, template: str = EMPTY) -> None:
    """Make a database; by files, since hundreds of copies through the WAL take twice as long."""
    _admin(server, "create database {} template {} strategy file_copy", name, template)


def drop(server: str, name: str) -> None:
    """Remove a database and whoever is connected to it."""
    _admin(server, "drop database if exists {} with (force)", name)


def seal(server: str, name: str) -> None:
    """Let nobody connect to ``name`` any more, and end who is connected: it can be cloned from now on.

    TimescaleDB's workers connect to every database, and one with connections can't be cloned.
    """
    with psycopg.connect(server, autocommit=True) as conn:
        conn.execute(sql.SQL("alter database {} allow_connections false").format(sql.Identifier(name)))
        conn.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = %s", (name,)
        )


def kinds_ddl() -> Derived | None:
    """Return what makes the reading tables of the kinds."""
    if importlib.util.find_spec("ingest.core.ddl") is None:
        return None
    kinds = importlib.import_module("devices.contract.kind").discover()
    statements = importlib.import_module("ingest.core.ddl").statements
    return lambda flavour: statements(list(kinds.values()), flavour)


async def _upgrade(dsn: str) -> None:
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as conn:
        await upgrade(conn, kinds_ddl())
        flavour = await detect(conn)
        if flavour.timescaledb is not None:
            # Tests say when a policy runs (run_job); one that starts by itself would change what they look at.
            await conn.execute(
                "select alter_job(job_id, scheduled => false) from timescaledb_information.jobs where job_id >= 1000"
            )


def _let_go(server: str) -> None:
    kept = _kept.pop(server, None)
    if kept is not None:
        kept.close()


def _admin(server: str, statement: str, *names: str) -> None:
    command = sql.SQL(statement).format(*map(sql.Identifier, names))  # type: ignore[arg-type]
    if server not in _kept:
        with psycopg.connect(server, autocommit=True) as conn:
            conn.execute(command)
        return
    kept = _kept[server]
    if kept is None or kept.closed:
        kept = _kept[server] = psycopg.connect(server, autocommit=True)
    kept.execute(command)
