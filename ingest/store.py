"""Batches into PostgreSQL: one transaction each, every reading once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import psycopg
from psycopg.types.json import Jsonb

from cityops.clock import Clock
from cityops.db.pool import connect
from cityops.errors import TransientError
from devices.contract.kind import Kind
from ingest import pg_arrays, store_sql
from ingest.core.batch import Batch
from ingest.core.copy_layout import CopyLayout
from ingest.core.known_devices import KnownDevice
from ingest.core.letter_limit import LetterLimiter, LetterLimits, Verdict
from ingest.core.lorawan.marks import InboxMarks
from ingest.core.merge import Fresh, batch_keys, select_fresh
from ingest.core.readings import Readings
from ingest.pg_inbox_marks import claim_events, write_marks
from ingest.pg_ledger import add_to_ledger
from ingest.pg_letters import claim_letters, mark_replayed, was_committed, write_clocks, write_letters
from ingest.pg_refused import REFUSALS, copy_what_goes
from ingest.ports import StaleDevicesError, Stored, UnstorableError
from ingest.registry_store import load_known_devices

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_UNSTORABLE = ("22", "23", "54")
"""Those of the refusals that are certain to be about a value."""

STORE_SESSIONS = "cityops-ingest"
"""Application name of the sessions that batches are stored through, before ``/`` and the worker."""

STORE_TIMEOUT_S = 60.0
"""A database that has not answered by then is given up and asked again; the ledger makes
that safe even where the first attempt was committed."""


@dataclass(frozen=True, slots=True)
class _Write:
    """One attempt: what goes in, and whether to look for what is refused."""

    batch: Batch
    shard: int | None
    careful: bool


@dataclass(frozen=True, slots=True)
class _Doubt:
    """An attempt whose COMMIT was sent and, so far, not answered."""

    topics: list[str]
    payloads: list[bytes]
    received_at: datetime
    stored: Stored
    verdict: Verdict
    inbox: InboxMarks | None

    def is_of(self, batch: Batch) -> bool:
        """Whether ``batch`` is the same messages again."""
        return self.payloads == batch.payloads and self.topics == batch.topics and self.inbox == batch.inbox


class PostgresSink:
    """A :class:`ingest.ports.ReadingSink` and ``DeviceSource`` over one connection of its own.

    Args:
        dsn: the database.
        kinds: declared kinds.
        clock: the server's.
        limits: how many dead letters of one sender are kept.
        worker: whose it is, the same as of its leases; None where there are no leases.
    """

    def __init__(
        self,
        dsn: str,
        kinds: Mapping[str, Kind],
        clock: Clock,
        limits: LetterLimits | None = None,
        worker: str | None = None,
    ) -> None:
        self._dsn = dsn
        self._clock = clock
        self._session = STORE_SESSIONS if worker is None else f"{STORE_SESSIONS}/{worker}"
        self._layouts = {name: CopyLayout(kind) for name, kind in kinds.items()}
        self._names: dict[int, str] = {}
        self._registered: frozenset[str] = frozenset()
        self._limiter = LetterLimiter(limits or LetterLimits())
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._months: set[tuple[str, Any]] = set()
        self._last_received_us = 0
        self._doubt: _Doubt | None = None
        self._lock = asyncio.Lock()

    async def load(self) -> list[KnownDevice]:
        """Return the registered devices; TransientError where the database doesn't answer."""
        async with self._lock:
            try:
                async with asyncio.timeout(STORE_TIMEOUT_S):
                    devices = await load_known_devices(await self._connected())
            except TimeoutError as e:
                await self._forget_connection()
                raise TransientError(f"the database did not answer within {STORE_TIMEOUT_S:g} s") from e
            except psycopg.Error as e:
                await self._forget_connection()
                raise TransientError(_first_line(e)) from e
        self._names = {d.device_id: d.name for d in devices.values()}
        self._registered = frozenset(devices)
        return list(devices.values())

    async def store(self, batch: Batch, shard: int | None) -> Stored:
        """Store a batch; see :class:`ingest.ports.ReadingSink`."""
        async with self._lock:
            try:
                async with asyncio.timeout(STORE_TIMEOUT_S):
                    return await self._store(batch, shard)
            except BaseException as e:
                # Whatever it was, the transaction is not to be continued on this connection.
                await self._forget_connection()
                if isinstance(e, TimeoutError):
                    raise TransientError(f"the database did not answer within {STORE_TIMEOUT_S:g} s") from e
                if isinstance(e, psycopg.errors.ForeignKeyViolation):
                    raise StaleDevicesError(_first_line(e)) from e
                if isinstance(e, psycopg.Error):
                    raise TransientError(_first_line(e)) from e
                raise

    async def close(self) -> None:
        """Close the connection."""
        async with self._lock:
            await self._forget_connection()

    async def _store(self, batch: Batch, shard: int | None) -> Stored:
        conn = await self._connected()
        if self._doubt is not None and (stored := await self._stored_before(conn, batch)) is not None:
            return stored
        try:
            return await self._attempt(conn, _Write(batch, shard, careful=False))
        except psycopg.Error as e:
            if isinstance(e, psycopg.errors.ForeignKeyViolation) or not _is_refusal(e) or conn.closed:
                raise
            if batch.replay is not None:  # a letter that is refused again stays one letter
                raise UnstorableError(e.diag.message_primary or _first_line(e)) from e
        self._months.clear()  # a partition that was dropped is refused like a value
        try:
            return await self._attempt(conn, _Write(batch, shard, careful=True))
        except psycopg.Error as e:
            # The rows that are refused went into dead letters; so this is about something else.
            if _is_refusal(e) and (e.sqlstate or "").startswith(_UNSTORABLE) and not conn.closed:
                raise UnstorableError(e.diag.message_primary or _first_line(e)) from e
            raise

    async def _attempt(self, conn: psycopg.AsyncConnection[Any], write: _Write) -> Stored:
        await self._ensure_partitions(conn, write.batch)
        keys = batch_keys(write.batch)
        async with conn.transaction(), conn.cursor(binary=True) as cursor:
            if write.batch.replay is not None:
                await claim_letters(cursor, write.batch.replay)
            if write.batch.inbox is not None:
                await claim_events(cursor, write.batch.inbox)
            answer = await add_to_ledger(cursor, keys, conn.info.server_version)
            fresh = select_fresh(write.batch, keys, answer.overlaps)
            batch_id, received_at_us = await self._open_batch(cursor, write, fresh)
            if write.careful:
                fresh = await self._copy_what_goes(cursor, write.batch, fresh, received_at_us)
                await cursor.execute(store_sql.COUNTS, (*_counts(fresh), batch_id))
            else:
                for readings in fresh.readings:
                    await self._copy(cursor, readings, received_at_us)
            # Judged last: what the database refused counts, what was stored before does not.
            verdict = self._limiter.judge(fresh.dead_letters, self._registered, self._clock.monotonic())
            await self._others(cursor, write.batch, fresh, verdict, _datetime(received_at_us))
            stored = Stored(
                batch_id=batch_id,
                readings={r.kind.name: len(r) for r in fresh.readings if len(r)},
                diary=len(fresh.diary),
                duplicates=fresh.duplicates,
                dead_letters=dict(Counter(str(d.reason) for d in fresh.dead_letters)),
                overflow=verdict.overflow,
                receipts=answer.receipts,
            )
            topics, payloads, at = write.batch.topics, write.batch.payloads, _datetime(received_at_us)
            self._doubt = _Doubt(topics, payloads, at, stored, verdict, write.batch.inbox)
        self._doubt = None
        self._limiter.settle(verdict)
        return stored

    async def _stored_before(self, conn: psycopg.AsyncConnection[Any], batch: Batch) -> Stored | None:
        """Return what an attempt stored whose COMMIT got no answer; None where it stored nothing.

        The ledger would find its readings to be duplicates, but a dead letter without a number
        would be set aside, or counted, once more.
        """
        doubt, self._doubt = self._doubt, None
        if doubt is None or not doubt.is_of(batch):
            return None
        try:
            committed = await was_committed(conn, doubt.stored.batch_id, doubt.received_at)
        except BaseException:
            self._doubt = doubt  # still not known
            raise
        if not committed:
            return None
        self._limiter.settle(doubt.verdict)
        return doubt.stored

    async def _open_batch(
        self, cursor: psycopg.AsyncCursor[Any], write: _Write, fresh: Fresh
    ) -> tuple[int, int]:
        """Insert the batch's row; return its number and its time, which no other batch has."""
        while True:
            received_at_us = self._received_at_us()
            arguments = (_datetime(received_at_us), write.shard, *_counts(fresh))
            await cursor.execute(store_sql.BATCH, arguments)
            row = await cursor.fetchone()
            if row is not None:
                return row[0], received_at_us

    async def _copy(self, cursor: psycopg.AsyncCursor[Any], readings: Readings, received_at_us: int) -> None:
        layout = self._layouts[readings.kind.name]
        async with cursor.copy(store_sql.trusted(layout.statement)) as copy:
            await copy.write(layout.encode(readings, received_at_us))

    async def _copy_what_goes(
        self, cursor: psycopg.AsyncCursor[Any], batch: Batch, fresh: Fresh, received_at_us: int
    ) -> Fresh:
        """Copy what the database takes; return that, with a dead letter for each row refused."""
        taken, letters = [], list(fresh.dead_letters)
        for readings in fresh.readings:
            layout = self._layouts[readings.kind.name]
            stored, refused = await copy_what_goes(
                cursor, layout, readings, batch, received_at_us, self._names
            )
            taken.append(stored)
            letters += refused
        return replace(fresh, readings=taken, dead_letters=letters)

    async def _others(
        self,
        cursor: psycopg.AsyncCursor[Any],
        batch: Batch,
        fresh: Fresh,
        verdict: Verdict,
        received_at: datetime,
    ) -> None:
        """Store everything but readings."""
        if fresh.diary:
            rows = [(d.home_id, _datetime(d.ts_us), d.activity, d.note, d.source) for d in fresh.diary]
            await cursor.executemany(store_sql.DIARY, rows)
        if batch.statuses:
            said = [{"device_id": s.device_id, "json": s.status} for s in batch.statuses.values()]
            await cursor.execute(store_sql.STATUS, {"rows": Jsonb(said), "at": received_at})
        if batch.reported:
            said = [{"device_id": r.device_id, "json": r.reported} for r in batch.reported.values()]
            await cursor.execute(store_sql.REPORTED, {"rows": Jsonb(said), "at": received_at})
        if batch.replay is not None:
            await mark_replayed(cursor, batch.replay, received_at)
        if batch.inbox is not None:
            await write_marks(cursor, batch.inbox)
        if batch.clocks:
            await write_clocks(cursor, batch.clocks)
        if fresh.dead_letters:
            await write_letters(cursor, verdict, received_at)

    async def _ensure_partitions(self, conn: psycopg.AsyncConnection[Any], batch: Batch) -> None:
        for readings in batch.readings:
            months = np.array([readings.ts_us.min(), readings.ts_us.max()], "M8[us]").astype("M8[M]")
            if months[0] != months[1]:
                months = np.unique(readings.ts_us.view("M8[us]").astype("M8[M]"))
            for month in set(months.tolist()):
                key = (readings.kind.table, month)
                if key not in self._months:
                    at = datetime(month.year, month.month, 15, tzinfo=UTC)
                    await conn.execute(store_sql.ENSURE, (readings.kind.table, at, at))
                    self._months.add(key)

    def _received_at_us(self) -> int:
        now_us = (self._clock.now() - _EPOCH) // timedelta(microseconds=1)
        self._last_received_us = max(now_us, self._last_received_us + 1)
        return self._last_received_us

    async def _connected(self) -> psycopg.AsyncConnection[Any]:
        if self._connection is None or self._connection.closed:
            conn = await connect(self._dsn, application_name=self._session)
            pg_arrays.register(conn)
            # A role or server with it off would make us acknowledge what a crash takes away.
            await conn.execute("set synchronous_commit = on")
            self._connection = conn
        return self._connection

    async def _forget_connection(self) -> None:
        conn, self._connection = self._connection, None
        self._months.clear()
        if conn is not None:
            await conn.close()


def _is_refusal(error: psycopg.Error) -> bool:
    # Two ingesters that make the same ledger row collide; that is no fault of a value.
    if isinstance(error, psycopg.errors.UniqueViolation) and error.diag.table_name == "device_sequence":
        return False
    return (error.sqlstate or "").startswith(REFUSALS)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _datetime(us: int) -> datetime:
    return _EPOCH + timedelta(microseconds=us)


def _counts(fresh: Fresh) -> tuple[int, int, int, Jsonb]:
    """Return what the batch's row says: readings, duplicates, dead letters, kinds."""
    kinds = {r.kind.name: _summary(r) for r in fresh.readings if len(r)}
    rows = sum(map(len, fresh.readings))
    return rows, fresh.duplicates, len(fresh.dead_letters), Jsonb(kinds)


def _summary(readings: Readings) -> dict[str, Any]:
    ends = (int(readings.ts_us.min()), int(readings.ts_us.max()))
    first, last = (_datetime(us).isoformat() for us in ends)
    return {"rows": len(readings), "min_ts": first, "max_ts": last}
