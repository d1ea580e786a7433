"""Integer arrays as query parameters, straight from numpy.

psycopg turns a list into an array element by element, some 1 µs each; the binary form
of a whole numpy array is one copy. Format: array_recv in PostgreSQL's arrayfuncs.c.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg.adapt import Dumper
from psycopg.pq import Format

_INT4, _INT4_ARRAY = 23, 1007
_INT8, _INT8_ARRAY = 20, 1016


class Int4Array:
    """An ``integer[]`` parameter."""

    __slots__ = ("data",)

    def __init__(self, values: NDArray[Any]) -> None:
        self.data = _binary(values, _INT4, ">i4")


class Int8Array:
    """A ``bigint[]`` parameter."""

    __slots__ = ("data",)

    def __init__(self, values: NDArray[Any]) -> None:
        self.data = _binary(values, _INT8, ">i8")


class _Int4Dumper(Dumper):
    format = Format.BINARY
    oid = _INT4_ARRAY

    def dump(self, obj: Int4Array) -> bytes:
        return obj.data


class _Int8Dumper(Dumper):
    format = Format.BINARY
    oid = _INT8_ARRAY

    def dump(self, obj: Int8Array) -> bytes:
        return obj.data


def register(conn: psycopg.AsyncConnection[Any]) -> None:
    """Let ``conn`` take these parameters."""
    conn.adapters.register_dumper(Int4Array, _Int4Dumper)
    conn.adapters.register_dumper(Int8Array, _Int8Dumper)


def _binary(values: NDArray[Any], element: int, form: str) -> bytes:
    items = np.empty(len(values), dtype=[("length", ">i4"), ("value", form)])
    items["length"] = np.dtype(form).itemsize
    items["value"] = values
    dimensions = 0 if len(values) == 0 else 1
    head = struct.pack(">iii", dimensions, 0, element)
    return head if dimensions == 0 else head + struct.pack(">ii", len(values), 1) + items.tobytes()
