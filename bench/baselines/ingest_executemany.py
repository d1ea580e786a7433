"""A baseline of ``bench ingest``, what one writes first: aiomqtt, json and psycopg's executemany.

Careful: QoS 1, a persistent session, values checked against their ranges, batches by count
and age, one transaction per batch, duplicates refused by the primary key. What it can't
keep: aiomqtt acknowledges a message when it arrives, so that a crash loses what waits;
and there are no dead letters, receipts, shards or repaired clocks.

``python -m bench.baselines.ingest_executemany PORT DSN BATCH_ROWS BATCH_AGE_S``; says "ready".
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, LiteralString

import aiomqtt
import psycopg
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from bench.baselines.readings import TOPICS, Row, parse

INSERT: LiteralString = """
insert into bench_aiomqtt_reading values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing
"""


class Writer:
    """Gathers rows and stores them by count or age."""

    def __init__(self, conn: psycopg.AsyncConnection[Any], batch_rows: int) -> None:
        self._conn, self._batch_rows = conn, batch_rows
        self._rows: list[Row] = []
        self._lock = asyncio.Lock()

    async def add(self, row: Row) -> None:
        """Take a row; store the batch that it makes full."""
        self._rows.append(row)
        if len(self._rows) >= self._batch_rows:
            await self.flush()

    async def flush(self) -> None:
        """Store what is gathered, in one transaction."""
        async with self._lock:
            rows, self._rows = self._rows, []
            if rows:
                received_at = datetime.now(UTC)
                async with self._conn.transaction(), self._conn.cursor() as cursor:
                    await cursor.executemany(INSERT, [(*row, received_at) for row in rows])

    async def flush_by_age(self, batch_age_s: float) -> None:
        """Store at least so often, for ever."""
        while True:
            await asyncio.sleep(batch_age_s)
            await self.flush()


async def main(arguments: Sequence[str]) -> None:
    """Store what comes, for ever."""
    port, dsn, batch_rows, batch_age_s = arguments
    kept = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    kept.SessionExpiryInterval = 3600
    async with (
        await psycopg.AsyncConnection.connect(dsn, autocommit=True) as conn,
        aiomqtt.Client(
            "127.0.0.1",
            int(port),
            identifier="bench-aiomqtt",
            protocol=aiomqtt.ProtocolVersion.V5,
            clean_start=False,
            properties=kept,
        ) as client,
        asyncio.TaskGroup() as group,
    ):
        found = await conn.execute("select name, device_id from device")
        devices: dict[str, int] = dict(await found.fetchall())
        writer = Writer(conn, int(batch_rows))
        group.create_task(writer.flush_by_age(float(batch_age_s)))
        await client.subscribe(TOPICS, qos=1)
        print("ready", file=sys.stderr, flush=True)
        async for message in client.messages:
            assert isinstance(message.payload, bytes)
            row = parse(str(message.topic), message.payload, devices)
            if row is not None:
                await writer.add(row)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
