"""The dead letters of PostgreSQL, for reading: :class:`ingest.ports.LetterStore`."""

# ruff: noqa: S608 - put together from constants

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Any, LiteralString

import psycopg
from psycopg.rows import class_row

from cityops.db.pool import connect
from cityops.errors import TransientError
from ingest.core.clocks import BootClock, Start
from ingest.core.letters import KeptLetter, LetterFilter, ReasonSummary

_MATCHES: LiteralString = """
    (%(letter_ids)s::bigint[] is null or l.dead_letter_id = any(%(letter_ids)s))
    and (%(reason_code)s::text is null or l.reason_code = %(reason_code)s)
    and (%(device)s::text is null or l.device = %(device)s)
    and (%(kind)s::text is null or l.kind = %(kind)s)
    and (%(since)s::timestamptz is null or l.received_at >= %(since)s)
    and (not %(waiting)s or l.replayed_at is null)
"""
_LETTERS: LiteralString = """
select l.dead_letter_id as letter_id, l.received_at, l.topic, l.device, l.kind, l.reason_code, l.reason, l.field,
    l.device_id, l.boot, l.seq, l.payload, l.payload_bytes, l.replayed_at
from dead_letter l where
"""
_PAGE: LiteralString = (
    _LETTERS + _MATCHES + " and l.dead_letter_id > %(after_id)s order by l.dead_letter_id limit %(limit)s"
)
_NEWEST: LiteralString = _LETTERS + _MATCHES + " order by l.dead_letter_id desc limit %(limit)s"
_SUMMARY: LiteralString = (
    """
with kept as (
    select l.reason_code, count(*) as letters, count(l.replayed_at) as replayed, min(l.reason) as example,
        count(distinct l.device) as devices, max(l.received_at) as last_at
    from dead_letter l where """
    + _MATCHES
    + """ group by 1
), counted as (
    select o.reason_code, sum(o.letters)::bigint as not_kept, max(o.last_at) as last_at
    from dead_letter_overflow o
    where %(letter_ids)s::bigint[] is null
      and (%(reason_code)s::text is null or o.reason_code = %(reason_code)s)
      and (%(device)s::text is null or o.device = %(device)s)
      and (%(kind)s::text is null or o.device in (select name from device where kind = %(kind)s))
      and (%(since)s::timestamptz is null or o.last_at >= %(since)s)
    group by 1
)
select reason_code, coalesce(k.letters, 0) as letters, coalesce(k.replayed, 0) as replayed,
    coalesce(c.not_kept, 0) as not_kept, coalesce(k.devices, 0) as devices, k.example,
    greatest(k.last_at, c.last_at) as last_at
from kept k full join counted c using (reason_code)
order by coalesce(k.letters, 0) + coalesce(c.not_kept, 0) desc, reason_code
"""
)
_CLOCKS: LiteralString = (
    "select device_id, boot, offset_us, learnt from device_clock where device_id = any(%s)"
)


class PostgresLetters:
    """A :class:`ingest.ports.LetterStore` over one connection; see :func:`open_letters`."""

    def __init__(self, conn: psycopg.AsyncConnection[Any]) -> None:
        self._conn = conn

    async def page(self, wanted: LetterFilter, after_id: int, limit: int) -> list[KeptLetter]:
        """Return letters, oldest first; see the port."""
        return await self._letters(_PAGE, _arguments(wanted) | {"after_id": after_id, "limit": limit})

    async def newest(self, wanted: LetterFilter, limit: int) -> list[KeptLetter]:
        """Return letters, newest first; see the port."""
        return await self._letters(_NEWEST, _arguments(wanted) | {"limit": limit})

    async def summary(self, wanted: LetterFilter) -> list[ReasonSummary]:
        """Return the counts by reason; see the port."""
        async with _answering(), self._conn.cursor(row_factory=class_row(ReasonSummary)) as cursor:
            return await (await cursor.execute(_SUMMARY, _arguments(wanted))).fetchall()

    async def clocks(self, device_ids: Collection[int]) -> dict[Start, BootClock]:
        """Return what is known of clocks; see the port."""
        async with _answering():
            cursor = await self._conn.execute(_CLOCKS, (list(device_ids),))
            return {(row[0], row[1]): BootClock(row[2], row[3]) async for row in cursor}

    async def _letters(self, query: LiteralString, arguments: dict[str, object]) -> list[KeptLetter]:
        async with _answering(), self._conn.cursor(row_factory=class_row(KeptLetter)) as cursor:
            return await (await cursor.execute(query, arguments)).fetchall()


@asynccontextmanager
async def open_letters(dsn: str) -> AsyncIterator[PostgresLetters]:
    """Lend the letters of a database.

    Raises:
        ConfigurationError, TransientError: as :func:`cityops.db.pool.connect`.
    """
    async with await connect(dsn, application_name="cityops-dead-letters") as conn:
        yield PostgresLetters(conn)


@asynccontextmanager
async def _answering() -> AsyncIterator[None]:
    try:
        yield
    except psycopg.OperationalError as e:
        raise TransientError(f"the database does not answer: {str(e).strip()}") from e


def _arguments(wanted: LetterFilter) -> dict[str, object]:
    given = asdict(wanted)
    given["letter_ids"] = None if wanted.letter_ids is None else list(wanted.letter_ids)
    return given
