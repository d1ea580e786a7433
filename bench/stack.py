"""Servers for the benchmarks: one database for all runs, a fresh broker for each.

A broker keeps what it owes to sessions that have gone: the next run would pay for it.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from cityops.db.flavour import detect
from cityops.db.migrate import upgrade
from cityops.db.pool import connect
from cityops.embedded.mosquitto import EmbeddedMosquitto
from cityops.embedded.mosquitto_binary import find_mosquitto
from cityops.embedded.postgres import EmbeddedPostgres
from cityops.settings import Settings
from devices.contract.kind import discover
from devices.registry import Registry
from ingest.registry_store import store_registry
from ops_api.wiring import reading_tables

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Database:
    """A running, upgraded database.

    Attributes:
        pid: of its first process, None where it is not ours.
        label: name and version.
        folder: for the brokers' and processes' files.
    """

    dsn: str
    pid: int | None
    label: str
    folder: Path


def say(words: str) -> None:
    """Tell whoever watches."""
    print(words, file=sys.stderr, flush=True)


@contextmanager
def database(
    dsn: str | None, registry: Registry, settings: Mapping[str, str] | None = None
) -> Iterator[Database]:
    """Give a database that knows ``registry``: the one at ``dsn``, else one of our own with ``settings``."""
    folder = Path(tempfile.mkdtemp(prefix="cityops-bench-"))
    folder.chmod(0o711)  # servers run as an unprivileged user where we are root
    server = EmbeddedPostgres(folder, auth="trust", settings=settings or {}) if dsn is None else None
    try:
        if server is not None:
            server.start()
        where = server.dsn if server is not None else str(dsn)
        label = asyncio.run(_prepare(where, registry))
        yield Database(where, None if server is None else server.pid, label, folder)
    finally:
        if server is not None:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def broker(folder: Path) -> Iterator[EmbeddedMosquitto]:
    """Give a broker without any past."""
    place = Path(tempfile.mkdtemp(prefix="broker-", dir=folder))
    place.chmod(0o711)
    with EmbeddedMosquitto(place, binary=find_mosquitto(Settings().data_dir)) as started:
        yield started


def broker_label() -> str:
    """Return the broker's name and version."""
    return "Mosquitto " + ".".join(map(str, find_mosquitto(Settings().data_dir).version))


def number(conn: psycopg.Connection[tuple[int, ...]], query: str, arguments: Sequence[object] = ()) -> int:
    """Return the one number that a query answers."""
    row = conn.execute(query, arguments).fetchone()
    assert row is not None
    return row[0]


async def _prepare(dsn: str, registry: Registry) -> str:
    async with await connect(dsn, application_name="cityops bench") as conn:
        await upgrade(conn, reading_tables(discover()))
        await store_registry(conn, registry)
        return (await detect(conn)).label
