"""Rows of PostgreSQL's binary COPY, built as numpy records.

Format: PostgreSQL documentation, COPY, "Binary Format". A row is the number of columns
(int16) and per column its length in bytes (int32) and value, big-endian; a null has the
length -1 and no value. Rows with the same nulls have the same layout, hence one record
type per pattern of nulls: building 2,000 rows takes as many steps as building one.

Values go to binary steps where that loses nothing (``binary_steps``).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from devices.contract.kind import Kind, Storage
from ingest.core.binary_steps import on_binary_steps
from ingest.core.ddl_columns import quoted, reading_columns
from ingest.core.readings import Readings

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"

POSTGRES_EPOCH_US = 946_684_800_000_000
"""2000-01-01, where PostgreSQL's timestamps begin, in µs since 1970."""

_FORMATS: dict[Storage, str] = {"real": ">f4", "double precision": ">f8", "smallint": ">i2"}


class CopyLayout:
    """The COPY of one kind's readings."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self._records: dict[int, np.dtype[Any]] = {}
        self._weights = 1 << np.arange(len(kind.fields), dtype=np.int64)
        names = ", ".join(quoted(name) for name in reading_columns(kind))
        self.statement = f"copy {kind.table} ({names}) from stdin (format binary)"

    def encode(self, readings: Readings, received_at_us: int | NDArray[np.int64]) -> bytes:
        """Return the whole COPY stream: header, rows, trailer.

        Args:
            readings: rows in the order in which they are to be stored, but for rows
                with other nulls, which come together.
            received_at_us: time of the batch [µs since 1970]; or one per row, where all rows
                have the same nulls.
        """
        nulls = np.isnan(readings.values) @ self._weights
        if len(nulls) and bool((nulls == nulls[0]).all()):
            blocks = [self._rows(readings, int(nulls[0]), received_at_us)]
        else:
            patterns = np.unique(nulls).tolist()
            blocks = [self._rows(readings.take(nulls == p), p, received_at_us) for p in patterns]
        return b"".join([HEADER, *blocks, TRAILER])

    def _rows(self, readings: Readings, pattern: int, received_at_us: int | NDArray[np.int64]) -> bytes:
        record = self._records.get(pattern)
        if record is None:
            record = self._records[pattern] = self._record(pattern)
        rows = np.empty(len(readings), dtype=record)
        rows["columns"] = len(reading_columns(self._kind))
        for name in record.names or ():
            if name.startswith("length "):
                value = name.removeprefix("length ")
                rows[name] = record[value].itemsize if value in (record.names or ()) else -1
        keys: dict[str, NDArray[Any] | int] = {
            "ts": readings.ts_us - POSTGRES_EPOCH_US,
            "device_id": readings.device_id,
            "seq": readings.seq,
            "boot": readings.boot,
            "quality": readings.quality,
            "received_at": received_at_us - POSTGRES_EPOCH_US,
        }
        for name, key in keys.items():
            rows[name] = key
        for column, field in enumerate(self._kind.fields):
            if not pattern >> column & 1:
                rows[field.name] = on_binary_steps(readings.values[:, column], field)
        return rows.tobytes()

    def _record(self, pattern: int) -> np.dtype[Any]:
        """Return the record type of rows in which the fields of ``pattern``'s bits are null."""
        fields = [
            (f.name, None if pattern >> i & 1 else _FORMATS[f.storage])
            for i, f in enumerate(self._kind.fields)
        ]
        keys = [("ts", ">i8"), ("device_id", ">i4"), ("seq", ">i8"), ("boot", ">i8")]
        parts: list[tuple[str, str]] = [("columns", ">i2")]
        for name, value in [*keys, *fields, ("quality", ">i2"), ("received_at", ">i8")]:
            parts.append((f"length {name}", ">i4"))
            if value is not None:
                parts.append((name, value))
        return np.dtype(parts)
