"""A zip file made while it is sent: never more of it in memory than a piece."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import AsyncIterable, AsyncIterator, Sequence
from datetime import datetime
from typing import IO, Any, cast

from ops_api.queries import Row


class _Sink:
    """Where the zip goes: kept until it is taken."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing to do."""

    def take(self) -> bytes:
        taken = b"".join(self._parts)
        self._parts.clear()
        return taken


class ZipStream:
    """Adds files one after the other; each method yields the bytes that are ready to go.

    Args:
        at: the time written beside each file.
    """

    def __init__(self, at: datetime) -> None:
        self._sink = _Sink()
        self._zip = zipfile.ZipFile(
            cast("IO[bytes]", self._sink), "w", zipfile.ZIP_DEFLATED
        )  # it only writes
        self._at = at.timetuple()[:6]

    def _entry(self, name: str) -> IO[bytes]:
        info = zipfile.ZipInfo(name, self._at)
        info.compress_type = zipfile.ZIP_DEFLATED
        entry: IO[bytes] = self._zip.open(info, "w", force_zip64=True)
        return entry

    def text(self, name: str, content: str) -> bytes:
        """Add a text file."""
        with self._entry(name) as file:
            file.write(content.encode())
        return self._sink.take()

    def stored(self, name: str, content: bytes) -> bytes:
        """Add a file that is compressed already."""
        self._zip.writestr(zipfile.ZipInfo(name, self._at), content, zipfile.ZIP_STORED)
        return self._sink.take()

    async def csv(
        self, name: str, columns: Sequence[str], pages: AsyncIterable[list[Row]]
    ) -> AsyncIterator[bytes]:
        """Add a table as CSV (RFC 4180, UTF-8, times with offset)."""
        with self._entry(name) as file:
            file.write((",".join(columns) + "\r\n").encode())
            async for rows in pages:
                text = io.StringIO()
                csv.writer(text).writerows([_cell(row[c]) for c in columns] for row in rows)
                file.write(text.getvalue().encode())
                yield self._sink.take()
        yield self._sink.take()

    async def json(
        self, name: str, columns: Sequence[str], pages: AsyncIterable[list[Row]]
    ) -> AsyncIterator[bytes]:
        """Add a table as a JSON array with an object a line."""
        between = b"["
        with self._entry(name) as file:
            async for rows in pages:
                for row in rows:
                    file.write(between + b"\n" + json.dumps({c: _value(row[c]) for c in columns}).encode())
                    between = b","
                yield self._sink.take()
            file.write(b"\n]\n" if between == b"," else b"[]\n")
        yield self._sink.take()

    def close(self) -> bytes:
        """Return the end of the zip."""
        self._zip.close()
        return self._sink.take()


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict | list):
        return json.loads(json.dumps(value, default=str))
    return value if isinstance(value, int | float | str | bool | None) else str(value)


_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def _cell(value: Any) -> Any:
    """Return a cell; text that a spreadsheet would run is marked as text."""
    plain = json.dumps(value, default=str) if isinstance(value, dict | list) else _value(value)
    return f"'{plain}" if isinstance(plain, str) and plain.startswith(_FORMULA) else plain
