"""Taking every connection that a PostgreSQL has."""

from __future__ import annotations

import asyncio
import contextlib

import psycopg

_SERVICES = (
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'cityops-ingest%'"
)
_MOST = 2000


async def hold_all_connections(dsn: str, seconds: float) -> int:
    """Hold every connection for so long, ending the ingester's own meanwhile; return how many."""
    held: list[psycopg.Connection[tuple[object, ...]]] = []
    loop = asyncio.get_running_loop()
    end_s = loop.time() + seconds
    try:
        await asyncio.to_thread(_take, dsn, held)
        while loop.time() < end_s:
            with contextlib.suppress(psycopg.Error):
                await asyncio.to_thread(held[0].execute, _SERVICES)
            await asyncio.to_thread(_take, dsn, held)
            await asyncio.sleep(0.1)
        return len(held)
    finally:
        for conn in held:
            conn.close()


def _take(dsn: str, held: list[psycopg.Connection[tuple[object, ...]]]) -> None:
    """Open connections until the server refuses."""
    with contextlib.suppress(psycopg.OperationalError):
        while len(held) < _MOST:
            held.append(psycopg.connect(dsn, autocommit=True, connect_timeout=5))
