"""Readings in bulk, made while they are sent: of a hundred million as much memory is needed as of a hundred thousand.

The work is cut into pieces (:mod:`ops_api.rest.core.slices`), each a short read-only transaction of the role
``cityops_open``: who reads slowly holds up nobody, and no household's reading can be among the rows.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from psycopg import sql

from devices.contract.kind import Kind
from ops_api.queries import Db, Pool, Row
from ops_api.rest.copying import copied
from ops_api.rest.core.slices import Slice, Source, slices
from ops_api.rest.export_query import columns, columns_query, csv_query, geojson_query, values
from ops_api.rest.open_rows import reading_openly
from ops_api.rest.parquet import ParquetPieces

Format = Literal["csv", "parquet", "geojson"]
STATEMENT_S = 60.0
HELD_BYTES = 8 * 2**20
"""A piece up to this size is read to its end before it is sent, so that who reads slowly holds no connection."""
MEDIA: dict[Format, str] = {
    "csv": "text/csv; charset=utf-8; header=present",
    "parquet": "application/vnd.apache.parquet",
    "geojson": "application/geo+json",
}

Query = Callable[[Kind, Slice], sql.Composed]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is asked for: readings of a kind with ``since <= ts < until``; ``devices``: of these alone; None: of all."""

    kind: Kind
    since: datetime
    until: datetime
    devices: Sequence[str] | None = None
    fmt: Format = "csv"


class Exporter:
    """Makes exports.

    Args:
        db: for the list of devices.
        pool: for their readings, which are read as everybody may.
    """

    def __init__(self, db: Db, pool: Pool) -> None:
        self._db, self._pool = db, pool

    async def sources(self, order: Order) -> list[Source]:
        """Return the devices of an order that are no household's, by name."""
        names = None if order.devices is None else list(order.devices)
        rows = await self._db.rows("open_devices", kind=order.kind.name, names=names)
        return [_source(row) for row in rows]

    async def pieces(self, order: Order, sources: Sequence[Source]) -> AsyncGenerator[bytes, None]:
        """Yield the file.

        Raises:
            DatabaseUnavailableError: from any piece; what was sent before is no whole file then.
        """
        make = {"csv": self._csv, "geojson": self._geojson, "parquet": self._parquet}[order.fmt]
        async with aclosing(make(order, sources)) as pieces:
            async for piece in pieces:
                yield piece

    async def _csv(self, order: Order, sources: Sequence[Source]) -> AsyncGenerator[bytes, None]:
        yield ",".join(columns(order.kind)).encode() + b"\n"
        async for _, rows in self._rows(order, sources, csv_query):
            yield b"".join(rows)

    async def _geojson(self, order: Order, sources: Sequence[Source]) -> AsyncGenerator[bytes, None]:
        yield b'{"type":"FeatureCollection","features":[\n'
        between = b""
        async for _, rows in self._rows(order, sources, geojson_query):
            yield between + b",\n".join(row.rstrip(b"\n") for row in rows)
            between = b",\n"
        yield b"\n]}\n"

    async def _parquet(self, order: Order, sources: Sequence[Source]) -> AsyncGenerator[bytes, None]:
        file = ParquetPieces(order.kind)
        yield file.begin()
        async for piece, lots in self._rows(order, sources, columns_query):
            ready = await file.add(lots, [source.name for source in piece.sources])
            if ready:
                yield ready
        for last in await file.end():
            yield last

    async def _rows(
        self, order: Order, sources: Sequence[Source], query: Query
    ) -> AsyncIterator[tuple[Slice, list[bytes]]]:
        for piece in slices(sources, order.since, order.until):
            held: list[list[bytes]] = []
            size = 0
            async with reading_openly(self._pool, STATEMENT_S) as connection:
                async for rows in copied(connection, query(order.kind, piece), values(piece)):
                    held.append(rows)
                    size += sum(map(len, rows))
                    if size > HELD_BYTES:  # a device that sends far more often than it was said to
                        for some in held:
                            yield piece, some
                        held, size = [], 0
            for some in held:
                yield piece, some


def _source(row: Row) -> Source:
    where: Any = None
    if row["latitude_deg"] is not None and row["longitude_deg"] is not None:
        where = {"type": "Point", "coordinates": [row["longitude_deg"], row["latitude_deg"]]}
    return Source(row["device_id"], row["name"], row["cadence_s"], row["installed_at"], json.dumps(where))
