"""Real servers for the tests: PostgreSQL (or TimescaleDB) and Mosquitto.

``CITYOPS_TEST_DSN`` names a server to use instead of the embedded one; its role must
be allowed to create databases. Each test that asks for ``db_dsn`` has a database of
its own, cloned from a template that was upgraded once per process.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import os
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from cityops.db.flavour import Flavour, detect
from cityops.db.migrate import Derived, upgrade
from cityops.embedded.mosquitto import EmbeddedMosquitto
from cityops.embedded.mosquitto_binary import find_mosquitto
from cityops.embedded.postgres import EmbeddedPostgres
from tests.fakes.databases import seal

_DATABASE_SEEN: set[str] = set()


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings of whoever runs the tests do not reach them."""
    for name in list(os.environ):
        if name.startswith("CITYOPS_") and not name.startswith(("CITYOPS_TEST_", "CITYOPS_REAL_DATA")):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def server_dir() -> Iterator[Path]:
    """A short folder that an unprivileged user may enter (pytest's own are closed and long)."""
    folder = Path(tempfile.mkdtemp(prefix="cityops-test-", dir="/tmp"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def pg_server(server_dir: Path) -> Iterator[str]:
    """Connection string of a database server on which databases may be made."""
    given = os.environ.get("CITYOPS_TEST_DSN")
    if given:
        yield given
        return
    with EmbeddedPostgres(server_dir / "pg", auth="trust", durable=False) as server:
        yield server.dsn


@pytest.fixture(scope="session")
def db_template(pg_server: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """Name of an upgraded database to clone."""
    name = f"cityops_template_{uuid.uuid4().hex[:12]}"
    _admin(pg_server, "create database {}", name)
    flavour = asyncio.run(_upgrade(with_database(pg_server, name)))
    _DATABASE_SEEN.add(flavour.label)
    output = getattr(request.config, "workeroutput", None)
    if output is not None:
        output["cityops_database"] = flavour.label
    seal(pg_server, name)
    yield name
    _admin(pg_server, "drop database if exists {} with (force)", name)


@pytest.fixture
def db_dsn(pg_server: str, db_template: str) -> Iterator[str]:
    """Connection string of an upgraded database which is this test's alone."""
    name = f"cityops_test_{uuid.uuid4().hex[:12]}"
    _admin(pg_server, "create database {} template {}", name, db_template)
    yield with_database(pg_server, name)
    _admin(pg_server, "drop database if exists {} with (force)", name)


@pytest.fixture
def empty_dsn(pg_server: str) -> Iterator[str]:
    """Connection string of an empty database which is this test's alone."""
    name = f"cityops_empty_{uuid.uuid4().hex[:12]}"
    _admin(pg_server, "create database {}", name)
    yield with_database(pg_server, name)
    _admin(pg_server, "drop database if exists {} with (force)", name)


@pytest.fixture
async def pg(db_dsn: str) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    """An autocommit connection to this test's database."""
    conn = await psycopg.AsyncConnection.connect(db_dsn, autocommit=True, options="-c timezone=UTC")
    async with conn:
        yield conn


@pytest.fixture
def broker(server_dir: Path) -> Iterator[EmbeddedMosquitto]:
    """A private Mosquitto without users; ``stop``, ``kill`` and ``start`` keep its port."""
    with EmbeddedMosquitto(_fresh(server_dir), binary=find_mosquitto(_unpacked_dir())) as started:
        yield started


def with_database(dsn: str, database: str) -> str:
    """Return ``dsn`` with another database name."""
    parts = conninfo_to_dict(dsn)
    if "://" not in dsn:
        return make_conninfo(dsn, dbname=database)
    user = str(parts.get("user", ""))
    secret = f":{parts['password']}" if parts.get("password") else ""
    return f"postgresql://{user}{secret}@{parts.get('host', '')}:{parts.get('port', 5432)}/{database}"


def kinds_ddl() -> Derived | None:
    """Return what makes the reading tables of the kinds."""
    if importlib.util.find_spec("ingest.core.ddl") is None:
        return None
    kinds = importlib.import_module("devices.contract.kind").discover()
    statements = importlib.import_module("ingest.core.ddl").statements
    return lambda flavour: statements(list(kinds.values()), flavour)


async def _upgrade(dsn: str) -> Flavour:
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as conn:
        await upgrade(conn, kinds_ddl())
        return await detect(conn)


def _admin(server: str, statement: str, *names: str) -> None:
    with psycopg.connect(server, autocommit=True) as conn:
        conn.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))  # type: ignore[arg-type]


def _fresh(parent: Path) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="b", dir=parent))
    folder.chmod(0o711)
    return folder


def _unpacked_dir() -> Path | None:
    given = os.environ.get("CITYOPS_TEST_DATA_DIR")
    return Path(given) if given else None


def pytest_testnodedown(node: Any) -> None:
    """Collect from an xdist worker which database it used."""
    label = getattr(node, "workeroutput", {}).get("cityops_database")
    if label:
        _DATABASE_SEEN.add(label)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say which database the tests ran on."""
    for label in sorted(_DATABASE_SEEN):
        terminalreporter.write_line(f"database of this run: {label}")
