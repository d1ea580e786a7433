"""Readings as lines of text: the times and digits that the device sent, the flags that we added."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import NamedTuple

REPAIRED_CLOCK, SUSPECT_CLOCK = 1, 2
_REAL = struct.Struct("f")

QUALITY_WORDS = (
    "0: nothing to remark",
    f"{REPAIRED_CLOCK}: the device's clock was wrong and its time was corrected from its own counter",
    f"{SUSPECT_CLOCK}: the device's clock was not set; the time is doubtful and the reading is left out of every figure",
)
"""The column ``quality``: flags, added up."""


class Digits(NamedTuple):
    """How a field's values are written.

    Attributes:
        decimals: of its resolution.
        step: on whose multiples such values are stored; None: as they are (docs/adr/010).
    """

    name: str
    decimals: int
    step: float | None


class Reading(NamedTuple):
    """One reading as it is stored; ``values`` in the order of the fields, None where there is none."""

    at: datetime
    received_at: datetime
    seq: int
    boot: int
    quality: int
    values: tuple[float | None, ...]


def header(fields: Sequence[Digits]) -> str:
    """Return the first line of a file of readings."""
    return ",".join(["time_utc", "received_utc", "seq", "boot", *(f.name for f in fields), "quality"])


def day_csv(fields: Sequence[Digits], rows: Iterable[Reading]) -> bytes:
    """Return the file of a day: a header, then a line for each reading, in the order given."""
    lines = [header(fields)]
    lines += [_line(fields, row) for row in rows]
    return ("\n".join(lines) + "\n").encode()


def _line(fields: Sequence[Digits], row: Reading) -> str:
    values = (shown(v, f.decimals, f.step) for f, v in zip(fields, row.values, strict=True))
    parts = [_time(row.at), _time(row.received_at), str(row.seq), str(row.boot), *values, str(row.quality)]
    return ",".join(parts)


@lru_cache(maxsize=1 << 16)
def shown(value: float | None, decimals: int, step: float | None) -> str:
    """Return a value with the digits that the device sent; empty for None."""
    if value is None:
        return ""
    if step is None:
        return repr(value)
    (stored,) = _REAL.unpack(_REAL.pack(value))  # its shortest digits are not quite what is stored
    finer = 0 if (stored / step).is_integer() else 2
    return str(Decimal(repr(value)).quantize(Decimal(1).scaleb(-decimals - finer), ROUND_HALF_UP))


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def days_of(first: date, last: date) -> list[date]:
    """Return every day from ``first`` to ``last``, both included."""
    return [first + timedelta(days=i) for i in range((last - first).days + 1)]


def start_of(day: date) -> datetime:
    """Return the midnight (UTC) that begins a day."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
