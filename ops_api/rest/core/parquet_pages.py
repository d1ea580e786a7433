"""One column of one row group of a Parquet file: its pages and what is said of them. Pure.

Sources: Apache Parquet, ``parquet-format`` 2.10: README.md (data pages), Encodings.md (PLAIN, RLE_DICTIONARY, the RLE and bit-packing
hybrid), ``parquet.thrift``. Compressed by gzip: it is in every reader, and in Python.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ops_api.rest.core.thrift import I64, struct, varint

PLAIN, RLE, RLE_DICTIONARY = 0, 3, 8
GZIP = 2
_DATA_PAGE, _DICTIONARY_PAGE = 0, 2
_LEVEL, _GZIP_BITS = 1, 31
"""How hard it is compressed: each step further costs twice the time for some hundredths; window of zlib's that makes a gzip file."""

Values = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a row group.

    Attributes:
        values: without those that are not there; of texts the place of each among ``words``.
        there: of each row whether it has a value; None: all have, and the column says so.
        words: texts that values stand for; None: values are numbers themselves.
    """

    values: Values
    there: NDArray[np.bool_] | None = None
    words: tuple[bytes, ...] | None = None

    @property
    def rows(self) -> int:
        """Return of how many rows it is."""
        return len(self.values) if self.there is None else len(self.there)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A column's pages.

    Attributes:
        data: as they stand in the file.
        before: bytes of them before the data page, which are the dictionary's.
        size: without compression [bytes].
        encodings: that are used.
        statistics: of the values, as the file's end tells them.
    """

    data: bytes
    before: int
    size: int
    encodings: tuple[int, ...]
    statistics: dict[int, object]


def chunk(column: Column) -> Chunk:
    """Return the pages of a column: values that come again are written once, and then their places."""
    levels = b"" if column.there is None else _levels(column.there)
    known, places = _distinct(column)
    if known is None:
        page, size = _page(levels + column.values.tobytes(), column.rows, PLAIN)
        return Chunk(page, 0, size, (PLAIN, RLE), _statistics(column))
    first, first_size = _dictionary(known, len(column.words or known))
    width = max(1, int(len(column.words or known) - 1).bit_length())
    page, size = _page(levels + bytes([width]) + _packed(places, width), column.rows, RLE_DICTIONARY)
    return Chunk(
        first + page, len(first), first_size + size, (PLAIN, RLE, RLE_DICTIONARY), _statistics(column)
    )


def _distinct(column: Column) -> tuple[Any, Values]:
    """Return a dictionary's content and the place of each value in it; None where most values come once."""
    if column.words is not None:
        return b"".join(len(word).to_bytes(4, "little") + word for word in column.words), column.values
    known, places = np.unique(column.values, return_inverse=True)
    return (None, places) if 2 * len(known) > len(column.values) else (known, places)


def _dictionary(known: Any, count: int) -> tuple[bytes, int]:
    content = known if isinstance(known, bytes) else known.tobytes()
    return _framed(content, {1: _DICTIONARY_PAGE}, {7: {1: count, 2: PLAIN}})


def _page(content: bytes, rows: int, encoding: int) -> tuple[bytes, int]:
    return _framed(content, {1: _DATA_PAGE}, {5: {1: rows, 2: encoding, 3: RLE, 4: RLE}})


def _framed(content: bytes, kind: dict[int, object], about: dict[int, object]) -> tuple[bytes, int]:
    """Return a page with its header, and its size without compression."""
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP_BITS)
    body = packer.compress(content) + packer.flush()
    head = struct({**kind, 2: len(content), 3: len(body), **about})
    return head + body, len(head) + len(content)


def _levels(there: NDArray[np.bool_]) -> bytes:
    """Return of each row whether it has a value, with the length before."""
    rows = len(there)
    runs = varint(rows << 1) + b"\1" if there.all() else _packed(there.astype(np.uint32), 1)
    return len(runs).to_bytes(4, "little") + runs


def _packed(numbers: Values, width: int) -> bytes:
    """Return numbers of ``width`` bits one behind the other, the lowest bit first, in one run of eights."""
    eights = -(-len(numbers) // 8)
    whole = np.zeros(eights * 8, "<u4")
    whole[: len(numbers)] = numbers
    bits = np.unpackbits(whole.view(np.uint8).reshape(-1, 4), axis=1, count=width, bitorder="little")
    return varint(eights << 1 | 1) + np.packbits(bits, bitorder="little").tobytes()


def _statistics(column: Column) -> dict[int, object]:
    """Return how many values are not there, and the least and greatest of numbers."""
    found: dict[int, object] = {3: I64(column.rows - len(column.values))}
    if column.words is None and len(column.values):
        # Zero has two signs: the least of them and the greatest are said, as the format asks.
        least, most = column.values.min(), column.values.max()
        found[5] = (most if most != 0 else abs(most)).tobytes()
        found[6] = (least if least != 0 else -abs(least)).tobytes()
    return found
