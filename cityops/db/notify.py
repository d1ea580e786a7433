"""LISTEN as a hint that something is new. Polling stays the truth."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator

import psycopg
import structlog
from psycopg import sql

from cityops.db.pool import connect
from cityops.errors import TransientError
from cityops.runtime.backoff import Backoff

log = structlog.get_logger(__name__)

RECONNECT = Backoff(first_s=0.2, cap_s=10.0)
RECONNECTED = ""
"""Payload yielded after each (re)connect: notifications may have been missed, so poll once."""


async def listen(dsn: str, *channels: str, backoff: Backoff = RECONNECT) -> AsyncIterator[str]:
    """Yield the payloads of NOTIFY on ``channels``, over a connection of its own, for ever.

    A lost connection is opened again with ``backoff``; after each connect one empty payload
    (``RECONNECTED``) says that something may have been missed. End it by closing the iterator
    or cancelling the task that reads it.
    """
    rng = random.Random()
    failures = 0
    while True:
        try:
            async with await connect(dsn, application_name="cityops-listen") as conn:
                for channel in channels:
                    await conn.execute(sql.SQL("listen {}").format(sql.Identifier(channel)))
                failures = 0
                yield RECONNECTED
                async for notification in conn.notifies():
                    yield notification.payload
        except (psycopg.OperationalError, TransientError) as error:
            delay_s = backoff.delay(failures, rng)
            failures += 1
            log.warning("listen: connection lost", channels=channels, error=str(error), retry_s=delay_s)
            await asyncio.sleep(delay_s)
