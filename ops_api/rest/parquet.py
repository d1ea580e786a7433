"""A Parquet file in pieces, from columns as the database sends them (:func:`export_query.columns_query`)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

import numpy as np

from devices.contract.kind import Kind
from ops_api.rest.core.parquet_file import MAGIC, Named, ParquetFile, Type
from ops_api.rest.core.parquet_pages import Column, Values
from ops_api.rest.export_query import NO_CODE

GROUP_ROWS = 24_576
"""Of a row group, or some thousands more: of so many a reader can leave out those of other times."""
_SIGNATURE = b"PGCOPY\n\xff\r\n\0"
_HEAD = len(_SIGNATURE) + 8
_EPOCH_US = 946_684_800_000_000
"""Of PostgreSQL's time, 2000-01-01, in Unix time [µs]."""
_SENT = {Type.TEXT: ">i4", Type.MOMENT: ">i8", Type.NUMBER: ">f8", Type.WHOLE: ">i4", Type.SMALL: ">i4"}
_ENCODER = ThreadPoolExecutor(1, "parquet")
"""One thread for all files: each would have memory of its own, kept when it is done."""


class ParquetPieces:
    """One file. Times are UTC, values as the device sent them, codes integers.

    Args:
        kind: whose readings.
    """

    def __init__(self, kind: Kind) -> None:
        self._columns = (
            Named("device", Type.TEXT, optional=False),
            Named("ts", Type.MOMENT, optional=False),
            Named("quality", Type.WHOLE, optional=False),
            *(Named(f.name, Type.SMALL if f.storage == "smallint" else Type.NUMBER) for f in kind.fields),
        )
        self._file = ParquetFile(self._columns)
        self._forget()

    def begin(self) -> bytes:
        """Return the file's first bytes."""
        return MAGIC

    def _forget(self) -> None:
        self._parts: list[list[Values]] = [[] for _ in self._columns]
        self._words: dict[bytes, int] = {}
        self._rows = 0

    async def add(self, lots: Sequence[bytes], names: Sequence[str]) -> bytes:
        """Return what of the file is ready; mostly nothing yet.

        Args:
            lots: rows of a COPY, each with the columns of many readings.
            names: of the devices whose places, from 1 on, their first column has.
        """
        places = np.array([self._words.setdefault(n.encode(), len(self._words)) for n in names], "<i4")
        for lot in lots:
            for part, column, sent in zip(self._parts, self._columns, _fields(lot), strict=False):
                part.append(np.frombuffer(sent, _SENT[column.type]).astype(column.type.dtype))
                if column.type is Type.TEXT:
                    part[-1] = places[part[-1] - 1]
                    self._rows += len(part[-1])
        return b"" if self._rows < GROUP_ROWS else await self._encoded()

    async def end(self) -> Iterator[bytes]:
        """Return the file's last pieces."""
        rest = await self._encoded() if self._rows else b""
        return chain([rest] if rest else [], self._file.end())

    async def _encoded(self) -> bytes:
        return await asyncio.get_running_loop().run_in_executor(_ENCODER, self._group)

    def _group(self) -> bytes:
        parts, words = self._parts, tuple(self._words)
        self._forget()
        made = []
        for column, part in zip(self._columns, parts, strict=True):
            values = np.concatenate(part)
            part.clear()
            made.append(_column(column, values, words))
        return self._file.group(made)


def _column(column: Named, values: Values, words: tuple[bytes, ...]) -> Column:
    if column.type is Type.TEXT:
        return Column(values, words=words)
    if column.type is Type.MOMENT:
        return Column(values + _EPOCH_US)
    if not column.optional:
        return Column(values)
    there = values != NO_CODE if column.type is Type.SMALL else ~np.isnan(values)
    return Column(values[there], there)


def _fields(lot: bytes) -> Iterator[memoryview]:
    """Yield the values of a row of a binary COPY; none of its end. The first row has the signature before it."""
    at = _HEAD if lot.startswith(_SIGNATURE) else 0
    count = int.from_bytes(lot[at : at + 2], signed=True)
    at, whole = at + 2, memoryview(lot)
    for _ in range(count):
        length = int.from_bytes(whole[at : at + 4])
        yield whole[at + 4 : at + 4 + length]
        at += 4 + length
