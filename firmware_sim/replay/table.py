"""Read a CSV or TSV file as rows of text, whatever its quirks.

The delimiter is found from the header. A header that is one name short (a row id
without a name, as R writes it) gets ``row`` in front. Each column also answers to its
number, ``#1`` onwards.
"""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from cityops.errors import ConfigurationError

DELIMITERS = ",\t;|"


class Table:
    """Rows of one file: ``columns`` and an iterator of (line number, values by column)."""

    def __init__(self, path: Path, delimiter: str | None = None) -> None:
        """Read the header of ``path``.

        Raises:
            ConfigurationError: no such file, nothing in it, no text, or no such delimiter.
        """
        if delimiter is not None and len(delimiter) != 1:
            raise ConfigurationError(f"delimiter {delimiter!r}: one character separates columns")
        self.path = path
        with _open(path) as f:
            lines = [line for line in (f.readline(), f.readline()) if line.strip()]
            if len(lines) < 2:
                raise ConfigurationError(f"{path} has no header with a row below it")
            self.delimiter = delimiter or max(DELIMITERS, key=lines[0].count)
            header, first = list(csv.reader(lines, delimiter=self.delimiter))
        names = [h.strip() for h in header]
        if len(first) == len(names) + 1:
            names.insert(0, "row")
        self._names = names
        self.columns = [*names, *(f"#{i}" for i in range(1, len(names) + 1))]

    def rows(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Yield each row with its line number; a short row lacks its last columns."""
        with _open(self.path) as f:
            reader = csv.reader(f, delimiter=self.delimiter)
            next(reader)
            for values in reader:
                if not values:
                    continue
                row = dict(zip(self._names, values, strict=False))
                row.update((f"#{i}", v) for i, v in enumerate(values, start=1))
                yield reader.line_num, row


@contextmanager
def _open(path: Path) -> Iterator[TextIO]:
    try:
        opened = _opened(path)
    except OSError as e:
        raise ConfigurationError(f"{path} can't be read: {e.strerror}") from e
    try:
        with opened as f:
            yield f
    except (gzip.BadGzipFile, EOFError, zlib.error) as e:
        raise ConfigurationError(f"{path} is no whole gzip file: {e}") from e
    except UnicodeDecodeError as e:
        raise ConfigurationError(f"{path} is not text in UTF-8 (byte {e.start} of a block)") from e
    except csv.Error as e:
        raise ConfigurationError(f"{path} is no table: {e}") from e


def _opened(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")
