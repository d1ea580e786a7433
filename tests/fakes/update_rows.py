"""Bundles and roll-outs in a database, as the commands put them there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from devices.contract.update.manifest import read_keys
from ingest.fleet.updates.shelf import Shelf
from tests.fakes.update_bench import Council

COUNCIL = Council()


@dataclass
class Pool:
    """Lends one connection, a transaction at a time."""

    conn: psycopg.AsyncConnection[Any]

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
        async with self.conn.transaction():
            yield self.conn


async def bundle_in(dsn: str, serial: int = 2) -> tuple[str, bytes]:
    """Put a bundle into a database; return its id and its bytes."""
    body, opened = COUNCIL.bundle(serial, expires_at=4_000_000_000)
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as conn:
        shelf = Shelf(Pool(conn))
        await shelf.put_keys(read_keys(COUNCIL.keys().text.encode()), "ada")
        await shelf.put(opened, body, "ada")
    return opened.bundle_id, body
