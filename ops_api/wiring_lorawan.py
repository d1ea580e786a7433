"""Composition of LoRaWAN: the bridge beside the ingester, the webhooks' door, the book of the commands."""

from __future__ import annotations

import asyncio
import fcntl
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO, cast

import structlog
from prometheus_client import CollectorRegistry
from psycopg_pool import AsyncConnectionPool

from cityops.clock import SystemClock
from cityops.db.pool import connect
from cityops.errors import ConfigurationError
from cityops.settings import Settings
from ingest.bridge.book import LorawanBook
from ingest.bridge.javascript import JavaScriptCodecs
from ingest.bridge.metrics import BridgeMetrics
from ingest.bridge.mqtt_source import MqttSource
from ingest.bridge.pg_inbox import PostgresInbox
from ingest.bridge.receiver import Receiver
from ingest.bridge.receiving import arrival
from ingest.bridge.sending import Sending
from ingest.bridge.service import Bridge, BridgeParts
from ingest.bridge.spool import Spool
from ingest.bridge.worker import Worker
from ingest.core.lorawan.events import Protocol
from ingest.sandbox.pool import PooledDecoder
from ingest.sandbox.resting import RestingDecoder
from ingest.store import PostgresSink
from ops_api.cli_db import database
from ops_api.lorawan_door import LorawanDoor
from ops_api.queries import Db
from ops_api.wiring import kinds_of, needs_dsn

log = structlog.get_logger(__name__)

SPOOL = "lorawan-spool.sqlite"
RECEIVE_S, STORE_S = 5.0, 20.0
"""What arrives goes to the disk where the database has not taken it within the first."""


def build_bridge(settings: Settings, registry: CollectorRegistry | None = None) -> Bridge:
    """Return the bridge.

    Raises:
        ConfigurationError: without a database, or where the spool that is set can't be used.
    """
    dsn, clock, kinds, news = needs_dsn(settings), SystemClock(), kinds_of(settings), asyncio.Event()
    metrics, spool = BridgeMetrics(registry), spool_of(settings)
    receiving, working = PostgresInbox(dsn, RECEIVE_S), PostgresInbox(dsn, STORE_S)
    sink, sandbox = PostgresSink(dsn, kinds, clock), sandbox_of(settings)
    one = OneOfMachine(spool_path(settings).with_suffix(".lock"))

    async def release() -> None:
        await working.close()
        await sink.close()
        spool.close()
        sandbox.close()
        one.close()

    return Bridge(
        BridgeParts(
            inbox=receiving,
            receiver=Receiver(receiving, spool, metrics, news),
            worker=Worker(working, sandbox, sink, sink, kinds, clock, metrics, news),
            make_sending=lambda source_of: Sending(working, source_of, metrics),
            spool=spool,
            metrics=metrics,
            subscribing=one.mine,
            release=release,
        ),
        MqttSource,
    )


def sandbox_of(settings: Settings) -> JavaScriptCodecs:
    """Return what runs makers' codecs: processes that are started with the first uplink that needs one."""
    return JavaScriptCodecs(RestingDecoder(PooledDecoder(settings.lorawan.codec_processes), time.monotonic))


def spool_path(settings: Settings) -> Path:
    """Return where events wait while the database is away."""
    return settings.data_dir / SPOOL if settings.lorawan.spool is None else settings.lorawan.spool


def spool_of(settings: Settings) -> Spool:
    """Return the spool; one in memory where nothing can be written to the disk and no file is set.

    Raises:
        ConfigurationError: the file that is set can't be used.
    """
    path, most = spool_path(settings), settings.lorawan.spool_mb * 1_000_000
    try:
        return Spool(path, most)
    except (OSError, sqlite3.Error) as e:
        if settings.lorawan.spool is not None:
            raise ConfigurationError(f"lorawan.spool {path} can't be used: {e}") from e
        log.info("LoRaWAN events wait in memory while the database is away", because=f"{path}: {e}")
        return Spool(None, most)


class OneOfMachine:
    """Which of several ingest processes on a machine connects to the servers: who holds the lock on a file.

    Two would keep nothing twice, but receive everything twice.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None

    def mine(self) -> bool:
        """Whether it is this one; takes the lock where nobody has it."""
        if self._file is not None:
            return True
        try:
            file = self._path.open("a")
        except OSError:
            return True  # nothing can be written here: a container of its own
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            return False
        self._file = file
        return True

    def close(self) -> None:
        """Give it back."""
        if self._file is not None:
            self._file.close()
            self._file = None


def lorawan_door(pool: AsyncConnectionPool) -> LorawanDoor:
    """Return what takes webhooks; envelopes are read as those of MQTT are."""

    def read(source_id: int, protocol: str, event: str, body: bytes) -> dict[str, object]:
        return asdict(arrival(source_id, cast("Protocol", protocol), event, body))

    return LorawanDoor(Db(pool), read)


@asynccontextmanager
async def book_of(settings: Settings) -> AsyncIterator[LorawanBook]:
    """Lend the book on the settings' database (or the embedded one that runs); what was done is kept at the end.

    Raises:
        ConfigurationError: without a database.
        TransientError: it does not answer.
    """
    async with (
        await connect(database(settings), application_name="cityops-lorawan-book") as conn,
        conn.transaction(),
    ):
        yield LorawanBook(conn, kinds_of(settings))
