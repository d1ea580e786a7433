"""A Parquet file in pieces, from the same lines of CSV that an export in CSV has. Needs the extra ``parquet``."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from devices.contract.kind import Kind

if TYPE_CHECKING:
    import pyarrow

GROUP_BYTES = 4 * 2**20
"""Of lines that make a row group: some 60,000."""
INSTALL = "pip install 'cityops[parquet]'"
MAGIC = b"PAR1"


class ParquetMissingError(RuntimeError):
    """The library that makes Parquet is not installed."""


class _Sink(io.RawIOBase):
    """Takes what the writer writes, until it is taken away."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._written = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        piece = bytes(data)
        self._pieces.append(piece)
        self._written += len(piece)
        return len(piece)

    def tell(self) -> int:
        return self._written

    def taken(self) -> bytes:
        """Return what was written since the last time."""
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


class ParquetPieces:
    """One file. Compressed by zstd; times are UTC, values as the device sent them, codes integers.

    Args:
        kind: whose readings.
        columns: names of a line's values.

    Raises:
        ParquetMissingError: the library is not installed.
    """

    def __init__(self, kind: Kind, columns: Sequence[str]) -> None:
        try:
            from pyarrow import parquet
        except ImportError as error:
            raise ParquetMissingError(INSTALL) from error
        self._columns = list(columns)
        self._schema = _schema(kind)
        self._sink = _Sink()
        self._writer: Any = parquet.ParquetWriter(self._sink, self._schema, compression="zstd")
        self._begins = self._sink.taken()
        if self._begins[: len(MAGIC)] == MAGIC:  # the caller has sent it
            self._begins = self._begins[len(MAGIC) :]
        self._lines: list[bytes] = []
        self._bytes = 0

    async def add(self, lines: Sequence[bytes]) -> bytes:
        """Return what of the file is ready; mostly nothing yet."""
        self._lines += lines
        self._bytes += sum(map(len, lines))
        return b"" if self._bytes < GROUP_BYTES else await asyncio.to_thread(self._group)

    async def end(self) -> bytes:
        """Return the file's last piece."""
        rest = await asyncio.to_thread(self._group) if self._lines else b""
        self._writer.close()
        return rest + self._sink.taken()

    def _group(self) -> bytes:
        from pyarrow import csv

        text, self._lines, self._bytes = b"".join(self._lines), [], 0
        table = csv.read_csv(
            io.BytesIO(text),
            read_options=csv.ReadOptions(column_names=self._columns, use_threads=False),
            convert_options=csv.ConvertOptions(column_types=self._schema, null_values=[""]),
        )
        self._writer.write_table(table, row_group_size=table.num_rows)
        ready = self._begins + self._sink.taken()
        self._begins = b""
        return ready


def _schema(kind: Kind) -> pyarrow.Schema:
    import pyarrow

    types = {
        "real": pyarrow.float64(),
        "double precision": pyarrow.float64(),
        "smallint": pyarrow.int16(),
    }
    head = [
        ("device", pyarrow.string()), ("ts", pyarrow.timestamp("us", tz="UTC")), ("quality", pyarrow.int32()),
    ]  # fmt: skip
    return pyarrow.schema([*head, *((f.name, types[f.storage]) for f in kind.fields)])
