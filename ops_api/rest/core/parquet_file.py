"""A Parquet file in pieces, row group by row group; what is kept of each until the end is some hundred bytes a column. Pure.

Source: Apache Parquet, ``parquet-format`` 2.10: README.md (file format), LogicalTypes.md, ``parquet.thrift``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from ops_api.rest.core.parquet_pages import GZIP, Chunk, Column, chunk
from ops_api.rest.core.thrift import I64, Byte, Struct, begun, struct

MAGIC = b"PAR1"
TOGETHER = 100
"""Row groups that are told of in one piece at the end."""
_VERSION = 2
_REQUIRED, _OPTIONAL = 0, 1
_PLAIN: Struct = {}
"""The meaning of what means no more than its type."""
_WRITER = b"cityops"


class Type(Enum):
    """What a column's values are: number of the physical type, how they lie in memory, older and newer name of what they mean."""

    TEXT = 6, "<i4", {6: 0, 10: {1: {}}}
    MOMENT = 2, "<i8", {6: 10, 10: {8: {1: True, 2: {2: {}}}}}  # microseconds, UTC
    NUMBER = 5, "<f8", _PLAIN
    WHOLE = 1, "<i4", _PLAIN
    SMALL = 1, "<i4", {6: 16, 10: {10: {1: Byte(16), 2: True}}}

    def __init__(self, physical: int, dtype: str, meaning: Struct) -> None:
        self.physical = physical
        self.dtype = np.dtype(dtype)
        self.meaning = meaning


@dataclass(frozen=True, slots=True)
class Named:
    """A column: its name and type, and whether a row may have no value."""

    name: str
    type: Type
    optional: bool = True


class ParquetFile:
    """One file: the words that begin it, its row groups and its end follow each other.

    Args:
        columns: of it.
    """

    def __init__(self, columns: Sequence[Named]) -> None:
        self._columns = tuple(columns)
        self._groups: list[bytes] = []
        self._rows, self._at = 0, len(MAGIC)

    def group(self, columns: Sequence[Column]) -> bytes:
        """Return a row group of as many columns as the file has, each of the same number of rows.

        Raises:
            ValueError: they are not.
        """
        rows = {column.rows for column in columns}
        if len(columns) != len(self._columns) or len(rows) != 1:
            raise ValueError(
                f"columns: {len(columns)} of {sorted(rows)} rows, not {len(self._columns)} alike"
            )
        said, pieces, size = [], [], 0
        for named, column in zip(self._columns, columns, strict=True):
            made = chunk(column)
            said.append(self._about(named, column, made))
            pieces.append(made.data)
            self._at += len(made.data)
            size += made.size
        (count,) = rows
        self._groups.append(struct({1: said, 2: I64(size), 3: I64(count)}))
        self._rows += count
        return b"".join(pieces)

    def _about(self, named: Named, column: Column, made: Chunk) -> Struct:
        about: dict[int, object] = {
            1: named.type.physical,
            2: list(made.encodings),
            3: [named.name.encode()],
            4: GZIP,
            5: I64(column.rows),
            6: I64(made.size),
            7: I64(len(made.data)),
            9: I64(self._at + made.before),
        }
        if made.before:
            about[11] = I64(self._at)
        return {2: I64(self._at), 3: {**about, 12: made.statistics}}

    def end(self) -> Iterator[bytes]:
        """Yield what stands at the file's end: its columns, and where their pages are."""
        columns = [{4: b"schema", 5: len(self._columns)}, *map(_schema, self._columns)]
        first = begun({1: _VERSION, 2: columns, 3: I64(self._rows)}, 4, len(self._groups))
        last = struct({6: _WRITER, 7: [{1: {}} for _ in self._columns]}, 4)  # 7: ordered as their types are
        yield first
        for at in range(0, len(self._groups), TOGETHER):
            yield b"".join(self._groups[at : at + TOGETHER])
        size = len(first) + sum(map(len, self._groups)) + len(last)
        yield last + size.to_bytes(4, "little") + MAGIC


def _schema(named: Named) -> Struct:
    return {
        1: named.type.physical,
        3: _OPTIONAL if named.optional else _REQUIRED,
        4: named.name.encode(),
        **named.type.meaning,
    }
