"""A Parquet file in pieces, from the same lines of CSV that an export in CSV has. Needs the extra ``parquet``."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, Any

from devices.contract.kind import Kind

if TYPE_CHECKING:
    import pyarrow

GROUP_BYTES, GROUP_MOST = 2 * 2**20, 8 * 2**20
"""Of lines that make a row group: some 30,000 at first and four times as many in a long file. What is known of a group is
kept until the file's end, 13 kB that are 25 kB then: of 100 million readings in small groups that would be 80 MB."""
GROWS = 64
"""Groups after which they are larger."""
INSTALL = "pip install 'cityops[parquet]'"
MAGIC = b"PAR1"


_ENCODER = ThreadPoolExecutor(1, "parquet")
"""One thread for all files: each would have memory of its own, kept when it is done."""


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
        parquet = _library()
        self._columns = list(columns)
        self._schema = _schema(kind)
        self._sink = _Sink()
        self._writer: Any = parquet.ParquetWriter(self._sink, self._schema, compression="zstd")
        self._begins = self._sink.taken()
        if self._begins[: len(MAGIC)] == MAGIC:  # the caller has sent it
            self._begins = self._begins[len(MAGIC) :]
        self._text = bytearray()
        self._groups = 0

    async def add(self, lines: Sequence[bytes]) -> bytes:
        """Return what of the file is ready; mostly nothing yet."""
        self._text += b"".join(lines)
        enough = min(GROUP_MOST, GROUP_BYTES * (1 + self._groups // GROWS))
        return b"" if len(self._text) < enough else await self._encoded()

    async def end(self) -> bytes:
        """Return the file's last piece."""
        rest = await self._encoded() if self._text else b""
        self._writer.close()
        _give_back()
        return rest + self._sink.taken()

    async def _encoded(self) -> bytes:
        return await asyncio.get_running_loop().run_in_executor(_ENCODER, self._group)

    def _group(self) -> bytes:
        from pyarrow import BufferReader, csv

        text, self._text = self._text, bytearray()
        self._groups += 1
        table = csv.read_csv(
            BufferReader(text),
            read_options=csv.ReadOptions(column_names=self._columns, use_threads=False),
            convert_options=csv.ConvertOptions(column_types=self._schema, null_values=[""]),
        )
        self._writer.write_table(table, row_group_size=table.num_rows)
        ready = self._begins + self._sink.taken()
        self._begins = b""
        return ready


@cache
def _library() -> Any:
    """Return what writes Parquet; its memory comes from the system's allocator and goes back there: its own keeps 30 MB more.

    Raises:
        ParquetMissingError: it is not installed.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise ParquetMissingError(INSTALL) from error
    pyarrow.set_memory_pool(pyarrow.system_memory_pool())
    return parquet


def _give_back() -> None:
    """Have the allocator give the system what a file needed."""
    import pyarrow

    pyarrow.default_memory_pool().release_unused()


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
