"""Tables of whole numbers on PostgreSQL's wire: binary arrays, made and read in one go by numpy. Pure.

An array is a header (dimensions, whether any is null, the type's number, length and first index of each dimension) and,
for each element, its length and value; a row of COPY is a count of fields and, for each, its length and
value. All numbers with the higher byte first.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from rules.core.road_now.table import Shorts

SMALLINT_OID = 21
ELEMENT = np.dtype([("length", ">i4"), ("value", ">i2")])
HEADER = struct.Struct(">iiIiiii")
COPY_BEGINS = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
COPY_ENDS = struct.pack(">h", -1)
NULL = struct.pack(">i", -1)
EPOCH, MICROSECOND = datetime(2000, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


def to_array_send(whole: Shorts) -> list[bytes]:
    """Return tables as arrays: segments × rows × columns, one array a segment."""
    n, rows, columns = whole.shape
    elements = np.empty((n, rows * columns), dtype=ELEMENT)
    elements["length"], elements["value"] = 2, whole.reshape(n, -1)
    header = HEADER.pack(2, 0, SMALLINT_OID, rows, 1, columns, 1)
    return [header + one.tobytes() for one in elements]


def from_array_send(sent: Sequence[bytes]) -> Shorts:
    """Return the elements of arrays without nulls, all of one shape: arrays × rows × columns."""
    if not sent:
        return np.empty((0, 0, 0), dtype=np.int16)
    _, _, _, rows, _, columns, _ = HEADER.unpack_from(sent[0])
    size = HEADER.size + rows * columns * ELEMENT.itemsize
    if any(len(one) != size for one in sent):
        raise ValueError(f"road forecasts of different shapes: {rows} × {columns} wanted")
    raw = np.frombuffer(b"".join(sent), dtype=np.uint8).reshape(len(sent), size)[:, HEADER.size :]
    elements = np.ascontiguousarray(raw).view(ELEMENT).reshape(len(sent), rows, columns)
    return elements["value"].astype(np.int16)


def copy_row(fields: Sequence[bytes | None]) -> bytes:
    """Return a row of a binary COPY; None is null."""
    told = (NULL if value is None else struct.pack(">i", len(value)) + value for value in fields)
    return b"".join((struct.pack(">h", len(fields)), *told))


def real(value: float) -> bytes:
    """Return a ``real``."""
    return struct.pack(">f", value)


def bigint(value: int) -> bytes:
    """Return a ``bigint``."""
    return struct.pack(">q", value)


def timestamptz(value: datetime) -> bytes:
    """Return a ``timestamptz``."""
    return bigint((value - EPOCH) // MICROSECOND)
