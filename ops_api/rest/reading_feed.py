"""Readings as they come, a batch after the other, for programs: :mod:`ops_api.event_feed` on ``ingest_batch``.

A kind has a feed of its own: one query for all its readers, and the same bytes for those who want all its devices.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import msgspec
from psycopg import sql
from psycopg.rows import dict_row

from devices.contract.kind import Kind
from ops_api.event_feed import EventFeed, Look, Words
from ops_api.queries import Db, Pool, Row
from ops_api.queries.readings import values_as_sent
from ops_api.rest.open_rows import HOUSEHOLDS, reading_openly, view_of
from ops_api.stream import RETRY_MS

STATEMENT_S = 10.0
BATCHES_AT_ONCE = 20
"""Of which readings are held at the same time."""
PACE_S = 0.2
READERS_MOST = 2000


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch of the ingester, as one kind's readers see it.

    Attributes:
        number: its id.
        received_at: which marks its readings.
        first, last: times between which the kind's readings lie; None: it has none of them.
    """

    number: int
    received_at: datetime
    first: datetime | None = None
    last: datetime | None = None


@dataclass(frozen=True)
class BatchTold:
    """An event: a batch's readings of one kind, each as JSON, by device."""

    number: int
    by_device: Mapping[str, Sequence[bytes]]

    @cached_property
    def encoded(self) -> bytes:
        """The event of whoever wants all devices."""
        return self._event([r for readings in self.by_device.values() for r in readings])

    def of(self, devices: frozenset[str]) -> bytes | None:
        """Return the event of whoever wants these devices; None: nothing of theirs is in it."""
        found = [r for name in devices & self.by_device.keys() for r in self.by_device[name]]
        return self._event(found) if found else None

    def _event(self, readings: Sequence[bytes]) -> bytes:
        head = f"id: {self.number}\nretry: {RETRY_MS}\nevent: readings\ndata: [".encode()
        return head + b",".join(readings) + b"]\n\n"


class BatchLog:
    """:class:`ops_api.event_feed.LogSource` of one kind's readings.

    Args:
        db: for the batches and the names of devices.
        pool: for the readings, which are read as everybody may.
        kind: whose.
    """

    def __init__(self, db: Db, pool: Pool, kind: Kind) -> None:
        self._db, self._pool, self._kind = db, pool, kind
        self._names: dict[int, str] = {}
        self._query = _query(kind)

    async def newest(self) -> int:
        """Return the highest number of a batch."""
        return int((await self._db.one("batches_newest"))["number"])

    async def after(self, number: int, limit: int, /) -> Look[Batch]:
        """Return the first batches after a number, also those without readings of the kind."""
        row = await self._db.one("batches_after", kind=self._kind.name, after=number, limit=limit)
        return Look(tuple(_batch(*line) for line in row["lines"]), row["oldest_open"], row["next_xid"])

    async def tell(self, lines: Sequence[Batch]) -> list[BatchTold]:
        """Return the readings of batches; nothing of those in which every device is a household's."""
        wanted = [batch for batch in lines if batch.first is not None and batch.last is not None]
        if not wanted:
            return []
        found: dict[datetime, dict[str, list[bytes]]] = {batch.received_at: {} for batch in wanted}
        for row in await self._rows(wanted):
            name = self._names.get(row.pop("device_id"))
            if name is not None:  # a household's since the names were read
                readings = found[row["received_at"]].setdefault(name, [])
                readings.append(msgspec.json.encode({"device": name, **_without_nothing(row)}))
        return [BatchTold(b.number, found[b.received_at]) for b in wanted if found[b.received_at]]

    async def _rows(self, wanted: Sequence[Batch]) -> list[Row]:
        received = [batch.received_at for batch in wanted]
        values = {
            "received": received, "first": min(received), "last": max(received),
            "min_ts": min(b.first for b in wanted if b.first), "max_ts": max(b.last for b in wanted if b.last),
        }  # fmt: skip
        async with reading_openly(self._pool, STATEMENT_S) as connection:
            cursor = connection.cursor(row_factory=dict_row)
            rows = await (await cursor.execute(self._query, values)).fetchall()
        if any(row["device_id"] not in self._names for row in rows):
            devices = await self._db.rows("open_devices", kind=self._kind.name, names=None)
            self._names = {d["device_id"]: d["name"] for d in devices}
        return rows


def _query(kind: Kind) -> sql.Composed:
    return sql.SQL(
        "select r.device_id, r.ts, r.received_at, r.quality, {fields} from {view} r"
        " where r.received_at = any(%(received)s) and r.received_at between %(first)s and %(last)s"
        " and r.ts between %(min_ts)s and %(max_ts)s order by r.received_at, r.ts, r.device_id, r.seq"
    ).format(fields=values_as_sent(kind.fields, "r"), view=view_of(kind))


def _batch(number: int, received_at: str, span: Mapping[str, Any] | None) -> Batch:
    at = datetime.fromisoformat(received_at)
    if not span or span.get("rows", 0) <= 0:
        return Batch(number, at)
    return Batch(number, at, datetime.fromisoformat(span["min_ts"]), datetime.fromisoformat(span["max_ts"]))


def _without_nothing(row: Row) -> Row:
    return {name: value for name, value in row.items() if value is not None}


class ReadingFeeds:
    """The feeds of all kinds.

    Args:
        db, pool: see :class:`BatchLog`.
        kinds: of which readings are told.
        poll_s: seconds between looks without a hint.
        max_readers: open streams at most, of all kinds.
    """

    def __init__(
        self,
        db: Db,
        pool: Pool,
        kinds: Mapping[str, Kind],
        *,
        poll_s: float = 2.0,
        max_readers: int = READERS_MOST,
    ) -> None:
        self._max_readers = max_readers
        self._feeds = {
            name: EventFeed(
                BatchLog(db, pool, kind),
                Words(f"the readings of kind {name}", "batch_id", marks_alive=True),
                poll_s=poll_s,
                pace_s=PACE_S,
                max_readers=max_readers,
                at_once=BATCHES_AT_ONCE,
            )
            for name, kind in kinds.items()
            if name not in HOUSEHOLDS
        }

    @property
    def readers(self) -> int:
        """Open streams."""
        return sum(feed.readers for feed in self._feeds.values())

    @property
    def full(self) -> bool:
        """Whether another stream would be one too many."""
        return self.readers >= self._max_readers or any(feed.full for feed in self._feeds.values())

    def stream(
        self, kind: str, last: int | None = None, devices: frozenset[str] = frozenset()
    ) -> AsyncGenerator[bytes, None]:
        """Return one reader's events: of a kind, after the batch ``last``, of these devices alone where any are named."""

        def pick(told: BatchTold) -> bytes | None:
            return told.of(devices) if devices else told.encoded

        return self._feeds[kind].stream(last, pick)

    def touch(self) -> None:
        """Say that something may be new."""
        for feed in self._feeds.values():
            feed.touch()

    def close(self) -> None:
        """End every stream."""
        for feed in self._feeds.values():
            feed.close()

    async def run(self) -> None:
        """Follow the batches while anybody reads, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for name, feed in self._feeds.items():
                tasks.create_task(feed.run(), name=f"sse-readings-{name}")
