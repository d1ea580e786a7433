"""The inbox in PostgreSQL, over one connection that is opened again where it was lost."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import TupleRow

from cityops.db.pool import connect
from cityops.errors import TransientError
from ingest.bridge import inbox_sql as sql
from ingest.bridge.ports import Arrival, QueuedDownlink, SenmlDevice, Source, Waiting
from ingest.core.lorawan.events import Sender
from ingest.core.lorawan.judge import Binding, Codec
from ingest.core.lorawan.numbering import Run
from ingest.core.lorawan.server_battery import ServerBattery
from ingest.ports import UnstorableError

ANSWER_S = 20.0
"""A database that has not answered by then is given up and asked again."""


class PostgresInbox:
    """An :class:`ingest.bridge.ports.Inbox` and ``Downlinks``."""

    def __init__(self, dsn: str, answer_s: float = ANSWER_S) -> None:
        self._dsn, self._answer_s = dsn, answer_s
        self._lock = asyncio.Lock()
        self._conn: psycopg.AsyncConnection[TupleRow] | None = None

    async def sources(self) -> list[Source]:
        """See the port."""
        return [_source(row) for row in await self._ask(sql.SOURCES)]

    async def receive(self, arrival: Arrival) -> bool:
        """See the port."""
        a = arrival
        values = (
            a.source_id, a.kind, a.key, a.dev_eui, a.network_at, a.f_port, a.f_cnt, a.payload, a.topic, a.body, a.reason_code,
            a.reason,
        )  # fmt: skip
        [(new,)] = await self._ask(sql.RECEIVE, values)
        return bool(new)

    async def connection(self, source_id: int, said: str) -> None:
        """See the port."""
        await self._ask(sql.CONNECTION, (said, source_id))

    async def lead(self) -> bool:
        """See the port."""
        [(mine,)] = await self._ask(sql.LEAD)
        return bool(mine)

    async def waiting(self, limit: int) -> list[Waiting]:
        """See the port."""
        rows = await self._ask(sql.WAITING, (limit,))
        return [
            Waiting(
                event_id=row[0],
                topic=row[1],
                body=bytes(row[2]),
                received_at=row[3],
                again=row[4],
                source=_source(row[5:]),
            )
            for row in rows
        ]

    async def bindings(self, dev_euis: Collection[str]) -> dict[str, Binding]:
        """See the port."""
        found = {}
        for row in await self._ask(sql.BINDINGS, (list(dev_euis),)):
            codec = Codec(
                codec_id=row[8], name=row[9], version=row[10], language=row[11], body=row[12], field_map=row[13], kind=row[14]
            )  # fmt: skip
            found[row[0]] = Binding(
                dev_eui=row[0], device_id=row[1], device=row[2], device_kind=row[3], shard=row[4], private=row[5], source_id=row[6],
                installation=row[7], codec=codec,
                battery=None if row[16] is None else ServerBattery(pct=row[15], at=row[16]),
            )  # fmt: skip
        return found

    async def senml_devices(self, names: Collection[str]) -> dict[str, SenmlDevice]:
        """See the port."""
        found = {}
        for row in await self._ask(sql.SENML_DEVICES, (list(names),)):
            codec = None
            if row[5] is not None:
                codec = Codec(
                    codec_id=row[5], name=row[6], version=row[7], language=row[8], body=row[9], field_map=row[10], kind=row[11]
                )  # fmt: skip
            found[row[0]] = SenmlDevice(
                device=row[0], device_id=row[1], kind=row[2], shard=row[3], private=row[4], codec=codec
            )
        return found

    async def runs(self, dev_euis: Collection[str]) -> dict[str, list[Run]]:
        """See the port."""
        found: dict[str, list[Run]] = {}
        for row in await self._ask(sql.RUNS, (list(dev_euis),)):
            run = Run(
                dev_eui=row[0], boot=row[1], session=row[2], first_at=row[3], last_at=row[4], first_f_cnt=row[5], last_f_cnt=row[6]
            )  # fmt: skip
            found.setdefault(row[0], []).append(run)
        return found

    async def frames(self, dev_eui: str, f_cnt: int, first_at: datetime, last_at: datetime) -> list[datetime]:
        """See the port."""
        return [row[0] for row in await self._ask(sql.FRAMES, (dev_eui, f_cnt, first_at, last_at))]

    async def queued(self, limit: int) -> list[QueuedDownlink]:
        """See the port."""
        found = []
        for row in await self._ask(sql.QUEUED, (limit,)):
            sender = None
            if row[9] is not None:
                sender = Sender(dev_eui=row[1], application_id=row[9], device_id=row[10], label=row[11])
            found.append(
                QueuedDownlink(
                    downlink_id=row[0], f_port=row[2], payload=bytes(row[3]), what=row[4], confirmed=row[5], correlation=row[6],
                    source=None if row[12] is None else _source(row[12:]), sender=sender,
                )
            )  # fmt: skip
        return found

    async def sent(self, downlink_id: int) -> None:
        """See the port."""
        await self._ask(sql.SENT, (downlink_id,))

    async def failed(self, downlink_id: int, problem: str) -> None:
        """See the port."""
        await self._ask(sql.FAILED, (problem, downlink_id))

    async def postpone_downlink(self, downlink_id: int, problem: str, delay_s: float) -> None:
        """Try it again later."""
        await self._ask(sql.POSTPONE_DOWNLINK, (problem, delay_s, downlink_id))

    async def close(self) -> None:
        """Close the connection."""
        async with self._lock:
            await self._forget()

    async def _ask(self, statement: Any, values: Sequence[Any] = ()) -> list[TupleRow]:
        async with self._lock:
            try:
                async with asyncio.timeout(self._answer_s):
                    if self._conn is None or self._conn.closed:
                        self._conn = await connect(self._dsn, application_name="cityops-lorawan")
                        await self._conn.execute("set synchronous_commit = on")
                    cursor = await self._conn.execute(statement, values)
                    return [] if cursor.description is None else await cursor.fetchall()
            except TimeoutError as e:
                await self._forget()
                raise TransientError(f"the database did not answer within {self._answer_s:g} s") from e
            except psycopg.Error as e:
                await self._forget()
                said = (str(e).strip().splitlines() or [type(e).__name__])[0]
                if isinstance(e, psycopg.IntegrityError | psycopg.DataError):
                    raise UnstorableError(said) from e
                raise TransientError(said) from e

    async def _forget(self) -> None:
        conn, self._conn = self._conn, None
        if conn is not None:
            await conn.close()


def _source(row: Sequence[Any]) -> Source:
    return Source(
        source_id=row[0], name=row[1], protocol=row[2], transport=row[3], settings=row[4], enabled=row[5]
    )
